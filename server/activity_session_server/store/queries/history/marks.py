"""The queries of marks: what a new one changes, and which mark has taken an event out of view.

Whoever writes here has locked the head of the session.
"""

from collections.abc import Collection, Sequence
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import bindparam, delete, select, update

from activity_session_server.orm import ActivitySession, EventMark, HiddenRange
from activity_session_server.orm.base import table_of
from activity_session_server.rules.history import ranges, supersessions
from activity_session_server.rules.history.ranges import Range, Ranges
from activity_session_server.rules.history.supersessions import Change, Mark, View
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.queries.heads import Head
from activity_session_server.store.readers import Raced, Reader, Writer

_MARKS, _HIDDEN = table_of(EventMark), table_of(HiddenRange)
_NOTHING = Change((), ())
# What a mark covers that takes nothing out of view: no event has this number.
_NONE = Range(0, 0)
_OF_SESSION = EventMark.activity_session_pkid == bindparam("its_session")
_ROWS = select(EventMark.sequence, EventMark.first_sequence, EventMark.last_sequence, EventMark.holds)
_ALL = Statement(_ROWS.where(_OF_SESSION).order_by(EventMark.sequence))
_NUMBERS = (
    select(EventMark.sequence)
    .where(_OF_SESSION, EventMark.sequence >= bindparam("first"), EventMark.sequence <= bindparam("last"))
    .distinct()
    .limit(bindparam("most"))
)
_FIRST_AMONG = Statement(_NUMBERS.order_by(EventMark.sequence))
_LAST_AMONG = Statement(_NUMBERS.order_by(EventMark.sequence.desc()))
_HOLDING_OVER = Statement(
    _ROWS.where(
        _OF_SESSION,
        EventMark.holds,
        EventMark.first_sequence <= bindparam("last"),
        EventMark.last_sequence >= bindparam("first"),
    )
)
_SET_HOLDS = Statement(
    update(_MARKS)
    .where(_OF_SESSION, EventMark.sequence == bindparam("its_number"))
    .values(holds=bindparam("now_holds"))
)
_HIDDEN_OF_SESSION = HiddenRange.activity_session_pkid == bindparam("its_session")
_HIDDEN_RANGES = select(HiddenRange.first_sequence, HiddenRange.last_sequence).where(_HIDDEN_OF_SESSION)
_ALL_HIDDEN = Statement(_HIDDEN_RANGES.order_by(HiddenRange.last_sequence))
# A row at least, where the log still has that revision.
_HIDDEN_AT = Statement(
    select(HiddenRange.first_sequence, HiddenRange.last_sequence)
    .join_from(
        ActivitySession,
        HiddenRange,
        HiddenRange.activity_session_pkid == ActivitySession.pkid,
        isouter=True,
    )
    .where(ActivitySession.pkid == bindparam("its_session"), ActivitySession.history_revision == bindparam("revision"))
    .order_by(HiddenRange.last_sequence)
)
_SHOW = Statement(delete(_HIDDEN).where(_HIDDEN_OF_SESSION, HiddenRange.last_sequence == bindparam("its_end")))


class Piece(NamedTuple):
    """A range that a mark covers which holds."""

    mark: int
    range: Range


def hidden_ranges(reader: Reader, session_uid: str) -> list[Range]:
    """The numbers of a session that lists leave out: superseded events, and marks."""
    return [Range(*row) for row in reader.rows(_ALL_HIDDEN, {"its_session": session_uid})]


def hidden_ranges_at(reader: Reader, head: Head) -> list[Range] | None:
    """The same of a session whose head was just read; None where there is a newer mark by now."""
    rows = reader.rows(_HIDDEN_AT, {"its_session": head.uid, "revision": head.history_revision})
    return [Range(*row) for row in rows if row[0] is not None] if rows else None


def marks_among(reader: Reader, session_uid: str, within: Range, most: int, *, descending: bool = False) -> list[int]:
    """The numbers of the first marks among some numbers, or of the last ones from the last on; at most so many."""
    values = {"its_session": session_uid, "first": within.first, "last": within.last, "most": most}
    return [row[0] for row in reader.rows(_LAST_AMONG if descending else _FIRST_AMONG, values)]


def pieces_over(reader: Reader, session_uid: str, within: Range) -> list[Piece]:
    """The ranges of the marks that hold, of which some numbers are among those."""
    values = {"its_session": session_uid, "first": within.first, "last": within.last}
    return [
        Piece(row.sequence, Range(row.first_sequence, row.last_sequence)) for row in reader.rows(_HOLDING_OVER, values)
    ]


def superseded_by(pieces: Sequence[Piece], number: int) -> int:
    """The newest mark of some that covers a number; 0 for none."""
    return max((mark for mark, (first, last) in pieces if first <= number <= last), default=0)


def add_mark(writer: Writer, head: Head, hidden: Ranges, mark: Mark) -> tuple[Change, list[Range]]:
    """Note a mark of a locked session; returns what it changes besides its ranges, and what is hidden after it."""
    is_over_marks = any(marks_among(writer, head.uid, one, 1) for one in mark.ranges) if hidden else False
    _insert(writer, head.uid, [mark], {mark.sequence})
    if is_over_marks:
        change, after = _work_out(writer, head, mark)
    else:
        change, after = _NOTHING, ranges.union(hidden, mark.ranges, ranges.of_numbers([mark.sequence]))
    _write_hidden(writer, head, hidden, after)
    return change, after


def add_bare_mark(writer: Writer, head: Head, number: int) -> None:
    """Note a mark of a locked session that takes nothing out of view but itself."""
    _insert(writer, head.uid, [Mark(number, [])], {number})
    hidden = hidden_ranges(writer, head.uid)
    _write_hidden(writer, head, hidden, ranges.union(hidden, ranges.of_numbers([number])))


def copy_marks(writer: Writer, origin: Head, fork_uid: str, last: int) -> None:
    """Give a new session the marks of a locked one up to a number, as they held when that was the newest."""
    marks = [mark for mark in _marks(writer, origin)[0] if mark.sequence <= last] if origin.history_revision else []
    view = supersessions.view_of(marks)
    _insert(writer, fork_uid, marks, view.holding)
    rows = [
        {"activity_session_pkid": fork_uid, "first_sequence": first, "last_sequence": end}
        for first, end in _hidden(marks, view)
    ]
    if rows and not writer.insert(_HIDDEN, rows):
        raise Raced


def _insert(writer: Writer, session_uid: str, marks: Sequence[Mark], holding: Collection[int]) -> None:
    rows = [
        {
            "activity_session_pkid": session_uid,
            "sequence": mark.sequence,
            "first_sequence": first,
            "last_sequence": last,
            "holds": mark.sequence in holding,
        }
        for mark in marks
        for first, last in mark.ranges or [_NONE]
    ]
    if rows and not writer.insert(_MARKS, rows):
        raise Raced


def _work_out(writer: Writer, head: Head, mark: Mark) -> tuple[Change, list[Range]]:
    """What a mark changes that covers others: all marks of the session are looked at anew."""
    marks, held = _marks(writer, head)
    before = supersessions.view_of(one for one in marks if one.sequence != mark.sequence)
    after = supersessions.view_of(marks)
    values = [
        {"its_session": head.uid, "its_number": number, "now_holds": number in after.holding}
        for number in sorted(held ^ after.holding)
    ]
    if values:
        writer.change_many(_SET_HOLDS, values)
    return supersessions.change(before, after, mark), _hidden(marks, after)


def _marks(reader: Reader, head: Head) -> tuple[list[Mark], frozenset[int]]:
    """All marks of a session, and which of them are noted to hold."""
    rows = reader.rows(_ALL, {"its_session": head.uid})
    marks = [
        Mark(number, sorted(Range(row.first_sequence, row.last_sequence) for row in of_mark if row.first_sequence))
        for number, of_mark in groupby(rows, key=lambda row: row.sequence)
    ]
    return marks, frozenset(row.sequence for row in rows if row.holds)


def _hidden(marks: Sequence[Mark], view: View) -> list[Range]:
    return ranges.union(view.superseded, ranges.of_numbers(mark.sequence for mark in marks))


def _write_hidden(writer: Writer, head: Head, before: Ranges, after: Ranges) -> None:
    """Write what is hidden now, only where that has changed."""
    gone, new = sorted(set(before) - set(after)), sorted(set(after) - set(before))
    if gone:
        writer.change_many(_SHOW, [{"its_session": head.uid, "its_end": last} for _, last in gone])
    rows = [{"activity_session_pkid": head.uid, "first_sequence": first, "last_sequence": last} for first, last in new]
    if rows and not writer.insert(_HIDDEN, rows):
        raise Raced
