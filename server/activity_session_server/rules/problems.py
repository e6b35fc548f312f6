"""What is wrong with the values of a request, for its caller and for the log.

A caller is shown the value that is refused. The log is not: it is read by others, and kept elsewhere, than the content
of a session. So a value, or the key of a map, never stands in a text, but next to it.
"""

from typing import NamedTuple

_SHOWN = 60


class Problem(NamedTuple):
    """What is wrong with a value; with the limit and the size where it is too large.

    `text` is a sentence about `value`, the text that is refused, where the caller is to see it.
    """

    text: str
    value: str | None = None
    limit: int | None = None
    size: int | None = None

    @property
    def message(self) -> str:
        """What the caller is told."""
        return self.text if self.value is None else f"{shown(self.value)} {self.text}"


class Violation(NamedTuple):
    """A field path, as in `session.labels`, what is wrong there, and under which key where the field is a map."""

    field: str
    problem: Problem
    key: str = ""

    @property
    def path(self) -> str:
        """The whole path, as in `session.labels.team`."""
        return f"{self.field}.{self.key}" if self.key else self.field


def too_large(what: str, limit: int, size: int, unit: str) -> Problem:
    """The problem of a value past its limit."""
    return Problem(f"{what} has {size} {unit}, the limit is {limit}", limit=limit, size=size)


def shown(text: str) -> str:
    """A text as it stands in a message: quoted, escaped, and short."""
    return repr(text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "...")
