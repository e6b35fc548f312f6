import { go, route, type SessionRoute } from "../../routes.js";
import { useKeys } from "../../shared/keys.js";
import { useShared } from "../context.js";

/** Where a log has marks: whether events that are out of view are shown too, which the address says. */
export function Superseded() {
  const { log } = useShared().live;
  log.version.value;
  const shown = route.value as SessionRoute;
  return log.marks.areNone && !shown.showSuperseded ? null : <Choice route={shown} count={log.marks.countFrom(log.first)} />;
}

function Choice({ route, count }: { route: SessionRoute; count: number }) {
  const toggle = () => go({ ...route, showSuperseded: !route.showSuperseded });
  useKeys({ key: "s", does: "shows superseded events, or hides them", run: toggle });
  return (
    <label class="superseded-choice">
      <input type="checkbox" checked={route.showSuperseded} onChange={toggle} /> Superseded events{" "}
      <span class="quiet">{count.toLocaleString()}</span>
    </label>
  );
}
