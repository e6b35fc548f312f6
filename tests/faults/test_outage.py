"""A database that is away: one call asks whether it is back, the others are refused at once, at next to no cost."""

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import grpc
import pytest

from activity_session import v1
from activity_session_server.store import schema
from activity_session_testing.backends import DatabaseServer
from activity_session_testing.moments import before, eventually
from activity_session_testing.processes import serving_process
from activity_session_testing.servers import Client, connected, failure, serving
from activity_session_testing.steps import get_session, new_session

PARENT = "namespaces/default"
UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
CALLS = 200
# Seconds of time and of the server's CPU for a call that is refused.
MOST_SECONDS, MOST_CPU = 0.05, 0.002
MISSING = v1.GetSessionRequest(name=f"{PARENT}/sessions/any")


@pytest.fixture
def killed(database: DatabaseServer) -> Iterator[DatabaseServer]:
    """The database; it runs again after the test."""
    yield database
    database.kill()
    database.start()


def cpu_seconds(pid: int) -> float:
    """The CPU that the threads of a process have used, to the nanosecond."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def test_a_call_is_refused_at_once_and_for_little_while_the_database_is_away(
    killed: DatabaseServer, tmp_path: Path
) -> None:
    url = killed.new_database()
    schema.migrate_url(url)
    with (
        serving_process(tmp_path / "log", "--database-url", url) as server,
        connected(server.address) as client,
    ):
        session = new_session(client, PARENT).name
        killed.kill()
        assert failure(client.sessions.GetSession, MISSING).reason == "DATABASE_UNAVAILABLE"
        used, times = cpu_seconds(server.process.pid), []
        for _ in range(CALLS):
            started = time.monotonic()
            refusal = failure(client.sessions.GetSession, MISSING)
            times.append(time.monotonic() - started)
            assert refusal.reason == "DATABASE_UNAVAILABLE"
            assert refusal.code is UNAVAILABLE
            assert refusal.message == "the database cannot be reached"
        assert (cpu_seconds(server.process.pid) - used) / CALLS < MOST_CPU
        assert sorted(times)[int(0.95 * CALLS)] < MOST_SECONDS
        errors = eventually(lambda: [line["error"] for line in server.log_lines() if "error" in line][-CALLS:])
        assert all(
            re.search(r": 200[23]: Can't connect to |: connection failed: .* Connection refused", error)
            for error in errors
        )
        killed.start()
        assert eventually(lambda: _found(client, session)) == session


def _found(client: Client, session: str) -> str:
    try:
        return get_session(client, session).name
    except grpc.RpcError:
        return ""


def test_one_call_asks_a_frozen_database_and_the_others_are_refused_at_once(database: DatabaseServer) -> None:
    settings = {"database_timeout": 1, "health_interval": 300}
    with (
        serving(database.new_database(), **settings) as server,
        connected(server.address) as client,
        ThreadPoolExecutor(1) as pool,
    ):
        session = new_session(client, PARENT).name
        with database.frozen():
            failure(client.sessions.GetSession, MISSING)
            asking = pool.submit(failure, client.sessions.GetSession, MISSING)
            eventually(lambda: server.store._connections._outage._asking.locked() or asking.done())  # noqa: SLF001
            while not asking.done():
                started = time.monotonic()
                assert failure(client.sessions.GetSession, MISSING).reason == "DATABASE_UNAVAILABLE"
                if not asking.done():
                    assert time.monotonic() - started < 1
        assert eventually(lambda: _found(client, session)) == session


def test_a_call_that_the_database_refuses_ends_the_outage_too(database: DatabaseServer) -> None:
    with serving(database.new_database(), health_interval=300) as server, connected(server.address) as client:
        server.store._connections._outage.begin()  # noqa: SLF001
        assert failure(client.sessions.GetSession, MISSING).reason == "SESSION_NOT_FOUND"
        assert not server.store._connections._outage.is_on  # noqa: SLF001


def test_a_connection_that_was_closed_from_outside_is_no_outage(database: DatabaseServer) -> None:
    with (
        serving(database.new_database(), health_interval=300) as server,
        connected(server.address) as client,
    ):
        session = new_session(client, PARENT).name
        database.kill_connections()
        assert get_session(client, session).name == session
        assert not server.store._connections._outage.is_on  # noqa: SLF001


def test_commits_in_doubt_are_told_as_unknown_after_some_seconds_and_keep_nobody_waiting(
    database: DatabaseServer,
) -> None:
    settings = {"database_timeout": 1, "health_interval": 300, "threads": 2}
    creating = v1.CreateSessionRequest(parent=PARENT, session=v1.Session())
    deleting = v1.DeleteSessionRequest(name=f"{PARENT}/sessions/any")
    with (
        serving(database.new_database(), **settings) as server,
        connected(server.address) as client,
        ThreadPoolExecutor(2) as pool,
    ):
        new_session(client, PARENT)
        with ExitStack() as ice, before(server, "COMMIT", lambda: ice.enter_context(database.frozen())) as frozen:
            started = time.monotonic()
            in_doubt = [pool.submit(failure, client.sessions.CreateSession, creating) for _ in range(2)]
            eventually(lambda: frozen.count and server.store._connections._outage.is_on)  # noqa: SLF001
            # As soon as one of them waits for the other to ask, others are served, that is refused, at once.
            eventually(lambda: failure(client.sessions.DeleteSession, deleting, timeout=1).code is UNAVAILABLE)
            assert not all(found.done() for found in in_doubt)
            reasons = {found.result().reason for found in in_doubt}
            # The time of the statement, of settling, and of the last attempt to connect.
            assert time.monotonic() - started < 20
        assert "COMMIT_OUTCOME_UNKNOWN" in reasons
        assert reasons <= {"COMMIT_OUTCOME_UNKNOWN", "DATABASE_UNAVAILABLE"}
