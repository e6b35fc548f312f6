"""Makes gRPC's handlers of the routes: each takes the bytes of a request past the edge to its use case, and back.

Handlers take requests as bytes, since gRPC would call one that cannot be parsed a mistake of the server.
"""

from collections.abc import Callable
from typing import Any, NoReturn

import grpc
from google.api import annotations_pb2
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.message import Message

from activity_session_server.live.pools import Pool, Pools
from activity_session_server.rpc import status
from activity_session_server.rpc.edge import Edge, error_of
from activity_session_server.rpc.marks import run_by
from activity_session_server.rpc.routes import ROUTES, Live, Streamed, UseCase
from activity_session_server.rpc.streams import ResponseStream
from activity_session_server.rules.calls import Call, Stream
from activity_session_server.rules.errors import ServiceError, server_full
from activity_session_server.store import Store

# A message's class, as generated code would have it.
Type = type[Message]


class Handlers:
    """The handlers of a server. Of reads, and of writes, `most_waiting` may wait for a thread; more are refused."""

    def __init__(self, store: Store, live: Live, edge: Edge, pools: Pools, most_waiting: int) -> None:
        self._store = store
        self._live = live
        self._edge = edge
        self._pools = pools
        self._most_waiting = most_waiting

    def add_to(self, server: grpc.Server) -> None:
        """Serve all routes."""
        for name, use_cases in ROUTES.items():
            service: Any = descriptor_pool.Default().FindServiceByName(name)
            handlers: dict[str, Any] = {
                method.name: self._handler(f"/{name}/{method.name}", method, use_cases[method.name])
                for method in service.methods
            }
            server.add_registered_method_handlers(name, handlers)

    def _handler(self, name: str, method: Any, use_case: UseCase | Streamed) -> "_Handler":
        pool = self._pools.read if _only_reads(method) else self._pools.write
        request_type = message_factory.GetMessageClass(method.input_type)
        if isinstance(use_case, Streamed):
            # To a client, one message in a stream is the same as the response of a unary call.
            respond = run_by(pool, self._streamed(name, request_type, use_case.of(self._live), pool), is_streamed=True)
            serialize = None
        else:
            respond = run_by(pool, self._unary(name, request_type, use_case, pool))
            serialize = message_factory.GetMessageClass(method.output_type).SerializeToString
        return _Handler(respond, self._refusing(name, pool), lambda: pool.waiting >= self._most_waiting, serialize)

    def _unary(
        self, name: str, request_type: Type, use_case: UseCase, pool: Pool
    ) -> Callable[[bytes, grpc.ServicerContext], Message]:
        edge, store = self._edge, self._store

        def respond(raw: bytes, context: grpc.ServicerContext) -> Message:
            call = edge.begin(name, context, pool.came)
            try:
                response = use_case(store, call, edge.read(call, request_type, raw))
            except Exception as raised:  # whatever it is, the caller gets an error without its text
                self._fail(call, context, error_of(call, raised))
            edge.end(call, grpc.StatusCode.OK)
            return response

        return respond

    def _streamed(
        self, name: str, request_type: Type, use_case: Callable[[Call, Any, Stream], None], pool: Pool
    ) -> Callable[[bytes, grpc.ServicerContext, Callable[[Any], None]], None]:
        edge = self._edge

        def respond(raw: bytes, context: grpc.ServicerContext, send: Callable[[Any], None]) -> None:
            call = edge.begin(name, context, pool.came, may_wait=True)
            stream = ResponseStream(call, context, send, edge)
            try:
                use_case(call, edge.read(call, request_type, raw), stream)
            except Exception as raised:  # as above
                stream.end(error_of(call, raised))

        return respond

    def _refusing(self, name: str, pool: Pool) -> Any:
        """What refuses each call because too many wait for the threads of a pool; it reads no request."""
        kind = "reads" if pool is self._pools.read else "writes"
        error = server_full(f"{kind} that wait for a thread", self._most_waiting)

        def refuse(_raw: bytes, context: grpc.ServicerContext) -> NoReturn:
            self._fail(self._edge.begin(name, context, self._pools.refusal.came), context, error)

        return run_by(self._pools.refusal, refuse)

    def _fail(self, call: Call, context: grpc.ServicerContext, error: ServiceError) -> NoReturn:
        code = self._edge.refuse(call, context, error)
        self._edge.end(call, code, error)
        context.abort(code, status.message_of(error))


def _only_reads(method: Any) -> bool:
    """Whether an RPC never writes. What takes a request id may, also where it is a GET: GetMemory can count itself."""
    is_get = bool(method.GetOptions().Extensions[annotations_pb2.http].get)
    return is_get and "request_id" not in method.input_type.fields_by_name


class _Handler:
    """A `grpc.RpcMethodHandler`. gRPC asks it what to run as each call comes in, before the call waits for a thread."""

    request_streaming = False
    request_deserializer = None

    def __init__(self, respond: Any, refuse: Any, is_full: Callable[[], bool], serialize: Any = None) -> None:
        self.response_streaming = serialize is None
        self.response_serializer = serialize
        self._respond, self._refuse, self._is_full = respond, refuse, is_full

    @property
    def unary_unary(self) -> Any:
        """What responds with a message."""
        return self._refuse if self._is_full() else self._respond

    unary_stream = unary_unary
