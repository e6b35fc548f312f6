"""Responses that are given later, or in many messages, by whatever thread has them.

grpcio's synchronous server calls a handler that is marked `experimental_non_blocking` with a callback, and lets go of
the thread when the handler returns; the health package serves its watches so. The callback waits until the client has
room for the message. Called with None it ends the call, with the status that is set by then.
"""

from collections.abc import Callable
from typing import Any

import grpc

from activity_session_server.live.meters import Taken
from activity_session_server.live.slots import Once
from activity_session_server.rpc.edge import Edge
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import ServiceError


class ResponseStream:
    """The `calls.Stream` of one gRPC call."""

    def __init__(self, call: Call, context: grpc.ServicerContext, send: Callable[[Any], None], edge: Edge) -> None:
        self.call = call
        # What its handler has taken, which a client that has a response may ask for again.
        self.taken = Taken()
        self._context = context
        self._send = send
        self._edge = edge
        self._end, self._noted = Once(), Once()
        self._code = grpc.StatusCode.CANCELLED
        self._error: ServiceError | None = None
        self.on_close(self._close)

    @property
    def is_open(self) -> bool:
        """Whether the client still listens, and no end was set."""
        return not self._end.is_taken and self._context.is_active()

    def send(self, message: bytes) -> None:
        """Send a message, unless the stream is not open; waits as long as the client takes none."""
        self.taken.give_back()
        self._send(message)

    def end(self, error: ServiceError | None = None) -> None:
        """End the call after what was sent; only the first end counts."""
        if not self._end.take():
            return
        self.taken.give_back()
        self._error = error
        self._code = grpc.StatusCode.OK if error is None else self._edge.refuse(self.call, self._context, error)
        self._note()
        self._send(None)

    def cancel(self) -> None:
        """Break off, also what was sent and is not taken yet."""
        self._context.cancel()

    def on_close(self, callback: Callable[[], None]) -> None:
        """Have something done when the client has the end, or has gone; at once where that is so."""
        if not self._context.add_callback(callback):
            callback()

    def _note(self) -> None:
        if self._noted.take():
            self._edge.note(self.call, self._code, self._error)

    def _close(self) -> None:
        # A client that has gone ends a call too.
        self._note()
        self._edge.end(self.call, self._code, self._error)
