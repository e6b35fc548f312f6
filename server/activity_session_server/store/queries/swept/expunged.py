"""What is left of expunged sessions: no call can reach it any more, and it is removed in batches (`store.batches`).

Events that forks show are left until no fork does. Then the session comes up again, whose rows they are; so does one
that is there, and has lost events by their age which forks went on to show.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Table, and_, bindparam, delete, exists, func, literal, or_, select

from activity_session_server.orm import (
    ActivitySession,
    Event,
    EventMark,
    Expunged,
    HiddenRange,
    Memory,
    PastState,
    State,
)
from activity_session_server.orm.base import table_of
from activity_session_server.orm.types import AnyRow
from activity_session_server.rules.history.ranges import END
from activity_session_server.store.batches import fitting
from activity_session_server.store.driver.statements import Statement, Values
from activity_session_server.store.expressions import byte_length
from activity_session_server.store.queries import event_columns
from activity_session_server.store.queries.history import inherited
from activity_session_server.store.readers import Reader, Writer, count_of


class _Owned(NamedTuple):
    """A table whose rows belong to a session: how to find some with their bytes, and how to remove them."""

    find: Statement
    remove: Statement
    # The values of the removal, given the rows that were found.
    named: Callable[[Sequence[AnyRow]], Values]


def _owned(table: Table, owner: str, key: str, size: ColumnElement[int]) -> _Owned:
    of_session = table.c[owner] == bindparam("its_session")
    remove = delete(table).where(of_session, table.c[key].in_(bindparam("keys", expanding=True)))
    find = select(table.c[key], size.label("size")).where(of_session).order_by(table.c[key]).limit(bindparam("most"))
    return _Owned(Statement(find), Statement(remove, many="keys"), lambda rows: {"keys": [row[0] for row in rows]})


def _former_values() -> _Owned:
    """Those of a key can be very many, so they are not removed by their keys alone."""
    of_session = PastState.owner_pkid == bindparam("its_session")
    place = (PastState.key, PastState.sequence)
    find = select(*place, byte_length(PastState.value_json).label("size")).where(of_session)
    up_to_last = or_(
        PastState.key < bindparam("last_key"),
        and_(PastState.key == bindparam("last_key"), PastState.sequence <= bindparam("last_sequence")),
    )
    return _Owned(
        Statement(find.order_by(*place).limit(bindparam("most"))),
        Statement(delete(table_of(PastState)).where(of_session, up_to_last)),
        lambda rows: {"last_key": rows[-1].key, "last_sequence": rows[-1].sequence},
    )


# What can be long in a row; all else of it takes 6 KiB at most.
_OWNED = (
    _owned(table_of(State), "owner_pkid", "key", func.coalesce(byte_length(State.value_json), 0)),
    _former_values(),
    _owned(
        table_of(Memory),
        "activity_session_pkid",
        "pkid",
        byte_length(Memory.content) + func.coalesce(byte_length(Memory.memo), 0),
    ),
    _owned(table_of(EventMark), "activity_session_pkid", "sequence", literal(0)),
    _owned(table_of(HiddenRange), "activity_session_pkid", "last_sequence", literal(0)),
)
_IS_FROM_TO = (Event.sequence >= bindparam("first")) & (Event.sequence <= bindparam("last"))
_FIND_EVENTS = Statement(
    select(Event.sequence, event_columns.BYTES.label("size"))
    .where(Event.activity_session_pkid == bindparam("its_session"), _IS_FROM_TO)
    .order_by(Event.sequence)
    .limit(bindparam("most"))
)
_REMOVE_EVENTS = Statement(
    delete(table_of(Event)).where(Event.activity_session_pkid == bindparam("its_session"), _IS_FROM_TO)
)
_IS_GONE = ~exists().where(ActivitySession.pkid == Expunged.activity_session_pkid)
_COUNTS = [
    Statement(select(func.count()).where(owner.in_(select(Expunged.activity_session_pkid).where(_IS_GONE))))
    for owner in (
        Event.activity_session_pkid,
        State.owner_pkid,
        PastState.owner_pkid,
        Memory.activity_session_pkid,
        EventMark.activity_session_pkid,
        HiddenRange.activity_session_pkid,
    )
]
_FIND = Statement(select(Expunged.activity_session_pkid).order_by(Expunged.create_ts).limit(bindparam("most")))
_LOCK = Statement(
    select(Expunged.activity_session_pkid)
    .where(Expunged.activity_session_pkid == bindparam("its_session"))
    .with_for_update()
)
_IS_THERE = Statement(select(ActivitySession.first_sequence).where(ActivitySession.pkid == bindparam("its_session")))
_FORGET = Statement(delete(table_of(Expunged)).where(Expunged.activity_session_pkid == bindparam("its_session")))


def expunged_sessions(reader: Reader, most: int) -> Sequence[str]:
    """The uids of expunged sessions of which something may be left, oldest first."""
    return [row[0] for row in reader.rows(_FIND, {"most": most})]


def count_rows(reader: Reader) -> int:
    """How many rows are left of expunged sessions."""
    return sum(count_of(reader, statement) for statement in _COUNTS)


def remove_batch(writer: Writer, session_uid: str, most: int) -> int:
    """Remove at most so many rows of an expunged session; returns how many, 0 when nothing is left."""
    this = {"its_session": session_uid}
    # First of all: a fork that lets go of events writes this row after it.
    if writer.row(_LOCK, this) is None:
        return 0
    there = writer.row(_IS_THERE, this)
    if there is None:
        removed = remove_rows(writer, session_uid, most)
    else:
        removed = _remove_events(writer, session_uid, most, there.first_sequence - 1)
    if removed == 0:
        writer.change(_FORGET, this)
    return removed


def remove_rows(writer: Writer, session_uid: str, most: int) -> int:
    """Remove at most so many rows of a session that is not there, but for those that forks show; returns how many."""
    return _remove_events(writer, session_uid, most, END) or _remove_owned(writer, session_uid, most)


def _remove_events(writer: Writer, session_uid: str, most: int, last: int) -> int:
    """Remove some of the events up to a number that no fork shows."""
    shown = inherited.shown_by_forks(writer, session_uid)
    for first, end in ((1, min(shown.first - 1, last)), (shown.last + 1, last)):
        of_range = {"its_session": session_uid, "first": first, "last": end}
        rows = writer.rows(_FIND_EVENTS, {**of_range, "most": most}) if first <= end else ()
        if rows:
            some = rows[: fitting(row.size for row in rows)]
            return writer.change(_REMOVE_EVENTS, {**of_range, "last": some[-1].sequence})
    return 0


def _remove_owned(writer: Writer, session_uid: str, most: int) -> int:
    for find, remove, named in _OWNED:
        rows = writer.rows(find, {"its_session": session_uid, "most": most})
        if rows:
            some = rows[: fitting(row.size for row in rows)]
            return writer.change(remove, {"its_session": session_uid, **named(some)})
    return 0
