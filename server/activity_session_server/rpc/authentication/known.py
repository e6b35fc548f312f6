"""Callers whose credentials were checked before."""

from collections import OrderedDict
from collections.abc import Hashable
from contextlib import suppress

from activity_session_server.rules.access.callers import Caller

# One takes about half a KiB.
MOST = 10_000


class Known:
    """The callers that were seen last, by what stands for their credentials, until these expire.

    Threads share it without a lock: each step is atomic, and a caller that two of them add is the same.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._found: OrderedDict[Hashable, tuple[Caller, float]] = OrderedDict()

    def get(self, key: Hashable, now: float) -> Caller | None:
        """The caller, if its credentials have not expired; `now` is in seconds since the epoch."""
        found = self._found.get(key)
        if found is None or found[1] <= now:
            return None
        # Another thread may have removed it.
        with suppress(KeyError):
            self._found.move_to_end(key)
        return found[0]

    def put(self, key: Hashable, caller: Caller, expires: float) -> None:
        """Keep a caller; forgets the one that was seen longest ago where there are too many."""
        self._found[key] = (caller, expires)
        while len(self._found) > self._most:
            with suppress(KeyError):
                self._found.popitem(last=False)
