"""The log of calls: one line for each."""

import logging
import time
from typing import Any

import grpc

from activity_session_server.rpc import status
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import ServiceError

# No name of a resource is longer.
_RESOURCE_CHARACTERS = 1000
_ERROR_CHARACTERS = 500
_log = logging.getLogger("activity_session.call")


class _Line(logging.LogRecord):
    """The record of a call. What is the same for all of them is made once: the thread, and the place in the code."""

    _same = logging.LogRecord(_log.name, logging.INFO, "", 0, "call", (), None).__dict__

    def __init__(self, fields: dict[str, Any]) -> None:
        self.__dict__.update(self._same, created=time.time(), fields=fields)


def begin(call: Call) -> None:
    """Log that a call begins, at the level debug: one that hangs has no other line."""
    if _log.isEnabledFor(logging.DEBUG):
        fields = {"method": call.method, "resource": call.resource[:_RESOURCE_CHARACTERS], "call_id": call.call_id}
        _log.debug("a call begins", extra={"fields": {**fields, "subject": call.caller.subject}})


def write(call: Call, code: grpc.StatusCode, error: ServiceError | None) -> None:
    """Log a call that has just ended."""
    if not _log.isEnabledFor(logging.INFO):
        return
    fields: dict[str, Any] = {"method": call.method, "code": code.name}
    if call.caller.subject:
        fields["subject"] = call.caller.subject
    if call.resource:
        fields["resource"] = call.resource[:_RESOURCE_CHARACTERS]
    fields["duration_ms"] = round((time.monotonic() - call.begun) * 1000, 3)
    fields["peer"] = call.peer
    fields["call_id"] = call.call_id
    if call.trace_id:
        fields["trace_id"] = call.trace_id
        if call.trace is not None:
            fields["span_id"] = call.trace.span_id
    if error is not None:
        fields["reason"] = status.reason_name(error)
        fields["error"] = error.logged[:_ERROR_CHARACTERS]
    _log.handle(_Line(fields))
