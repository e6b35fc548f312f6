"""Several events that are named: all of them in the order asked for, whole and of one session, or an error."""

import grpc
import pytest

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import BatchGetEventsRequest, BatchGetEventsResponse
from activity_session.v1.info_service_pb2 import GetServerInfoRequest, ServerLimits
from activity_session_testing.logs import numbered_ids
from activity_session_testing.rpcs import RPCS
from activity_session_testing.servers import Client
from activity_session_testing.steps import append, delete_session, expunge_session, list_events, new_session, refused

MIB = 1024 * 1024


@pytest.fixture
def session(client: Client, namespace: str) -> str:
    """The name of a session with the events e1, e2 and e3."""
    name = new_session(client, namespace).name
    append(client, name, *numbered_ids(3))
    return name


@pytest.fixture(scope="module")
def limits(client: Client) -> ServerLimits:
    return client.info.GetServerInfo(GetServerInfoRequest()).limits


def asked(session: str, *ids: str, omit_content: bool = False) -> BatchGetEventsRequest:
    names = [f"{session}/events/{event_id}" for event_id in ids]
    return BatchGetEventsRequest(parent=session, names=names, omit_content=omit_content)


def got(client: Client, request: BatchGetEventsRequest) -> list[Event]:
    return list(client.events.BatchGetEvents(request).events)


class TestBatchGet:
    def test_keeps_the_order_and_what_is_asked_twice(self, client: Client, session: str) -> None:
        first, second, third = list_events(client, session)
        assert got(client, asked(session, "e3", "e1", "e2", "e1")) == [third, first, second, first]

    def test_reads_of_a_deleted_session(self, client: Client, session: str) -> None:
        events = list_events(client, session)
        delete_session(client, session)
        assert got(client, asked(session, "e1", "e2", "e3")) == events

    def test_leaves_out_content_and_nothing_else(self, client: Client, session: str) -> None:
        event = Event(event_id="e4", type="image", blob=b"\x89PNG", media_type="image/png", labels={"size": "small"})
        append(client, session, event)
        request = asked(session, "e1", "e2", "e3", "e4", omit_content=True)
        assert got(client, request) == list_events(client, session, omit_content=True)
        assert (got(client, request)[3].blob, got(client, request)[3].media_type) == (b"", "image/png")

    def test_names_the_first_that_is_missing_and_returns_none(self, client: Client, session: str) -> None:
        request = asked(session, "e1", "E2", "e9", "e3")
        refusal = refused(client.events.BatchGetEvents, request, "EVENT_NOT_FOUND")
        assert refusal.code is grpc.StatusCode.NOT_FOUND
        assert refusal.info.metadata == {"resource": f"{session}/events/E2"}

    def test_says_what_is_missing_above_the_event(self, client: Client, namespace: str, session: str) -> None:
        expunged = new_session(client, namespace).name
        append(client, expunged, *numbered_ids(1))
        delete_session(client, expunged)
        expunge_session(client, expunged)
        for parent in (expunged, f"{namespace}/sessions/none"):
            refusal = refused(client.events.BatchGetEvents, asked(parent, "e1"), "SESSION_NOT_FOUND")
            assert refusal.info.metadata == {"resource": parent}
        nowhere = session.replace(namespace, f"{namespace}-none")
        refused(client.events.BatchGetEvents, asked(nowhere, "e1"), "NAMESPACE_NOT_FOUND")

    def test_refuses_names_of_another_session(self, client: Client, namespace: str, session: str) -> None:
        other = new_session(client, namespace, f"{session.rpartition('/')[2]}x").name
        append(client, other, *numbered_ids(1))
        request = asked(session, "e1")
        request.names.append(f"{other}/events/e1")
        refused(client.events.BatchGetEvents, request, "INVALID_FIELD", "names[1]")

    @pytest.mark.parametrize("name", ["", "e1", "namespaces/x/sessions/y", "namespaces/x/sessions/y/memories/z"])
    def test_refuses_malformed_names(self, client: Client, session: str, name: str) -> None:
        request = asked(session, "e1")
        request.names.append(name)
        refused(client.events.BatchGetEvents, request, "INVALID_FIELD", "names[1]")

    def test_needs_names(self, client: Client, session: str) -> None:
        refused(client.events.BatchGetEvents, asked(session), "INVALID_FIELD", "names")

    def test_is_limited_in_number(self, client: Client, session: str, limits: ServerLimits) -> None:
        most = limits.batch_get_names
        assert len(got(client, asked(session, *["e1"] * most))) == most
        refusal = refused(client.events.BatchGetEvents, asked(session, *["e1"] * (most + 1)), "LIMIT_EXCEEDED", "names")
        assert refusal.info.metadata == {"field": "names", "limit": str(most), "size": str(most + 1)}


class TestLargeEvents:
    def test_come_whole_between_small_ones(self, client: Client, session: str) -> None:
        large = [Event(event_id=f"large{number}", text=str(number) * MIB) for number in range(3)]
        for event in large:
            append(client, session, event)
        events = {event.event_id: event for event in list_events(client, session)}
        ids = ["large2", "e1", "large0", "e3", "large1"]
        assert got(client, asked(session, *ids)) == [events[event_id] for event_id in ids]

    def test_end_at_the_size_of_a_response(
        self, client: Client, session: str, address: str, limits: ServerLimits
    ) -> None:
        for number in range(2):
            append(client, session, *[Event(text=str(number) * (MIB - 100_000))] * 2)
        most = limits.response_bytes
        fitting = self.of_size(client, session, most)
        with grpc.insecure_channel(address) as channel:
            response = RPCS["BatchGetEvents"].on(channel)(fitting, timeout=20)
        assert response.ByteSize() == most
        assert [event.name for event in response.events] == list(fitting.names)
        too_large = self.of_size(client, session, most + 1)
        refusal = refused(client.events.BatchGetEvents, too_large, "LIMIT_EXCEEDED", "names")
        assert refusal.info.metadata == {"field": "names", "limit": str(most), "size": str(most + 1)}

    @staticmethod
    def of_size(client: Client, session: str, size: int) -> BatchGetEventsRequest:
        """Return a request whose response has that size, by an event that is appended for it."""
        large = list_events(client, session, after_sequence=3, before_sequence=8)
        length = size - BatchGetEventsResponse(events=large).ByteSize() - 200
        # The time of each event is in it, which sometimes changes its size.
        for _ in range(20):
            (last,) = append(client, session, Event(text="x" * length)).events
            missing = size - BatchGetEventsResponse(events=[*large, last]).ByteSize()
            if not missing:
                return asked(session, *(event.event_id for event in (*large, last)))
            length += missing
        raise AssertionError(f"no response of {size} bytes")

    def test_that_no_response_holds_are_refused_and_come_without_content(self, client: Client, session: str) -> None:
        for number in range(6):
            append(client, session, Event(event_id=f"large{number}", blob=bytes(MIB), labels={"n": str(number)}))
        ids = [event.event_id for event in list_events(client, session, omit_content=True)]
        refusal = refused(client.events.BatchGetEvents, asked(session, *ids), "LIMIT_EXCEEDED", "names")
        assert int(refusal.info.metadata["size"]) > 6 * MIB > int(refusal.info.metadata["limit"])
        assert "ask for fewer, or with omit_content" in refusal.message
        whole = list_events(client, session, omit_content=True)
        assert got(client, asked(session, *ids, omit_content=True)) == whole
        twice = asked(session, *reversed(ids), *ids, omit_content=True)
        assert got(client, twice) == [*reversed(whole), *whole]

    def test_that_are_named_often_count_each_time(self, client: Client, session: str) -> None:
        append(client, session, Event(event_id="large", text="x" * 60_000))
        request = asked(session, *["large"] * 100)
        refusal = refused(client.events.BatchGetEvents, request, "LIMIT_EXCEEDED", "names")
        assert int(refusal.info.metadata["size"]) > 100 * 60_000
        append(client, session, Event(event_id="labels", labels={f"label{n}": "x" * 255 for n in range(64)}, text="x"))
        alone = got(client, asked(session, "labels", omit_content=True))
        assert len(alone[0].labels) == 64
