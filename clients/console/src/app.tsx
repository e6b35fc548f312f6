import { route } from "./routes.js";
import { SessionPage } from "./session/page.js";
import { SessionsPage } from "./sessions/page.js";

/** The page: what the address names. */
export function App() {
  const shown = route.value;
  return shown.view === "session" ? <SessionPage key={shown.name} route={shown} /> : <SessionsPage route={shown} />;
}
