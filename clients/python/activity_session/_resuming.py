"""Which errors of a watch are overcome by opening it again."""

import grpc

from activity_session.errors import Error
from activity_session.v1.error_reason_pb2 import ErrorReason

_CODES = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
_REASONS = {ErrorReason.ERROR_REASON_WATCH_TOO_SLOW, ErrorReason.ERROR_REASON_SERVER_FULL}
# Without a reason of the server's own they come from what stands between: a proxy that lost its other side.
_CODES_BETWEEN = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN}


def resumes(error: Error) -> bool:
    """Whether the same watch can go on; the caller has not cancelled it."""
    unspecified = error.reason == ErrorReason.ERROR_REASON_UNSPECIFIED
    return error.code() in _CODES or error.reason in _REASONS or (unspecified and error.code() in _CODES_BETWEEN)
