"""Events as lines of an export: text as text, bytes in base64, numbers as numbers, times as in all other lines."""

import base64
from collections.abc import Mapping
from typing import Any, Literal

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from activity_session.v1.event_pb2 import Event
from activity_session_server.store.codec.events import created, given_by_server
from activity_session_server.store.codec.resources import time_fields, to_datetime
from activity_session_server.store.queries.moves.times import time_of

# What is not of this version, or cannot be written in fields: the event as its bytes.
_RAW = "raw"
_TIMES = ("event_time", "create_time")
_GIVEN: tuple[Literal["event_id", "sequence", "create_time", "created_by"], ...] = (
    "event_id",
    "sequence",
    "create_time",
    "created_by",
)


def line_of(raw: bytes) -> dict[str, Any]:
    """The fields of an event; its bytes too where they have more than these."""
    event = Event.FromString(raw)
    line = _fields(event)
    event.DiscardUnknownFields()
    if event.ByteSize() != len(raw):
        line[_RAW] = base64.b64encode(raw).decode()
    return line


def row_of(line: Mapping[str, Any]) -> dict[str, Any]:
    """The row of an event, but for the key of its session.

    Raises:
        TypeError, ValueError, DecodeError: it is no event.
    """
    raw = base64.b64decode(line[_RAW], validate=True) if _RAW in line else b""
    event = Event.FromString(raw) if raw else _event_of(line)
    if not (event.event_id and event.sequence > 0 and event.HasField("create_time")):
        raise ValueError("an event needs event_id, sequence and create_time")
    return {
        "sequence": event.sequence,
        "event_id": event.event_id,
        "author": event.author,
        "event_type": event.type,
        "labels": dict(event.labels),
        "event_ts": to_datetime(event.event_time) if event.HasField("event_time") else None,
        "create_ts": to_datetime(event.create_time),
        "message": raw or _raw_of(event),
    }


def _event_of(line: Mapping[str, Any]) -> Event:
    fields = dict(line)
    for name in _TIMES:
        if name in fields:
            fields[name] = time_fields(time_of(fields[name]))
    if "blob" in fields:
        fields["blob"] = base64.b64decode(fields["blob"], validate=True)
    return Event(**fields)


def _raw_of(event: Event) -> bytes:
    """An event as an append writes it: first what the server has given it."""
    given = given_by_server(event.event_id, event.sequence, created(to_datetime(event.create_time), event.created_by))
    rest = Event()
    rest.CopyFrom(event)
    for field in _GIVEN:
        rest.ClearField(field)
    return given.raw + rest.SerializeToString()


def _fields(message: Message) -> dict[str, Any]:
    return {field.name: _value(value) for field, value in message.ListFields()}


def _value(value: Any) -> Any:
    if isinstance(value, str | int):
        return value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Timestamp):
        return to_datetime(value)
    if isinstance(value, Message):
        return _fields(value)
    # A map has no order of its own.
    return dict(sorted(value.items())) if hasattr(value, "items") else [_value(one) for one in value]
