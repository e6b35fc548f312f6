"""How several events are read that are named: by one statement, unless they are large, and as of one moment."""

import itertools
from collections.abc import Callable, Iterator

import pytest
from google.protobuf.duration_pb2 import Duration

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import BatchGetEventsRequest
from activity_session.v1.session_settings_pb2 import SessionSettings
from activity_session_server.app import App
from activity_session_testing.ages import make_older
from activity_session_testing.backends import KEEPING_BACKENDS
from activity_session_testing.moments import before
from activity_session_testing.servers import Client
from activity_session_testing.steps import append, list_events, new_session, refused
from activity_session_testing.sweeps import swept_by_hand

LARGE = 1_000_000
IDS = ["large1", "small", "large2", "large3"]


@pytest.fixture(params=KEEPING_BACKENDS)
def served(request: pytest.FixtureRequest, new_database: Callable[[str], str]) -> Iterator[tuple[App, Client]]:
    with swept_by_hand(new_database(request.param)) as served:
        yield served


@pytest.fixture
def session(served: tuple[App, Client]) -> str:
    """A session with a small event and three large ones, which are kept for an hour."""
    _, client = served
    name = new_session(
        client, "namespaces/default", settings=SessionSettings(event_purge_age=Duration(seconds=3600))
    ).name
    for event_id in IDS:
        append(client, name, Event(event_id=event_id, text="x" * (LARGE if "large" in event_id else 10)))
    return name


def asked(session: str, *ids: str, omit_content: bool = False) -> BatchGetEventsRequest:
    names = [f"{session}/events/{event_id}" for event_id in ids]
    return BatchGetEventsRequest(parent=session, names=names, omit_content=omit_content)


def test_takes_a_statement_and_another_for_large_events(served: tuple[App, Client], session: str) -> None:
    server, client = served
    for request, statements in (
        (asked(session, *["small"] * 100), 1),
        (asked(session, "large1", "large2", "large3"), 1),
        # Each of five names has a fifth of the response.
        (asked(session, *IDS, "small"), 2),
        (asked(session, *IDS, "small", omit_content=True), 2),
    ):
        with before(server, "SELECT", lambda: None, most=100) as times:
            response = client.events.BatchGetEvents(request)
        assert [event.name for event in response.events] == list(request.names)
        assert times.count == statements


def test_reads_no_content_that_is_too_large(served: tuple[App, Client], session: str) -> None:
    server, client = served
    with before(server, "SELECT", lambda: None, most=100) as times:
        refused(client.events.BatchGetEvents, asked(session, *["large1"] * 5), "LIMIT_EXCEEDED", "names")
    assert times.count == 1


def test_an_event_that_is_purged_between_two_statements_is_missing(served: tuple[App, Client], session: str) -> None:
    server, client = served
    events = {event.event_id: event for event in list_events(client, session)}
    looks = itertools.count(1)

    def act() -> None:
        # Before the second statement.
        if next(looks) == 2:
            make_older(server, session, 1)
            server.upkeep.sweep()

    with before(server, "SELECT", act, most=2) as times:
        refusal = refused(client.events.BatchGetEvents, asked(session, *IDS, "small"), "EVENT_NOT_FOUND")
    assert times.count == 2
    assert refusal.info.metadata == {"resource": f"{session}/events/large1"}
    left = asked(session, "large3", "large2", "small")
    assert list(client.events.BatchGetEvents(left).events) == [events[name] for name in ("large3", "large2", "small")]
