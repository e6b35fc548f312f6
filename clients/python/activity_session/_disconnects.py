"""What a watch does after a failure, before it opens the next stream."""

import logging
import math
import time
from collections.abc import Callable

from activity_session import _backoff
from activity_session.errors import Error

OnDisconnect = Callable[[Error], None]

_LOGGER = logging.getLogger("activity_session")
_LOG_SECONDS = 30.0


class Disconnects:
    """The failures of a watch: its caller is told of each, the log of the first and then of at most one in 30 s."""

    def __init__(self, session: str, target: str, on_disconnect: OnDisconnect | None) -> None:
        self._session, self._target, self._on_disconnect = session, target, on_disconnect
        self._next_log = -math.inf
        self.forget()

    def forget(self) -> None:
        """Begin to count again, after a message."""
        self._attempts = 0
        self._pauses = _backoff.pauses()

    def tell(self, error: Error) -> float:
        """Tell of a failed attempt; return the seconds to wait before the next one."""
        if self._on_disconnect is not None:
            self._on_disconnect(error)
        self._attempts += 1
        pause = next(self._pauses)
        if time.monotonic() >= self._next_log:
            self._next_log = time.monotonic() + _LOG_SECONDS
            self._log(error, pause)
        return pause

    def _log(self, error: Error, pause: float) -> None:
        message = "The watch of %s at %s failed: %s (attempt %d, the next one in %.1f s)"
        _LOGGER.warning(message, self._session, self._target, error, self._attempts, pause)
