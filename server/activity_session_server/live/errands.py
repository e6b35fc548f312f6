"""What a thread of its own does again and again, and soon where a call needs it."""

import logging
import math
import threading
import time
from collections.abc import Callable

_log = logging.getLogger("activity_session.errands")


class Errand:
    """Something that takes long, and is done every `interval` seconds, and when asked for; also after it has failed."""

    def __init__(self, name: str, do: Callable[[], None], *, interval: float, pause: float) -> None:
        """Start nothing yet. It is asked for in vain within `pause` seconds after the last time."""
        self._do = do
        self._interval = interval
        self._pause = pause
        # Written by the thread, a reading of `time.monotonic`.
        self._done_at = -math.inf
        self._is_stopped = False
        self._asked, self._done = threading.Event(), threading.Event()
        # Guards no data: who holds it is the one that waits.
        self._waiting = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self, seconds: float) -> None:
        """Begin, and wait so long for the end of the first time."""
        self._thread.start()
        self._done.wait(seconds)

    def ask(self, seconds: float) -> None:
        """Have it done, and wait so long for the end; returns at once if it was done just now, or another thread waits.

        So it never holds up more than one thread.
        """
        if time.monotonic() - self._done_at < self._pause or not self._waiting.acquire(blocking=False):
            return
        try:
            self._done.clear()
            self._asked.set()
            self._done.wait(seconds)
        finally:
            self._waiting.release()

    def stop(self) -> None:
        """Have it not done again. Nobody waits for the thread: what it does may take long, and changes nothing."""
        self._is_stopped = True
        self._asked.set()

    def _run(self) -> None:
        while not self._is_stopped:
            self._try()
            self._done_at = time.monotonic()
            # Who has asked meanwhile has what was asked for.
            self._asked.clear()
            self._done.set()
            if not self._is_stopped:
                self._asked.wait(self._interval)

    def _try(self) -> None:
        try:
            self._do()
        except Exception:  # the next time may succeed
            if not self._is_stopped:
                _log.exception("the errand %s failed", self._thread.name)
