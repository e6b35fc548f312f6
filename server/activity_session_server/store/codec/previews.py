"""The newest event of a session as a preview: with the beginning of its text, made of both ends of its bytes.

Of a long event the middle is not read. Its fields are in the order of their numbers: what the server gives it, its
author and its type come first, and fit into a part with what is shown of the text; what follows the content is mostly
short.
"""

from contextlib import suppress
from typing import NamedTuple

from activity_session.v1.event_pb2 import Event
from activity_session.v1.session_pb2 import Session
from activity_session_server.orm.types import AnyRow
from activity_session_server.store.codec.encoded import field, varint_at
from activity_session_server.store.codec.events import Encoder

# Of each end of an event.
PART_BYTES = 10 * 1024
TEXT_CHARACTERS = 1024
BLOB_BYTES = 1024
_VARINT, _LENGTH = 0, 2


class _Cut(NamedTuple):
    """The field in which the start of an event ends: its number, and where it, its value and the next field begin."""

    number: int
    at: int
    value: int
    after: int


def newest_event(row: AnyRow, session: str) -> bytes:
    """The field of a session, given by name, that has its newest event; nothing where there is none."""
    if row.newest_bytes is None:
        return b""
    event = _event(row.newest_start, row.newest_end or b"", row.newest_bytes)
    if event.HasField("text"):
        event.text = event.text[:TEXT_CHARACTERS]
    if len(event.blob) > BLOB_BYTES:
        event.ClearField("blob")
    return field(Session.NEWEST_EVENT_FIELD_NUMBER, Encoder(session).named(row.newest_id, event.SerializeToString()))


def _event(start: bytes, end: bytes, size: int) -> Event:
    if size == len(start) + len(end):
        return Event.FromString(start + end)
    cut = _cut(start)
    left = size - cut.after
    event = Event.FromString(start[: cut.at] + (end[-left:] if 0 < left <= len(end) else b""))
    if cut.number == Event.TEXT_FIELD_NUMBER:
        event.text = start[cut.value :].decode(errors="ignore")
    elif cut.number != Event.BLOB_FIELD_NUMBER:
        # Some of them are in the middle.
        event.labels.clear()
    return event


def _cut(start: bytes) -> _Cut:
    """The field that goes on after the start, if not in its tag or length."""
    at = 0
    with suppress(IndexError):
        while True:
            tag, value = varint_at(start, at)
            size, after = varint_at(start, value)
            if tag & 7 == _LENGTH:
                value, after = after, after + size
            elif tag & 7 != _VARINT:
                break
            if after > len(start):
                return _Cut(tag >> 3, at, value, after)
            at = after
    return _Cut(0, at, at, 0)
