"""What happens as time passes, on one server or on several at once.

Sessions expire and are expunged, what is left of them is removed, request ids and deleted state keys are forgotten.
"""

import itertools
import json
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import Select, delete, select, update

from activity_session.v1.event_pb2 import Event as EventMessage
from activity_session.v1.event_service_pb2 import ListEventsRequest, UpdateStateRequest
from activity_session.v1.namespace_pb2 import Namespace, NamespaceSettings
from activity_session.v1.namespace_service_pb2 import UpdateNamespaceRequest
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import (
    CreateSessionRequest,
    DeleteSessionRequest,
    ExpungeSessionRequest,
    GetSessionRequest,
    ListSessionsRequest,
    UnbindParticipantRequest,
    UndeleteSessionRequest,
    UpdateSessionRequest,
)
from activity_session.v1.session_settings_pb2 import SessionSettings
from activity_session.v1.state_pb2 import StateUpdate
from activity_session_server.app import App
from activity_session_server.orm import (
    ActivitySession,
    ActivitySessionParticipant,
    Event,
    Expunged,
    FormerSession,
    Idempotency,
    Memory,
    State,
)
from activity_session_server.orm.base import Base
from activity_session_server.rules.access.callers import ITSELF
from activity_session_server.rules.calls import Call
from activity_session_server.store import batches
from activity_session_server.store.queries.swept.due import due_sessions
from activity_session_server.usecases import retention
from activity_session_server.usecases.due_sessions import BATCH
from activity_session_testing.ages import make_older
from activity_session_testing.backends import KEEPING_BACKENDS, driver_error
from activity_session_testing.moments import Send, before, engine_of, eventually, sending
from activity_session_testing.servers import Client, connected, failure, serving, unique
from activity_session_testing.steps import (
    AGENT,
    acquire_turn,
    append,
    at_once,
    delete_session,
    end_of,
    expunge_session,
    get_session,
    list_events,
    make_namespace,
    members,
    new_memory,
    new_participant,
    new_session,
    read_state,
    refused,
    replaced,
    supersede,
    update_session,
    update_state,
)
from activity_session_testing.sweeps import swept_by_hand

PARENT = "namespaces/default"
MANY, EVENTS = 30, 500
MIB = 1024 * 1024
# With its empty labels, `{}`, an event of so many bytes has one MiB.
EVENT = MIB - 2
BLOB = EventMessage(blob=bytes(EVENT))
AT_ONCE = timedelta(microseconds=1)


@pytest.fixture(params=KEEPING_BACKENDS)
def database_url(request: pytest.FixtureRequest, new_database: Callable[[str], str]) -> str:
    return new_database(request.param)


def at(time: datetime) -> Timestamp:
    timestamp = Timestamp()
    timestamp.FromDatetime(time)
    return timestamp


def past() -> Timestamp:
    return at(datetime.now(UTC) - timedelta(seconds=1))


class TestExpiry:
    def test_deletes_what_has_expired_and_nothing_else(self, database_url: str) -> None:
        with swept_by_hand(database_url, purge_age=timedelta(days=7)) as (server, client):
            due = new_session(client, PARENT, expire_time=past()).name
            later = new_session(client, PARENT, expire_time=at(datetime.now(UTC) + timedelta(hours=1)))
            never = new_session(client, PARENT)
            server.upkeep.sweep()
            deleted = get_session(client, due)
            assert deleted.HasField("delete_time")
            kept_for = deleted.purge_time.ToDatetime() - deleted.delete_time.ToDatetime()
            assert kept_for == timedelta(days=7)
            assert [get_session(client, one.name) for one in (later, never)] == [later, never]

    def test_comes_after_the_time_that_the_namespace_gives(self, database_url: str) -> None:
        settings = NamespaceSettings(default_session_ttl=Duration(seconds=1), purge_age=Duration(seconds=60))
        with swept_by_hand(database_url) as (server, client):
            name = new_session(client, make_namespace(client, unique("namespace"), settings=settings).name).name
            server.upkeep.sweep()
            assert not get_session(client, name).HasField("delete_time")

            def is_deleted() -> bool:
                server.upkeep.sweep()
                return get_session(client, name).HasField("delete_time")

            eventually(is_deleted)
            deleted = get_session(client, name)
            assert deleted.delete_time.ToDatetime() >= deleted.expire_time.ToDatetime()
            assert deleted.purge_time.ToDatetime() - deleted.delete_time.ToDatetime() == timedelta(seconds=60)

    def test_is_over_when_a_session_was_brought_back(self, database_url: str) -> None:
        with swept_by_hand(database_url) as (server, client):
            name = new_session(client, PARENT, expire_time=past()).name
            server.upkeep.sweep()
            client.sessions.UndeleteSession(UndeleteSessionRequest(name=name))
            server.upkeep.sweep()
            assert not get_session(client, name).HasField("delete_time")

    def test_is_the_same_to_callers_before_the_sweep_and_after_it(self, database_url: str) -> None:
        with swept_by_hand(database_url, purge_age=timedelta(days=7)) as (server, client):
            soon = datetime.now(UTC) + timedelta(seconds=0.1)
            name = new_session(client, PARENT, expire_time=at(soon)).name
            eventually(lambda: get_session(client, name).HasField("delete_time"))
            before_it = get_session(client, name)
            assert before_it.delete_time == end_of(before_it)
            assert before_it.purge_time.ToDatetime() - before_it.delete_time.ToDatetime() == timedelta(days=7)
            assert sweep_once(server).done["expired"] == 1
            assert get_session(client, name) == before_it
            assert sweep_once(server).done["expired"] == 0

    def test_needs_nobody_to_start_it(self, database_url: str) -> None:
        with (
            serving(database_url, health_interval=0.05, sweep_interval=0.05) as server,
            connected(server.address) as client,
        ):
            name = new_session(client, PARENT, expire_time=past()).name
            eventually(lambda: get_session(client, name).HasField("delete_time"))


class TestHolds:
    """One session has expired, the other one is deleted, and each has a deleted key: all of it is due."""

    @pytest.mark.parametrize("held", ["session", "namespace"])
    def test_keep_the_sweep_away_until_they_are_lifted(self, database_url: str, held: str) -> None:
        with swept_by_hand(database_url, purge_age=AT_ONCE) as (server, client):
            parent = make_namespace(client, unique("namespace")).name
            names = [new_session(client, parent).name for _ in range(2)]
            for name in names:
                update_state(client, name, StateUpdate(key="gone", value_json="1"))
                update_state(client, name, StateUpdate(key="gone", delete=True))
            change_hold(client, parent, names, held, is_held=True)
            update_session(client, Session(name=names[0], expire_time=past()))
            delete_session(client, names[1])
            swept = sweep_once(server).done
            assert (swept["expired"], swept["expunged"], swept["keys"]) == (0, 0, 0)
            assert rows_of(server, State) == 2
            due = server.store.read(own_call(server), due_sessions)
            assert {kind.sessions for kind in due.values()} == {0}
            assert not get_session(client, names[0]).HasField("delete_time")
            change_hold(client, parent, names, held, is_held=False)
            swept = sweep_once(server).done
            assert (swept["expired"], swept["expunged"]) == (1, 2)
            assert not rows_of(server, State)


def change_hold(client: Client, parent: str, sessions: list[str], held: str, *, is_held: bool) -> None:
    """Hold a namespace or all its sessions, or lift that."""
    mask = FieldMask(paths=["legal_hold"])
    if held == "namespace":
        namespace = Namespace(name=parent, legal_hold=is_held)
        client.namespaces.UpdateNamespace(UpdateNamespaceRequest(namespace=namespace, update_mask=mask))
        return
    for name in sessions:
        session = Session(name=name, legal_hold=is_held)
        client.sessions.UpdateSession(UpdateSessionRequest(session=session, update_mask=mask))


def set_expiry(server: App, left: timedelta) -> None:
    """Have all sessions expire in a while from now, as if time had passed."""
    expires = datetime.now(UTC).replace(tzinfo=None) + left
    with engine_of(server).begin() as connection:
        connection.execute(update(ActivitySession).values(expire_ts=expires))


def expiries_written(server: App, act: Callable[[], object]) -> list[bool]:
    """Return for each UPDATE of a session whether it writes the expiry."""
    sent: list[str] = []

    def tell(send: Send, statement: str, *values: Any) -> Any:
        sent.append(statement)
        return send(statement, *values)

    with sending(server, tell):
        act()
    return ["expire_ts" in statement for statement in sent if statement.startswith("UPDATE activity_session SET")]


class TestPurge:
    def test_removes_a_session_and_its_memberships_when_its_time_has_come(self, database_url: str) -> None:
        with swept_by_hand(database_url, purge_age=AT_ONCE) as (server, client):
            participant = new_participant(client, PARENT)
            session = new_session(client, PARENT, "talk", participants=members(participant))
            delete_session(client, session.name)
            kept = new_session(client, PARENT, participants=members(participant))
            eventually(lambda: swept_away(server, client, session.name))
            refusal = failure(client.sessions.GetSession, GetSessionRequest(name=session.name))
            assert refusal.reason == "SESSION_NOT_FOUND"
            assert get_session(client, kept.name) == kept
            assert count(server, select(ActivitySessionParticipant.role)) == 1
            assert new_session(client, PARENT, "talk").uid != session.uid

    def test_does_not_come_before_its_time(self, database_url: str) -> None:
        with swept_by_hand(database_url, purge_age=timedelta(hours=1)) as (server, client):
            deleted = delete_session(client, new_session(client, PARENT).name)
            server.upkeep.sweep()
            assert get_session(client, deleted.name) == deleted

    def test_spares_a_session_while_it_has_memories(self, database_url: str) -> None:
        with swept_by_hand(database_url, purge_age=AT_ONCE) as (server, client):
            agent = new_participant(client, PARENT, participant_type=AGENT)
            remembered, other = new_session(client, PARENT), new_session(client, PARENT)
            new_memory(client, remembered.name, agent)
            deleted = delete_session(client, remembered.name)
            delete_session(client, other.name)
            eventually(lambda: swept_away(server, client, other.name))
            assert get_session(client, remembered.name) == deleted
            with engine_of(server).connect() as connection:
                connection.execute(delete(Memory))
            eventually(lambda: swept_away(server, client, remembered.name))


class CrashError(BaseException):
    """A process that ends in the middle of its work."""


def crash_at(time: int) -> Callable[[], None]:
    """Return a function that crashes at the call with that number."""
    times = itertools.count(1)

    def act() -> None:
        if next(times) == time:
            raise CrashError

    return act


def new_log(client: Client, session_id: str) -> str:
    """Create a session with some batches of events, and some state."""
    name = new_session(client, PARENT, session_id).name
    for _ in range(EVENTS // 100):
        append(client, name, *(["x"] * 100))
    update_state(client, name, *(StateUpdate(key=key, value_json="1") for key in "abc"))
    return name


def batches_of(events: int) -> int:
    """Return in how many batches so many small events are removed."""
    rows, count = batches.FIRST_ROWS, 0
    while events > 0:
        events, count, rows = events - rows, count + 1, batches.rows_after(min(rows, events))
    return count


class TestLeftovers:
    """Count the events and the state of expunged sessions."""

    def test_of_a_purge_that_broke_off_are_removed_after_it(
        self, database_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # So that a slow machine does not begin anew with small batches.
        monkeypatch.setattr(retention, "SHARE", 300)
        with swept_by_hand(database_url, purge_age=AT_ONCE) as (server, client):
            name = new_log(client, "talk")
            delete_session(client, name)
            with pytest.raises(CrashError), before(server, "DELETE FROM event", crash_at(2), most=2):
                eventually(lambda: swept_away(server, client, name))
            assert (rows_of(server, Event), rows_of(server, State)) == (EVENTS - batches.FIRST_ROWS, 3)
            refused(client.events.ListEvents, ListEventsRequest(parent=name), "SESSION_NOT_FOUND")
            # The name is free, and a new session with it is not mistaken for the remains of the old one.
            append(client, new_session(client, PARENT, "talk").name, "new")
            update_state(client, name, StateUpdate(key="a", value_json="2"))
        with swept_by_hand(database_url) as (server, client):
            with before(server, "DELETE FROM event", lambda: None, most=100) as times:
                server.upkeep.sweep()
            assert times.count == batches_of(EVENTS - batches.FIRST_ROWS)
            assert (rows_of(server, Event), rows_of(server, State), rows_of(server, Expunged)) == (1, 1, 0)
            assert [(event.sequence, event.text) for event in list_events(client, name)] == [(1, "new")]
            assert read_state(client, name)["a"].value_json == "2"

    def test_are_removed_with_memories_when_a_caller_expunges(self, database_url: str) -> None:
        with swept_by_hand(database_url) as (server, client):
            kept = new_log(client, "kept")
            name = new_log(client, "talk")
            agent = new_participant(client, PARENT, participant_type=AGENT)
            for session in (kept, name):
                new_memory(client, session, agent)
            delete_session(client, name)
            with before(server, "DELETE FROM event", lambda: None, most=100) as times:
                client.sessions.ExpungeSession(ExpungeSessionRequest(name=name, force=True))
            assert times.count == batches_of(EVENTS)
            left = [rows_of(server, table) for table in (Event, State, Memory, Expunged)]
            assert left == [EVENTS, 3, 1, 0]

    def test_are_in_no_table_however_a_session_was_used(self, database_url: str) -> None:
        with swept_by_hand(database_url) as (server, client):
            session = used_in_every_way(client)
            assert {"event", "event_mark", "hidden_range", "state", "past_state", "memory"} <= tables_with(
                server, session.uid
            )
            expunge_session(client, session.name)
            sweep_once(server)
            # What requests are remembered by has a time of its own, and no content of a session.
            assert tables_with(server, session.uid) <= {"idempotency"}

    def test_that_cannot_be_removed_now_do_not_fail_the_call_that_expunged(self, database_url: str) -> None:
        with swept_by_hand(database_url) as (server, client):
            name = new_log(client, "talk")
            delete_session(client, name)
            with before(server, "DELETE FROM event", lambda: be_read_only(server), most=1_000_000) as times:
                client.sessions.ExpungeSession(ExpungeSessionRequest(name=name))
            assert times.count
            refused(client.sessions.GetSession, GetSessionRequest(name=name), "SESSION_NOT_FOUND")
            assert rows_of(server, Event) == EVENTS
            server.upkeep.sweep()
            assert (rows_of(server, Event), rows_of(server, Expunged)) == (0, 0)


def used_in_every_way(client: Client) -> Session:
    """A session with rows in each table that has some of sessions."""
    agent, left = (new_participant(client, PARENT, participant_type=AGENT) for _ in range(2))
    session = new_session(client, PARENT, participants=members(agent, left))
    unbind = UnbindParticipantRequest(session=session.name, participant=left)
    client.sessions.UnbindParticipant(unbind)
    for value in ("1", "2"):
        update = StateUpdate(key="a", value_json=value)
        append(client, session.name, "text", state_updates=[update], request_id=f"request-{value}")
    supersede(client, session.name, 1, 1)
    supersede(client, session.name, 3, 3)
    new_memory(client, session.name, agent)
    return session


def tables_with(server: App, uid: str) -> set[str]:
    """The tables in which a row has the uid of a session, in whatever column."""
    with engine_of(server).connect() as connection:
        return {
            table.name
            for table in Base.metadata.sorted_tables
            for column in table.columns
            if column.name in ("pkid", "owner_pkid", "activity_session_pkid")
            and connection.execute(select(column).where(column == uid)).first()
        }


def be_read_only(server: App) -> None:
    """Raise the error of a driver whose database takes no writes."""
    if engine_of(server).dialect.name != "sqlite":
        raise driver_error(1290, "The MariaDB server is running with the --read-only option")
    error = sqlite3.OperationalError("attempt to write a readonly database")
    error.sqlite_errorcode = sqlite3.SQLITE_READONLY
    raise error


class TestDeletedKeys:
    def test_are_forgotten_when_the_purge_age_is_over(self, database_url: str) -> None:
        with swept_by_hand(database_url, purge_age=AT_ONCE) as (server, client):
            set_and_delete(client)

            def is_forgotten() -> bool:
                server.upkeep.sweep()
                return rows_of(server, State) == 1

            eventually(is_forgotten)
            assert list(read_state(client, PARENT)) == ["kept"]
            # It does not begin anew: a caller may still have the numbers that it had.
            assert write(client, "gone") == 3
            assert write(client, "new") == 3

    def test_are_counted_on_until_then(self, database_url: str) -> None:
        with swept_by_hand(database_url, purge_age=timedelta(hours=1)) as (server, client):
            set_and_delete(client)
            server.upkeep.sweep()
            assert write(client, "gone") == 3


def write(client: Client, key: str) -> int:
    """Write a key of the namespace, and return its revision."""
    return update_state(client, PARENT, StateUpdate(key=key, value_json="1")).entries[key].revision


def set_and_delete(client: Client) -> None:
    """Write two keys of the namespace, and delete one of them again."""
    for key in ("kept", "gone"):
        write(client, key)
    update_state(client, PARENT, StateUpdate(key="gone", delete=True))


class TestFormerNames:
    def test_become_one_row_of_their_namespace(self, database_url: str) -> None:
        with swept_by_hand(database_url, purge_age=AT_ONCE) as (server, client):
            agent = new_participant(client, PARENT)
            first, second, other = (new_session(client, PARENT, name) for name in ("first", "second", "other"))
            for _ in range(MANY):
                acquire_turn(client, first.name, agent)
                update_state(client, second.name, StateUpdate(key="plan", value_json="1"))
            for session in (first, second, other):
                expunge_session(client, session.name)
            assert rows_of(server, FormerSession) == 2
            later = new_session(client, PARENT, "first").name
            eventually(lambda: self._forgotten(server))
            assert acquire_turn(client, later, agent).token > MANY
            for name in ("first-again", "second", "never"):
                session = new_session(client, PARENT, name)
                assert acquire_turn(client, session.name, agent).token > MANY
                plan = update_state(client, session.name, StateUpdate(key="plan", value_json="1"))
                assert plan.entries["plan"].revision > MANY
            elsewhere = new_session(client, make_namespace(client, unique("namespace")).name).name
            assert (
                update_state(client, elsewhere, StateUpdate(key="plan", value_json="1")).entries["plan"].revision == 1
            )

    def test_are_kept_until_then(self, database_url: str) -> None:
        with swept_by_hand(database_url, purge_age=timedelta(hours=1)) as (server, client):
            agent = new_participant(client, PARENT)
            first = new_session(client, PARENT, "first")
            token = acquire_turn(client, first.name, agent).token
            again = replaced(client, first)
            server.upkeep.sweep()
            assert acquire_turn(client, again.name, agent).token > token
            assert acquire_turn(client, new_session(client, PARENT).name, agent).token == 1

    @staticmethod
    def _forgotten(server: App) -> bool:
        server.upkeep.sweep()
        return rows_of(server, FormerSession) == 1


class TestRequestIds:
    def test_are_forgotten_when_their_time_is_over(self, database_url: str) -> None:
        request = CreateSessionRequest(parent=PARENT, session=Session(data="first"), request_id="once")
        another = CreateSessionRequest(parent=PARENT, session=Session(data="second"), request_id="once")
        with swept_by_hand(database_url, request_id_age=AT_ONCE) as (server, client):
            client.sessions.CreateSession(request)
            eventually(lambda: forgotten(server))
            assert client.sessions.CreateSession(another).data == "second"

    def test_are_remembered_until_then(self, database_url: str) -> None:
        request = CreateSessionRequest(parent=PARENT, session=Session(data="first"), request_id="once")
        another = CreateSessionRequest(parent=PARENT, session=Session(data="second"), request_id="once")
        with swept_by_hand(database_url) as (server, client):
            created = client.sessions.CreateSession(request)
            server.upkeep.sweep()
            assert client.sessions.CreateSession(request) == created
            assert failure(client.sessions.CreateSession, another).reason == "REQUEST_ID_REUSED"


def forgotten(server: App) -> bool:
    """Sweep, and return whether no caller's request id is remembered."""
    server.upkeep.sweep()
    return remembered_requests(server) == 0


class TestSweeps:
    @pytest.fixture(autouse=True)
    def logged(self, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
        caplog.set_level(logging.INFO)
        # Servers that other tests share sweep on, and forget ids of their own after a quarter of an hour.
        others = {thread.ident for thread in threading.enumerate()}

        def is_of_this_test(record: logging.LogRecord) -> bool:
            return record.thread not in others or record.thread == threading.get_ident()

        caplog.handler.addFilter(is_of_this_test)
        yield
        caplog.handler.removeFilter(is_of_this_test)

    def test_of_two_servers_at_once_do_each_thing_once(
        self, database_url: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        ages = {"purge_age": AT_ONCE, "request_id_age": AT_ONCE}
        with (
            swept_by_hand(database_url, **ages) as (first, client),
            swept_by_hand(database_url, **ages) as (second, _),
        ):
            for number in range(MANY):
                request = CreateSessionRequest(parent=PARENT, request_id=f"request-{number}")
                request.session.expire_time.CopyFrom(past())
                client.sessions.CreateSession(request)

            def sweep_at_once() -> bool:
                at_once([first.upkeep.sweep, second.upkeep.sweep])
                return all_sessions(client, show_deleted=True) == [] and remembered_requests(first) == 0

            eventually(sweep_at_once)
        done = swept(caplog)
        assert [sum(done[kind]) for kind in ("expired", "expunged", "forgotten")] == [MANY] * 3
        assert not [record for record in caplog.records if record.levelno > logging.INFO]

    def test_go_on_round_by_round_until_nothing_is_left(
        self, database_url: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(retention, "SHARE", 0)
        with swept_by_hand(database_url) as (server, client):
            for _ in range(MANY):
                new_session(client, PARENT, expire_time=past())
            server.upkeep.sweep()
            assert all_sessions(client) == []
        rounds = swept(caplog)["expired"]
        assert sum(rounds) == MANY
        # Fewer where the time of a transaction is over before.
        assert max(rounds) <= BATCH < MANY


class TestKinds:
    @pytest.fixture
    def due(self, database_url: str) -> Iterator[App]:
        """A server that has much of each kind to do."""
        ages = dict.fromkeys(("purge_age", "request_id_age", "state_history_age"), AT_ONCE)
        with swept_by_hand(database_url, **ages) as (server, client):
            name = new_log(client, "removed")
            with before(server, "DELETE FROM event", lambda: be_read_only(server), most=1_000_000):
                delete_session(client, name)
                client.sessions.ExpungeSession(ExpungeSessionRequest(name=name))
            for number in range(MANY):
                request = CreateSessionRequest(parent=PARENT, session=Session(), request_id=f"request-{number}")
                client.sessions.DeleteSession(DeleteSessionRequest(name=client.sessions.CreateSession(request).name))
                new_session(client, PARENT, expire_time=past())
                update_state(client, PARENT, StateUpdate(key=str(number), value_json="1"))
                update_state(client, PARENT, StateUpdate(key=str(number), delete=True))
                former = new_session(client, PARENT).name
                update_state(client, former, StateUpdate(key="key", value_json="1"))
                expunge_session(client, former)
            aged = new_session(client, PARENT, settings=SessionSettings(event_purge_age=Duration(seconds=60))).name
            append(client, aged, *(["x"] * MANY))
            make_older(server, aged, MANY)
            changed = new_session(client, PARENT).name
            for _ in range(MANY + 1):
                append(client, changed, "x", state_updates=[StateUpdate(key="key", value_json="1")])
            yield server

    def test_have_a_share_of_each_round(self, due: App, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(retention, "SHARE", 0)
        swept = sweep_once(due)
        few = batches.FIRST_ROWS
        each = dict.fromkeys(("purged", "removed", "forgotten", "keys", "values", "names"), few)
        taken = {kind: swept.done.pop(kind) for kind in ("expired", "expunged")}
        assert all(1 <= count <= BATCH for count in taken.values())
        assert swept.done == each
        assert swept.is_more_due

    @pytest.mark.parametrize(
        ("kind", "statement"),
        [
            ("purged", "DELETE FROM event WHERE event.sequence"),
            ("removed", "DELETE FROM event WHERE event.activity_session_pkid"),
            ("forgotten", "DELETE FROM idempotency"),
            ("keys", "DELETE FROM state WHERE state.delete_ts"),
            ("values", "DELETE FROM past_state"),
            ("names", "DELETE FROM former_session"),
        ],
    )
    def test_that_fail_do_not_stop_the_others(
        self, due: App, caplog: pytest.LogCaptureFixture, kind: str, statement: str
    ) -> None:
        with before(due, statement, lambda: be_read_only(due), most=1_000_000) as times:
            failing = sweep_once(due).done
        assert times.count
        assert [name for name, count in failing.items() if not count] == [kind]
        assert f"the sweep of what is to be {kind} failed" in caplog.text
        assert sweep_once(due).done[kind] >= MANY


def sweep_once(server: App) -> retention.Swept:
    return retention.sweep(server.store, lambda: own_call(server), lambda *_: None)


def own_call(server: App) -> Call:
    now = time.monotonic()
    return Call("sweep", "sweep", "", ITSELF, now, now + 10, server.settings.limits)


class TestBatches:
    """What is removed at once has four MiB at most."""

    def test_of_events_state_and_memories(self, database_url: str) -> None:
        with swept_by_hand(database_url) as (server, client):
            name = new_session(client, PARENT).name
            agent = new_participant(client, PARENT, participant_type=AGENT)
            for number in range(4):
                for event in (EventMessage(text="x" * EVENT), EventMessage(text="é" * (EVENT // 2)), BLOB):
                    append(client, name, event)
                for index in range(10):
                    value = StateUpdate(key=f"{number}-{index}", value_json=f'"{"x" * (MIB // 4 - 2)}"')
                    update_state(client, name, value)
                    new_memory(client, name, agent, content="x" * (MIB // 4))
            delete_session(client, name)
            with deleted(server) as rows:
                client.sessions.ExpungeSession(ExpungeSessionRequest(name=name, force=True))
        # Each event is somewhat larger than its content.
        assert (sum(rows["event"]), max(rows["event"])) == (12, 3)
        assert (sum(rows["state"]), max(rows["state"])) == (40, 16)
        assert (sum(rows["memory"]), max(rows["memory"])) == (40, 16)

    def test_of_request_ids_with_what_they_got(self, database_url: str) -> None:
        with swept_by_hand(database_url, request_id_age=AT_ONCE) as (server, client):
            session, value = new_session(client, PARENT).name, json.dumps("x" * (MIB // 4 - 2))
            for number in range(12):
                updates = [StateUpdate(key=f"{number}-{quarter}", value_json=value) for quarter in range(4)]
                request = UpdateStateRequest(name=session, updates=updates, request_id=str(number))
                client.events.UpdateState(request)
            with deleted(server) as rows:
                eventually(lambda: forgotten(server))
        assert (sum(rows["idempotency"]), max(rows["idempotency"])) == (12, 3)


@contextmanager
def deleted(server: App) -> Iterator[dict[str, list[int]]]:
    """Collect how many rows each DELETE of the server removes, by table."""
    rows: dict[str, list[int]] = {}

    def tell(send: Send, statement: str, *values: Any) -> Any:
        found = send(statement, *values)
        if statement.startswith("DELETE FROM "):
            rows.setdefault(statement.split()[2], []).append(send.__self__.rowcount)  # type: ignore[attr-defined]
        return found

    with sending(server, tell):
        yield rows


def swept(caplog: pytest.LogCaptureFixture) -> dict[str, list[int]]:
    """Return how many of each kind the sweeps have handled, according to the log."""
    rounds = [record.__dict__ for record in caplog.records if record.message == "swept"]
    return {kind: [one[kind] for one in rounds] for kind in ("expired", "expunged", "forgotten")}


def all_sessions(client: Client, *, show_deleted: bool = False) -> list[str]:
    request = ListSessionsRequest(parent=PARENT, page_size=1000, show_deleted=show_deleted)
    return [session.name for session in client.sessions.ListSessions(request).sessions]


def swept_away(server: App, client: Client, name: str) -> bool:
    """Sweep, and return whether a session is gone for good."""
    server.upkeep.sweep()
    return name not in all_sessions(client, show_deleted=True)


def rows_of(server: App, table: type[Base]) -> int:
    return count(server, select(table))


def count(server: App, query: Select[Any]) -> int:
    with engine_of(server).connect() as connection:
        return len(connection.execute(query).all())


def remembered_requests(server: App) -> int:
    """Return those of callers; the server's own ids have no scope, and are kept for another time."""
    return count(server, select(Idempotency.request_id).where(Idempotency.scope != ""))
