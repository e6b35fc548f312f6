import type { Connection } from "../caller.js";
import type { ServiceClient } from "../client.js";
import { ActivitySessionError } from "../errors.js";
import { EventService } from "../gen/activity_session/v1/event_service_pb.js";
import { jsonOf } from "./append.js";

/** The value of a key, as `JSON.parse` makes it, and its revision: undefined and 0 if the key is not there. */
export interface Value<T> {
  value: T | undefined;
  revision: bigint;
}

/**
 * The state of a session, a participant or a namespace, as JSON values by their keys. `JSON.parse` rounds numbers of more
 * than 53 bits; `EventService` has the texts as they are.
 */
export class SharedState {
  readonly #events: ServiceClient<typeof EventService>;
  readonly #name: string;

  /** `name` is whose state it is. */
  constructor(channel: Connection, name: string) {
    this.#events = channel.client(EventService);
    this.#name = name;
  }

  /** Returns the value of a key, and its revision. */
  async get<T>(key: string): Promise<Value<T>> {
    const { entries } = await this.#events.getState({ name: this.#name, keys: [key] });
    return valueOf(entries[key]?.valueJson, entries[key]?.revision);
  }

  /**
   * Writes the value of a key, up to `state_value_bytes` of the server, and returns its new revision.
   *
   * @param options.expectedRevision write only if this is still the revision; 0 if the key must not be there.
   * @throws {ActivitySessionError} of the kind `Conflict` if it is not; its `missed` has the revision, and the value if
   *   that is short.
   */
  async set(key: string, value: unknown, options: { expectedRevision?: bigint | undefined } = {}): Promise<bigint> {
    const change = { case: "valueJson", value: jsonOf(value) } as const;
    const expected = options.expectedRevision === undefined ? {} : { expectedRevision: options.expectedRevision };
    const { entries } = await this.#events.updateState({ name: this.#name, updates: [{ key, change, ...expected }] });
    return entries[key]!.revision;
  }

  /**
   * Writes what a function makes of the value of a key, and returns that with its revision. When somebody else has written
   * meanwhile, the function is called again with what they have written, as often as it takes. It is given undefined if the
   * key is not there.
   */
  async update<T>(key: string, change: (value: T | undefined) => T | Promise<T>): Promise<{ value: T; revision: bigint }> {
    let current = await this.get<T>(key);
    for (;;) {
      const value = await change(current.value);
      try {
        return { value, revision: await this.set(key, value, { expectedRevision: current.revision }) };
      } catch (error) {
        if (!(error instanceof ActivitySessionError) || error.kind !== "Conflict") throw error;
        current = toldBy<T>(error) ?? (await this.get<T>(key));
      }
    }
  }
}

function valueOf<T>(text: string | undefined, revision = 0n): Value<T> {
  return { value: text === undefined ? undefined : (JSON.parse(text) as T), revision };
}

/** Returns what is there now, if the error tells the value; a long one is left out of it. */
function toldBy<T>({ missed }: ActivitySessionError): Value<T> | undefined {
  const told = missed.stateConflicts[0];
  return told && (told.valueJson !== undefined || !told.revision) ? valueOf(told.valueJson, told.revision) : undefined;
}
