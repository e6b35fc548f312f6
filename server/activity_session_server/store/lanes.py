"""Lanes: of the writers of one session, one at a time goes to the database; the others wait here.

Where the database admits several writers, those of one session would wait for its row, each with a thread and a
connection that writers of other sessions need. Here they have no connection, and their threads are stepped aside.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from activity_session_server.store.connections import BusyError

# Inside this block a thread waits, and lets another one work in its place.
Aside = Callable[[], AbstractContextManager[None]]


class Lanes:
    """One lane for each session that is being written to.

    `timeout` is how many seconds to wait in one; a thread that waits is `aside` meanwhile.
    """

    def __init__(self, timeout: float, aside: Aside) -> None:
        self._timeout = timeout
        self._aside = aside
        # Guards the lanes, and how many are in each.
        self._guard = threading.Lock()
        self._lanes: dict[str, _Lane] = {}

    @contextmanager
    def of(self, session: str, remaining: float) -> Iterator[None]:
        """Have the lane of a session for a block, waiting `remaining` seconds at most; without a session, at once.

        Raises:
            BusyError: those before it took too long.
        """
        if not session:
            yield
            return
        with self._guard:
            lane = self._lanes.setdefault(session, _Lane())
            lane.users += 1
        try:
            lane.enter(min(self._timeout, remaining), self._aside)
            try:
                yield
            finally:
                lane.turn.release()
        finally:
            with self._guard:
                lane.users -= 1
                if not lane.users:
                    del self._lanes[session]


class _Lane:
    def __init__(self) -> None:
        # Held by the one that writes.
        self.turn = threading.Lock()
        self.users = 0

    def enter(self, timeout: float, aside: Aside) -> None:
        if self.turn.acquire(blocking=False):
            return
        with aside():
            is_in = self.turn.acquire(timeout=max(timeout, 0))
        if not is_in:
            raise BusyError
