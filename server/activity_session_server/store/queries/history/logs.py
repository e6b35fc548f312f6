"""The logs of sessions as lists and watches see them: without the numbers that they leave out.

Most logs have no mark, and nothing is left out. What is known of the others is kept in the process, and holds while
their heads have the same `history_revision`. Numbers have no gaps: so it is known which ones a page has, and no more
rows are read than it shows, however many are left out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, takewhile
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, bindparam, case, func, select

from activity_session.v1.event_pb2 import Event as EventMessage
from activity_session_server.orm import Event
from activity_session_server.orm.base import table_of
from activity_session_server.orm.types import AnyRow
from activity_session_server.rules.filters import Node
from activity_session_server.rules.history import ranges
from activity_session_server.rules.history.ranges import Range, Ranges
from activity_session_server.rules.limits import ID_CHARACTERS, INT64
from activity_session_server.rules.paging import Page, Position, stale_token
from activity_session_server.store.codec.encoded import number_field
from activity_session_server.store.codec.events import Encoder
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.lists.pages import Keys, fetch_page
from activity_session_server.store.lists.portions import ANY_BYTES, Query, clipped, long_columns
from activity_session_server.store.queries.heads import Head
from activity_session_server.store.queries.history import marks
from activity_session_server.store.readers import Raced, Reader

_TABLE = table_of(Event)
_EVENT = select(_TABLE.c.activity_session_pkid, _TABLE.c.sequence, _TABLE.c.event_id, _TABLE.c.message)
_LONG = long_columns(_EVENT)
# Of the name of a session, and of the fields around an event.
_NAME_BYTES = 4 * 2 * ID_CHARACTERS + 64
ANY_NUMBER = Range(1, INT64 - 1)
_SUPERSEDED_BY = EventMessage.SUPERSEDED_BY_FIELD_NUMBER
_IS_AMONG = (
    Event.activity_session_pkid == bindparam("its_session"),
    Event.sequence.in_(bindparam("numbers", expanding=True)),
)
_PAGE = Statement(clipped(_EVENT).where(*_IS_AMONG), many="numbers")
_ONE = Statement(
    _EVENT.where(Event.activity_session_pkid == bindparam("its_session"), Event.event_id == bindparam("id"))
)
_SMALL = Statement(
    select(
        _TABLE.c.sequence,
        _TABLE.c.event_id,
        case((bindparam("most_bytes") >= func.length(_TABLE.c.message), _TABLE.c.message)).label("message"),
    )
    .where(*_IS_AMONG)
    .order_by(Event.sequence),
    many="numbers",
)
# What each takes of a response, at most.
_SIZES = Statement(
    select((func.length(_TABLE.c.message) + func.length(_TABLE.c.event_id) * 4 + _NAME_BYTES).label("size"))
    .where(*_IS_AMONG)
    .order_by(Event.sequence.desc()),
    many="numbers",
)


@dataclass(frozen=True)
class Log:
    """What lists leave out of the log of a session, since its newest mark: superseded events, and marks."""

    uid: str
    revision: int
    hidden: Ranges

    def __len__(self) -> int:
        return len(self.hidden)


def log_of(reader: Reader, head: Head) -> Log:
    """The log of a session whose head was just read."""
    known: Log | None = reader.logs.get(head.name)
    if known is not None and (known.uid, known.revision) == (head.uid, head.history_revision):
        return known
    log = Log(head.uid, head.history_revision, marks.hidden_ranges(reader, head.uid) if head.history_revision else ())
    if head.history_revision:
        reader.logs.put(head.name, log)
    else:
        reader.logs.forget(head.name)
    return log


def within(page: Page, after: int, before: int, numbered: Range = ANY_NUMBER) -> Range:
    """The numbers between two of which a page may have some; `before` is 0 for no bound, `numbered` are those given."""
    first, last = max(after + 1, numbered.first), min(before - 1, numbered.last) if before else numbered.last
    if page.after is None:
        return Range(first, last)
    place = int(page.after.value)
    return Range(first, min(last, place - 1)) if page.order.descending else Range(max(first, place + 1), last)


class Listed(NamedTuple):
    """Which events of a session are listed: those between two numbers, of which `before` is 0 for no bound."""

    session: str
    uid: str
    after: int
    before: int
    show_superseded: bool
    marks_only: bool
    omit_content: bool
    where: Node | None


def list_page(
    reader: Reader,
    head: Head,
    listed: Listed,
    page: Page,
    *,
    where: ColumnElement[bool] | None,
    encode: Callable[[AnyRow], bytes],
    most_bytes: int,
) -> tuple[list[bytes], Position | None]:
    """One page of the events of a session, and where the next one starts; `where` is the condition of its filter."""
    if page.after is not None and page.after.uid != head.uid:
        raise stale_token()
    most = page.size + 1 if where is None else page.filter_rows
    shown = within(page, listed.after, listed.before, Range(head.first_sequence, head.last_sequence))
    if listed.marks_only:
        numbers = marks.marks_among(reader, head.uid, shown, most, descending=page.order.descending)
    else:
        hidden = () if listed.show_superseded else log_of(reader, head).hidden
        numbers = ranges.outside(hidden, shown, most, descending=page.order.descending)
    if not numbers:
        return [], None
    statement = _PAGE if where is None else _PAGE.construct.where(where)
    query = Query(statement, {"its_session": head.uid, "numbers": _padded(numbers, most)}, _LONG)
    keys = Keys(_TABLE.c.sequence, owner_uid=_TABLE.c.activity_session_pkid)
    if listed.show_superseded or listed.marks_only:
        encode = with_marks(reader, head, numbers, encode)
    found, position = fetch_page(reader, query, keys, page._replace(after=None), encode, most_bytes=most_bytes)
    if position is None and where is None and len(found) < min(len(numbers), page.size):
        raise Raced
    if position is None and where is not None and len(numbers) == most:
        position = Position(str(numbers[-1]), head.uid)
    return found, position


def newest_in_view(reader: Reader, head: Head, most: int, most_bytes: int) -> list[int]:
    """The numbers of the newest events that are in view, the newest first: one at least, if they fit."""
    numbers = ranges.outside(
        log_of(reader, head).hidden, Range(head.first_sequence, head.last_sequence), most, descending=True
    )
    if not numbers:
        return []
    rows = reader.rows(_SIZES, {"its_session": head.uid, "numbers": _padded(numbers, most)})
    ends = accumulate(row.size for row in rows)
    return numbers[: max(1, sum(end <= most_bytes for end in ends))]


def events_among(reader: Reader, head: Head, wanted: Ranges) -> list[bytes]:
    """The events with some numbers, not many, each with the mark that has taken it out of view."""
    numbers = [number for first, last in wanted for number in range(first, last + 1)]
    rows = reader.rows(_SMALL, {"its_session": head.uid, "numbers": numbers, "most_bytes": ANY_BYTES})
    return list(map(with_marks(reader, head, numbers, Encoder(head.name).whole), rows))


class Told(NamedTuple):
    """An event as a watch tells it; a mark concerns events from the number `concerns` on, others have 0 there."""

    sequence: int
    raw: bytes
    concerns: int


def told_after(
    reader: Reader, head: Head, after: int, most: int, most_bytes: int, *, show_superseded: bool
) -> list[Told]:
    """The next of the events that watches tell: those in view, and all marks; up to a gap, or the first large one.

    The first one comes however large it is; `head` says up to where there are events.
    """
    within = Range(after + 1, head.last_sequence)
    found = marks.marks_among(reader, head.uid, within, most)
    hidden = () if show_superseded else log_of(reader, head).hidden
    numbers = sorted({*ranges.outside(hidden, within, most), *found})[:most]
    rows = _small_rows(reader, head, numbers, most, most_bytes)
    encode = (
        with_marks(reader, head, numbers, Encoder(head.name).whole) if show_superseded else Encoder(head.name).whole
    )
    told = []
    for number, row in zip(numbers, rows, strict=False):
        if row.sequence != number:
            break
        told.append(Told(number, encode(row), _concerns(row) if number in found else 0))
    return told


def _small_rows(reader: Reader, head: Head, numbers: Sequence[int], most: int, most_bytes: int) -> Sequence[AnyRow]:
    if not numbers:
        return []
    values: dict[str, Any] = {"its_session": head.uid}
    rows = reader.rows(_SMALL, {**values, "numbers": _padded(numbers, most), "most_bytes": most_bytes // most})
    small = list(takewhile(lambda row: row.message is not None, rows))
    if small or not rows:
        return small
    return reader.rows(_SMALL, {**values, "numbers": [numbers[0]], "most_bytes": ANY_BYTES})


def with_marks(
    reader: Reader, head: Head, numbers: Sequence[int], encode: Callable[[AnyRow], bytes]
) -> Callable[[AnyRow], bytes]:
    """What encodes events of those numbers together with the mark that has taken each out of view."""
    pieces = marks.pieces_over(reader, head.uid, Range(min(numbers), max(numbers))) if numbers else []

    def encoded(row: AnyRow) -> bytes:
        return encode(row) + number_field(_SUPERSEDED_BY, marks.superseded_by(pieces, row.sequence))

    return encoded


def _concerns(row: AnyRow) -> int:
    """The first number that a mark changes something about."""
    mark = EventMessage.FromString(row.message)
    changed = mark.supersession
    firsts = (one.first_sequence for one in (*changed.ranges, *changed.restored, *changed.superseded))
    return min(*firsts, *mark.redacted.sequences, mark.sequence)


def _padded(numbers: Sequence[int], most: int) -> list[int]:
    """Numbers, the last again and again: a statement is prepared for each length of a list."""
    return [*numbers, *[numbers[-1]] * (most - len(numbers))]
