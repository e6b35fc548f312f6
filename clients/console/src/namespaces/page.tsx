import type { Namespace } from "activity-session/v1/namespace";
import { go, href, toSessions } from "../routes.js";
import { Failure } from "../shared/failure.js";
import { idOf } from "../shared/names.js";
import { known, listNamespaces } from "./known.js";
import "./page.css";

/** The first page: the namespaces that the caller may see, and a field for one of which it only sees sessions. */
export function NamespacesPage() {
  const error = known.error.value;
  return (
    <main class="namespaces">
      <h1>Namespaces</h1>
      {error ? <Failure error={error} again={listNamespaces} /> : <Listed />}
      {error === undefined && <Other />}
    </main>
  );
}

function Listed() {
  const { value } = known.value;
  if (!value) return <p role="status">Loading…</p>;
  if (value.namespaces.length === 0)
    return <p>You have no role in a namespace. Where you take part in sessions, write its name.</p>;
  return (
    <>
      <ul>
        {value.namespaces.map((one) => (
          <One key={one.name} namespace={one} />
        ))}
      </ul>
      {!value.areAll && <p>There are more: write the name of the one that you want.</p>}
    </>
  );
}

function One({ namespace: { name, description, enabled, legalHold } }: { namespace: Namespace }) {
  return (
    <li>
      <a href={href(toSessions(name))} dir="auto">
        {idOf(name)}
      </a>
      {enabled === false && <span class="mark">disabled</span>}
      {legalHold && <span class="mark">held</span>}
      {description && <p dir="auto">{description}</p>}
    </li>
  );
}

function Other() {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const id = String(new FormData(event.currentTarget as HTMLFormElement).get("id")).trim();
    go(toSessions(id.startsWith("namespaces/") ? id : `namespaces/${id}`));
  };
  return (
    <form onSubmit={submit}>
      <label for="other">Another namespace</label>
      <input id="other" name="id" required dir="auto" autocomplete="off" spellcheck={false} />
      <button type="submit">Show its sessions</button>
    </form>
  );
}
