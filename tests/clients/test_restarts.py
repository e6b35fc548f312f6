"""Calls during a restart of their server: each succeeds, and takes effect once."""

import contextlib
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pymysql
import pytest

from activity_session.v1.info_service_pb2 import GetServerInfoRequest
from activity_session.v1.session_pb2 import SessionView
from activity_session.v1.session_service_pb2 import DeleteSessionRequest, ListSessionsRequest
from activity_session_server import app
from activity_session_server.settings import Settings
from activity_session_server.store import schema
from activity_session_testing.backends import MARIADB, SQLITE_FILE, MariaDB
from activity_session_testing.drivers import WITH_ANY_CLIENT, Answers, Driver, driving
from activity_session_testing.drivers import Client as DrivenClient
from activity_session_testing.moments import eventually
from activity_session_testing.ports import free_ports
from activity_session_testing.processes import serving_process, write_lock
from activity_session_testing.servers import Client, connected
from activity_session_testing.steps import list_events, new_session

PARENT = "namespaces/default"
THREADS, APPENDS, CREATES, READS, MANY = 2, 6, 3, 50, 200
DATA = "x" * (3 * 1024 * 1024)
# What plain calls get. Which of the two depends on timing; test_what_is_sent.py shows each of them.
NOT_BEGUN = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
# Calls that have begun may wait for the lock during the whole test, longer than the server lets them when it drains.
PATIENT = {"threads": THREADS, "database_timeout": 20}
FLAGS = ["--threads", str(THREADS), "--database-timeout", "20", "--drain-timeout", "2"]


@dataclass(frozen=True)
class Database:
    """A database, and a lock that keeps all others from writing to it."""

    url: str
    lock: Callable[[], AbstractContextManager[None]]


@contextlib.contextmanager
def read_only(mariadb: MariaDB) -> Iterator[None]:
    with pymysql.connect(unix_socket=str(mariadb.folder / "socket"), user="root") as connection:
        connection.cursor().execute("FLUSH TABLES WITH READ LOCK")
        # The end of the connection releases it.
        yield


@pytest.fixture(params=[SQLITE_FILE, MARIADB])
def database(request: pytest.FixtureRequest, new_database: Callable[[str], str], tmp_path: Path) -> Database:
    url = new_database(request.param)
    if request.param == SQLITE_FILE:
        return Database(url, lambda: write_lock(tmp_path / "test.db"))
    schema.migrate_url(url)
    mariadb = request.getfixturevalue("mariadb")
    return Database(url, lambda: read_only(mariadb))


@WITH_ANY_CLIENT
def test_calls_through_a_restart_succeed_and_are_done_once(
    client: DrivenClient, database: Database, tmp_path: Path
) -> None:
    address, http_address = (f"127.0.0.1:{port}" for port in free_ports(2))
    flags = ("--address", address, "--http-address", http_address, "--database-url", database.url, *FLAGS)
    with (
        serving_process(tmp_path / "log", *flags) as server,
        driving(client, client.target(server)) as driver,
        connected(server.address) as stubs,
        contextlib.ExitStack() as restarted,
    ):
        # Writers of one session would wait for each other, and leave threads to others.
        sessions = [new_session(stubs, PARENT).name for _ in range(THREADS)]
        with database.lock():
            calls = [begin_append(driver, sessions[number % THREADS], number) for number in range(APPENDS)]
            eventually(lambda: has_no_thread_left(stubs))
            plain = delete_often(stubs)
            calls += begin_others(driver, sessions[0])
            server.process.terminate()
            eventually(lambda: is_refused(address) and is_closed(http_address))
            # The second server is not a process, so that it starts at once, however busy this machine is.
            addresses = {"address": address, "http_address": http_address}
            settings: dict[str, Any] = {"database_url": database.url, **addresses, **PATIENT}
            restarted.enter_context(app.running(Settings(**settings)))
            assert {call.code() for call in plain} & NOT_BEGUN
        ends = [call.end() for call in calls]
        assert [end["status"] for end in ends] == ["OK"] * len(calls), ends
        assert server.wait() == 0
        check_that_all_is_there_once(stubs, sessions)


def delete_often(stubs: Client) -> list[Any]:
    """Make more plain writes than a server can begin at once, so that later ones are not begun either."""
    missing = DeleteSessionRequest(name=f"{PARENT}/sessions/missing")
    return [stubs.sessions.DeleteSession.future(missing) for _ in range(MANY)]


def begin_append(driver: Driver, session: str, number: int) -> Answers:
    request = {"parent": session, "events": [{"text": f"event {number}"}]}
    return driver.begin({"method": "EventService/AppendEvents", "request": request})


def begin_others(driver: Driver, session: str) -> list[Answers]:
    """Make reads, some small creates, and one of 3 MiB."""
    read = {"method": "SessionService/GetSession", "request": {"name": session}}
    created: list[dict[str, Any]] = [*({"description": f"{number}"} for number in range(CREATES)), {"data": DATA}]
    requests = [{"parent": PARENT, "session": session} for session in created]
    creates = [{"method": "SessionService/CreateSession", "request": request} for request in requests]
    return [driver.begin(command) for command in (*[read] * READS, *creates)]


def has_no_thread_left(stubs: Client) -> bool:
    try:
        # Refused at once by any thread for writes.
        stubs.sessions.DeleteSession(DeleteSessionRequest(), timeout=0.2)
    except grpc.RpcError as error:
        return error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    return False


def is_refused(address: str) -> bool:
    """Return whether the server refuses new calls."""
    with connected(address) as stubs:
        try:
            stubs.info.GetServerInfo(GetServerInfoRequest(), timeout=0.2)
        except grpc.RpcError as error:
            return error.code() is grpc.StatusCode.UNAVAILABLE
    return False


def is_closed(address: str) -> bool:
    """Return whether nobody listens at an address."""
    host, _, port = address.rpartition(":")
    with contextlib.suppress(ConnectionRefusedError), socket.create_connection((host, int(port))):
        return False
    return True


def check_that_all_is_there_once(stubs: Client, sessions: list[str]) -> None:
    texts = Counter(event.text for session in sessions for event in list_events(stubs, session))
    assert texts == {f"event {number}": 1 for number in range(APPENDS)}
    listed = stubs.sessions.ListSessions(
        ListSessionsRequest(parent=PARENT, view=SessionView.SESSION_VIEW_FULL)
    ).sessions
    assert len(listed) == CREATES + 1 + THREADS
    assert Counter(session.description for session in listed) == {
        "": 1 + THREADS,
        **{f"{n}": 1 for n in range(CREATES)},
    }
    assert sorted(len(session.data) for session in listed)[-2:] == [0, len(DATA)]
