"""How many calls of a kind may be open at once."""

import threading
from collections import Counter

from activity_session_server.rules.errors import server_full


class Slots:
    """A number of places, of which one connection gets only some; `what` says what they are for, in an error."""

    def __init__(self, what: str, count: int, count_per_connection: int) -> None:
        self._what, self._count, self._count_per_connection = what, count, count_per_connection
        # Guards the number of places that are taken, by connection.
        self._lock = threading.Lock()
        self._taken: Counter[str] = Counter()

    def take(self, peer: str) -> None:
        """Take a place for a connection.

        Raises:
            ServiceError: SERVER_FULL.
        """
        with self._lock:
            if self._taken[peer] >= self._count_per_connection:
                raise server_full(f"{self._what} on this connection", self._count_per_connection)
            if self._taken.total() >= self._count:
                raise server_full(self._what, self._count)
            self._taken[peer] += 1

    def give_back(self, peer: str) -> None:
        """Give a place of a connection back."""
        with self._lock:
            self._taken[peer] -= 1
            if not self._taken[peer]:
                del self._taken[peer]


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
