"""What a function may do inside a transaction: a Reader reads, a Writer also changes."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, CursorResult, Executable, Insert, Table, insert
from sqlalchemy.exc import IntegrityError

from activity_session_server.orm.types import AnyRow
from activity_session_server.store.backends import Backend

Values = Mapping[str, Any]


def utc_clock() -> datetime:
    """The clock of this process in UTC, as columns hold times."""
    return datetime.now(UTC).replace(tzinfo=None)


class Reader:
    """What a read may do."""

    def __init__(self, connection: Connection, backend: Backend) -> None:
        self._connection = connection
        self._backend = backend

    def rows(self, statement: Executable, values: Values | None = None) -> Sequence[AnyRow]:
        """All rows of a query."""
        return self._connection.execute(statement, values).all()

    def row(self, statement: Executable, values: Values | None = None) -> AnyRow | None:
        """The first row of a query, or None."""
        return self._connection.execute(statement, values).first()


class Writer(Reader):
    """What a write may do: all that a read may, and changes.

    `now` is the time of the transaction, in UTC; `changed` are the keys of the sessions that it changes.
    """

    def __init__(self, connection: Connection, backend: Backend) -> None:
        super().__init__(connection, backend)
        self.now = utc_clock()
        self.changed: set[str] = set()

    def change(self, statement: Executable, values: Values | None = None) -> int:
        """Run an UPDATE or DELETE; answers how many rows matched."""
        result = self._connection.execute(statement, values)
        assert isinstance(result, CursorResult)  # noqa: S101 - for the type checker
        return result.rowcount

    def insert(self, table: Table, values: Values | Sequence[Values]) -> bool:
        """Insert a row, or several; answers whether all were new, and inserts none on MySQL if a key is taken."""
        try:
            self._connection.execute(_insert_into(table), values)
        except IntegrityError as error:
            if self._backend.is_duplicate(error):
                return False
            raise
        return True


@cache
def _insert_into(table: Table) -> Insert:
    return insert(table)


class Raced(Exception):  # noqa: N818 - nothing is wrong, somebody was faster
    """Raised by a function that found its ground changed: it is run again, and sees the new state."""
