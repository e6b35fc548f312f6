"""Adds to a board what the parts of a server tell: the edge of each call, the store of what a call had to wait for."""

import time
from collections.abc import Mapping
from typing import NamedTuple

import grpc
from google.protobuf import descriptor_pool

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session_server.metrics import definitions
from activity_session_server.metrics.boards import Board, Histogram, histogram_of, place_of
from activity_session_server.rpc import status
from activity_session_server.rpc.handlers import only_reads
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import ServiceError


class _Method(NamedTuple):
    """Where the numbers of a method are."""

    by_code: Mapping[grpc.StatusCode, int]
    seconds: Histogram
    thread_wait: Histogram
    by_reason: Mapping[ErrorReason.ValueType, int]


class Recorder:
    """Records on a board. It is an `edge.Observer` and an `observer.Observer` of the store."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._methods = {f"/{service}/{name}": _method(service, name) for service, name in definitions.METHODS}
        self._connection_wait = histogram_of(definitions.CONNECTION_WAIT)
        self._write_wait = histogram_of(definitions.WRITE_WAIT)
        self._commit_seconds = histogram_of(definitions.COMMIT_SECONDS)
        self._commit_writes = histogram_of(definitions.COMMIT_WRITES)
        self._delivery_lag = histogram_of(definitions.DELIVERY_LAG)
        self._in_doubt = place_of(definitions.IN_DOUBT)
        self._retries = {cause: place_of(definitions.RETRIES, cause) for cause in definitions.CAUSES}
        self._swept = {kind: place_of(definitions.SWEEPS, kind) for kind in definitions.SWEPT}
        self._swept_at = place_of(definitions.SWEPT_AT)

    def call_began(self, method: str, waited: float) -> None:
        """Record the seconds that a call has waited for its thread."""
        self._board.observe(self._methods[method].thread_wait, waited)

    def call_ended(self, call: Call, code: grpc.StatusCode, error: ServiceError | None) -> None:
        """Record how a call has ended, and after how long."""
        method = self._methods[call.method]
        self._board.observe(method.seconds, time.monotonic() - call.begun)
        self._board.add(method.by_code[code])
        if error is not None:
            self._board.add(method.by_reason[error.reason])

    def connected(self, seconds: float) -> None:
        """Record the wait for a connection."""
        self._board.observe(self._connection_wait, seconds)

    def admitted(self, seconds: float) -> None:
        """Record the wait of a write for others."""
        self._board.observe(self._write_wait, seconds)

    def committed(self, seconds: float, writes: int) -> None:
        """Record a commit, and how many writes shared it."""
        self._board.observe(self._commit_seconds, seconds)
        self._board.observe(self._commit_writes, writes)

    def lost(self) -> None:
        """Record a commit that is in doubt."""
        self._board.add(self._in_doubt)

    def retried(self, cause: str) -> None:
        """Record that something is run again."""
        self._board.add(self._retries[cause])

    def delivered(self, seconds: float) -> None:
        """Record the lag of the events that a watch has just sent."""
        self._board.observe(self._delivery_lag, seconds)

    def swept(self, done: Mapping[str, int]) -> None:
        """Record a round of the sweep, by what was done to how many."""
        for kind, count in done.items():
            self._board.add(self._swept[kind], count)
        self._board.set(self._swept_at, time.time())


def _method(service: str, name: str) -> _Method:
    method = descriptor_pool.Default().FindMethodByName(f"{service}.{name}")
    kind = definitions.READ if only_reads(method) else definitions.WRITE
    return _Method(
        {code: place_of(definitions.CALLS, service, name, code.name) for code in grpc.StatusCode},
        histogram_of(definitions.CALL_SECONDS, service, name),
        histogram_of(definitions.THREAD_WAIT, kind),
        {reason: place_of(definitions.CALL_ERRORS, kind, status.name_of(reason)) for reason in status.CODES},
    )
