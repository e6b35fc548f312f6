import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { stored } from "./stored.js";

/** A key of the keyboard, as in `KeyboardEvent.key`, and what it does, as the help says it: "opens the session". */
export interface Key {
  key: string;
  does: string;
  run: () => void;
}

/** The keys of all that is shown now. */
export const bound = signal<readonly Key[]>([]);

/** "on", or "off" for those whose tools for speech or keyboard write letters into pages. */
export const letters = stored("letters", "on");

/** Binds keys while the component is shown. They do nothing while somebody writes, or while a dialog is open. */
export function useKeys(...keys: Key[]): void {
  const now = useRef(keys);
  now.current = keys;
  useEffect(() => {
    const mine = keys.map((key, at) => ({ ...key, run: () => now.current[at]?.run() }));
    bound.value = [...bound.value, ...mine];
    return () => {
      bound.value = bound.value.filter((key) => !mine.includes(key));
    };
  }, []);
}

addEventListener("keydown", (event) => {
  const { key, defaultPrevented, ctrlKey, metaKey, altKey, isComposing } = event;
  if (letters.value === "off" || defaultPrevented || ctrlKey || metaKey || altKey || isComposing) return;
  const found = bound.value.findLast((one) => one.key === key);
  if (!found || isTaken(event.target)) return;
  event.preventDefault();
  found.run();
});

function isTaken(target: EventTarget | null): boolean {
  const writes =
    target instanceof Element && target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
  return Boolean(writes) || document.querySelector("dialog:modal") !== null;
}
