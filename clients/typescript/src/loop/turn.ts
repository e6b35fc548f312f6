import { sleep } from "../backoff.js";
import type { Connection } from "../caller.js";
import type { ActivitySessionError } from "../errors.js";
import type { Event } from "../gen/activity_session/v1/event_pb.js";
import { appendJson, appendText, type AppendOptions } from "./append.js";
import { Lease } from "./lease.js";

/** Options of `takeTurn`. */
export interface TurnOptions {
  /**
   * For how many milliseconds the turn outlives the process, or a connection that is gone: 100 to `turn_ttl` of the server,
   * 30,000 by default. It is renewed when a third of that is over, and counts as lost when nine tenths are and it could not
   * be renewed.
   */
  ttlMs?: number | undefined;
  /** For how many milliseconds to wait for the turn; up to a day by default, 0 to be refused with `TurnHeld` at once. */
  timeoutMs?: number | undefined;
  /** Ends the wait when it is aborted; a turn that is held stays so until it is released. */
  signal?: AbortSignal | undefined;
}

/** A turn that is held, until it is released, or the block of `await using` is left. */
export class Turn {
  /** The fencing token: larger than that of each turn of the session before. */
  readonly token: bigint;
  /**
   * Aborted when the turn is lost, before anybody else can have it as far as clocks allow. Its reason is the error, of the
   * kind `TurnLost`; give it to what takes long.
   */
  readonly signal: AbortSignal;
  readonly #channel: Connection;
  readonly #lease: Lease;
  readonly #lost = new AbortController();
  readonly #released = new AbortController();
  readonly #kept: Promise<void>;

  constructor(channel: Connection, lease: Lease) {
    this.#channel = channel;
    this.#lease = lease;
    this.token = lease.token;
    this.signal = this.#lost.signal;
    this.#kept = this.#keep();
  }

  /** `appendText` by the holder, with the token; throws the reason of `signal` once the turn is lost. */
  async appendText(text: string, options: AppendOptions = {}): Promise<Event> {
    this.signal.throwIfAborted();
    const { session, participant } = this.#lease;
    return appendText(this.#channel, session, participant, text, { ...options, turnToken: this.token });
  }

  /** `appendJson` by the holder, with the token. */
  async appendJson(value: unknown, options: AppendOptions = {}): Promise<Event> {
    this.signal.throwIfAborted();
    const { session, participant } = this.#lease;
    return appendJson(this.#channel, session, participant, value, { ...options, turnToken: this.token });
  }

  /**
   * Hands the turn back. A second call changes nothing. If the server cannot be reached for 5 seconds, the turn ends by
   * itself.
   *
   * @throws {ActivitySessionError} of the kind `TurnLost` if the turn was lost before.
   */
  async release(): Promise<void> {
    this.#released.abort();
    await this.#kept;
    this.signal.throwIfAborted();
    const taken = await this.#lease.release();
    if (taken) throw taken;
  }

  /** Hands the turn back, and throws nothing, so that the error of the block is the one that is thrown. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.release().catch((_: ActivitySessionError) => undefined);
  }

  /** Renews the turn until it is released, or lost. */
  async #keep(): Promise<void> {
    const { signal } = this.#released;
    for (;;) {
      await sleep(this.#lease.pauseMs(), signal);
      const lost = await this.#lease.renew(signal);
      if (signal.aborted) return; // the release, which comes next, may be what has taken it away
      if (lost) return this.#lost.abort(lost);
    }
  }
}

/**
 * Waits for the turn of a session, and renews it until it is released:
 * `await using turn = await takeTurn(channel, session, participant)`. A participant that holds the turn already gets it
 * anew; what held it before, such as another process, loses it.
 *
 * @throws {ActivitySessionError} of the kind `TurnHeld` if `timeoutMs` is 0 and another participant holds it;
 *   DEADLINE_EXCEEDED after the timeout.
 */
export async function takeTurn(
  channel: Connection,
  session: string,
  participant: string,
  { ttlMs = 30_000, ...wait }: TurnOptions = {},
): Promise<Turn> {
  const lease = new Lease(channel, session, participant, ttlMs);
  await lease.acquire(wait);
  return new Turn(channel, lease);
}
