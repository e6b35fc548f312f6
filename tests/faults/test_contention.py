"""Transactions that block each other: a write waits or is retried, and if it cannot be made, nothing is written."""

import itertools
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from sqlalchemy import make_url, select

from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import (
    BindParticipantRequest,
    CreateSessionRequest,
    DeleteSessionRequest,
    ListSessionsRequest,
)
from activity_session_server.app import App
from activity_session_server.store.queries import resources
from activity_session_testing.backends import MARIADB, DatabaseServer, driver_error
from activity_session_testing.moments import WAIT_SECONDS, Send, before, errors_of, eventually, sending
from activity_session_testing.postgresql import PostgreSQL
from activity_session_testing.processes import write_lock
from activity_session_testing.servers import Client, Failure, connected, failure, serving
from activity_session_testing.steps import get_session, member_names, new_participant, new_session, update_session

PARENT = "namespaces/default"
NO_UPKEEP = 300.0
CLIENTS, INCREMENTS = 4, 15
DEADLOCK, LOCK_WAIT, CHANGED_UNDER_SNAPSHOT = 1213, 1205, 1020
DEADLOCKS, LOCK_WAITS = {DEADLOCK, "40P01"}, {LOCK_WAIT, "55P03"}
SQLITE_BUSY = 5
# The numbers of the errors are its own; those of PostgreSQL are in test_postgresql.
on_mariadb = pytest.mark.parametrize("database", [MARIADB], indirect=True)


@pytest.fixture
def server(database: DatabaseServer) -> Iterator[App]:
    with serving(database.new_database(), health_interval=NO_UPKEEP) as server:
        yield server


def session_names(client: Client) -> list[str]:
    request = ListSessionsRequest(parent=PARENT, page_size=1000)
    return [session.name for session in client.sessions.ListSessions(request).sessions]


def refuse(number: int) -> Callable[[], None]:
    def act() -> None:
        raise driver_error(number, "somebody else was in the way")

    return act


class TestOnServers:
    @on_mariadb
    @pytest.mark.parametrize("statement", ["INSERT INTO idempotency", "INSERT INTO activity_session ", "COMMIT"])
    @pytest.mark.parametrize("number", [DEADLOCK, LOCK_WAIT, CHANGED_UNDER_SNAPSHOT])
    def test_a_write_that_was_in_the_way_of_others_is_done_again(
        self, server: App, client: Client, number: int, statement: str
    ) -> None:
        with before(server, statement, refuse(number), most=3) as times:
            created = new_session(client, PARENT)
        assert times.count == 3
        assert session_names(client) == [created.name]

    @on_mariadb
    def test_a_write_that_is_always_in_the_way_is_refused_as_busy(self, server: App, client: Client) -> None:
        with before(server, "COMMIT", refuse(DEADLOCK), most=1000) as times:
            refusal = failure(
                client.sessions.CreateSession, CreateSessionRequest(parent=PARENT, session=Session(), session_id="s")
            )
        assert times.count > 10
        assert refusal.reason == "DATABASE_BUSY"
        assert refusal.code is grpc.StatusCode.UNAVAILABLE
        assert session_names(client) == []

    def test_a_write_waits_for_a_row_that_is_held(self, server: App, client: Client, database: DatabaseServer) -> None:
        session = new_session(client, PARENT)
        changed = Session(name=session.name, etag=session.etag, data="new")
        with ThreadPoolExecutor(1) as pool:
            with other_transaction(server, database) as other:
                hold(other, "activity_session", session.uid)
                updating = pool.submit(update_session, client, changed, "data")
                eventually(database.waiting)
            updated = updating.result()
        assert get_session(client, session.name) == updated
        assert updated.data == "new"

    def test_a_write_is_refused_as_busy_when_the_row_is_held_for_too_long(self, database: DatabaseServer) -> None:
        settings = {"database_timeout": 1, "health_interval": NO_UPKEEP}
        with serving(database.new_database(), **settings) as server, connected(server.address) as client:
            session = new_session(client, PARENT)
            with errors_of(server) as errors, other_transaction(server, database) as other:
                hold(other, "activity_session", session.uid)
                started = time.monotonic()
                refusal = failure(client.sessions.DeleteSession, DeleteSessionRequest(name=session.name))
                assert 1 <= time.monotonic() - started < 3
            assert errors.get() in LOCK_WAITS
            assert refusal.reason == "DATABASE_BUSY"
            assert refusal.code is grpc.StatusCode.UNAVAILABLE
            assert get_session(client, session.name) == session

    def test_a_write_that_loses_a_deadlock_is_done_again(
        self, server: App, client: Client, database: DatabaseServer
    ) -> None:
        participant, session = new_participant(client, PARENT), new_session(client, PARENT)
        request = BindParticipantRequest(session=session.name, participant=participant)
        with ThreadPoolExecutor(1) as pool, errors_of(server) as errors, other_transaction(server, database) as other:
            make_winner(other, database)
            other.execute("SELECT pkid FROM participant FOR UPDATE")
            answer = pool.submit(client.sessions.BindParticipant, request)
            eventually(database.waiting)
            hold(other, "activity_session", session.uid)
            assert errors.get(timeout=WAIT_SECONDS) in DEADLOCKS
            other.connection.commit()
            assert answer.result().participant == participant
        assert member_names(get_session(client, session.name)) == [participant]


@contextmanager
def other_transaction(server: App, database: DatabaseServer) -> Iterator[Any]:
    """Run a transaction of another program in the server's database; it ends with the block."""
    with database.connect(str(make_url(server.settings.database_url).database)) as connection:
        cursor = connection.cursor()
        cursor.execute("BEGIN")
        yield cursor


def hold(other: Any, table: str, pkid: str) -> None:
    other.execute(f"SELECT pkid FROM {table} WHERE pkid = %s FOR UPDATE", [pkid])


def make_winner(other: Any, database: DatabaseServer) -> None:
    """Have it outlive a deadlock: MariaDB ends who has changed the fewest rows, PostgreSQL who looks for deadlocks."""
    if isinstance(database, PostgreSQL):
        other.execute("SET LOCAL deadlock_timeout = '1h'")
    else:
        rows = [(f"heavy-{number}",) for number in range(100)]
        other.executemany("INSERT INTO namespace (pkid, name) VALUES (%s, UUID())", rows)


class TestOnSQLite:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "test.db"

    @pytest.fixture
    def server(self, path: Path) -> Iterator[App]:
        with serving(f"sqlite:///{path}", database_timeout=1, health_interval=NO_UPKEEP) as server:
            yield server

    def test_a_write_waits_for_the_lock_of_another_process(self, client: Client, server: App, path: Path) -> None:
        with ThreadPoolExecutor(1) as pool, before(server, "BEGIN", lambda: None) as begun:
            with write_lock(path):
                creating = pool.submit(new_session, client, PARENT)
                eventually(lambda: begun.count)
            created = creating.result()
        assert session_names(client) == [created.name]

    def test_a_read_does_not_wait_for_the_lock_of_another_process(
        self, server: App, client: Client, path: Path
    ) -> None:
        session = new_session(client, PARENT)
        with errors_of(server) as errors, write_lock(path):
            assert get_session(client, session.name) == session
        assert errors.empty()

    def test_a_write_that_the_lock_outlasts_is_refused_and_leaves_nothing(
        self, server: App, client: Client, path: Path
    ) -> None:
        def create(number: int) -> Failure:
            request = CreateSessionRequest(parent=PARENT, session=Session(), session_id=f"refused-{number}")
            return failure(client.sessions.CreateSession, request)

        with errors_of(server) as errors, write_lock(path), ThreadPoolExecutor(8) as pool:
            started = time.monotonic()
            refusals = list(pool.map(create, range(8)))
            assert 1 <= time.monotonic() - started < 4
        assert errors.get() == SQLITE_BUSY
        assert {refusal.reason for refusal in refusals} == {"DATABASE_BUSY"}
        assert session_names(client) == []

    def test_a_write_waits_for_the_lock_of_another_process_no_longer_than_its_caller(self, path: Path) -> None:
        with (
            serving(f"sqlite:///{path}", database_timeout=20, health_interval=NO_UPKEEP) as server,
            connected(server.address) as client,
            errors_of(server) as errors,
            write_lock(path),
        ):
            started = time.monotonic()
            request = CreateSessionRequest(parent=PARENT, session=Session(), session_id="refused")
            refusal = failure(client.sessions.CreateSession, request, timeout=0.5)
            assert refusal.code is grpc.StatusCode.DEADLINE_EXCEEDED
            assert errors.get(timeout=WAIT_SECONDS) == SQLITE_BUSY
            assert time.monotonic() - started < 5

    def test_a_write_whose_caller_has_gone_leaves_nothing(self, server: App, client: Client, path: Path) -> None:
        request = CreateSessionRequest(parent=PARENT, session=Session(), session_id="refused")
        with errors_of(server) as errors, write_lock(path):
            with pytest.raises(grpc.RpcError, match="DEADLINE_EXCEEDED"):
                client.sessions.CreateSession(request, timeout=0.5)
            assert errors.get(timeout=WAIT_SECONDS) == SQLITE_BUSY
        # The server's writers take turns: when this one is done, so is the previous one.
        created = new_session(client, PARENT)
        assert session_names(client) == [created.name]


def lost_updates(*servers: App) -> int:
    """Let several clients increment one counter; return how many of the acknowledged increments are missing."""
    with connected(servers[0].address) as client:
        session = new_session(client, PARENT, data="0")
        with ThreadPoolExecutor(CLIENTS) as pool:
            addresses = itertools.islice(itertools.cycle(server.address for server in servers), CLIENTS)
            list(pool.map(lambda address: increment(address, session.name), addresses))
        return CLIENTS * INCREMENTS - int(get_session(client, session.name).data)


def increment(address: str, name: str) -> None:
    with connected(address) as client:
        for _ in range(INCREMENTS):
            while not increment_if_unchanged(client, name):
                pass


def increment_if_unchanged(client: Client, name: str) -> bool:
    session = get_session(client, name)
    try:
        update_session(client, Session(name=name, etag=session.etag, data=str(int(session.data) + 1)), "data")
    except grpc.RpcError as error:
        if error.code() is grpc.StatusCode.ABORTED:
            return False
        raise
    return True


class TestCompareAndSet:
    @pytest.fixture
    def other(self, server: App) -> Iterator[App]:
        """A second server on the database: in one server, the writers of a session wait for each other."""
        with serving(server.settings.database_url, health_interval=NO_UPKEEP) as other:
            yield other

    def test_loses_no_update(self, server: App, other: App) -> None:
        assert lost_updates(server, other) == 0

    def test_alone_is_enough_without_locks_as_between_the_nodes_of_a_cluster(self, server: App, other: App) -> None:
        with sending(server, without_locks), sending(other, without_locks):
            assert lost_updates(server, other) == 0

    def test_is_missed_when_it_is_taken_out(self, server: App, other: App, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(resources, "save", save_over_any_revision)
        with sending(server, without_locks), sending(other, without_locks):
            assert any(lost_updates(server, other) for _ in range(10))


def without_locks(send: Send, statement: str, *values: Any) -> Any:
    return send(statement.removesuffix(" FOR UPDATE"), *values)


really_save = resources.save


def save_over_any_revision(writer: Any, resource: Any, locked: Any, message: Any, values: Any) -> Any:
    """Do what `save` would do without the comparison: replace the row, whatever its revision is."""
    now = writer.row(select(resource.revision).where(resource.pkid == message.uid))
    return really_save(writer, resource, locked._replace(revision=now.revision), message, values)
