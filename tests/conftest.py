"""What all tests share: the backends, and servers on them.

A backend gives empty, migrated databases; `REQUIRE_ALL=1` turns the skip of one that this machine lacks into a failure.
"""

import os
from collections.abc import Iterator

import pytest

from backends import MariaDB, find_mariadb


def pytest_configure(config: pytest.Config) -> None:
    del config
    # Settings of the shell must not reach the servers under test.
    for name in [name for name in os.environ if name.startswith("ACTIVITY_SESSION_")]:
        del os.environ[name]


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDB]:
    """A private MariaDB server on a free port."""
    if find_mariadb() is None:
        message = "MariaDB is not installed; to run its tests: apt-get install mariadb-server"
        if os.environ.get("REQUIRE_ALL") == "1":
            pytest.fail(message)
        pytest.skip(message)
    with MariaDB.running(tmp_path_factory.mktemp("mariadb")) as server:
        yield server
