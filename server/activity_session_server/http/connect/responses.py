"""Responses as Connect has them."""

import base64
from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson
from google.protobuf.message import Message
from google.rpc.status_pb2 import Status

from activity_session_server.http import responses
from activity_session_server.http.contexts import HttpContext
from activity_session_server.http.responses import CODES, JSON, KEPT, Headers, Response
from activity_session_server.store.codec.encoded import Encoded, serialize


class Connect(NamedTuple):
    """A `Form`: messages in JSON or in binary, whose media type is that of the request; errors in JSON."""

    media_type: bytes
    is_json: bool
    takes_gzip: bool = False

    def of_message(self, response: Message | Encoded[Any], kind: type[Message], context: HttpContext) -> Response:
        """As `Form`."""
        body = self.written(response, kind)
        headers = KEPT + responses.call_id(context)
        return responses.with_body(200, headers, self.media_type, body, takes_gzip=self.takes_gzip)

    def of_status(self, status: Status, *, http_code: int = 0, headers: Headers | None = None) -> Response:
        """As `Form`."""
        given = KEPT + (headers or []) + responses.headers_of(status)
        code = http_code or responses.http_code_of(status)
        body = orjson.dumps(error_of(status))
        return responses.with_body(code, given, JSON, body, takes_gzip=self.takes_gzip)

    def written(self, response: Message | Encoded[Any], kind: type[Message]) -> bytes:
        """A message that a handler has returned, as it is sent."""
        return responses.json_of(responses.message_of(response, kind)) if self.is_json else serialize(response)


def error_of(status: Status) -> dict[str, object]:
    """An error as JSON has it."""
    name = CODES[status.code].name.lower()
    # Connect spells one of them as HTTP does.
    code = "canceled" if name == "cancelled" else name
    return {"code": code, "message": status.message, "details": list(_details(status))}


def _details(status: Status) -> Iterator[dict[str, str]]:
    for detail in status.details:
        value = base64.b64encode(detail.value).decode().rstrip("=")
        yield {"type": detail.type_url.rpartition("/")[2], "value": value}
