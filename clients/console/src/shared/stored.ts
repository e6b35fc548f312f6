import { signal, type Signal } from "@preact/signals";

/** Returns a signal of a text that this browser keeps, such as a preference. */
export function stored(key: string, initial: string): Signal<string> {
  const value = signal(localStorage.getItem(key) ?? initial);
  value.subscribe((now) => localStorage.setItem(key, now));
  return value;
}
