"""Moments: acting just before a server sends a statement, seeing one fail, waiting for a condition."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

from activity_session_server.app import App
from activity_session_server.store.backends import backend_of
from activity_session_server.store.driver.connections import Connection

WAIT_SECONDS = 20

T = TypeVar("T")
# Sends a statement, with its values if it has some.
Send = Callable[..., Any]


class Times:
    """Counts how often something was done, up to a maximum."""

    def __init__(self, most: int) -> None:
        self.count = 0
        self._most = most
        self._lock = threading.Lock()

    def may_be_once_more(self) -> bool:
        with self._lock:
            if self.count == self._most:
                return False
            self.count += 1
            return True


@contextlib.contextmanager
def before(server: App, start: str, act: Callable[[], object], *, most: int = 1) -> Iterator[Times]:
    """Acts before the server sends statements with a given start, and counts how often it did.

    If `act` raises an error of the driver, the server gets that error instead of the statement's result.
    """
    times = Times(most)

    def on_execute(_cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(start) and times.may_be_once_more():
            act()

    def tell(send: Send, statement: str, *values: Any) -> Any:
        on_execute(None, statement)
        return send(statement, *values)

    engine = engine_of(server)
    event.listen(engine, "do_execute", on_execute)
    try:
        with sending(server, tell):
            yield times
    finally:
        event.remove(engine, "do_execute", on_execute)


@contextlib.contextmanager
def errors_of(server: App, start: str = "") -> Iterator[SimpleQueue[Any]]:
    """Collect the numbers of the database's errors on statements with a given start."""
    numbers: SimpleQueue[Any] = SimpleQueue()
    number_of = backend_of(engine_of(server)).code

    def on_error(context: ExceptionContext) -> None:
        if (context.statement or "").startswith(start):
            numbers.put(number_of(context.original_exception))

    def tell(send: Send, statement: str, *values: Any) -> Any:
        try:
            return send(statement, *values)
        except Exception as error:
            if statement.startswith(start):
                numbers.put(number_of(error))
            raise

    engine = engine_of(server)
    event.listen(engine, "handle_error", on_error)
    try:
        with sending(server, tell):
            yield numbers
    finally:
        event.remove(engine, "handle_error", on_error)


@contextlib.contextmanager
def sending(server: App, tell: Callable[..., Any]) -> Iterator[None]:
    """Call `tell` with the function that sends a statement, and the statement, for those that are compiled once."""
    make_cursor = Connection.cursor

    def cursor(connection: Connection) -> Any:
        made = make_cursor(connection)
        return _Cursor(made, tell) if connection.engine is engine_of(server) else made

    Connection.cursor = cursor  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        Connection.cursor = make_cursor  # type: ignore[method-assign]


class _Cursor:
    """A driver's cursor that calls a function before it sends."""

    def __init__(self, cursor: Any, tell: Callable[..., Any]) -> None:
        self._cursor = cursor
        self._tell = tell

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def execute(self, *arguments: Any) -> Any:
        return self._tell(self._cursor.execute, *arguments)

    def executemany(self, *arguments: Any) -> Any:
        return self._tell(self._cursor.executemany, *arguments)


def engine_of(server: App) -> Engine:
    return server.store.engine


def eventually(condition: Callable[[], T]) -> T:
    """Wait until a condition holds, and return its value."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come to hold in time")
