/**
 * Calls of tools and their results: those of the convention (docs/content.md), and those that are found by what agent
 * frameworks write otherwise: the event's type, or the `type` in its JSON, and an id in the label `tool_call_id` or in
 * the JSON.
 */

import type { Event } from "activity-session/v1/event";
import { objectOf } from "./json.js";
import { textOf } from "./kinds.js";
import { partsOf } from "./parts.js";

const CALLS = new Set(["tool_call", "tool_use", "function_call"]);
const RESULTS = new Set(["tool_result", "tool_response", "function_call_output", "function_response"]);
const IDS = ["tool_call_id", "call_id", "tool_use_id", "id"];
// A result is looked for among so many events after its call.
const REACH = 200;

/** A call of a tool, or its result. */
export interface Tool {
  role: "call" | "result";
  /** That of the call; empty for none, and then no result is found. */
  id: string;
  /** The name of the tool; empty if the event does not say it. */
  name: string;
  /** What is asked, or what has come back: text, or JSON. */
  body: string;
  /** Whether a result says that the tool has failed. */
  hasFailed: boolean;
}

/** A call or a result, and the event that it is in. */
export interface Found {
  event: Event;
  tool: Tool;
}

const known = new WeakMap<Event, readonly Tool[]>();

/** Returns the calls and results in an event. */
export function toolsOf(event: Event): readonly Tool[] {
  const tools = known.get(event) ?? read(event);
  known.set(event, tools);
  return tools;
}

/** Returns the result of a call in an event, or the call of a result, if that is loaded and near. */
export function counterpart(get: (sequence: number) => Event | undefined, { event, tool }: Found): Found | undefined {
  if (!tool.id) return undefined;
  const step = tool.role === "call" ? 1 : -1;
  for (let distance = 1; distance <= REACH; distance++) {
    const other = get(Number(event.sequence) + step * distance);
    const found = other && toolsOf(other).find(({ role, id }) => role !== tool.role && id === tool.id);
    if (found) return { event: other, tool: found };
  }
  return undefined;
}

function read(event: Event): Tool[] {
  const parts = partsOf(event);
  if (parts) return parts.flatMap((part) => ("tool" in part ? [part.tool] : []));
  const tool = whole(event);
  return tool ? [tool] : [];
}

/** Returns what an event is as a whole, by its type. */
function whole(event: Event): Tool | undefined {
  const body = textOf(event) ?? "";
  const object = objectOf(body) ?? {};
  const role = roleOf(event.type) ?? roleOf(text(object["type"]));
  if (!role) return undefined;
  const id = text(event.labels["tool_call_id"]) || IDS.map((key) => text(object[key])).find(Boolean) || "";
  const name = text(object["name"]) || text(object["tool"]) || text(event.labels["tool"]);
  return { role, id, name, body, hasFailed: object["is_error"] === true };
}

function roleOf(type: string): Tool["role"] | undefined {
  if (CALLS.has(type)) return "call";
  return RESULTS.has(type) ? "result" : undefined;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
