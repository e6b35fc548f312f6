/** The turn that this page has taken, which it keeps until it is handed back or the page is left. */

import { timestampMs } from "@bufbuild/protobuf/wkt";
import { signal } from "@preact/signals";
import type { ActivitySessionError } from "activity-session/web";
import type { TurnLease } from "activity-session/v1/turn";
import { sessions } from "../../api.js";
import { failureOf, isUnavailable } from "../model/reasons.js";
import type { LiveSession } from "../model/session.js";

const TTL = { seconds: 30n, nanos: 0 };
const RENEW_MS = 10_000;

/** A turn of a session, renewed every ten seconds. */
export class HeldTurn {
  /** The lease while this page holds it. */
  readonly lease = signal<TurnLease | undefined>(undefined);
  /** Why the last call for it failed. */
  readonly error = signal<ActivitySessionError | undefined>(undefined);
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(readonly live: LiveSession) {}

  /** The token to append with; 0 while this page does not hold the turn. */
  get token(): bigint {
    return this.lease.peek()?.token ?? 0n;
  }

  /** Takes the turn for a participant. */
  async take(participant: string): Promise<void> {
    await this.#try(async () => {
      this.lease.value = await sessions.acquireTurn({ ...this.#session(), participant, ttl: TTL });
      clearInterval(this.#timer);
      this.#timer = setInterval(() => void this.#renew(), RENEW_MS);
    });
  }

  /** Hands the turn back. */
  async handBack(): Promise<void> {
    const { token } = this;
    this.#drop();
    if (token) await this.#try(() => sessions.releaseTurn({ ...this.#session(), token }));
  }

  async #renew(): Promise<void> {
    const { token } = this;
    await this.#try(async () => {
      this.lease.value = await sessions.renewTurn({ ...this.#session(), token, ttl: TTL });
    });
    const error = this.error.peek();
    if (error && !(isUnavailable(error) && this.#isRunning())) this.#drop();
  }

  #isRunning(): boolean {
    const { expireTime } = this.lease.peek() ?? {};
    return expireTime !== undefined && timestampMs(expireTime) > Date.now();
  }

  #session() {
    return { session: this.live.name, uid: this.live.session.peek()!.uid };
  }

  #drop(): void {
    clearInterval(this.#timer);
    this.lease.value = undefined;
  }

  async #try(call: () => Promise<unknown>): Promise<void> {
    try {
      await call();
      this.error.value = undefined;
    } catch (error) {
      this.error.value = failureOf(error);
    }
  }
}
