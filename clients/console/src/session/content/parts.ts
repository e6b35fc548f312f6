/** Reads the parts of an event by the convention of docs/content.md. */

import type { Event } from "activity-session/v1/event";
import { objectOf } from "./json.js";
import { textOf } from "./kinds.js";
import type { Tool } from "./tools.js";

const MEDIA_TYPE = /^application\/vnd\.activity-session\.parts\+json\s*(;|$)/i;

/** A file that is elsewhere. */
export interface File {
  uri: string;
  mediaType: string;
  name: string;
}

/** One part; of a kind that is not known, its JSON. */
export type Part = { text: string } | { tool: Tool } | { file: File } | { unknown: string };

/** Returns the parts of an event, or undefined if its content is no parts, or cannot be read. */
export function partsOf(event: Event): Part[] | undefined {
  if (!MEDIA_TYPE.test(event.mediaType)) return undefined;
  const parts = objectOf(textOf(event) ?? "")?.["parts"];
  return Array.isArray(parts) ? parts.map(partOf) : undefined;
}

function partOf(part: unknown): Part {
  const { text, tool_call: call, tool_result: result, file } = asObject(part);
  if (typeof text === "string") return { text };
  if (call) return { tool: toolOf("call", asObject(call), "arguments") };
  if (result) return { tool: toolOf("result", asObject(result), "result") };
  if (file) return { file: fileOf(asObject(file)) };
  return { unknown: JSON.stringify(part) };
}

function toolOf(role: Tool["role"], { id, name, ...rest }: Record<string, unknown>, body: string): Tool {
  // Numbers of more than 15 digits are rounded by that; the raw event has them as they are.
  const shown = rest[body];
  return {
    role,
    id: asText(id),
    name: asText(name),
    body: typeof shown === "string" ? shown : (JSON.stringify(shown) ?? ""),
    hasFailed: rest["is_error"] === true,
  };
}

function fileOf({ uri, media_type: mediaType, name }: Record<string, unknown>): File {
  return { uri: asText(uri), mediaType: asText(mediaType), name: asText(name) };
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}
