import type { MessageInitShape } from "@bufbuild/protobuf";
import { SessionView, type Session } from "activity-session/v1/session";
import type { ListSessionsRequestSchema } from "activity-session/v1/session_service";
import { sessions } from "../api.js";
import type { SessionsRoute } from "../routes.js";

/** The sessions that are listed so far, and the token of the next page; empty when these are all. */
export interface Listed {
  sessions: Session[];
  next: string;
}

export const NONE: Listed = { sessions: [], next: "" };
const LARGEST_PAGE = 1000;
// A page with a filter can be short, even empty, and yet not be the last: so many are asked for at once.
const MOST_CALLS = 10;

/** Returns the request of the first page of a list. */
export function requestOf({ namespace, filter, orderBy, showDeleted, rows }: SessionsRoute) {
  const pageSize = Math.min(rows, LARGEST_PAGE);
  return { parent: namespace, pageSize, filter, orderBy, showDeleted, view: SessionView.PREVIEW } satisfies MessageInitShape<
    typeof ListSessionsRequestSchema
  >;
}

/** Lists sessions until there are as many as the route has rows, going on after those that are there. */
export async function listUpTo(route: SessionsRoute, signal: AbortSignal, listed = NONE): Promise<Listed> {
  let { sessions: found, next } = listed;
  for (let calls = 0; calls < MOST_CALLS && found.length < route.rows; calls += 1) {
    const request = requestOf({ ...route, rows: route.rows - found.length });
    const page = await sessions.listSessions({ ...request, pageToken: next }, { signal });
    [found, next] = [[...found, ...page.sessions], page.nextPageToken];
    if (next === "") break;
  }
  return { sessions: found, next };
}
