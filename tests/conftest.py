"""What all tests share: the backends, and servers on them.

What this machine lacks is skipped with a line that says how to get it; with `REQUIRE_ALL=1` every skip is a failure.
"""

import os
import signal
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path

import pytest

from activity_session_testing import planted
from activity_session_testing.backends import (
    FIXTURES,
    GALERA,
    MARIADB,
    POSTGRESQL,
    SERVER,
    SERVERS,
    SQLITE_FILE,
    DatabaseServer,
    MariaDB,
)
from activity_session_testing.galera import NODES, Galera, missing_packages
from activity_session_testing.postgresql import PostgreSQL


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(planted)
    # Settings of the shell must not reach the servers under test.
    for name in [name for name in os.environ if name.startswith(("ACTIVITY_SESSION_", "OTEL_"))]:
        del os.environ[name]
    # Started in the background of a script, programs ignore Ctrl-C, and so would those that the tests start.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


# Files of tests that show most of a backend: its transactions, locks, order and texts.
CORE = {
    *("concurrency", "events", "events_concurrency", "event_retries", "expunge", "forks", "generations"),
    *("lock_order", "log_model", "memberships", "redactions", "rewinds", "sessions", "statements", "supersessions"),
    *("texts", "turns", "watch"),
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Function]) -> None:
    """Mark the tests by what they ask for, a fixture or a backend, and leave out those of the other server."""
    for item in items:
        parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
        for name, asked_for in ((GALERA, GALERA), ("mariadb", MARIADB), (POSTGRESQL, POSTGRESQL)):
            if asked_for in parameters or any(fixture.startswith(name) for fixture in item.fixturenames):
                item.add_marker(name)
        if item.path.stem.removeprefix("test_") in CORE:
            item.add_marker("core")
        if item.path.parent.name in ("contract", "faults"):
            item.add_marker(item.path.parent.name)
    others = [
        item for item in items if any(item.get_closest_marker(f"only_{name}") for name in SERVERS if name != SERVER)
    ]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item not in others]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and os.environ.get("REQUIRE_ALL") == "1":
        report.outcome = "failed"
        report.longrepr = f"skipped, which REQUIRE_ALL=1 forbids: {report.longrepr}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print one line for each reason of a skip, however many tests have it."""
    skipped = terminalreporter.stats.get("skipped", [])
    for reason, tests in Counter(report.longrepr[2] for report in skipped).items():
        terminalreporter.write_line(f"{reason} ({tests} tests)")


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDB]:
    """A private MariaDB server on a free port, or one of MySQL in its place."""
    kind = SERVERS[SERVER]
    if kind.find() is None:
        pytest.skip(kind.HOW_TO_GET)
    with kind.running(tmp_path_factory.mktemp(SERVER)) as server:
        yield server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A private PostgreSQL server on a free port."""
    with PostgreSQL.running() as server:
        yield server


@pytest.fixture(params=[*FIXTURES])
def database(request: pytest.FixtureRequest) -> DatabaseServer:
    """The server of each database that has one."""
    server: DatabaseServer = request.getfixturevalue(FIXTURES[request.param])
    return server


@pytest.fixture(scope="session")
def galera() -> Iterator[Galera]:
    """A private Galera cluster on free ports."""
    yield from _cluster(NODES * (0,))


@pytest.fixture(scope="module")
def galera_whose_clocks_differ() -> Iterator[Galera]:
    """A private Galera cluster; the clock of its second node is 30 s fast, that of the third 30 s slow."""
    yield from _cluster((0, 30, -30))


def _cluster(clock_offsets: Sequence[float]) -> Iterator[Galera]:
    if missing := missing_packages(clocks=any(clock_offsets)):
        pytest.skip(f"Galera is not installed; to run its tests: apt-get install {' '.join(missing)}")
    with Galera.running(clock_offsets) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def new_shared_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], tuple[str, str]]:
    """Returns the URLs by which two servers share an empty database of a backend: on Galera they use two nodes."""

    def new(backend: str) -> tuple[str, str]:
        if backend == GALERA:
            cluster: Galera = request.getfixturevalue("galera")
            first, second, _ = cluster.new_database()
            return first, second
        url = f"sqlite:///{tmp_path_factory.mktemp('shared') / 'test.db'}"
        if backend in FIXTURES:
            server: DatabaseServer = request.getfixturevalue(FIXTURES[backend])
            url = server.new_database()
        return url, url

    return new


@pytest.fixture
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """Returns the URL of an empty database of a backend."""

    def new(backend: str) -> str:
        if backend in FIXTURES:
            server: DatabaseServer = request.getfixturevalue(FIXTURES[backend])
            return server.new_database()
        return f"sqlite:///{tmp_path / 'test.db'}" if backend == SQLITE_FILE else "sqlite:///:memory:"

    return new
