import type { ActivitySessionError } from "activity-session/web";
import { useState } from "preact/hooks";
import { failureOf } from "../model/reasons.js";

/** Returns a function that makes a call, whether one is on its way, and why the last one failed. */
export function useSending(call: () => Promise<void>): { send: () => Promise<void>; isBusy: boolean; error: ActivitySessionError | undefined } {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<ActivitySessionError>();
  const send = async () => {
    setBusy(true);
    setError(undefined);
    await call().catch((raised: unknown) => setError(failureOf(raised)));
    setBusy(false);
  };
  return { send, isBusy, error };
}
