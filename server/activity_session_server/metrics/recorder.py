"""Adds to a board what the parts of a server tell: the edge of each call, the store of what a call had to wait for."""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import grpc
from google.protobuf import descriptor_pool

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session_server.metrics import definitions
from activity_session_server.metrics.boards import Board, Histogram, histogram_of, place_of
from activity_session_server.rpc import status
from activity_session_server.rpc.handlers import only_reads
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import ServiceError

# Notes that may wait until they are added to the board, which takes a fifth of a millisecond then.
_MOST_NOTES = 200
_CONNECTION_WAIT = histogram_of(definitions.CONNECTION_WAIT)
_WRITE_WAIT = histogram_of(definitions.WRITE_WAIT)
_COMMIT_SECONDS = histogram_of(definitions.COMMIT_SECONDS)
_COMMIT_WRITES = histogram_of(definitions.COMMIT_WRITES)
_DELIVERY_LAG = histogram_of(definitions.DELIVERY_LAG)
_IN_DOUBT = place_of(definitions.IN_DOUBT)
# The method of a call, its code, and the reason of an error.
_End = tuple[str, grpc.StatusCode, ErrorReason.ValueType | None]
_SWEPT_AT = place_of(definitions.SWEPT_AT)


class _Method(NamedTuple):
    """Where the numbers of a method are."""

    by_code: Mapping[grpc.StatusCode, int]
    seconds: Histogram
    thread_wait: Histogram
    by_reason: Mapping[ErrorReason.ValueType, int]


class Recorder:
    """Records on a board. It is an `edge.Observer` and an `observer.Observer` of the store.

    A call only leaves notes, each in one step, without a lock; they are added to the board by many at a time. Between
    two calls the caches of the processor have forgotten the way to the board, so that to go it for each note would cost
    several times as much.
    """

    def __init__(self, board: Board) -> None:
        self._board = board
        self._observe, self._add = board.observe, board.add
        self._methods = {f"/{service}/{name}": _method(service, name) for service, name in definitions.METHODS}
        self._retries = {cause: place_of(definitions.RETRIES, cause) for cause in definitions.CAUSES}
        self._swept = {kind: place_of(definitions.SWEEPS, kind) for kind in definitions.SWEPT}
        self._refused = {int(code): place_of(definitions.HTTP_REFUSED, code) for code in definitions.HTTP_CODES}
        # What is to be called, and with which two values. Threads append, and the one that adds takes away.
        self._notes: deque[tuple[Callable[[Any, Any], None], Any, Any]] = deque()
        # Held by the thread that adds the notes to the board.
        self._adding = threading.Lock()

    def add_notes(self) -> None:
        """Add to the board what was noted by now."""
        with self._adding:
            self._add_notes()

    def call_began(self, method: str, waited: float) -> None:
        """Record the seconds that a call has waited for its thread."""
        self._notes.append((self._add_beginning, method, waited))

    def call_ended(self, call: Call, code: grpc.StatusCode, error: ServiceError | None) -> None:
        """Record how a call has ended, and after how long."""
        reason = None if error is None else error.reason
        self._notes.append((self._add_end, (call.method, code, reason), time.monotonic() - call.begun))
        self._add_if_many()

    def refused(self, http_code: int) -> None:
        """Record a request over HTTP that became no call."""
        self._notes.append((self._add, self._refused[http_code], 1))
        self._add_if_many()

    def connected(self, seconds: float) -> None:
        """Record the wait for a connection."""
        self._notes.append((self._observe, _CONNECTION_WAIT, seconds))

    def admitted(self, seconds: float) -> None:
        """Record the wait of a write for others."""
        self._notes.append((self._observe, _WRITE_WAIT, seconds))

    def committed(self, seconds: float, writes: int) -> None:
        """Record a commit, and how many writes shared it."""
        self._notes.append((self._add_commit, writes, seconds))
        # A sweep has commits, and no calls.
        self._add_if_many()

    def lost(self) -> None:
        """Record a commit that is in doubt."""
        self._notes.append((self._add, _IN_DOUBT, 1))

    def retried(self, cause: str) -> None:
        """Record that something is run again."""
        self._notes.append((self._add, self._retries[cause], 1))

    def delivered(self, seconds: float) -> None:
        """Record the lag of the events that a watch has just sent."""
        self._notes.append((self._observe, _DELIVERY_LAG, seconds))
        self._add_if_many()

    def swept(self, done: Mapping[str, int]) -> None:
        """Record a round of the sweep, by what was done to how many."""
        for kind, count in done.items():
            self._notes.append((self._add, self._swept[kind], count))
        self._board.set(_SWEPT_AT, time.time())
        # Also what the checks for health have left, of a server that nobody calls.
        self.add_notes()

    def _add_if_many(self) -> None:
        # A call does not wait for another one that does it.
        if len(self._notes) >= _MOST_NOTES and self._adding.acquire(blocking=False):
            try:
                self._add_notes()
            finally:
                self._adding.release()

    def _add_notes(self) -> None:
        for _ in range(len(self._notes)):
            add, what, value = self._notes.popleft()
            add(what, value)

    def _add_beginning(self, method: str, waited: float) -> None:
        self._observe(self._methods[method].thread_wait, waited)

    def _add_end(self, end: _End, seconds: float) -> None:
        name, code, reason = end
        method = self._methods[name]
        self._observe(method.seconds, seconds)
        self._add(method.by_code[code])
        if reason is not None:
            self._add(method.by_reason[reason])

    def _add_commit(self, writes: int, seconds: float) -> None:
        self._observe(_COMMIT_SECONDS, seconds)
        self._observe(_COMMIT_WRITES, writes)


def _method(service: str, name: str) -> _Method:
    method = descriptor_pool.Default().FindMethodByName(f"{service}.{name}")
    kind = definitions.READ if only_reads(method) else definitions.WRITE
    return _Method(
        {code: place_of(definitions.CALLS, service, name, code.name) for code in grpc.StatusCode},
        histogram_of(definitions.CALL_SECONDS, service, name),
        histogram_of(definitions.THREAD_WAIT, kind),
        {reason: place_of(definitions.CALL_ERRORS, kind, status.name_of(reason)) for reason in status.CODES},
    )
