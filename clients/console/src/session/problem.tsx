import type { ComponentChildren } from "preact";

/** A call that failed, shown where it happened. */
export function Problem({ error, again, children }: { error: unknown; again?: () => void; children?: ComponentChildren }) {
  return (
    <div class="problem" role="alert">
      <p dir="auto">{error instanceof Error ? error.message : String(error)}</p>
      {again && <button type="button" onClick={again}>Try again</button>}
      {children}
    </div>
  );
}
