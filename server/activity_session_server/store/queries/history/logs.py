"""The logs of sessions as lists and watches see them: without the numbers that they leave out, and with all parts.

Most logs have no mark and one part, and nothing is left out. What is known of the others is kept in the process, and
holds while their heads have the same `history_revision`.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, takewhile
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select

from activity_session.v1.event_pb2 import Event as EventMessage
from activity_session_server.orm import Event
from activity_session_server.orm.types import AnyRow
from activity_session_server.rules.history import ranges
from activity_session_server.rules.history.ranges import END, Range, Ranges
from activity_session_server.rules.limits import ID_CHARACTERS
from activity_session_server.store.codec.encoded import number_field
from activity_session_server.store.codec.events import Encoder
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.lists.portions import ANY_BYTES
from activity_session_server.store.queries.event_columns import MESSAGE_BYTES, SMALL_MESSAGE, TABLE
from activity_session_server.store.queries.heads import Head
from activity_session_server.store.queries.history import inherited, marks
from activity_session_server.store.queries.history.inherited import Part
from activity_session_server.store.readers import Raced, Reader

# Of the name of a session, and of the fields around an event.
_NAME_BYTES = 4 * 2 * ID_CHARACTERS + 64
_SUPERSEDED_BY = EventMessage.SUPERSEDED_BY_FIELD_NUMBER
IS_OWN = Event.activity_session_pkid == bindparam("its_session")
IS_AMONG = (
    IS_OWN,
    Event.sequence.in_(bindparam("numbers", expanding=True)),
)
_SMALL = Statement(
    select(TABLE.c.sequence, TABLE.c.event_id, SMALL_MESSAGE).where(*IS_AMONG).order_by(Event.sequence),
    many="numbers",
)
# What each takes of a response, at most.
_SIZES = Statement(
    select((MESSAGE_BYTES + func.length(TABLE.c.event_id) * 4 + _NAME_BYTES).label("size"))
    .where(*IS_AMONG)
    .order_by(Event.sequence.desc()),
    many="numbers",
)


@dataclass(frozen=True)
class Log:
    """What lists leave out of the log of a session, since its newest mark: superseded events, and marks.

    `inherited` are its parts that are rows of other sessions.
    """

    uid: str
    revision: int
    hidden: Ranges
    inherited: Sequence[Part]

    def __len__(self) -> int:
        return len(self.hidden) + len(self.inherited)

    @property
    def end(self) -> int:
        """A number after which all are its own, and in view as long as nothing changes."""
        ranges_before = (*self.hidden[-1:], *(part.range for part in self.inherited[-1:]))
        return max((one.last for one in ranges_before), default=0)

    def by_owner(self, numbers: Sequence[int]) -> Iterator[tuple[str, Sequence[int]]]:
        """Numbers in their order, up or down, by the sessions whose rows they are."""
        while numbers:
            part = self._part_with(numbers[0])
            first, last = part.range
            some = numbers if first <= numbers[-1] <= last else [one for one in numbers if first <= one <= last]
            yield part.uid, some
            numbers = numbers[len(some) :]

    def _part_with(self, number: int) -> Part:
        """The part that a number is in; what its first events were, and are no more, is in it too."""
        ends = [part.range.last for part in self.inherited]
        index = bisect_left(ends, number)
        first = ends[index - 1] + 1 if index else 1
        if index == len(ends):
            return Part(Range(first, END), self.uid)
        return Part(Range(first, ends[index]), self.inherited[index].uid)


def log_of(reader: Reader, head: Head) -> Log:
    """The log of a session whose head was just read."""
    log = _log_at(reader, head)
    if log is None:
        raise Raced
    return log


def _log_at(reader: Reader, head: Head) -> Log | None:
    """The log of a session as its head says; None where there is a newer mark by now."""
    known: Log | None = reader.logs.get(head.name)
    if known is not None and (known.uid, known.revision) == (head.uid, head.history_revision):
        return known
    if not head.history_revision:
        reader.logs.forget(head.name)
        return Log(head.uid, 0, (), ())
    hidden = marks.hidden_ranges_at(reader, head)
    if hidden is None:
        return None
    log = Log(head.uid, head.history_revision, hidden, inherited.parts_of(reader, head.uid, head.inherited_sequence))
    reader.logs.put(head.name, log)
    return log


def _log_by_now(reader: Reader, head: Head) -> Log:
    """The log of a session with its marks of now: who is told of marks in their turn has nothing in view too long."""
    hidden = marks.hidden_ranges(reader, head.uid)
    return Log(head.uid, head.history_revision, hidden, inherited.parts_of(reader, head.uid, head.inherited_sequence))


def newest_in_view(reader: Reader, head: Head, most: int, most_bytes: int) -> list[int]:
    """The numbers of the newest events that are in view, the newest first: one at least, if they fit."""
    log = log_of(reader, head)
    numbers = ranges.outside(log.hidden, Range(head.first_sequence, head.last_sequence), most, descending=True)
    sizes: list[int] = []
    for uid, some in log.by_owner(numbers):
        rows = reader.rows(_SIZES, {"its_session": uid, "numbers": padded(some, most)})
        sizes += [row.size for row in rows]
    return numbers[: max(1, sum(end <= most_bytes for end in accumulate(sizes)))]


def events_among(reader: Reader, head: Head, wanted: Ranges) -> list[bytes]:
    """The events with some numbers, not many, each with the mark that has taken it out of view."""
    numbers = [number for first, last in wanted for number in range(first, last + 1)]
    encode = with_marks(reader, head, numbers, Encoder(head.name).whole)
    # Whose rows they are; what is in view may have changed since the head was read.
    log = Log(head.uid, head.history_revision, (), inherited.parts_of(reader, head.uid, head.inherited_sequence))
    return [
        encode(row)
        for uid, some in log.by_owner(numbers)
        for row in reader.rows(_SMALL, {"its_session": uid, "numbers": some, "most_bytes": ANY_BYTES})
    ]


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
    log = _log_at(reader, head) or _log_by_now(reader, head)
    wanted = sorted({*ranges.outside(() if show_superseded else log.hidden, within, most), *found})[:most]
    # Those of one session: the next ones come next.
    uid, numbers = next(log.by_owner(wanted), (head.uid, []))
    rows = _small_rows(reader, uid, numbers, most, most_bytes)
    encode: Callable[[AnyRow], bytes] = Encoder(head.name).whole
    if show_superseded:
        encode = with_marks(reader, head, numbers, encode)
    told = []
    for number, row in zip(numbers, rows, strict=False):
        if row.sequence != number:
            break
        told.append(Told(number, encode(row), _concerns(row) if number in found else 0))
    return told


def _small_rows(reader: Reader, uid: str, numbers: Sequence[int], most: int, most_bytes: int) -> Sequence[AnyRow]:
    if not numbers:
        return []
    values: dict[str, Any] = {"its_session": uid}
    rows = reader.rows(_SMALL, {**values, "numbers": padded(numbers, most), "most_bytes": most_bytes // most})
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


def padded(numbers: Sequence[int], most: int) -> list[int]:
    """Numbers, the last again and again: a statement is prepared for each length of a list."""
    return [*numbers, *[numbers[-1]] * (most - len(numbers))]
