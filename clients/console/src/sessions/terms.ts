import { go, PAGE, type SessionsRoute } from "../routes.js";

/** Returns the term of a filter for sessions that have a label with this value. */
export function withLabel(key: string, value: string): string {
  return `labels.${key} = ${quoted(value)}`;
}

/** Returns the term of a filter for sessions in which a participant takes part. */
export function withParticipant(name: string): string {
  return `participants:${quoted(name)}`;
}

/** Shows the sessions of a list that a term lets pass too. */
export function narrow(route: SessionsRoute, term: string): void {
  if (route.filter.includes(term)) return;
  go({ ...route, filter: route.filter ? `${route.filter} AND ${term}` : term, rows: PAGE });
}

/** A text in quotes, of which no character means anything else. */
function quoted(text: string): string {
  return `"${text.replace(/[\\"*]/g, "\\$&")}"`;
}
