"""The processes that serve calls: this one, or several that share its address.

With several, this process only starts them, and restarts those that end; it loads neither gRPC nor SQLAlchemy, which
saves their memory. Workers are spawned: gRPC does not survive a fork.
"""

import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import NoReturn

from activity_session_server import addresses, logs, memory
from activity_session_server.settings import Settings

# Seconds before a restart, so that workers which die at once do not keep the machine busy.
RESTART_DELAY = 1.0
# Seconds. A signal that comes just before a wait begins does not end it: its handler runs after the wait.
_LONGEST_WAIT = 1.0
_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)

_SPAWN = multiprocessing.get_context("spawn")
_log = logging.getLogger("activity_session.workers")


def serve(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit code.

    Raises:
        SystemExit: with what keeps the server from starting.
    """
    logs.configure(settings.log_format)
    if settings.workers == 1:
        _serve_here(settings, lambda address: _announce(settings, address))
        return 0
    try:
        with addresses.shared(settings.address) as address:
            return _Supervisor(settings.model_copy(update={"address": address})).run()
    except addresses.AddressInUseError as error:
        _give_up(error)


class _Supervisor:
    """Starts the workers, and keeps as many as there should be."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # No lock: there is one thread, in which signal handlers run too, and they only read the workers.
        self._workers: dict[int, SpawnProcess] = {}
        self._is_stopping = False

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT; returns the exit code."""
        for number in _STOP_SIGNALS:
            signal.signal(number, self._stop)
        # The first one brings an SQLite file to the newest schema, and says what keeps all of them from starting.
        is_up = self._start([0]) and self._start(range(1, self._settings.workers))
        has_failed = not is_up and not self._is_stopping
        if is_up:
            _announce(self._settings, self._settings.address)
        else:
            self._stop()
        while self._workers:
            self._tend()
        return int(has_failed)

    def _start(self, numbers: Iterable[int]) -> bool:
        """Start workers; returns whether all of them have begun to serve calls."""
        starting = [self._spawn(number) for number in numbers]
        # A list, to wait for each of them even when one fails.
        return False not in [_comes_up(ready) for ready in starting]

    def _spawn(self, number: int) -> Connection:
        ready, is_ready = multiprocessing.Pipe(duplex=False)
        # Only the worker keeps this end of the pipe open, so that the pipe ends when the worker dies.
        with is_ready:
            worker = _SPAWN.Process(target=_work, args=(self._settings, number, is_ready), daemon=True)
            worker.start()
        self._workers[number] = worker
        # A signal that came before the line above has not reached this worker.
        if self._is_stopping:
            worker.terminate()
        return ready

    def _tend(self) -> None:
        """Wait a moment for workers to end; start them again, unless all are to end."""
        signs = wait([worker.sentinel for worker in self._workers.values()], _LONGEST_WAIT)
        ended = [number for number, worker in self._workers.items() if worker.sentinel in signs]
        for number in ended:
            worker = self._workers.pop(number)
            worker.join()
            if not self._is_stopping:
                _log.warning("a worker ended", extra={"pid": worker.pid, "exit_code": worker.exitcode})
        if ended and not self._is_stopping:
            time.sleep(RESTART_DELAY)
            self._start(ended)

    def _stop(self, *_: object) -> None:
        self._is_stopping = True
        for worker in self._workers.values():
            worker.terminate()


def _comes_up(ready: Connection) -> bool:
    with ready:
        try:
            ready.recv()
        except EOFError:
            return False
    return True


def _work(settings: Settings, number: int, is_ready: Connection) -> None:
    """Be a worker until SIGTERM or SIGINT, or until the supervisor ends."""
    if hasattr(os, "sched_setaffinity"):
        # Because of the interpreter's lock, one process is slower on two cores than on one.
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[number % len(cores)]})
    logs.configure(settings.log_format)

    def when_up(_: str) -> None:
        threading.Thread(target=_end_with_supervisor, daemon=True).start()
        is_ready.send("ready")

    _serve_here(settings, when_up)


def _end_with_supervisor() -> None:
    supervisor = multiprocessing.parent_process()
    if supervisor is not None:
        supervisor.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _serve_here(settings: Settings, when_up: Callable[[str], None]) -> None:
    """Serve calls in this process until SIGTERM or SIGINT; `when_up` gets the address."""
    # Blocked from here on, also in the threads to come: the kernel may give a signal to any of them, and Python would
    # run its handler only once something else wakes the main thread, which may never happen.
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
    memory.configure()
    from activity_session_server import app
    from activity_session_server.store.revisions import SchemaError

    try:
        with app.running(settings) as server:
            memory.settle()
            when_up(server.address)
            signal.sigwait(_STOP_SIGNALS)
    except (addresses.AddressInUseError, SchemaError) as error:
        _give_up(error)


def _give_up(error: Exception) -> NoReturn:
    # First what was logged, so that the reason is the last line.
    logs.flush()
    sys.exit(f"activity-session: {error}")


def _announce(settings: Settings, address: str) -> None:
    if not settings.serves_loopback_only:
        logging.getLogger("activity_session.server").warning("no TLS and no authentication on this address")
    print(f"listening on {address}", flush=True)
