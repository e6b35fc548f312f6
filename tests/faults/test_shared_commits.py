"""Writers of one SQLite file that wait at the same time: they share a commit, and nothing else.

The first writer is stopped before its COMMIT until the others wait, so that those are carried out together.
"""

import contextlib
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import pytest
from sqlalchemy import update

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import AppendEventsRequest
from activity_session.v1.session_pb2 import Session, SessionParticipant
from activity_session.v1.session_service_pb2 import CreateSessionRequest, UpdateSessionRequest
from activity_session_server.app import App
from activity_session_server.orm import Event as EventRow
from activity_session_server.orm.base import table_of
from activity_session_server.rules.access.callers import ITSELF
from activity_session_server.rules.calls import Call
from activity_session_server.store import readiness
from activity_session_server.store.driver.connections import Connection
from activity_session_server.store.readers import Writer
from activity_session_testing.moments import WAIT_SECONDS, Send, Times, before, eventually, sending
from activity_session_testing.servers import Client, Failure, connected, serving
from activity_session_testing.steps import get_session, list_events, new_session

PARENT = "namespaces/default"
NO_UPKEEP = 300.0
WRITERS = 8
EVENTS = table_of(EventRow)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[App]:
    url = f"sqlite:///{tmp_path / 'test.db'}"
    with serving(url, health_interval=NO_UPKEEP, threads=2 * WRITERS, database_timeout=1) as server:
        yield server


@pytest.fixture
def client(server: App) -> Iterator[Client]:
    with connected(server.address) as client:
        yield client


def nothing() -> None:
    """Do nothing: for statements that are only counted."""


def together(client: Client, server: App, calls: Sequence[Callable[[], Any]], late: int = 0) -> list[Future[Any]]:
    """Make calls that write while another writer's commit is held up, until `late` of them have missed their deadline.

    The others are then carried out together.
    """
    is_held_up = threading.Event()

    def hold_up() -> None:
        is_held_up.set()
        for count in range(len(calls), len(calls) - late - 1, -1):
            eventually(lambda: len(server.store._commits._waiting) == count)  # noqa: B023, SLF001 - nothing else tells it

    with ThreadPoolExecutor(len(calls) + 1) as pool, before(server, "COMMIT", hold_up):
        pool.submit(new_session, client, PARENT)
        assert is_held_up.wait(WAIT_SECONDS)
        return [pool.submit(call) for call in calls]


def appends(client: Client, sessions: Sequence[str]) -> list[Callable[[], Any]]:
    def append_to(session: str) -> Callable[[], Any]:
        request = AppendEventsRequest(parent=session, events=[Event(text="one")])
        return lambda: client.events.AppendEvents(request)

    return [append_to(session) for session in sessions]


def new_sessions(client: Client) -> list[str]:
    return [new_session(client, PARENT).name for _ in range(WRITERS)]


def create_with_a_stranger(client: Client, session_id: str) -> Callable[[], Session]:
    """Return a call that fails after the session has been written, because a member does not exist."""
    stranger = SessionParticipant(participant=f"{PARENT}/participants/stranger")
    request = CreateSessionRequest(parent=PARENT, session_id=session_id, session=Session(participants=[stranger]))
    return lambda: client.sessions.CreateSession(request)


def reason_of(future: Future[Any]) -> str:
    error = future.exception()
    assert isinstance(error, grpc.RpcError)
    return Failure(error).reason


def exists(client: Client, session_id: str) -> bool:
    with contextlib.suppress(grpc.RpcError):
        return bool(get_session(client, f"{PARENT}/sessions/{session_id}"))
    return False


def texts(client: Client, session: str) -> list[str]:
    return [event.text for event in list_events(client, session)]


def disk_full() -> None:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    raise error


def test_writers_who_wait_are_committed_together(server: App, client: Client) -> None:
    sessions = new_sessions(client)
    with (
        before(server, "COMMIT", nothing, most=100) as commits,
        before(server, "SAVEPOINT", nothing, most=100) as points,
    ):
        answers = [future.result() for future in together(client, server, appends(client, sessions))]
    assert [answer.last_sequence for answer in answers] == [1] * WRITERS
    assert [texts(client, session) for session in sessions] == [["one"]] * WRITERS
    # That of the writer that was held up, and that of all the others.
    assert (commits.count, points.count) == (2, WRITERS)


def own_call(server: App) -> Call:
    now = time.monotonic()
    return Call("test", "test", "", ITSELF, now, now + WAIT_SECONDS, server.settings.limits)


def check_readiness(server: App) -> None:
    readiness.check(server.store, own_call(server))


def write_much_and_fail(server: App) -> None:
    """Write more than SQLite's cache takes, most of it twice."""

    def write(writer: Writer) -> None:
        event = {"activity_session_pkid": "none", "create_ts": writer.now, "message": bytes(2**16)}
        for number in range(1, 101):
            writer.insert(EVENTS, {**event, "sequence": number, "event_id": str(number)})
        writer.change(update(EVENTS).where(EVENTS.c.sequence > 20).values(message=bytes(2**15)))
        raise ZeroDivisionError

    with contextlib.suppress(ZeroDivisionError):
        server.store.write(own_call(server), write)


@pytest.mark.parametrize("write_and_undo", [check_readiness, write_much_and_fail])
def test_what_is_undone_among_them_does_not_hide_them_from_a_server_after_a_crash(
    server: App, client: Client, tmp_path: Path, write_and_undo: Callable[[App], None]
) -> None:
    sessions = new_sessions(client)
    calls: list[Callable[[], Any]] = [*appends(client, sessions), partial(write_and_undo, server)]
    assert [future.exception() for future in together(client, server, calls)] == [None] * len(calls)
    # The log as a crash leaves it, without the index that the processes share.
    for name in ("test.db", "test.db-wal"):
        shutil.copy(tmp_path / name, tmp_path / f"crashed-{name}")
    with contextlib.closing(sqlite3.connect(tmp_path / "crashed-test.db")) as connection:
        assert connection.execute("SELECT count(*) FROM event").fetchall() == [(WRITERS,)]


def test_writers_of_one_session_get_numbers_one_after_the_other(server: App, client: Client) -> None:
    session = new_session(client, PARENT).name
    answers = [future.result() for future in together(client, server, appends(client, [session] * WRITERS))]
    assert sorted(answer.last_sequence for answer in answers) == list(range(1, WRITERS + 1))
    assert texts(client, session) == ["one"] * WRITERS


def test_who_fails_takes_none_of_the_others_along(server: App, client: Client) -> None:
    sessions = new_sessions(client)
    calls = [
        create_with_a_stranger(client, "before"),
        *appends(client, sessions),
        create_with_a_stranger(client, "after"),
    ]
    first, *others, last = together(client, server, calls)
    assert [future.result().last_sequence for future in others] == [1] * WRITERS
    assert [reason_of(first), reason_of(last)] == ["PARTICIPANT_NOT_FOUND"] * 2
    assert not exists(client, "before")
    assert not exists(client, "after")


def test_the_same_check_sees_a_failure_that_is_not_undone(
    server: App, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Connection.run
    monkeypatch.setattr(
        Connection, "run", lambda connection, sql: None if sql == "ROLLBACK TO work" else run(connection, sql)
    )
    calls = [create_with_a_stranger(client, "left"), *appends(client, new_sessions(client))]
    failed, *_ = together(client, server, calls)
    assert reason_of(failed) == "PARTICIPANT_NOT_FOUND"
    assert exists(client, "left")


def test_a_commit_that_fails_is_made_again(server: App, client: Client) -> None:
    sessions = new_sessions(client)
    with before(server, "COMMIT", disk_full, most=2) as failures:
        answers = [future.result() for future in at_the_same_time(appends(client, sessions))]
    assert failures.count == 2
    assert [answer.last_sequence for answer in answers] == [1] * WRITERS
    assert [texts(client, session) for session in sessions] == [["one"]] * WRITERS


def at_the_same_time(calls: Sequence[Callable[[], Any]]) -> list[Future[Any]]:
    with ThreadPoolExecutor(len(calls)) as pool:
        return [pool.submit(call) for call in calls]


def test_nobody_is_answered_whose_commit_fails_for_good(server: App, client: Client) -> None:
    sessions = new_sessions(client)
    with before(server, "COMMIT", disk_full, most=1000) as failures:
        futures = at_the_same_time(appends(client, sessions))
    assert failures.count > 1
    assert {reason_of(future) for future in futures} == {"DATABASE_UNAVAILABLE"}
    assert [texts(client, session) for session in sessions] == [[]] * WRITERS


def test_an_error_that_ends_the_transaction_undoes_it_for_all_and_each_is_run_again(
    server: App, client: Client
) -> None:
    sessions, times = new_sessions(client), Times(1)

    def end_the_transaction(send: Send, statement: str, *values: Any) -> Any:
        """Roll back, as SQLite does by itself when the disk is full."""
        if statement.startswith("INSERT INTO event") and times.may_be_once_more():
            send("ROLLBACK")
            disk_full()
        return send(statement, *values)

    with sending(server, end_the_transaction):
        answers = [future.result() for future in together(client, server, appends(client, sessions))]
    assert times.count == 1
    assert [answer.last_sequence for answer in answers] == [1] * WRITERS
    assert [texts(client, session) for session in sessions] == [["one"]] * WRITERS


def test_who_is_late_is_refused_while_the_others_go_on(server: App, client: Client) -> None:
    session = new_session(client, PARENT)
    sessions = new_sessions(client)
    request = UpdateSessionRequest(session=Session(name=session.name, data="late"))

    def be_late() -> Any:
        return client.sessions.UpdateSession(request, timeout=0.9)

    first, *others = together(client, server, [be_late, *appends(client, sessions)], late=1)
    error = first.exception()
    assert isinstance(error, grpc.RpcError)
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert [future.result().last_sequence for future in others] == [1] * WRITERS
    assert get_session(client, session.name).data == ""
