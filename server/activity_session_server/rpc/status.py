"""The one error table: which status each reason has, and what else an error carries (AIP-193)."""

import math
from collections.abc import Callable, Iterator

import grpc
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, PreconditionFailure, ResourceInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc_status import rpc_status

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session_server.rules import conflicts
from activity_session_server.rules.errors import DOMAIN, ServiceError

_Code = grpc.StatusCode
_PREFIX = "ERROR_REASON_"

CODES: dict[ErrorReason.ValueType, grpc.StatusCode] = {
    ErrorReason.ERROR_REASON_INVALID_FIELD: _Code.INVALID_ARGUMENT,
    ErrorReason.ERROR_REASON_LIMIT_EXCEEDED: _Code.INVALID_ARGUMENT,
    ErrorReason.ERROR_REASON_INVALID_FILTER: _Code.INVALID_ARGUMENT,
    ErrorReason.ERROR_REASON_INVALID_PAGE_TOKEN: _Code.INVALID_ARGUMENT,
    ErrorReason.ERROR_REASON_REQUEST_ID_REUSED: _Code.INVALID_ARGUMENT,
    ErrorReason.ERROR_REASON_UNAUTHENTICATED: _Code.UNAUTHENTICATED,
    ErrorReason.ERROR_REASON_PERMISSION_DENIED: _Code.PERMISSION_DENIED,
    ErrorReason.ERROR_REASON_QUOTA_EXCEEDED: _Code.RESOURCE_EXHAUSTED,
    ErrorReason.ERROR_REASON_NAMESPACE_NOT_FOUND: _Code.NOT_FOUND,
    ErrorReason.ERROR_REASON_NAMESPACE_ALREADY_EXISTS: _Code.ALREADY_EXISTS,
    ErrorReason.ERROR_REASON_NAMESPACE_DELETED: _Code.FAILED_PRECONDITION,
    ErrorReason.ERROR_REASON_NAMESPACE_DISABLED: _Code.FAILED_PRECONDITION,
    ErrorReason.ERROR_REASON_NAMESPACE_MANAGED: _Code.PERMISSION_DENIED,
    ErrorReason.ERROR_REASON_NAMESPACE_NOT_EMPTY: _Code.FAILED_PRECONDITION,
    ErrorReason.ERROR_REASON_PARTICIPANT_NOT_FOUND: _Code.NOT_FOUND,
    ErrorReason.ERROR_REASON_PARTICIPANT_ALREADY_EXISTS: _Code.ALREADY_EXISTS,
    ErrorReason.ERROR_REASON_PARTICIPANT_DELETED: _Code.FAILED_PRECONDITION,
    ErrorReason.ERROR_REASON_PARTICIPANT_DISABLED: _Code.FAILED_PRECONDITION,
    ErrorReason.ERROR_REASON_PARTICIPANT_MANAGED: _Code.PERMISSION_DENIED,
    ErrorReason.ERROR_REASON_PARTICIPANT_NOT_BOUND: _Code.FAILED_PRECONDITION,
    ErrorReason.ERROR_REASON_SESSION_NOT_FOUND: _Code.NOT_FOUND,
    ErrorReason.ERROR_REASON_SESSION_ALREADY_EXISTS: _Code.ALREADY_EXISTS,
    ErrorReason.ERROR_REASON_SESSION_DELETED: _Code.FAILED_PRECONDITION,
    ErrorReason.ERROR_REASON_SESSION_DISABLED: _Code.FAILED_PRECONDITION,
    ErrorReason.ERROR_REASON_SESSION_MANAGED: _Code.PERMISSION_DENIED,
    ErrorReason.ERROR_REASON_SESSION_NOT_DELETED: _Code.FAILED_PRECONDITION,
    ErrorReason.ERROR_REASON_SESSION_HAS_MEMORIES: _Code.FAILED_PRECONDITION,
    ErrorReason.ERROR_REASON_RESOURCE_HELD: _Code.FAILED_PRECONDITION,
    ErrorReason.ERROR_REASON_ETAG_MISMATCH: _Code.ABORTED,
    ErrorReason.ERROR_REASON_SEQUENCE_MISMATCH: _Code.ABORTED,
    ErrorReason.ERROR_REASON_REVISION_MISMATCH: _Code.ABORTED,
    ErrorReason.ERROR_REASON_DATABASE_BUSY: _Code.UNAVAILABLE,
    ErrorReason.ERROR_REASON_DATABASE_UNAVAILABLE: _Code.UNAVAILABLE,
    ErrorReason.ERROR_REASON_COMMIT_OUTCOME_UNKNOWN: _Code.UNKNOWN,
    ErrorReason.ERROR_REASON_DEADLINE_EXCEEDED: _Code.DEADLINE_EXCEEDED,
    ErrorReason.ERROR_REASON_INTERNAL: _Code.INTERNAL,
    ErrorReason.ERROR_REASON_SERVER_DRAINING: _Code.UNAVAILABLE,
    ErrorReason.ERROR_REASON_SERVER_FULL: _Code.RESOURCE_EXHAUSTED,
    ErrorReason.ERROR_REASON_EVENT_NOT_FOUND: _Code.NOT_FOUND,
    ErrorReason.ERROR_REASON_EVENT_ALREADY_EXISTS: _Code.ALREADY_EXISTS,
    ErrorReason.ERROR_REASON_EVENTS_PURGED: _Code.OUT_OF_RANGE,
    ErrorReason.ERROR_REASON_STATE_PURGED: _Code.OUT_OF_RANGE,
    ErrorReason.ERROR_REASON_MEMORY_NOT_FOUND: _Code.NOT_FOUND,
    ErrorReason.ERROR_REASON_MEMORY_ALREADY_EXISTS: _Code.ALREADY_EXISTS,
    ErrorReason.ERROR_REASON_MEMORY_DELETED: _Code.FAILED_PRECONDITION,
    ErrorReason.ERROR_REASON_TURN_HELD: _Code.FAILED_PRECONDITION,
    ErrorReason.ERROR_REASON_TURN_LOST: _Code.FAILED_PRECONDITION,
    ErrorReason.ERROR_REASON_TURN_REQUIRED: _Code.FAILED_PRECONDITION,
    ErrorReason.ERROR_REASON_WATCH_TOO_SLOW: _Code.RESOURCE_EXHAUSTED,
}

# Details and message travel as HTTP/2 metadata, of which clients take 8 KiB; past that the status itself is lost. With
# these the details stay under 4 KiB, and the message, percent-encoded, under 2 KiB.
_DETAIL_BYTES = 4000
# The type's name and the lengths of a detail.
_FRAME_BYTES = 80
_MESSAGE_BYTES = 600
_VALUE_BYTES = 300
_VIOLATIONS = 6
# Where nothing better is known.
_RETRY_DELAY_SECONDS = 1.0


def code_of(error: ServiceError) -> grpc.StatusCode:
    """The status code of an error."""
    return CODES[error.reason]


def reason_name(error: ServiceError) -> str:
    """The reason as it stands in ErrorInfo, such as `SESSION_NOT_FOUND`."""
    return name_of(error.reason)


def name_of(reason: ErrorReason.ValueType) -> str:
    """The name of a reason, as in `reason_name`."""
    return ErrorReason.Name(reason).removeprefix(_PREFIX)


def message_of(error: ServiceError) -> str:
    """The message of an error, cut to what metadata may hold."""
    return _clipped(error.message, _MESSAGE_BYTES)


def to_status(error: ServiceError) -> grpc.Status:
    """What gRPC is to abort with for an error."""
    made: grpc.Status = rpc_status.to_status(status_of(error))
    return made


def status_of(error: ServiceError) -> Status:
    """The status of an error, with all that it carries."""
    number: int = code_of(error).value[0]
    status = Status(code=number, message=message_of(error))
    for detail in _details(error):
        status.details.add().Pack(detail)
    if error.detail is not None:
        room = min(conflicts.MOST_BYTES, _DETAIL_BYTES - status.ByteSize() - _FRAME_BYTES)
        status.details.add().Pack(conflicts.fitted(error.detail, room))
    return status


def _details(error: ServiceError) -> Iterator[Message]:
    metadata = {key: _clipped(value, _VALUE_BYTES) for key, value in error.metadata.items()}
    yield ErrorInfo(reason=reason_name(error), domain=DOMAIN, metadata=metadata)
    if make := _MORE_DETAILS.get(code_of(error)):
        yield make(error)


def _bad_request(error: ServiceError) -> BadRequest:
    violations = list(error.violations[:_VIOLATIONS])
    detail = BadRequest()
    for violation in violations:
        detail.field_violations.add(
            field=_clipped(violation.path, _VALUE_BYTES),
            description=_clipped(violation.problem.message, _VALUE_BYTES),
        )
    if not violations:
        detail.field_violations.add(
            field=error.metadata.get("field", "request_id"),
            description=_clipped(error.message, _VALUE_BYTES),
        )
    if len(error.violations) > len(violations):
        detail.field_violations.add(description="and more violations")
    return detail


def _precondition_failure(error: ServiceError) -> PreconditionFailure:
    detail = PreconditionFailure()
    detail.violations.add(
        type=reason_name(error),
        subject=_clipped(error.metadata.get("resource", ""), _VALUE_BYTES),
        description=_clipped(error.message, _VALUE_BYTES),
    )
    return detail


def _resource_info(error: ServiceError) -> ResourceInfo:
    return ResourceInfo(
        resource_type=f"{DOMAIN}/{error.kind.title()}" if error.kind else "",
        resource_name=_clipped(error.metadata.get("resource", ""), _VALUE_BYTES),
        description=_clipped(error.message, _VALUE_BYTES),
    )


def _retry_info(error: ServiceError) -> RetryInfo:
    delay = _RETRY_DELAY_SECONDS if error.retry_delay is None else error.retry_delay
    detail = RetryInfo()
    # Rounded up: who comes back then must not be too early.
    detail.retry_delay.FromMicroseconds(math.ceil(delay * 1_000_000))
    return detail


_MORE_DETAILS: dict[grpc.StatusCode, Callable[[ServiceError], Message]] = {
    _Code.INVALID_ARGUMENT: _bad_request,
    _Code.FAILED_PRECONDITION: _precondition_failure,
    _Code.ABORTED: _precondition_failure,
    _Code.NOT_FOUND: _resource_info,
    _Code.ALREADY_EXISTS: _resource_info,
    _Code.PERMISSION_DENIED: _resource_info,
    _Code.OUT_OF_RANGE: _resource_info,
    _Code.UNAVAILABLE: _retry_info,
    _Code.RESOURCE_EXHAUSTED: _retry_info,
}


def _clipped(text: str, most_bytes: int) -> str:
    raw = text.encode()
    if len(raw) <= most_bytes:
        return text
    return raw[: most_bytes - 3].decode(errors="ignore") + "…"
