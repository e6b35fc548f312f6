import { backoff } from "../backoff.js";
import type { CallOptions, Connection } from "../caller.js";
import type { ServiceClient } from "../client.js";
import { ActivitySessionError, refusal } from "../errors.js";
import { ErrorReason } from "../gen/activity_session/v1/error_reason_pb.js";
import { SessionService } from "../gen/activity_session/v1/session_service_pb.js";

// A turn is renewed when a third of its time is over, and given up a tenth before its end: clocks do not run alike, and it
// takes a moment to stop.
const RENEWED = 1 / 3;
const GIVEN_UP = 9 / 10;
// The server lets nobody wait for longer.
const LONGEST_WAIT_MS = 86_400_000;
const CALL_MS = 30_000;
const RELEASE_MS = 5_000;

/** A turn as its holder knows it: for how long it is held for certain, by the clock of this process. */
export class Lease {
  readonly session: string;
  readonly participant: string;
  token = 0n;
  readonly #sessions: ServiceClient<typeof SessionService>;
  readonly #ttlMs: number;
  // Counted from before a request was sent.
  #due = 0;
  #end = 0;
  #pauses = backoff();

  constructor(channel: Connection, session: string, participant: string, ttlMs: number) {
    this.session = session;
    this.participant = participant;
    this.#sessions = channel.client(SessionService);
    this.#ttlMs = ttlMs;
  }

  /** Waits for the turn, for up to a day unless there is a timeout; not at all if that is 0. */
  async acquire({ timeoutMs = LONGEST_WAIT_MS, signal }: CallOptions): Promise<void> {
    const { session, participant } = this;
    const request = { session, participant, ttl: this.#ttl(), wait: timeoutMs !== 0 };
    let sent = performance.now();
    this.token = (await this.#sessions.acquireTurn(request, { timeoutMs: timeoutMs || CALL_MS, signal })).token;
    this.#countFrom(sent);
    if (this.pauseMs() > 0) return;
    // It has waited, and cannot know since when the turn is its own.
    sent = performance.now();
    try {
      await this.#extend({ timeoutMs: this.#ttlMs * RENEWED, signal });
    } catch (error) {
      await this.release();
      throw error;
    }
    this.#countFrom(sent);
  }

  /** Returns the milliseconds until there is something to do. */
  pauseMs(): number {
    return Math.max(0, Math.min(this.#due, this.#end) - performance.now());
  }

  /** Renews the turn; returns why it is lost, if it is. */
  async renew(signal: AbortSignal): Promise<ActivitySessionError | undefined> {
    const sent = performance.now();
    if (sent >= this.#end) {
      const facts = { resource: this.session, token: String(this.token) };
      return refusal(ErrorReason.TURN_LOST, "the turn could not be renewed before its end", facts);
    }
    try {
      await this.#extend({ timeoutMs: Math.min(this.#ttlMs * RENEWED, this.#end - sent), signal });
      this.#countFrom(sent);
    } catch (error) {
      if (isOver(error)) return error;
      // Whatever it is, the turn is held until its end.
      this.#due = performance.now() + this.#pauses.next().value;
    }
    return undefined;
  }

  /** Hands the turn back; returns an error if somebody else has taken it. */
  async release(): Promise<ActivitySessionError | undefined> {
    try {
      await this.#sessions.releaseTurn({ session: this.session, token: this.token }, { timeoutMs: RELEASE_MS });
    } catch (error) {
      if (error instanceof ActivitySessionError && error.kind === "TurnLost") return error;
    }
    return undefined; // otherwise it ends by itself
  }

  async #extend(options: CallOptions): Promise<void> {
    await this.#sessions.renewTurn({ session: this.session, token: this.token, ttl: this.#ttl() }, options);
  }

  #ttl() {
    const seconds = Math.floor(this.#ttlMs / 1000);
    return { seconds: BigInt(seconds), nanos: Math.round((this.#ttlMs - seconds * 1000) * 1e6) };
  }

  #countFrom(sent: number): void {
    this.#due = sent + this.#ttlMs * RENEWED;
    this.#end = sent + this.#ttlMs * GIVEN_UP;
    this.#pauses = backoff();
  }
}

function isOver(error: unknown): error is ActivitySessionError {
  return error instanceof ActivitySessionError && (error.kind === "TurnLost" || error.kind === "NotFound");
}
