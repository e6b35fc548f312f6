"""The order of an event's fields on the wire says nothing, and of a field that comes twice the last one counts.

So it is in all of Protocol Buffers; here the bytes are sent as no library of ours writes them.
"""

from collections.abc import Sequence
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import AppendEventsRequest, AppendEventsResponse
from activity_session_testing.hostile import delimited
from activity_session_testing.logs import as_given, copied, get_event
from activity_session_testing.rpcs import RPCS
from activity_session_testing.servers import Client
from activity_session_testing.steps import append, list_events, new_session
from activity_session_testing.watches import Watching

EVENTS = AppendEventsRequest.EVENTS_FIELD_NUMBER
TIME = Timestamp(seconds=1_700_000_000, nanos=123_456_000)


def part(**fields: Any) -> bytes:
    return Event(**fields).SerializeToString()


PARTS = (
    part(event_id="a"),
    part(type="message"),
    part(text="京都"),
    part(media_type="text/plain"),
    part(event_time=TIME),
    part(labels={"a": "1"}),
    part(labels={"b": ""}),
    # Field 100, which is not known.
    b"\xa2\x06\x05newer",
)
ORDERS = {
    "reversed": PARTS[::-1],
    "rotated": PARTS[4:] + PARTS[:4],
    "labels apart": (PARTS[5], *PARTS[:5], *PARTS[7:], PARTS[6]),
}
# What is written, and what it means.
TWICE: dict[str, tuple[Sequence[bytes], Event]] = {
    "a text": ((part(text="first"), part(text="last")), Event(text="last")),
    "an empty text": ((part(text="first"), part(text="")), Event(text="")),
    "text, then blob": ((part(text="text"), part(blob=b"blob")), Event(blob=b"blob")),
    "blob, then text": ((part(blob=b"blob"), part(text="text")), Event(text="text")),
    "text, blob, text": ((part(text="first"), part(blob=b"blob"), part(text="last")), Event(text="last")),
    "the type": ((part(type="first"), part(text="between"), part(type="last")), Event(text="between", type="last")),
    # Messages that come twice are merged.
    "the time": (
        (part(event_time=Timestamp(nanos=1000)), part(event_time=Timestamp(seconds=5))),
        Event(event_time=Timestamp(seconds=5, nanos=1000)),
    ),
    "a label": (
        (part(labels={"a": "1"}), part(labels={"b": "2"}), part(labels={"a": "3"})),
        Event(labels={"a": "3", "b": "2"}),
    ),
    "an id": ((part(event_id="first"), part(event_id="last")), Event(event_id="last")),
    "what the server sets": ((part(sequence=7, name="x"), part(text="a"), part(sequence=8, name="y")), Event(text="a")),
}


@pytest.fixture
def session(client: Client, namespace: str) -> str:
    return new_session(client, namespace).name


def append_raw(client: Client, session: str, *parts: bytes, request_id: str = "") -> AppendEventsResponse:
    """Append an event of these bytes, which come before the other fields of the request."""
    request = AppendEventsRequest(parent=session, request_id=request_id).SerializeToString()
    raw = RPCS["AppendEvents"].raw_on(client.channel)(delimited(EVENTS, b"".join(parts)) + request)
    return AppendEventsResponse.FromString(raw)


def check_read(client: Client, session: str, event: Event) -> None:
    """The only event of a session is this one, however it is read."""
    with Watching.of(client, session) as watch:
        assert watch.wait_for_start().events == [event]
    assert list_events(client, session) == [event]
    assert get_event(client, event.name) == event


@pytest.mark.parametrize("order", ORDERS)
def test_fields_may_come_in_any_order(client: Client, session: str, order: str) -> None:
    (event,) = append_raw(client, session, *ORDERS[order]).events
    assert as_given(event) == Event.FromString(b"".join(PARTS))
    check_read(client, session, event)


@pytest.mark.parametrize("kind", TWICE)
def test_of_a_field_that_comes_twice_the_last_counts(client: Client, session: str, kind: str) -> None:
    parts, meant = TWICE[kind]
    (event,) = append_raw(client, session, *parts).events
    assert as_given(event) == copied(meant, event_id=meant.event_id or event.event_id)
    assert (event.name, event.sequence) == (f"{session}/events/{event.event_id}", 1)
    check_read(client, session, event)


@pytest.mark.parametrize("order", ORDERS)
def test_an_event_in_another_order_is_the_same(client: Client, session: str, order: str) -> None:
    first = append_raw(client, session, *PARTS)
    again = append_raw(client, session, *ORDERS[order])
    assert (again.events[:], again.written[:], again.last_sequence) == (first.events[:], [False], 1)
    assert append(client, session, first.events[0]).events == first.events


@pytest.mark.parametrize("order", ORDERS)
def test_a_request_in_another_order_is_the_same(client: Client, session: str, order: str) -> None:
    first = append_raw(client, session, *PARTS, request_id="once")
    assert append_raw(client, session, *ORDERS[order], request_id="once") == first
    assert list_events(client, session) == first.events[:]
