"""Many sessions that are due at once, swept by three servers on one database: each once, and no lock held for long."""

import json
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from activity_session_server.store.driver.connections import Connection
from activity_session_server.usecases.due_sessions import BATCH
from activity_session_testing.backends import FIXTURES, MARIADB
from activity_session_testing.moments import Send, sending
from activity_session_testing.servers import Client, connected, serving
from activity_session_testing.steps import append, at_once, new_session

PARENT = "namespaces/default"
SERVERS, SESSIONS = 3, 600
# Seconds for which a session may be locked. Half of them must keep to it: a busy machine makes others longer.
LONGEST_LOCK = 0.05
_COLUMNS = "pkid, name, namespace_pkid, enabled, deleted, create_ts, update_ts, expire_ts"


def fill(database_url: str, backend: str) -> None:
    """Have the database make sessions that have expired, and all else as the defaults of the columns are."""
    series = f"seq_1_to_{SESSIONS}" if backend == MARIADB else f"generate_series(1, {SESSIONS}) AS seq"
    values = "CONCAT('due-', seq), CONCAT('due-', seq), namespace.pkid, true, false"
    times = "'2020-01-01', '2020-01-01', '2020-01-02'"
    engine = create_engine(database_url)
    with engine.begin() as connection:
        insert = f"INSERT INTO activity_session ({_COLUMNS}) SELECT {values}, {times} FROM namespace, {series}"
        connection.execute(text(insert))
    engine.dispose()


class Locks:
    """For how many seconds the sweeps have kept sessions locked, and how many statements of a transaction did that."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.most_at_once = 0
        self._own = threading.local()

    def note(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Note from now on how long each is held, from the statement that locked it to the end of the commit."""
        commit = Connection.commit

        def end(connection: Connection) -> None:
            commit(connection)
            since = getattr(self._own, "since", None)
            if since is not None:
                self.seconds.append(time.monotonic() - since)
                self._own.since, self._own.count = None, 0

        monkeypatch.setattr(Connection, "commit", end)

    def tell(self, send: Send, statement: str, *values: Any) -> Any:
        """Send a statement; if it locks a session for the sweep, note when it did."""
        found = send(statement, *values)
        if "FOR UPDATE" in statement and threading.current_thread().name.startswith("ThreadPoolExecutor"):
            self._own.since = time.monotonic()
            self._own.count = getattr(self._own, "count", 0) + 1
            self.most_at_once = max(self.most_at_once, self._own.count)
        return found


@pytest.mark.parametrize("backend", FIXTURES)
def test_of_three_servers_does_each_session_once_and_holds_no_lock_for_long(
    backend: str, new_database: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, locks = new_database(backend), Locks()
    audit = [tmp_path / f"audit-{number}" for number in range(SERVERS)]
    with ExitStack() as stack:
        servers = [stack.enter_context(serving(url, health_interval=300.0, audit_log_file=str(path))) for path in audit]
        client = stack.enter_context(connected(servers[0].address))
        locks.note(monkeypatch)
        for server in servers:
            stack.enter_context(sending(server, locks.tell))
        fill(url, backend)
        with appending(client) as taken:
            at_once([server.upkeep.sweep for server in servers])
    expired = Counter(line["resource"] for path in audit for line in lines(path) if line["method"] == "sweep/expired")
    assert expired == Counter({f"{PARENT}/sessions/due-{number}": 1 for number in range(1, SESSIONS + 1)})
    # None of the three was idle, or waited for the others all the time.
    shares = [sum(line["method"] == "sweep/expired" for line in lines(path)) for path in audit]
    assert min(shares) > SESSIONS / 10
    assert len(locks.seconds) >= SESSIONS / BATCH
    assert locks.most_at_once == 1
    assert statistics.median(locks.seconds) < LONGEST_LOCK
    assert len(taken) > 10


@contextmanager
def appending(client: Client) -> Iterator[list[int]]:
    """Append to another session until the end of the block, and collect the numbers of the events."""
    name, numbers, is_over = new_session(client, PARENT).name, [], threading.Event()

    def append_on() -> None:
        while not is_over.wait(0.01):
            numbers.append(append(client, name, "x").last_sequence)

    thread = threading.Thread(target=append_on)
    thread.start()
    try:
        yield numbers
    finally:
        is_over.set()
        thread.join()


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]
