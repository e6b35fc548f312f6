"""How many calls of a kind may be open at once."""

import threading
from collections import Counter
from collections.abc import Callable

from activity_session_server.live.meters import Taken
from activity_session_server.live.quotas import Quotas
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import ServiceError, server_full


class Slots:
    """A number of places, of which one connection gets only some; `what` says what they are for, in an error.

    Each place counts towards the quotas of a subject and of a namespace too.
    """

    def __init__(self, what: str, count: int, count_per_connection: int, quotas: Quotas) -> None:
        self._what, self._count, self._count_per_connection = what, count, count_per_connection
        self._quotas = quotas
        # Guards the number of places that are taken, by connection.
        self._lock = threading.Lock()
        self._taken: Counter[str] = Counter()

    @property
    def taken(self) -> int:
        """How many places are taken."""
        with self._lock:
            return self._taken.total()

    def take(self, call: Call) -> Callable[[], None]:
        """Take a place for a call; returns what gives it back.

        Raises:
            ServiceError: SERVER_FULL, QUOTA_EXCEEDED.
        """
        taken = Taken()
        self._take(call.peer)
        taken.add(self._give_back, call.peer)
        try:
            self._quotas.open(taken, call)
        except ServiceError:
            taken.give_back()
            raise
        return taken.give_back

    def _take(self, peer: str) -> None:
        with self._lock:
            if self._taken[peer] >= self._count_per_connection:
                raise server_full(f"{self._what} on this connection", self._count_per_connection)
            if self._taken.total() >= self._count:
                raise server_full(self._what, self._count)
            self._taken[peer] += 1

    def _give_back(self, peer: str) -> None:
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
