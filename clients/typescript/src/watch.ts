import { create } from "@bufbuild/protobuf";
import { sleep } from "./backoff.js";
import type { Connection } from "./caller.js";
import { Disconnects, type OnDisconnect } from "./disconnects.js";
import { ActivitySessionError } from "./errors.js";
import { ErrorReason } from "./gen/activity_session/v1/error_reason_pb.js";
import { EventService } from "./gen/activity_session/v1/event_service_pb.js";
import { SessionView } from "./gen/activity_session/v1/session_pb.js";
import {
  SessionService,
  WatchSessionRequestSchema,
  WatchSessionResponseSchema,
  type WatchSessionRequest,
  type WatchSessionResponse,
} from "./gen/activity_session/v1/session_service_pb.js";
import { goOnAfter, resumes, streamEnded } from "./resuming.js";

/** Options of `watch`. */
export interface WatchOptions {
  /** The number of the last event or mark that the caller has already; 0 for all events. */
  afterSequence?: bigint | undefined;
  /**
   * `SessionView.FULL` to get the session with its `data`: at the start, after a disconnect, and when it has changed.
   * Otherwise it comes without.
   */
  view?: SessionView | undefined;
  /** That of the session whose events the caller has already; any session of that name when empty. */
  uid?: string | undefined;
  /** Whether events come too that marks have taken out of view. */
  showSuperseded?: boolean | undefined;
  /** When it is aborted, the iteration ends, without an error. */
  signal?: AbortSignal | undefined;
  /**
   * Called with the error of each failure, and awaited, before the watch waits for the next attempt. What it throws
   * ends the watch: to give up, throw the error. An error that ends the watch anyway is thrown, and not given to it.
   */
  onDisconnect?: OnDisconnect | undefined;
}

/** The messages of a session as they come. */
export interface Watch extends AsyncGenerator<WatchSessionResponse, void, undefined> {
  /** The uid of the session: that given to `watch`, or else that of the first message; empty until then. */
  readonly uid: string;
}

/**
 * Follows a session: its events and marks, each once and in order, the session when it changes, and bookmarks. After a
 * disconnect it reconnects, however long it takes. If the session was expunged meanwhile, it throws SESSION_NOT_FOUND,
 * even if another session has its name now. To resume in another process, keep the number of the last event or mark
 * and the `uid` of the watch, and give both. Leaving the iteration ends it; while it waits for a message, only
 * `signal` does.
 *
 * While a server cannot be reached the watch waits and tries again, without end. A warning tells of the first failure,
 * and then of at most one in 30 s, by Node.js (of the type `ActivitySessionWarning`) or on the console of a browser: the
 * session, the target, the status code and its message, how many attempts have failed since the last message, and in how
 * many seconds the next one is.
 *
 * @param channel made by `connect`.
 * @param session its full name.
 * @throws {ActivitySessionError} if reconnecting does not help, as after SESSION_NOT_FOUND or SESSION_DELETED.
 */
export function watch(
  channel: Connection,
  session: string,
  options: WatchOptions = {},
): Watch {
  const { afterSequence = 0n, view = SessionView.UNSPECIFIED, uid = "", showSuperseded = false } = options;
  const request = create(WatchSessionRequestSchema, { name: session, afterSequence, view, uid, showSuperseded });
  const disconnects = new Disconnects(session, channel.target, options.onDisconnect);
  const watching = messages(channel, request, disconnects, options.signal);
  return Object.defineProperty(watching, "uid", { get: () => request.uid }) as Watch;
}

/** Yields messages, over as many streams as it takes; the request tells at any time how the watch goes on. */
async function* messages(
  channel: Connection,
  request: WatchSessionRequest,
  disconnects: Disconnects,
  signal?: AbortSignal,
) {
  while (!signal?.aborted) {
    let failure: ActivitySessionError;
    try {
      for await (const message of wholeStream(channel, request, signal)) {
        if (signal?.aborted) return;
        goOnAfter(message, request);
        disconnects.forget();
        yield message;
      }
      failure = streamEnded();
    } catch (error) {
      if (!resumes(error)) throw error;
      failure = error;
    }
    if (!signal?.aborted) await sleep(await disconnects.tell(failure), signal);
  }
}

/**
 * Yields the messages of one stream, and the rest of the log if the session was deleted. When a stream ends with an
 * error, grpc-js drops messages that were received and not yet read: after other errors the watch asks for them again,
 * after this one it would not.
 */
async function* wholeStream(channel: Connection, request: WatchSessionRequest, signal?: AbortSignal) {
  try {
    yield* channel.client(SessionService).watchSession(request, { signal });
  } catch (error) {
    if (hasReason(error, ErrorReason.SESSION_DELETED)) yield* restOfLog(channel, request, signal);
    throw error;
  }
}

async function* restOfLog(
  channel: Connection,
  { name, afterSequence, uid, showSuperseded }: WatchSessionRequest,
  signal?: AbortSignal,
) {
  const events = channel.client(EventService);
  // With the marks, which are listed only so.
  const request = { parent: name, uid, pageSize: 1000, afterSequence, showSuperseded: true };
  let pageToken = "";
  try {
    do {
      const page = await events.listEvents({ ...request, pageToken }, { signal });
      for (const value of page.events) {
        const isMark = value.supersession !== undefined;
        if (!isMark && value.supersededBy && !showSuperseded) continue;
        yield create(WatchSessionResponseSchema, { change: { case: isMark ? "mark" : "event", value } });
      }
      pageToken = page.nextPageToken;
    } while (pageToken);
  } catch (error) {
    // The session has been expunged by now, and another one may have its name: nothing is left to read.
    if (!hasReason(error, ErrorReason.SESSION_NOT_FOUND)) throw error;
  }
}

function hasReason(error: unknown, reason: ErrorReason): boolean {
  return error instanceof ActivitySessionError && error.reason === reason;
}
