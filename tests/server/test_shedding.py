"""Writes that wait for a lock, and calls that are too many: neither keeps reads, health or reflection waiting."""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from grpc_health.v1.health_pb2 import HealthCheckRequest
from grpc_health.v1.health_pb2_grpc import HealthStub
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest
from grpc_reflection.v1alpha.reflection_pb2_grpc import ServerReflectionStub
from sqlalchemy import create_engine, select

from activity_session import v1
from activity_session_server.app import MOST_ASIDE, App
from activity_session_server.orm import ActivitySession
from activity_session_testing.backends import FIXTURES, KEEPING_BACKENDS, MARIADB, SQLITE_FILE
from activity_session_testing.moments import eventually
from activity_session_testing.processes import write_lock
from activity_session_testing.servers import Client, Failure, connected, serving
from activity_session_testing.steps import (
    AGENT,
    append,
    get_session,
    list_events,
    make_namespace,
    new_memory,
    new_participant,
    new_session,
)

THREADS, WAITING, MORE = 2, 3, 10
# Seconds; far less than the writers wait for the lock.
SOON = 1.0
BACKENDS = KEEPING_BACKENDS


@pytest.fixture
def locked(tmp_path: Path) -> Callable[[str, str], Any]:
    """Holds, inside a block, what writers to a session of a database wait for."""

    def lock(url: str, session: str) -> Any:
        if url.startswith("sqlite"):
            return write_lock(tmp_path / "test.db")
        return _row_lock(url, session)

    return lock


@contextlib.contextmanager
def _row_lock(url: str, session: str) -> Iterator[None]:
    engine = create_engine(url)
    with engine.begin() as connection:
        # By its key, or the rows that the database looks at would be locked too.
        key = select(ActivitySession.pkid).where(ActivitySession.name == session.rpartition("/")[2])
        uid = connection.execute(key).scalar_one()
        locking = select(ActivitySession.pkid).where(ActivitySession.pkid == uid).with_for_update()
        assert connection.execute(locking).all()
        yield
    engine.dispose()


def append_later(client: Client, session: str) -> Any:
    request = v1.AppendEventsRequest(parent=session, events=[v1.Event(text="x")])
    return client.events.AppendEvents.future(request, timeout=30)


def mark_read_later(client: Client, session: str) -> Any:
    """A write that only holds the row of its session."""
    anybody = f"{session.partition('/sessions/')[0]}/participants/anybody"
    request = v1.MarkReadRequest(session=session, participant=anybody, sequence=1)
    return client.sessions.MarkRead.future(request, timeout=30)


def waiting_in_queues(server: App) -> int:
    """How many writers wait for others of their session."""
    queues = tuple(server.store._commits._queues._queues.values())  # noqa: SLF001
    return sum(queue.writers - 1 for queue in queues)


def seconds(call: Callable[[], Any]) -> float:
    started = time.monotonic()
    call()
    return time.monotonic() - started


@pytest.mark.parametrize("backend", BACKENDS)
def test_reads_go_on_while_writers_wait_for_a_lock(
    new_database: Callable[[str], str], locked: Callable[[str, str], Any], backend: str
) -> None:
    url = new_database(backend)
    settings = {"threads": THREADS, "max_waiting_calls": WAITING, "health_interval": 300, "database_timeout": 10}
    room = THREADS + WAITING + (MOST_ASIDE if backend in FIXTURES else 0)
    with serving(url, **settings) as server, connected(server.address) as client:
        namespace = make_namespace(client).name
        session, other = new_session(client, namespace).name, new_session(client, namespace).name
        with locked(url, session):
            writers = [append_later(client, session) for _ in range(room + MORE)]
            # Which ones are refused is a matter of how fast the threads take the first.
            eventually(lambda: sum(writer.done() for writer in writers) >= MORE)
            refused = [Failure(writer.exception()) for writer in writers if writer.done()]
            assert {refusal.reason for refusal in refused} == {"SERVER_FULL"}
            assert {refusal.code for refusal in refused} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
            assert {refusal.info.metadata["limit"] for refusal in refused} == {str(WAITING)}
            assert all(len(refusal.details(RetryInfo)) == 1 for refusal in refused)
            assert seconds(lambda: get_session(client, other)) < SOON
            assert seconds(lambda: HealthStub(client.channel).Check(HealthCheckRequest(), timeout=10)) < SOON
        served = [writer for writer in writers if writer.exception() is None]
        assert WAITING <= len(served) <= room
        assert len(list_events(client, session)) == len(served)


@pytest.mark.parametrize("write_later", [append_later, mark_read_later])
def test_writes_go_on_while_writers_of_another_session_wait(
    new_database: Callable[[str], str],
    locked: Callable[[str, str], Any],
    write_later: Callable[[Client, str], Any],
) -> None:
    url = new_database(MARIADB)
    settings = {"threads": THREADS, "database_timeout": 1, "health_interval": 300}
    with serving(url, **settings) as server, connected(server.address) as client:
        namespace = make_namespace(client).name
        session, other = new_session(client, namespace).name, new_session(client, namespace).name
        with locked(url, session):
            writers = [write_later(client, session) for _ in range(THREADS + MORE)]
            eventually(lambda: waiting_in_queues(server) >= THREADS + MORE - 1)
            assert seconds(lambda: append(client, other, "x")) < SOON
            assert not any(writer.done() for writer in writers)
            refused = [Failure(writer.exception()) for writer in writers]
        assert {refusal.reason for refusal in refused} == {"DATABASE_BUSY"}
        assert list_events(client, session) == []
        append(client, session, "y")
        assert len(list_events(client, session)) == 1


def test_more_writers_of_a_session_than_there_are_threads_go_on_one_after_the_other(
    new_database: Callable[[str], str],
) -> None:
    settings = {"threads": THREADS, "database_timeout": 5, "health_interval": 300}
    with serving(new_database(MARIADB), **settings) as server, connected(server.address) as client:
        session, other = new_session(client, "namespaces/default").name, new_session(client, "namespaces/default").name
        writers = [append_later(client, session) for _ in range(3 * MOST_ASIDE)]
        others = [append_later(client, other) for _ in range(MORE)]
        assert [writer.exception() for writer in (*writers, *others)] == [None] * (3 * MOST_ASIDE + MORE)
        assert len(list_events(client, session)) == 3 * MOST_ASIDE


def test_open_streams_of_reflection_do_not_lock_out_another() -> None:
    request = ServerReflectionRequest(list_services="")
    with serving("sqlite:///:memory:", reflection="on") as server, connected(server.address) as client:
        stub = ServerReflectionStub(client.channel)
        streams = [stub.ServerReflectionInfo(_asking(request), timeout=30) for _ in range(10)]
        try:
            for stream in streams:
                assert next(stream).list_services_response.service
        finally:
            for stream in streams:
                stream.cancel()


def _asking(request: ServerReflectionRequest) -> Iterator[ServerReflectionRequest]:
    """A request, and then a stream that stays open."""
    yield request
    time.sleep(10)


def test_watches_that_are_open_leave_room_for_calls() -> None:
    settings = {"threads": 1, "max_waiting_calls": 1}
    with serving("sqlite:///:memory:", **settings) as server, connected(server.address) as client:
        session = new_session(client, "namespaces/default").name
        watches = []
        for _ in range(20):
            watch = client.sessions.WatchSession(v1.WatchSessionRequest(name=session), timeout=30)
            next(watch)
            watches.append(watch)
        assert get_session(client, session).name == session
        for watch in watches:
            watch.cancel()


def test_a_read_that_counts_itself_waits_with_the_writes(new_database: Callable[[str], str], tmp_path: Path) -> None:
    with (
        serving(new_database(SQLITE_FILE), threads=1, health_interval=300) as server,
        connected(server.address) as client,
    ):
        session = new_session(client, "namespaces/default").name
        append(client, session, "first")
        agent = new_participant(client, "namespaces/default", participant_type=AGENT)
        memory = new_memory(client, session, agent, first_sequence=1, last_sequence=1).name
        with write_lock(tmp_path / "test.db"):
            touching = client.memories.GetMemory.future(v1.GetMemoryRequest(name=memory, touch=True), timeout=30)
            assert seconds(lambda: get_session(client, session)) < SOON
            assert not touching.done()
        assert touching.result().name == memory
