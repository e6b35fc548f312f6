"""Events that are purged since they are too old: of which sessions they are, and the removal of the oldest ones.

A session has a time before which it has no events, `events_from_ts`. It is a bound: an append does not write it, and
who looks at the log of a session moves it. So the sessions to look at are found by an index, and those that follow
their namespace need nothing when the namespace's age changes.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    Text,
    bindparam,
    case,
    cast,
    delete,
    func,
    or_,
    select,
    update,
)

from activity_session_server.orm import ActivitySession, Event, Namespace
from activity_session_server.orm.base import table_of
from activity_session_server.orm.types import AnyRow, utc_datetime
from activity_session_server.store.backends import by_index
from activity_session_server.store.batches import fitting
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.queries import expiry, namespaces, node_locks
from activity_session_server.store.queries.event_columns import BYTES, MESSAGE_BYTES
from activity_session_server.store.queries.history import inherited
from activity_session_server.store.queries.history.inherited import Part
from activity_session_server.store.queries.namespaces import HeldNamespace
from activity_session_server.store.readers import Raced, Reader, Writer, count_of, utc_clock


class Aged(NamedTuple):
    """A session to look at: of its events some may be older than its age allows.

    `has_own_age` where the age is not that of its namespace; `bound` is its `events_from_ts`; `oldest` is the time of
    its oldest event, None while it has none.
    """

    uid: str
    namespace_id: str
    session_id: str
    age: timedelta
    has_own_age: bool
    bound: datetime
    oldest: datetime | None

    @property
    def is_due(self) -> bool:
        """Whether it has an event that is too old."""
        return self.oldest is not None and self.oldest <= utc_clock() - self.age


class Purged(NamedTuple):
    """How many events a batch has removed from a session, and whether there are more that are too old."""

    events: int
    is_more_due: bool


_NOTHING = Purged(0, is_more_due=False)


_SESSIONS = table_of(ActivitySession)
_EVENTS = table_of(Event)
_OLDEST_OWN = (
    select(Event.create_ts)
    .where(Event.activity_session_pkid == ActivitySession.pkid, Event.sequence >= ActivitySession.first_sequence)
    .order_by(Event.sequence)
    .limit(1)
    .correlate(ActivitySession)
    .scalar_subquery()
)
# Of a fork whose oldest events are rows of others, the bound is all that is known.
_OLDEST = case(
    (ActivitySession.first_sequence <= ActivitySession.inherited_sequence, ActivitySession.events_from_ts),
    else_=_OLDEST_OWN,
).label("oldest")
_LATEST: BindParameter[datetime] = bindparam("latest", type_=utc_datetime())
# Few have an age, and all of the table is no more than a scan of small rows.
_NAMESPACES = Statement(
    select(Namespace.pkid, Namespace.name, Namespace.settings).where(
        cast(Namespace.settings, Text).contains('"event_purge_age"')
    )
)


def _looked_at(*more: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    """What is read of sessions to look at, by the one index that serves both kinds of them."""
    looked_at = select(
        ActivitySession.pkid,
        ActivitySession.name,
        ActivitySession.settings,
        ActivitySession.events_from_ts,
        _OLDEST,
        *more,
    )
    looked_at = looked_at.where(~expiry.IS_HELD)
    return by_index(looked_at.limit(bindparam("most")), _SESSIONS, "idx__activity_session__events_due_ts")


_OF_NAMESPACE = Statement(
    _looked_at()
    .where(ActivitySession.events_due_ts.is_(None), ActivitySession.namespace_pkid == bindparam("owner"))
    .where(ActivitySession.events_from_ts <= _LATEST)
    .order_by(ActivitySession.events_from_ts)
)
_WITH_OWN_AGE = Statement(
    _looked_at(namespaces.ID_OF_SESSION)
    .where(ActivitySession.events_due_ts <= _LATEST)
    .order_by(ActivitySession.events_due_ts)
)
_LOCK = Statement(
    select(
        ActivitySession.pkid.label("uid"),
        ActivitySession.settings,
        ActivitySession.first_sequence,
        ActivitySession.history_revision,
        ActivitySession.inherited_sequence,
        ActivitySession.legal_hold,
    )
    .where(ActivitySession.pkid == bindparam("its_uid"))
    .with_for_update()
)
_FIRST = Statement(
    select(
        Event.sequence,
        Event.create_ts,
        MESSAGE_BYTES.label("log_bytes"),
        BYTES.label("size"),
    )
    .where(
        Event.activity_session_pkid == bindparam("its_uid"),
        Event.sequence >= bindparam("its_first"),
        Event.sequence <= bindparam("its_last"),
    )
    .order_by(Event.sequence)
    .limit(bindparam("most"))
)
_REMOVE = Statement(
    delete(_EVENTS).where(
        Event.sequence <= bindparam("its_last_purged"),
        Event.activity_session_pkid == bindparam("its_uid"),
        or_(Event.sequence < bindparam("first_shown"), Event.sequence > bindparam("last_shown")),
    )
)
_PLACE = Statement(
    select(ActivitySession.pkid.label("uid"), ActivitySession.first_sequence, ActivitySession.inherited_sequence).where(
        ActivitySession.pkid == bindparam("its_uid")
    )
)
_COUNT_DUE = Statement(
    select(func.count()).where(
        Event.activity_session_pkid == bindparam("its_uid"),
        Event.sequence >= bindparam("its_first"),
        Event.sequence <= bindparam("its_last"),
        Event.create_ts <= _LATEST,
    )
)
# The number is compared too: on Galera a lock holds on one node only.
_NOTE_PURGED = Statement(
    update(_SESSIONS)
    .where(ActivitySession.pkid == bindparam("its_uid"), ActivitySession.first_sequence == bindparam("its_first"))
    .values(
        first_sequence=bindparam("its_new_first"),
        history_revision=bindparam("its_revision"),
        log_bytes=case(
            (ActivitySession.log_bytes > bindparam("its_bytes"), ActivitySession.log_bytes - bindparam("its_bytes")),
            else_=0,
        ),
        events_from_ts=bindparam("its_from"),
        events_due_ts=bindparam("its_due"),
    )
)
_NOTE_LOOK = Statement(
    update(_SESSIONS)
    .where(ActivitySession.pkid == bindparam("its_uid"), ActivitySession.events_from_ts == bindparam("its_bound"))
    .values(events_from_ts=bindparam("its_from"))
)


def aged_sessions(reader: Reader, most: int) -> list[Aged]:
    """The sessions to look at now: at most so many of each namespace, and of those with an age of their own."""
    now = utc_clock()
    found = [
        _aged(row, row.namespace, row.settings.event_purge_age, has_own_age=True)
        for row in reader.rows(_WITH_OWN_AGE, {"latest": now, "most": most})
    ]
    for owner in reader.rows(_NAMESPACES):
        age = owner.settings.event_purge_age
        if age is not None:
            rows = reader.rows(_OF_NAMESPACE, {"owner": owner.pkid, "latest": now - age, "most": most})
            found += [_aged(row, owner.name, age, has_own_age=False) for row in rows]
    return found


def count_due(reader: Reader, session: Aged) -> int:
    """How many events of a session are too old."""
    place = reader.row(_PLACE, {"its_uid": session.uid})
    if place is None:
        return 0
    latest, parts = utc_clock() - session.age, inherited.all_parts(reader, place.uid, place.inherited_sequence)
    values = [{**_rows(part, place.first_sequence), "latest": latest} for part in parts]
    return sum(count_of(reader, _COUNT_DUE, of_part) for of_part in values)


def move_bounds(writer: Writer, sessions: Sequence[Aged]) -> None:
    """Note of sessions that follow their namespace, and have no event that is too old, when to look again."""
    values = [
        {"its_uid": session.uid, "its_bound": session.bound, "its_from": session.oldest or writer.now}
        for session in sessions
    ]
    writer.change_many(_NOTE_LOOK, values)


def purge_batch(writer: Writer, namespace: HeldNamespace, session_uid: str, most: int) -> Purged:
    """Remove at most so many of the events of a session that are too old, the oldest ones, and note when to look again.

    The session is locked by that.
    """
    head = writer.row(_LOCK, {"its_uid": session_uid})
    age = None if head is None else head.settings.event_purge_age or namespace.settings.event_purge_age
    if head is None or age is None or head.legal_hold or namespace.legal_hold:
        return _NOTHING
    latest = writer.now - age
    part = inherited.part_with(writer, head, head.first_sequence)
    rows = writer.rows(_FIRST, {**_rows(part, head.first_sequence), "most": most + 1})
    due = list(takewhile(lambda row: row.create_ts <= latest, rows[:most]))
    due = due[: fitting(row.size for row in due)]
    if len(due) < len(rows):
        oldest = rows[len(due)].create_ts
    else:
        # Of an empty log: whatever comes is not older than this. After the last of a part comes the next one.
        oldest = writer.now if part.uid == session_uid or not due else due[-1].create_ts
    revision = _remove(writer, head, part, due) if due else head.history_revision
    _note_purged(writer, head, due, oldest, revision, is_own=part.uid == session_uid)
    return Purged(len(due), oldest <= latest)


def _rows(part: Part, first: int) -> dict[str, Any]:
    """The values that say which rows those of a part are, from a number on."""
    return {"its_uid": part.uid, "its_first": max(first, part.range.first), "its_last": part.range.last}


def _remove(writer: Writer, head: AnyRow, part: Part, due: Sequence[AnyRow]) -> int:
    """Remove the first events of a locked session, but for rows that forks show; returns the revision of its history.

    A log is read in the way of those with marks from then on, if rows are left that are not in it any more.
    """
    last = due[-1].sequence
    writer.changed.add(head.uid)
    node_locks.exclude(writer, head.uid)
    if part.uid != head.uid:
        inherited.let_go(writer, head.uid, last)
        return int(head.history_revision)
    shown = inherited.shown_by_forks(writer, head.uid)
    values = {"its_uid": head.uid, "its_last_purged": last, "first_shown": shown.first, "last_shown": shown.last}
    writer.change(_REMOVE, values)
    return max(head.history_revision, last) if shown.first <= last else int(head.history_revision)


def _note_purged(
    writer: Writer, head: AnyRow, due: Sequence[AnyRow], oldest: datetime, revision: int, *, is_own: bool
) -> None:
    own_age = head.settings.event_purge_age
    values = {
        "its_uid": head.uid,
        "its_first": head.first_sequence,
        "its_new_first": due[-1].sequence + 1 if due else head.first_sequence,
        "its_revision": revision,
        "its_bytes": sum(row.log_bytes for row in due) if is_own else 0,
        "its_from": oldest,
        "its_due": None if own_age is None else oldest + own_age,
    }
    if writer.change(_NOTE_PURGED, values) != 1:
        raise Raced


def _aged(row: AnyRow, namespace_id: str, age: timedelta, *, has_own_age: bool) -> Aged:
    return Aged(row.pkid, namespace_id, row.name, age, has_own_age, row.events_from_ts, row.oldest)
