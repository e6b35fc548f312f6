"""After a redaction, and the step that docs/history.md names, the content is in no file of the database."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import RedactEventsRequest
from activity_session.v1.session_service_pb2 import ForkSessionRequest
from activity_session_testing.backends import FIXTURES, MariaDB
from activity_session_testing.postgresql import PostgreSQL
from activity_session_testing.servers import Client, connected, serving
from activity_session_testing.steps import append, list_events, new_session, pop, supersede

SECRET = "the swordfish is in the second drawer"
PARENT = "namespaces/default"
# What does not say what is there now, but what was changed: kept elsewhere, and for a time, by who runs the database.
LOGS = ("ib_logfile", "undo", "ibdata", "ibtmp", "binlog", "pg_wal")


def redact_after_all_that_keeps(client: Client) -> None:
    """Put a secret wherever the content of an event may come to lie, and redact it."""
    session = new_session(client, PARENT).name
    secret = Event(event_id="secret", text=SECRET, labels={"secret": SECRET.replace(" ", "-")})
    for _ in range(2):
        append(client, session, secret, request_id="appended")
    for _ in range(2):
        assert pop(client, session, reason=SECRET, request_id="popped")[0].text == SECRET
        supersede(client, session, 1, 1, Event(event_id="again", text=SECRET), reason=SECRET, request_id="superseded")
    fork = client.sessions.ForkSession(ForkSessionRequest(name=session, request_id="forked")).name
    append(client, fork, "its own")
    shown = list_events(client, session, show_superseded=True)
    redacted = [event.name for event in shown]
    client.events.RedactEvents(RedactEventsRequest(parent=session, names=redacted, reason="asked for"))
    for name in (session, fork):
        assert SECRET not in str(list_events(client, name, show_superseded=True))


def files_with_the_secret(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        if path.is_file() and not any(name in str(path) for name in LOGS):
            raw = path.read_bytes()
            if SECRET.encode() in raw or SECRET.replace(" ", "-").encode() in raw:
                yield path.name


def test_of_sqlite(tmp_path: Path) -> None:
    file = tmp_path / "sessions.db"
    with serving(f"sqlite:///{file}", health_interval=300) as server, connected(server.address) as client:
        redact_after_all_that_keeps(client)
        assert list(files_with_the_secret(tmp_path)), "nothing was there to be removed"
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert list(files_with_the_secret(tmp_path)) == []


@pytest.mark.parametrize(
    ("backend", "steps"),
    [("mariadb", ["OPTIMIZE TABLE event"]), ("postgresql", ["VACUUM FULL event", "CHECKPOINT"])],
)
def test_of_a_server(request: pytest.FixtureRequest, backend: str, steps: list[str]) -> None:
    database: MariaDB | PostgreSQL = request.getfixturevalue(FIXTURES[backend])
    url = database.new_database()
    with serving(url, health_interval=300) as server, connected(server.address) as client:
        redact_after_all_that_keeps(client)
    with closing(database.connect(url.rpartition("/")[2])) as connection, closing(connection.cursor()) as cursor:
        for step in steps:
            cursor.execute(step)
    assert list(files_with_the_secret(database.folder)) == []
