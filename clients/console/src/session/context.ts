import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Signal } from "@preact/signals";
import type { Event } from "activity-session/v1/event";
import type { People } from "./model/people.js";
import type { LiveSession } from "./model/session.js";
import type { HeldTurn } from "./writing/held_turn.js";

/** What all parts of the page of one session share. */
export interface Shared {
  live: LiveSession;
  people: People;
  turn: HeldTurn;
  /** The numbers of events whose folded parts are open: rows come and go, and stay open. */
  unfolded: Signal<ReadonlySet<string>>;
  /** The event whose raw form is shown. */
  raw: Signal<Event | undefined>;
}

export const SharedContext = createContext<Shared | undefined>(undefined);

/** Returns what the page shares. */
export function useShared(): Shared {
  return useContext(SharedContext)!;
}
