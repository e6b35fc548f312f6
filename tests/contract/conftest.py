"""The contract: what holds on every backend, tested only through stubs."""

from collections.abc import Iterator

import pytest

from activity_session.v1.namespace_pb2 import Namespace
from activity_session.v1.namespace_service_pb2 import CreateNamespaceRequest
from activity_session_testing.backends import BACKENDS, MARIADB, SQLITE_FILE, MariaDB
from activity_session_testing.servers import Client, connected, serving, unique
from activity_session_testing.steps import new_participant


@pytest.fixture(scope="session", params=BACKENDS)
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An empty database of each backend."""
    if request.param == MARIADB:
        server: MariaDB = request.getfixturevalue("mariadb")
        # For SQLAlchemy this is another dialect than mysql+pymysql, which the tests of faults and processes use.
        return server.new_database().replace("mysql+", "mariadb+")
    if request.param == SQLITE_FILE:
        return f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'contract.db'}"
    return "sqlite:///:memory:"


@pytest.fixture(scope="session")
def address(database_url: str) -> Iterator[str]:
    """A server on each backend, one for all tests of the contract."""
    with serving(database_url) as server:
        yield server.address


@pytest.fixture(scope="session")
def client(address: str) -> Iterator[Client]:
    with connected(address) as client:
        yield client


@pytest.fixture
def namespace(client: Client) -> str:
    """The name of a fresh namespace."""
    request = CreateNamespaceRequest(namespace=Namespace(), namespace_id=unique("namespace"))
    return client.namespaces.CreateNamespace(request).name


@pytest.fixture
def author(client: Client, namespace: str) -> str:
    """The name of a fresh participant."""
    return new_participant(client, namespace)
