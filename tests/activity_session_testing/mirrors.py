"""A server that shows what clients send, and returns what it is told to."""

import contextlib
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from activity_session_testing.moments import eventually
from activity_session_testing.rpcs import RPCS, Rpc
from activity_session_testing.servers import DETAILS_KEY

_THREADS = 32
_FOR_EVER = 1e9
_ATTEMPTS_KEY = "grpc-previous-rpc-attempts"


@dataclass(frozen=True)
class Answer:
    """What one attempt gets: messages, then a status; without a status the call stays open."""

    code: grpc.StatusCode | None
    messages: Sequence[Message] = ()
    trailing: Sequence[tuple[str, str | bytes]] = ()


STAY = Answer(None)


def refusal(code: grpc.StatusCode, *details: Message) -> Answer:
    """Return a status with details, as the server sends them; an Any is sent as it is."""
    status = status_pb2.Status(code=code.value[0], message="refused")
    for detail in details:
        if isinstance(detail, any_pb2.Any):
            status.details.append(detail)
        else:
            status.details.add().Pack(detail)
    return Answer(code, trailing=[(DETAILS_KEY, status.SerializeToString())])


def error_info(reason: str, domain: str = "activity-session", **metadata: str) -> Message:
    info: Message = error_details_pb2.ErrorInfo(reason=reason, domain=domain, metadata=metadata)
    return info


@dataclass(frozen=True)
class Attempt:
    """A request as it was received."""

    method: str
    request: Any
    metadata: Sequence[tuple[str, str | bytes]]
    seconds_left: float | None
    """Seconds until the deadline; None if there is none."""

    def values(self, key: str) -> list[str | bytes]:
        """Return the values of a key in the metadata."""
        return [value for name, value in self.metadata if name == key]

    @property
    def previous_attempts(self) -> int:
        """Return how many earlier attempts at this call the library reports."""
        return int((self.values(_ATTEMPTS_KEY) or ["0"])[0])


class Mirror(grpc.GenericRpcHandler):
    """Serves every RPC of the API. After the script, unary calls get an empty response, and watches stay open."""

    def __init__(self) -> None:
        self.attempts: list[Attempt] = []
        self.address = ""
        self._script: list[Answer] = []
        self._lock = threading.Lock()

    def play(self, *script: Answer | grpc.StatusCode) -> None:
        """Start again, with these responses for the next attempts."""
        with self._lock:
            self._script = [answer if isinstance(answer, Answer) else Answer(answer) for answer in script]
            self.attempts = []

    def wait_for(self, count: int) -> None:
        """Wait until that many attempts have come."""
        eventually(lambda: len(self.attempts) >= count)

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        rpc = RPCS[handler_call_details.method.rpartition("/")[2]]
        parse, serialize = rpc.request_class.FromString, rpc.answer_class.SerializeToString
        if rpc.descriptor.server_streaming:
            return grpc.unary_stream_rpc_method_handler(partial(self._answers, rpc, STAY), parse, serialize)
        return grpc.unary_unary_rpc_method_handler(partial(self._answer, rpc), parse, serialize)

    def _answer(self, rpc: Rpc, request: Message, context: grpc.ServicerContext) -> Message:
        empty = Answer(grpc.StatusCode.OK, [rpc.answer_class()])
        return next(self._answers(rpc, empty, request, context), rpc.answer_class())

    def _answers(
        self, rpc: Rpc, otherwise: Answer, request: Message, context: grpc.ServicerContext
    ) -> Iterator[Message]:
        attempt = Attempt(rpc.name, request, tuple(context.invocation_metadata()), _seconds_left(context))
        with self._lock:
            self.attempts.append(attempt)
            answer = self._script.pop(0) if self._script else otherwise
        yield from answer.messages
        if answer.code is None:
            _wait_for_the_end(context)
        elif answer.code is not grpc.StatusCode.OK:
            context.set_trailing_metadata(tuple(answer.trailing))
            context.abort(answer.code, "refused")


def _seconds_left(context: grpc.ServicerContext) -> float | None:
    """Return the seconds until the deadline; grpcio reports some 10^18 seconds if there is none."""
    seconds = context.time_remaining()
    return seconds if seconds < _FOR_EVER else None


def _wait_for_the_end(context: grpc.ServicerContext) -> None:
    """Wait until the client has gone, or the server stops."""
    ended = threading.Event()
    if context.add_callback(ended.set):
        ended.wait()


@contextlib.contextmanager
def mirroring(credentials: grpc.ServerCredentials | None = None) -> Iterator[Mirror]:
    """Run a mirror inside the block, on a free port."""
    mirror = Mirror()
    server = grpc.server(ThreadPoolExecutor(_THREADS), handlers=[mirror])
    address = "127.0.0.1:0"
    port = server.add_secure_port(address, credentials) if credentials else server.add_insecure_port(address)
    mirror.address = f"127.0.0.1:{port}"
    server.start()
    try:
        yield mirror
    finally:
        server.stop(None).wait()
