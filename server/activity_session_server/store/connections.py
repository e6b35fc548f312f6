"""The connections of a store. Each is lent to one thread at a time, and stays open in between."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Engine, Executable

from activity_session_server.orm.types import AnyRow
from activity_session_server.store.backends import backend_of
from activity_session_server.store.statements import Compiler, Statement, Values

# Seconds; below the idle limits of proxies (60 to 300 s are usual) and far below wait_timeout (8 h).
LONGEST_IDLE = 280.0
T = TypeVar("T")


class NoneIdleError(Exception):
    """All connections are lent, and none came back in time."""


class Connection:
    """A connection in autocommit mode; a database in memory lives as long as its connection.

    Its errors are the driver's, some wrapped by SQLAlchemy.
    """

    def __init__(self, engine: Engine, compiler: Compiler) -> None:
        """Open nothing yet."""
        self.engine = engine
        self._compiler = compiler
        self._is_remote = backend_of(engine).is_remote
        # SQLAlchemy's connection, and a cursor of the driver's inside it; none while this one is closed.
        self._core: Any = None
        self._cursor: Any = None
        self._last_used = 0.0

    def open(self) -> None:
        """Make it ready for use; if it was idle for so long that it may have been closed from outside, reopen it."""
        now = time.monotonic()
        if self._is_remote and now - self._last_used > LONGEST_IDLE:
            self.close()
        if self._core is None:
            self._core = self.engine.connect()
            self._cursor = self._core.connection.driver_connection.cursor()
        self._last_used = now

    def close(self) -> None:
        """Close it, even if it is broken."""
        core, self._core = self._core, None
        if core is not None:
            core.invalidate()
            core.close()

    def rows(self, statement: Statement | Executable, values: Values) -> Sequence[AnyRow]:
        """All rows of a query."""
        if not isinstance(statement, Statement):
            rows: Sequence[AnyRow] = self._core.execute(statement, values).all()
            return rows
        form = self._compiler.form(statement, values)
        cursor = self.cursor()
        cursor.execute(form.sql, form.parameters(values))
        return form.rows(cursor.fetchall())

    def change(self, statement: Statement | Executable, values: Values | Sequence[Values]) -> int:
        """Run an INSERT, UPDATE or DELETE, once or for several values; returns how many rows matched."""
        if not isinstance(statement, Statement):
            return int(self._core.execute(statement, values).rowcount)
        cursor = self.cursor()
        several = values if isinstance(values, Sequence) else [values]
        form = self._compiler.form(statement, several[0])
        parameters = [form.parameters(one) for one in several]
        if len(parameters) == 1:
            cursor.execute(form.sql, parameters[0])
        else:
            cursor.executemany(form.sql, parameters)
        return int(cursor.rowcount)

    def run(self, sql: str) -> None:
        """Send a statement that has neither values nor rows."""
        self.cursor().execute(sql)

    def cursor(self) -> Any:
        """The driver's cursor, which sends one statement at a time."""
        return self._cursor


class Connections:
    """A bounded number of connections, opened when they are needed; the one that was used last is lent first."""

    def __init__(self, engine: Engine, most: int, timeout: float) -> None:
        """Open nothing yet. `timeout` is how many seconds to wait while all are lent."""
        compiler = Compiler(engine.dialect)
        self._backend = backend_of(engine)
        self._timeout = timeout
        # Without a lock: to take one and to give it back is one step each, and one that is lent belongs to one thread.
        self._idle = deque(Connection(engine, compiler) for _ in range(most))
        # Guards the number of threads that wait, and wakes one of them when a connection is given back.
        self._returned = threading.Condition()
        self._waiting = 0

    def run(self, fn: Callable[[Connection], T]) -> T:
        """Run a function with a connection; close it if it breaks."""
        connection = self._take()
        try:
            connection.open()
            return fn(connection)
        except Exception as error:
            if self._backend.breaks_connection(error):
                connection.close()
            raise
        finally:
            self._give_back(connection)

    def close(self) -> None:
        """Close the connections that are idle; when no call runs any more, these are all."""
        for connection in self._idle:
            connection.close()

    def _take(self) -> Connection:
        connection = self._take_idle()
        if connection is not None:
            return connection
        with self._returned:
            self._waiting += 1
            connection = self._returned.wait_for(self._take_idle, self._timeout)
            self._waiting -= 1
        if connection is None:
            raise NoneIdleError
        return connection

    def _take_idle(self) -> Connection | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _give_back(self, connection: Connection) -> None:
        self._idle.append(connection)
        # Looked at without the lock, but after the append: a thread that waits says so before it looks once more.
        if self._waiting:
            with self._returned:
                self._returned.notify()
