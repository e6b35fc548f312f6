"""What is told of the newest event of a session: when it was appended, and for people who look at lists its beginning.

The time stands in the session's row, since lists are ordered by it. A server of an older version appends without it:
then it is the time of an older event, and read from the newest one, until the next append.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlalchemy.orm import aliased

from activity_session_server.orm import ActivitySession, Event, HiddenRange, InheritedRange
from activity_session_server.store.codec.previews import PART_BYTES

# The last number before those at the end that are out of view.
_BEFORE_HIDDEN = (
    select(HiddenRange.first_sequence - 1)
    .where(HiddenRange.activity_session_pkid == ActivitySession.pkid)
    .where(HiddenRange.last_sequence == ActivitySession.last_sequence)
    .correlate(ActivitySession)
    .scalar_subquery()
)
# The number of the event that a preview shows: the newest in view.
NEWEST_SEQUENCE = case(
    (ActivitySession.history_revision > 0, func.coalesce(_BEFORE_HIDDEN, ActivitySession.last_sequence)),
    else_=ActivitySession.last_sequence,
)
_TIME_OF_LAST = (
    select(Event.create_ts)
    .where(Event.activity_session_pkid == ActivitySession.pkid, Event.sequence == ActivitySession.last_sequence)
    .correlate(ActivitySession)
    .scalar_subquery()
)
_SOURCE = (
    select(InheritedRange.source_pkid)
    .where(InheritedRange.activity_session_pkid == ActivitySession.pkid)
    .where(InheritedRange.last_sequence >= NEWEST_SEQUENCE)
    .order_by(InheritedRange.last_sequence)
    .limit(1)
    .correlate(ActivitySession)
    .scalar_subquery()
)
# Whose row it is: a fork may show one of another session.
_OWNER = case(
    (
        ActivitySession.inherited_sequence >= NEWEST_SEQUENCE,
        func.coalesce(_SOURCE, ActivitySession.pkid),
    ),
    else_=ActivitySession.pkid,
)
# NULL while there never was an event.
LAST_EVENT_TIME: ColumnElement[Any] = case(
    (ActivitySession.last_event_sequence != ActivitySession.last_sequence, _TIME_OF_LAST),
    (ActivitySession.last_sequence > 0, ActivitySession.last_event_ts),
)
_NEWEST = aliased(Event, name="newest")
_SIZE = func.length(_NEWEST.message)
# Without a type: they have their own bound, and are not clipped again.
_COLUMNS = (
    _NEWEST.event_id.label("newest_id"),
    _SIZE.label("newest_bytes"),
    func.substr(_NEWEST.message, 1, PART_BYTES).label("newest_start"),
    # What is left after the start, or the end of it.
    case(
        (_SIZE > 2 * PART_BYTES, func.substr(_NEWEST.message, _SIZE - PART_BYTES + 1)),
        (_SIZE > PART_BYTES, func.substr(_NEWEST.message, PART_BYTES + 1)),
    ).label("newest_end"),
)


def with_newest(sessions: Select[Any]) -> Select[Any]:
    """A query of sessions that has the newest event of each too, for `codec.previews`."""
    is_newest = and_(
        _NEWEST.activity_session_pkid == _OWNER,
        _NEWEST.sequence == NEWEST_SEQUENCE,
        # A fork may still show one that this session has lost.
        _NEWEST.sequence >= ActivitySession.first_sequence,
    )
    return sessions.outerjoin(_NEWEST, is_newest).add_columns(*_COLUMNS)
