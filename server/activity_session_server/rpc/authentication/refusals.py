"""What a caller is told whose credentials do not hold."""

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session_server.rules.errors import ServiceError


def unauthenticated(message: str, *, logged: str | None = None) -> ServiceError:
    """The error for credentials that are missing, or do not hold; a message never has a part of them."""
    return ServiceError(ErrorReason.ERROR_REASON_UNAUTHENTICATED, message, logged=logged)
