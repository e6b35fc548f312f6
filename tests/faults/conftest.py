"""Servers for faults: on databases of their own, and without upkeep, which would meet the faults first."""

from collections.abc import Iterator

import pytest

from activity_session_server.app import App
from activity_session_testing.backends import MariaDB
from activity_session_testing.servers import Client, connected, serving

# So long that no health check and no sweep interferes.
NO_UPKEEP = 300.0


@pytest.fixture
def server(mariadb: MariaDB) -> Iterator[App]:
    """A server that gives the database a second for each statement."""
    with serving(mariadb.new_database(), database_timeout=1, health_interval=NO_UPKEEP) as server:
        yield server


@pytest.fixture
def client(server: App) -> Iterator[Client]:
    with connected(server.address) as client:
        yield client
