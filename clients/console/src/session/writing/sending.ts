import { useState } from "preact/hooks";

/** Returns a function that makes a call, whether one is on its way, and why the last one failed. */
export function useSending(call: () => Promise<void>): { send: () => Promise<void>; isBusy: boolean; error: unknown } {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(undefined);
  const send = async () => {
    setBusy(true);
    setError(undefined);
    await call().catch((raised: unknown) => setError(raised));
    setBusy(false);
  };
  return { send, isBusy, error };
}
