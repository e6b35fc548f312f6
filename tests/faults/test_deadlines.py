"""One clock for a call: a statement ends at the caller's deadline, or when the database has had its time."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session_server.app import App
from activity_session_server.rules.access.callers import ITSELF
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import ServiceError
from activity_session_server.settings import Settings
from activity_session_server.store import Writer
from activity_session_server.store.driver.statements import Statement
from activity_session_testing.backends import BACKENDS, KEEPING_BACKENDS, SERVER, MariaDB
from activity_session_testing.moments import errors_of, eventually
from activity_session_testing.servers import connected, serving
from activity_session_testing.steps import new_session

TIMEOUT = 1
SOON = 0.3
# Seconds that the machine may be late.
LATE = 1.5
# Statements that take minutes.
SLOW = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000000000) SELECT count(*) FROM n",
    "mysql": {
        "mariadb": "SELECT count(*) AS slow FROM seq_1_to_1000000 a, seq_1_to_1000000 b WHERE a.seq % 7 = b.seq % 11",
        "mysql": "SELECT count(*) AS slow FROM {0} a, {0} b, {0} c, {0} d WHERE a.id % 7 = d.id % 11".format(
            "information_schema.collations"
        ),
    }[SERVER],
    "postgresql": "SELECT pg_sleep(600)",
}
BUSY = "SELECT id FROM information_schema.processlist WHERE info LIKE '%AS slow%' AND id <> CONNECTION_ID()"


@pytest.fixture(params=BACKENDS)
def server(request: pytest.FixtureRequest, new_database: Callable[[str], str]) -> Iterator[App]:
    with serving(new_database(request.param), database_timeout=TIMEOUT, health_interval=300) as server:
        yield server


def call_of(seconds: float) -> Call:
    now = time.monotonic()
    return Call("test", "/test", "test", ITSELF, now, now + seconds, Settings.model_validate({}).limits)


def slow(server: App) -> Any:
    return text(SLOW[server.store.engine.dialect.name])


def refusal_of(server: App, seconds: float, statement: Any) -> tuple[ServiceError, float]:
    """The error of a read that runs a slow statement, and after how long it came."""
    started = time.monotonic()
    with pytest.raises(ServiceError) as raised:
        server.store.read(call_of(seconds), lambda reader: reader.rows(statement))
    return raised.value, time.monotonic() - started


@pytest.mark.parametrize("make", [Statement, lambda statement: statement], ids=["compiled once", "by Core"])
@pytest.mark.parametrize(("seconds", "bound", "told"), [(SOON, SOON, "0.3 s"), (20, TIMEOUT, "1 s")])
def test_a_slow_statement_ends_in_time_and_is_not_run_again(
    server: App, make: Callable[[Any], Any], seconds: float, bound: float, told: str
) -> None:
    with errors_of(server) as errors:
        error, elapsed = refusal_of(server, seconds, make(slow(server)))
    assert error.reason == ErrorReason.ERROR_REASON_DEADLINE_EXCEEDED
    assert told in error.message
    assert bound <= elapsed < bound + 2 * LATE
    assert errors.qsize() == 1
    # The connection is as good as before.
    assert server.store.read(call_of(20), lambda reader: reader.rows(text("SELECT 1"))) == [(1,)]


def test_nothing_runs_on_in_the_database(mariadb: MariaDB) -> None:
    settings = {"database_timeout": 5, "health_interval": 300}
    with serving(mariadb.new_database(), **settings) as server, ThreadPoolExecutor(16) as pool:
        running = [pool.submit(refusal_of, server, 3, slow(server)) for _ in range(16)]
        eventually(lambda: len(mariadb.execute(BUSY)) >= 8)
        assert all(bool(found.result()[0]) for found in running)
        assert mariadb.execute(BUSY) == []


@pytest.mark.parametrize("backend", KEEPING_BACKENDS)
def test_a_write_that_is_late_is_undone(new_database: Callable[[str], str], backend: str) -> None:
    url = new_database(backend)
    with (
        serving(url, database_timeout=TIMEOUT, health_interval=300) as server,
        connected(server.address) as client,
    ):
        new_session(client, "namespaces/default")

        def write(writer: Writer) -> None:
            assert writer.change(text("UPDATE activity_session SET description = 'changed'")) == 1
            writer.rows(slow(server))

        with pytest.raises(ServiceError, match="nothing was written"):
            server.store.write(call_of(SOON), write)
        changed = text("SELECT count(*) FROM activity_session WHERE description = 'changed'")
        assert server.store.read(call_of(20), lambda reader: reader.rows(changed)) == [(0,)]
