"""What is kept of a session's former state, for how long, and what of it is known where other servers wrote it."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from sqlalchemy import func, select, text

from activity_session.v1.event_service_pb2 import GetStateRequest
from activity_session.v1.namespace_pb2 import Namespace
from activity_session.v1.namespace_service_pb2 import UpdateNamespaceRequest
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import ExpungeSessionRequest
from activity_session.v1.state_pb2 import StateUpdate
from activity_session_server.app import App
from activity_session_server.orm import PastState, State
from activity_session_server.orm.base import Base
from activity_session_server.rules.access.callers import ITSELF
from activity_session_server.rules.calls import Call
from activity_session_server.rules.names import ids_of
from activity_session_server.store.queries import heads, namespaces
from activity_session_server.store.queries.history import past_state
from activity_session_testing.backends import KEEPING_BACKENDS
from activity_session_testing.moments import Send, before, engine_of, sending
from activity_session_testing.servers import Client, Failure, connected, serving
from activity_session_testing.steps import (
    append,
    delete_session,
    get_session,
    make_namespace,
    new_session,
    read_state,
    refused,
    update_session,
    update_state,
)
from activity_session_testing.sweeps import swept_by_hand

PARENT = "namespaces/default"
AT_ONCE, NEVER = timedelta(microseconds=1), timedelta(0)
MIB = 1024 * 1024
MANY = 300


@pytest.fixture(params=KEEPING_BACKENDS)
def database_url(request: pytest.FixtureRequest, new_database: Callable[[str], str]) -> str:
    return new_database(request.param)


@contextmanager
def running(database_url: str, **settings: Any) -> Iterator[tuple[App, Client]]:
    with serving(database_url, health_interval=300.0, **settings) as server, connected(server.address) as client:
        yield server, client


def put(key: str, value: object) -> StateUpdate:
    return StateUpdate(key=key, value_json=json.dumps(value))


def drop(key: str) -> StateUpdate:
    return StateUpdate(key=key, delete=True)


def change(client: Client, session: str, *updates: StateUpdate) -> int:
    return append(client, session, "x", state_updates=updates).last_sequence


def counted(client: Client, last: int, parent: str = PARENT) -> str:
    """Create a session with events up to a number, each of which sets the key n to its own."""
    session = new_session(client, parent).name
    for number in range(1, last + 1):
        change(client, session, put("n", number))
    return session


def at(client: Client, session: str, number: int) -> dict[str, Any]:
    found = read_state(client, session, at_sequence=number)
    return {key: json.loads(entry.value_json) for key, entry in found.items()}


def is_refused(client: Client, session: str, number: int, first: int) -> Failure:
    request = GetStateRequest(name=session, at_sequence=number)
    refusal = refused(client.events.GetState, request, "STATE_PURGED")
    assert refusal.info.metadata == {"resource": session, "first_sequence": str(first)}
    return refusal


def uid_of(client: Client, session: str) -> str:
    return get_session(client, session).uid


def execute(server: App, statement: str, **values: Any) -> None:
    with engine_of(server).begin() as connection:
        connection.execute(text(statement), values)


def rows_of(server: App, table: type[Base]) -> int:
    with engine_of(server).connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def make_older(server: App, uid: str, until: int) -> None:
    """Have the values of a session that were replaced up to a number be replaced long ago."""
    statement = "UPDATE past_state SET replace_ts = '2020-01-01 00:00:00.000000' WHERE owner_pkid = :uid"
    execute(server, f"{statement} AND until_sequence <= :until", uid=uid, until=until)


def own_call(server: App) -> Call:
    now = time.monotonic()
    return Call("test", "test", "", ITSELF, now, now + 10, server.settings.limits)


class TestAge:
    def test_is_how_long_a_former_value_is_kept(self, database_url: str) -> None:
        with swept_by_hand(database_url) as (server, client):
            session, other = counted(client, 5), counted(client, 3)
            etag = get_session(client, session).etag
            make_older(server, uid_of(client, session), 3)
            server.upkeep.sweep()
            for number in range(3):
                assert is_refused(client, session, number, 3).code is grpc.StatusCode.OUT_OF_RANGE
            assert [at(client, session, number) for number in (3, 4, 5)] == [{"n": 3}, {"n": 4}, {"n": 5}]
            assert [at(client, other, number) for number in range(4)] == [{}, {"n": 1}, {"n": 2}, {"n": 3}]
            assert (get_session(client, session).etag, rows_of(server, PastState)) == (etag, 2 + 2)

    def test_can_be_over_for_all_but_the_newest_state(self, database_url: str) -> None:
        with swept_by_hand(database_url, state_history_age=AT_ONCE) as (server, client):
            session = counted(client, MANY)
            server.upkeep.sweep()
            assert (rows_of(server, PastState), at(client, session, MANY)) == (0, {"n": MANY})
            is_refused(client, session, MANY - 1, MANY)
            change(client, session, put("n", "next"))
            assert at(client, session, MANY) == {"n": MANY}

    def test_is_not_of_what_is_held(self, database_url: str) -> None:
        with swept_by_hand(database_url, state_history_age=AT_ONCE) as (server, client):
            parent = make_namespace(client).name
            session, other = counted(client, 3), counted(client, 3, parent)
            for is_held in (True, False):
                update_session(client, Session(name=session, legal_hold=is_held), "legal_hold")
                mask, namespace = FieldMask(paths=["legal_hold"]), Namespace(name=parent, legal_hold=is_held)
                client.namespaces.UpdateNamespace(UpdateNamespaceRequest(namespace=namespace, update_mask=mask))
                server.upkeep.sweep()
                assert rows_of(server, PastState) == (4 if is_held else 0)
                if is_held:
                    assert at(client, session, 1) == at(client, other, 1) == {"n": 1}

    def test_does_not_remove_what_is_held_by_the_time_that_it_is_removed(self, database_url: str) -> None:
        with swept_by_hand(database_url, state_history_age=AT_ONCE) as (server, client):
            session = counted(client, 3)
            hold = "SELECT namespace.pkid, namespace.legal_hold"
            update = "UPDATE activity_session SET legal_hold = :is_held"
            if engine_of(server).dialect.name == "sqlite":
                return  # one writer at a time
            with before(server, hold, lambda: execute(server, update, is_held=True)) as times:
                server.upkeep.sweep()
            assert (times.count, rows_of(server, PastState), at(client, session, 1)) == (1, 2, {"n": 1})

    def test_that_is_over_while_a_page_is_read_is_told(self, database_url: str) -> None:
        with swept_by_hand(database_url, state_history_age=AT_ONCE) as (server, client):
            session = counted(client, 3)
            with before(server, "SELECT activity_session.last_sequence, CASE", server.upkeep.sweep) as times:
                is_refused(client, session, 1, 3)
            assert times.count == 1

    def test_of_nothing_keeps_nothing(self, database_url: str) -> None:
        with running(database_url, state_history_age=NEVER) as (server, client):
            session = counted(client, 3)
            update_state(client, session, put("other", 1))
            assert rows_of(server, PastState) == 0
            assert at(client, session, 3) == {"n": 3, "other": 1}
            assert {one.sequence for one in read_state(client, session).values()} == {0}
            is_refused(client, session, 2, 3)
        with running(database_url) as (_, client):
            is_refused(client, session, 2, 3)
            change(client, session, put("n", 4))
            assert (at(client, session, 3), at(client, session, 4)) == ({"n": 3, "other": 1}, {"n": 4, "other": 1})
            is_refused(client, session, 2, 3)


class TestOlderServers:
    """Servers of 0.2.0, which know nothing of numbers of state, write what they wrote before."""

    CHANGE = (
        "UPDATE state SET value_json = :value, revision = revision + 1, update_ts = '2026-01-01 00:00:00.000000',"
        " delete_ts = {deleted} WHERE owner_pkid = :uid AND {key} = :key"
    )
    INSERT = (
        "INSERT INTO state (owner_pkid, {key}, value_json, revision, update_ts)"
        " VALUES (:uid, :key, :value, 1, '2026-01-01 00:00:00.000000')"
    )

    def write(self, server: App, uid: str, statement: str, key: str, value: Any = None) -> None:
        """Set a key, or delete it by None."""
        column = engine_of(server).dialect.identifier_preparer.quote("key")
        deleted = "'2026-01-01 00:00:00.000000'" if value is None else "NULL"
        value_json = None if value is None else json.dumps(value)
        execute(server, statement.format(key=column, deleted=deleted), uid=uid, key=key, value=value_json)

    def forget_numbers(self, server: App, uid: str) -> None:
        """Make of a session what it was when the columns were added to it."""
        execute(server, "UPDATE activity_session SET state_first_sequence = NULL WHERE pkid = :uid", uid=uid)
        execute(server, "UPDATE state SET sequence = 0, noted_revision = 0 WHERE owner_pkid = :uid", uid=uid)
        execute(server, "DELETE FROM past_state WHERE owner_pkid = :uid", uid=uid)

    def test_have_left_sessions_whose_state_is_known_from_their_first_change_on(self, database_url: str) -> None:
        with running(database_url) as (server, client):
            session = new_session(client, PARENT).name
            change(client, session, put("a", 1), put("stays", 1), put("goes", 1))
            change(client, session, put("a", 2), drop("goes"))
            self.forget_numbers(server, uid_of(client, session))
            assert at(client, session, 2) == {"a": 2, "stays": 1}
            assert {one.sequence for one in read_state(client, session).values()} == {0}
            append(client, session, "x")
            is_refused(client, session, 2, 3)
            # Of another key, which has no row.
            change(client, session, put("new", 4))
            assert (at(client, session, 3), at(client, session, 4)) == (
                {"a": 2, "stays": 1},
                {"a": 2, "stays": 1, "new": 4},
            )
            change(client, session, put("a", 5), put("goes", 5), drop("stays"))
            assert at(client, session, 4) == {"a": 2, "stays": 1, "new": 4}
            assert at(client, session, 5) == {"a": 5, "goes": 5, "new": 4}
            is_refused(client, session, 2, 3)

    @pytest.mark.parametrize("what", ["set", "delete", "insert"])
    def test_leave_a_gap_where_they_write_in_between(self, database_url: str, what: str) -> None:
        key = "b" if what == "insert" else "a"
        with running(database_url) as (server, client):
            for by in (change, update_state):
                session = new_session(client, PARENT).name
                change(client, session, put("a", 1))
                change(client, session, put("other", 2))
                statement = self.INSERT if what == "insert" else self.CHANGE
                self.write(server, uid_of(client, session), statement, key, None if what == "delete" else "old")
                now = at(client, session, 2)
                assert now.get(key) == (None if what == "delete" else "old")
                append(client, session, "x")
                # It was changed before 3, and nobody knows when.
                is_refused(client, session, 2, 3)
                change(client, session, put("other", 4))
                is_refused(client, session, 3, 4)
                by(client, session, put(key, "new"))
                append(client, session, "x")
                assert at(client, session, 5) == {**now, "other": 4, key: "new"}
                is_refused(client, session, 3, 4)

    def test_have_deleted_keys_that_are_forgotten_with_what_was_before(self, database_url: str) -> None:
        with swept_by_hand(database_url, purge_age=AT_ONCE) as (server, client):
            session = new_session(client, PARENT).name
            change(client, session, put("a", 1))
            append(client, session, "x", "y")
            self.write(server, uid_of(client, session), self.CHANGE, "a")
            is_refused(client, session, 1, 3)
            server.upkeep.sweep()
            assert rows_of(server, State) == 0
            append(client, session, "z")
            is_refused(client, session, 1, 3)
            assert at(client, session, 3) == at(client, session, 4) == {}

    def test_make_sessions_that_have_no_number_yet(self, database_url: str) -> None:
        with running(database_url) as (server, client):
            session = new_session(client, PARENT).name
            self.forget_numbers(server, uid_of(client, session))
            append(client, session, "x", "y")
            is_refused(client, session, 1, 2)
            update_state(client, session, put("a", 1))
            append(client, session, "z")
            assert [at(client, session, number) for number in (2, 3)] == [{"a": 1}] * 2
            is_refused(client, session, 1, 2)

    def test_leave_their_sessions_readable_one_by_one(self, database_url: str) -> None:
        with running(database_url) as (server, client):
            first, second = counted(client, 2), counted(client, 2)
            self.forget_numbers(server, uid_of(client, first))
            change(client, first, put("n", 3))
            assert at(client, second, 1) == {"n": 1}
            is_refused(client, first, 1, 2)


class TestKeys:
    def test_that_are_deleted_are_not_forgotten_while_former_values_of_them_are_kept(self, database_url: str) -> None:
        with swept_by_hand(database_url, purge_age=AT_ONCE) as (server, client):
            session = counted(client, 2)
            change(client, session, drop("n"))
            server.upkeep.sweep()
            assert [at(client, session, number) for number in (1, 2, 3)] == [{"n": 1}, {"n": 2}, {}]
            make_older(server, uid_of(client, session), 3)
            # The keys come before the values.
            for _ in range(2):
                server.upkeep.sweep()
            assert rows_of(server, State) == 0
            is_refused(client, session, 2, 3)
            assert at(client, session, 3) == {}

    def test_of_expunged_sessions_take_their_former_values_along_in_batches(self, database_url: str) -> None:
        with swept_by_hand(database_url) as (server, client):
            small, other = counted(client, MANY), counted(client, 3)
            large = new_session(client, PARENT).name
            for number in range(21):
                change(client, large, put("n", "x" * (MIB // 4 - 10)), put(f"k{number}", 1))
            for session in (small, large):
                delete_session(client, session)
                with deletions(server) as rows:
                    client.sessions.ExpungeSession(ExpungeSessionRequest(name=session))
                assert sum(rows) == (MANY - 1 if session == small else 20)
                assert max(rows) <= (200 if session == small else 16)
            assert rows_of(server, PastState) == 2
            assert at(client, other, 1) == {"n": 1}


@contextmanager
def deletions(server: App) -> Iterator[list[int]]:
    """Collect how many former values each DELETE removes."""
    rows: list[int] = []

    def tell(send: Send, statement: str, *values: Any) -> Any:
        found = send(statement, *values)
        if statement.startswith("DELETE FROM past_state"):
            rows.append(send.__self__.rowcount)  # type: ignore[attr-defined]
        return found

    with sending(server, tell):
        yield rows


class TestCost:
    def test_of_a_change_is_one_statement_where_it_replaces_something(self, database_url: str) -> None:
        with running(database_url) as (server, client):
            session = new_session(client, PARENT).name
            change(client, session, put("a", 1), put("b", 1))
            asked: list[tuple[Callable[[], object], int]] = [
                (lambda: append(client, session, "x"), 0),
                (lambda: change(client, session, put("new", 1)), 0),
                (lambda: change(client, session, put("a", 2), put("b", 2)), 1),
                (lambda: update_state(client, session, put("a", 3)), 0),
                (lambda: update_state(client, session, put("new", 3), drop("b")), 1),
                (lambda: update_state(client, PARENT, put("a", 1)), 0),
                (lambda: update_state(client, PARENT, put("a", 2)), 0),
            ]
            for call, expected in asked:
                with before(server, "INSERT INTO past_state", lambda: None, most=9) as kept:
                    call()
                assert kept.count == expected

    def test_of_former_values_counts_for_a_namespace(self, database_url: str) -> None:
        with running(database_url) as (server, client):
            parent = make_namespace(client).name
            session = new_session(client, parent).name
            change(client, session, put("a", "x" * 1000))
            with_it = stored(server, parent)
            change(client, session, put("a", 1))
            assert stored(server, parent) > with_it


def stored(server: App, namespace: str) -> int:
    return server.store.read(own_call(server), lambda reader: namespaces.stored_bytes(reader, namespace))


def test_the_whole_state_at_a_number_can_be_had_by_the_server_itself(database_url: str) -> None:
    with running(database_url) as (server, client):
        session = counted(client, 3)
        update_state(client, session, put("late", 1))
        change(client, session, drop("n"), put("late", 2))
        for number in range(5):

            def whole(reader: Any, number: int = number) -> dict[str, past_state.PastEntry]:
                return past_state.state_at(reader, heads.get_head(reader, *ids_of(session)), number)

            found = server.store.read(own_call(server), whole)
            expected = read_state(client, session, at_sequence=number)
            assert found == {key: (one.value_json, one.revision, one.sequence) for key, one in expected.items()}
