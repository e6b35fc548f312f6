"""Servers for faults: on databases of their own, and without upkeep, which would meet the faults first."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from activity_session_server.app import App
from activity_session_server.store import schema
from activity_session_testing.backends import FIXTURES, KEEPING_BACKENDS, DatabaseServer
from activity_session_testing.galera import Galera
from activity_session_testing.processes import ServerProcess, serving_process
from activity_session_testing.servers import Client, connected, serving

# So long that no health check and no sweep interferes.
NO_UPKEEP = 300.0


@pytest.fixture
def server(database: DatabaseServer) -> Iterator[App]:
    """A server that gives its database a second for each statement."""
    with serving(database.new_database(), database_timeout=1, health_interval=NO_UPKEEP) as server:
        yield server


@pytest.fixture
def client(server: App) -> Iterator[Client]:
    with connected(server.address) as client:
        yield client


@pytest.fixture
def servers_of_nodes(galera: Galera) -> Iterator[list[App]]:
    """A server on each node of a cluster, all on one database."""
    urls = galera.new_database()
    schema.migrate_url(urls[0])
    galera.settle()
    with ExitStack() as stack:
        yield [stack.enter_context(serving(url)) for url in urls]


@pytest.fixture
def clients_of_nodes(servers_of_nodes: list[App]) -> Iterator[list[Client]]:
    """A client of each of them."""
    with ExitStack() as stack:
        yield [stack.enter_context(connected(server.address)) for server in servers_of_nodes]


@pytest.fixture(scope="module", params=KEEPING_BACKENDS)
def process(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server that is a process of its own, so that its memory and its threads can be measured."""
    folder = tmp_path_factory.mktemp("process")
    url = f"sqlite:///{folder / 'test.db'}"
    if request.param in FIXTURES:
        url = request.getfixturevalue(FIXTURES[request.param]).new_database()
        schema.migrate_url(url)
    # What it holds is measured, not how long a busy machine takes for it.
    with serving_process(folder / "log", "--database-url", url, "--database-timeout", "20") as process:
        yield process
