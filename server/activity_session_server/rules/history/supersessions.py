"""Which numbers of a log are superseded: those that a mark covers which is not superseded itself.

A mark covers only numbers before its own. So what holds is found from the newest mark on: it holds, and each one before
it holds unless a newer one that holds covers it.
"""

from collections.abc import Iterable
from typing import NamedTuple

from activity_session_server.rules.history import ranges
from activity_session_server.rules.history.ranges import Range, Ranges


class Mark(NamedTuple):
    """The number of a mark, and what it covers."""

    sequence: int
    ranges: Ranges


class View(NamedTuple):
    """The marks of a log that hold, and all numbers that they cover."""

    holding: frozenset[int]
    superseded: Ranges


class Change(NamedTuple):
    """What a new mark does besides covering its ranges: what is in view again, and what else is out of view."""

    restored: Ranges
    superseded: Ranges


def view_of(marks: Iterable[Mark]) -> View:
    """What some marks make of a log."""
    holding: set[int] = set()
    covered: list[Range] = []
    for mark in sorted(marks, reverse=True):
        if not ranges.has(covered, mark.sequence):
            holding.add(mark.sequence)
            covered = ranges.union(covered, mark.ranges)
    return View(frozenset(holding), covered)


def change(before: View, after: View, mark: Mark) -> Change:
    """What a mark changes besides its own ranges, given what was superseded before it and is after it."""
    restored = ranges.without(before.superseded, after.superseded)
    superseded = ranges.without(ranges.without(after.superseded, before.superseded), mark.ranges)
    return Change(restored, superseded)
