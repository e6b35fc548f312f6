"""psycopg's connection, whose statements end in time.

A statement that is late is canceled by a request of its own, so that the time of each costs the others nothing; a
setting of the session would take a statement before and one after it. What does not respond to that either is given up.
"""

import contextlib
import math
from collections.abc import Callable, Generator, Iterator
from typing import Any, TypeVar

import psycopg
from psycopg import OperationalError
from psycopg.waiting import READY_NONE

from activity_session_server.store.backends.engines import LONGER_THAN_A_STATEMENT

T = TypeVar("T")
# Seconds between two looks whether a statement is late, and for a request to cancel it.
_INTERVAL, _CANCEL = 0.1, 1.0


class PunctualConnection(psycopg.Connection[Any]):
    """A connection that cancels what takes longer than `remaining` says, in seconds, and breaks after some more."""

    remaining: Callable[[], float] = staticmethod(lambda: math.inf)
    _is_canceled_when_late = True

    def wait(self, gen: Generator[Any, Any, T], interval: float = _INTERVAL, timeout: float | None = None) -> T:
        """Run one of psycopg's generators, which sends a statement and waits for its result."""
        return super().wait(self._ending(gen), max(0.001, min(interval, self.remaining())), timeout)

    @contextlib.contextmanager
    def uncanceled(self) -> Iterator[None]:
        """Cancel nothing inside the block; what does not respond is given up as ever."""
        self._is_canceled_when_late = False
        try:
            yield
        finally:
            self._is_canceled_when_late = True

    def _ending(self, gen: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
        """The same, with a look at the time whenever nothing came for an interval."""
        may_cancel, ready = self._is_canceled_when_late, None
        while True:
            try:
                wanted = gen.send(ready)
            except StopIteration as end:
                returned: T = end.value
                return returned
            ready = yield wanted
            if ready or ready != READY_NONE:
                continue
            late = -self.remaining()
            if late > LONGER_THAN_A_STATEMENT:
                self.pgconn.finish()
                raise OperationalError("the database does not respond")
            if late >= 0 and may_cancel:
                may_cancel = False
                self._ask_to_cancel()

    def _ask_to_cancel(self) -> None:
        with contextlib.suppress(psycopg.Error):  # what does not respond is given up in time
            self.cancel_safe(timeout=_CANCEL)
