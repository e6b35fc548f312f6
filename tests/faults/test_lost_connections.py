"""Connections and servers that end: no acknowledged write is lost, and none is made twice."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import grpc
import pytest
from sqlalchemy import make_url

from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import CreateSessionRequest, ListSessionsRequest, UpdateSessionRequest
from activity_session_server.app import App
from activity_session_server.store import schema
from activity_session_testing.backends import (
    FIXTURES,
    KEEPING_BACKENDS,
    MARIADB,
    DatabaseServer,
    driver_error,
)
from activity_session_testing.moments import before, errors_of, eventually
from activity_session_testing.ports import free_port
from activity_session_testing.processes import ServerProcess
from activity_session_testing.proxies import Proxy, proxying
from activity_session_testing.servers import Client, Failure, connected, failure, serving, unique
from activity_session_testing.steps import append, at_once, delete_session, get_session, new_session, update_session

PARENT = "namespaces/default"
WRITERS = 3
# Writes between two faults, so that each fault hits a server that works again.
QUIET_WRITES = 30
BLOWS = 10
# More connections than a call tries.
CHAIN = 8
ROUNDS = 10


class Writers:
    """Clients that create sessions, each under an id that is used once, and keep the responses."""

    def __init__(self, address: str) -> None:
        self.acknowledged: list[str] = []
        self.refusals: Counter[grpc.StatusCode] = Counter()
        self._address = address
        self._stopped = threading.Event()

    @contextmanager
    def writing(self) -> Iterator[None]:
        with ThreadPoolExecutor(WRITERS) as pool:
            writers = [pool.submit(self._write) for _ in range(WRITERS)]
            try:
                yield
            finally:
                self._stopped.set()
            for writer in writers:
                writer.result()

    def wait_for_more(self) -> None:
        """Wait until that many more writes have been acknowledged."""
        enough = len(self.acknowledged) + QUIET_WRITES
        eventually(lambda: len(self.acknowledged) >= enough)

    def _write(self) -> None:
        with connected(self._address) as client:
            while not self._stopped.wait(0.005):
                try:
                    self.acknowledged.append(new_session(client, PARENT).name)
                except grpc.RpcError as error:
                    self.refusals[error.code()] += 1


def kill_connections(database: DatabaseServer) -> None:
    """End all connections of servers, and wait until the database has released them."""
    doomed = database.connections()
    database.kill_connections()
    eventually(lambda: doomed.isdisjoint(database.connections()))


def sessions_if_there(client: Client) -> list[tuple[str, ...]]:
    """All sessions in a list of one; an empty list while the database is away."""
    try:
        return [tuple(all_sessions(client))]
    except grpc.RpcError:
        return []


def all_sessions(client: Client) -> list[str]:
    names, token = [], None
    while token != "":
        request = ListSessionsRequest(parent=PARENT, page_size=1000, page_token=token or "")
        page = client.sessions.ListSessions(request)
        names += [session.name for session in page.sessions]
        token = page.next_page_token
    return names


CALLS: dict[str, Callable[[Client, Session], Session]] = {
    "read": lambda client, session: get_session(client, session.name),
    "create": lambda client, _: new_session(client, PARENT),
    "update": lambda client, session: update_session(
        client, Session(name=session.name, etag=session.etag, data="new"), "data"
    ),
    "delete": lambda client, session: delete_session(client, session.name),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_connections_that_end_between_calls_go_unnoticed(
    server: App, client: Client, database: DatabaseServer, call: Callable[[Client, Session], Session]
) -> None:
    session = new_session(client, PARENT)
    kill_connections(database)
    with errors_of(server) as errors:
        answer = call(client, session)
        assert not errors.empty()
    assert get_session(client, answer.name) == answer


def by_an_operator(database: DatabaseServer, _: Proxy) -> None:
    database.kill_connections()


def by_a_proxy(_: DatabaseServer, proxy: Proxy) -> None:
    proxy.cut()


@pytest.mark.parametrize("cut", [by_an_operator, by_a_proxy])
def test_no_call_meets_several_connections_that_were_cut_while_idle(
    database: DatabaseServer, cut: Callable[[DatabaseServer, Proxy], None]
) -> None:
    url = make_url(database.new_database())
    with proxying(f"127.0.0.1:{database.port}") as proxy:
        through = url.set(port=int(proxy.address.rpartition(":")[2])).render_as_string(hide_password=False)
        with (
            serving(through, health_interval=300, threads=32, database_timeout=20) as server,
            connected(server.address) as client,
        ):
            sessions = [new_session(client, PARENT).name for _ in range(24)]
            for _ in range(ROUNDS):
                eventually(lambda: calls_at_once(client, sessions) and len(own_connections(server, database)) > CHAIN)
                doomed = own_connections(server, database)
                cut(database, proxy)
                eventually(lambda doomed=doomed: doomed.isdisjoint(own_connections(server, database)))  # type: ignore[misc]
                with errors_of(server) as errors:
                    done = calls_at_once(client, sessions)
                assert not errors.empty()
                assert not [one.message for one in done if isinstance(one, Failure)]


def calls_at_once(client: Client, sessions: list[str]) -> list[object]:
    """Read and write each session three times, all at one moment."""
    reads = [partial(get_session, client, session) for session in sessions]
    writes = [partial(append, client, session, "x") for session in sessions]
    return at_once([*reads, *writes] * 3)


@pytest.mark.parametrize("request_id", ["", "once"])
@pytest.mark.parametrize(
    "statement", ["BEGIN", "INSERT INTO idempotency", "SELECT", "UPDATE activity_session", "COMMIT"]
)
def test_a_connection_that_ends_in_a_transaction_goes_unnoticed(
    server: App, client: Client, database: DatabaseServer, statement: str, request_id: str
) -> None:
    session = new_session(client, PARENT)
    # Carried out a second time it would be refused: the etag is no longer the current one.
    changed = Session(name=session.name, etag=session.etag, data="new")
    with errors_of(server) as errors, before(server, statement, lambda: kill_connections(database)) as times:
        updated = client.sessions.UpdateSession(UpdateSessionRequest(session=changed, request_id=request_id))
        assert times.count == 1
        assert not errors.empty()
    assert updated.data == "new"
    assert get_session(client, session.name) == updated


# Not shown for MySQL 8.0.15: there such a burst now and then costs a call, for a reason that was not found.
@pytest.mark.only_mariadb
def test_connections_that_end_again_and_again_under_load_go_unnoticed(
    server: App, client: Client, database: DatabaseServer
) -> None:
    writers = Writers(server.address)
    with errors_of(server) as errors, writers.writing():
        for _ in range(BLOWS):
            writers.wait_for_more()
            database.kill_connections()
        writers.wait_for_more()
    assert errors.qsize() >= BLOWS
    assert not writers.refusals
    assert sorted(all_sessions(client)) == sorted(writers.acknowledged)


# MySQL may take longer to start than a commit in doubt is settled for.
@pytest.mark.only_mariadb
def test_a_database_that_is_killed_under_load_loses_nothing(
    server: App, client: Client, database: DatabaseServer
) -> None:
    writers = Writers(server.address)
    with writers.writing():
        writers.wait_for_more()
        database.kill()
        try:
            eventually(lambda: writers.refusals)
        finally:
            database.start()
        writers.wait_for_more()
    check_nothing_lost(writers, client)


@pytest.mark.parametrize("backend", KEEPING_BACKENDS)
def test_a_server_that_is_killed_under_load_loses_nothing(
    backend: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    database_url = f"sqlite:///{tmp_path / 'test.db'}"
    if backend in FIXTURES:
        database_url = request.getfixturevalue(FIXTURES[backend]).new_database()
        schema.migrate_url(database_url)
    flags = ["--address", f"127.0.0.1:{free_port()}", "--database-url", database_url]
    server = ServerProcess(tmp_path / "log", *flags)
    try:
        writers = Writers(server.address)
        with writers.writing(), connected(server.address) as client:
            writers.wait_for_more()
            server.kill()
            eventually(lambda: writers.refusals)
            server = ServerProcess(tmp_path / "log", *flags)
            writers.wait_for_more()
            check_nothing_lost(writers, client)
    finally:
        server.kill()


def check_nothing_lost(writers: Writers, client: Client) -> None:
    acknowledged = list(writers.acknowledged)
    assert set(writers.refusals) == {grpc.StatusCode.UNAVAILABLE}
    assert set(acknowledged) <= set(all_sessions(client))


# A node that has lost its cluster is there on Galera alone, of which MariaDB has the errors.
on_galera_alone = pytest.mark.parametrize("database", [MARIADB], indirect=True)


def leave_the_primary_component() -> None:
    raise driver_error(1047, "WSREP has not yet prepared node for application use")


@pytest.fixture
def broken_connection(server: App, client: Client, database: DatabaseServer) -> Iterator[object]:
    """The connection of a server whose node has left its cluster: it refuses tables once, and ROLLBACK always."""
    new_session(client, PARENT)
    (connection,) = own_connections(server, database)
    with (
        before(server, "INSERT INTO activity_session ", leave_the_primary_component) as times,
        before(server, "ROLLBACK", leave_the_primary_component, most=1000),
    ):
        yield connection
        assert times.count == 1


def own_connections(server: App, database: DatabaseServer) -> set[object]:
    return database.connections(server.settings.database_url.rpartition("/")[2])


@on_galera_alone
def test_a_connection_to_a_node_without_its_cluster_does_not_come_back(
    server: App, client: Client, database: DatabaseServer, broken_connection: object
) -> None:
    created = new_session(client, PARENT)
    assert created.name in all_sessions(client)
    eventually(lambda: broken_connection not in own_connections(server, database))
    # One of a check of the database may be there for a moment.
    eventually(lambda: not database.transactions())


@on_galera_alone
def test_a_node_that_stays_without_its_cluster_is_told_as_unavailable_until_it_is_back(
    server: App, client: Client
) -> None:
    session_id = unique("session")
    request = CreateSessionRequest(parent=PARENT, session=Session(), session_id=session_id)
    with (
        before(server, "INSERT INTO activity_session ", leave_the_primary_component, most=1000) as times,
        before(server, "ROLLBACK", leave_the_primary_component, most=1000),
    ):
        refusal = failure(client.sessions.CreateSession, request)
    assert times.count > 1
    assert refusal.reason == "DATABASE_UNAVAILABLE"
    # The first call that finds the database ends the outage.
    assert eventually(lambda: sessions_if_there(client)) == [()]
    created = client.sessions.CreateSession(request)
    assert all_sessions(client) == [created.name]
