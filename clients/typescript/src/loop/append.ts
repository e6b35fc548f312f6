import type { Connection } from "../caller.js";
import type { Event } from "../gen/activity_session/v1/event_pb.js";
import { EventService } from "../gen/activity_session/v1/event_service_pb.js";
import { uuid4 } from "../requests.js";

/** Options of `appendText` and `appendJson`. */
export interface AppendOptions {
  /** What kind of event it is, at most 255 characters; `message` by default. */
  type?: string | undefined;
  /**
   * An id of your own, such as that of what the event is about: a program that appends it again after a restart gets the
   * event that is there.
   */
  eventId?: string | undefined;
  /** The caller's own labels. */
  labels?: Record<string, string> | undefined;
  /** Append only while the turn with this token is held. */
  turnToken?: bigint | undefined;
}

/**
 * Appends a text to a session, and returns the event with its number. The event has an id, made once and kept over all
 * retries, so that it is appended once.
 *
 * @param author the name of the participant that it is from; empty for none.
 * @throws {ActivitySessionError} of the kind `TurnLost` if the turn of the token is over; `AlreadyExists` if the session
 *   has an event with that id and other content; `Deleted` if the session is deleted.
 */
export function appendText(
  channel: Connection,
  session: string,
  author: string,
  text: string,
  options: AppendOptions = {},
): Promise<Event> {
  return append(channel, session, { author, text, mediaType: "" }, options);
}

/**
 * Appends a value as JSON, of the media type `application/json`; all else is as in `appendText`.
 *
 * @throws {TypeError} if JSON cannot have the value.
 */
export async function appendJson(
  channel: Connection,
  session: string,
  author: string,
  value: unknown,
  options: AppendOptions = {},
): Promise<Event> {
  return append(channel, session, { author, text: jsonOf(value), mediaType: "application/json" }, options);
}

/** Returns the JSON text of a value; for undefined, or a function, `JSON.stringify` returns none. */
export function jsonOf(value: unknown): string {
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined) throw new TypeError(`JSON has no ${typeof value}`);
  return text;
}

async function append(
  channel: Connection,
  parent: string,
  { text, ...content }: { author: string; text: string; mediaType: string },
  { type = "message", eventId = "", labels = {}, turnToken = 0n }: AppendOptions,
): Promise<Event> {
  const event = { ...content, type, labels, eventId: eventId || uuid4(), content: { case: "text", value: text } } as const;
  const { events } = await channel.client(EventService).appendEvents({ parent, events: [event], turnToken });
  return events[0]!;
}
