"""The connections of a store. Each is lent to one thread at a time, and stays open in between."""

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Engine, Executable, event

from activity_session_server.orm.types import AnyRow
from activity_session_server.rules.calls import Trace
from activity_session_server.store.backends import Failure, backend_of
from activity_session_server.store.backends.engines import IS_ON_CLUSTER
from activity_session_server.store.backends.files import DatabaseFile
from activity_session_server.store.driver.outage import Outage
from activity_session_server.store.driver.statements import Compiler, Form, Statement, Values
from activity_session_server.store.driver.traced import traced
from activity_session_server.store.observer import Observer

# Seconds; below the idle limits of proxies (60 to 300 s are usual) and that of `engines`.
LONGEST_IDLE = 280.0
# The option of an execution that makes its SQL one that ends in time.
_IN_TIME = "in_time"
T = TypeVar("T")
_log = logging.getLogger("activity_session.store")


class BusyError(Exception):
    """What is waited for inside this process, a connection or a lock, did not become free in time."""


class Connection:
    """A connection in autocommit mode; a database in memory lives as long as its connection.

    Its errors are the driver's, some wrapped by SQLAlchemy.
    """

    def __init__(self, engine: Engine, compiler: Compiler, timeout: float, file: DatabaseFile) -> None:
        """Open nothing yet. `timeout` is how many seconds a statement may take."""
        self.engine = engine
        self._compiler = compiler
        self._file = file
        self._backend = backend_of(engine)
        self._timeout = timeout
        # When what runs now must end, a reading of `time.monotonic`, and whether that is sooner than the timeout.
        self._deadline = math.inf
        self._is_short = False
        # Where what runs now is recorded, if it is.
        self._trace: Trace | None = None
        # SQLAlchemy's connection, and a cursor of the driver's inside it; none while this one is closed.
        self._core: Any = None
        self._cursor: Any = None
        self._last_used = 0.0
        # Whether the database has several nodes that take writes.
        self.is_on_cluster = False
        # Whether `open` had to make a connection.
        self.is_new = False

    def open(self, cut: float = -math.inf) -> None:
        """Make it ready for use; reopen it if it may have been closed from outside.

        It may have been if it was idle for long, or at `cut`, when another one was found closed.
        """
        now = time.monotonic()
        if self._backend.is_remote and self._last_used < max(now - LONGEST_IDLE, cut):
            self.close()
        self.is_new = self._core is None
        if self.is_new:
            self._connect()
            self.is_on_cluster = self._core.info.get(IS_ON_CLUSTER, False)
            self._cursor = self._backend.prepare(self._core.connection.driver_connection, self._remaining)
        self._last_used = now

    @property
    def is_open(self) -> bool:
        """Whether it has been opened, and not been closed since."""
        return self._core is not None

    def end_by(self, deadline: float, trace: Trace | None = None) -> None:
        """Have the statements from now on end by a deadline, and in the time that a statement may take.

        They are recorded in a trace, if there is one.
        """
        self._trace = trace
        latest = time.monotonic() + self._timeout
        self._is_short = deadline < latest
        self._deadline = deadline if self._is_short else latest

    def close(self) -> None:
        """Close it, even if it is broken."""
        core, self._core = self._core, None
        if core is not None:
            core.invalidate()
            core.close()

    def rows(self, statement: Statement | Executable, values: Values) -> Sequence[AnyRow]:
        """All rows of a query."""
        if not isinstance(statement, Statement):
            rows: Sequence[AnyRow] = self._execute(statement, values, lambda result: result.all())
            return rows
        form = self._compiler.form(statement, values)
        if self._trace is None:
            return self._found(form, values)
        return traced(self._trace, form.sql, partial(self._found, form, values))

    def change(self, statement: Statement | Executable, values: Values | Sequence[Values]) -> int:
        """Run an INSERT, UPDATE or DELETE, once or for several values; returns how many rows matched."""
        if not isinstance(statement, Statement):
            return int(self._execute(statement, values, lambda result: result.rowcount))
        several = values if isinstance(values, Sequence) else [values]
        form = self._compiler.form(statement, several[0])
        if self._trace is None:
            return self._changed(form, several)
        return traced(self._trace, form.sql, partial(self._changed, form, several))

    def run(self, sql: str) -> None:
        """Send a statement that has neither values nor rows."""
        if self._trace is None:
            self.cursor().execute(sql)
        else:
            traced(self._trace, sql, partial(self.cursor().execute, sql))

    def begin_write(self) -> None:
        """Begin a transaction that writes; SQLite waits for the lock of other processes, no longer than it may take.

        Raises:
            FileError: SQLite's file is not what it was; nothing is begun.
        """
        self._file.check()
        self._backend.begin_write(self.run, self._remaining() if self._is_short else None, self._timeout)

    def commit(self) -> None:
        """End a transaction that writes.

        Raises:
            FileError: it was committed to a file that is no longer where it was.
        """
        self._backend.commit(self.cursor())
        self._file.check_commit()

    def written_at_once(self) -> AbstractContextManager[None]:
        """Have changes inside the block reach the database, and what keeps it, before the commit."""
        return self._backend.written_at_once(self._cursor)

    def cursor(self) -> Any:
        """The driver's cursor, which sends one statement at a time."""
        return self._cursor

    def _connect(self) -> None:
        # Before, since SQLite makes a file where there is none; and after, since it may have been replaced meanwhile.
        self._file.check_path()
        self._core = self.engine.connect()
        _log.debug("a connection to the database is opened")
        try:
            self._file.note()
        except BaseException:
            self.close()
            raise

    def _found(self, form: Form, values: Values) -> Sequence[AnyRow]:
        cursor = self.cursor()
        cursor.execute(self._in_time(form.sql) if self._is_short else form.sql, form.parameters(values))
        return form.rows(cursor.fetchall())

    def _changed(self, form: Form, several: Sequence[Values]) -> int:
        cursor = self.cursor()
        parameters = [form.parameters(one) for one in several]
        if len(parameters) == 1:
            cursor.execute(self._in_time(form.sql) if self._is_short else form.sql, parameters[0])
        else:
            cursor.executemany(form.sql, parameters)
        return int(cursor.rowcount)

    def _execute(self, statement: Any, values: Values | Sequence[Values], take: Callable[[Any], T]) -> T:
        """What is taken from the result of a statement that was built for one call."""

        def send() -> T:
            return take(self._core.execute(statement, values, execution_options={_IN_TIME: self._in_time}))

        if self._trace is None:
            return send()
        return traced(self._trace, str(statement.compile(self.engine)), send)

    def _in_time(self, sql: str) -> str:
        """A statement that the database itself ends at the deadline; the timeout is a setting of the connection."""
        return self._backend.within(sql, self._remaining()) if self._is_short else sql

    def _remaining(self) -> float:
        return self._deadline - time.monotonic()


class Connections:
    """A bounded number of connections, opened when they are needed; lent first is the open one that was used last."""

    def __init__(self, engine: Engine, most: int, timeout: float, observer: Observer | None = None) -> None:
        """Open nothing yet. `timeout` is how many seconds to wait while all are lent."""
        self.most = most
        self._observer = observer
        compiler = Compiler(engine.dialect)
        self._backend = backend_of(engine)
        self._timeout = timeout
        self._outage = Outage()
        self._file = self._backend.file
        # Without a lock: to take one and to give it back is one step each, and one that is lent belongs to one thread.
        self._idle = deque(Connection(engine, compiler, timeout, self._file) for _ in range(most))
        # Guards the number of threads that wait, and wakes one of them when a connection is given back.
        self._returned = threading.Condition()
        self._waiting = 0
        # When one was last found closed from outside, a reading of `time.monotonic`. Without a lock: who sees an old
        # value finds another closed one, and says so too.
        self._cut = -math.inf
        if self._backend.is_remote:
            event.listen(engine, "before_cursor_execute", _send_in_time, retval=True)

    def run(self, fn: Callable[[Connection], T]) -> T:
        """Run a function with a connection; close it if it breaks.

        Raises:
            AwayError: the database is away.
            BusyError: all connections are lent, and none came back in time.
        """
        if not self._outage.is_on:
            return self._run(fn)
        self._outage.enter()
        try:
            return self._run(fn)
        finally:
            self._outage.leave()

    @property
    def used(self) -> int:
        """How many are lent."""
        return self.most - len(self._idle)

    @property
    def waiting(self) -> int:
        """How many threads wait for one."""
        return self._waiting

    def _run(self, fn: Callable[[Connection], T]) -> T:
        begun = 0.0 if self._observer is None else time.monotonic()
        connection, was_there = self._take(), False
        try:
            connection.open(self._cut)
            was_there = True
            if self._observer is not None:
                self._observer.connected(time.monotonic() - begun)
            return fn(connection)
        except Exception as error:
            self._learn(error, connection, was_there=was_there)
            raise
        finally:
            if self._outage.is_on and connection.is_open:
                # The database has responded, be it with an error.
                self._outage.end()
            self._give_back(connection)

    def _learn(self, error: Exception, connection: Connection, *, was_there: bool) -> None:
        """Note what an error says of its connection, of the others, and of the database."""
        if was_there and self._backend.is_cut(error):
            # So may be all that are idle, of which each call would try some. It says nothing of the database.
            self._cut = time.monotonic()
        elif connection.is_new and self._backend.is_away(error):
            self._outage.begin(self._backend.cause(error))
        if self._backend.breaks_connection(error):
            connection.close()

    def check_file(self) -> None:
        """Look whether SQLite's file is where it was opened.

        Raises:
            FileError: it is not; writes are refused until it is.
        """
        self._file.check_path()

    def judge(self, error: Exception) -> None:
        """Have nothing written any more to a file in which a call has met damage."""
        if self._backend.failure(error) is Failure.DAMAGED:
            self._file.note_damage(self._backend.cause(error))

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
            raise BusyError
        return connection

    def _take_idle(self) -> Connection | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _give_back(self, connection: Connection) -> None:
        if connection.is_open:
            self._idle.append(connection)
        else:
            # Lent last: where the database has no room for one more, those that are open serve on.
            self._idle.appendleft(connection)
        # Looked at without the lock, but after the append: a thread that waits says so before it looks once more.
        if self._waiting:
            with self._returned:
                self._returned.notify()


def _send_in_time(
    _connection: Any, _cursor: Any, sql: str, parameters: Any, context: Any, _many: object
) -> tuple[str, Any]:
    in_time = context.execution_options.get(_IN_TIME)
    return (in_time(sql) if in_time else sql), parameters
