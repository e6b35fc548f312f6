"""The audit log: a line for each call that may change something, and for each that a caller may not make.

It says who has called, about what, and how that ended; never what stands in a request or a response.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import grpc
import orjson

from activity_session_server.rpc import status
from activity_session_server.rules.access.permissions import may_write
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import ServiceError

_DENIED = (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)


class AuditLog:
    """What of all calls is kept for an audit; `append` writes a line."""

    def __init__(self, append: Callable[[bytes], None]) -> None:
        self._append = append

    def write(
        self, call: Call, code: grpc.StatusCode, error: ServiceError | None = None, response: object = None
    ) -> None:
        """Note how a call has ended, if that belongs here; the line is written when this returns."""
        if not (call.writes or may_write(call.method) or code in _DENIED):
            return
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(time.time(), UTC),
            "subject": call.caller.subject,
            "method": call.method,
            # What is made under an id of the server's is named by the response only.
            "resource": getattr(response, "name", "") or call.resource,
            "code": code.name,
        }
        if error is not None:
            fields["reason"] = status.reason_name(error)
        fields["call_id"] = call.call_id
        fields["peer"] = call.peer
        # A call that has expunged many has a line for each, with its own.
        names = (*getattr(response, "expunged", ()), fields["resource"])
        self._append(b"".join(orjson.dumps({**fields, "resource": name}) + b"\n" for name in names))
