import type { ComponentChildren } from "preact";
import { Code, type ActivitySessionError } from "activity-session/web";
import { adviceOn } from "./advice.js";
import { TokenForm } from "./token_form.js";
import "./failure.css";

/** Properties of `Failure`. */
export interface FailureProps {
  error: ActivitySessionError;
  /** Makes the call again; without it no button offers that. */
  again?: (() => void) | undefined;
  /** The way back, or what else leads on from here. */
  children?: ComponentChildren;
}

/** A call that failed, shown where it happened: what can be done, the server's message, and the means to do it. */
export function Failure({ error, again, children }: FailureProps) {
  const isUnknown = error.code === Code.UNAUTHENTICATED;
  return (
    <section class="failure" role="alert">
      <p>
        <strong>{adviceOn(error)}</strong>
      </p>
      <p class="said" dir="auto">
        {error.details}
      </p>
      {isUnknown && <TokenForm />}
      {again && !isUnknown && (
        <button type="button" onClick={again}>
          Try again
        </button>
      )}
      {children}
    </section>
  );
}
