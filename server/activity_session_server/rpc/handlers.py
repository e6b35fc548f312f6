"""Makes handlers of the routes: each takes a request past the edge to its use case, and back, however it has come.

Handlers take requests as bytes, since gRPC would call one that cannot be parsed a mistake of the server.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, NoReturn

import grpc
from google.api import annotations_pb2
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.message import Message

from activity_session_server.live.meters import Taken
from activity_session_server.live.pools import Pools, SharedPool
from activity_session_server.live.quotas import Quotas
from activity_session_server.rpc import status
from activity_session_server.rpc.edge import Edge, Raw, error_of
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


class Rpc(NamedTuple):
    """How one RPC is served: `respond` is called with a request and its context, by a thread of `pool`.

    It returns the response. One that `is_streamed` is given a callback too, for its messages, and returns before it has
    sent all of them. The method is a descriptor.
    """

    method: Any
    pool: SharedPool
    respond: Callable[..., Any]
    is_streamed: bool


class Handlers:
    """The handlers of a server; reads and writes have a pool each. `rpcs` has them by their paths."""

    def __init__(self, store: Store, live: Live, edge: Edge, quotas: Quotas, pools: Pools) -> None:
        self._store = store
        self._live = live
        self._edge = edge
        self._quotas = quotas
        self._pools = pools
        self.rpcs = dict(self._all())

    def add_to(self, server: grpc.Server) -> None:
        """Serve all routes over gRPC."""
        for name in ROUTES:
            handlers = {
                rpc.method.name: _grpc_handler(rpc)
                for rpc in self.rpcs.values()
                if rpc.method.containing_service.full_name == name
            }
            server.add_registered_method_handlers(name, handlers)

    def _all(self) -> Iterator[tuple[str, Rpc]]:
        for name, use_cases in ROUTES.items():
            service: Any = descriptor_pool.Default().FindServiceByName(name)
            for method in service.methods:
                path = f"/{name}/{method.name}"
                yield path, self._rpc(path, method, use_cases[method.name])

    def _rpc(self, name: str, method: Any, use_case: UseCase | Streamed) -> Rpc:
        pool = self._pools.read if only_reads(method) else self._pools.write
        request_type = message_factory.GetMessageClass(method.input_type)
        if isinstance(use_case, Streamed):
            return Rpc(method, pool, self._streamed(name, request_type, use_case.of(self._live), pool), True)  # noqa: FBT003
        return Rpc(method, pool, self._unary(name, request_type, use_case, pool), False)  # noqa: FBT003

    def _unary(
        self, name: str, request_type: Type, use_case: UseCase, pool: SharedPool
    ) -> Callable[[Raw, grpc.ServicerContext], Message | Encoded[Any]]:
        edge, store, full = self._edge, self._store, self._full(pool)
        quotas, allowed = self._quotas, self._allowed

        def respond(raw: Raw, context: grpc.ServicerContext) -> Message | Encoded[Any]:
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
    ) -> Callable[[Raw, grpc.ServicerContext, Callable[[Any], None]], None]:
        edge, full, quotas, allowed = self._edge, self._full(pool), self._quotas, self._allowed

        def respond(raw: Raw, context: grpc.ServicerContext, send: Callable[[Any], None]) -> None:
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


def _grpc_handler(rpc: Rpc) -> Any:
    run = run_by(rpc.pool, rpc.respond, is_streamed=rpc.is_streamed)
    if rpc.is_streamed:
        # To a client, one message in a stream is the same as the response of a unary call.
        return grpc.unary_stream_rpc_method_handler(run)
    return grpc.unary_unary_rpc_method_handler(run, response_serializer=serialize)


def only_reads(method: Any) -> bool:
    """Whether an RPC never writes. What takes a request id may, also where it is a GET: GetMemory can count itself."""
    is_get = bool(method.GetOptions().Extensions[annotations_pb2.http].get)
    return is_get and "request_id" not in method.input_type.fields_by_name
