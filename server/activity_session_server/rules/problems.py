"""What is wrong with the values of a request."""

from typing import NamedTuple


class Problem(NamedTuple):
    """What is wrong with a value; with the limit and the size where it is too large."""

    text: str
    limit: int | None = None
    size: int | None = None


class Violation(NamedTuple):
    """A field path, as in `session.labels.team`, and what is wrong there."""

    field: str
    problem: Problem


def too_large(what: str, limit: int, size: int, unit: str) -> Problem:
    """The problem of a value past its limit."""
    return Problem(f"{what} has {size} {unit}, the limit is {limit}", limit, size)
