"""The removal of the content of events, whose rows stay."""

from collections import Counter
from collections.abc import Collection, Sequence
from operator import attrgetter
from typing import Literal, NamedTuple

from sqlalchemy import bindparam, select, update

from activity_session.v1.event_pb2 import Event as EventMessage
from activity_session.v1.event_pb2 import Redaction
from activity_session_server.orm import ActivitySession, Event, InheritedRange
from activity_session_server.orm.base import table_of
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.queries import events
from activity_session_server.store.queries.heads import Head
from activity_session_server.store.readers import Raced, Reader, Writer


class Sharing(NamedTuple):
    """A session that shows events of another one, and the numbers of those."""

    uid: str
    session_id: str
    legal_hold: bool
    numbers: list[int]


_IS_OF_SESSION = Event.activity_session_pkid == bindparam("its_session")
_EMPTY = Statement(
    update(table_of(Event))
    .where(_IS_OF_SESSION, Event.sequence == bindparam("its_number"))
    .values(message=bindparam("its_message"), labels=bindparam("no_labels"))
)
_FREE = Statement(
    update(table_of(ActivitySession))
    .where(ActivitySession.pkid == bindparam("its_uid"))
    .values(log_bytes=ActivitySession.log_bytes - bindparam("its_bytes"))
)
_IS_ANOTHER = ActivitySession.pkid != bindparam("its_uid")
_SESSION = select(ActivitySession.pkid, ActivitySession.name, ActivitySession.legal_hold)
_FORKS = (
    _SESSION.add_columns(InheritedRange.first_sequence, InheritedRange.last_sequence)
    .join_from(InheritedRange, ActivitySession, ActivitySession.pkid == InheritedRange.activity_session_pkid)
    .where(InheritedRange.source_pkid == bindparam("its_owner"), _IS_ANOTHER)
)
_OWNER = _SESSION.add_columns(ActivitySession.first_sequence, ActivitySession.last_sequence).where(
    ActivitySession.pkid == bindparam("its_owner"), _IS_ANOTHER
)
_SHARING = [Statement(_OWNER), Statement(_FORKS)]
_HOLD_SHARING = [Statement(_OWNER.with_for_update(read=True)), Statement(_FORKS.with_for_update(read=True))]
_CONTENT: tuple[Literal["text", "blob", "media_type", "labels"], ...] = ("text", "blob", "media_type", "labels")


class Stored(NamedTuple):
    """An event as it lies in the log: its bytes, the same as a message without a name, and the session that has it."""

    raw: bytes
    message: EventMessage
    owner_uid: str


def find_events(reader: Reader, head: Head, event_ids: Collection[str]) -> list[Stored]:
    """Those of some events of a session that exist, in the order of their numbers."""
    rows = events.find_unpurged(reader, head, events.FIND, event_ids)
    rows = sorted(rows, key=attrgetter("sequence"))
    return [Stored(row.message, EventMessage.FromString(row.message), row.activity_session_pkid) for row in rows]


def redact_events(writer: Writer, head: Head, found: Sequence[Stored], reason: str) -> int:
    """Empty events of a locked session, with the next number for the mark that says so.

    Returns the bytes that its log has lost. Other sessions lose what is theirs at once.
    """
    redaction = Redaction(reason=reason, mark_sequence=head.last_sequence + 1, session=head.name)
    freed: Counter[str] = Counter()
    for raw, event, owner_uid in found:
        emptied = emptied_of(event, redaction).SerializeToString()
        values = {"its_session": owner_uid, "its_number": event.sequence, "its_message": emptied, "no_labels": {}}
        if writer.change(_EMPTY, values) != 1:
            raise Raced
        freed[owner_uid] += len(raw) - len(emptied)
    own = freed.pop(head.uid, 0)
    for owner_uid, size in sorted(freed.items()):
        # Written on a cluster too: so a hold of that session through another node meets it.
        writer.change(_FREE, {"its_uid": owner_uid, "its_bytes": size})
    return own


def hold_sharing(writer: Writer, head: Head, found: Sequence[Stored]) -> list[Sharing]:
    """The other sessions that show some events of a session; nobody changes them until the transaction ends."""
    return _sharing(writer, _HOLD_SHARING, head, found)


def sharing(reader: Reader, head: Head, found: Sequence[Stored]) -> list[Sharing]:
    """The other sessions that show some events of a session, by their uids."""
    return _sharing(reader, _SHARING, head, found)


def _sharing(reader: Reader, statements: Sequence[Statement], head: Head, found: Sequence[Stored]) -> list[Sharing]:
    sessions: dict[str, Sharing] = {}
    for owner_uid in sorted({stored.owner_uid for stored in found}):
        numbers = [stored.message.sequence for stored in found if stored.owner_uid == owner_uid]
        for statement in statements:
            for row in reader.rows(statement, {"its_owner": owner_uid, "its_uid": head.uid}):
                shown = [number for number in numbers if row.first_sequence <= number <= row.last_sequence]
                one = sessions.setdefault(row.pkid, Sharing(row.pkid, row.name, row.legal_hold, []))
                one.numbers.extend(shown)
    return sorted(one for one in sessions.values() if one.numbers)


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
