"""The edge: where each call comes in and goes out.

Whatever is to happen to every call joins here: before it in `begin`, `admit` and `read`, after it in `refuse`, `note`
and `end`. Only this module sets a status; a use case cannot, since it is handed a `Call` instead of gRPC's context.
"""

import logging
import random
import re
import time
from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

import grpc
from google.protobuf.message import DecodeError, Message

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session_server.rpc import call_log, status, wire
from activity_session_server.rpc.audit_log import AuditLog
from activity_session_server.rpc.authentication import Authentication
from activity_session_server.rpc.owners import Owners
from activity_session_server.rpc.validation import Validator
from activity_session_server.rules.access.callers import Caller
from activity_session_server.rules.access.permissions import may_write
from activity_session_server.rules.calls import Call, Trace
from activity_session_server.rules.errors import (
    ServiceError,
    deadline_exceeded,
    invalid,
    invalid_field,
    waited_too_long,
)
from activity_session_server.rules.limits import Limits
from activity_session_server.rules.problems import Violation, too_large
from activity_session_server.rules.requests import resource_of

CALL_ID_KEY = "x-call-id"
# A call that holds a thread takes no longer than this, in seconds; one without a deadline of its own is given this one.
DEFAULT_DEADLINE = 30.0
# What is waited for takes no longer than this, in seconds.
LONGEST_WAIT = 86_400.0
# gRPC's way to say that there is no deadline is one that is further away than this, in seconds.
_DECADES = 1e9
# A caller's own id for the call, in the order of preference; proxies give the second one.
_GIVEN_ID_KEYS = (CALL_ID_KEY, "x-request-id")
_GIVEN_ID = re.compile(r"[!-~]{1,128}")
# W3C Trace Context, of any version: the id of the trace, which is not all zeros.
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")
# Ids need only differ; of its own, so that nobody's seed can make them come again. All threads draw, each in one step.
_ids = random.Random()  # noqa: S311
_log = logging.getLogger("activity_session.call")
# Who calls, as long as that is not known.
_NOBODY = Caller("", ())
R = TypeVar("R", bound=Message)


class Observer(Protocol):
    """Is told of each call, where somebody counts them."""

    def call_began(self, method: str, waited: float) -> None:
        """A thread has begun with a call that waited for it for so many seconds."""

    def call_ended(self, call: Call, code: grpc.StatusCode, error: ServiceError | None) -> None:
        """A call is over, also one that no thread has begun with."""


class Tracer(Protocol):
    """Begins the traces of calls, where somebody has them exported."""

    def begin(self, method: str, metadata: Mapping[str, Any], waited: float) -> Trace | None:
        """The trace of a call that has come so many seconds ago; None where it is not recorded."""


class Unread(Protocol):
    """A request that has not come as the bytes of its message; its length is that of the bytes that have come."""

    def __len__(self) -> int: ...

    def read(self, request_type: type[R], limits: Limits) -> R:
        """The message.

        Raises:
            ServiceError: INVALID_FIELD, LIMIT_EXCEEDED.
        """


Raw = bytes | Unread


class Edge:
    """What every call of a server has in common."""

    def __init__(
        self,
        limits: Limits,
        authentication: Authentication,
        owners: Owners,
        audit_log: AuditLog | None = None,
        *,
        observer: Observer | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        self._limits = limits
        self._authentication = authentication
        self._owners = owners
        self._audit_log = audit_log
        self._observer = observer
        self._tracer = tracer
        self._validator = Validator(limits)

    def begin(self, method: str, context: grpc.ServicerContext, came: float | None, *, may_wait: bool = False) -> Call:
        """The call of a context: its id, until when; who makes it is not known yet.

        It came in at a reading of `time.monotonic`, or just now.
        """
        metadata = dict(context.invocation_metadata())
        call_id = _given_id(metadata) or f"{_ids.getrandbits(128):032x}"
        context.set_trailing_metadata(((CALL_ID_KEY, call_id),))
        remaining = context.time_remaining()
        is_given = remaining is not None and remaining < _DECADES
        now = time.monotonic()
        if self._observer is not None and came is not None:
            self._observer.call_began(method, now - came)
        longest = LONGEST_WAIT if may_wait else DEFAULT_DEADLINE
        deadline = now + (min(remaining, longest) if is_given else DEFAULT_DEADLINE)
        trace = None if self._tracer is None else self._tracer.begin(method, metadata, now - (came or now))
        trace_id = trace.trace_id if trace else _given_trace_id(metadata)
        first = (call_id, method, context.peer(), _NOBODY)
        return Call(*first, came or now, deadline, self._limits, trace_id=trace_id, trace=trace)

    def admit(self, call: Call, context: grpc.ServicerContext) -> Call:
        """The same call, of the caller who has shown to be it.

        Raises:
            ServiceError: UNAUTHENTICATED.
        """
        caller = self._authentication.caller_of(context)
        self._owners.learn(context, caller)
        return call.by(caller)

    def read(self, call: Call, request_type: type[R], raw: Raw) -> R:
        """The request of a call, checked.

        Raises:
            ServiceError: SERVER_FULL, DEADLINE_EXCEEDED, INVALID_FIELD, LIMIT_EXCEEDED.
        """
        _check_time(call)
        if len(raw) > self._limits.request_bytes:
            problem = too_large("the request", self._limits.request_bytes, len(raw), "bytes")
            raise invalid([Violation("request", problem)])
        limits = self._limits
        request = message_of(raw, request_type, limits) if isinstance(raw, bytes) else raw.read(request_type, limits)
        self._validator.check(request)
        return request

    def about(self, call: Call, request: Message) -> Call:
        """The same call, with what its request is about."""
        writes = self._audit_log is not None and may_write(call.method, request)
        found = call.about(resource_of(request), writes=writes)
        call_log.begin(found)
        return found

    def refuse(self, call: Call, context: grpc.ServicerContext, error: ServiceError) -> grpc.StatusCode:
        """Set the status of a call that has failed; returns its code."""
        found = status.to_status(error)
        context.set_trailing_metadata((*found.trailing_metadata, (CALL_ID_KEY, call.call_id)))
        context.set_code(found.code)
        context.set_details(found.details)
        return found.code

    def note(
        self, call: Call, code: grpc.StatusCode, error: ServiceError | None = None, response: object = None
    ) -> None:
        """Note for an audit how a call has ended, before its caller learns of it."""
        if self._audit_log is not None:
            self._audit_log.write(call, code, error, response)

    def end(self, call: Call, code: grpc.StatusCode, error: ServiceError | None = None) -> None:
        """Log a call that is over."""
        call_log.write(call, code, error)
        if self._observer is not None:
            self._observer.call_ended(call, code, error)
        if call.trace is not None:
            call.trace.end(call, code.name, "" if error is None else status.reason_name(error))


def error_of(call: Call, raised: Exception) -> ServiceError:
    """What a caller is told of an exception; of one that was not foreseen only where to find it in the log."""
    if isinstance(raised, ServiceError):
        # Frames keep the error, and through its traceback the error keeps the frames: a request would stay in memory
        # until the garbage collector comes by.
        raised.__cause__ = raised.__context__ = None
        return raised.with_traceback(None)
    _log.error("unexpected error", exc_info=raised, extra={"call_id": call.call_id})
    return ServiceError(
        ErrorReason.ERROR_REASON_INTERNAL,
        f"internal error; the server's log has the details under call id {call.call_id}",
        metadata={"call_id": call.call_id},
    )


def message_of(raw: bytes, request_type: type[R], limits: Limits) -> R:
    """The message of bytes.

    Raises:
        ServiceError: INVALID_FIELD, LIMIT_EXCEEDED.
    """
    if violation := wire.check(raw, request_type.DESCRIPTOR, limits):
        raise invalid([violation])
    try:
        return request_type.FromString(raw)
    except (DecodeError, UnicodeDecodeError):
        raise invalid_field("request", "it is not a message of this method's type") from None


def _check_time(call: Call) -> None:
    """Refuse a call that has waited for a thread for more than half of its time.

    Otherwise a server with too many calls would carry out each of them just before its deadline, and have its response
    ready after it.
    """
    now = time.monotonic()
    waited, remaining = now - call.begun, call.deadline - now
    if remaining <= 0:
        raise deadline_exceeded(call.seconds)
    if waited > remaining:
        raise waited_too_long(waited, remaining)


def _given_id(metadata: Mapping[str, Any]) -> str | None:
    for key in _GIVEN_ID_KEYS:
        value = metadata.get(key)
        if isinstance(value, str) and _GIVEN_ID.fullmatch(value):
            return value
    return None


def _given_trace_id(metadata: Mapping[str, Any]) -> str:
    """The id of the caller's trace, empty for none, also where this server records nothing of it."""
    value = metadata.get("traceparent")
    found = _TRACEPARENT.fullmatch(value) if isinstance(value, str) else None
    return found[1] if found else ""
