"""What the floor of the benchmarks repeats: recorded statements that write as much each time as the call did."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from activity_session.v1.event_pb2 import Event
from activity_session_benchmarks.recordings import Recording, Repetition, recording, repeatable
from activity_session_server.orm import Event as EventRow
from activity_session_server.orm.base import table_of
from activity_session_server.settings import Settings
from activity_session_server.store.backends import EngineOptions, open_engine
from activity_session_testing.backends import KEEPING_BACKENDS
from activity_session_testing.servers import connected, serving
from activity_session_testing.steps import append, get_session, list_events, new_session

SETTINGS = Settings.model_validate({})
SESSION = "namespaces/default/sessions/recorded"
APPEND = ("EventService/AppendEvents", {"parent": SESSION, "events": [{"text": "first"}, {"text": "second"}]})
GET = ("SessionService/GetSession", {"name": SESSION})


@pytest.fixture(params=KEEPING_BACKENDS)
def database_url(request: pytest.FixtureRequest, new_database: Callable[[str], str]) -> str:
    """A database with a session that has one event."""
    url = new_database(request.param)
    with serving(url) as server, connected(server.address) as client:
        new_session(client, "namespaces/default", "recorded")
        append(client, SESSION, "before")
    return url


def events_after(database_url: str, recordings: Sequence[Recording]) -> list[Any]:
    """Repeat recordings without a server, and return the rows of the events that a server has after that."""
    engine = open_engine(database_url, EngineOptions(SETTINGS.database_timeout, SETTINGS.sqlite_synchronous))
    with engine.connect() as connection:
        driver_connection = connection.connection.driver_connection
        assert driver_connection is not None
        for recorded in recordings:
            repetition = Repetition(driver_connection.cursor())
            for statement in recorded:
                statement.repeat(repetition)
    with serving(database_url) as server, connected(server.address) as client:
        append(client, SESSION, "after")
        assert get_session(client, SESSION).last_sequence == len(list_events(client, SESSION))
        with server.store.engine.connect() as connection:
            return list(connection.execute(select(table_of(EventRow)).order_by(EventRow.sequence)))


def test_an_append_is_repeated_with_the_next_numbers_and_new_ids(database_url: str) -> None:
    with recording(database_url) as record:
        appending = repeatable(record(*APPEND), record(*APPEND))
    events = events_after(database_url, [appending] * 3)
    assert [Event.FromString(event.message).text for event in events] == ["before", *["first", "second"] * 5, "after"]
    assert [event.sequence for event in events] == list(range(1, 13))
    assert len({event.event_id for event in events}) == 12


def test_a_repetition_that_does_less_is_refused(database_url: str) -> None:
    with recording(database_url) as record:
        *appending, inserting, committing = repeatable(record(*APPEND), record(*APPEND))
    three_rows = inserting._replace(row_count=3)
    with pytest.raises(RuntimeError, match="2 rows instead of 3: INSERT INTO event"):
        events_after(database_url, [[*appending, three_rows, committing]])


def test_what_is_not_the_same_call_is_refused(tmp_path: Path) -> None:
    with recording(f"sqlite:///{tmp_path / 'other.db'}") as record:
        record("SessionService/CreateSession", {"parent": "namespaces/default", "sessionId": "recorded", "session": {}})
        getting, appending = record(*GET), record(*APPEND)
    with pytest.raises(ValueError, match="not the same call: SELECT"):
        repeatable(getting, appending)
