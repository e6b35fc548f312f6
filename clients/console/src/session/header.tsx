import { href, toSessions } from "../routes.js";
import { Connected } from "./connected.js";
import { useShared } from "./context.js";
import { Superseded } from "./conversation/superseded.js";
import { idOf, namespaceOf } from "../shared/names.js";

/** Which session it is, and whether it is live. */
export function Header() {
  const { live } = useShared();
  const { description = "" } = live.session.value ?? {};
  const namespace = namespaceOf(live.name);
  return (
    <header class="session-head">
      <nav aria-label="Way back"><a href={href(toSessions(namespace))} dir="auto">{idOf(namespace)}</a></nav>
      <h1 dir="auto">{idOf(live.name)}</h1>
      <Connected />
      {live.session.value && <Superseded />}
      {description && <p class="session-about" dir="auto">{description}</p>}
    </header>
  );
}
