"""Which numbers are superseded, and sets of numbers as ranges: against rules that look at each number by itself."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activity_session_server.rules.history import ranges, supersessions
from activity_session_server.rules.history.ranges import Range
from activity_session_server.rules.history.supersessions import Mark, View
from activity_session_testing.log_models import LogModel, Said

MOST = 25
sets = st.frozensets(st.integers(1, MOST))
# The sets that marks cover, of which only numbers before the mark's own count; others are events.
logs = st.lists(st.none() | st.frozensets(st.integers(1, MOST), min_size=1), max_size=MOST)


def as_set(found: ranges.Ranges) -> frozenset[int]:
    return frozenset(number for first, last in found for number in range(first, last + 1))


def is_sound(found: ranges.Ranges) -> bool:
    """Whether ranges are sorted, and have a number between them."""
    return all(one.last + 1 < other.first for one, other in pairwise(found))


class TestRanges:
    @given(sets, sets)
    def test_are_sets(self, one: frozenset[int], other: frozenset[int]) -> None:
        first, second = ranges.of_numbers(one), ranges.of_numbers(other)
        for found, expected in (
            (first, one),
            (ranges.union(first, second), one | other),
            (ranges.without(first, second), one - other),
        ):
            assert as_set(found) == expected
            assert is_sound(found)
        assert ranges.count(first) == len(one)
        assert [ranges.has(first, number) for number in range(MOST + 2)] == [n in one for n in range(MOST + 2)]

    @given(sets, st.integers(1, MOST), st.integers(0, MOST), st.integers(1, MOST), st.booleans())
    def test_tell_what_is_outside_from_either_end(
        self,
        one: frozenset[int],
        first: int,
        length: int,
        most: int,
        descending: bool,  # noqa: FBT001
    ) -> None:
        within = Range(first, first + length - 1)
        expected = sorted(frozenset(range(within.first, within.last + 1)) - one, reverse=descending)[:most]
        assert ranges.outside(ranges.of_numbers(one), within, most, descending=descending) == expected


def model_of(covered: list[frozenset[int] | None]) -> LogModel:
    model = LogModel()
    for number, numbers in enumerate(covered, 1):
        before = frozenset(range(1, number))
        model.entries.append(numbers & before if numbers and numbers & before else Said("text"))
    return model


def view_of(model: LogModel) -> View:
    marks = [
        Mark(number, ranges.of_numbers(entry))
        for number, entry in enumerate(model.entries, 1)
        if isinstance(entry, frozenset)
    ]
    return supersessions.view_of(marks)


def is_as_the_rule_says(covered: list[frozenset[int] | None]) -> bool:
    model = model_of(covered)
    expected = {number for number in range(1, model.last + 1) if model.superseded_by(number)}
    return as_set(view_of(model).superseded) == expected


@given(logs)
def test_superseded_is_what_a_mark_covers_that_is_not_superseded_itself(
    covered: list[frozenset[int] | None],
) -> None:
    assert is_as_the_rule_says(covered)


def never_undone(self: LogModel, number: int) -> int:
    found = (mark for mark, entry in enumerate(self.entries, 1) if isinstance(entry, frozenset) and number in entry)
    return max(found, default=0)


def undone_for_good(self: LogModel, number: int) -> int:
    """As if a mark that was superseded once never held again."""
    over = [mark for mark, entry in enumerate(self.entries, 1) if isinstance(entry, frozenset) and number in entry]
    return max((mark for mark in over if not never_undone(self, mark)), default=0)


@pytest.mark.parametrize("planted", [never_undone, undone_for_good])
def test_another_rule_is_found_out(monkeypatch: pytest.MonkeyPatch, planted: Callable[[LogModel, int], int]) -> None:
    monkeypatch.setattr(LogModel, "superseded_by", planted)
    one, two, three = frozenset({1}), frozenset({2}), frozenset({3})
    assert not is_as_the_rule_says([None, one, two, three])
