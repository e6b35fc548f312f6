"""How results are written: tables, lines of JSON, times."""

import itertools
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from activity_session.cli._escaping import safe

_CELL = 40
_WIDE = "WF"
_NO_WIDTH = ("Mn", "Me", "Cf")


def json_line(message: Message) -> str:
    """Return a message as ProtoJSON, in which the same is escaped: a program reads what was there."""
    return safe(MessageToJson(message, indent=None, ensure_ascii=False))


def time_text(time: Timestamp) -> str:
    """Return a time in UTC, to the second."""
    return f"{time.ToDatetime():%Y-%m-%dT%H:%M:%SZ}"


def grey(line: str) -> str:
    """Return a line that a terminal shows grey."""
    return f"\x1b[90m{line}\x1b[0m" if sys.stdout.isatty() else line


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows: in columns below a header on a terminal, with tabs between them elsewhere."""
    lines = ([safe(cell) for cell in row] for row in rows)
    shown = _columns(header, lines) if sys.stdout.isatty() else ("\t".join(line) for line in lines)
    for line in shown:
        print(line)


def _columns(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield lines; all cells are short but the first, which is a name, and the last, which ends with the line."""
    across = shutil.get_terminal_size().columns
    cut = [
        [first, *(_cut(cell, _CELL) for cell in middle), _cut(last, across)]
        for first, *middle, last in itertools.chain([header], rows)
    ]
    widths = [max(map(_width, column)) for column in zip(*cut, strict=True)]
    for row in cut:
        padded = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
        yield _cut("  ".join(padded).rstrip(), across)


def _cut(text: str, width: int) -> str:
    if _width(text) <= width:
        return text
    ends = itertools.accumulate(map(_columns_of, text))
    return text[: sum(end < width for end in ends)] + "…"


def _width(text: str) -> int:
    """Return how many columns a terminal needs."""
    return sum(_columns_of(character) for character in text)


def _columns_of(character: str) -> int:
    if unicodedata.category(character) in _NO_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1
