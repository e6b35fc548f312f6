"""Readiness: the services are SERVING as long as reads and writes work, and again when they do; the process always is.

A database that takes no writes is made in each way that its backend knows: a file that may not be written to, a full
disk, a server that is read-only, a user without a right.
"""

import contextlib
import logging
import os
import resource
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub
from sqlalchemy import Executable, make_url, select, text

from activity_session.v1.session_service_pb2 import DeleteSessionRequest
from activity_session_server import app
from activity_session_server.app import App
from activity_session_server.orm import Event, Idempotency
from activity_session_server.orm.types import AnyRow
from activity_session_server.rules.access.callers import ITSELF
from activity_session_server.rules.calls import Call
from activity_session_server.settings import Settings
from activity_session_server.store import schema
from activity_session_testing.backends import BACKENDS, SQLITE_FILE, MariaDB
from activity_session_testing.moments import WAIT_SECONDS, before, engine_of, errors_of, eventually
from activity_session_testing.processes import serving_process, write_lock
from activity_session_testing.rpcs import SERVICES
from activity_session_testing.servers import Client, connected, failure, serving
from activity_session_testing.steps import append, at_once, get_session, list_events, new_session
from activity_session_testing.sweeps import SWEEP

PARENT = "namespaces/default"
SERVING, NOT_SERVING = HealthCheckResponse.SERVING, HealthCheckResponse.NOT_SERVING
OFTEN = {"health_interval": 0.05, "database_timeout": 1}
FLAGS = ["--health-interval", "0.05", "--database-timeout", "1"]
SQLITE_BUSY = 5
READ_ONLY_FILE = "the database is read-only: SQLITE_READONLY: attempt to write a readonly database"
READ_ONLY = "the database is read-only: 1290: The "
DENIED = "the database refuses a right that the server needs"
# Without the right to read no server starts.
READ, *RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE")
# Root may write to any file, unless it gives that right up.
PREFIX = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


def statuses(client: Client, *services: str) -> set[int]:
    health = HealthStub(client.channel)
    return {health.Check(HealthCheckRequest(service=service), timeout=10).status for service in services}


def become(client: Client, status: int) -> None:
    """Wait until all services have a status; that of the process does not change."""
    eventually(lambda: statuses(client, *SERVICES) == {status})
    assert statuses(client, "") == {SERVING}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "test.db"


class TestOnSQLite:
    def test_a_file_that_may_not_be_written_to_is_not_ready(self, tmp_path: Path, path: Path) -> None:
        with serving(f"sqlite:///{path}") as server, connected(server.address) as client:
            name = new_session(client, PARENT).name
        path.chmod(0o444)
        flags = ["--database-url", f"sqlite:///{path}", *FLAGS]
        with serving_process(tmp_path / "log", *flags, prefix=PREFIX) as process, connected(process.address) as client:
            # Already at the first call.
            assert statuses(client, *SERVICES) == {NOT_SERVING}
            assert statuses(client, "") == {SERVING}
            assert get_session(client, name).name == name
            assert failure(client.sessions.DeleteSession, delete(name)).reason == "DATABASE_UNAVAILABLE"
            line = next(line for line in process.log_lines() if line["message"].startswith("not ready"))
            assert eventually(lambda: READ_ONLY_FILE in [line.get("error") for line in process.log_lines()])
        assert line["cause"] == "attempt to write a readonly database"
        # SQLite looks only when it opens a file.
        for file in tmp_path.glob(f"{path.name}*"):
            file.chmod(0o644)
        with serving_process(tmp_path / "log", *flags, prefix=PREFIX) as process, connected(process.address) as client:
            assert statuses(client, *SERVICES) == {SERVING}
            append(client, name, "it can be written to")

    def test_a_full_disk_is_not_ready(self, tmp_path: Path, path: Path) -> None:
        flags = ["--database-url", f"sqlite:///{path}", *FLAGS]
        with (
            serving_process(tmp_path / "log", *flags) as process,
            connected(process.address) as client,
        ):
            name = new_session(client, PARENT).name
            become(client, SERVING)
            resource.prlimit(process.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
            become(client, NOT_SERVING)
            assert get_session(client, name).name == name
            refusal = failure(client.sessions.DeleteSession, delete(name))
            assert refusal.reason == "DATABASE_UNAVAILABLE"
            # The limit of the process is told as EFBIG, not as ENOSPC.
            assert refusal.message == "the database's file cannot be read or written"
            resource.prlimit(process.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
            become(client, SERVING)
            append(client, name, "there is room")
            eventually(lambda: "ready again" in [line["message"] for line in process.log_lines()])

    def test_writers_that_hold_the_check_up_are_no_fault(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        told: list[bool] = []
        with serving(f"sqlite:///{path}", **OFTEN) as server, errors_of(server, "BEGIN") as errors:
            monkeypatch.setattr(server.health, "set_ready", lambda *, is_ready: told.append(is_ready))
            with write_lock(path):
                assert errors.get(timeout=WAIT_SECONDS) == SQLITE_BUSY
                told.clear()
                eventually(lambda: told)
        assert set(told) == {True}


class TestOnMariaDB:
    @pytest.fixture
    def database_url(self, mariadb: MariaDB) -> str:
        database_url = mariadb.new_database()
        schema.migrate_url(database_url)
        return database_url

    @pytest.fixture
    def user(self, mariadb: MariaDB) -> Iterator[str]:
        """A user who may do nothing yet."""
        mariadb.execute("CREATE USER serves@127.0.0.1")
        yield "serves@127.0.0.1"
        mariadb.execute("DROP USER serves@127.0.0.1")

    @pytest.mark.parametrize("missing", RIGHTS)
    def test_a_user_without_a_right_is_not_ready(
        self, mariadb: MariaDB, database_url: str, user: str, caplog: pytest.LogCaptureFixture, missing: str
    ) -> None:
        database, url = as_user(database_url, user)
        for right in (READ, *RIGHTS):
            if right != missing:
                mariadb.execute(f"GRANT {right} ON {database}.* TO {user}")
        with serving_here(url) as client:
            become(client, NOT_SERVING)
            assert f"not ready: {DENIED}" in caplog.text
            causes = [record.__dict__.get("cause", "") for record in caplog.records]
            assert any(f"{missing} command denied to user" in cause for cause in causes)
            mariadb.execute(f"GRANT {missing} ON {database}.* TO {user}")
            become(client, SERVING)
            append(client, new_session(client, PARENT).name, "it may be written to")

    def test_a_server_that_becomes_read_only_is_not_ready(
        self, mariadb: MariaDB, database_url: str, user: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        database, url = as_user(database_url, user)
        mariadb.execute(f"GRANT {', '.join((READ, *RIGHTS))} ON {database}.* TO {user}")
        with serving_here(url) as client:
            name = new_session(client, PARENT).name
            become(client, SERVING)
            mariadb.execute("SET GLOBAL read_only = ON")
            try:
                become(client, NOT_SERVING)
                assert get_session(client, name).name == name
                refusal = failure(client.sessions.DeleteSession, delete(name))
                assert (refusal.reason, refusal.message) == ("DATABASE_UNAVAILABLE", "the database is read-only")
                assert eventually(lambda: any(READ_ONLY in error for error in errors_in(caplog)))
            finally:
                mariadb.execute("SET GLOBAL read_only = OFF")
            become(client, SERVING)
            append(client, name, "it may be written to")


def errors_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the errors of the calls that were logged."""
    return [record.__dict__.get("fields", {}).get("error", "") for record in caplog.records]


def as_user(database_url: str, user: str) -> tuple[str, str]:
    """Return the name of a database, and its URL for a user without a password."""
    url = make_url(database_url).set(username=user.partition("@")[0], password="")
    return str(url.database), url.render_as_string(hide_password=False)


@contextlib.contextmanager
def serving_here(url: str) -> Iterator[Client]:
    """Run a server on a database that has its schema already."""
    settings = Settings.model_validate({"address": "127.0.0.1:0", "database_url": url, **OFTEN})
    with app.running(settings) as server, connected(server.address) as client:
        yield client


class TestCheck:
    @pytest.fixture(params=BACKENDS)
    def server(self, request: pytest.FixtureRequest, new_database: Callable[[str], str]) -> Iterator[App]:
        with serving(new_database(request.param), health_interval=300.0) as server:
            yield server

    def test_commits_nothing_and_leaves_nothing_behind(self, server: App) -> None:
        with (
            before(server, "INSERT INTO event", lambda: None, most=100) as inserts,
            before(server, "COMMIT", lambda: None, most=100) as commits,
        ):
            for _ in range(5):
                server.upkeep.check()
        assert (inserts.count, commits.count) == (5, 0)
        assert self._rows(server, select(Event)) == self._rows(server, select(Idempotency)) == []
        if engine_of(server).dialect.name == "sqlite":
            assert self._rows(server, text("PRAGMA cache_size")) == [(-2000,)]

    @staticmethod
    def _rows(server: App, query: Executable) -> Sequence[AnyRow]:
        return server.store.read(own_call(server), lambda reader: reader.rows(query))

    def test_spares_the_writes_that_share_its_transaction(self, server: App) -> None:
        with connected(server.address) as client:
            name = new_session(client, PARENT).name
            at_once([partial(append, client, name, "x") for _ in range(20)] + [server.upkeep.check] * 5)
            assert [event.sequence for event in list_events(client, name)] == list(range(1, 21))
            assert statuses(client, *SERVICES) == {SERVING}

    def test_is_not_delayed_by_a_sweep(self, new_database: Callable[[str], str]) -> None:
        is_sweeping, may_end = threading.Event(), threading.Event()

        def sweep_long() -> None:
            is_sweeping.set()
            may_end.wait(WAIT_SECONDS)

        settings = {**OFTEN, "sweep_interval": 0.05}
        with (
            serving(new_database(SQLITE_FILE), **settings) as server,
            connected(server.address) as client,
            before(server, SWEEP, sweep_long),
        ):
            assert is_sweeping.wait(WAIT_SECONDS)
            with before(server, "INSERT INTO event", be_read_only, most=1000):
                become(client, NOT_SERVING)
            become(client, SERVING)
            may_end.set()


def own_call(server: App) -> Call:
    now = time.monotonic()
    return Call("test", "test", "", ITSELF, now, now + 10, server.settings.limits)


def be_read_only() -> None:
    error = sqlite3.OperationalError("attempt to write a readonly database")
    error.sqlite_errorcode = sqlite3.SQLITE_READONLY
    raise error


def delete(name: str) -> DeleteSessionRequest:
    return DeleteSessionRequest(name=name)
