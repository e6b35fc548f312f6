"""The one interceptor: it makes a Call of each request, and a status of each error.

In order: the request id, the caller's role, the deadline, the request's size and form, then the servicer; and one log
line whatever happens. Nothing else may abort a call, and a servicer cannot: it is handed a `Call` instead of the gRPC
context, and a `Stream` where it answers later.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf.message import DecodeError, Message

from activity_session_server.rpc import calls, status
from activity_session_server.rpc.call_log import CallLog
from activity_session_server.rpc.streams import ResponseStream
from activity_session_server.rpc.validation import Validator
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import (
    ServiceError,
    Violation,
    deadline_exceeded,
    invalid,
    invalid_field,
    too_large,
)
from activity_session_server.rules.limits import Limits
from activity_session_server.rules.roles import Role

_OWN_METHODS = "/activity_session."


class CallInterceptor(grpc.ServerInterceptor):
    """Wraps the methods of our own services; those of others (health, reflection) pass through."""

    def __init__(self, limits: Limits, role: Role, log: CallLog) -> None:
        self._limits = limits
        self._role = role
        self._log = log
        self._validator = Validator(limits)
        self._wrapped: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], grpc.RpcMethodHandler[Any, Any] | None],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        """The handler of a method, wrapped; gRPC asks for it at every call."""
        method = handler_call_details.method
        if method in self._wrapped:
            return self._wrapped[method]
        handler = continuation(handler_call_details)
        if handler is None or not method.startswith(_OWN_METHODS):
            return handler
        self._wrapped[method] = self._wrap(method, handler)
        return self._wrapped[method]

    def _wrap(self, method: str, handler: grpc.RpcMethodHandler[Any, Any]) -> grpc.RpcMethodHandler[Any, Any]:
        """A handler that takes the request as bytes: gRPC would call one that cannot be parsed our mistake."""
        parse: Any = handler.request_deserializer
        serve: Any = handler.unary_unary or handler.unary_stream
        if not hasattr(serve, "answers_later"):
            answer = self._answering(method, parse, serve)
            return grpc.unary_unary_rpc_method_handler(answer, None, handler.response_serializer)
        # To the client one message in a stream is the same as the answer of a unary call.
        return grpc.unary_stream_rpc_method_handler(self._answering_later(method, parse, serve))

    def _answering(
        self, method: str, parse: Callable[[bytes], Any], serve: Callable[..., Any]
    ) -> Callable[[bytes, grpc.ServicerContext], Message]:
        def answer(raw: bytes, context: grpc.ServicerContext) -> Message:
            started = time.perf_counter()
            call = calls.begin(method, context, self._role, self._limits, calls.DEFAULT_DEADLINE)
            error: ServiceError | None = None
            try:
                response: Message = serve(self._checked(call, parse, raw), call)
            except ServiceError as raised:
                error = raised
            except Exception:  # whatever it is, the caller gets an answer without its text
                error = calls.masked(call)
            code = grpc.StatusCode.OK if error is None else status.code_of(error)
            self._log.add(call, context, code, error, time.perf_counter() - started)
            if error is not None:
                calls.abort(context, call, error)
            return response

        return answer

    def _answering_later(
        self, method: str, parse: Callable[[bytes], Any], serve: Callable[..., None]
    ) -> Callable[[bytes, grpc.ServicerContext, Callable[[Any], None]], None]:
        def answer(raw: bytes, context: grpc.ServicerContext, send: Callable[[Any], None]) -> None:
            call = calls.begin(method, context, self._role, self._limits, calls.LONGEST_DEADLINE)
            stream = ResponseStream(call, context, send, self._log)
            try:
                serve(self._checked(call, parse, raw), call, stream)
            except ServiceError as error:
                stream.end(error)
            except Exception:  # as above
                stream.end(calls.masked(call))

        answer.experimental_non_blocking = True  # type: ignore[attr-defined]
        return answer

    def _checked(self, call: Call, parse: Callable[[bytes], Any], raw: bytes) -> Message:
        if call.remaining() <= 0:
            # It waited for a thread for so long that nobody waits for it any more.
            raise deadline_exceeded()
        if len(raw) > self._limits.request_bytes:
            problem = too_large("the request", self._limits.request_bytes, len(raw), "bytes")
            raise invalid([Violation("request", problem)])
        try:
            request: Message = parse(raw)
        except (DecodeError, UnicodeDecodeError):
            raise invalid_field("request", "it is not a message of this method's type") from None
        self._validator.check(request)
        return request
