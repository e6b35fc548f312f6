/**
 * Calls of tools and their results. The service leaves open how they are written, so these are found by what agent
 * frameworks write: the event's type, or the `type` in its JSON, and an id in the label `tool_call_id` or in the JSON.
 */

import type { Event } from "activity-session/v1/event";
import { objectOf } from "./json.js";
import { textOf } from "./kinds.js";

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
}

const known = new WeakMap<Event, Tool | "none">();

/** Returns what an event is of a tool, or undefined. */
export function toolOf(event: Event): Tool | undefined {
  const tool = known.get(event) ?? read(event) ?? "none";
  known.set(event, tool);
  return tool === "none" ? undefined : tool;
}

/** Returns the result of the call in an event, or the call of the result, if that is loaded and near. */
export function counterpart(get: (sequence: number) => Event | undefined, event: Event): Event | undefined {
  const tool = toolOf(event);
  if (!tool?.id) return undefined;
  const step = tool.role === "call" ? 1 : -1;
  for (let distance = 1; distance <= REACH; distance++) {
    const other = get(Number(event.sequence) + step * distance);
    const found = other && toolOf(other);
    if (found && found.role !== tool.role && found.id === tool.id) return other;
  }
  return undefined;
}

function read(event: Event): Tool | undefined {
  const object = objectOf(textOf(event) ?? "") ?? {};
  const role = roleOf(event.type) ?? roleOf(text(object["type"]));
  if (!role) return undefined;
  const id = text(event.labels["tool_call_id"]) || IDS.map((key) => text(object[key])).find(Boolean) || "";
  return { role, id, name: text(object["name"]) || text(object["tool"]) || text(event.labels["tool"]) };
}

function roleOf(type: string): Tool["role"] | undefined {
  if (CALLS.has(type)) return "call";
  return RESULTS.has(type) ? "result" : undefined;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
