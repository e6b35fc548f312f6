/** Makes the names of resources, and takes them apart; makes ids of any text. */

import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

/** Begins the keys of the labels that keep the text of a folded id: `original_id.1`, `original_id.2` and so on. */
export const LABEL = "original_id";

const ID_CHARACTERS = 255;
const LABEL_CHARACTERS = 255;
const MOST_LABELS = 16;
const BEGINNING_CHARACTERS = 189; // two tildes and 64 hex digits follow
const FOLD = "~~";
const ALL_ESCAPED = ["-", ".", ".."];
const WHITE_SPACE = "[ \\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const FORBIDDEN = new RegExp(`[\\x00-\\x1f\\x7f-\\x9f/~]|^${WHITE_SPACE}|${WHITE_SPACE}$`, "gu");
const BEYOND_ASCII = /[^\x00-\x7f]/gu;
const ESCAPES = /(?:~[0-9A-F]{2})+/g;
const CUT_ESCAPE = /~[0-9A-F]?$/;

/**
 * Returns the id that stands for a text: the text itself, if it can be an id and has no `~`. Clients in all languages
 * make the same id of a text.
 *
 * A text of any length has an id. Where that would be longer than 255 characters, it is folded: it ends with the SHA-256
 * of the text, which {@link labels} can keep.
 *
 * @throws {RangeError} if the text has half of a surrogate pair, so that it is none.
 */
export function escape(text: string): string {
  const whole = [...escaped(text)];
  if (whole.length <= ID_CHARACTERS) return whole.join("");
  const beginning = whole.slice(0, BEGINNING_CHARACTERS).join("").replace(CUT_ESCAPE, "");
  return `${beginning}${FOLD}${bytesToHex(sha256(new TextEncoder().encode(text)))}`;
}

/**
 * Returns the text that {@link escape} has made an id of.
 *
 * @param labels - those of the session or event that has the id. They tell the text of a folded id, and no other.
 * @returns undefined if the id is folded and the labels do not tell its text, or if `escape` makes this id of no text.
 */
export function unescape(id: string, labels: Readonly<Record<string, string>> = {}): string | undefined {
  const whole = id.includes(FOLD) ? joined(labels) : id;
  const text = whole === "~" ? "" : whole.replace(ESCAPES, unescaped);
  return text.isWellFormed() && escape(text) === id ? text : undefined;
}

/**
 * Returns the labels that tell the text of a folded id: at most 16, each of at most 255 characters.
 *
 * It returns none if the id of the text is not folded, and none either if its escape has more than 4,080 characters,
 * which 16 labels cannot hold: whoever needs the text of such an id keeps it elsewhere.
 *
 * @throws {RangeError} if the text has half of a surrogate pair, so that it is none.
 */
export function labels(text: string): Record<string, string> {
  const whole = [...escaped(text)];
  const made: Record<string, string> = {};
  if (whole.length <= ID_CHARACTERS || whole.length > MOST_LABELS * LABEL_CHARACTERS) return made;
  for (let n = 0; n * LABEL_CHARACTERS < whole.length; n++) {
    made[`${LABEL}.${n + 1}`] = whole.slice(n * LABEL_CHARACTERS, (n + 1) * LABEL_CHARACTERS).join("");
  }
  return made;
}

/** The ids in a name; those that it does not have are left out. */
export interface Name {
  namespace: string;
  participant?: string;
  session?: string;
  event?: string;
  memory?: string;
}

const FORMS: ReadonlyMap<string, ReadonlyArray<keyof Name>> = new Map([
  ["namespaces", ["namespace"]],
  ["namespaces/participants", ["namespace", "participant"]],
  ["namespaces/sessions", ["namespace", "session"]],
  ["namespaces/sessions/events", ["namespace", "session", "event"]],
  ["namespaces/sessions/memories", ["namespace", "session", "memory"]],
]);

/**
 * Takes a name apart; its ids are not unescaped.
 *
 * @throws {RangeError} if it is not the name of a resource.
 */
export function parse(name: string): Name {
  const words = name.split("/");
  const ids = words.filter((_, place) => place % 2 === 1);
  const fields = FORMS.get(words.filter((_, place) => place % 2 === 0).join("/"));
  if (fields?.length !== ids.length || ids.includes("")) {
    throw new RangeError(`${JSON.stringify(name)} is not the name of a resource`);
  }
  return Object.fromEntries(fields.map((field, place) => [field, ids[place]!])) as unknown as Name;
}

/** Returns the name of the namespace with that id. */
export function namespace(namespace: string): string {
  return `namespaces/${namespace}`;
}

/** Returns the name of a participant from ids, which are taken as they are. */
export function participant(namespace: string, participant: string): string {
  return `namespaces/${namespace}/participants/${participant}`;
}

/** Returns the name of a session from ids, which are taken as they are. */
export function session(namespace: string, session: string): string {
  return `namespaces/${namespace}/sessions/${session}`;
}

/** Returns the name of an event from ids, which are taken as they are. */
export function event(namespace: string, session: string, event: string): string {
  return `namespaces/${namespace}/sessions/${session}/events/${event}`;
}

/** Returns the name of a memory from ids, which are taken as they are. */
export function memory(namespace: string, session: string, memory: string): string {
  return `namespaces/${namespace}/sessions/${session}/memories/${memory}`;
}

/** Returns the escape of a text, of any length. */
function escaped(text: string): string {
  if (!text.isWellFormed()) throw new RangeError("a text with half of a surrogate pair has no id");
  if (ALL_ESCAPED.includes(text)) return bytesOf(text);
  const once = text.replace(FORBIDDEN, bytesOf) || "~";
  // What stands around an escaped character can be in another form than NFC by itself, or compose with a hex digit.
  return once.normalize("NFC") === once ? once : once.replace(BEYOND_ASCII, bytesOf);
}

function bytesOf(characters: string): string {
  const hex = bytesToHex(new TextEncoder().encode(characters)).toUpperCase();
  return hex.replace(/../g, "~$&");
}

function unescaped(escapes: string): string {
  const bytes = escapes.slice(1).split("~").map((hex) => Number.parseInt(hex, 16));
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(bytes));
}

function joined(labels: Readonly<Record<string, string>>): string {
  return Array.from({ length: MOST_LABELS }, (_, n) => labels[`${LABEL}.${n + 1}`] ?? "").join("");
}
