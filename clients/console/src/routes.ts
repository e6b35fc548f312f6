/**
 * What is shown is in the hash of the address, so that a link shows it to somebody else, and so that names of sessions
 * do not get into the logs of proxies.
 */

import { computed, signal } from "@preact/signals";

/** The order of a list of sessions whose address names none. */
export const ORDER = "update_time desc";
/** How many sessions a list begins with, and grows by. */
export const PAGE = 50;

/** A list of sessions; of which namespace, if any is chosen, and how many rows of it. */
export interface SessionsRoute {
  view: "sessions";
  namespace: string;
  filter: string;
  orderBy: string;
  showDeleted: boolean;
  rows: number;
}

/** A session: the number of the event to show, of which 0 is the newest, what is shown of it, and the open panel. */
export interface SessionRoute {
  view: "session";
  name: string;
  at: number;
  showSuperseded: boolean;
  panel: string;
}

export type Route = SessionsRoute | SessionRoute;

const SESSION = /^namespaces\/[^/]+\/sessions\/[^/]+$/;
const hash = signal(location.hash);
addEventListener("hashchange", () => (hash.value = location.hash));

/** The route that the address has now. */
export const route = computed(() => parse(hash.value));

/** Returns the link to a route. */
export function href(to: Route): string {
  const path = (to.view === "session" ? to.name : to.namespace).split("/").map(encodeURIComponent).join("/");
  const query = new URLSearchParams(to.view === "session" ? ofSession(to) : ofSessions(to)).toString();
  return `#/${path}${query ? `?${query}` : ""}`;
}

/** Shows a route, as another step of the history unless it takes the place of the last one. */
export function go(to: Route, { replace = false } = {}): void {
  history[replace ? "replaceState" : "pushState"](null, "", href(to));
  hash.value = location.hash;
}

/** Returns the route to a session. */
export function toSession(name: string, rest: Partial<SessionRoute> = {}): SessionRoute {
  return { view: "session", name, at: 0, showSuperseded: false, panel: "", ...rest };
}

/** Returns the route to the sessions of a namespace. */
export function toSessions(namespace: string, rest: Partial<SessionsRoute> = {}): SessionsRoute {
  return { view: "sessions", namespace, filter: "", orderBy: ORDER, showDeleted: false, rows: PAGE, ...rest };
}

/** Returns the route of a hash; one that means nothing is that of the first page. */
export function parse(text: string): Route {
  const [path = "", query = ""] = text.replace(/^#\/?/, "").split(/\?(.*)/s);
  const [name, values] = [path.split("/").map(decoded).join("/"), new URLSearchParams(query)];
  if (SESSION.test(name))
    return toSession(name, {
      at: Number(values.get("at") ?? 0) || 0,
      showSuperseded: values.get("showSuperseded") === "true",
      panel: values.get("panel") ?? "",
    });
  return toSessions(name, {
    filter: values.get("filter") ?? "",
    orderBy: values.get("orderBy") ?? ORDER,
    showDeleted: values.get("showDeleted") === "true",
    rows: Math.max(Number(values.get("rows")) || 0, PAGE),
  });
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function ofSession({ at, showSuperseded, panel }: SessionRoute): Record<string, string> {
  return {
    ...(at && { at: String(at) }),
    ...(showSuperseded && { showSuperseded: "true" }),
    ...(panel && { panel }),
  };
}

function ofSessions({ filter, orderBy, showDeleted, rows }: SessionsRoute): Record<string, string> {
  return {
    ...(filter && { filter }),
    ...(orderBy !== ORDER && { orderBy }),
    ...(showDeleted && { showDeleted: "true" }),
    ...(rows > PAGE && { rows: String(rows) }),
  };
}
