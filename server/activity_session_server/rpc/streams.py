"""Answers that are given later, or in many messages, by whatever thread has them.

grpcio's synchronous server calls a handler that is marked `experimental_non_blocking` with a callback, and lets go of
the thread when the handler returns; the health package answers its watches so. The callback waits until the client has
room for the message. Called with None it ends the call, with the status that is set by then.
"""

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import grpc

from activity_session_server.rpc import status
from activity_session_server.rpc.call_log import CallLog
from activity_session_server.rpc.calls import set_status
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import ServiceError

M = TypeVar("M", bound=Callable[..., None])


def answers_later(method: M) -> M:
    """Marks a servicer's method that is handed a `Stream`, and answers by it instead of returning."""
    method.answers_later = True  # type: ignore[attr-defined]
    return method


class ResponseStream:
    """The `calls.Stream` of one gRPC call."""

    def __init__(self, call: Call, context: grpc.ServicerContext, send: Callable[[Any], None], log: CallLog) -> None:
        self._log = log
        self._call = call
        self._context = context
        self._send = send
        self._started = time.perf_counter()
        self._lock = threading.Lock()
        self._has_ended = False
        self._code = grpc.StatusCode.CANCELLED
        self._error: ServiceError | None = None
        self.on_close(self._tell)

    @property
    def is_open(self) -> bool:
        """Whether somebody still listens, and no end was said."""
        return not self._has_ended and self._context.is_active()

    def send(self, message: bytes) -> None:
        """Send a message; waits as long as the client takes none."""
        self._send(message)

    def end(self, error: ServiceError | None = None) -> None:
        """Say the end, behind what was sent; only the first one counts."""
        with self._lock:
            if self._has_ended:
                return
            self._has_ended = True
        self._error = error
        self._code = grpc.StatusCode.OK if error is None else status.code_of(error)
        if error is not None:
            set_status(self._context, self._call, error)
        self._send(None)

    def cancel(self) -> None:
        """Break off, also what was sent and is not taken yet."""
        self._context.cancel()

    def on_close(self, callback: Callable[[], None]) -> None:
        """Have something done when the client has the end, or has gone; at once where that is so."""
        if not self._context.add_callback(callback):
            callback()

    def _tell(self) -> None:
        self._log.add(self._call, self._context, self._code, self._error, time.perf_counter() - self._started)
