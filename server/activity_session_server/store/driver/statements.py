"""Statements that are compiled once for each database, so that a call costs little more than the driver's own work.

Running a Core statement costs several times what the driver takes to read a row by its key. What never changes is
therefore compiled by SQLAlchemy once, and sent by the driver itself; SQLAlchemy's types make the values and the rows.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Dialect, Executable, LargeBinary, Select
from sqlalchemy.sql.compiler import SQLCompiler

from activity_session_server.orm.types import AnyRow

Values = Mapping[str, Any]
# Makes the driver's value of a column's, or the reverse; None where they are the same.
Processor = Callable[[Any], Any] | None


class Statement:
    """A statement that is the same at each call but for its values; the one named by `many` may be a list, for IN."""

    def __init__(self, construct: Executable, many: str = "") -> None:
        self.construct: Any = construct
        self.many = many

    def derived(self, construct: Executable) -> "Statement":
        """A statement that was made of this one, with the same list among its values."""
        return Statement(construct, self.many)


class Form:
    """What is sent to a database for a statement, given the names of the values and the length of the list."""

    def __init__(self, statement: Statement, values: Values, dialect: Dialect) -> None:
        construct = statement.construct
        compiled: SQLCompiler = construct.compile(dialect=dialect, column_keys=list(values))
        expanded = compiled.construct_expanded_state(dict(values))
        origin = {name: listed for listed, names in expanded.parameter_expansion.items() for name in names}
        names = expanded.positiontup or []
        types = [compiled.binds[origin.get(name, name)].type.dialect_impl(dialect) for name in names]
        self.sql = expanded.statement
        self._binds = [(name, _bind_processor(type_, dialect)) for name, type_ in zip(names, types, strict=True)]
        self._list = (statement.many, expanded.parameter_expansion.get(statement.many, []))
        self._fixed = {name: expanded.parameters[name] for name in names if name not in values and name not in origin}
        self._fixed |= {column.key: column.default.arg for column in _defaulted(compiled)}
        self._make_row, self._processors = _row_of(construct, dialect)

    def parameters(self, values: Values) -> list[Any]:
        """The driver's parameters for values."""
        listed, names = self._list
        if self._fixed or names:
            values = {**self._fixed, **values, **dict(zip(names, values.get(listed, ()), strict=True))}
        return [values[name] if process is None else process(values[name]) for name, process in self._binds]

    def rows(self, found: Sequence[tuple[Any, ...]]) -> list[AnyRow]:
        """The rows that the driver found."""
        if len(found) == 1:
            return [self._row(found[0])]
        columns: list[Iterable[Any]] = list(zip(*found, strict=True)) if self._processors else []
        if columns:
            # Column by column, which leaves the loops over the rows to C.
            for index, process in self._processors:
                columns[index] = map(process, columns[index])
            return list(map(self._make_row, zip(*columns, strict=True)))
        return list(map(self._make_row, found))

    def _row(self, found: tuple[Any, ...]) -> AnyRow:
        """One row, of which columns would cost more."""
        values = list(found)
        for index, process in self._processors:
            values[index] = process(values[index])
        return self._make_row(values)


class Compiler:
    """The forms of the statements that were sent to one database."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        # Without a lock: threads that miss a form at the same time make the same one, and the last is kept.
        self._forms: dict[tuple[Any, ...], Form] = {}

    def form(self, statement: Statement, values: Values) -> Form:
        """The form of a statement for the values that are given."""
        length = len(values[statement.many]) if statement.many else 0
        key = (statement, length, *values)
        form = self._forms.get(key)
        if form is None:
            form = self._forms[key] = Form(statement, values, self._dialect)
        return form


def _defaulted(compiled: SQLCompiler) -> list[Any]:
    """The columns that get a constant when no value is given for them."""
    columns: list[Any] = list(compiled.insert_prefetch)
    return [column for column in columns if column.default.is_scalar]


def _row_of(construct: Any, dialect: Dialect) -> tuple[Callable[[Any], AnyRow], list[tuple[int, Any]]]:
    """What makes a row of values, and the processors of those values that need one, with their positions."""
    columns = construct.selected_columns if isinstance(construct, Select) else ()
    processors = [_result_processor(column.type, dialect) for column in columns]
    names = [str(column.key) for column in columns]
    row: Any = namedtuple("row", names, rename=True)  # type: ignore[misc]  # noqa: PYI024 - known at run time only
    # Without a look at the number of values, `_make` costs a third.
    make: Callable[[Any], Any] = partial(tuple.__new__, row)
    return make, [(index, process) for index, process in enumerate(processors) if process is not None]


# Bytes are bytes to all drivers.


def _bind_processor(type_: Any, dialect: Dialect) -> Processor:
    return None if isinstance(type_, LargeBinary) else type_.bind_processor(dialect)


def _result_processor(type_: Any, dialect: Dialect) -> Processor:
    return None if isinstance(type_, LargeBinary) else type_.dialect_impl(dialect).result_processor(dialect, None)
