"""What a newer client says in fields that this version does not know: it reaches every reader byte for byte."""

from typing import Any

import pytest

from activity_session.v1.conflict_pb2 import Conflict
from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import AppendEventsRequest
from activity_session_testing.logs import get_event, refused_append
from activity_session_testing.servers import Client
from activity_session_testing.steps import append, list_events, new_session, refused
from activity_session_testing.watches import Watching

# Field 100, a text; field 101, a number; field 2000, a message with the number in it.
NEWER = b"\xa2\x06\x05newer\xa8\x06\x07\x82\x7d\x02\x08\x01"


def newer_event(unknown: bytes = NEWER, **known: Any) -> Event:
    """An event with unknown fields before and after those that are known."""
    return Event.FromString(unknown + Event(**known).SerializeToString() + b"\xa8\x06\x08")


def unknown_of(event: Event) -> bytes:
    """The bytes of an event beside those of the fields that are known."""
    known = Event()
    known.CopyFrom(event)
    known.DiscardUnknownFields()
    raw, of_known = event.SerializeToString(), known.SerializeToString()
    assert raw.startswith(of_known)
    return raw.removeprefix(of_known)


UNKNOWN = NEWER + b"\xa8\x06\x08"


@pytest.fixture
def session(client: Client, namespace: str) -> str:
    return new_session(client, namespace).name


def test_every_way_to_read_an_event_returns_them(client: Client, session: str) -> None:
    (appended,) = append(client, session, newer_event(text="said")).events
    (listed,) = list_events(client, session)
    with Watching.of(client, session) as watch:
        (watched,) = watch.wait_for_start().events
    assert appended == listed == watched == get_event(client, appended.name)
    assert unknown_of(appended) == UNKNOWN


def test_they_are_no_content(client: Client, session: str) -> None:
    append(client, session, newer_event(text="said"))
    (listed,) = list_events(client, session, omit_content=True)
    assert (listed.text, unknown_of(listed)) == ("", UNKNOWN)


def test_who_has_missed_the_event_is_told_them(client: Client, session: str) -> None:
    append(client, session, newer_event(text="said"))
    request = AppendEventsRequest(parent=session, events=[Event()], expected_last_sequence=0)
    (conflict,) = refused(client.events.AppendEvents, request, "SEQUENCE_MISMATCH").details(Conflict)
    assert conflict.missed_events[:] == list_events(client, session)
    assert unknown_of(conflict.missed_events[0]) == UNKNOWN


def test_an_event_that_is_sent_again_has_the_same_ones(client: Client, session: str) -> None:
    first = append(client, session, newer_event(event_id="a", text="said"))
    again = append(client, session, newer_event(event_id="a", text="said"))
    assert (again.events[:], again.written[:]) == (first.events[:], [False])
    other = AppendEventsRequest(parent=session, events=[newer_event(b"\xa2\x06\x05older", event_id="a", text="said")])
    refused(client.events.AppendEvents, other, "EVENT_ALREADY_EXISTS")


@pytest.mark.parametrize(
    ("unknown", "field", "text"),
    [
        (b"\x30\x05", "events[0].text", "is not encoded as its type, but with the wire type 0"),
        (b"\x1a\x01x", "events[0].sequence", "is not encoded as its type, but with the wire type 2"),
        (b"\x0b\x0c", "events[0].name", "is not encoded as its type, but with the wire type 3"),
        # A label with a field more than a key and a value.
        (b"\x5a\x05\x0a\x01a\x18\x01", "events[0].labels", "is not encoded as its type, but with the wire type 2"),
        (b"\xa3\x06\xa4\x06", "events[0]", "its unknown field 100 is a group"),
        (b"\xa8\x06" + b"\xff" * 9 + b"\x7f", "events[0]", "its unknown fields are not in the shortest form"),
        (b"\xa2\x06\x81\x00a", "events[0]", "its unknown fields are not in the shortest form"),
        (b"\x4a\x02\x0a\x00", "events[0].event_time.seconds", "is not encoded as its type, but with the wire type 2"),
    ],
)
def test_what_not_every_parser_takes_is_refused(
    client: Client, session: str, unknown: bytes, field: str, text: str
) -> None:
    refusal = refused_append(client, session, [newer_event(unknown, text="said")], "INVALID_FIELD", field)
    assert text in refusal.message


def test_a_retry_of_a_request_returns_them(client: Client, session: str) -> None:
    first, again = (append(client, session, newer_event(text="said"), request_id="again") for _ in range(2))
    assert again == first
    assert unknown_of(again.events[0]) == UNKNOWN
