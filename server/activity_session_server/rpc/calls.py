"""The edges of a call: what is made of gRPC's context at its start, and of an error at its end."""

import logging
import random
import re
import time
from typing import NoReturn

import grpc

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session_server.rpc import status
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import ServiceError
from activity_session_server.rules.limits import Limits
from activity_session_server.rules.roles import Role

REQUEST_ID_KEY = "x-request-id"
# A call without a deadline of its own gets this one, in seconds, so that it cannot hold a thread for ever.
DEFAULT_DEADLINE = 30.0
# What is waited for takes no longer than this, in seconds.
LONGEST_DEADLINE = 86_400.0
# gRPC's way to say that there is no deadline is one that is further away than this, in seconds.
_DECADES = 1e9

_REQUEST_ID = re.compile(r"[!-~]{1,128}")
# Ids need only differ; of its own, so that nobody's seed can make them come again.
_ids = random.Random()  # noqa: S311
_log = logging.getLogger("activity_session.call")


def begin(method: str, context: grpc.ServicerContext, role: Role, limits: Limits, longest: float) -> Call:
    """The call of a context; its deadline is `longest` seconds away at most."""
    request_id = _given_request_id(context) or f"{_ids.getrandbits(128):032x}"
    context.set_trailing_metadata(((REQUEST_ID_KEY, request_id),))
    remaining = context.time_remaining()
    is_given = remaining is not None and remaining < _DECADES
    seconds = min(remaining, longest) if is_given else DEFAULT_DEADLINE
    return Call(request_id, method, role, time.monotonic() + seconds, limits)


def set_status(context: grpc.ServicerContext, call: Call, error: ServiceError) -> None:
    """Give a call the status of an error; the request id stays in its metadata."""
    answer = status.to_status(error)
    context.set_trailing_metadata((*answer.trailing_metadata, (REQUEST_ID_KEY, call.request_id)))
    context.set_code(answer.code)
    context.set_details(answer.details)


def abort(context: grpc.ServicerContext, call: Call, error: ServiceError) -> NoReturn:
    """End a call that is being handled with an error."""
    set_status(context, call, error)
    context.abort(status.code_of(error), status.message_of(error))


def masked(call: Call) -> ServiceError:
    """What a caller gets of the exception that is being handled: where to find it in the log, and nothing else."""
    _log.exception("unexpected error", extra={"request_id": call.request_id})
    return ServiceError(
        ErrorReason.ERROR_REASON_INTERNAL,
        f"internal error; the server's log has the details under request id {call.request_id}",
        metadata={"request_id": call.request_id},
    )


def _given_request_id(context: grpc.ServicerContext) -> str | None:
    for key, value in context.invocation_metadata() or ():
        if key == REQUEST_ID_KEY and isinstance(value, str) and _REQUEST_ID.fullmatch(value):
            return value
    return None
