"""Which numbers of a log the writes of a checkpoint can have.

LangGraph saves a checkpoint and the writes of its tasks at once, so that some can be in the log before their
checkpoint. The checkpoint says after which number that can be: its floor, below which nobody need look.
"""

import threading
from collections.abc import Hashable

_MOST = 10_000


class Floors:
    """What one saver knows of the numbers of logs. What it has forgotten is 0: right, and longer to look for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: dict[Hashable, int] = {}
        self._early: dict[Hashable, int] = {}

    def seen(self, thread: str, sequence: int) -> None:
        """Note a number that a thread has reached."""
        with self._lock:
            _keep(self._last, thread, max(sequence, self._last.get(thread, 0)))

    def forget(self, thread: str) -> None:
        """Note that the numbers of a thread begin anew."""
        with self._lock:
            self._last.pop(thread, None)

    def writes_come(self, thread: str, checkpoint: Hashable) -> None:
        """Note that writes of a checkpoint are about to be sent."""
        with self._lock:
            if (thread, checkpoint) not in self._early:
                _keep(self._early, (thread, checkpoint), self._last.get(thread, 0))

    def floor(self, thread: str, checkpoint: Hashable) -> int:
        """Return the floor of a checkpoint that is about to be sent."""
        with self._lock:
            return self._early.pop((thread, checkpoint), self._last.get(thread, 0))


def _keep(numbers: dict[Hashable, int], key: Hashable, number: int) -> None:
    """Set a number as the newest one, and drop the oldest of too many."""
    numbers.pop(key, None)
    numbers[key] = number
    if len(numbers) > _MOST:
        del numbers[next(iter(numbers))]
