"""Sets of numbers as ranges: sorted, and with at least one number between two of them."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import NamedTuple

from activity_session_server.rules.limits import INT64

# No number of an event is larger.
END = INT64 - 1


class Range(NamedTuple):
    """Numbers that follow each other, the first and the last included."""

    first: int
    last: int


# A set of numbers.
Ranges = Sequence[Range]


def union(*sets: Iterable[Range]) -> list[Range]:
    """The numbers that are in one of the sets. Their ranges may overlap and come in any order."""
    joined: list[Range] = []
    for first, last in sorted(chain(*sets)):
        if joined and first <= joined[-1].last + 1:
            joined[-1] = Range(joined[-1].first, max(joined[-1].last, last))
        else:
            joined.append(Range(first, last))
    return joined


def of_numbers(numbers: Iterable[int]) -> list[Range]:
    """The set of some numbers, in any order."""
    return union(Range(number, number) for number in numbers)


def without(ranges: Ranges, removed: Ranges) -> list[Range]:
    """The numbers of one set that are not in another one."""
    return [rest for one in ranges for rest in _gaps(one, removed[_index(removed, one.first) : _end(removed, one)])]


def has(ranges: Ranges, number: int) -> bool:
    """Whether a number is in a set."""
    return meets(ranges, Range(number, number))


def meets(ranges: Ranges, other: Range) -> bool:
    """Whether one of the numbers of a range is in a set."""
    return _index(ranges, other.first) < _end(ranges, other)


def count(ranges: Ranges) -> int:
    """How many numbers there are in a set."""
    return sum(last - first + 1 for first, last in ranges)


def outside(ranges: Ranges, within: Range, most: int, *, descending: bool = False) -> list[int]:
    """The first numbers of a range that are not in a set, or the last ones from the last on; at most so many."""
    start, end = _index(ranges, within.first), _end(ranges, within)
    # Two ranges have a number between them, so no others can matter.
    near = ranges[max(end - most - 1, start) : end] if descending else ranges[start : min(start + most + 1, end)]
    gaps = _gaps(within, near)
    steps = (range(last, first - 1, -1) for first, last in reversed(gaps)) if descending else _steps(gaps)
    return list(islice(chain.from_iterable(steps), most))


def _steps(ranges: Ranges) -> Iterable[range]:
    return (range(first, last + 1) for first, last in ranges)


def _gaps(within: Range, holes: Ranges) -> list[Range]:
    """What is left of a range without those that it meets."""
    firsts = [within.first, *(hole.last + 1 for hole in holes)]
    lasts = [*(hole.first - 1 for hole in holes), within.last]
    return [Range(first, last) for first, last in zip(firsts, lasts, strict=True) if first <= last]


def _index(ranges: Ranges, number: int) -> int:
    """The place of the first range that ends with a number or after it."""
    return bisect_left(ranges, number, key=lambda one: one.last)


def _end(ranges: Ranges, other: Range) -> int:
    """The place after the last range that begins with the last number of another one or before it."""
    return bisect_right(ranges, other.last, key=lambda one: one.first)
