import { effect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { token } from "./api.js";
import { listNamespaces } from "./namespaces/known.js";
import { NamespacesPage } from "./namespaces/page.js";
import { route, type Route } from "./routes.js";
import { SessionPage } from "./session/page.js";
import { SessionsPage } from "./sessions/page.js";
import { isHelping, KeyHelp } from "./shared/key_help.js";
import { useKeys } from "./shared/keys.js";
import { idOf } from "./shared/names.js";
import { focusMain, Header } from "./shell/header.js";

// As whoever is signed in now.
effect(() => {
  token.value;
  void listNamespaces();
});

/** The page: what the address names, as whoever is signed in may see it. */
export function App() {
  useKeys({ key: "?", does: "shows the keys", run: () => (isHelping.value = true) });
  const shown = route.value;
  const name = shown.view === "session" ? shown.name : shown.namespace;
  useEffect(() => {
    document.title = [...(name ? [idOf(name)] : []), "Activity Session"].join(" · ");
    focusMain();
  }, [name]);
  return (
    <>
      <Header />
      <Shown key={`${token.value} ${name}`} route={shown} />
      <KeyHelp />
    </>
  );
}

function Shown({ route: shown }: { route: Route }) {
  if (shown.view === "session") return <SessionPage key={shown.name} route={shown} />;
  return shown.namespace ? <SessionsPage route={shown} /> : <NamespacesPage />;
}
