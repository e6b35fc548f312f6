"""Moments: acting just before a server sends a statement, seeing one fail, waiting until something is so."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

from activity_session_server.app import App
from activity_session_server.store.backends import error_number

WAIT_SECONDS = 20

T = TypeVar("T")


class Times:
    """How often something was done, up to a most."""

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
    """Acts before the server sends statements that start so, and counts how often it did.

    A driver's error that `act` raises is what the server gets from the database in place of the statement's result.
    """
    times = Times(most)

    def on_execute(_cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(start) and times.may_be_once_more():
            act()

    engine = engine_of(server)
    event.listen(engine, "do_execute", on_execute)
    try:
        yield times
    finally:
        event.remove(engine, "do_execute", on_execute)


@contextlib.contextmanager
def errors_of(server: App, start: str = "") -> Iterator[SimpleQueue[int]]:
    """The numbers of the database's errors on statements that start so, as they come."""
    numbers: SimpleQueue[int] = SimpleQueue()

    def on_error(context: ExceptionContext) -> None:
        if (context.statement or "").startswith(start):
            numbers.put(error_number(context.original_exception))

    engine = engine_of(server)
    event.listen(engine, "handle_error", on_error)
    try:
        yield numbers
    finally:
        event.remove(engine, "handle_error", on_error)


def engine_of(server: App) -> Engine:
    return server.store._engine  # noqa: SLF001 - its events are the only way to hit a moment


def eventually(condition: Callable[[], T]) -> T:
    """Waits until a condition holds, and answers what it then is."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come to hold in time")
