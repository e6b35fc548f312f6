import { href, route, type SessionRoute } from "../../routes.js";

/** A link to an event of the session that is shown, which leaves the open panel as it is. */
export function EventLink({ at, ...more }: { at: number; class?: string; tabIndex?: number }) {
  return <a href={href({ ...(route.value as SessionRoute), at })} {...more}>{at}</a>;
}
