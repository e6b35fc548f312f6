"""What the tests of the event log share: how they write and read events, and texts and bytes that are hard to keep."""

from collections.abc import Iterable
from typing import Any

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import AppendEventsRequest, GetEventRequest, GetStateRequest
from activity_session.v1.state_pb2 import StateUpdate
from activity_session_testing.servers import Client, Failure
from activity_session_testing.steps import append, get_session, list_events, refused

ROCKET = "🚀"  # four bytes of UTF-8
TEXTS = [
    "plain",
    "",
    " ",
    "  leading and trailing \t\n",
    "line\nline\r\nline\rline\u2028line\u2029\x85",
    "e\u0301 is not \xe9, nor \ufb01 fi, nor \u212b \xc5, nor \u1100\u1161 \uac00",
    "\U0001f469\u200d\U0001f680 \U0001f3f3\ufe0f\u200d\U0001f308 \U0001f1e9\U0001f1ea",
    "\u05e9\u05dc\u05d5\u05dd \u202e\u0639\u0627\u0644\u0645\u202c \u200b\ufffe\uffff\U0010ffff",
    "\ufeffwith a byte order mark",
    "\0",
    "a\0b\0",
    "".join(map(chr, range(0xA0))),
    "'; DROP TABLE event; -- \\' \\\" %s %(a)s :a ? {0} `x`",
    '{"b":1,"a":1.0, "a":2}',
]
BLOBS = [b"", b"\0", bytes(range(256)), bytes(range(256))[::-1] * 3, b"\xff\xfe", b"'\\\"%s", b"text"]


def copied(event: Event, **fields: Any) -> Event:
    """Return the event with other fields; those that are None are cleared."""
    copy = Event()
    copy.CopyFrom(event)
    for field in fields:
        copy.ClearField(field)  # type: ignore[arg-type]
    copy.MergeFrom(Event(**fields))
    return copy


def as_given(event: Event) -> Event:
    """Return the event without the fields that the server sets."""
    return copied(event, name=None, sequence=None, create_time=None, created_by=None)


def get_event(client: Client, name: str) -> Event:
    return client.events.GetEvent(GetEventRequest(name=name))


def texts(client: Client, session: str) -> list[str]:
    return [event.text for event in list_events(client, session)]


def numbers(events: Iterable[Event]) -> list[int]:
    return [event.sequence for event in events]


def last_sequence(client: Client, session: str) -> int:
    return get_session(client, session).last_sequence


def numbered_ids(count: int, start: int = 1) -> list[Event]:
    """Return events whose ids contain the numbers that they get in a session without events."""
    return [Event(event_id=f"e{number}", text=f"text {number}") for number in range(start, start + count)]


def set_state(key: str, value_json: str, expected_revision: int | None = None) -> StateUpdate:
    return StateUpdate(key=key, value_json=value_json, expected_revision=expected_revision)


def state(client: Client, name: str) -> dict[str, tuple[str, int]]:
    """Return the values and revisions of a state, by key."""
    entries = client.events.GetState(GetStateRequest(name=name)).entries
    return {key: (entry.value_json, entry.revision) for key, entry in entries.items()}


def refused_append(
    client: Client, session: str, events: list[Event], reason: str, field: str | None = None, **fields: Any
) -> Failure:
    """Return the refusal of an append, which must write nothing and leave no gap."""
    before, its_state = list_events(client, session), state(client, session)
    request = AppendEventsRequest(parent=session, events=events, **fields)
    refusal = refused(client.events.AppendEvents, request, reason, field)
    assert list_events(client, session) == before
    assert state(client, session) == its_state
    assert last_sequence(client, session) == len(before)
    assert numbers(append(client, session, "the next one").events) == [len(before) + 1]
    return refusal
