import { signal, type Signal } from "@preact/signals";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Session } from "activity-session/v1/session";
import { events } from "../api.js";
import { ActivitySessionError } from "activity-session/web";

/** When the newest event came: not known yet, or a time, or that there is none, or why it is not known. */
export type Activity = Timestamp | "" | "none" | ActivitySessionError;

const known = new Map<string, Signal<Activity>>();

/**
 * Returns when the newest event of a session came, once it is known. Appends do not change a session's `update_time`,
 * so the newest event is read, without its content; not again, until there is a newer one.
 */
export function activityOf({ name, uid, lastSequence }: Session): Signal<Activity> {
  const key = `${uid} ${lastSequence}`;
  const found = known.get(key);
  if (found && !(found.value instanceof ActivitySessionError)) return found;
  const activity = signal<Activity>(lastSequence === 0n ? "none" : "");
  known.set(key, activity);
  if (lastSequence > 0n) void read(name, uid, activity);
  return activity;
}

async function read(parent: string, uid: string, activity: Signal<Activity>): Promise<void> {
  try {
    const request = { parent, uid, orderBy: "sequence desc", pageSize: 1, omitContent: true };
    activity.value = (await events.listEvents(request)).events[0]?.createTime ?? "none";
  } catch (error) {
    if (!(error instanceof ActivitySessionError)) throw error;
    activity.value = error;
  }
}
