import { useEffect, useRef } from "preact/hooks";

/** Runs something each so many milliseconds, while the page can be seen and the component is shown. */
export function useEvery(milliseconds: number, run: () => void): void {
  const now = useRef(run);
  now.current = run;
  useEffect(() => {
    const timer = setInterval(() => document.hidden || now.current(), milliseconds);
    return () => clearInterval(timer);
  }, [milliseconds]);
}
