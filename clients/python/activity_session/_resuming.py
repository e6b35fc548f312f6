"""After which errors a watch is opened again, and where it goes on."""

import grpc

from activity_session.errors import Error
from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session.v1.session_service_pb2 import WatchSessionRequest, WatchSessionResponse

_CODES = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
_REASONS = {
    ErrorReason.ERROR_REASON_WATCH_TOO_SLOW,
    ErrorReason.ERROR_REASON_SERVER_FULL,
    ErrorReason.ERROR_REASON_QUOTA_EXCEEDED,
}
# Without a reason from the server they come from a proxy that has lost its connection to the server.
_CODES_BETWEEN = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN}


def resumes(error: Error) -> bool:
    """Return whether to open a watch again after an error; not for one that its caller has cancelled."""
    unspecified = error.reason == ErrorReason.ERROR_REASON_UNSPECIFIED
    return error.code() in _CODES or error.reason in _REASONS or (unspecified and error.code() in _CODES_BETWEEN)


def stream_ended() -> Error:
    """Return the error of a stream that ended without one: the server ends no watch so, but a proxy may."""
    return Error(grpc.StatusCode.UNAVAILABLE, "the stream ended without an error")


def place_of(message: WatchSessionResponse) -> int:
    """Return the number that a message stands for; 0 for the session itself."""
    # A mark is an event too; a bookmark is after those that were left out.
    return message.event.sequence or message.mark.sequence or message.bookmark.last_sequence


def go_on_after(message: WatchSessionResponse, request: WatchSessionRequest) -> None:
    """Make a request ask for what comes after a message, in the same session."""
    request.after_sequence = place_of(message) or request.after_sequence
    # Only the first message of a stream tells it, and one from an older server does not.
    request.uid = message.uid or request.uid
