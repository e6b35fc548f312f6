/** One session, as it is now: what a page about it shows. */

import { signal } from "@preact/signals";
import { SessionView, type Session } from "activity-session/v1/session";
import type { WatchSessionResponse } from "activity-session/v1/session_service";
import { ErrorReason, watch, type ActivitySessionError } from "activity-session/web";
import { channel, events, sessions } from "../../api.js";
import { Loading } from "./loading.js";
import { EventLog } from "./log.js";
import { PAGE } from "./pages.js";
import { failureOf, isUnavailable, purgedUpTo } from "./reasons.js";
import { Rows } from "./rows.js";

const AGAIN_MS = 3_000;
const MARKS = 1000;

/**
 * Whether what is shown is what is there: `opening` until it is, `live` while it is, `cut` while the server cannot be
 * reached, `ended` when nothing more comes.
 */
export type Connection = "opening" | "live" | "cut" | "ended";

/** A session that is followed until it is closed. */
export class LiveSession {
  /** As the server has told it last; undefined until it is opened. */
  readonly session = signal<Session | undefined>(undefined);
  readonly connection = signal<Connection>("opening");
  /** Why it could not be opened, is cut off, or has ended. */
  readonly failure = signal<ActivitySessionError | undefined>(undefined);
  readonly log = new EventLog();
  /** Loads what comes into view; there once the session is. */
  loading: Loading | undefined;
  #stop = new AbortController();

  constructor(readonly name: string) {}

  /** Reads the session and its newest events, and those around the number `at` if that is not 0, then follows it. */
  async open(at = 0): Promise<void> {
    this.#stop.abort();
    const { signal } = (this.#stop = new AbortController());
    this.connection.value = "opening";
    try {
      await this.#read(at, signal);
      await this.#follow(signal);
    } catch (error) {
      if (!signal.aborted) await this.#end(failureOf(error), at);
    }
  }

  /** Follows it no longer. */
  close(): void {
    this.#stop.abort();
  }

  /** Reads the session again, for what a watch does not tell: read marks, and what was purged. */
  async refresh(): Promise<void> {
    this.#update(await sessions.getSession({ name: this.name }, { signal: this.#stop.signal }));
  }

  async #read(at: number, signal: AbortSignal): Promise<void> {
    const newest = { parent: this.name, orderBy: "sequence desc", pageSize: 2 * PAGE, showSuperseded: true };
    const [session, { events: found }] = await Promise.all([
      sessions.getSession({ name: this.name }, { signal }),
      events.listEvents(newest, { signal }),
    ]);
    this.log.add(found);
    this.loading = new Loading(this.log, this.name, session.uid, signal);
    this.log.extend(numbersOf(session));
    await this.#readMarks(session.uid, signal);
    if (at) await this.loading.load(new Rows(this.log).numbersOf({ first: at - PAGE / 2, last: at + PAGE / 2 }));
    this.#update(session);
  }

  /** Reads all marks up to the last number that is known; a watch from there on tells the others. */
  async #readMarks(uid: string, signal: AbortSignal): Promise<void> {
    let pageToken = "";
    do {
      const request = { parent: this.name, uid, marksOnly: true, pageSize: MARKS, pageToken };
      const page = await events.listEvents(request, { signal });
      this.log.addMarks(page.events);
      pageToken = page.nextPageToken;
    } while (pageToken);
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const of = { uid: this.session.value!.uid, view: SessionView.FULL, showSuperseded: true };
    const from = { ...of, afterSequence: BigInt(this.log.last) };
    const onDisconnect = (error: ActivitySessionError) => this.#set("cut", error);
    for await (const message of watch(channel, this.name, { ...from, signal, onDisconnect })) {
      if (this.connection.peek() !== "live") this.#set("live");
      this.#take(message);
    }
  }

  #take({ change }: WatchSessionResponse): void {
    if (change.case === "event" || change.case === "mark") this.log.add([change.value]);
    if (change.case === "session") this.#update(change.value);
  }

  /** A watch sends `data` only with another etag. The newest events may be on their way; what was purged is gone. */
  #update(session: Session): void {
    const before = this.session.peek();
    if (before?.etag === session.etag && !session.data) session.data = before.data;
    this.log.extend({ first: Number(session.firstSequence), last: this.log.last });
    this.session.value = session;
  }

  #set(connection: Connection, failure?: ActivitySessionError): void {
    this.connection.value = connection;
    this.failure.value = failure;
    if (connection === "live") this.loading?.retry();
  }

  /** A purge that overtook the watch is no end: the session is opened again, and its first number is another one. */
  async #end(error: ActivitySessionError, at: number): Promise<void> {
    if (purgedUpTo(error) !== undefined) return this.open();
    if (isUnavailable(error)) return this.#openLater(error, at);
    if (error.reason === ErrorReason.SESSION_DELETED) await this.refresh().catch(() => undefined);
    this.#set("ended", error);
  }

  #openLater(error: ActivitySessionError, at: number): void {
    const { signal } = this.#stop;
    this.#set("cut", error);
    setTimeout(() => signal.aborted || void this.open(at), AGAIN_MS);
  }
}

function numbersOf({ firstSequence, lastSequence }: Session) {
  return { first: Number(firstSequence), last: Number(lastSequence) };
}
