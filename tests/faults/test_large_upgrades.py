"""A long log that an older version has written is the same after an upgrade, event by event."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import JSON, Column, Engine, MetaData, Table, create_engine, insert, text

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import ListEventsRequest
from activity_session_server.store import revisions
from activity_session_testing.backends import MARIADB, SQLITE_FILE
from activity_session_testing.logs import BLOBS, TEXTS
from activity_session_testing.processes import run
from activity_session_testing.schemas import migrate_to
from activity_session_testing.servers import connected, serving

EVENTS, SESSIONS = 100_000, 7
CONTENT = [*TEXTS, *BLOBS, None, "x" * 5_000, b"\0" * 5_000]
START = datetime(2026, 1, 1, tzinfo=UTC)


# PostgreSQL has been served from the newest schema alone, and keeps no NUL in a text.
@pytest.mark.parametrize("backend", [SQLITE_FILE, MARIADB])
def test_every_event_is_the_same_as_before(backend: str, new_database: Callable[[str], str]) -> None:
    database_url = new_database(backend)
    engine = create_engine(database_url)
    migrate_to(engine, "0002")
    write(engine)
    engine.dispose()
    migrated = run("migrate", "--database-url", database_url)
    assert f"schema 0002 -> {revisions.NEWEST}" in migrated.stdout
    assert "migrating the log: 1000 of 99995 events" in migrated.stderr
    with serving(database_url) as server, connected(server.address) as client:
        for number in range(SESSIONS):
            request = ListEventsRequest(parent=f"namespaces/default/sessions/{number}", page_size=1000)
            count = 0
            while request.page_token or not count:
                found = client.events.ListEvents(request)
                assert found.events[:] == [message(number, count + index + 1) for index in range(len(found.events))]
                count += len(found.events)
                request.page_token = found.next_page_token
            assert count == EVENTS // SESSIONS


def message(session: int, sequence: int) -> Event:
    """The event of a number, as it was written and must be read."""
    chosen = random.Random(f"{session} {sequence}")
    event = Event(
        name=f"namespaces/default/sessions/{session}/events/e-{sequence}",
        event_id=f"e-{sequence}",
        sequence=sequence,
        author=chosen.choice(["", "namespaces/default/participants/ann 🌱"]),
        type=chosen.choice(["", "message"]),
        media_type=chosen.choice(["", "text/plain"]),
        labels=chosen.choice([{}, {"a": "", "ключ": "значение"}]),
        create_time=timestamp(START + timedelta(microseconds=sequence)),
    )
    content = chosen.choice(CONTENT)
    if content is not None:
        event.MergeFrom(Event(text=content) if isinstance(content, str) else Event(blob=content))
    if chosen.random() < 0.5:
        event.event_time.CopyFrom(timestamp(START - timedelta(days=sequence, microseconds=1)))
    return event


def write(engine: Engine) -> None:
    """Write sessions with their events as version 0.1.0 has written them."""
    events = Table("event", MetaData(), Column("labels", JSON), autoload_with=engine)
    with engine.begin() as connection:
        for number in range(SESSIONS):
            columns = "pkid, name, namespace_pkid, last_sequence"
            values = f"SELECT 'session-{number}', '{number}', pkid, {EVENTS // SESSIONS} FROM namespace"
            connection.execute(text(f"INSERT INTO activity_session ({columns}) {values}"))
            rows = [row(number, message(number, sequence)) for sequence in range(1, EVENTS // SESSIONS + 1)]
            connection.execute(insert(events), rows)


def row(session: int, event: Event) -> dict[str, Any]:
    return {
        "activity_session_pkid": f"session-{session}",
        "sequence": event.sequence,
        "event_id": event.event_id,
        "author": event.author,
        "event_type": event.type,
        "content_text": event.text if event.HasField("text") else None,
        "content_blob": event.blob if event.HasField("blob") else None,
        "media_type": event.media_type,
        "labels": dict(event.labels),
        "event_ts": event.event_time.ToDatetime() if event.HasField("event_time") else None,
        "create_ts": event.create_time.ToDatetime(),
    }


def timestamp(time: datetime) -> Timestamp:
    found = Timestamp()
    found.FromDatetime(time)
    return found
