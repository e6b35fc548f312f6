import { useEffect, useMemo } from "preact/hooks";
import { go, PAGE, type SessionsRoute } from "../routes.js";
import { Loading } from "../shared/loading.js";
import { listUpTo, type Listed } from "./pages.js";

/** The list of a page: what is there of it, and what can be done with it. */
export interface List {
  loading: Loading<Listed>;
  refresh: () => void;
  more: () => void;
}

/** Lists the sessions of a route, anew when that changes, and when somebody comes back to the tab. */
export function useList(route: SessionsRoute): List {
  const loading = useMemo(() => new Loading<Listed>(), []);
  const { filter, orderBy, showDeleted } = route;
  const refresh = () => void loading.run((signal) => listUpTo(route, signal));
  useEffect(
    () => void loading.run((signal) => listUpTo(route, signal), { isNew: true }),
    [filter, orderBy, showDeleted],
  );
  useEffect(() => () => loading.stop(), []);
  useEffect(() => {
    const seen = () => document.visibilityState === "visible" && refresh();
    addEventListener("visibilitychange", seen);
    return () => removeEventListener("visibilitychange", seen);
  });
  return { loading, refresh, more: () => more(route, loading) };
}

/** Adds rows after those that are there. How many there are is in the address, so that it shows the same again. */
function more(route: SessionsRoute, loading: Loading<Listed>): void {
  const listed = loading.value.value;
  const longer = { ...route, rows: (listed?.sessions.length ?? 0) + PAGE };
  void loading.run((signal) => listUpTo(longer, signal, listed));
  go(longer, { replace: true });
}
