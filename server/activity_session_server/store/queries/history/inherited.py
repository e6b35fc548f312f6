"""Events that forks show, and whose rows are of other sessions: ranges of numbers, each with the one that has them.

A fork of a fork names the session that has the rows, not the fork in between: so an event is found by one look, however
often its log was forked.
"""

from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, select, update

from activity_session_server.orm import Expunged, InheritedRange
from activity_session_server.orm.base import table_of
from activity_session_server.orm.types import AnyRow
from activity_session_server.rules.history.ranges import END, Range
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.queries import node_locks
from activity_session_server.store.queries.heads import Head
from activity_session_server.store.readers import Raced, Reader, Writer


class Part(NamedTuple):
    """Numbers of a log that follow each other, and the session whose rows they are."""

    range: Range
    uid: str


_TABLE, _EXPUNGED = table_of(InheritedRange), table_of(Expunged)
_OF_FORK = InheritedRange.activity_session_pkid == bindparam("its_fork")
_PARTS = Statement(
    select(InheritedRange.first_sequence, InheritedRange.last_sequence, InheritedRange.source_pkid)
    .where(_OF_FORK)
    .order_by(InheritedRange.last_sequence)
)
_SHOWN = Statement(
    select(
        func.min(InheritedRange.first_sequence).label("first"), func.max(InheritedRange.last_sequence).label("last")
    ).where(InheritedRange.source_pkid == bindparam("its_source"))
)
_DROP = Statement(delete(_TABLE).where(_OF_FORK, InheritedRange.last_sequence <= bindparam("its_last")))
_CUT = Statement(
    update(_TABLE)
    .where(_OF_FORK, InheritedRange.first_sequence <= bindparam("its_last"))
    .values(first_sequence=bindparam("its_last") + 1)
)
_LOOK_AGAIN = Statement(
    update(_EXPUNGED)
    .where(Expunged.activity_session_pkid == bindparam("its_source"))
    .values(create_ts=bindparam("its_time"))
)


def parts_of(reader: Reader, uid: str, inherited_sequence: int) -> list[Part]:
    """The parts of the log of a fork that other sessions have, in order; none of any other session."""
    if not inherited_sequence:
        return []
    rows = reader.rows(_PARTS, {"its_fork": uid})
    return [Part(Range(row.first_sequence, row.last_sequence), row.source_pkid) for row in rows]


def all_parts(reader: Reader, uid: str, inherited_sequence: int) -> list[Part]:
    """All parts of a log, in order; the last one is its own, and has no end."""
    parts = parts_of(reader, uid, inherited_sequence)
    # A fork that came from another database has all of its events itself.
    return [*parts, Part(Range(parts[-1].range.last + 1 if parts else 1, END), uid)]


def part_with(reader: Reader, head: Head | AnyRow, number: int) -> Part:
    """The part of a log that a number is in, or the next one where its events were purged."""
    *parts, own = all_parts(reader, head.uid, head.inherited_sequence)
    return next((part for part in parts if number <= part.range.last), own)


def share_log(writer: Writer, origin: Head, fork_uid: str, last: int) -> None:
    """Have a new session show the events of a locked one up to a number."""
    rows = [
        {
            "activity_session_pkid": fork_uid,
            "first_sequence": max(part.range.first, origin.first_sequence),
            "last_sequence": min(part.range.last, last),
            "source_pkid": part.uid,
        }
        for part in all_parts(writer, origin.uid, origin.inherited_sequence)
        if max(part.range.first, origin.first_sequence) <= min(part.range.last, last)
    ]
    node_locks.share(writer, [origin.uid])
    if rows and not writer.insert(_TABLE, rows):
        raise Raced


def shown_by_forks(writer: Writer, source_uid: str) -> Range:
    """The first and the last number of the rows of a session that forks show; the first is beyond the last if none."""
    row = writer.row(_SHOWN, {"its_source": source_uid})
    return Range(END, 0) if row is None or row.first is None else Range(row.first, row.last)


def let_go(writer: Writer, fork_uid: str, last: int) -> None:
    """Have a locked fork no longer show what it has of others up to a number; rows that nobody shows are removed later.

    Does nothing for a session that is no fork.
    """
    parts = writer.rows(_PARTS, {"its_fork": fork_uid})
    if parts:
        values = {"its_fork": fork_uid, "its_last": min(last, parts[-1].last_sequence)}
        writer.change(_DROP, values)
        writer.change(_CUT, values)
    for source_uid in sorted({part.source_pkid for part in parts if part.first_sequence <= last}):
        _have_looked_at(writer, source_uid)


def _have_looked_at(writer: Writer, source_uid: str) -> None:
    """Have the sweep look for rows of a session that nobody shows any more, once more if it is at it."""
    if writer.change(_LOOK_AGAIN, {"its_source": source_uid, "its_time": writer.now}):
        return
    if not writer.insert(_EXPUNGED, {"activity_session_pkid": source_uid, "create_ts": writer.now}):
        raise Raced
