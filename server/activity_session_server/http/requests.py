"""A request that has come as JSON, and becomes a message where a handler reads it.

That is late on purpose: who may not call at all has nothing parsed, and what is wrong with a request is an error of its
call, with a line in the log.
"""

import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

from google.protobuf.message import Message

from activity_session_server.http import parsing, query
from activity_session_server.http.bindings import Binding
from activity_session_server.rules.errors import invalid, invalid_field
from activity_session_server.rules.limits import Limits
from activity_session_server.rules.problems import Violation, too_large

R = TypeVar("R", bound=Message)
_ALL = "*"
# For zlib: the format of gzip.
_GZIP = 31


class Body(NamedTuple):
    """The body of a request: `size` bytes have been announced or have come. One that is too long is not `whole`."""

    raw: bytes
    size: int
    is_gzip: bool = False
    is_whole: bool = True


NO_BODY = Body(b"", 0)


class Conditions(NamedTuple):
    """The headers that mean fields: `If-Match` the etag, `Idempotency-Key` the request id, `Last-Event-ID` a place."""

    if_match: str = ""
    idempotency_key: str = ""
    last_event_id: str = ""


class JsonRequest:
    """An `edge.Unread`: what a binding takes from the path, the query, the body and the headers."""

    def __init__(
        self, binding: Binding, segments: Sequence[str], query: bytes, body: Body, conditions: Conditions
    ) -> None:
        self._binding = binding
        self._segments = segments
        self._query = query
        self._body = body
        self._conditions = conditions

    def __len__(self) -> int:
        return self._body.size

    def read(self, request_type: type[R], limits: Limits) -> R:
        """The message.

        Raises:
            ServiceError: INVALID_FIELD, LIMIT_EXCEEDED.
        """
        request = request_type()
        body = self._binding.body
        if self._body.raw:
            if not body:
                raise invalid_field("request", "this method takes no body")
            value = parsing.parsed(inflated(self._body, limits), limits)
            parsing.merge(_body_of(request, body), value, body.removeprefix(_ALL))
        if self._query:
            query.merge(request, self._query, self._elsewhere(request), body.removeprefix(_ALL))
        for variable in self._binding.variables:
            _set(request, variable.field, self._binding.value(variable, self._segments), "that of the path")
        self._heed(request)
        return request

    def _elsewhere(self, request: Message) -> set[str]:
        """The fields that cannot be in the query."""
        body = self._binding.body
        if body == _ALL:
            return set(request.DESCRIPTOR.fields_by_name)
        # Of a field that the path has a part of, the others may be in the query.
        return {body, *(variable.field[0] for variable in self._binding.variables if len(variable.field) == 1)}

    def _heed(self, request: Message) -> None:
        """Set the fields that headers mean, where the RPC has them."""
        given = self._conditions
        fields = request.DESCRIPTOR.fields_by_name
        if given.idempotency_key and "request_id" in fields:
            _set(request, ("request_id",), given.idempotency_key.strip('"'), "the Idempotency-Key")
        if given.if_match not in ("", _ALL):
            self._heed_etag(request, given.if_match)
        if given.last_event_id and "after_sequence" in fields:
            # A reader that comes back does so at its first address, of which the place is older.
            request.ClearField("after_sequence")
            parsing.merge_field(request, fields["after_sequence"], given.last_event_id, "Last-Event-ID")

    def _heed_etag(self, request: Message, etag: str) -> None:
        path = _etag_path(request, self._binding)
        if path is None:
            if self._binding.method == "GET":
                return
            raise invalid_field("If-Match", "this method takes no etag")
        if "," in etag:
            raise invalid_field("If-Match", "it must be one etag")
        _set(request, path, etag, "that of If-Match")


def inflated(body: Body, limits: Limits) -> bytes:
    """The bytes of a body, decompressed if need be.

    Raises:
        ServiceError: INVALID_FIELD, LIMIT_EXCEEDED.
    """
    if not body.is_gzip:
        return body.raw
    most = limits.request_bytes
    inflater = zlib.decompressobj(_GZIP)
    try:
        inflated = inflater.decompress(body.raw, most + 1)
    except zlib.error:
        inflated = b""
    if len(inflated) > most:
        raise invalid([Violation("request", too_large("the request", most, len(inflated), "bytes or more"))])
    if not inflater.eof or inflater.unused_data:
        raise invalid_field("request", "it is not in the format of gzip")
    return inflated


def _body_of(request: Any, body: str) -> Message:
    """The message that a body is."""
    if body == _ALL:
        whole: Message = request
        return whole
    part: Message = getattr(request, body)
    # It is there, also with nothing in it.
    part.SetInParent()
    return part


def _etag_path(request: Message, binding: Binding) -> tuple[str, ...] | None:
    """Where a request has the etag of what it changes, if it changes something that is there."""
    fields = request.DESCRIPTOR.fields_by_name
    if "etag" in fields:
        return ("etag",)
    body = binding.body
    field: Any = fields.get(body) if binding.method == "PATCH" else None
    return (body, "etag") if field is not None and "etag" in field.message_type.fields_by_name else None


def _set(request: Any, path: Sequence[str], value: str, what: str) -> None:
    """Set a text; one that is there already must be the same."""
    *parents, last = path
    for name in parents:
        request = getattr(request, name)
    if getattr(request, last) not in ("", value):
        raise invalid_field(".".join(path), f"it is not {what}")
    setattr(request, last, value)
