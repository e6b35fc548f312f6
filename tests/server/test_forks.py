"""What is kept of the log of a session as long as forks show it, and no longer."""

from collections.abc import Callable

import pytest
from google.protobuf.duration_pb2 import Duration
from sqlalchemy import func, select

from activity_session.v1.event_service_pb2 import GetEventRequest
from activity_session.v1.namespace_pb2 import NamespaceSettings
from activity_session.v1.session_pb2 import SESSION_VIEW_PREVIEW
from activity_session.v1.session_service_pb2 import ForkSessionRequest, GetSessionRequest
from activity_session_server.app import App
from activity_session_server.orm import Event, Expunged, InheritedRange
from activity_session_testing.ages import make_older
from activity_session_testing.backends import KEEPING_BACKENDS
from activity_session_testing.moments import engine_of
from activity_session_testing.servers import Client
from activity_session_testing.steps import (
    append,
    delete_session,
    expunge_session,
    get_session,
    list_events,
    make_namespace,
    new_session,
    refused,
    supersede,
)
from activity_session_testing.sweeps import swept_by_hand

HOUR = Duration(seconds=3600)
MANY = 40


@pytest.fixture(params=KEEPING_BACKENDS)
def database_url(request: pytest.FixtureRequest, new_database: Callable[[str], str]) -> str:
    return new_database(request.param)


def new_log(client: Client, age: Duration | None = None) -> str:
    """The name of a session with many events."""
    parent = make_namespace(client, settings=NamespaceSettings(event_purge_age=age)).name
    name = new_session(client, parent).name
    append(client, name, *(f"text {number}" for number in range(1, MANY + 1)))
    return name


def fork(client: Client, session: str, last: int) -> str:
    request = ForkSessionRequest(name=session, up_to_sequence=last, omit_state=True)
    return client.sessions.ForkSession(request).name


def end(client: Client, *sessions: str) -> None:
    for name in sessions:
        delete_session(client, name)
        expunge_session(client, name)


def numbers(client: Client, session: str) -> list[int]:
    return [event.sequence for event in list_events(client, session, show_superseded=True)]


def rows(server: App, *tables: type[Event | Expunged | InheritedRange]) -> list[int]:
    with engine_of(server).connect() as connection:
        return [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables]


class TestExpunge:
    def test_leaves_the_rows_that_a_fork_shows_until_it_goes(self, database_url: str) -> None:
        with swept_by_hand(database_url) as (server, client):
            origin = new_log(client)
            first = fork(client, origin, 20)
            second = fork(client, first, 10)
            end(client, origin)
            assert rows(server, Event, Expunged, InheritedRange) == [20, 0, 2]
            assert numbers(client, first) == list(range(1, 21))
            end(client, first)
            server.upkeep.sweep()
            assert rows(server, Event, Expunged, InheritedRange) == [10, 0, 1]
            assert numbers(client, second) == list(range(1, 11))
            end(client, second)
            server.upkeep.sweep()
            assert rows(server, Event, Expunged, InheritedRange) == [0, 0, 0]

    def test_of_a_fork_leaves_the_rows_of_its_origin(self, database_url: str) -> None:
        with swept_by_hand(database_url) as (server, client):
            origin = new_log(client)
            made = fork(client, origin, 20)
            append(client, made, "its own")
            end(client, made)
            server.upkeep.sweep()
            assert numbers(client, origin) == list(range(1, MANY + 1))
            assert rows(server, Event, Expunged, InheritedRange) == [MANY, 0, 0]


class TestPurge:
    """Of events by their age."""

    def test_takes_from_the_origin_what_a_fork_goes_on_to_show(self, database_url: str) -> None:
        with swept_by_hand(database_url) as (server, client):
            origin = new_log(client, HOUR)
            made = fork(client, origin, 20)
            event = list_events(client, origin)[4]
            supersede(client, made, 3, 3)
            # As if the fork kept its events for longer: nothing has looked at its age.
            make_older(server, origin, 30)
            server.upkeep.sweep()
            assert numbers(client, origin) == list(range(31, MANY + 1))
            assert get_session(client, origin).first_sequence == 31
            refused(client.events.GetEvent, GetEventRequest(name=event.name), "EVENT_NOT_FOUND")
            assert numbers(client, made) == list(range(1, 22))
            assert rows(server, Event) == [20 + 1 + MANY - 30]
            assert append(client, origin, "next").last_sequence == MANY + 1
            end(client, made)
            server.upkeep.sweep()
            assert rows(server, Event, Expunged) == [MANY - 30 + 1, 0]

    def test_can_leave_the_origin_nothing_to_preview(self, database_url: str) -> None:
        with swept_by_hand(database_url) as (server, client):
            origin = new_log(client, HOUR)
            fork(client, origin, MANY)
            make_older(server, origin, MANY)
            server.upkeep.sweep()
            request = GetSessionRequest(name=origin, view=SESSION_VIEW_PREVIEW)
            assert not client.sessions.GetSession(request).HasField("newest_event")
            assert numbers(client, origin) == []

    def test_of_a_fork_goes_through_its_parts(self, database_url: str) -> None:
        with swept_by_hand(database_url) as (server, client):
            origin = new_log(client, HOUR)
            make_older(server, origin, 25)
            middle = fork(client, origin, 22)
            append(client, middle, "its own")
            made = fork(client, middle, 23)
            append(client, made, "its own too")
            server.upkeep.sweep()
            assert [numbers(client, name) for name in (origin, middle, made)] == [
                list(range(26, MANY + 1)),
                [23],
                [23, 24],
            ]
            server.upkeep.sweep()
            assert rows(server, Event, Expunged, InheritedRange) == [MANY - 25 + 2, 0, 1]
            assert [get_session(client, name).first_sequence for name in (middle, made)] == [23, 23]
