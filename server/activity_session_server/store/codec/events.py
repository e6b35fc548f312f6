"""The log holds events as the bytes that are sent; a message is made of them only where somebody looks inside.

A row has all of an event but its name, which begins with that of the session: the name is put in front. What the server
gives an event and what the caller has asked for are two messages one after the other, so that fields which this version
does not know reach the reader as they came.
"""

from datetime import datetime
from typing import NamedTuple

from activity_session.v1.event_pb2 import Event
from activity_session_server.orm.types import AnyRow
from activity_session_server.store.codec.encoded import field, number_field
from activity_session_server.store.codec.resources import time_fields

_NAME, _EVENT_ID, _SEQUENCE = Event.NAME_FIELD_NUMBER, Event.EVENT_ID_FIELD_NUMBER, Event.SEQUENCE_FIELD_NUMBER


def created(time: datetime, subject: str) -> bytes:
    """The fields that events which are appended together share: when that was, and by whom."""
    return Event(create_time=time_fields(time), created_by=subject).SerializeToString()


class Given(NamedTuple):
    """What the server gives an event besides its name."""

    event_id: str
    raw: bytes


def given_by_server(event_id: str, sequence: int, shared: bytes) -> Given:
    """What an event of that id and number is given; `shared` are the fields of `created`."""
    return Given(event_id, field(_EVENT_ID, event_id.encode()) + number_field(_SEQUENCE, sequence) + shared)


class Encoder:
    """Puts the names of one session's events in front of them."""

    def __init__(self, session: str) -> None:
        self._prefix = f"{session}/events/".encode()

    def whole(self, row: AnyRow) -> bytes:
        """The event of a row."""
        raw: bytes = row.message
        return field(_NAME, self._prefix + row.event_id.encode()) + raw

    def without_content(self, row: AnyRow) -> bytes:
        """The event of a row without its text or blob."""
        event = Event.FromString(row.message)
        event.ClearField("text")
        event.ClearField("blob")
        return self.named(row.event_id, event.SerializeToString())

    def named(self, event_id: str, raw: bytes) -> bytes:
        """An event, given all of it but the name."""
        return field(_NAME, self._prefix + event_id.encode()) + raw
