"""Events of another store, with the times and numbers that they had there."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select

from activity_session_server.orm import ActivitySession
from activity_session_server.store.codec.events import Given
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.queries import events
from activity_session_server.store.queries.events import NewEvent
from activity_session_server.store.queries.heads import Head
from activity_session_server.store.readers import Raced, Writer

_BOUND = Statement(select(ActivitySession.events_from_ts).where(ActivitySession.pkid == bindparam("its_uid")))


def import_events(writer: Writer, head: Head, new: Sequence[NewEvent], subject: str, first: int) -> list[Given]:
    """Write events to a locked session from a number on; what is before that was never there.

    Each has a time of its own.
    """
    times = [event.create_time for event in new if event.create_time is not None]
    changes = _bound(writer, head, min(times))
    if not head.last_sequence:
        changes["first_sequence"] = first
    return events.write_events(writer, head, new, subject, first=first, changes=changes)


def _bound(writer: Writer, head: Head, oldest: datetime) -> dict[str, Any]:
    """The time before which the session has no events, and when some of them may be due.

    Always another one than before: a sweep that has looked at the log without these events moves it no more.
    """
    row = writer.row(_BOUND, {"its_uid": head.uid})
    if row is None:
        raise Raced
    bound = min(oldest, row.events_from_ts - timedelta(microseconds=1))
    age = head.settings.event_purge_age
    return {"events_from_ts": bound} | ({} if age is None else {"events_due_ts": bound + age})
