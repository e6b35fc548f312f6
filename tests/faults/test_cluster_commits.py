"""A commit that arrives late: its response is lost, and by then the call runs again on another node of the cluster."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import create_engine, func, make_url, select

from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import CreateSessionRequest
from activity_session_server.app import App
from activity_session_server.orm import ActivitySession
from activity_session_server.store import schema
from activity_session_testing.galera import Galera
from activity_session_testing.moments import Send, before, errors_of, eventually, sending
from activity_session_testing.proxies import proxying
from activity_session_testing.servers import connected, serving
from activity_session_testing.steps import get_session

PARENT = "namespaces/default"
CONTENTION = 1213


@contextmanager
def inserted_uids(server: App) -> Iterator[list[str]]:
    """The uids of the sessions that a server inserts."""
    uids: list[str] = []

    def tell(send: Send, statement: str, *values: Any) -> Any:
        if statement.startswith("INSERT INTO activity_session "):
            uids.extend(value for value in values[0] if str(value).startswith("activity_session-"))
        return send(statement, *values)

    with sending(server, tell):
        yield uids


def steps(*acts: Callable[[], object]) -> Callable[[], None]:
    """Do one thing at each call."""
    left = iter(acts)

    def step() -> None:
        next(left)()

    return step


@pytest.mark.parametrize("request_id", ["", "once"])
def test_is_the_one_that_is_acknowledged(galera: Galera, request_id: str) -> None:
    urls = galera.new_database()
    schema.migrate_url(urls[0])
    galera.settle()
    first, second, third = map(make_url, urls)
    watching = create_engine(third)

    def has_arrived() -> bool:
        with watching.connect() as connection:
            return connection.scalar(select(func.count()).select_from(ActivitySession)) == 1

    def delay() -> None:
        proxy.hold_open_ones()
        proxy.target = f"127.0.0.1:{second.port}"

    def arrive() -> None:
        proxy.release()
        eventually(has_arrived)

    with (
        proxying(f"127.0.0.1:{first.port}") as proxy,
        serving(
            first.set(port=int(proxy.address.rpartition(":")[2])).render_as_string(hide_password=False),
            database_timeout=1,
            health_interval=300.0,
        ) as server,
        connected(server.address) as client,
        inserted_uids(server) as uids,
        errors_of(server, "COMMIT") as errors,
        before(server, "COMMIT", steps(delay, arrive), most=2) as times,
    ):
        request = CreateSessionRequest(parent=PARENT, session_id="late", session=Session(), request_id=request_id)
        created = client.sessions.CreateSession(request)
        assert times.count == 2
        assert len(set(uids)) == 2
        assert [errors.get() for _ in range(errors.qsize())][-1] == CONTENTION
        assert created.uid == uids[0]
        assert get_session(client, created.name) == created
    watching.dispose()
