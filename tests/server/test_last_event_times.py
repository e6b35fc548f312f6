"""The time of a session's newest event where that was appended by an older version, or is gone."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from sqlalchemy import create_engine, text

from activity_session.v1.event_service_pb2 import ListEventsRequest
from activity_session.v1.namespace_pb2 import NamespaceSettings
from activity_session.v1.session_pb2 import SESSION_VIEW_PREVIEW, Session
from activity_session.v1.session_service_pb2 import ListSessionsRequest
from activity_session_server.app import App
from activity_session_server.store import schema
from activity_session_testing.ages import make_older
from activity_session_testing.backends import KEEPING_BACKENDS
from activity_session_testing.moments import engine_of
from activity_session_testing.schemas import migrate_to
from activity_session_testing.servers import Client, connected, serving, unique
from activity_session_testing.steps import append, get_session, make_namespace, new_session

on_each_backend = pytest.mark.parametrize("backend", KEEPING_BACKENDS)
# More than two statements of the migration fill.
MANY = 2_500
START = "2026-01-01 00:00:00"


@pytest.fixture
def server(backend: str, new_database: Callable[[str], str]) -> Iterator[App]:
    with serving(new_database(backend)) as server:
        yield server


@pytest.fixture
def client(server: App) -> Iterator[Client]:
    with connected(server.address) as client:
        yield client


def by_time(client: Client, parent: str, **fields: Any) -> list[Session]:
    request = ListSessionsRequest(parent=parent, order_by="last_event_time desc", view=SESSION_VIEW_PREVIEW, **fields)
    return list(client.sessions.ListSessions(request).sessions)


def append_as_older(server: App, client: Client, name: str) -> None:
    """Append as a server of 0.2.0 does, which leaves two columns as they are."""
    columns = "last_event_ts, last_event_sequence"
    this = {"name": name.rpartition("/")[2]}
    with engine_of(server).begin() as connection:
        select = text(f"SELECT {columns} FROM activity_session WHERE name = :name")
        time, sequence = connection.execute(select, this).one()
        append(client, name, "by an older server")
        values = "last_event_ts = :time, last_event_sequence = :sequence"
        update = text(f"UPDATE activity_session SET {values} WHERE name = :name")
        connection.execute(update, {**this, "time": time, "sequence": sequence})


@on_each_backend
def test_after_an_append_of_an_older_server_is_right_at_once_and_its_place_after_the_next(
    server: App, client: Client
) -> None:
    parent = make_namespace(client, unique("older")).name
    for id_ in ("old", "new"):
        append(client, new_session(client, parent, id_).name, "first")
    old = f"{parent}/sessions/old"
    append_as_older(server, client, old)
    after = f"last_event_time > {get_session(client, f'{parent}/sessions/new').last_event_time.ToJsonString()}"
    found = by_time(client, parent)
    assert [session.name.rpartition("/")[2] for session in found] == ["new", "old"]
    assert found[1].newest_event.text == "by an older server"
    assert found[1].last_event_time == found[1].newest_event.create_time
    assert [session.name for session in by_time(client, parent, filter=after)] == [old]
    append(client, old, "by this one")
    found = by_time(client, parent)
    assert [session.name.rpartition("/")[2] for session in found] == ["old", "new"]
    assert found[0].last_event_time == found[0].newest_event.create_time


@on_each_backend
def test_stays_when_the_event_is_purged(server: App, client: Client) -> None:
    settings = NamespaceSettings(event_purge_age=Duration(seconds=3600))
    parent = make_namespace(client, unique("purged"), settings=settings).name
    session = new_session(client, parent)
    append(client, session.name, "one", "two")
    before = get_session(client, session.name)
    make_older(server, session.name, 2, timedelta(hours=2))
    server.upkeep.sweep()
    assert not client.events.ListEvents(ListEventsRequest(parent=session.name)).events
    (found,) = by_time(client, parent)
    assert (found.first_sequence, found.last_sequence) == (3, 2)
    assert (found.last_event_time, found.etag) == (before.last_event_time, before.etag)
    assert not found.HasField("newest_event")


@on_each_backend
def test_is_filled_by_the_migration_however_many_sessions_there_are(
    backend: str, new_database: Callable[[str], str]
) -> None:
    database_url = new_database(backend)
    engine = create_engine(database_url)
    migrate_to(engine, "0011")
    # Every third one has no event, and every third one lacks its newest, as purged ones do.
    rows = [
        {"pkid": f"s-{number:05}", "last": number % 3, "ts": f"2026-01-01 {number % 24:02}:{number % 60:02}:07.000000"}
        for number in range(MANY)
    ]
    columns = "pkid, name, namespace_pkid, last_sequence, create_ts, update_ts"
    of_event = "activity_session_pkid, sequence, event_id, create_ts, message"
    with engine.begin() as connection:
        values = f"SELECT :pkid, :pkid, pkid, :last, '{START}', '{START}' FROM namespace"
        connection.execute(text(f"INSERT INTO activity_session ({columns}) {values}"), rows)
        made = [row for row in rows if row["last"] == 1]
        connection.execute(text(f"INSERT INTO event ({of_event}) VALUES (:pkid, :last, 'e', :ts, '')"), made)
    schema.migrate_url(database_url)
    with engine.connect() as connection:
        found = connection.execute(
            text("SELECT pkid, last_event_ts, last_event_sequence FROM activity_session ORDER BY pkid")
        ).all()
    engine.dispose()
    assert [(row[0], str(row[1])[:19], row[2]) for row in found] == [
        (row["pkid"], str(row["ts"])[:19] if row["last"] == 1 else START, int(row["last"] == 1)) for row in rows
    ]
