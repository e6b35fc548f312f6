"""A repeated append returns what it wrote the first time and writes nothing twice."""

from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import AppendEventsRequest
from activity_session.v1.participant_pb2 import Participant
from activity_session.v1.participant_service_pb2 import UpdateParticipantRequest
from activity_session_testing.logs import (
    BLOBS,
    TEXTS,
    as_given,
    copied,
    get_event,
    last_sequence,
    numbered_ids,
    numbers,
    refused_append,
    set_state,
    state,
    texts,
)
from activity_session_testing.servers import Client
from activity_session_testing.steps import (
    append,
    delete_participant,
    list_events,
    new_participant,
    new_session,
    refused,
)

# The content of an existing event, and how another one with the same id differs from it.
THERE: dict[str, Any] = {
    "type": "message",
    "text": "text",
    "media_type": "text/plain",
    "event_time": Timestamp(seconds=1_700_000_000, nanos=123_456_000),
    "labels": {"a": "1", "b": "2"},
}
OTHER: dict[str, dict[str, Any]] = {
    "another text": {"text": "Text"},
    "a space more": {"text": "text "},
    "an empty text": {"text": ""},
    "no content": {"text": None},
    "the text as bytes": {"text": None, "blob": b"text"},
    "another type": {"type": "Message"},
    "no type": {"type": ""},
    "another media type": {"media_type": "text/html"},
    "no media type": {"media_type": ""},
    "a microsecond later": {"event_time": Timestamp(seconds=1_700_000_000, nanos=123_457_000)},
    "no time": {"event_time": None},
    "another value of a label": {"labels": {"a": "1", "b": "1"}},
    "another key of a label": {"labels": {"a": "1", "B": "2"}},
    "a label more": {"labels": {"a": "1", "b": "2", "c": ""}},
    "a label less": {"labels": {"a": "1"}},
    "no labels": {"labels": None},
    "no author": {"author": ""},
}


@pytest.fixture
def session(client: Client, namespace: str) -> str:
    """The name of a session without events."""
    return new_session(client, namespace).name


class TestRetry:
    @pytest.fixture
    def there(self, client: Client, session: str, author: str) -> Event:
        """Append an event with all its fields, as number 2 of three."""
        given = Event(event_id="there", author=author, **THERE)
        return append(client, session, "before", given, "after").events[1]

    def test_of_an_event_answers_its_first_number_and_writes_nothing(
        self, client: Client, session: str, there: Event
    ) -> None:
        before = list_events(client, session)
        answer = append(client, session, as_given(there))
        assert list(answer.events) == [there]
        assert answer.last_sequence == 3
        assert list(answer.written) == [False]
        assert append(client, session, there) == answer
        assert list_events(client, session) == before

    def test_may_have_nanoseconds_that_are_not_kept(self, client: Client, session: str) -> None:
        given = Event(event_id="a", event_time=Timestamp(seconds=1_700_000_000, nanos=999_999_999))
        first = append(client, session, given)
        assert append(client, session, given).events == first.events
        assert last_sequence(client, session) == 1

    @pytest.mark.parametrize("difference", OTHER)
    def test_with_other_content_is_refused(self, client: Client, session: str, there: Event, difference: str) -> None:
        other = copied(as_given(there), **OTHER[difference])
        assert other != as_given(there)
        self.check_refused(client, session, there, other)

    def test_by_another_author_is_refused(self, client: Client, namespace: str, session: str, there: Event) -> None:
        another = new_participant(client, namespace)
        self.check_refused(client, session, there, copied(as_given(there), author=another))

    @staticmethod
    def check_refused(client: Client, session: str, there: Event, other: Event) -> None:
        refusal = refused_append(client, session, [Event(text="new"), other], "EVENT_ALREADY_EXISTS")
        assert refusal.code is grpc.StatusCode.ALREADY_EXISTS
        assert refusal.info.metadata == {"resource": there.name, "sequence": "2"}
        assert get_event(client, there.name) == there

    @pytest.mark.parametrize("kind", ["text", "blob"])
    def test_with_empty_content_is_not_one_without(self, client: Client, session: str, kind: str) -> None:
        empty = Event(event_id="empty", text="") if kind == "text" else Event(event_id="empty", blob=b"")
        append(client, session, Event(event_id="none"), empty)
        assert append(client, session, empty, Event(event_id="none")).last_sequence == 2
        for other in (Event(event_id="empty"), copied(empty, event_id="none")):
            request = AppendEventsRequest(parent=session, events=[other])
            refused(client.events.AppendEvents, request, "EVENT_ALREADY_EXISTS")

    def test_of_a_part_writes_what_is_new(self, client: Client, session: str) -> None:
        a, b, c, d, e = numbered_ids(5)
        first = {event.event_id: event for event in append(client, session, a, b).events}
        answer = append(client, session, c, b, d, a, e)
        assert [event.event_id for event in answer.events] == ["e3", "e2", "e4", "e1", "e5"]
        assert numbers(answer.events) == [3, 2, 4, 1, 5]
        assert (answer.events[1], answer.events[3]) == (first["e2"], first["e1"])
        assert list(answer.written) == [True, False, True, False, True]
        assert answer.last_sequence == 5
        assert texts(client, session) == [f"text {number}" for number in range(1, 6)]

    def test_of_a_part_is_held_to_what_it_expects(self, client: Client, session: str) -> None:
        append(client, session, *numbered_ids(2), state_updates=[set_state("a", "1")])
        events, update = numbered_ids(3), set_state("a", "2", expected_revision=0)
        refused_append(client, session, events, "SEQUENCE_MISMATCH", expected_last_sequence=0)
        refused_append(client, session, events, "REVISION_MISMATCH", state_updates=[update])
        append(client, session, *events, expected_last_sequence=4, state_updates=[set_state("a", "2")])
        assert state(client, session) == {"a": ("2", 2)}

    def test_of_all_leaves_the_state_alone_and_need_not_be_expected(self, client: Client, session: str) -> None:
        request = AppendEventsRequest(
            parent=session,
            events=numbered_ids(2),
            expected_last_sequence=0,
            state_updates=[set_state("a", "1", expected_revision=0), set_state("b", "1")],
        )
        first = client.events.AppendEvents(request)
        append(client, session, "later", state_updates=[set_state("b", '"later"')])
        again = client.events.AppendEvents(request)
        assert again.events == first.events
        assert (list(first.written), list(again.written)) == ([True, True], [False, False])
        assert (first.last_sequence, again.last_sequence) == (2, 3)
        assert state(client, session) == {"a": ("1", 1), "b": ('"later"', 2)}

    @pytest.mark.parametrize("fate", ["disabled", "deleted"])
    def test_is_answered_when_its_author_may_write_no_more(
        self, client: Client, session: str, author: str, fate: str
    ) -> None:
        given = Event(event_id="a", author=author, text="hello")
        first = append(client, session, given)
        if fate == "deleted":
            delete_participant(client, author)
        else:
            participant = Participant(name=author, enabled=False)
            client.participants.UpdateParticipant(UpdateParticipantRequest(participant=participant))
        assert append(client, session, given).events == first.events
        refused_append(client, session, [given, Event(author=author)], f"PARTICIPANT_{fate.upper()}")

    def test_with_a_request_id_gets_the_first_answer(self, client: Client, session: str) -> None:
        request = AppendEventsRequest(
            parent=session,
            events=[Event(text=text) for text in TEXTS] + [Event(blob=blob) for blob in BLOBS],
            state_updates=[set_state("a", "1")],
            expected_last_sequence=0,
            request_id="once",
        )
        first = client.events.AppendEvents(request)
        append(client, session, "later")
        assert client.events.AppendEvents(request) == first
        assert last_sequence(client, session) == len(request.events) + 1
        assert state(client, session) == {"a": ("1", 1)}

    def test_with_the_request_id_of_the_call_that_wrote_says_written_again(self, client: Client, session: str) -> None:
        a, b = numbered_ids(2)
        append(client, session, a)
        first = append(client, session, a, b, request_id="once")
        assert list(first.written) == [False, True]
        assert append(client, session, a, b, request_id="once") == first
        assert list(append(client, session, a, b, request_id="another").written) == [False, False]

    def test_with_a_request_id_and_other_events_is_refused(self, client: Client, session: str) -> None:
        append(client, session, "a", request_id="once")
        refused_append(client, session, [Event(text="b")], "REQUEST_ID_REUSED", "request_id", request_id="once")

    def test_with_the_request_id_of_a_refused_call_is_carried_out(self, client: Client, session: str) -> None:
        wrong: dict[str, Any] = {"expected_last_sequence": 5, "request_id": "later"}
        refused_append(client, session, [Event(text="a")], "SEQUENCE_MISMATCH", **wrong)
        assert append(client, session, "a", request_id="later").last_sequence == 2
