"""Makes gRPC's handlers of the routes: each takes the bytes of a request past the edge to its use case, and back.

Handlers take requests as bytes, since gRPC would call one that cannot be parsed a mistake of the server.
"""

from collections.abc import Callable
from typing import Any, NoReturn

import grpc
from google.api import annotations_pb2
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.message import Message

from activity_session_server.live.meters import Taken
from activity_session_server.live.pools import Pools, SharedPool
from activity_session_server.live.quotas import Quotas
from activity_session_server.rpc import status
from activity_session_server.rpc.edge import Edge, error_of
from activity_session_server.rpc.marks import run_by
from activity_session_server.rpc.routes import ROUTES, Live, Streamed, UseCase
from activity_session_server.rpc.streams import ResponseStream
from activity_session_server.rules.calls import Call, Stream
from activity_session_server.rules.errors import ServiceError, server_full
from activity_session_server.store import Store
from activity_session_server.store.codec.encoded import Encoded, serialize
from activity_session_server.usecases.authorization import authorize

# A message's class, as generated code would have it.
Type = type[Message]


class Handlers:
    """The handlers of a server; reads and writes have a pool each."""

    def __init__(self, store: Store, live: Live, edge: Edge, quotas: Quotas, pools: Pools) -> None:
        self._store = store
        self._live = live
        self._edge = edge
        self._quotas = quotas
        self._pools = pools

    def add_to(self, server: grpc.Server) -> None:
        """Serve all routes."""
        for name, use_cases in ROUTES.items():
            service: Any = descriptor_pool.Default().FindServiceByName(name)
            handlers: dict[str, Any] = {
                method.name: self._handler(f"/{name}/{method.name}", method, use_cases[method.name])
                for method in service.methods
            }
            server.add_registered_method_handlers(name, handlers)

    def _handler(self, name: str, method: Any, use_case: UseCase | Streamed) -> Any:
        pool = self._pools.read if only_reads(method) else self._pools.write
        request_type = message_factory.GetMessageClass(method.input_type)
        if isinstance(use_case, Streamed):
            # To a client, one message in a stream is the same as the response of a unary call.
            send = self._streamed(name, request_type, use_case.of(self._live), pool)
            return grpc.unary_stream_rpc_method_handler(run_by(pool, send, is_streamed=True))
        respond = self._unary(name, request_type, use_case, pool)
        return grpc.unary_unary_rpc_method_handler(run_by(pool, respond), response_serializer=serialize)

    def _unary(
        self, name: str, request_type: Type, use_case: UseCase, pool: SharedPool
    ) -> Callable[[bytes, grpc.ServicerContext], Message | Encoded[Any]]:
        edge, store, full = self._edge, self._store, self._full(pool)
        quotas, allowed = self._quotas, self._allowed

        def respond(raw: bytes, context: grpc.ServicerContext) -> Message | Encoded[Any]:
            came = pool.came
            call = edge.begin(name, context, came)
            if came is None:
                self._fail(call, context, full)
            try:
                with Taken() as taken:
                    call = edge.admit(call, context)
                    quotas.begin_for_subject(taken, call, len(raw))
                    request = edge.read(call, request_type, raw)
                    call = edge.about(call, request)
                    response = use_case(store, allowed(taken, call, request, len(raw)), request)
            except Exception as raised:  # whatever it is, the caller gets an error without its text
                self._fail(call, context, error_of(call, raised))
            edge.note(call, grpc.StatusCode.OK, response=response)
            edge.end(call, grpc.StatusCode.OK)
            return response

        return respond

    def _streamed(
        self, name: str, request_type: Type, use_case: Callable[[Call, Any, Stream], None], pool: SharedPool
    ) -> Callable[[bytes, grpc.ServicerContext, Callable[[Any], None]], None]:
        edge, full, quotas, allowed = self._edge, self._full(pool), self._quotas, self._allowed

        def respond(raw: bytes, context: grpc.ServicerContext, send: Callable[[Any], None]) -> None:
            came = pool.came
            call = edge.begin(name, context, came, may_wait=True)
            stream = ResponseStream(call, context, send, edge)
            if came is None:
                stream.end(full)
                return
            try:
                # What the stream holds after this it takes by itself.
                with stream.taken as taken:
                    call = stream.call = edge.admit(call, context)
                    quotas.begin_for_subject(taken, call, len(raw))
                    request = edge.read(call, request_type, raw)
                    call = stream.call = edge.about(call, request)
                    use_case(allowed(taken, call, request, len(raw)), request, stream)
            except Exception as raised:  # as above
                stream.end(error_of(call, raised))

        return respond

    def _allowed(self, taken: Taken, call: Call, request: Any, size: int) -> Call:
        """A call that its caller may make, within the quotas of the namespace; `size` are the bytes of its request.

        Those come last: who may not make it must neither use them up nor learn of them.
        """
        allowed = authorize(self._store, call, request)
        self._quotas.begin_in_namespace(taken, call, size)
        return allowed

    def _full(self, pool: SharedPool) -> ServiceError:
        """What a call gets that is not served by the threads of its pool, since too many wait for them."""
        kind = "reads" if pool is self._pools.read else "writes"
        return server_full(f"{kind} that wait for a thread", pool.most_waiting)

    def _fail(self, call: Call, context: grpc.ServicerContext, error: ServiceError) -> NoReturn:
        code = self._edge.refuse(call, context, error)
        self._edge.note(call, code, error)
        self._edge.end(call, code, error)
        context.abort(code, status.message_of(error))


def only_reads(method: Any) -> bool:
    """Whether an RPC never writes. What takes a request id may, also where it is a GET: GetMemory can count itself."""
    is_get = bool(method.GetOptions().Extensions[annotations_pb2.http].get)
    return is_get and "request_id" not in method.input_type.fields_by_name
