"""The processes that serve calls: this one, or several that share its address.

With several, this process only starts them, restarts those that end, and ends those that hang; it loads neither gRPC
nor SQLAlchemy, which saves their memory. Workers are spawned: gRPC does not survive a fork.
"""

import contextlib
import logging
import math
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from activity_session_server import addresses, logs, memory
from activity_session_server.settings import Settings

if TYPE_CHECKING:
    from activity_session_server.app import App
    from activity_session_server.metrics.boards import Board
    from activity_session_server.metrics.fleet import Fleet, Shared

# Seconds before a restart, so that workers which die at once do not keep the machine busy.
RESTART_DELAY = 1.0
# Seconds between two heartbeats of a worker: they show that the process runs Python code, and no more.
_BEAT_INTERVAL = 1.0
# Seconds beyond the time for draining after which a worker that was told to end is killed.
_KILL_DELAY = 3.0
# Seconds. A signal that comes just before a wait begins does not end it: its handler runs after the wait.
_LONGEST_WAIT = 0.5
_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
# SIGHUP is left alone: other servers read their settings again at it, which this one does not.
_MORE_LINES, _FEWER_LINES = signal.SIGUSR1, signal.SIGUSR2
_LEVEL_SIGNALS = (_MORE_LINES, _FEWER_LINES)

_SPAWN = multiprocessing.get_context("spawn")
_log = logging.getLogger("activity_session.workers")
# A heartbeat is written in one step, whatever else happens to its worker: with the rest it must have room in 4 KiB.
_PROBLEM_CHARACTERS = 500


class _Beat(NamedTuple):
    """What a worker tells with a heartbeat: whether it serves calls, and why it is not ready, if it is not."""

    is_up: bool
    problem: str = ""


def serve(settings: Settings, warnings: Sequence[str] = ()) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit code. The warnings are logged first.

    Raises:
        SystemExit: with what keeps the server from starting.
    """
    logs.configure(settings.log_format, settings.log_level)
    # Before the first line of the log, which starts a thread.
    _block_signals(*_LEVEL_SIGNALS, *(_STOP_SIGNALS if settings.workers == 1 else ()))
    for warning in warnings:
        _log.warning(warning)
    if settings.workers == 1:
        _serve_here(settings, lambda server: _announce(settings, server.address, server.http_address))
        return 0
    try:
        with contextlib.ExitStack() as held:
            taken = {
                name: held.enter_context(addresses.shared(getattr(settings, name)))
                for name in ("address", "http_address")
                if getattr(settings, name)
            }
            return _Supervisor(settings.model_copy(update=taken)).run()
    except addresses.AddressInUseError as error:
        _give_up(error)


class _Worker:
    """A process that serves calls, as its supervisor sees it."""

    def __init__(self, settings: Settings, number: int, shared: "Shared | None") -> None:
        """Start it, with the memory for its metrics."""
        self.is_up = False
        self.problem = ""
        # Seconds without a heartbeat in which the supervisor listened: time in which it was stopped too does not count.
        self.silence = 0.0
        # When it is killed, if it was told to end: a reading of `time.monotonic`.
        self._killed_at = math.inf
        self._is_killed = False
        self._heartbeats, heartbeats = multiprocessing.Pipe(duplex=False)
        # Only the worker keeps this end of the pipe open, so that the pipe ends when the worker dies.
        with heartbeats:
            self.process = _SPAWN.Process(target=_work, args=(settings, number, heartbeats, shared), daemon=True)
            self.process.start()

    @property
    def signs(self) -> tuple[int, Connection]:
        """What is to be waited for: the end of the process, and its heartbeats."""
        return self.process.sentinel, self._heartbeats

    def listen(self, waited: float) -> None:
        """Take the heartbeats that have come; `waited` are the seconds since the last time."""
        self.silence += waited
        # Only the end of the process ends the pipe, which is noticed by the process.
        with contextlib.suppress(EOFError):
            while self._heartbeats.poll():
                self.is_up, self.problem = self._heartbeats.recv()
                self.silence = 0.0

    def change_level(self, number: int) -> None:
        """Have it write more lines to the log, or fewer; the signal waits for a worker that starts."""
        if self.process.pid is not None:
            os.kill(self.process.pid, number)

    @property
    def was_told_to_end(self) -> bool:
        """Whether `end` was called."""
        return self._killed_at < math.inf

    def end(self, seconds: float) -> None:
        """Have it drain and end; `kill_if_late` kills it after so many seconds. Only the first call counts."""
        if not self.was_told_to_end:
            self._killed_at = time.monotonic() + seconds
            self.process.terminate()

    def kill_if_late(self) -> None:
        """Kill it, once, if it was told to end and its time is over; a busy system may take a while for that."""
        if time.monotonic() > self._killed_at and not self._is_killed and self.process.is_alive():
            self._is_killed = True
            _log.warning("a worker is killed", extra={"pid": self.process.pid})
            self.process.kill()

    def bury(self) -> None:
        """Let go of a process that has ended."""
        self.process.join()
        self._heartbeats.close()


class _Supervisor:
    """Starts the workers, and keeps as many as there should be."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # No lock: one thread changes it, in which signal handlers run too, and they only tell the workers to end. Those
        # of the admin listener go through a copy.
        self._workers: dict[int, _Worker] = {}
        self._is_stopping = False
        self._drain_seconds = settings.drain_delay + settings.drain_timeout + _KILL_DELAY
        self._listened_at = time.monotonic()
        self._fleet = self._new_fleet() if settings.admin_address else None

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT; returns the exit code."""
        for number in _STOP_SIGNALS:
            signal.signal(number, self._stop)
        if self._fleet:
            self._fleet.listener.start()
        # The first one brings an SQLite file to the newest schema, and says what keeps all of them from starting.
        is_up = self._start([0]) and self._start(range(1, self._settings.workers))
        has_failed = not is_up and not self._is_stopping
        if is_up:
            _announce(self._settings, self._settings.address, self._settings.http_address)
        else:
            self._stop()
        while self._workers:
            self._replace(self._tend())
        if self._fleet:
            self._fleet.listener.stop()
        return int(has_failed)

    def _new_fleet(self) -> "Fleet":
        # Loaded only where there is an admin address.
        from activity_session_server.metrics.fleet import Fleet

        return Fleet(self._settings, _SPAWN, self._problem)

    def _problem(self) -> str:
        """Why the workers are not ready, for people; one that is being replaced is no reason while others serve."""
        if self._is_stopping:
            return "the server is draining"
        up = [worker for worker in tuple(self._workers.values()) if worker.is_up]
        if not up:
            return "no worker serves calls yet"
        return next((worker.problem for worker in up if worker.problem), "")

    def _start(self, numbers: Sequence[int]) -> bool:
        """Start workers; returns whether all of them have begun to serve calls."""
        for number in numbers:
            self._spawn(number)
        while not all(self._workers[number].is_up for number in numbers):
            if self._tend():
                return False
        return True

    def _spawn(self, number: int) -> None:
        shared = self._fleet.shared[number] if self._fleet else None
        self._workers[number] = _Worker(self._settings, number, shared)
        # A signal that came before the line above has not reached this worker.
        if self._is_stopping:
            self._stop()

    def _tend(self) -> dict[int, _Worker]:
        """Wait a moment for news of the workers, and end those that hang; returns those that have ended."""
        self._heed_levels()
        wait([sign for worker in self._workers.values() for sign in worker.signs], _LONGEST_WAIT)
        now = time.monotonic()
        waited, self._listened_at = min(now - self._listened_at, _LONGEST_WAIT), now
        for worker in self._workers.values():
            worker.listen(waited)
            if worker.silence > self._settings.worker_timeout and not worker.was_told_to_end:
                _log.warning("a worker hangs", extra={"pid": worker.process.pid, "seconds": worker.silence})
                worker.end(self._drain_seconds)
            worker.kill_if_late()
        ended = {number: worker for number, worker in self._workers.items() if not worker.process.is_alive()}
        for number, worker in ended.items():
            worker.bury()
            del self._workers[number]
            if self._fleet:
                self._fleet.forget(number)
        return ended

    def _heed_levels(self) -> None:
        """Pass on signals that change the level of the log, to workers that are started later too.

        They are blocked here, and so in a worker from its first moment: unhandled, they would end it.
        """
        while pending := signal.sigpending() & set(_LEVEL_SIGNALS):
            number = signal.sigwait(pending)
            level = logs.change_level(more=number == _MORE_LINES)
            self._settings = self._settings.model_copy(update={"log_level": level})
            for worker in self._workers.values():
                worker.change_level(number)

    def _replace(self, ended: Mapping[int, _Worker]) -> None:
        if not ended or self._is_stopping:
            return
        for worker in ended.values():
            _log.warning("a worker ended", extra={"pid": worker.process.pid, "exit_code": worker.process.exitcode})
        time.sleep(RESTART_DELAY)
        for number in ended:
            self._spawn(number)

    def _stop(self, *_: object) -> None:
        self._is_stopping = True
        for worker in self._workers.values():
            worker.end(self._drain_seconds)


def _work(settings: Settings, number: int, heartbeats: Connection, shared: "Shared | None") -> None:
    """Be a worker until SIGTERM or SIGINT, or until the supervisor ends."""
    if hasattr(os, "sched_setaffinity"):
        # Because of the interpreter's lock, one process is slower on two cores than on one.
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[number % len(cores)]})
    _block_signals()
    logs.configure(settings.log_format, settings.log_level)
    pulse = _Pulse()
    threading.Thread(target=_beat, args=(heartbeats, pulse), name="heartbeat", daemon=True).start()
    _serve_here(settings, pulse.begin, _board_in(shared) if shared else None)


def _board_in(shared: "Shared") -> "Board":
    from activity_session_server.metrics.fleet import board_in

    return board_in(shared)


class _Pulse:
    """What the heartbeats of a worker tell."""

    def __init__(self) -> None:
        self.is_up = threading.Event()
        # Written before the event is set, and read after it.
        self._server: App | None = None

    def begin(self, server: "App") -> None:
        """Tell of a server that serves calls from now on."""
        self._server = server
        self.is_up.set()

    def beat(self) -> _Beat:
        """What is true now; the metrics of the worker are brought up to date with it."""
        if self._server is None:
            return _Beat(is_up=False)
        try:
            self._server.refresh_board()
        except Exception:  # a worker that serves calls must not seem to hang
            _log.exception("the metrics are not up to date")
        return _Beat(is_up=True, problem=self._server.problem[:_PROBLEM_CHARACTERS])


def _beat(heartbeats: Connection, pulse: _Pulse) -> None:
    """Tell the supervisor, again and again, whether calls are served; end this process when there is no supervisor."""
    with contextlib.suppress(OSError):
        while True:
            beat = pulse.beat()
            heartbeats.send(tuple(beat))
            if beat.is_up:
                time.sleep(_BEAT_INTERVAL)
            else:
                pulse.is_up.wait(_BEAT_INTERVAL)
    os.kill(os.getpid(), signal.SIGTERM)


def _block_signals(*numbers: signal.Signals) -> None:
    """Have signals wait for `sigwait`, also those to the threads that are started later.

    The kernel may give a signal to any thread, and Python would run its handler only once something else wakes the main
    thread, which may never happen.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers or (*_STOP_SIGNALS, *_LEVEL_SIGNALS))


def _wait_for_the_end() -> None:
    """Return at SIGTERM or SIGINT; change the level of the log at its signals until then."""
    while (number := signal.sigwait((*_STOP_SIGNALS, *_LEVEL_SIGNALS))) not in _STOP_SIGNALS:
        logs.change_level(more=number == _MORE_LINES)


def _serve_here(settings: Settings, when_up: "Callable[[App], None]", board: "Board | None" = None) -> None:
    """Serve calls in this process until SIGTERM or SIGINT; `when_up` gets the server, which may have a shared board."""
    _block_signals()
    memory.configure()
    from activity_session_server import app
    from activity_session_server.audit_file import AuditFileError
    from activity_session_server.rpc.files import FileError
    from activity_session_server.rules.errors import ServiceError
    from activity_session_server.store.revisions import SchemaError

    try:
        with app.running(settings, board) as server:
            memory.settle()
            when_up(server)
            _wait_for_the_end()
    except (addresses.AddressInUseError, AuditFileError, FileError, SchemaError) as error:
        _give_up(error)
    except ServiceError as error:
        _give_up(error.logged)


def _give_up(error: Exception | str) -> NoReturn:
    # First what was logged, so that the reason is the last line.
    logs.flush()
    sys.exit(f"activity-session: {error}")


def _announce(settings: Settings, address: str, http_address: str) -> None:
    if settings.is_in_memory:
        _log.warning("the database is in memory: all of it is lost when this server ends")
    if settings.tells_callers_apart and not settings.has_grants:
        _log.warning("callers who show who they are may do nothing: there is no file of grants")
    if settings.shows_metrics_to_others:
        how = "" if settings.shares_admin_address and settings.tls_certificate_file else ", without TLS"
        _log.warning("anybody who reaches %s may read the metrics%s", settings.admin_address, how)
    if not settings.serves_loopback_only:
        _warn_of_strangers(settings)
    print(f"listening on {address}", flush=True)
    if http_address:
        print(f"JSON over HTTP on {http_address}", flush=True)
    if settings.serves_console:
        _announce_console("https" if settings.tls_certificate_file else "http", http_address)


def _announce_console(scheme: str, http_address: str) -> None:
    # Loaded only where there is an HTTP address.
    from activity_session_server.http.pages.built import is_console_built

    if is_console_built():
        print(f"console at {scheme}://{http_address}/", flush=True)


def _warn_of_strangers(settings: Settings) -> None:
    if not settings.tls_certificate_file:
        _log.warning("there is no TLS on this address")
    if settings.takes_anonymous:
        _log.warning("anybody who reaches this address may call, with the role %s", settings.anonymous_role)
