import type { Connection } from "./model/session.js";
import { useShared } from "./context.js";

const TEXTS: Record<Connection, string> = {
  opening: "Opening",
  live: "Live",
  cut: "Cut off; trying again",
  ended: "Ended",
};

/** Whether what is shown is what is there. It is read aloud when that changes. */
export function Connected() {
  const connection = useShared().live.connection.value;
  return <span role="status" class={`connected connected-${connection}`}>{TEXTS[connection]}</span>;
}
