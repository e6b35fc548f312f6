"""A database that freezes and comes back: a commit whose response is lost happens once, or is reported as unknown.

The database is frozen with SIGSTOP at the moment when a server is about to send a statement. The statement is then in
the database's socket, and is carried out once the database thaws, whether the server still waits for it or not.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub
from sqlalchemy import event

from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import CreateSessionRequest, ListSessionsRequest, UpdateSessionRequest
from activity_session_server.app import App
from activity_session_server.rpc import edge
from activity_session_testing.backends import MARIADB, DatabaseServer
from activity_session_testing.moments import WAIT_SECONDS, before, engine_of, errors_of, eventually
from activity_session_testing.rpcs import SERVICES
from activity_session_testing.servers import Client, connected, failure, serving
from activity_session_testing.steps import get_session, new_session

PARENT = "namespaces/default"
CONNECTION_LOST = {2013, "08000"}
# How long calls without a deadline of their own may take, so that the server gives up before its client does.
SHORT_DEADLINE = 3.0
# Seconds for the first statement of a connection, and for the attempts after it.
SETTING_UP = 15.0

# PostgreSQL ends a transaction that was frozen for so long before it reads the COMMIT; test_postgresql_operations has a
# commit there that happens, and is not answered.
on_mariadb = pytest.mark.parametrize("database", [MARIADB], indirect=True)
with_and_without_request_id = pytest.mark.parametrize("request_id", ["", "once"])


@pytest.fixture
def short_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "DEFAULT_DEADLINE", SHORT_DEADLINE)


@contextlib.contextmanager
def frozen_before(statement: str, server: App, database: DatabaseServer) -> Iterator[Callable[[], None]]:
    """Freeze the database when the server is about to send the statement; yield a function that thaws it early."""
    with (
        contextlib.ExitStack() as ice,
        before(server, statement, lambda: ice.enter_context(database.frozen())) as times,
    ):
        yield ice.close
        assert times.count == 1


def sessions(client: Client) -> list[Session]:
    return list(client.sessions.ListSessions(ListSessionsRequest(parent=PARENT)).sessions)


def is_served(client: Client) -> bool:
    try:
        sessions(client)
    except grpc.RpcError:
        return False
    return True


def new_request(request_id: str = "") -> CreateSessionRequest:
    """Return a request that creates another session each time it is carried out."""
    return CreateSessionRequest(parent=PARENT, session=Session(), request_id=request_id)


@with_and_without_request_id
def test_a_create_whose_commit_was_not_answered_happened_once(
    server: App, client: Client, database: DatabaseServer, request_id: str
) -> None:
    with (
        ThreadPoolExecutor(1) as pool,
        errors_of(server, "COMMIT") as errors,
        frozen_before("COMMIT", server, database) as thaw,
    ):
        answer = pool.submit(client.sessions.CreateSession, new_request(request_id))
        assert errors.get(timeout=WAIT_SECONDS) in CONNECTION_LOST
        thaw()
        created = answer.result()
    assert [session.uid for session in sessions(client)] == [created.uid]


@with_and_without_request_id
def test_an_update_whose_commit_was_not_answered_happened_once(
    server: App, client: Client, database: DatabaseServer, request_id: str
) -> None:
    session = new_session(client, PARENT)
    # Carried out a second time it would be refused: the etag is no longer the current one.
    changed = Session(name=session.name, etag=session.etag, description="changed")
    request = UpdateSessionRequest(session=changed, request_id=request_id)
    with (
        ThreadPoolExecutor(1) as pool,
        errors_of(server, "COMMIT") as errors,
        frozen_before("COMMIT", server, database) as thaw,
    ):
        answer = pool.submit(client.sessions.UpdateSession, request)
        assert errors.get(timeout=WAIT_SECONDS) in CONNECTION_LOST
        thaw()
        updated = answer.result()
    assert updated.description == "changed"
    assert get_session(client, session.name) == updated


@on_mariadb
@pytest.mark.usefixtures("short_deadline")
def test_a_commit_that_is_never_answered_is_told_as_unknown(
    server: App, client: Client, database: DatabaseServer
) -> None:
    with frozen_before("COMMIT", server, database):
        refusal = failure(client.sessions.CreateSession, new_request())
    assert refusal.reason == "COMMIT_OUTCOME_UNKNOWN"
    assert refusal.code is grpc.StatusCode.UNKNOWN
    # It did happen, which is why the error may not say anything else.
    assert len(eventually(lambda: sessions(client))) == 1


@pytest.mark.usefixtures("short_deadline")
def test_a_commit_that_is_never_answered_is_safe_to_send_again_with_a_request_id(
    server: App, client: Client, database: DatabaseServer
) -> None:
    with frozen_before("COMMIT", server, database):
        refusal = failure(client.sessions.CreateSession, new_request("once"))
    assert refusal.reason == "DATABASE_UNAVAILABLE"
    assert refusal.code is grpc.StatusCode.UNAVAILABLE
    created = client.sessions.CreateSession(new_request("once"))
    assert [session.uid for session in sessions(client)] == [created.uid]


@on_mariadb
@pytest.mark.usefixtures("short_deadline")
@pytest.mark.parametrize(("request_id", "reason"), [("", "COMMIT_OUTCOME_UNKNOWN"), ("once", "DATABASE_UNAVAILABLE")])
def test_a_database_that_thaws_after_the_deadline_does_not_make_the_commit_undone(
    server: App, client: Client, database: DatabaseServer, request_id: str, reason: str
) -> None:
    assert sessions(client) == []  # from now on a connection is open
    with frozen_before("COMMIT", server, database) as thaw:

        def connect_too_late(*_: object) -> None:
            thaw()
            time.sleep(SHORT_DEADLINE)

        event.listen(engine_of(server), "do_connect", connect_too_late, insert=True)
        refusal = failure(client.sessions.CreateSession, new_request(request_id))
    assert len(eventually(lambda: sessions(client))) == 1
    assert refusal.reason == reason


@with_and_without_request_id
@pytest.mark.usefixtures("short_deadline")
def test_a_transaction_that_stopped_before_its_commit_is_undone(
    server: App, client: Client, database: DatabaseServer, request_id: str
) -> None:
    with frozen_before("INSERT INTO activity_session ", server, database):
        refusal = failure(client.sessions.CreateSession, new_request(request_id))
    assert refusal.reason == "DATABASE_UNAVAILABLE"
    eventually(lambda: not database.transactions())
    assert sessions(client) == []


def test_a_read_waits_for_a_database_that_thaws(server: App, client: Client, database: DatabaseServer) -> None:
    session = new_session(client, PARENT)
    with (
        ThreadPoolExecutor(1) as pool,
        errors_of(server, "SELECT") as errors,
        frozen_before("SELECT", server, database) as thaw,
    ):
        answer = pool.submit(get_session, client, session.name)
        assert errors.get(timeout=WAIT_SECONDS) in CONNECTION_LOST
        thaw()
        assert answer.result() == session


def test_a_database_that_freezes_right_after_it_let_a_connection_in_keeps_nobody_waiting(
    server: App, client: Client, database: DatabaseServer
) -> None:
    frozen: list[float] = []
    with contextlib.ExitStack() as ice:

        def freeze(*_: object) -> None:
            if not frozen:
                ice.enter_context(database.frozen())
                frozen.append(time.monotonic())

        event.listen(engine_of(server), "connect", freeze, insert=True)
        server.store.connections.close()
        assert failure(client.sessions.CreateSession, new_request()).reason == "DATABASE_UNAVAILABLE"
        assert time.monotonic() - frozen[0] < SETTING_UP
    assert eventually(lambda: is_served(client))


def test_health_of_the_services_follows_the_database_and_that_of_the_process_does_not(database: DatabaseServer) -> None:
    with (
        serving(database.new_database(), database_timeout=1, health_interval=0.1) as server,
        connected(server.address) as client,
    ):
        health = HealthStub(client.channel)

        def statuses(*services: str) -> set[int]:
            return {health.Check(HealthCheckRequest(service=service)).status for service in services}

        assert statuses("", *SERVICES) == {HealthCheckResponse.SERVING}
        with database.frozen():
            eventually(lambda: statuses(*SERVICES) == {HealthCheckResponse.NOT_SERVING})
            assert statuses("") == {HealthCheckResponse.SERVING}
        eventually(lambda: statuses(*SERVICES) == {HealthCheckResponse.SERVING})
