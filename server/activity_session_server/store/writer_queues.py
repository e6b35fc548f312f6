"""Writer queues: of the writers of one session, one at a time goes to the database; the others wait here.

Where the database admits several writers, those of one session would wait for its row, each with a thread and a
connection that writers of other sessions need. Here they have no connection, and their threads have stepped aside.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from activity_session_server.store.driver.connections import BusyError

# Inside this block a thread waits, and lets another one work in its place.
Aside = Callable[[], AbstractContextManager[None]]


class WriterQueues:
    """One queue for each session that is being written to.

    `timeout` is how many seconds to wait in one; a thread that waits is `aside` meanwhile.
    """

    def __init__(self, timeout: float, aside: Aside) -> None:
        self._timeout = timeout
        self._aside = aside
        # Guards the queues, and how many writers each has.
        self._guard = threading.Lock()
        self._queues: dict[str, _Queue] = {}

    @contextmanager
    def first_of(self, session: str, remaining: float) -> Iterator[None]:
        """Be the first writer of a session for a block, after `remaining` seconds at most; without a session, at once.

        Raises:
            BusyError: those before it took too long.
        """
        if not session:
            yield
            return
        with self._guard:
            queue = self._queues.setdefault(session, _Queue())
            queue.writers += 1
        try:
            self._wait(queue, min(self._timeout, remaining))
            try:
                yield
            finally:
                queue.first.release()
        finally:
            with self._guard:
                queue.writers -= 1
                if not queue.writers:
                    del self._queues[session]

    def _wait(self, queue: "_Queue", timeout: float) -> None:
        if queue.first.acquire(blocking=False):
            return
        with self._aside():
            is_first = queue.first.acquire(timeout=max(timeout, 0))
        if not is_first:
            raise BusyError


class _Queue:
    def __init__(self) -> None:
        # Held by the one that writes.
        self.first = threading.Lock()
        self.writers = 0
