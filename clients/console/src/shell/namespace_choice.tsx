import { known } from "../namespaces/known.js";
import { go, route, toSessions } from "../routes.js";
import { idOf, namespaceOf } from "../shared/names.js";

/** Chooses the namespace of which sessions are shown; the last choice is the page of all of them. */
export function NamespaceChoice() {
  const shown = route.value;
  const current = shown.view === "session" ? namespaceOf(shown.name) : shown.namespace;
  const names = new Set(known.value.value?.namespaces.map(({ name }) => name));
  if (current) names.add(current);
  return (
    <label class="choice">
      <span>Namespace</span>
      <select value={current} dir="auto" onChange={({ currentTarget }) => go(toSessions(currentTarget.value))}>
        {[...names].map((name) => (
          <option key={name} value={name}>
            {idOf(name)}
          </option>
        ))}
        <option value="">{current ? "all namespaces…" : "choose…"}</option>
      </select>
    </label>
  );
}
