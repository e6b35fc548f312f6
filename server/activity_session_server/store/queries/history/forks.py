"""The queries of forks: a new session is given what another one was at a number, without a copy of its events."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select, update

from activity_session_server.orm import ActivitySession, Event
from activity_session_server.orm.base import table_of
from activity_session_server.rules.names import ids_of
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.queries.heads import Head
from activity_session_server.store.queries.history import inherited, marks
from activity_session_server.store.readers import Raced, Reader, Writer

_TIME = Statement(
    select(Event.create_ts).where(
        Event.activity_session_pkid == bindparam("its_session"), Event.sequence == bindparam("its_number")
    )
)
_INHERIT = Statement(update(table_of(ActivitySession)).where(ActivitySession.pkid == bindparam("its_uid")))


class _Times(NamedTuple):
    """When the first and the last of some events were appended."""

    first: datetime
    last: datetime


def inherit(writer: Writer, origin: Head, fork_uid: str, last: int) -> None:
    """Give a session that was just inserted the log that a locked one had at a number: its events and its marks."""
    first = min(origin.first_sequence, last + 1)
    times = _times(writer, origin, first, last)
    values: dict[str, Any] = {
        "its_uid": fork_uid,
        "last_sequence": last,
        "last_event_sequence": last,
        "last_event_ts": times.last,
        "first_sequence": first,
        "events_from_ts": times.first,
        # Its log is not its own alone.
        "history_revision": last,
        "inherited_sequence": last,
        "origin_pkid": origin.uid,
        "origin_name": ids_of(origin.name)[1],
        "state_first_sequence": last,
    }
    if writer.change(_INHERIT, values) != 1:
        raise Raced
    inherited.share_log(writer, origin, fork_uid, last)
    marks.copy_marks(writer, origin, fork_uid, last)


def _times(writer: Writer, origin: Head, first: int, last: int) -> _Times:
    if first > last:
        return _Times(writer.now, writer.now)
    return _Times(_time_of(writer, origin, first), _time_of(writer, origin, last))


def _time_of(reader: Reader, head: Head, number: int) -> datetime:
    part = inherited.part_with(reader, head, number)
    row = reader.row(_TIME, {"its_session": part.uid, "its_number": number})
    if row is None:
        raise Raced
    time: datetime = row.create_ts
    return time
