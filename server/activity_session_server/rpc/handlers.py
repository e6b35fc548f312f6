"""Makes gRPC's handlers of the routes: each takes the bytes of a request past the edge to its use case, and back.

Handlers take requests as bytes, since gRPC would call one that cannot be parsed a mistake of the server.
"""

from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.message import Message

from activity_session_server.rpc import status
from activity_session_server.rpc.edge import Edge, error_of
from activity_session_server.rpc.routes import ROUTES, Live, Streamed, UseCase
from activity_session_server.rpc.streams import ResponseStream
from activity_session_server.rules.calls import Call, Stream
from activity_session_server.store import Store

# A message's class, as generated code would have it.
Type = type[Message]


class Handlers:
    """The handlers of a server."""

    def __init__(self, store: Store, live: Live, edge: Edge) -> None:
        self._store = store
        self._live = live
        self._edge = edge

    def add_to(self, server: grpc.Server) -> None:
        """Serve all routes."""
        for name, use_cases in ROUTES.items():
            service: Any = descriptor_pool.Default().FindServiceByName(name)
            handlers = {
                method.name: self._handler(f"/{name}/{method.name}", method, use_cases[method.name])
                for method in service.methods
            }
            server.add_registered_method_handlers(name, handlers)

    def _handler(self, name: str, method: Any, use_case: UseCase | Streamed) -> "grpc.RpcMethodHandler[Any, Any]":
        request_type = message_factory.GetMessageClass(method.input_type)
        if isinstance(use_case, Streamed):
            # To a client, one message in a stream is the same as the response of a unary call.
            return grpc.unary_stream_rpc_method_handler(self._streamed(name, request_type, use_case.of(self._live)))
        serialize = message_factory.GetMessageClass(method.output_type).SerializeToString
        return grpc.unary_unary_rpc_method_handler(self._unary(name, request_type, use_case), None, serialize)

    def _unary(
        self, name: str, request_type: Type, use_case: UseCase
    ) -> Callable[[bytes, grpc.ServicerContext], Message]:
        edge, store = self._edge, self._store

        def respond(raw: bytes, context: grpc.ServicerContext) -> Message:
            call = edge.begin(name, context)
            try:
                response = use_case(store, call, edge.read(call, request_type, raw))
            except Exception as raised:  # whatever it is, the caller gets an error without its text
                error = error_of(call, raised)
                code = edge.refuse(call, context, error)
                edge.end(call, context, code, error)
                context.abort(code, status.message_of(error))
            edge.end(call, context, grpc.StatusCode.OK)
            return response

        return respond

    def _streamed(
        self, name: str, request_type: Type, use_case: Callable[[Call, Any, Stream], None]
    ) -> Callable[[bytes, grpc.ServicerContext, Callable[[Any], None]], None]:
        edge = self._edge

        def respond(raw: bytes, context: grpc.ServicerContext, send: Callable[[Any], None]) -> None:
            call = edge.begin(name, context, may_wait=True)
            stream = ResponseStream(call, context, send, edge)
            try:
                use_case(call, edge.read(call, request_type, raw), stream)
            except Exception as raised:  # as above
                stream.end(error_of(call, raised))

        # grpcio's mark of a handler that is given a callback, and whose thread is free when it returns.
        respond.experimental_non_blocking = True  # type: ignore[attr-defined]
        return respond
