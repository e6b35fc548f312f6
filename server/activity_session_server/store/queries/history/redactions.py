"""The removal of the content of events, whose rows stay."""

from collections.abc import Collection, Sequence
from operator import attrgetter
from typing import Literal, NamedTuple

from sqlalchemy import bindparam, update

from activity_session.v1.event_pb2 import Event as EventMessage
from activity_session.v1.event_pb2 import Redaction
from activity_session_server.orm import Event
from activity_session_server.orm.base import table_of
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.queries import events
from activity_session_server.store.queries.heads import Head
from activity_session_server.store.readers import Raced, Reader, Writer

_IS_OF_SESSION = Event.activity_session_pkid == bindparam("its_session")
_EMPTY = Statement(
    update(table_of(Event))
    .where(_IS_OF_SESSION, Event.sequence == bindparam("its_number"))
    .values(message=bindparam("its_message"), labels=bindparam("no_labels"))
)
_CONTENT: tuple[Literal["text", "blob", "media_type", "labels"], ...] = ("text", "blob", "media_type", "labels")


class Stored(NamedTuple):
    """An event as it lies in the log: its bytes, and the same as a message without a name."""

    raw: bytes
    message: EventMessage


def find_events(reader: Reader, head: Head, event_ids: Collection[str]) -> list[Stored]:
    """Those of some events of a session that exist, in the order of their numbers."""
    rows = reader.rows(events.FIND, {"its_session": head.uid, "ids": list(event_ids)})
    rows = sorted(rows, key=attrgetter("sequence"))
    return [Stored(row.message, EventMessage.FromString(row.message)) for row in rows]


def redact_events(writer: Writer, head: Head, found: Sequence[Stored], reason: str) -> int:
    """Empty events of a locked session, with the next number for the mark that says so; returns the bytes freed."""
    redaction = Redaction(reason=reason, mark_sequence=head.last_sequence + 1)
    freed = 0
    for raw, event in found:
        emptied = emptied_of(event, redaction).SerializeToString()
        values = {"its_session": head.uid, "its_number": event.sequence, "its_message": emptied, "no_labels": {}}
        if writer.change(_EMPTY, values) != 1:
            raise Raced
        freed += len(raw) - len(emptied)
    return freed


def emptied_of(event: EventMessage, redaction: Redaction) -> EventMessage:
    """What is left of an event: nothing that is content, nor what is not known here; of a mark not even the reason."""
    emptied = EventMessage()
    emptied.CopyFrom(event)
    emptied.DiscardUnknownFields()
    for field in _CONTENT:
        emptied.ClearField(field)
    for mark in ("supersession", "redacted"):
        if emptied.HasField(mark):
            getattr(emptied, mark).ClearField("reason")
    emptied.redaction.CopyFrom(redaction)
    return emptied
