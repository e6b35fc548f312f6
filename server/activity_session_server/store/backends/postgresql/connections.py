"""psycopg's connection, whose statements end in time.

A statement that is late is canceled by a request of its own, so that the time of each costs the others nothing; a
setting of the session would take a statement before and one after it. What does not respond to that either is given up.
"""

import contextlib
from collections.abc import Callable, Generator, Iterator
from typing import Any, TypeVar

import psycopg
from psycopg import OperationalError, errors
from psycopg.waiting import READY_NONE

from activity_session_server.store.backends.engines import LONGER_THAN_A_STATEMENT

T = TypeVar("T")
# Seconds: psycopg's own between two looks for signals, and for a request to cancel a statement.
_INTERVAL, _CANCEL = 0.1, 1.0
# Seconds for the statement that sets up a new connection.
_FIRST_STATEMENT = 3.0
# Seconds that a statement may be late, so that `lock_timeout`, by which others are known to be in the way, comes first.
_LATENESS = 0.25


class PunctualConnection(psycopg.Connection[Any]):
    """A connection that cancels what takes longer than `remaining` says, in seconds, and breaks after some more."""

    # There is no moment without a limit: a database may freeze between letting a connection in and its first statement.
    remaining: Callable[[], float] = staticmethod(lambda: _FIRST_STATEMENT)
    _is_canceled_when_late = True

    def wait(self, gen: Generator[Any, Any, T], interval: float = _INTERVAL, timeout: float | None = None) -> T:
        """Run one of psycopg's generators, which sends a statement and waits for its result."""
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, max(0, self.remaining()) + _LATENESS)
        except errors._WaitTimeout:  # noqa: SLF001 - its callers are to handle it
            if self._is_canceled_when_late:
                self._ask_to_cancel()
        try:
            return super().wait(_resumed(gen), interval, LONGER_THAN_A_STATEMENT)
        except errors._WaitTimeout:  # noqa: SLF001
            self.pgconn.finish()
            raise OperationalError("the database does not respond") from None

    @contextlib.contextmanager
    def uncanceled(self) -> Iterator[None]:
        """Cancel nothing inside the block; what does not respond is given up as ever."""
        self._is_canceled_when_late = False
        try:
            yield
        finally:
            self._is_canceled_when_late = True

    def _ask_to_cancel(self) -> None:
        with contextlib.suppress(psycopg.Error):  # what does not respond is given up in time
            self.cancel_safe(timeout=_CANCEL)


def _resumed(gen: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
    """A generator that waits already, for those who would start it."""
    ready: Any = READY_NONE
    while True:
        try:
            ready = yield gen.send(ready)
        except StopIteration as end:
            returned: T = end.value
            return returned
