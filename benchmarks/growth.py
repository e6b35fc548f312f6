"""How the cost of a call grows with what is stored: GetSession and pages of ListSessions, among few and among many.

Two namespaces of one database are compared in one run, call by call in turn, so that whatever else the machine does
befalls both alike. What is printed are medians and their ratios; on a shared machine only the ratios mean something.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import create_engine, insert

from activity_session.v1.namespace_pb2 import Namespace
from activity_session.v1.namespace_service_pb2 import CreateNamespaceRequest
from activity_session.v1.session_service_pb2 import GetSessionRequest, ListSessionsRequest
from activity_session_server.orm import ActivitySession
from activity_session_server.orm.base import prefixed_uuid
from backends import MariaDB, find_mariadb
from servers import Client, connected, serving

FIRST_TIME = datetime(2026, 1, 1)  # noqa: DTZ001 - columns hold UTC without a zone
FEW, BATCH = 10, 1000
PAGE = 50
DATA = "x" * 2048
# Names in an order unlike that in which the rows are written.
STRIDE = 7919


class Row(NamedTuple):
    """One line of the result: what was called, and the milliseconds of each side."""

    what: str
    first: float
    second: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=100_000, help="sessions in the large namespace")
    parser.add_argument("--calls", type=int, default=500, help="calls a side for each figure")
    options = parser.parse_args()
    with ExitStack() as stack:
        for name, url in databases(stack):
            print(f"{name}, {options.sessions} sessions against {FEW}, {options.calls} calls a side", flush=True)
            for row in measure(url, options.sessions, options.calls):
                ratio = row.second / row.first
                print(f"  {row.what:<52} {row.first:7.3f} ms {row.second:7.3f} ms  ratio {ratio:.2f}", flush=True)


def databases(stack: ExitStack) -> Iterator[tuple[str, str]]:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    yield "SQLite file", f"sqlite:///{folder / 'growth.db'}"
    if find_mariadb() is None:
        print("MariaDB: skipped, it is not installed; to measure it: apt-get install mariadb-server")
        return
    server = stack.enter_context(MariaDB.running(folder))
    yield "MariaDB", server.new_database()


def measure(database_url: str, sessions: int, calls: int) -> Iterator[Row]:
    with serving(database_url) as server, connected(server.address) as client:
        few = fill(client, database_url, "few", FEW)
        many = fill(client, database_url, "many", sessions)
        yield get_session(client, few, many, sessions, calls)
        for order in ("name", "name desc", "create_time", "create_time desc", "update_time desc"):
            yield pages(client, many, order, calls)


def fill(client: Client, database_url: str, namespace_id: str, sessions: int) -> str:
    """A namespace with that many sessions of 2 KiB data; past the service, which would take minutes."""
    request = CreateNamespaceRequest(namespace=Namespace(), namespace_id=namespace_id)
    namespace = client.namespaces.CreateNamespace(request)
    engine = create_engine(database_url)
    for start in range(0, sessions, BATCH):
        rows = [
            {
                "pkid": prefixed_uuid("activity_session"),
                "namespace_pkid": namespace.uid,
                "name": session_id(number, sessions),
                "data": DATA,
                "create_ts": (created := FIRST_TIME + timedelta(milliseconds=number)),
                "update_ts": created,
            }
            for number in range(start, min(start + BATCH, sessions))
        ]
        with engine.begin() as connection:
            connection.execute(insert(ActivitySession), rows)
    engine.dispose()
    return namespace.name


def session_id(number: int, sessions: int) -> str:
    return f"session-{number * STRIDE % max(sessions, FEW):08}"


def get_session(client: Client, few: str, many: str, sessions: int, calls: int) -> Row:
    """GetSession of ever another session, in turn in the small and in the large namespace."""
    return in_turn(
        f"GetSession: among {FEW} | among {sessions}",
        lambda turn: get(client, f"{few}/sessions/{session_id(turn % FEW, FEW)}"),
        lambda turn: get(client, f"{many}/sessions/{session_id(turn * 31 % sessions, sessions)}"),
        calls,
    )


def get(client: Client, name: str) -> None:
    client.sessions.GetSession(GetSessionRequest(name=name))


def pages(client: Client, parent: str, order: str, calls: int) -> Row:
    """The second page of a list against one near its end, in turn; the first has no token, and is a little cheaper."""
    last = ListSessionsRequest(parent=parent, order_by=order, page_size=BATCH)
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


def in_turn(what: str, first: Callable[[int], object], second: Callable[[int], object], calls: int) -> Row:
    """The medians of two calls that are made in turn, after a tenth of them for warming up."""
    taken: tuple[list[float], list[float]] = ([], [])
    for turn in range(-calls // 10, calls):
        for call, times in zip((first, second), taken, strict=True):
            started = time.perf_counter()
            call(abs(turn))
            if turn >= 0:
                times.append((time.perf_counter() - started) * 1000)
    return Row(what, statistics.median(taken[0]), statistics.median(taken[1]))


if __name__ == "__main__":
    main()
