"""Connections stay open between calls, as long as that is safe; a database in memory is never closed."""

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import event

from activity_session_server.app import App
from activity_session_server.store.driver import connections
from activity_session_testing.backends import BACKENDS, MARIADB, SQLITE_FILE, SQLITE_MEMORY, MariaDB
from activity_session_testing.moments import Send, Times, engine_of, eventually, sending
from activity_session_testing.servers import connected, serving
from activity_session_testing.steps import append, get_session, list_events, new_session

PARENT = "namespaces/default"
NO_UPKEEP = 300.0
CALLS = 5


@pytest.mark.parametrize("backend", BACKENDS)
def test_one_connection_is_enough_for_calls_one_after_the_other(
    new_database: Callable[[str], str], backend: str
) -> None:
    assert connects_of(new_database(backend)) == 0


@pytest.mark.parametrize(("backend", "connects"), [(SQLITE_FILE, 0), (SQLITE_MEMORY, 0), (MARIADB, CALLS)])
def test_what_was_idle_for_long_is_opened_anew_where_a_network_lies_between(
    new_database: Callable[[str], str], backend: str, connects: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "LONGEST_IDLE", 0.0)
    assert connects_of(new_database(backend)) == connects


def connects_of(url: str) -> int:
    """Return how often a server connects to serve some calls, after it has connected once for its first check."""
    times = Times(1000)

    def count(*_: object) -> None:
        # Signals to other servers have connections of their own.
        if threading.current_thread().name != "signals":
            times.may_be_once_more()

    with serving(url, health_interval=NO_UPKEEP) as server, connected(server.address) as client:
        event.listen(engine_of(server), "connect", count)
        session = new_session(client, PARENT)
        for _ in range(CALLS - 1):
            assert get_session(client, session.name) == session
    return times.count


def test_a_database_in_memory_outlives_a_transaction_that_ended_of_its_own_accord() -> None:
    times = Times(1)

    def end_the_transaction(send: Send, statement: str, *values: Any) -> Any:
        if statement.startswith("INSERT INTO event") and times.may_be_once_more():
            send("ROLLBACK")
            error = sqlite3.OperationalError("out of memory")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error
        return send(statement, *values)

    with (
        serving("sqlite:///:memory:", health_interval=NO_UPKEEP) as server,
        connected(server.address) as client,
        sending(server, end_the_transaction),
    ):
        session = new_session(client, PARENT).name
        append(client, session, "one")
        assert [event.text for event in list_events(client, session)] == ["one"]
    assert times.count == 1


def test_connections_share_one_tls_context(mariadb: MariaDB) -> None:
    with serving(mariadb.new_database(), health_interval=300) as server, connected(server.address) as client:
        session = new_session(client, PARENT).name
        with ThreadPoolExecutor(8) as pool:
            eventually(
                lambda: (
                    list(pool.map(lambda _: get_session(client, session), range(32))) and open_contexts(server)[0] > 1
                )
            )
        assert open_contexts(server)[1] == 1


def open_contexts(server: App) -> tuple[int, int]:
    """How many connections are open, and how many TLS contexts they have."""
    cores = [connection._core for connection in tuple(server.store._connections._idle)]  # noqa: SLF001
    contexts = [core.connection.driver_connection.ctx for core in cores if core is not None]
    return len(contexts), len({id(context) for context in contexts})
