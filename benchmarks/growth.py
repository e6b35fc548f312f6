"""How the cost of a call grows with what is stored: among few and many sessions, in short and long logs."""

import argparse
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import create_engine, update

from activity_session.v1.event_pb2 import Event as EventMessage
from activity_session.v1.event_service_pb2 import AppendEventsRequest, ListEventsRequest
from activity_session.v1.namespace_pb2 import Namespace
from activity_session.v1.namespace_service_pb2 import CreateNamespaceRequest
from activity_session.v1.session_service_pb2 import GetSessionRequest, ListSessionsRequest
from activity_session_server.orm import ActivitySession, Event
from activity_session_server.orm.base import prefixed_uuid
from measure import Call, Row, databases, in_turn, write_rows
from servers import Client, connected, serving
from steps import new_session

FIRST_TIME = datetime(2026, 1, 1)  # noqa: DTZ001 - columns hold UTC without a zone
FEW_SESSIONS, FEW_EVENTS = 10, 100
PAGE, LARGE_PAGE = 50, 1000
DATA, TEXT = "x" * 2048, "x" * 100
# Names in an order unlike that in which the rows are written.
STRIDE = 7919


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=100_000, help="sessions in the large namespace")
    parser.add_argument("--events", type=int, default=100_000, help="events in the long log")
    parser.add_argument("--calls", type=int, default=500, help="calls a side for each figure")
    options = parser.parse_args()
    with ExitStack() as stack:
        for name, url in databases(stack):
            print(f"{name}, {options.calls} calls a side", flush=True)
            with serving(url) as server, connected(server.address) as client:
                for row in sessions(client, url, options.sessions, options.calls):
                    print(row, flush=True)
                for row in events(client, url, options.events, options.calls):
                    print(row, flush=True)


def sessions(client: Client, database_url: str, count: int, calls: int) -> Iterator[Row]:
    few = write_sessions(client, database_url, "few", FEW_SESSIONS)
    many = write_sessions(client, database_url, "many", count)
    yield get_session(client, few, many, count, calls)
    for order in ("name", "name desc", "create_time", "create_time desc", "update_time desc"):
        yield pages(client, many, order, calls)


def write_sessions(client: Client, database_url: str, namespace_id: str, count: int) -> str:
    """A namespace with that many sessions of 2 KiB data."""
    request = CreateNamespaceRequest(namespace=Namespace(), namespace_id=namespace_id)
    namespace = client.namespaces.CreateNamespace(request)
    times = (FIRST_TIME + timedelta(milliseconds=number) for number in range(count))
    rows = (
        {
            "pkid": prefixed_uuid("activity_session"),
            "namespace_pkid": namespace.uid,
            "name": session_id(number, count),
            "data": DATA,
            "create_ts": created,
            "update_ts": created,
        }
        for number, created in enumerate(times)
    )
    write_rows(database_url, ActivitySession, rows)
    return namespace.name


def session_id(number: int, sessions: int) -> str:
    return f"session-{number * STRIDE % max(sessions, FEW_SESSIONS):08}"


def get_session(client: Client, few: str, many: str, count: int, calls: int) -> Row:
    """GetSession of ever another session, in turn in the small and in the large namespace."""
    return in_turn(
        f"GetSession: among {FEW_SESSIONS} | among {count}",
        lambda turn: get(client, f"{few}/sessions/{session_id(turn % FEW_SESSIONS, FEW_SESSIONS)}"),
        lambda turn: get(client, f"{many}/sessions/{session_id(turn * 31 % count, count)}"),
        calls,
    )


def get(client: Client, name: str) -> None:
    client.sessions.GetSession(GetSessionRequest(name=name))


def pages(client: Client, parent: str, order: str, calls: int) -> Row:
    """The second page of a list against one near its end, in turn; the first has no token, and is a little cheaper."""
    last = ListSessionsRequest(parent=parent, order_by=order, page_size=LARGE_PAGE)
    while True:
        answer = client.sessions.ListSessions(last)
        if not answer.next_page_token:
            break
        last.page_token = answer.next_page_token
    last.page_size = PAGE
    second = ListSessionsRequest(parent=parent, order_by=order, page_size=PAGE)
    second.page_token = client.sessions.ListSessions(second).next_page_token
    return in_turn(
        f"ListSessions {PAGE} by {order}: second page | near the end",
        lambda _: client.sessions.ListSessions(second),
        lambda _: client.sessions.ListSessions(last),
        calls,
    )


class Logs(NamedTuple):
    """The names of two sessions, and how many times longer the second one's log is."""

    short: str
    long: str
    factor: int


def events(client: Client, database_url: str, count: int, calls: int) -> Iterator[Row]:
    short = write_events(client, database_url, "short", FEW_EVENTS)
    logs = Logs(short, write_events(client, database_url, "long", count), count // FEW_EVENTS)
    lengths = f"among {FEW_EVENTS} | among {count}"
    middle = FEW_EVENTS // 2
    for what, request in (
        ("from the start", ListEventsRequest()),
        ("from the end", ListEventsRequest(order_by="sequence desc")),
        ("from the middle", ListEventsRequest(after_sequence=middle)),
        ("back from the middle", ListEventsRequest(order_by="sequence desc", before_sequence=middle + 1)),
    ):
        yield in_turn(f"ListEvents {PAGE} {what}: {lengths}", *list_events(client, logs, request), calls)
    yield in_turn(f"AppendEvents of 1: {lengths}", append(client, short, 1), append(client, logs.long, 1), calls)
    yield in_turn(
        "AppendEvents in the long log: of 1 | of 10", append(client, logs.long, 1), append(client, logs.long, 10), calls
    )


def write_events(client: Client, database_url: str, session_id: str, count: int) -> str:
    """A session with that many events of 100 bytes."""
    session = new_session(client, "namespaces/default", session_id)
    rows = (
        {
            "activity_session_pkid": session.uid,
            "sequence": number,
            "event_id": f"event-{number * STRIDE % count:08}-{number}",
            "event_type": "message",
            "content_text": TEXT,
            "create_ts": FIRST_TIME,
        }
        for number in range(1, count + 1)
    )
    write_rows(database_url, Event, rows)
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(
            update(ActivitySession).where(ActivitySession.pkid == session.uid).values(last_sequence=count)
        )
    engine.dispose()
    return session.name


def list_events(client: Client, logs: Logs, request: ListEventsRequest) -> tuple[Call, Call]:
    """What asks for the same page of both logs; a place in the short one lies as many times further on in the long."""

    def of(session: str, factor: int) -> Call:
        scaled = ListEventsRequest(parent=session, page_size=PAGE)
        scaled.MergeFrom(request)
        scaled.after_sequence *= factor
        scaled.before_sequence *= factor
        return lambda _: client.events.ListEvents(scaled)

    return of(logs.short, 1), of(logs.long, logs.factor)


def append(client: Client, session: str, count: int) -> Call:
    events = [EventMessage(type="message", text=TEXT) for _ in range(count)]
    request = AppendEventsRequest(parent=session, events=events)
    return lambda _: client.events.AppendEvents(request)


if __name__ == "__main__":
    main()
