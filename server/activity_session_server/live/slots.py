"""How many calls of a kind may be open at once."""

import threading

from activity_session_server.rules.errors import server_full


class Slots:
    """A number of places; `what` says in an error what they are for."""

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
        # Guards nothing: it is held from the first `take` on, which is what was to be known.
        self._lock = threading.Lock()

    @property
    def is_taken(self) -> bool:
        """Whether somebody was first already."""
        return self._lock.locked()

    def take(self) -> bool:
        """Whether this is the first time."""
        return self._lock.acquire(blocking=False)
