import { create } from "@bufbuild/protobuf";
import { backoff, sleep } from "./backoff.js";
import type { Channel } from "./connect.js";
import { ActivitySessionError } from "./errors.js";
import { ErrorReason } from "./gen/activity_session/v1/error_reason_pb.js";
import { EventService } from "./gen/activity_session/v1/event_service_pb.js";
import {
  SessionService,
  WatchSessionRequestSchema,
  WatchSessionResponseSchema,
  type WatchSessionRequest,
  type WatchSessionResponse,
} from "./gen/activity_session/v1/session_service_pb.js";
import { resumes } from "./resuming.js";

/** Options of `watch`. */
export interface WatchOptions {
  /** The number of the last event that is known already; 0 for all. */
  afterSequence?: bigint | undefined;
  /** When it is aborted, the iteration ends, without an error. */
  signal?: AbortSignal | undefined;
}

/**
 * Follows a session: each event once and in order, the session when it changes, bookmarks. What cuts the stream off is
 * overcome, however long it takes. Leaving the iteration ends it; while it waits for a message, only `signal` does.
 *
 * @param channel made by `connect`.
 * @param session its full name.
 * @throws {ActivitySessionError} where going on is no use, such as SESSION_NOT_FOUND or SESSION_DELETED.
 */
export async function* watch(
  channel: Channel,
  session: string,
  { afterSequence = 0n, signal }: WatchOptions = {},
): AsyncGenerator<WatchSessionResponse, void, undefined> {
  const request = create(WatchSessionRequestSchema, { name: session, afterSequence });
  let pauses = backoff();
  while (!signal?.aborted) {
    try {
      for await (const message of wholeStream(channel, request, signal)) {
        if (signal?.aborted) return;
        if (message.change.case === "event") request.afterSequence = message.change.value.sequence;
        pauses = backoff();
        yield message;
      }
    } catch (error) {
      if (!resumes(error)) throw error;
    }
    await sleep(pauses.next().value, signal);
  }
}

/**
 * What the server streams, and the rest of the log where the session was deleted. When an error comes, grpc-js drops
 * what it has received and not handed on: behind other errors that comes again, behind this one nobody would ask.
 */
async function* wholeStream(channel: Channel, request: WatchSessionRequest, signal?: AbortSignal) {
  try {
    yield* channel.client(SessionService).watchSession(request, { signal });
  } catch (error) {
    if (hasReason(error, ErrorReason.SESSION_DELETED)) yield* restOfLog(channel, request, signal);
    throw error;
  }
}

async function* restOfLog(channel: Channel, { name, afterSequence }: WatchSessionRequest, signal?: AbortSignal) {
  const events = channel.client(EventService);
  let pageToken = "";
  try {
    do {
      const page = await events.listEvents({ parent: name, pageToken, pageSize: 1000, afterSequence }, { signal });
      for (const value of page.events) {
        yield create(WatchSessionResponseSchema, { change: { case: "event", value } });
      }
      pageToken = page.nextPageToken;
    } while (pageToken);
  } catch (error) {
    // Expunged by now, there is nothing left to read.
    if (!hasReason(error, ErrorReason.SESSION_NOT_FOUND)) throw error;
  }
}

function hasReason(error: unknown, reason: ErrorReason): boolean {
  return error instanceof ActivitySessionError && error.reason === reason;
}
