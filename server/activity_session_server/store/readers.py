"""What a function may do inside a transaction: a Reader reads, a Writer also changes."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import Executable, Table

from activity_session_server.orm.types import AnyRow
from activity_session_server.store.backends import Backend
from activity_session_server.store.driver.connections import Connection
from activity_session_server.store.driver.statements import Statement, Values
from activity_session_server.store.expressions import insert_new
from activity_session_server.store.known import Known

# A statement that takes none.
NO_VALUES: Values = MappingProxyType({})


def utc_clock() -> datetime:
    """The clock of this process in UTC, as columns hold times."""
    return datetime.now(UTC).replace(tzinfo=None)


class Reader:
    """What a read may do: run statements, those that are compiled once and those that are built for one call.

    `purge_age` is how long deleted sessions are kept where their namespace does not say; `logs` is what is known of the
    logs of sessions, by their names.
    """

    def __init__(self, connection: Connection, backend: Backend, purge_age: timedelta, logs: Known[Any]) -> None:
        self._connection = connection
        self._backend = backend
        self.purge_age = purge_age
        self.logs = logs

    def rows(self, statement: Statement | Executable, values: Values = NO_VALUES) -> Sequence[AnyRow]:
        """All rows of a query."""
        return self._connection.rows(statement, values)

    def row(self, statement: Statement | Executable, values: Values = NO_VALUES) -> AnyRow | None:
        """The first row of a query, or None."""
        rows = self._connection.rows(statement, values)
        return rows[0] if rows else None


class Writer(Reader):
    """What a write may do: all that a read may, and changes.

    `now` is the time of the transaction, in UTC. `changed` are the uids of the sessions that it changes; `session_uid`
    is that of the session that it is about, where that is there afterwards.
    """

    def __init__(self, connection: Connection, backend: Backend, purge_age: timedelta) -> None:
        # What a transaction reads may never be committed, and is not remembered after it.
        super().__init__(connection, backend, purge_age, Known(0))
        self.now = utc_clock()
        self.changed: set[str] = set()
        self.session_uid = ""

    @property
    def is_on_cluster(self) -> bool:
        """Whether the database has several nodes that take writes."""
        return self._connection.is_on_cluster

    @property
    def reads_before_it_locks(self) -> bool:
        """Whether a statement that locks rows, and waits for that, has read all else before."""
        return self._backend.reads_before_it_locks

    def change(self, statement: Statement | Executable, values: Values = NO_VALUES) -> int:
        """Run an UPDATE or DELETE; returns how many rows matched."""
        return self._connection.change(statement, values)

    def change_many(self, statement: Statement, values: Sequence[Values]) -> int:
        """Run a statement once for each of several values; returns how many rows matched."""
        return self._connection.change(statement, values)

    def insert(self, table: Table, values: Values | Sequence[Values]) -> bool:
        """Insert a row, or several; returns whether all were new.

        Where one of several was not, others may have been inserted: the transaction must not be committed then.
        """
        try:
            count = self._connection.change(_insert_into(table), values)
        except Exception as error:
            if self._backend.is_duplicate(error):
                return False
            raise
        return count == (len(values) if isinstance(values, Sequence) else 1)

    def written_at_once(self) -> AbstractContextManager[None]:
        """Have changes inside the block reach the database, and what keeps it, before the commit."""
        return self._connection.written_at_once()


@cache
def _insert_into(table: Table) -> Statement:
    return Statement(insert_new(table))


def count_of(reader: Reader, statement: Statement, values: Values = NO_VALUES) -> int:
    """The number that a statement finds."""
    row = reader.row(statement, values)
    return 0 if row is None else int(row[0])


class Raced(Exception):  # noqa: N818 - nothing is wrong, another transaction was faster
    """Raised by a function that finds changed what it has read before: it is run again, and reads it anew."""
