"""The contract: what holds on every backend, tested only through stubs."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from activity_session.v1.namespace_pb2 import Namespace
from activity_session.v1.namespace_service_pb2 import CreateNamespaceRequest
from activity_session_testing.backends import BACKENDS, FIXTURES, GALERA, SERVER, SQLITE_FILE, SQLITE_MEMORY, MariaDB
from activity_session_testing.galera import Galera
from activity_session_testing.postgresql import PostgreSQL
from activity_session_testing.servers import Client, connected, serving, unique
from activity_session_testing.steps import new_participant


@pytest.fixture(scope="session", params=[*BACKENDS, GALERA])
def database_urls(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """An empty database of each backend: its URL, on Galera that on each node."""
    if request.param == SQLITE_MEMORY:
        return ["sqlite:///:memory:"]
    if request.param == SQLITE_FILE:
        return [f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'contract.db'}"]
    if request.param == GALERA:
        cluster: Galera = request.getfixturevalue("galera")
        return cluster.new_database()
    server: MariaDB | PostgreSQL = request.getfixturevalue(FIXTURES[request.param])
    # For SQLAlchemy mariadb+pymysql is another dialect than mysql+pymysql, which the other tests use.
    return [server.new_database().replace("mysql+", f"{SERVER}+")]


@pytest.fixture(scope="session")
def database_url(database_urls: list[str]) -> str:
    """For servers that tests run besides those at `address`."""
    return database_urls[-1]


@pytest.fixture(scope="session")
def address(database_urls: list[str]) -> Iterator[str]:
    """A server on each backend, one for all tests of the contract; on Galera one on each node.

    There the calls of one client go to each node in turn: what one has written, the next one reads or writes.
    """
    with ExitStack() as stack:
        servers = [stack.enter_context(serving(url)) for url in database_urls]
        yield "ipv4:" + ",".join(server.address for server in servers)


@pytest.fixture(scope="session")
def client(address: str) -> Iterator[Client]:
    with connected(address) as client:
        yield client


@pytest.fixture(scope="session")
def system(database_urls: list[str]) -> Iterator[Client]:
    """A caller with the role system, on servers of its own; in memory these have a database of their own."""
    with ExitStack() as stack:
        servers = [stack.enter_context(serving(url, anonymous_role="system")) for url in database_urls]
        yield stack.enter_context(connected("ipv4:" + ",".join(server.address for server in servers)))


@pytest.fixture
def namespace(client: Client) -> str:
    """The name of a fresh namespace."""
    request = CreateNamespaceRequest(namespace=Namespace(), namespace_id=unique("namespace"))
    return client.namespaces.CreateNamespace(request).name


@pytest.fixture
def author(client: Client, namespace: str) -> str:
    """The name of a fresh participant."""
    return new_participant(client, namespace)
