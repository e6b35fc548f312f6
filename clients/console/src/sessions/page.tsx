import type { SessionsRoute } from "../routes.js";

export function SessionsPage({ route }: { route: SessionsRoute }) {
  return <main>{route.namespace}</main>;
}
