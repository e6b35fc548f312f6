"""How the cost of a call grows with what is stored: among few and many sessions, in short and long logs, with data.

A cost is the CPU time of one call of one caller: that of the server, and that of the database's, which would be the one
to read more. The sizes are called in turn, a few calls each, so that whatever else the machine does affects all of them
equally; figures are medians of the turns.
"""

import itertools
import operator
import statistics
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar

from google.protobuf.field_mask_pb2 import FieldMask
from sqlalchemy import create_engine, update

from activity_session.v1.event_pb2 import Event as EventMessage
from activity_session.v1.event_service_pb2 import ListEventsRequest
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import (
    EnsureSessionRequest,
    GetSessionRequest,
    ListSessionsRequest,
    UpdateSessionRequest,
)
from activity_session_benchmarks.loads import serving
from activity_session_benchmarks.measure import write_rows
from activity_session_benchmarks.runs import Run, measure_all, spent
from activity_session_server.orm import ActivitySession, Event
from activity_session_server.orm.base import prefixed_uuid
from activity_session_server.store.codec.events import created, given_by_server
from activity_session_testing.servers import Client, connected
from activity_session_testing.steps import append, make_namespace, new_session

FIRST_TIME = datetime(2026, 1, 1)  # noqa: DTZ001 - columns hold UTC without a zone
# The size with which larger ones are compared.
BASE = 100
SESSIONS, EVENTS = (10, BASE, 10_000, 100_000), (10, BASE, 1000, 100_000)
QUICK_SIZES = (BASE, 10_000)
DATA_BYTES = (2 << 10, 64 << 10, 2 << 20)
ORDERS = ("name", "update_time desc")
PAGE, LARGE_PAGE = 50, 1000
DATA, TEXT = "x" * DATA_BYTES[0], "x" * 100
# Names are written in one order and read in another, neither of which is that of the names.
WRITE_STRIDE, READ_STRIDE = 7919, 31
CALLS_A_TURN = 25
TURNS, QUICK_TURNS = 24, 5

# Makes a call; its argument counts all calls so far, and may decide which session the call is about.
Call = Callable[[int], object]
Calls = dict[str, Call]
K = TypeVar("K", bound=Hashable)


class Figure(NamedTuple):
    """What a call costs the server and the database's, in microseconds, with `size` of something stored.

    The ratio is that of both together to their cost with 100; there is none for data.
    """

    database: str
    call: str
    stored: str
    size: int
    cpu_us: float
    database_us: float
    ratio: float | None

    def __str__(self) -> str:
        ratio = "" if self.ratio is None else f"ratio {self.ratio:.2f}"
        costs = f"{self.cpu_us:6.0f} µs {self.database_us:6.0f} µs"
        return f"{self.database:<12} {self.call:<47} {self.size:>9,} {self.stored:<13} {costs}  {ratio}"


def main() -> None:
    measure_all("growth", __doc__, measure)


def measure(run: Run) -> Iterator[Figure]:
    many_sessions, many_events = (QUICK_SIZES, QUICK_SIZES) if run.is_quick else (SESSIONS, EVENTS)
    turns = QUICK_TURNS if run.is_quick else TURNS
    with serving(*run.command) as server, connected(server.address) as client:
        pids = ((server.pid,), run.database_pids)
        for stored, calls in (
            ("sessions", {size: session_calls(client, run.url, size) for size in many_sessions}),
            ("events", {size: event_calls(client, run.url, size) for size in many_events}),
            ("bytes of data", {size: data_calls(client, size) for size in DATA_BYTES}),
        ):
            for call in calls[BASE] if BASE in calls else calls[DATA_BYTES[0]]:
                of_sizes = {size: of_size[call] for size, of_size in calls.items()}
                costs = compare(dict.fromkeys(of_sizes, pids), of_sizes, turns)
                for size, (server_us, database_us) in costs.items():
                    ratio = (server_us + database_us) / sum(costs[BASE]) if BASE in costs else None
                    yield Figure(run.database, call, stored, size, server_us, database_us, ratio)


def compare(pids: Mapping[K, Sequence[Sequence[int]]], calls: Mapping[K, Call], turns: int) -> dict[K, list[float]]:
    """Return the microseconds that each call costs each of its groups of processes.

    They are medians of the turns after one to warm up.
    """
    numbers = itertools.count()
    costs: dict[K, list[list[float]]] = {key: [] for key in calls}
    for _ in range(turns + 1):
        for key, call in calls.items():
            before = [*map(spent, pids[key])]
            for number in itertools.islice(numbers, CALLS_A_TURN):
                call(number)
            used = map(operator.sub, map(spent, pids[key]), before)
            costs[key].append([seconds / CALLS_A_TURN * 1e6 for seconds in used])
    return {key: [*map(statistics.median, zip(*of_key[1:], strict=True))] for key, of_key in costs.items()}


def session_calls(client: Client, database_url: str, count: int) -> Calls:
    """Return the calls in a namespace with that many sessions."""
    parent = write_sessions(client, database_url, count)

    def id_of(number: int) -> str:
        return session_id(number * READ_STRIDE, count)

    def get(number: int) -> object:
        return client.sessions.GetSession(GetSessionRequest(name=f"{parent}/sessions/{id_of(number)}"))

    def ensure(number: int) -> object:
        request = EnsureSessionRequest(parent=parent, session_id=id_of(number), session=Session(data=DATA))
        return client.sessions.EnsureSession(request)

    def change(number: int) -> object:
        # Data that has not changed would not be written.
        session = Session(name=f"{parent}/sessions/{id_of(number)}", data=f"{number:{len(DATA)}}")
        return client.sessions.UpdateSession(
            UpdateSessionRequest(session=session, update_mask=FieldMask(paths=["data"]))
        )

    calls: Calls = {"GetSession": get, "EnsureSession": ensure}
    for order in ORDERS:
        calls |= page_calls(client, parent, order, count)
    # Last, as it changes the order by update_time.
    return calls | {"UpdateSession": change}


def page_calls(client: Client, parent: str, order: str, count: int) -> Calls:
    """Return calls for the first page of a list and for one near its end; both have a next page."""
    first = ListSessionsRequest(parent=parent, order_by=order, page_size=PAGE)
    step = ListSessionsRequest(parent=parent, order_by=order, page_size=min(LARGE_PAGE, count // 2 - 1))
    tokens = []
    while token := client.sessions.ListSessions(step).next_page_token:
        tokens.append(token)
        step.page_token = token
    late = ListSessionsRequest(parent=parent, order_by=order, page_size=PAGE, page_token=tokens[-2])
    return {
        f"ListSessions {PAGE} by {order}, first": lambda _: client.sessions.ListSessions(first),
        f"ListSessions {PAGE} by {order}, near the end": lambda _: client.sessions.ListSessions(late),
    }


def event_calls(client: Client, database_url: str, count: int) -> Calls:
    """Return the calls about a session with that many events."""
    session = write_events(client, database_url, count)
    newest = ListEventsRequest(parent=session, page_size=PAGE, order_by="sequence desc")
    middle = ListEventsRequest(parent=session, page_size=PAGE, after_sequence=count // 2 - 1)
    event = EventMessage(type="message", text=TEXT)
    return {
        **get_call(client, session),
        f"ListEvents {PAGE}, the newest": lambda _: client.events.ListEvents(newest),
        f"ListEvents {PAGE}, from the middle": lambda _: client.events.ListEvents(middle),
        # Last, as the log grows.
        "AppendEvents of 1": lambda _: append(client, session, event),
    }


def data_calls(client: Client, size: int) -> Calls:
    return get_call(client, new_session(client, "namespaces/default", data="x" * size).name)


def get_call(client: Client, session: str) -> Calls:
    request = GetSessionRequest(name=session)
    return {"GetSession": lambda _: client.sessions.GetSession(request)}


def write_sessions(client: Client, database_url: str, count: int) -> str:
    """Create a namespace with that many sessions of 2 KiB data."""
    namespace = make_namespace(client, f"n{count}")
    times = (FIRST_TIME + timedelta(milliseconds=number) for number in range(count))
    rows = (
        {
            "pkid": prefixed_uuid("activity_session"),
            "namespace_pkid": namespace.uid,
            "name": session_id(number * WRITE_STRIDE, count),
            "data": DATA,
            "create_ts": created,
            "update_ts": created,
        }
        for number, created in enumerate(times)
    )
    write_rows(database_url, ActivitySession, rows)
    return namespace.name


def session_id(number: int, sessions: int) -> str:
    return f"session-{number % sessions:08}"


def write_events(client: Client, database_url: str, count: int) -> str:
    """Create a session with that many events of 100 bytes."""
    session = new_session(client, "namespaces/default", f"events-{count}", data=DATA)
    ids = ((number, f"event-{number * WRITE_STRIDE % count:08}-{number}") for number in range(1, count + 1))
    said, shared = EventMessage(type="message", text=TEXT).SerializeToString(), created(FIRST_TIME, "")
    rows = (
        {
            "activity_session_pkid": session.uid,
            "sequence": number,
            "event_id": event_id,
            "event_type": "message",
            "create_ts": FIRST_TIME,
            "message": given_by_server(event_id, number, shared).raw + said,
        }
        for number, event_id in ids
    )
    write_rows(database_url, Event, rows)
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(
            update(ActivitySession).where(ActivitySession.pkid == session.uid).values(last_sequence=count)
        )
    engine.dispose()
    return session.name


if __name__ == "__main__":
    main()
