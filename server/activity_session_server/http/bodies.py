"""Reads the bodies of requests: keeps no more of them than a request may have, and waits no longer than it must."""

import asyncio
from collections.abc import Collection, Mapping

from starlette.types import Receive

from activity_session_server.http.refusals import too_slow, wrong_type
from activity_session_server.http.requests import NO_BODY, Body

# Seconds for the whole of a body.
PATIENCE = 30.0
# A body over the limit is refused once it is there, as by gRPC: most clients read no response before. One that is so
# many times as long is not waited for.
_READ_FACTOR = 2
_JSON = (b"application/json",)


async def read(
    receive: Receive, headers: Mapping[bytes, bytes], most: int, media_types: Collection[bytes] = _JSON
) -> Body:
    """The body of a request, of which more than so many bytes are not kept.

    Raises:
        Refused: it is none of these media types by its headers, or does not come.
    """
    length = headers.get(b"content-length", b"")
    if not length and b"transfer-encoding" not in headers:
        return NO_BODY
    if length == b"0":
        return NO_BODY
    media_type_of(headers, media_types)
    is_gzip = _is_gzip(headers)
    if length and int(length) > _READ_FACTOR * most:
        return Body(b"", int(length), is_whole=False)
    try:
        async with asyncio.timeout(PATIENCE):
            raw, size = await _all(receive, most)
    except TimeoutError:
        raise too_slow() from None
    return Body(raw, size, is_gzip, is_whole=size <= _READ_FACTOR * most)


def media_type_of(headers: Mapping[bytes, bytes], accepted: Collection[bytes]) -> bytes:
    """The media type of a body, without its parameters.

    Raises:
        Refused: it is none of those that are accepted.
    """
    found = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if found not in accepted:
        raise wrong_type("Content-Type", b" or ".join(accepted).decode())
    return found


def _is_gzip(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a body is compressed.

    Raises:
        Refused: it is, in another way.
    """
    encoding = headers.get(b"content-encoding", b"identity").strip().lower()
    if encoding not in (b"gzip", b"identity"):
        raise wrong_type("Content-Encoding", "gzip, or none")
    return encoding == b"gzip"


async def _all(receive: Receive, most: int) -> tuple[bytes, int]:
    """What comes, as far as it is kept, and how much has come: until it ends, or is far too much."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise too_slow()
        part = message.get("body", b"")
        size += len(part)
        if size <= most:
            parts.append(part)
        if size > _READ_FACTOR * most or not message.get("more_body", False):
            return b"".join(parts), size
