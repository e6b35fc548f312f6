import type { RefObject } from "preact";
import { useKeys } from "../shared/keys.js";

/** Returns the links of the rows, each of which opens its session. */
export function linksIn(table: RefObject<HTMLTableElement | null>): HTMLAnchorElement[] {
  return [...(table.current?.querySelectorAll<HTMLAnchorElement>("th[scope=row] a") ?? [])];
}

/** Binds the keys that move along the rows; returns what does the same by arrows, for the focus within the table. */
export function useMoves(table: RefObject<HTMLTableElement | null>): (event: KeyboardEvent) => void {
  const move = (by: number) => () => {
    const links = linksIn(table);
    const at = links.findIndex((link) => link.closest("tr")?.contains(document.activeElement));
    links[Math.max(at + by, 0)]?.focus();
  };
  useKeys(
    { key: "j", does: "goes to the next session, as ↓ does from there on; Enter opens it", run: move(1) },
    { key: "k", does: "goes to the previous session, as ↑ does", run: move(-1) },
  );
  return (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    move(by)();
  };
}
