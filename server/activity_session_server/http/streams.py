"""Calls that get their response later, or in many messages: WatchSession as server-sent events, and an AcquireTurn.

The threads of `live` send the messages, one at a time: each waits until the loop has sent its message on, and the
client has room for more. In between a call holds no thread.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from typing import Any, Protocol

from google.protobuf import message_factory
from google.rpc.status_pb2 import Status
from starlette.types import Receive, Send

from activity_session_server.http import responses
from activity_session_server.http.contexts import HttpContext
from activity_session_server.http.responses import Form, Json
from activity_session_server.rpc import status
from activity_session_server.rpc.edge import LONGEST_WAIT, Raw
from activity_session_server.rpc.handlers import Rpc
from activity_session_server.rules.errors import deadline_exceeded
from activity_session_server.store.codec.encoded import Encoded

# Seconds without a message after which a comment shows that the connection is there.
HEARTBEAT = 15.0
_PLAIN = Json()
_EVENTS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    # A proxy would gather events before it sends them on.
    (b"x-accel-buffering", b"no"),
]


class Events(Protocol):
    """How a stream of server-sent events is written."""

    def of_message(self, message: bytes) -> bytes:
        """The events of a message; of one thread at a time."""

    def of_end(self, status: Status) -> bytes:
        """The events that say how a call has ended."""


class Messages:
    """`Events` that are the messages of a watch themselves, as JSON."""

    def __init__(self, kind: type[Any]) -> None:
        self._kind = kind

    def of_message(self, message: bytes) -> bytes:
        """One, of which the id is the place after which to go on."""
        made = self._kind.FromString(message)
        sequence = made.event.sequence or made.mark.sequence or made.bookmark.last_sequence
        place = b"id: %d\n" % sequence if sequence else b""
        return place + b"data: " + responses.json_of(made) + b"\n\n"

    def of_end(self, status: Status) -> bytes:
        """The error that has ended a watch, if there was one."""
        return b"event: error\ndata: " + responses.error_json(status) + b"\n\n" if status.code else b""


class Outgoing:
    """What the threads of a call send, which the loop takes one after the other."""

    def __init__(self, loop: asyncio.AbstractEventLoop, encode: Callable[[bytes], bytes]) -> None:
        """`encode` makes of a message, in the thread that sends it, what the loop takes."""
        self._loop = loop
        self._encode = encode
        # All below is used by the loop only.
        self._queue: asyncio.Queue[tuple[bytes | None, Future[None] | None]] = asyncio.Queue()
        self._taken: Future[None] | None = None
        self._is_closed = False

    def send(self, message: bytes | None) -> None:
        """Send a message, and wait until it is taken, or nobody takes any more; None is the end, which nobody takes.

        To be called by threads, not by the loop.
        """
        taken: Future[None] | None = None if message is None else Future()
        part = None if message is None else self._encode(message)
        # At the end of a server the loop may have been closed.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._put, part, taken)
            if taken is not None:
                taken.result()

    async def next(self) -> bytes | None:
        """The next message; None after the last one. The one before it counts as taken from now on."""
        self._let_go()
        message, self._taken = await self._queue.get()
        return message

    def close(self) -> None:
        """Take no more: who sends waits for nothing, and `next` returns None."""
        self._is_closed = True
        self._let_go()
        while not self._queue.empty():
            _, self._taken = self._queue.get_nowait()
            self._let_go()
        self._queue.put_nowait((None, None))

    def _put(self, message: bytes | None, taken: Future[None] | None) -> None:
        if not self._is_closed:
            self._queue.put_nowait((message, taken))
        elif taken is not None:
            taken.set_result(None)

    def _let_go(self) -> None:
        taken, self._taken = self._taken, None
        if taken is not None:
            taken.set_result(None)


async def serve_one(rpc: Rpc, request: Raw, context: HttpContext, receive: Receive, send: Send, *, form: Form) -> None:
    """Send the one response of a call that may be given later."""
    async with running(rpc, request, context, receive, bytes) as outgoing:
        last = None
        while (message := await outgoing.next()) is not None:
            last = message
        if not context.is_active():
            return
        if last is None or context.status.code:
            await responses.send(send, responses.of_error(context, form))
        else:
            kind = message_factory.GetMessageClass(rpc.method.output_type)
            await responses.send(send, form.of_message(Encoded(last), kind, context))


async def serve_events(
    rpc: Rpc, request: Raw, context: HttpContext, receive: Receive, send: Send, *, events: Events
) -> None:
    """Send the messages of a call as events; an error before the first one is a response of its own."""
    async with running(rpc, request, context, receive, events.of_message) as outgoing:
        first = await outgoing.next()
        if first is not None:
            await send({"type": "http.response.start", "status": 200, "headers": _EVENTS + responses.call_id(context)})
            await send_parts(outgoing, first, context, send, heartbeat=b":\n\n", last=events.of_end)
        elif context.is_active():
            await responses.send(send, responses.of_error(context, _PLAIN))


@contextlib.asynccontextmanager
async def running(
    rpc: Rpc, request: Raw, context: HttpContext, receive: Receive, encode: Callable[[bytes], bytes]
) -> AsyncIterator[Outgoing]:
    """Have a handler run, whose messages are taken inside the block; a client that goes away ends the call."""
    outgoing = Outgoing(asyncio.get_running_loop(), encode)
    watcher = asyncio.create_task(_close_when_gone(receive, context, outgoing))
    rpc.pool.submit(lambda context: rpc.respond(request, context, outgoing.send), context)
    try:
        yield outgoing
    finally:
        watcher.cancel()
        outgoing.close()
        context.close()


async def _close_when_gone(receive: Receive, context: HttpContext, outgoing: Outgoing) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    context.close()
    outgoing.close()


async def send_parts(
    outgoing: Outgoing,
    first: bytes | None,
    context: HttpContext,
    send: Send,
    *,
    heartbeat: bytes,
    last: Callable[[Status], bytes],
) -> None:
    """Send the parts of a response that has begun, with heartbeats while there are none, until the call is over.

    The last one is made of how it has ended.
    """
    seconds = context.time_remaining()
    message = first
    try:
        async with asyncio.timeout(seconds if seconds < LONGEST_WAIT else None):
            while message is not None:
                await _send_part(send, message)
                message = await _next(outgoing, send, heartbeat)
        found = context.status
    except TimeoutError:
        found = status.status_of(deadline_exceeded(seconds))
    if context.is_active():
        await send({"type": "http.response.body", "body": last(found)})


async def _next(outgoing: Outgoing, send: Send, heartbeat: bytes) -> bytes | None:
    """The next message, with heartbeats until it comes."""
    while True:
        try:
            async with asyncio.timeout(HEARTBEAT):
                return await outgoing.next()
        except TimeoutError:
            await _send_part(send, heartbeat)


async def _send_part(send: Send, part: bytes) -> None:
    await send({"type": "http.response.body", "body": part, "more_body": True})
    # Returns once the client has room for more.
    await send({"type": "http.response.body", "body": b"", "more_body": True})
