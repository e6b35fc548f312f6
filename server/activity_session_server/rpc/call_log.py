"""The log of calls: one line for each."""

import logging
import time

import grpc

from activity_session_server.rpc import status
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import ServiceError

_ERROR_CHARACTERS = 500
_log = logging.getLogger("activity_session.call")


def write(call: Call, peer: str, code: grpc.StatusCode, error: ServiceError | None) -> None:
    """Log a call that has just ended."""
    if not _log.isEnabledFor(logging.INFO):
        return
    fields = {
        "method": call.method,
        "code": code.name,
        "duration_ms": round((time.monotonic() - call.begun) * 1000, 3),
        "peer": peer,
        "call_id": call.call_id,
    }
    if error is not None:
        fields["reason"] = status.reason_name(error)
        fields["error"] = error.message[:_ERROR_CHARACTERS]
    # Where in the code a line was written is the same for all calls, and costs as much as the rest to find.
    _log.handle(_log.makeRecord(_log.name, logging.INFO, "", 0, "call", (), None, extra=fields))
