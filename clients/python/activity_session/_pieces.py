"""Bytes of any size in events: what is too large for one is spread over events before it.

A piece is known by the SHA-256 of the whole, so that a retry, or the same bytes at another time, adds none.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from activity_session import content, v1
from activity_session._calls import Calls

_Message = TypeVar("_Message", v1.Event, v1.ImportedEvent)

TYPE = "piece"
LABEL = "pieces"
"""On the event that the pieces belong to: the SHA-256 and how many there are."""

# 1 MiB is what an event may have, 3 MiB a call, and 4 MiB a response, unless a server says otherwise.
_PIECE_BYTES = 768 * 1024
_PIECES_OF_A_RESPONSE = 4
_CALL_BYTES = 2560 * 1024
_CALL_EVENTS = 100


def fitted(event: v1.Event, parts: Sequence[content.Part], native: content.Native) -> list[v1.Event]:
    """Write an event, and return it after the pieces of what is native, if that is too large for it.

    Parts that are too large as well are left out.

    Raises:
        TypeError, ValueError: a part is not JSON.
    """
    if _fits(content.write(event, parts, native)):
        return [event]
    if not _fits(content.write(event, parts)):
        content.write(event, [])
    return split(event, native.data)


def split(event: v1.Event, data: bytes) -> list[v1.Event]:
    """Label an event with pieces of these bytes, and return it after them."""
    digest = hashlib.sha256(data).hexdigest()
    blobs = [data[at : at + _PIECE_BYTES] for at in range(0, len(data), _PIECE_BYTES)]
    event.labels[LABEL] = f"{digest}.{len(blobs)}"
    return [*(v1.Event(event_id=f"{digest}.{n}", type=TYPE, blob=blob) for n, blob in enumerate(blobs)), event]


def is_large(data: bytes) -> bool:
    """Whether these bytes are too large for the blob of an event."""
    return len(data) > _PIECE_BYTES


async def native_of(call: Calls, event: v1.Event, format_: str) -> bytes | None:
    """Return what an event has for programs of a framework; None if that is nothing."""
    if LABEL in event.labels:
        return await joined(call, event)
    return content.native_of(event, format_)


async def joined(call: Calls, event: v1.Event) -> bytes:
    """Return the bytes that an event has pieces of."""
    digest, _, count = event.labels[LABEL].rpartition(".")
    session, _, _ = event.name.rpartition("/events/")
    wanted = [f"{session}/events/{digest}.{n}" for n in range(int(count))]
    blobs = []
    for at in range(0, len(wanted), _PIECES_OF_A_RESPONSE):
        request = v1.BatchGetEventsRequest(parent=session, names=wanted[at : at + _PIECES_OF_A_RESPONSE])
        blobs += [piece.blob for piece in (await call(call.events.BatchGetEvents, request)).events]
    return b"".join(blobs)


def batches(events: Iterable[_Message]) -> Iterator[list[_Message]]:
    """Yield the events in their order, as many at a time as a call may have."""
    batch: list[_Message] = []
    size = 0
    for event in events:
        if batch and (len(batch) == _CALL_EVENTS or size + event.ByteSize() > _CALL_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += event.ByteSize()
    if batch:
        yield batch


def _fits(event: v1.Event) -> bool:
    return len(event.text.encode()) <= _PIECE_BYTES
