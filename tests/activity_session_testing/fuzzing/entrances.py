"""Calls of a real server's handlers without the network between, which is most of what a call costs."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any, NamedTuple

import grpc

from activity_session_server.rpc.handlers import Handlers
from activity_session_testing.rpcs import Rpc
from activity_session_testing.servers import DETAILS_KEY, serving

# Seconds until a stream is ended that has sent nothing, such as that of a call that waits for a turn.
_PATIENCE = 0.05


class Outcome(NamedTuple):
    """What gRPC was told to send: the code, the text, and the packed status."""

    code: grpc.StatusCode
    details: str
    status: bytes


class Entrance:
    """The handlers of a server; it is what they are added to."""

    def __init__(self) -> None:
        self._handlers: dict[str, Any] = {}

    def add_registered_method_handlers(self, service: str, handlers: dict[str, Any]) -> None:
        self._handlers |= {f"{service}/{name}": handler for name, handler in handlers.items()}

    def call(self, rpc: Rpc, raw: bytes) -> Outcome:
        """Make a call to its end; a stream is ended after its first message. Whatever a handler raises is raised."""
        handler = self._handlers[f"{rpc.descriptor.containing_service.full_name}/{rpc.name}"]
        context = _Context()
        if handler.response_streaming:
            _run(handler.unary_stream, raw, context, context.send)
            context.sent.wait(_PATIENCE)
            context.close()
        else:
            with contextlib.suppress(_AbortedError):
                handler.response_serializer(_run(handler.unary_unary, raw, context))
        return Outcome(context.code, context.details, dict(context.trailing).get(DETAILS_KEY, b""))


def _run(respond: Any, *arguments: Any) -> Any:
    """Have a handler run by a thread of its pool, as gRPC does; the pool itself tells nothing of a call."""
    ended: Future[Any] = Future()

    def run() -> None:
        try:
            ended.set_result(respond(*arguments))
        except BaseException as error:
            ended.set_exception(error)

    respond.experimental_thread_pool.submit(run)
    return ended.result()


@contextlib.contextmanager
def entering(database_url: str, **settings: Any) -> Iterator[tuple[Entrance, str]]:
    """Run a server inside the block; returns its entrance and its address."""
    entrance = Entrance()
    add_to = Handlers.add_to

    def add_to_both(handlers: Handlers, server: Any) -> None:
        add_to(handlers, server)
        add_to(handlers, entrance)  # type: ignore[arg-type]

    Handlers.add_to = add_to_both  # type: ignore[method-assign,assignment]
    try:
        with serving(database_url, **settings) as server:
            yield entrance, server.address
    finally:
        Handlers.add_to = add_to  # type: ignore[method-assign]


class _AbortedError(Exception):
    """What gRPC raises out of a handler that aborts its call."""


class _Context:
    """What gRPC gives to a handler with a call."""

    def __init__(self) -> None:
        self.code, self.details = grpc.StatusCode.OK, ""
        self.trailing: Any = ()
        self.sent = threading.Event()
        self._callbacks: list[Callable[[], None]] = []
        # Guards the callbacks: threads of watches add some while this one ends the call.
        self._lock = threading.Lock()
        self._is_open = True

    def time_remaining(self) -> float:
        return 20.0

    def invocation_metadata(self) -> tuple[tuple[str, str], ...]:
        return ()

    def peer(self) -> str:
        return "ipv4:127.0.0.1:1"

    def set_trailing_metadata(self, metadata: Any) -> None:
        self.trailing = metadata

    def set_code(self, code: grpc.StatusCode) -> None:
        self.code = code

    def set_details(self, details: str) -> None:
        self.details = details

    def abort(self, code: grpc.StatusCode, details: str) -> None:
        self.code, self.details = code, details
        raise _AbortedError

    def send(self, message: bytes | None) -> None:
        del message
        self.sent.set()

    def is_active(self) -> bool:
        return self._is_open

    def add_callback(self, callback: Callable[[], None]) -> bool:
        with self._lock:
            if self._is_open:
                self._callbacks.append(callback)
            return self._is_open

    def cancel(self) -> None:
        self.close()

    def close(self) -> None:
        """End the call, as gRPC does when the client has the end, or has gone."""
        with self._lock:
            callbacks, self._callbacks, self._is_open = self._callbacks, [], False
        for callback in callbacks:
            callback()
