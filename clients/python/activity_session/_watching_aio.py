"""Following a session with asyncio, through any number of disconnects."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import grpc.aio

from activity_session import _channels
from activity_session._disconnects import Disconnects, OnDisconnect
from activity_session._resuming import go_on_after, resumes, stream_ended
from activity_session.errors import Error
from activity_session.v1 import (
    SESSION_VIEW_UNSPECIFIED,
    SessionServiceStub,
    SessionView,
    WatchSessionRequest,
    WatchSessionResponse,
)


class Watch(AsyncIterator[WatchSessionResponse]):
    """Iterates over the messages of a session as `activity_session.Watch` does.

    Raises:
        Error: if reconnecting does not help, as after SESSION_NOT_FOUND or SESSION_DELETED.
    """

    def __init__(
        self, channel: grpc.aio.Channel, request: WatchSessionRequest, on_disconnect: OnDisconnect | None = None
    ) -> None:
        self._request = request
        disconnects = Disconnects(request.name, _channels.target_of(channel), on_disconnect)
        self._messages = _messages(channel, request, disconnects)

    @property
    def uid(self) -> str:
        """The uid of the session: that given to `watch`, or else that of the first message; empty until then."""
        return self._request.uid

    async def __anext__(self) -> WatchSessionResponse:
        return await anext(self._messages)

    async def aclose(self) -> None:
        """End the iteration. A second call changes nothing."""
        await self._messages.aclose()


def watch(
    channel: grpc.aio.Channel,
    session: str,
    after_sequence: int = 0,
    *,
    view: SessionView.ValueType = SESSION_VIEW_UNSPECIFIED,
    uid: str = "",
    show_superseded: bool = False,
    on_disconnect: OnDisconnect | None = None,
) -> Watch:
    """Follow a session as `activity_session.watch` does. To end it, cancel the task or call `aclose`.

    `on_disconnect` is called in the event loop, and must not block.
    """
    request = WatchSessionRequest(
        name=session, after_sequence=after_sequence, view=view, uid=uid, show_superseded=show_superseded
    )
    return Watch(channel, request, on_disconnect)


async def _messages(
    channel: grpc.aio.Channel, request: WatchSessionRequest, disconnects: Disconnects
) -> AsyncGenerator[WatchSessionResponse, None]:
    """Yield messages, over as many streams as it takes; the request tells at any time how the watch goes on."""
    while True:
        call: Any = SessionServiceStub(channel).WatchSession(request)
        try:
            async for message in call:
                go_on_after(message, request)
                disconnects.forget()
                yield message
            failure = stream_ended()
        except grpc.RpcError as error:
            failure = Error.of(error)
            if not resumes(failure):
                raise failure from None
        finally:
            call.cancel()
        await asyncio.sleep(disconnects.tell(failure))
