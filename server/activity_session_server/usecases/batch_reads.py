"""What the reads of several resources have in common that are named: the response has all of them, or is an error."""

from collections.abc import Sequence
from typing import Any

from activity_session.v1.event_service_pb2 import BatchGetEventsRequest
from activity_session.v1.session_service_pb2 import BatchGetSessionsRequest
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import invalid, invalid_field
from activity_session_server.rules.names import ids_of
from activity_session_server.rules.problems import Violation, too_large
from activity_session_server.store.codec import encoded
from activity_session_server.store.codec.encoded import Encoded


def ids_under(request: BatchGetEventsRequest | BatchGetSessionsRequest) -> list[str]:
    """The last ids of the names, in their order.

    Raises:
        ServiceError: INVALID_FIELD for a name that is not in the parent.
    """
    for index, name in enumerate(request.names):
        if not name.startswith(request.parent + "/"):
            raise invalid_field(f"names[{index}]", f"{name[:120]} is not in {request.parent[:120]}")
    return [ids_of(name)[-1] for name in request.names]


def response(call: Call, messages: Sequence[bytes], smaller_view: str) -> Encoded[Any]:
    """The response with the messages in their order.

    Raises:
        ServiceError: LIMIT_EXCEEDED, which names `smaller_view`: how to ask for less of each.
    """
    # Before they are put together: one may be named many times.
    check_size(call, smaller_view, sum(map(len, messages)))
    whole = encoded.page(messages)
    check_size(call, smaller_view, len(whole))
    return Encoded(whole)


def check_size(call: Call, smaller_view: str, size: int) -> None:
    """Refuse what has more bytes than a response may have.

    Raises:
        ServiceError: LIMIT_EXCEEDED.
    """
    limit = call.limits.response_bytes
    if size > limit:
        problem = too_large(f"the response (ask for fewer, or {smaller_view})", limit, size, "bytes")
        raise invalid([Violation("names", problem)])
