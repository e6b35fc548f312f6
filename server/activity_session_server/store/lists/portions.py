"""The portions in which a list is read: the bytes that leave the database are bounded, like those of a page.

A statement with a LIMIT does not know how large its rows are, and asking for their sizes first would cost a second
statement each time. So that of a list clips long columns to a length: texts to characters, bytes to bytes. A page of
small rows takes one statement; where a column was clipped, a second one asks for sizes, and a third reads whole rows,
as many as fit.
"""

from collections.abc import Sequence
from functools import cache
from itertools import accumulate, takewhile
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    LargeBinary,
    Select,
    Text,
    bindparam,
    func,
    literal_column,
    type_coerce,
)

from activity_session_server.orm.types import AnyRow
from activity_session_server.store.driver.statements import Statement, Values
from activity_session_server.store.expressions import byte_length, clip
from activity_session_server.store.readers import Reader

# With more rows in a portion, less of each would come by the first statement: a long column of about this length.
_ROW_LENGTH = 10 * 1024
_CHARACTER_BYTES = 4
# No value is as long; SQLite takes no larger number.
ANY_BYTES = 2**31 - 2


def clipped(statement: Select[Any]) -> Select[Any]:
    """A statement for `Portions`, whose texts and bytes have `most_length`, and one more where they are clipped.

    Columns of JSON stay whole: labels and settings have limits of their own.
    """
    columns = (_clipped(column) if _is_long(column) else column for column in statement.selected_columns)
    return statement.with_only_columns(*columns)


class LongColumns(NamedTuple):
    """The columns that are clipped, and how many bytes each unit of their length can have."""

    names: tuple[str, ...]
    unit: int


def long_columns(statement: Select[Any]) -> LongColumns:
    """The columns that are clipped."""
    found = [column for column in statement.selected_columns if _is_long(column)]
    has_text = any(isinstance(column.type, Text) for column in found)
    return LongColumns(tuple(str(column.key) for column in found), _CHARACTER_BYTES if has_text else 1)


class Query(NamedTuple):
    """The clipped query of a list, without an order, its values, and the columns that are clipped.

    Of its rows only those are wanted that pass the filter.
    """

    statement: Statement | Select[Any]
    values: Values
    long_columns: LongColumns
    filter: ColumnElement[bool] | None = None


class Rest(NamedTuple):
    """What is left of a list: its query with the filter, in order, from the place on that was reached."""

    statement: Statement | Select[Any]
    values: Values
    long_columns: LongColumns


class Portions:
    """Reads a list, portion by portion. It takes `statements`, each of which sees a moment of its own.

    `first_rows` are the first of each portion.
    """

    def __init__(self, reader: Reader, most_bytes: int) -> None:
        """Read nothing yet. A portion has no more than `most_bytes` in each long column, unless one row has more."""
        self.reader = reader
        self._most_bytes = most_bytes
        self.statements = 0
        self.first_rows: list[AnyRow] = []

    def read(self, rest: Rest, most_rows: int, used: int) -> tuple[Sequence[AnyRow], bool]:
        """The next rows, at least one if there is one, and whether the list ends with them.

        Large rows are read up to the first that exceeds the bytes that are left after those that are `used`.
        """
        most = max(self._most_bytes // (_ROW_LENGTH * rest.long_columns.unit), 1)
        rows, is_end = self._read(rest, min(most_rows, most), used)
        self.first_rows += rows[:1]
        return rows, is_end

    def _read(self, rest: Rest, count: int, used: int) -> tuple[Sequence[AnyRow], bool]:
        most_length = self._most_bytes // (count * rest.long_columns.unit)
        rows = self._rows(rest.statement, rest.values, count, most_length)
        whole = _count_whole(rows, rest.long_columns.names, most_length)
        if whole == len(rows):
            return rows, whole < count
        if whole:
            return rows[:whole], False
        count = self._count_fitting(rest, count, used)
        rows = self._rows(rest.statement, rest.values, count, ANY_BYTES)
        return rows, len(rows) < count

    def _count_fitting(self, rest: Rest, count: int, used: int) -> int:
        """How many rows there are up to the first that does not fit any more."""
        sizes: Any = _prepared_sizes if isinstance(rest.statement, Statement) else _sizes
        rows = self._rows(sizes(rest.statement, rest.long_columns.names), rest.values, count, ANY_BYTES)
        fitting = takewhile(lambda total: total <= self._most_bytes, accumulate((row[0] for row in rows), initial=used))
        return min(len(list(fitting)), count)

    def _rows(
        self, statement: Statement | Select[Any], values: Values, count: int, most_length: int
    ) -> Sequence[AnyRow]:
        self.statements += 1
        return self.reader.rows(statement, {**values, "most": count, "most_length": most_length})


def _count_whole(rows: Sequence[AnyRow], names: Sequence[str], most: int) -> int:
    """How many rows there are before the first in which a column was clipped."""
    longest = (max(map(len, filter(None, map(attrgetter(name), rows))), default=0) for name in names)
    if max(longest, default=0) <= most:
        return len(rows)
    return next(count for count, row in enumerate(rows) if any(len(getattr(row, name) or "") > most for name in names))


@cache
def _prepared_sizes(statement: Statement, names: tuple[str, ...]) -> Statement:
    return statement.derived(_sizes(statement.construct, names))


def _sizes(statement: Select[Any], names: tuple[str, ...]) -> Select[Any]:
    """The bytes of the long columns of each row."""
    columns = statement.selected_columns
    return statement.with_only_columns(sum((_bytes_of(columns[name]) for name in names), start=literal_column("0")))


def _is_long(column: ColumnElement[Any]) -> bool:
    return isinstance(column.type, Text | LargeBinary)


def _clipped(column: ColumnElement[Any]) -> ColumnElement[Any]:
    most = bindparam("most_length", type_=BigInteger())
    return type_coerce(clip(column, most), column.type).label(column.key)


def _bytes_of(column: ColumnElement[Any]) -> ColumnElement[int]:
    size = func.length(column) if isinstance(column.type, LargeBinary) else byte_length(column)
    return func.coalesce(size, 0)
