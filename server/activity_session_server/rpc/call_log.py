"""The log of calls: one line for each."""

import logging
import time
from typing import Any

import grpc

from activity_session_server.rpc import status
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import ServiceError

_ERROR_CHARACTERS = 500
_log = logging.getLogger("activity_session.call")


class _Line(logging.LogRecord):
    """The record of a call. What is the same for all of them is made once: the thread, and the place in the code."""

    _same = logging.LogRecord(_log.name, logging.INFO, "", 0, "call", (), None).__dict__

    def __init__(self, fields: dict[str, Any]) -> None:
        self.__dict__.update(self._same, created=time.time(), fields=fields)


def write(call: Call, code: grpc.StatusCode, error: ServiceError | None) -> None:
    """Log a call that has just ended."""
    if not _log.isEnabledFor(logging.INFO):
        return
    fields = {
        "method": call.method,
        "code": code.name,
        "duration_ms": round((time.monotonic() - call.begun) * 1000, 3),
        "peer": call.peer,
        "call_id": call.call_id,
    }
    if error is not None:
        fields["reason"] = status.reason_name(error)
        fields["error"] = error.logged[:_ERROR_CHARACTERS]
    _log.handle(_Line(fields))
