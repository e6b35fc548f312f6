import { go, href, PAGE, toSessions, type SessionsRoute } from "../routes.js";
import { Failure } from "../shared/failure.js";
import { useKeys } from "../shared/keys.js";
import { idOf } from "../shared/names.js";
import { ErrorReason, type ActivitySessionError } from "activity-session/web";
import { Bar } from "./bar.js";
import { Filter } from "./filter.js";
import { useList, type List } from "./list.js";
import { narrow } from "./terms.js";
import { Table } from "./table.js";
import "./page.css";

/** The sessions of a namespace. */
export function SessionsPage({ route }: { route: SessionsRoute }) {
  const list = useList(route);
  const error = list.loading.error.value;
  const ofFilter = error && isOfFilter(error) ? error : undefined;
  useKeys({ key: "r", does: "refreshes the list", run: list.refresh });
  return (
    <main class="list">
      <h1>
        Sessions of <bdi>{idOf(route.namespace)}</bdi>
      </h1>
      <Filter filter={route.filter} error={ofFilter} apply={(filter) => go({ ...route, filter, rows: PAGE })} />
      <Bar route={route} refresh={list.refresh} />
      {error && !ofFilter && (
        <Failure error={error} again={list.refresh}>
          <a href={href(toSessions(""))}>All namespaces</a>
        </Failure>
      )}
      <Rows list={list} route={route} />
    </main>
  );
}

function Rows({ list: { loading, more }, route }: { list: List; route: SessionsRoute }) {
  const [listed, isBusy] = [loading.value.value, loading.isBusy.value];
  if (!listed) return isBusy ? <p role="status">Loading…</p> : null;
  const { sessions, next } = listed;
  return (
    <>
      {sessions.length > 0 && <Table sessions={sessions} isBusy={isBusy} narrow={(term) => narrow(route, term)} />}
      <p role="status" class="note">
        {count(sessions.length, next !== "")} {sessions.length === 0 && next === "" && <Empty route={route} />}
      </p>
      {next && (
        <button type="button" disabled={isBusy} onClick={more}>
          {isBusy ? "Loading…" : sessions.length > 0 ? "Show more" : "Look further"}
        </button>
      )}
    </>
  );
}

function count(found: number, areMore: boolean): string {
  if (found === 0) return areMore ? "None of the sessions looked at so far." : "No sessions.";
  const sessions = found === 1 ? "1 session" : `${found.toLocaleString()} sessions`;
  return areMore ? `${sessions} so far.` : `${sessions}: these are all.`;
}

function Empty({ route }: { route: SessionsRoute }) {
  if (route.filter)
    return <>None passes the filter{!route.showDeleted && ", unless it is deleted"}: clear it, or change it.</>;
  return <>The first one appears here once a client creates it: “Refresh” looks again.</>;
}

function isOfFilter({ reason, fieldViolations }: ActivitySessionError): boolean {
  return reason === ErrorReason.INVALID_FILTER || fieldViolations.some(({ field }) => field === "filter");
}
