"""Pages (AIP-158, AIP-132): the order of a list, and the tokens that continue it.

A token says where the page ended: the value of the ordering field and the row's uid. It is bound to its query by a
digest over every other field of the request. The digest tells damage and mix-ups; it is no authority, and needs none:
a token can only name a place in a list that its holder may read anyway.
"""

import base64
import copy
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import orjson

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session.v1.event_service_pb2 import GetStateRequest, ListEventsRequest
from activity_session.v1.memory_service_pb2 import ListMemoriesRequest
from activity_session.v1.namespace_service_pb2 import ListNamespacesRequest
from activity_session.v1.participant_service_pb2 import ListParticipantsRequest
from activity_session.v1.session_service_pb2 import ListSessionsRequest, PurgeSessionsRequest
from activity_session_server.rules.errors import ServiceError, invalid_field
from activity_session_server.rules.limits import INT64, Limits

DEFAULT_PAGE_SIZE = 50
# The first is the default.
ORDER_FIELDS = ("name", "create_time", "update_time")
SESSION_ORDER_FIELDS = (*ORDER_FIELDS, "last_event_time")
_DIGEST_BYTES = 9
_UID = re.compile(r"[a-z0-9_-]{0,64}")
# A position is an id of at most 255 characters and a uid, in JSON and base64.
_TOKEN_BYTES = 4096


class Order(NamedTuple):
    """By which field a list is sorted, and in which direction."""

    field: str
    descending: bool


class Position(NamedTuple):
    """Where a page ended: the ordering field's value as text, and the uid of the row, or of its owner."""

    value: str
    uid: str


ListRequest = (
    GetStateRequest
    | ListEventsRequest
    | ListMemoriesRequest
    | ListNamespacesRequest
    | ListParticipantsRequest
    | ListSessionsRequest
    | PurgeSessionsRequest
)


class Page(NamedTuple):
    """Which part of a list is asked for. With a filter, it looks at no more than `filter_rows` rows."""

    size: int
    filter_rows: int
    order: Order
    after: Position | None


def page_of(request: ListRequest, limits: Limits, fields: Sequence[str] = ORDER_FIELDS) -> Page:
    """The page that a List request asks for; a size of 0 is the default, one over the limit is the limit.

    `fields` are those that the list can be ordered by; by the first one when the request does not say.

    Raises:
        ServiceError: INVALID_FIELD for order_by, INVALID_PAGE_TOKEN for page_token.
    """
    size = min(request.page_size or DEFAULT_PAGE_SIZE, limits.page_size)
    order = parse_order(getattr(request, "order_by", ""), fields)
    return Page(size, limits.filter_rows, order, _decode(request, order))


def parse_order(text: str, fields: Sequence[str]) -> Order:
    """The order that an `order_by` asks for: one field, and `desc` for the reverse."""
    words = text.split()
    if not words:
        return Order(fields[0], descending=False)
    direction = words[1:]
    if words[0] not in fields or direction not in ([], ["asc"], ["desc"]):
        raise invalid_field(
            "order_by",
            f"is not one of {', '.join(fields)}, alone or followed by asc or desc",
            text,
        )
    return Order(words[0], direction == ["desc"])


def most_bytes(limits: Limits) -> int:
    """The bytes that the resources of a page may have together, which leaves room for the token."""
    return limits.response_bytes - _TOKEN_BYTES


def next_token(request: ListRequest, position: Position | None) -> str:
    """The token that continues a list after `position`; empty when there is no more."""
    if position is None:
        return ""
    payload = orjson.dumps(tuple(position))
    return _base64(digest_of(request, payload) + payload)


def _decode(request: ListRequest, order: Order) -> Position | None:
    if not request.page_token:
        return None
    raw = _unbase64(request.page_token)
    digest, payload = raw[:_DIGEST_BYTES], raw[_DIGEST_BYTES:]
    position = _position(payload, order) if digest == digest_of(request, payload) else None
    if position is None:
        raise stale_token()
    return position


def stale_token() -> ServiceError:
    """The error for a token that does not continue the list that is asked for."""
    return ServiceError(
        ErrorReason.ERROR_REASON_INVALID_PAGE_TOKEN,
        "page_token: it was not given out for this query; start again without one",
        metadata={"field": "page_token"},
    )


def _is_time(text: str) -> bool:
    return datetime.fromisoformat(text).tzinfo is None


def _is_sequence(text: str) -> bool:
    return text.isascii() and text.isdecimal() and int(text) < INT64


# What a position's value must be like, where the ordering field is not a text.
_IS_VALUE: Mapping[str, Callable[[str], bool]] = {
    "create_time": _is_time,
    "update_time": _is_time,
    "last_event_time": _is_time,
    "sequence": _is_sequence,
}


def _is_value(order: Order, text: str) -> bool:
    check = _IS_VALUE.get(order.field)
    return "\0" not in text and (check is None or check(text))


def _position(payload: bytes, order: Order) -> Position | None:
    """The position in a payload; None for one that was made up, since anybody can make the digest too."""
    try:
        # Unlike json, it refuses texts that are not Unicode, and nesting that would end the stack.
        match orjson.loads(payload):
            case [str(value), str(uid)] if _UID.fullmatch(uid) and _is_value(order, value):
                return Position(value, uid)
            case _:
                return None
    except ValueError:
        return None


def _unbase64(text: str) -> bytes:
    """The bytes of a text in base64; none for any text that is not the one spelling of its bytes."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return b""
    return raw if _base64(raw) == text else b""


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def digest_of(request: ListRequest, payload: bytes) -> bytes:
    """What binds the payload of a token to its query."""
    query = copy.copy(request)
    query.ClearField("page_size")
    query.ClearField("page_token")
    if isinstance(query, PurgeSessionsRequest):
        query.ClearField("request_id")
    kind = request.DESCRIPTOR.full_name.encode()
    text = kind + b"\0" + query.SerializeToString(deterministic=True) + b"\0" + payload
    return hashlib.blake2s(text, digest_size=_DIGEST_BYTES, person=b"page").digest()
