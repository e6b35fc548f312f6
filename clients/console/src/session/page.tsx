import type { SessionRoute } from "../routes.js";

export function SessionPage({ route }: { route: SessionRoute }) {
  return <main>{route.name}</main>;
}
