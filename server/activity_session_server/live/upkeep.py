"""What a server does by itself: it checks the database for health, and sweeps, each in a thread of its own.

So a sweep that takes long delays no check.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping

from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import ServiceError
from activity_session_server.store import Reader, Store, readiness
from activity_session_server.usecases import retention

# Connections: one for each thread.
CONNECTIONS = 2
# Seconds that a server waits for its first check before it serves calls.
_FIRST_CHECK = 1.0
_log = logging.getLogger("activity_session.server")


class Upkeep:
    """The upkeep of a server. `tell` is called after each check, with whether reads and writes work."""

    def __init__(
        self,
        store: Store,
        own_call: Callable[[str], Call],
        tell: Callable[[bool], None],
        look: Callable[[Reader], None],
        note: retention.Note,
        *,
        check_interval: float,
        sweep_interval: float,
    ) -> None:
        """Start nothing yet.

        `own_call` makes a Call for a name; `look` reads, with each check, what a server must know of the database all
        the time; `note` is called for each session that is swept; the intervals are in seconds.
        """
        # Called after each round of the sweep, with what was done to how many. Set before the start, if at all.
        self.on_sweep: Callable[[Mapping[str, int]], None] = lambda _: None
        # What kept the last check from succeeding, for people, and when one succeeded last, in seconds since 1970.
        # Written by the thread that checks, read by others: each is one value.
        self.problem = ""
        self.succeeded_at = 0.0
        self._store = store
        self._own_call = own_call
        self._tell = tell
        self._look = look
        self._note = note
        self._check_interval = check_interval
        self._sweep_interval = sweep_interval
        # Written by the thread that checks, read by the one that sweeps: it is one value.
        self._is_ready = True
        self._checked = threading.Event()
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._keep_checking, name="check", daemon=True),
            threading.Thread(target=self._keep_sweeping, name="sweep", daemon=True),
        ]

    def start(self) -> None:
        """Start the threads. Until the first check is done the database counts as ready: it has just told its schema.

        Returns after that check; or after a second, when other writers hold it up.
        """
        self._tell(self._is_ready)
        for thread in self._threads:
            thread.start()
        self._checked.wait(_FIRST_CHECK)

    def stop(self) -> None:
        """Have the threads end after what they are doing."""
        self._stopped.set()

    def join(self) -> None:
        """Wait for the threads to end."""
        for thread in self._threads:
            thread.join()

    def check(self) -> None:
        """Find out whether reads and writes work, and tell it."""
        was_ready, self._is_ready = self._is_ready, self._succeeds()
        self._tell(self._is_ready)
        if self._is_ready and not was_ready:
            _log.info("ready again")

    def sweep(self) -> None:
        """Do what time has made due, round by round, until nothing is left or the server stops."""
        while not self._stopped.is_set():
            swept = retention.sweep(self._store, lambda: self._own_call("sweep"), self._note)
            self.on_sweep(swept.done)
            if any(swept.done.values()):
                _log.info("swept", extra=swept.done)
            if not swept.is_more_due:
                return

    def _keep_checking(self) -> None:
        self.check()
        self._checked.set()
        while not self._stopped.wait(self._check_interval):
            self.check()

    def _keep_sweeping(self) -> None:
        # The first sweep comes soon: it continues what a server that was killed has left.
        while not self._stopped.wait(self._check_interval):
            if self._is_ready:
                self.sweep()
                self._stopped.wait(self._sweep_interval)

    def _succeeds(self) -> bool:
        try:
            readiness.check(self._store, self._own_call("health"))
            self._store.read(self._own_call("look"), self._look)
        except ServiceError as error:
            self.problem = error.message
            _log.warning("not ready: %s", error.message, extra={"cause": str(error.__cause__)})
        except Exception:  # the next check may succeed
            self.problem = "the check of the database failed; the log says how"
            _log.exception("not ready")
        else:
            self.problem, self.succeeded_at = "", time.time()
            return True
        return False
