"""How many calls of a kind may be open at once."""

import threading

from activity_session_server.rules.errors import server_full


class Slots:
    """A number of places; `what` says what they are for, in an error."""

    def __init__(self, count: int, what: str) -> None:
        self._count, self._what = count, what
        # Counts the free places, and guards nothing else.
        self._free = threading.BoundedSemaphore(count)

    def take(self) -> None:
        """Take a place.

        Raises:
            ServiceError: SERVER_FULL.
        """
        if not self._free.acquire(blocking=False):
            raise server_full(self._what, self._count)

    def give_back(self) -> None:
        """Give a place back."""
        self._free.release()


class Once:
    """Something that only the first of several threads may do."""

    def __init__(self) -> None:
        # Guards no data: that it is held, from the first `take` on, is all there is to know.
        self._lock = threading.Lock()

    @property
    def is_taken(self) -> bool:
        """Whether `take` was called before."""
        return self._lock.locked()

    def take(self) -> bool:
        """Whether this call is the first one."""
        return self._lock.acquire(blocking=False)
