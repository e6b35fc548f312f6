"""An outage: while the database is away, one call at a time asks whether it is back; all others are refused at once.

A circuit breaker (Nygard, "Release It!", 2007). Without it each call would hold a thread until its attempts to connect
have failed, and clients would learn late that they should go to another server.
"""

import threading
import time

# Seconds between two attempts while the database is away.
_INTERVAL = 0.25


class AwayError(Exception):
    """The database is away, and it is not yet time to ask again, or another call asks."""


class Outage:
    """Whether the database is away: a new connection could not be made, or could not be used."""

    def __init__(self) -> None:
        # Both are read without the lock, and the first one by others: who sees an old value makes one attempt more, or
        # one less.
        self.is_on = False
        self._next_attempt = 0.0
        # What the database has said, for the log: read and written as above.
        self._cause = ""
        # Held by the call that asks.
        self._asking = threading.Lock()

    def enter(self) -> None:
        """Begin a call during an outage: it is the one that asks, and must `leave` when it is over.

        Raises:
            AwayError: it must not bother the database.
        """
        if time.monotonic() < self._next_attempt or not self._asking.acquire(blocking=False):
            raise AwayError(self._cause)

    def leave(self) -> None:
        """Let another call ask."""
        self._asking.release()

    def begin(self, cause: str = "") -> None:
        """Note that the database is away, and why. The first attempt after that may be made at once."""
        self._cause = cause
        if self.is_on:
            self._next_attempt = time.monotonic() + _INTERVAL
        self.is_on = True

    def end(self) -> None:
        """Note that the database is there."""
        self.is_on = False
        self._next_attempt = 0.0
