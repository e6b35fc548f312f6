"""Connections stay open between calls, as long as that is safe; a database in memory is never closed."""

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event

from activity_session_server.store.driver import connections
from activity_session_testing.backends import BACKENDS, MARIADB, SQLITE_FILE, SQLITE_MEMORY
from activity_session_testing.moments import Send, Times, engine_of, sending
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
    with serving(url, health_interval=NO_UPKEEP) as server, connected(server.address) as client:
        event.listen(engine_of(server), "connect", lambda *_: times.may_be_once_more())
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
