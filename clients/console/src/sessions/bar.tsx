import { useState } from "preact/hooks";
import { SessionService } from "activity-session/v1/session_service";
import { CopyAs } from "../copy/copy_as.js";
import { go, PAGE, type SessionsRoute } from "../routes.js";
import { FilterHelp } from "./filter_help.js";
import { requestOf } from "./pages.js";

const ORDERS: Record<string, string> = {
  "last_event_time desc": "newest event, newest first",
  last_event_time: "newest event, oldest first",
  "update_time desc": "changed, newest first",
  update_time: "changed, oldest first",
  "create_time desc": "created, newest first",
  create_time: "created, oldest first",
  name: "name",
  "name desc": "name, reversed",
};

/** Properties of `Bar`. */
export interface BarProps {
  route: SessionsRoute;
  refresh: () => void;
}

/** What changes the list, besides its filter, and what can be done with it. */
export function Bar({ route, refresh }: BarProps) {
  const [isHelping, help] = useState(false);
  return (
    <div class="bar">
      <Order route={route} />
      <label>
        <input
          type="checkbox"
          checked={route.showDeleted}
          onChange={({ currentTarget }) => go({ ...route, showDeleted: currentTarget.checked, rows: PAGE })}
        />{" "}
        Show deleted
      </label>
      <button type="button" onClick={refresh}>
        Refresh
      </button>
      <CopyAs method={SessionService.method.listSessions} request={requestOf(route)} />
      <button type="button" onClick={() => help(true)}>
        How to filter
      </button>
      {isHelping && <FilterHelp close={() => help(false)} />}
    </div>
  );
}

function Order({ route }: { route: SessionsRoute }) {
  const choose = (orderBy: string) => go({ ...route, orderBy, rows: PAGE });
  const known = route.orderBy in ORDERS ? ORDERS : { ...ORDERS, [route.orderBy]: route.orderBy };
  return (
    <label class="choice">
      <span>Order</span>
      <select value={route.orderBy} onChange={({ currentTarget }) => choose(currentTarget.value)}>
        {Object.entries(known).map(([orderBy, name]) => (
          <option key={orderBy} value={orderBy}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
