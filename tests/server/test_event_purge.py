"""Events of live sessions are purged by their age: a prefix of the log goes, and who reads across the gap is told."""

from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from sqlalchemy import select

from activity_session.v1.conflict_pb2 import Conflict
from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import AppendEventsRequest, GetEventRequest, ListEventsRequest
from activity_session.v1.namespace_pb2 import Namespace, NamespaceSettings
from activity_session.v1.namespace_service_pb2 import UpdateNamespaceRequest
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import WatchSessionRequest
from activity_session.v1.session_settings_pb2 import SessionSettings
from activity_session_server.app import App
from activity_session_server.orm import ActivitySession
from activity_session_server.store import batches
from activity_session_testing.ages import make_older
from activity_session_testing.backends import KEEPING_BACKENDS
from activity_session_testing.moments import before, engine_of
from activity_session_testing.servers import Client, Failure
from activity_session_testing.steps import (
    append,
    at_once,
    get_session,
    list_events,
    make_namespace,
    new_session,
    refused,
    update_session,
)
from activity_session_testing.sweeps import swept_by_hand
from activity_session_testing.watches import Watching

HOUR = Duration(seconds=3600)
MANY = 300


@pytest.fixture(params=KEEPING_BACKENDS)
def database_url(request: pytest.FixtureRequest, new_database: Callable[[str], str]) -> str:
    return new_database(request.param)


def log_bytes(server: App, session: str) -> int:
    with engine_of(server).connect() as connection:
        return connection.execute(
            select(ActivitySession.log_bytes).where(ActivitySession.name == session.rpartition("/")[2])
        ).scalar_one()


def session_with(client: Client, events: int, age: Duration | None = HOUR, own: Duration | None = None) -> str:
    """Create a session with so many events in a namespace that keeps them for an age."""
    settings = NamespaceSettings(event_purge_age=age)
    parent = make_namespace(client, settings=settings).name
    name = new_session(client, parent, settings=SessionSettings(event_purge_age=own)).name
    for first in range(1, events + 1, 100):
        append(
            client,
            name,
            *(Event(event_id=f"e{n}", text=f"text {n}") for n in range(first, min(first + 100, events + 1))),
        )
    return name


def hold(client: Client, session: str, other: str, *, is_held: bool) -> None:
    """Hold a session, and the namespace of another one, or lift that."""
    mask = FieldMask(paths=["legal_hold"])
    update_session(client, Session(name=session, legal_hold=is_held), "legal_hold")
    namespace = Namespace(name=other.partition("/sessions/")[0], legal_hold=is_held)
    client.namespaces.UpdateNamespace(UpdateNamespaceRequest(namespace=namespace, update_mask=mask))


def numbers(client: Client, session: str, **fields: Any) -> list[int]:
    return [event.sequence for event in list_events(client, session, **fields)]


class TestPurge:
    def test_removes_the_oldest_events_and_their_bytes_and_gives_no_number_twice(self, database_url: str) -> None:
        with swept_by_hand(database_url) as (server, client):
            name = session_with(client, MANY)
            alone = session_with(client, MANY)
            etag = get_session(client, name).etag
            make_older(server, name, MANY - 2)
            with before(server, "DELETE FROM event", lambda: None, most=100) as times:
                server.upkeep.sweep()
            assert times.count == 6  # batches of 8, 16, 32, 64, 128, and the rest
            assert batches.FIRST_ROWS == 8
            session = get_session(client, name)
            assert (session.first_sequence, session.last_sequence, session.etag) == (MANY - 1, MANY, etag)
            left = list_events(client, name)
            assert [event.sequence for event in left] == [MANY - 1, MANY]
            assert 0 < log_bytes(server, name) < log_bytes(server, alone) / 100
            assert get_session(client, alone).first_sequence == 1
            refused(client.events.GetEvent, GetEventRequest(name=f"{name}/events/e1"), "EVENT_NOT_FOUND")
            assert append(client, name, "next").last_sequence == MANY + 1

    @pytest.mark.parametrize("own", [None, HOUR], ids=["of the namespace", "of its own"])
    def test_leaves_alone_what_is_held(self, database_url: str, own: Duration | None) -> None:
        with swept_by_hand(database_url) as (server, client):
            name, other = session_with(client, 3, own=own), session_with(client, 3, own=own)
            make_older(server, name, 3)
            make_older(server, other, 3)
            hold(client, name, other, is_held=True)
            server.upkeep.sweep()
            assert numbers(client, name) == numbers(client, other) == [1, 2, 3]
            hold(client, name, other, is_held=False)
            server.upkeep.sweep()
            assert numbers(client, name) == numbers(client, other) == []

    def test_can_leave_nothing(self, database_url: str) -> None:
        with swept_by_hand(database_url) as (server, client):
            name = session_with(client, 3)
            make_older(server, name, 3)
            server.upkeep.sweep()
            session = get_session(client, name)
            assert (session.first_sequence, session.last_sequence) == (4, 3)
            assert (numbers(client, name), log_bytes(server, name)) == ([], 0)
            assert numbers(client, name, after_sequence=3) == []
            assert append(client, name, "next").last_sequence == 4
            assert numbers(client, name, after_sequence=3) == [4]

    def test_follows_the_age_of_the_namespace_as_it_is_now_and_that_of_the_session_before_it(
        self, database_url: str
    ) -> None:
        with swept_by_hand(database_url) as (server, client):
            inherits, keeps = session_with(client, 2, age=None), session_with(client, 2, own=Duration(seconds=86_400))
            loses = session_with(client, 2, age=None, own=HOUR)
            for name in (inherits, keeps, loses):
                make_older(server, name, 1)
            server.upkeep.sweep()
            assert [get_session(client, name).first_sequence for name in (inherits, keeps, loses)] == [1, 1, 2]
            namespace = Namespace(
                name=inherits.partition("/sessions/")[0], settings=NamespaceSettings(event_purge_age=HOUR)
            )
            mask = FieldMask(paths=["settings.event_purge_age"])
            client.namespaces.UpdateNamespace(UpdateNamespaceRequest(namespace=namespace, update_mask=mask))
            # Without an age of its own it has that of its namespace again.
            update_session(client, Session(name=keeps), "settings.event_purge_age")
            server.upkeep.sweep()
            assert [get_session(client, name).first_sequence for name in (inherits, keeps)] == [2, 2]

    def test_looks_at_a_session_again_only_when_something_may_be_due(self, database_url: str) -> None:
        with swept_by_hand(database_url) as (server, client):
            for name in (session_with(client, 2), session_with(client, 0), session_with(client, 2, own=HOUR)):
                make_older(server, name, 0)
            server.upkeep.sweep()
            with before(server, "UPDATE activity_session", lambda: None, most=100) as changes:
                server.upkeep.sweep()
            assert changes.count == 0

    def test_by_two_servers_while_others_append_leaves_no_gap(self, database_url: str) -> None:
        with swept_by_hand(database_url) as (first, client), swept_by_hand(database_url) as (second, _):
            name = session_with(client, MANY)
            make_older(first, name, MANY)

            def keep_appending() -> None:
                for _ in range(20):
                    append(client, name, "x")

            at_once([first.upkeep.sweep, second.upkeep.sweep, keep_appending, keep_appending])
            assert get_session(client, name).first_sequence == MANY + 1
            assert numbers(client, name) == list(range(MANY + 1, MANY + 41))


class TestReaders:
    @pytest.fixture
    def client(self, database_url: str) -> Iterator[Client]:
        with swept_by_hand(database_url) as (server, client):
            self.server = server
            yield client

    @pytest.fixture
    def purged(self, client: Client) -> str:
        """A session of whose ten events the first five are purged."""
        name = session_with(client, 10)
        self.purge(name, 5)
        return name

    def purge(self, name: str, up_to: int) -> None:
        make_older(self.server, name, up_to)
        self.server.upkeep.sweep()

    def gone(self, name: str, first: int) -> dict[str, str]:
        return {"resource": name, "first_sequence": str(first)}

    def test_of_a_list_get_what_is_there_unless_they_count_on_more(self, client: Client, purged: str) -> None:
        there = [6, 7, 8, 9, 10]
        assert numbers(client, purged) == numbers(client, purged, after_sequence=5) == there
        assert numbers(client, purged, order_by="sequence desc", page_size=2) == there[::-1]
        for fields in ({}, {"filter": "type = x"}, {"order_by": "sequence desc"}, {"before_sequence": 4}):
            request = ListEventsRequest(parent=purged, after_sequence=2, **fields)
            failure = refused(client.events.ListEvents, request, "EVENTS_PURGED")
            assert failure.info.metadata == self.gone(purged, 6)

    def test_of_the_next_page_are_told_of_a_gap(self, client: Client) -> None:
        name = session_with(client, 10)
        request = ListEventsRequest(parent=name, page_size=3)
        request.page_token = client.events.ListEvents(request).next_page_token
        self.purge(name, 3)
        assert [event.sequence for event in client.events.ListEvents(request).events] == [4, 5, 6]
        self.purge(name, 5)
        refused(client.events.ListEvents, request, "EVENTS_PURGED")

    def test_that_watch_from_the_start_begin_with_what_is_there(self, client: Client, purged: str) -> None:
        with Watching.of(client, purged) as watch:
            watch.wait_for_start()
            assert watch.sequences == [6, 7, 8, 9, 10]
            assert watch.sessions[0].first_sequence == 6
        self.purge(purged, 10)
        with Watching.of(client, purged) as watch:
            watch.wait_for_start()
            assert (watch.sequences, watch.bookmarks) == ([], [10])
            append(client, purged, "next")
            watch.wait_for_sequence(11)

    def test_that_resume_a_watch_are_told_of_a_gap(self, client: Client, purged: str) -> None:
        with Watching.of(client, purged, 5) as watch:
            assert watch.wait_for_sequence(10).sequences == [6, 7, 8, 9, 10]
        with Watching.of(client, purged, 4) as watch:
            failure = watch.wait_for_end()
        assert (failure.code.name, failure.reason) == ("OUT_OF_RANGE", "EVENTS_PURGED")
        assert (failure.info.metadata, watch.messages) == (self.gone(purged, 6), [])

    def test_that_fall_behind_the_purge_with_an_open_watch_are_told_of_a_gap(self, client: Client) -> None:
        name = session_with(client, 1)
        large = Event(blob=b"x" * 1024 * 1024)
        watch = client.sessions.WatchSession(WatchSessionRequest(name=name))
        assert next(watch).event.sequence == 1
        # More than the network can buffer.
        for _ in range(40):
            append(client, name, large)
        self.purge(name, 41)
        with pytest.raises(grpc.RpcError) as raised:
            list(watch)
        assert Failure(raised.value).reason == "EVENTS_PURGED"

    def test_of_a_conflict_miss_nothing_that_they_are_not_told(self, client: Client, purged: str) -> None:
        request = AppendEventsRequest(parent=purged, events=[Event(text="x")], expected_last_sequence=3)
        (conflict,) = refused(client.events.AppendEvents, request, "SEQUENCE_MISMATCH").details(Conflict)
        assert (conflict.last_sequence, list(conflict.missed_events)) == (10, [])

    def test_that_repeat_a_request_get_its_response_and_an_event_id_is_free_again(self, client: Client) -> None:
        name = session_with(client, 0)
        request = AppendEventsRequest(parent=name, events=[Event(event_id="q", text="x")], request_id="once")
        first = client.events.AppendEvents(request)
        self.purge(name, 1)
        assert client.events.AppendEvents(request) == first
        again = AppendEventsRequest(parent=name, events=[Event(event_id="q", text="x")])
        response = client.events.AppendEvents(again)
        assert (response.last_sequence, list(response.written)) == (2, [True])
