"""The queries of forks: a new session is given what another one was at a number, without a copy of its events."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select

from activity_session.v1.session_pb2 import Session, SessionOrigin
from activity_session_server.orm import Event
from activity_session_server.rules.names import ids_of
from activity_session_server.store.codec.resources import set_time
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.queries import heads
from activity_session_server.store.queries.heads import Head
from activity_session_server.store.queries.history import inherited, marks
from activity_session_server.store.queries.sessions import LockedSession
from activity_session_server.store.readers import Raced, Writer

_TIME = Statement(
    select(Event.create_ts).where(
        Event.activity_session_pkid == bindparam("its_session"), Event.sequence == bindparam("its_number")
    )
)


class Beginning(NamedTuple):
    """What a fork begins with: the log of its origin up to a number, and when the event of that was appended if any."""

    origin: Head
    last: int
    last_time: datetime | None
    # No event is older.
    from_time: datetime

    def columns(self) -> dict[str, Any]:
        """The columns of the fork that say so."""
        return {
            "last_sequence": self.last,
            "first_sequence": min(self.origin.first_sequence, self.last + 1),
            "events_from_ts": self.from_time,
            "last_event_sequence": self.last,
            **({"last_event_ts": self.last_time} if self.last_time else {}),
            # Its log is not its own alone.
            "history_revision": self.last,
            "inherited_sequence": self.last,
            "origin_pkid": self.origin.uid,
            "origin_name": ids_of(self.origin.name)[1],
            "state_first_sequence": self.last,
        }

    def tell(self, fork: Session) -> None:
        """Say the same in a message."""
        fork.last_sequence = self.last
        fork.first_sequence = min(self.origin.first_sequence, self.last + 1)
        set_time(fork.last_event_time, self.last_time)
        origin = SessionOrigin(session=self.origin.name, uid=self.origin.uid, sequence=self.last)
        fork.forked_from.CopyFrom(origin)


def beginning(writer: Writer, locked: LockedSession, last: int) -> Beginning:
    """What a fork of a locked session begins with that ends with a number."""
    head = heads.head_of(locked.row, locked.namespace)
    if last == head.last_sequence:
        return Beginning(head, last, locked.row.last_event_time, locked.row.events_from_ts)
    time = _time_of(writer, head, last) if head.first_sequence <= last else None
    return Beginning(head, last, time, locked.row.events_from_ts)


def inherit(writer: Writer, begins_with: Beginning, fork_uid: str) -> None:
    """Have a session that was just inserted show the events of its beginning, and the marks as they held then."""
    inherited.share_log(writer, begins_with.origin, fork_uid, begins_with.last)
    marks.copy_marks(writer, begins_with.origin, fork_uid, begins_with.last)


def _time_of(writer: Writer, head: Head, number: int) -> datetime:
    part = inherited.part_with(writer, head, number)
    row = writer.row(_TIME, {"its_session": part.uid, "its_number": number})
    if row is None:
        raise Raced
    time: datetime = row.create_ts
    return time
