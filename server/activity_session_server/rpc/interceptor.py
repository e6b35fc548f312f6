"""The one interceptor: it makes a Call of each request, and a status of each error.

In order: the request id, the caller's role, the deadline, the request's size and form, then the servicer; and one log
line whatever happens. Nothing else may abort a call, and a servicer cannot: it is handed a `Call` instead of the gRPC
context.
"""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable
from typing import Any, NoReturn

import grpc
from google.protobuf.message import DecodeError, Message

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session_server.calls import Call, Role
from activity_session_server.errors import (
    ServiceError,
    Violation,
    deadline_exceeded,
    invalid,
    invalid_field,
    too_large,
)
from activity_session_server.limits import Limits
from activity_session_server.rpc import status
from activity_session_server.rpc.validation import Validator

REQUEST_ID_KEY = "x-request-id"
# A call without a deadline of its own gets this one, in seconds, so that it cannot hold a thread for ever.
DEFAULT_DEADLINE = 30.0

_OWN_METHODS = "/activity_session."
_REQUEST_ID = re.compile(r"[!-~]{1,128}")
_log = logging.getLogger("activity_session.call")


class CallInterceptor(grpc.ServerInterceptor):
    """Wraps the unary methods of our own services; those of others (health, reflection) pass through."""

    def __init__(self, limits: Limits, role: Role) -> None:
        self._limits = limits
        self._role = role
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
        self._wrapped[method] = grpc.unary_unary_rpc_method_handler(
            self._answering(method, handler),
            # The request stays bytes: what cannot be parsed is the caller's mistake, and gRPC would call it ours.
            request_deserializer=None,
            response_serializer=handler.response_serializer,
        )
        return self._wrapped[method]

    def _answering(
        self, method: str, handler: grpc.RpcMethodHandler[Any, Any]
    ) -> Callable[[bytes, grpc.ServicerContext], Message]:
        parse, serve = handler.request_deserializer, handler.unary_unary
        assert parse is not None  # noqa: S101 - for the type checker: generated handlers
        assert serve is not None  # noqa: S101 - have both

        def answer(raw: bytes, context: grpc.ServicerContext) -> Message:
            started = time.perf_counter()
            call = self._call(method, context)
            error: ServiceError | None = None
            try:
                request = self._checked(call, parse, raw)
                response: Message = serve(request, call)  # type: ignore[arg-type]  # see the module's docstring
            except ServiceError as raised:
                error = raised
            except Exception:  # whatever it is, the caller gets an answer without its text
                _log.exception("unexpected error", extra={"request_id": call.request_id})
                error = _masked(call)
            _log_call(call, context, error, time.perf_counter() - started)
            if error is not None:
                _abort(context, call, error)
            return response

        return answer

    def _call(self, method: str, context: grpc.ServicerContext) -> Call:
        request_id = _given_request_id(context) or uuid.uuid4().hex
        context.set_trailing_metadata(((REQUEST_ID_KEY, request_id),))
        remaining = context.time_remaining()
        seconds = DEFAULT_DEADLINE if remaining is None else min(remaining, DEFAULT_DEADLINE)
        return Call(request_id, method, self._role, time.monotonic() + seconds, self._limits)

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


def _given_request_id(context: grpc.ServicerContext) -> str | None:
    for key, value in context.invocation_metadata() or ():
        if key == REQUEST_ID_KEY and isinstance(value, str) and _REQUEST_ID.fullmatch(value):
            return value
    return None


def _abort(context: grpc.ServicerContext, call: Call, error: ServiceError) -> NoReturn:
    answer = status.to_status(error)
    context.set_trailing_metadata((*answer.trailing_metadata, (REQUEST_ID_KEY, call.request_id)))
    context.abort(answer.code, answer.details)


def _masked(call: Call) -> ServiceError:
    return ServiceError(
        ErrorReason.ERROR_REASON_INTERNAL,
        f"internal error; the server's log has the details under request id {call.request_id}",
        metadata={"request_id": call.request_id},
    )


def _log_call(call: Call, context: grpc.ServicerContext, error: ServiceError | None, seconds: float) -> None:
    code = grpc.StatusCode.OK if error is None else status.code_of(error)
    fields = {
        "method": call.method,
        "code": code.name,
        "duration_ms": round(seconds * 1000, 3),
        "peer": context.peer(),
        "request_id": call.request_id,
    }
    if error is not None:
        fields["reason"] = status.reason_name(error)
        fields["error"] = error.message[:500]
    _log.info("call", extra=fields)
