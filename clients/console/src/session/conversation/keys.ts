/** What a key does in the list: how far it moves the focus, in rows or in views, or to which end. */
export type Move = { rows: 1 | -1 } | { views: 1 | -1 } | { end: "first" | "last" };

const MOVES: Record<string, Move> = {
  ArrowDown: { rows: 1 },
  ArrowUp: { rows: -1 },
  PageDown: { views: 1 },
  PageUp: { views: -1 },
  Home: { end: "first" },
  End: { end: "last" },
};

/** Returns what a key does, unless it is for something inside of a row, or for the browser. */
export function moveOf(key: KeyboardEvent): Move | undefined {
  const isInside = key.target instanceof Element && key.target.matches("input, textarea, select");
  return isInside || key.ctrlKey || key.metaKey || key.altKey ? undefined : MOVES[key.key];
}
