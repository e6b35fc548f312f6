"""Responses: messages as ProtoJSON, and errors as AIP-193 has them in JSON."""

import gzip
from typing import Any, NamedTuple, Protocol

import grpc
import orjson
from google.protobuf import json_format
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from starlette.types import Message as ASGIMessage
from starlette.types import Send

from activity_session_server.http.contexts import HttpContext
from activity_session_server.rpc.edge import CALL_ID_KEY
from activity_session_server.store.codec.encoded import Encoded

Headers = list[tuple[bytes, bytes]]
# As the comments of google.rpc.Code have it.
_HTTP_CODES = {
    grpc.StatusCode.OK: 200,
    grpc.StatusCode.CANCELLED: 499,
    grpc.StatusCode.UNKNOWN: 500,
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.ALREADY_EXISTS: 409,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.FAILED_PRECONDITION: 400,
    grpc.StatusCode.ABORTED: 409,
    grpc.StatusCode.OUT_OF_RANGE: 400,
    grpc.StatusCode.UNIMPLEMENTED: 501,
    grpc.StatusCode.INTERNAL: 500,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.DATA_LOSS: 500,
}
CODES = {code.value[0]: code for code in grpc.StatusCode}
# Bytes from which on it pays to compress, and how much: more takes much longer for little.
_LEAST_GZIPPED, _GZIP_LEVEL = 1024, 5
# Responses are of their caller, and may not be what is there the next time.
KEPT = [(b"cache-control", b"no-cache")]
CLOSE = (b"connection", b"close")
JSON = b"application/json"


class Response(NamedTuple):
    """What is sent."""

    code: int
    headers: Headers
    body: bytes


class Form(Protocol):
    """How the responses of a call are written."""

    def of_message(self, response: Message | Encoded[Any], kind: type[Message], context: HttpContext) -> Response:
        """The response of a call that has succeeded; `kind` is the type of the message."""

    def of_status(self, status: Status, *, http_code: int = 0, headers: Headers | None = None) -> Response:
        """The response of an error; the code of HTTP is that of the status unless another one is given."""


class Json(NamedTuple):
    """ProtoJSON; what a client says of it: that it may be compressed, and which response the client has."""

    takes_gzip: bool = False
    if_none_match: str = ""

    def of_message(self, response: Message | Encoded[Any], kind: type[Message], context: HttpContext) -> Response:
        """As `Form`: a resource has its etag in a header too."""
        message = message_of(response, kind)
        headers = KEPT + call_id(context)
        if etag := getattr(message, "etag", ""):
            headers.append((b"etag", etag.encode("latin-1")))
            if matches(self.if_none_match, etag):
                return Response(304, headers, b"")
        return with_body(200, headers, JSON, json_of(message), takes_gzip=self.takes_gzip)

    def of_status(self, status: Status, *, http_code: int = 0, headers: Headers | None = None) -> Response:
        """As `Form`."""
        given = KEPT + (headers or []) + headers_of(status)
        body = error_json(status, http_code)
        return with_body(http_code or http_code_of(status), given, JSON, body, takes_gzip=self.takes_gzip)


def of_error(context: HttpContext, form: Form) -> Response:
    """The response of a call that has failed."""
    return form.of_status(context.status, headers=call_id(context))


def message_of(response: Message | Encoded[Any], kind: type[Message]) -> Message:
    """The message that a handler has returned."""
    return kind.FromString(response.raw) if isinstance(response, Encoded) else response


def json_of(message: Message) -> bytes:
    """A message as ProtoJSON, in one line."""
    return orjson.dumps(json_format.MessageToDict(message))


def http_code_of(status: Status) -> int:
    """The code of HTTP for that of a status."""
    return _HTTP_CODES[CODES[status.code]]


def headers_of(status: Status) -> Headers:
    """The headers that say what is to be done about an error."""
    found: Headers = []
    if CODES[status.code] is grpc.StatusCode.UNAUTHENTICATED:
        found.append((b"www-authenticate", b"Bearer"))
    if (seconds := _retry_seconds(status)) is not None:
        found.append((b"retry-after", str(seconds).encode()))
    return found


def error_json(status: Status, http_code: int = 0) -> bytes:
    """An error as JSON (AIP-193)."""
    code = CODES[status.code]
    details = json_format.MessageToDict(status).get("details", [])
    error = {
        "code": http_code or http_code_of(status),
        "message": status.message,
        "status": code.name,
        "details": details,
    }
    return orjson.dumps({"error": error})


def matches(given: str, etag: str) -> bool:
    """Whether If-None-Match has an etag; weak ones count too (RFC 9110, 13.1.2)."""
    return given.strip() == "*" or etag in (one.strip().removeprefix("W/") for one in given.split(","))


async def send(asgi_send: Send, response: Response) -> None:
    """Send a response."""
    await asgi_send({"type": "http.response.start", "status": response.code, "headers": response.headers})
    await asgi_send({"type": "http.response.body", "body": response.body})


def closing(asgi_send: Send) -> Send:
    """What sends a response after which the connection is closed: what comes on it is not the next request."""

    async def send_and_close(message: ASGIMessage) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], CLOSE]
        await asgi_send(message)

    return send_and_close


def with_body(code: int, headers: Headers, kind: bytes, body: bytes, *, takes_gzip: bool) -> Response:
    """A response with a body of a media type, in gzip where that is taken and pays."""
    headers = [*headers, (b"content-type", kind), (b"vary", b"accept-encoding")]
    if takes_gzip and len(body) >= _LEAST_GZIPPED:
        body = gzip.compress(body, _GZIP_LEVEL, mtime=0)
        headers.append((b"content-encoding", b"gzip"))
    return Response(code, [*headers, (b"content-length", str(len(body)).encode())], body)


def call_id(context: HttpContext) -> Headers:
    """The header with the id of a call, if it has one yet."""
    found = context.trailing(CALL_ID_KEY)
    return [(CALL_ID_KEY.encode(), found.encode())] if found else []


def _retry_seconds(status: Status) -> int | None:
    """After how many seconds it makes sense to try again, if that is known."""
    info = RetryInfo()
    for detail in status.details:
        if detail.Unpack(info):
            seconds: int = info.retry_delay.seconds + (info.retry_delay.nanos > 0)
            return seconds
    return None
