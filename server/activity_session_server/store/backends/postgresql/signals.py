"""Signals by LISTEN and NOTIFY (https://www.postgresql.org/docs/current/sql-notify.html).

They are sent after the commit, on a connection of their own: NOTIFY inside of the transactions of writes would make all
commits of the database wait for each other. Nothing is sent while no other server follows a session.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection
from contextlib import closing
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from activity_session_server.store.backends.backend import Signals

_CHANNEL = "activity_session"
# Seconds between two signals, while commits follow each other closely; until a connection that was lost is made anew;
# between two looks whether to stop; and for the first connections.
_GAP, _PAUSE, _LOOK, _START = 0.005, 1.0, 0.2, 0.5
# Seconds between two times at which a server asks others for signals, and for which it is then sent some.
_ASKING, _ASKED = 1.0, 3.0
# What is sent in place of uids to ask for signals.
_ASK = ""
# PostgreSQL takes less than 8,000 bytes.
_UIDS_A_SIGNAL = 100
_log = logging.getLogger("activity_session.signals")


class PostgreSQLSignals(Signals):
    """The signals of one server to all others on its database; a payload without uids asks for them."""

    def __init__(self, engine: Engine, receive: Callable[[Collection[str]], None]) -> None:
        """Connect to nothing yet. `receive` is called with the uids of sessions that others have written to."""
        self._engine = engine
        self._receive = receive
        # Any thread adds, and one takes away; each single step is atomic.
        self._pending: set[str] = set()
        # When this server has asked last, and was asked last, readings of `time.monotonic`.
        self._asked = self._was_asked = -_ASKED
        # The process by which the database knows the sender.
        self._own = 0
        self._woken = threading.Event()
        self._is_stopped = threading.Event()
        self._tried = threading.Semaphore(0)
        self._errors = self._driver_errors()
        self._threads = [
            threading.Thread(target=self._keep, args=(work,), name="signals", daemon=True)
            for work in (self._listen, self._notify)
        ]

    def start(self) -> None:
        """Start the threads; returns when they have connected, or have tried to, or after a second."""
        for thread in self._threads:
            thread.start()
        for _ in self._threads:
            self._tried.acquire(timeout=_START)

    def stop(self) -> None:
        """End the threads."""
        self._is_stopped.set()
        self._woken.set()
        for thread in self._threads:
            thread.join()

    def ask(self) -> None:
        """Ask the other servers for signals in the next seconds."""
        now = time.monotonic()
        if now > self._asked + _ASKING:
            self._asked = now
            self._pending.add(_ASK)
            self._woken.set()

    def send(self, uids: Collection[str]) -> None:
        """Tell the other servers of sessions that were written to, if one has asked for it."""
        if uids and time.monotonic() < self._was_asked + _ASKED:
            self._pending.update(uids)
            self._woken.set()

    def _driver_errors(self) -> tuple[type[Exception], ...]:
        driver: Any = self._engine.dialect.loaded_dbapi
        return SQLAlchemyError, driver.Error

    def _keep(self, work: Callable[[Any], None]) -> None:
        """Work with a connection, and with another one when that is lost."""
        is_told = False
        while not self._is_stopped.is_set():
            try:
                with closing(self._engine.raw_connection()) as connection:
                    is_told = False
                    self._tried.release()
                    work(connection.driver_connection)
            except Exception as error:  # the ticks go on; the next attempt may succeed
                self._tried.release()
                if not is_told:
                    _log.warning("no signals between servers: %s", error)
                is_told = True
                self._is_stopped.wait(_PAUSE)

    def _listen(self, connection: Any) -> None:
        # It may stay idle for as long as nobody writes.
        connection.execute("SET idle_session_timeout = 0")
        connection.execute(f"LISTEN {_CHANNEL}")
        while not self._is_stopped.is_set():
            for signal in connection.notifies(timeout=_LOOK):
                if signal.pid != self._own:
                    self._take(signal.payload)

    def _take(self, payload: str) -> None:
        if payload:
            self._receive(payload.split(","))
        else:
            self._was_asked = time.monotonic()

    def _notify(self, connection: Any) -> None:
        connection.execute("SET idle_session_timeout = 0")
        self._own = connection.execute("SELECT pg_backend_pid()").fetchone()[0]
        while not self._is_stopped.is_set():
            self._woken.wait()
            self._woken.clear()
            uids = {self._pending.pop() for _ in range(len(self._pending))}
            try:
                self._tell(connection, uids)
            except self._errors:
                # The next connection tells them.
                self._pending.update(uids)
                self._woken.set()
                raise
            time.sleep(_GAP)

    def _tell(self, connection: Any, uids: Collection[str]) -> None:
        if _ASK in uids:
            connection.execute(f"NOTIFY {_CHANNEL}")
        written_to = [uid for uid in uids if uid != _ASK]
        for first in range(0, len(written_to), _UIDS_A_SIGNAL):
            payload = ",".join(written_to[first : first + _UIDS_A_SIGNAL])
            connection.execute("SELECT pg_notify(%s, %s)", [_CHANNEL, payload])
