"""The rule of JSON text: what a parser of RFC 8259 accepts is accepted, and nothing else."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activity_session_server.rules import json_text

# Even, so that units of two levels can reach it.
LEVELS = 64
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES, st.sampled_from([{}, {"indent": 3}, {"ensure_ascii": False}, {"separators": (",", ":")}]))
def test_whatever_is_written_as_json_is_taken(value: Any, style: dict[str, Any]) -> None:
    assert json_text.problem(json.dumps(value, **style), LEVELS) is None


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "-0",
        "1e400",
        "-1.5E-3",
        " null ",
        '"\\ud800"',
        '"\\u0000"',
        '{"a":1,"a":2}',
        "9" * 10_000,
        "[" * 50 + "]" * 50,
    ],
)
def test_what_others_stumble_over_is_taken(text: str) -> None:
    assert json_text.problem(text, LEVELS) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "nul",
        "01",
        "+1",
        ".5",
        "1.",
        "NaN",
        "Infinity",
        "-Infinity",
        "'a'",
        "[1,]",
        '{"a"}',
        "{1:2}",
        "1 2",
        '"\n"',
    ],
)
def test_what_is_not_json_is_refused(text: str) -> None:
    problem = json_text.problem(text, LEVELS)
    assert problem is not None
    assert problem.text.startswith("is not JSON")


@given(st.text(max_size=50))
def test_any_text_is_judged_without_an_error(text: str) -> None:
    problem = json_text.problem(text, LEVELS)
    assert problem is None or problem.text


@pytest.mark.parametrize("unit", ["[", '{"a":', '[0,{"a":'])
def test_levels_are_counted_whatever_they_are_of(unit: str) -> None:
    closing = "".join("]" if mark == "[" else "}" for mark in reversed(unit) if mark in "[{")
    levels_each = len(closing)

    def nested(units: int) -> str:
        return unit * units + "1" + closing * units

    most = LEVELS // levels_each
    assert json_text.problem(nested(most), LEVELS) is None
    for units in (most + 1, 400 // levels_each, 100_000):
        problem = json_text.problem(nested(units), LEVELS)
        assert problem is not None
        assert (problem.limit, "nested levels" in problem.text) == (LEVELS, True)


def test_brackets_that_are_not_nested_are_not_counted() -> None:
    assert json_text.problem(json.dumps([[]] * 1000 + ["[" * 1000]), 2) is None
    assert json_text.problem("[[[]]]", 2) is not None
