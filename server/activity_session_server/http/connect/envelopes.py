"""Envelopes: what is before each message of a stream, a byte of flags and four of the length."""

import struct

from activity_session_server.http.requests import Body
from activity_session_server.rules.errors import invalid_field

_HEAD = struct.Struct(">BI")
_COMPRESSED, _END = 1, 2


def sealed(message: bytes, *, is_last: bool = False) -> bytes:
    """A message in its envelope; the last one says how the stream has ended."""
    return _HEAD.pack(_END if is_last else 0, len(message)) + message


def opened(body: Body, *, takes_gzip: bool) -> Body:
    """The one message that is in the body of a request; `takes_gzip` where the request says that some are compressed.

    Raises:
        ServiceError: INVALID_FIELD.
    """
    flags, length = _HEAD.unpack(body.raw[: _HEAD.size]) if body.size >= _HEAD.size else (0, -1)
    if length != body.size - _HEAD.size or flags & ~_COMPRESSED:
        raise invalid_field("request", "it is not one message in an envelope")
    is_gzip = bool(flags & _COMPRESSED)
    if is_gzip and not takes_gzip:
        raise invalid_field("request", "it is compressed, and Connect-Content-Encoding does not say how")
    return Body(body.raw[_HEAD.size :], length, is_gzip)
