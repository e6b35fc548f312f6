"""A log of another store is taken over by calls, with the times and numbers that it had there."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import (
    ImportedEvent,
    ImportEventsRequest,
    ImportEventsResponse,
    ListEventsRequest,
)
from activity_session.v1.session_service_pb2 import ListSessionsRequest
from activity_session.v1.session_settings_pb2 import SessionSettings
from activity_session_server.app import App, own_call
from activity_session_server.usecases import retention
from activity_session_testing.servers import Client, connected, serving
from activity_session_testing.steps import (
    append,
    get_session,
    imported,
    list_events,
    make_namespace,
    new_session,
    refused,
    supersede,
    update_session,
)
from activity_session_testing.watches import Watching

THEN = 1_000_000_000


@pytest.fixture(scope="module")
def client(system: Client) -> Client:
    return system


@pytest.fixture
def session(client: Client, namespace: str) -> str:
    return new_session(client, namespace).name


def take(client: Client, session: str, *events: Any, **fields: Any) -> ImportEventsResponse:
    given = [imported(event) if isinstance(event, Event | str) else event for event in events]
    return client.events.ImportEvents(ImportEventsRequest(parent=session, events=given, **fields))


def test_events_have_the_times_and_authors_that_they_had(client: Client, namespace: str, session: str) -> None:
    gone = f"{namespace}/participants/long gone"
    event = Event(
        event_id="q", author=gone, type="message", text="Hi.", labels={"a": "b"}, event_time=Timestamp(seconds=7)
    )
    response = take(client, session, imported(event, seconds=THEN), imported("two", seconds=THEN + 1))
    assert list(response.written) == [True, True]
    assert response.last_sequence == 2
    assert list_events(client, session) == list(response.events)
    first = response.events[0]
    assert (first.name, first.sequence, first.author) == (f"{session}/events/q", 1, gone)
    assert (first.create_time, first.event_time) == (Timestamp(seconds=THEN), Timestamp(seconds=7))
    assert list_events(client, session, filter=f'author = "{gone}"') == [first]
    assert get_session(client, session).last_event_time == Timestamp(seconds=THEN + 1)
    assert append(client, session, "goes on").events[0].sequence == 3


def test_sessions_are_listed_by_the_time_of_the_newest_event_by_number(client: Client, namespace: str) -> None:
    names = [new_session(client, namespace, name).name for name in ("older", "newer")]
    take(client, names[1], imported("late", seconds=THEN + 9), imported("early", seconds=THEN))
    take(client, names[0], imported("earlier", seconds=THEN - 1))
    request = ListSessionsRequest(parent=namespace, order_by="last_event_time")
    assert [one.name for one in client.sessions.ListSessions(request).sessions] == names


def test_an_empty_session_begins_with_any_number(client: Client, session: str) -> None:
    with Watching.of(client, session) as watch:
        watch.wait_for_start()
        response = take(client, session, imported("a", 1001), imported("b", 1002))
        # It has been told that there was nothing, and is told that it has missed something.
        assert watch.wait_for_end().reason == "EVENTS_PURGED"
    with Watching.of(client, session) as watch:
        assert watch.wait_for_start().events == list(response.events)
    assert [event.sequence for event in response.events] == [1001, 1002]
    shown = get_session(client, session)
    assert (shown.first_sequence, shown.last_sequence) == (1001, 1002)
    assert list_events(client, session) == list(response.events)
    # As if what is before had been purged.
    refused(client.events.ListEvents, ListEventsRequest(parent=session, after_sequence=5), "EVENTS_PURGED")
    # A long log comes by several calls.
    assert take(client, session, imported("c", 1003)).last_sequence == 1003
    assert take(client, session, "d").last_sequence == 1004
    supersede(client, session, 1001, 1002)
    assert [event.text for event in list_events(client, session)] == ["c", "d"]


@pytest.mark.parametrize("numbers", [(5, 6), (2, 3), (1, 2)])
def test_another_number_than_the_next_is_refused(client: Client, session: str, numbers: tuple[int, int]) -> None:
    take(client, session, imported("a", 1), imported("b", 2), imported("c", 3))
    request = ImportEventsRequest(parent=session, events=[imported("x", number) for number in numbers])
    refusal = refused(client.events.ImportEvents, request, "SEQUENCE_MISMATCH")
    assert refusal.info.metadata["last_sequence"] == "3"
    assert refusal.message == f"the next event of {session} has the number 4, not {numbers[0]}"
    assert len(list_events(client, session)) == 3


@pytest.mark.parametrize("numbers", [(1, 0), (0, 1), (1, 3), (2, 1), (7, 7)])
def test_numbers_are_given_to_all_events_without_gaps_or_to_none(
    client: Client, session: str, numbers: tuple[int, int]
) -> None:
    request = ImportEventsRequest(parent=session, events=[imported("x", number) for number in numbers])
    refused(client.events.ImportEvents, request, "INVALID_FIELD", "events[1].sequence")


def test_times_are_needed_and_not_in_the_future(client: Client, namespace: str, session: str) -> None:
    for seconds, field in ((int(time.time()) + 3600, "events[0].create_time"), (-1, "events[0].create_time")):
        request = ImportEventsRequest(parent=session, events=[imported("x", seconds=seconds)])
        refused(client.events.ImportEvents, request, "INVALID_FIELD", field)
    refused(
        client.events.ImportEvents,
        ImportEventsRequest(parent=session, events=[ImportedEvent(event=Event())]),
        "INVALID_FIELD",
        "events[0].create_time",
    )
    other = make_namespace(client).name
    for author in (f"{other}/participants/a", f"{namespace}/sessions/a"):
        request = ImportEventsRequest(parent=session, events=[imported(Event(author=author))])
        refused(client.events.ImportEvents, request, "INVALID_FIELD", "events[0].event.author")
    same = ImportEventsRequest(parent=session, events=[imported(Event(event_id="a"))] * 2)
    refused(client.events.ImportEvents, same, "INVALID_FIELD", "events[1].event.event_id")
    many = ImportEventsRequest(parent=session, events=[imported("x")] * 101)
    refused(client.events.ImportEvents, many, "LIMIT_EXCEEDED", "events")


def test_a_retry_by_event_ids_writes_nothing_twice(client: Client, session: str) -> None:
    events = [imported(Event(event_id=name, text=name), number) for number, name in enumerate("abc", 11)]
    first = take(client, session, *events[:2])
    again = take(client, session, *events)
    assert list(again.written) == [False, False, True]
    assert list(again.events[:2]) == list(first.events)
    assert again.last_sequence == 13
    assert list(take(client, session, *events).written) == [False] * 3
    for other in (imported(Event(event_id="a", text="other"), 11), imported(Event(event_id="a", text="a"), 12)):
        request = ImportEventsRequest(parent=session, events=[other])
        refused(client.events.ImportEvents, request, "EVENT_ALREADY_EXISTS")
    later = imported(Event(event_id="a", text="a"), 11, seconds=THEN + 1)
    request = ImportEventsRequest(parent=session, events=[later])
    assert "another time or number" in refused(client.events.ImportEvents, request, "EVENT_ALREADY_EXISTS").message


def test_a_turn_is_not_needed(client: Client, namespace: str) -> None:
    name = new_session(client, namespace, settings=SessionSettings(require_turn=True)).name
    assert take(client, name, "a").last_sequence == 1


@pytest.fixture
def sweeping(database_url: str) -> Iterator[App]:
    with serving(database_url, anonymous_role="system", sweep_interval=3600.0) as server:
        yield server


def sweep(server: App) -> None:
    retention.sweep(server.store, lambda: own_call(server.settings, "sweep"), lambda _done, _name: None)


@pytest.mark.parametrize("is_inherited", [True, False])
def test_old_events_are_purged_by_their_own_time(sweeping: App, is_inherited: bool) -> None:  # noqa: FBT001
    day = Duration(seconds=86_400)
    with connected(sweeping.address) as client:
        namespace = make_namespace(client, settings={"event_purge_age": day} if is_inherited else None).name
        settings = None if is_inherited else SessionSettings(event_purge_age=day)
        name = new_session(client, namespace, settings=settings).name
        # A sweep that found nothing has moved the bound of the session to a time after these events.
        sweep(sweeping)
        recent = int(time.time()) - 60
        take(client, name, imported("old", seconds=THEN), imported("older", seconds=5), imported("new", seconds=recent))
        sweep(sweeping)
        assert [event.text for event in list_events(client, name)] == ["new"]
        shown = get_session(client, name)
        assert (shown.first_sequence, shown.last_sequence) == (3, 3)
        # A sweep looks at it again when the age of the session becomes shorter.
        shown.settings.event_purge_age.FromTimedelta(timedelta(seconds=30))
        update_session(client, shown, "settings.event_purge_age")
        sweep(sweeping)
        assert list_events(client, name) == []
