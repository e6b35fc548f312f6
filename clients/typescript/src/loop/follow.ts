import type { Connection } from "../caller.js";
import { Code } from "../codes.js";
import type { OnDisconnect } from "../disconnects.js";
import { ActivitySessionError, refusal } from "../errors.js";
import { ErrorReason } from "../gen/activity_session/v1/error_reason_pb.js";
import type { Event } from "../gen/activity_session/v1/event_pb.js";
import { SessionView } from "../gen/activity_session/v1/session_pb.js";
import { SessionService } from "../gen/activity_session/v1/session_service_pb.js";
import { placeAfter, resumes } from "../resuming.js";
import { watch } from "../watch.js";

/** Options of `follow`. */
export interface FollowOptions {
  /** Whether the member's own events are left out, and count as read. */
  skipOwn?: boolean | undefined;
  /** Called with each mark, and awaited: `supersession` or `redacted` says what has changed of earlier events. */
  onMark?: ((mark: Event) => void | Promise<void>) | undefined;
  /** When it is aborted, the iteration ends, without an error. */
  signal?: AbortSignal | undefined;
  /** As of `watch`. */
  onDisconnect?: OnDisconnect | undefined;
}

/**
 * Follows a session from the read mark of a member on, and moves the mark on after each event that was handled.
 *
 * An event counts as handled when the loop asks for the next one. So each event is handled at least once, also over
 * restarts of the program: one at which the loop was left comes again. It waits for new events without end, and reconnects
 * as `watch` does. Two loops of one member share the mark, and each gets all events.
 *
 * What was taken out of view before it was reached does not come, and what comes back into view does not come again.
 *
 * @throws {ActivitySessionError} as `watch` does; PARTICIPANT_NOT_BOUND if the participant is no member; of the kind
 *   `Purged` if events after the read mark are gone by their age.
 */
export async function* follow(
  channel: Connection,
  session: string,
  participant: string,
  { skipOwn = false, onMark, signal, onDisconnect }: FollowOptions = {},
): AsyncGenerator<Event, void, undefined> {
  const reading = await Reading.begin(channel, session, participant);
  const { uid, reached: afterSequence } = reading;
  for await (const { change } of watch(channel, session, { afterSequence, uid, signal, onDisconnect })) {
    reading.reach(placeAfter(change));
    if (change.case === "event") {
      if (skipOwn && change.value.author === participant) continue;
      yield change.value;
    } else if (change.case === "mark") {
      await onMark?.(change.value);
    }
    await reading.mark();
  }
}

/** What a member has read. */
class Reading {
  readonly uid: string;
  reached: bigint;
  readonly #channel: Connection;
  readonly #named: { session: string; participant: string };
  #marked: bigint;

  private constructor(channel: Connection, named: { session: string; participant: string }, uid: string, read: bigint) {
    this.#channel = channel;
    this.#named = named;
    this.uid = uid;
    this.reached = this.#marked = read;
  }

  static async begin(channel: Connection, session: string, participant: string): Promise<Reading> {
    const request = { name: session, view: SessionView.BASIC };
    const { participants, uid } = await channel.client(SessionService).getSession(request);
    const member = participants.find((each) => each.participant === participant);
    if (member) return new Reading(channel, { session, participant }, uid, member.lastReadSequence);
    const facts = { resource: participant, session };
    throw refusal(ErrorReason.PARTICIPANT_NOT_BOUND, "only a member has a read mark", facts);
  }

  reach(sequence: bigint): void {
    if (sequence > this.reached) this.reached = sequence;
  }

  async mark(): Promise<void> {
    const sequence = this.reached;
    if (sequence === this.#marked) return;
    try {
      await this.#channel.client(SessionService).markRead({ ...this.#named, sequence, uid: this.uid });
      this.#marked = sequence;
    } catch (error) {
      if (!canWait(error)) throw error;
    }
  }
}

/** Returns whether a later mark will do; the log of a deleted session can be read to its end, without marks. */
function canWait(error: unknown): boolean {
  if (resumes(error)) return true;
  const known = error instanceof ActivitySessionError;
  return known && (error.kind === "Deleted" || error.code === Code.DEADLINE_EXCEEDED);
}
