"""How many bytes are stored in each namespace, and that they are no more than its quota.

They are counted in the database by a thread of its own, where a quota is and calls add to it; between two counts, what
this process is asked to add comes to it.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping

from activity_session_server.live.errands import Errand
from activity_session_server.rules.errors import ServiceError, quota_exceeded

# Connections: one for the thread.
CONNECTIONS = 1
# Counts of a namespace take no more of the time than one part of so many.
_PARTS = 20
# Seconds that the first call waits for the first count, before which nobody knows.
_FIRST = 1.0
_log = logging.getLogger("activity_session.quotas")


class Stored:
    """What is known of a namespace: its bytes when they were counted, and what was asked to be added since."""

    __slots__ = ("added", "counted", "due", "is_wanted")

    def __init__(self) -> None:
        self.counted = 0
        self.added = 0
        # When they are counted next, if somebody wants to know; a reading of `time.monotonic`.
        self.due = 0.0
        self.is_wanted = True


class StoredBytes:
    """The bytes that are stored in namespaces; `most` in each that has no quota of its own, 0 is any number."""

    def __init__(self, most: int, count: Callable[[str], int], interval: float) -> None:
        """Start nothing yet; `count` reads what is stored in a namespace of a name, `interval` is in seconds."""
        self._most = most
        self._count = count
        self._interval = interval
        # Of those that have another one. Replaced as a whole, and read without the lock.
        self._own: Mapping[str, int] = {}
        self.counts = most > 0
        # Guards what is known, also what stands in each.
        self._lock = threading.Lock()
        self._known: dict[str, Stored] = {}
        self._errand = Errand("count", self.count_all, interval=interval, pause=0)

    def __len__(self) -> int:
        return len(self._known)

    def start(self) -> None:
        """Begin to count."""
        self._errand.start(0)

    def stop(self) -> None:
        """Count no more."""
        self._errand.stop()

    def set_own(self, own: Mapping[str, int]) -> None:
        """Have some namespaces have quotas of their own."""
        self._own = own
        self.counts = self._most > 0 or any(own.values())

    def add(self, namespace: str, size: int) -> None:
        """Count bytes that a call is about to add; those of a call that is refused do not count.

        Raises:
            ServiceError: QUOTA_EXCEEDED.
        """
        most = self._own.get(namespace, self._most)
        if not most:
            return
        if namespace not in self._known:
            self._begin(namespace)
        with self._lock:
            stored = self._known.setdefault(namespace, Stored())
            stored.is_wanted = True
            if stored.counted + stored.added + size > most:
                delay = max(stored.due - time.monotonic(), 0.001)
                raise quota_exceeded("namespace", namespace, "bytes", most, delay=delay)
            stored.added += size

    def count_all(self) -> None:
        """Count the namespaces of which somebody wants to know by now, and forget those that nobody asks for."""
        for namespace, stored in list(self._known.items()):
            if time.monotonic() < stored.due:
                continue
            if stored.is_wanted:
                self._count_one(namespace, stored)
            else:
                with self._lock:
                    if not stored.is_wanted:
                        del self._known[namespace]

    def _begin(self, namespace: str) -> None:
        with self._lock:
            self._known.setdefault(namespace, Stored())
        self._errand.ask(_FIRST)

    def _count_one(self, namespace: str, stored: Stored) -> None:
        with self._lock:
            stored.is_wanted, before = False, stored.added
        began = time.monotonic()
        try:
            counted = self._count(namespace)
        except ServiceError as error:  # as long as the database is away, calls fail by themselves
            _log.warning("cannot count the bytes of %s: %s", namespace, error.logged)
            counted = None
        now = time.monotonic()
        with self._lock:
            stored.due = now + max(self._interval, (_PARTS - 1) * (now - began))
            if counted is None:
                stored.is_wanted = True
            else:
                stored.counted, stored.added = counted, stored.added - before
