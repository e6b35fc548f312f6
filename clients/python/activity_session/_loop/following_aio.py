"""Following a session from the read mark of a member on, with asyncio."""

from collections.abc import AsyncIterator
from typing import Any

import grpc.aio

from activity_session import v1
from activity_session._disconnects import OnDisconnect
from activity_session._loop.reading import OnMark, Reading
from activity_session._watching_aio import watch


class Follow(AsyncIterator[v1.Event]):
    """Iterates over events as `activity_session.Follow` does."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._closed = False

    async def __anext__(self) -> v1.Event:
        event = None if self._closed else await self._reading.next()
        if event is None:
            raise StopAsyncIteration
        return event

    async def aclose(self) -> None:
        """End the iteration. The event that was returned last stays unread."""
        self._closed = True
        if self._reading.watch is not None:
            await self._reading.watch.aclose()


def follow(
    channel: grpc.aio.Channel,
    session: str,
    participant: str,
    *,
    skip_own: bool = False,
    on_mark: OnMark | None = None,
    on_disconnect: OnDisconnect | None = None,
) -> Follow:
    """Follow a session as `activity_session.follow` does. To end it, cancel the task or call `aclose`.

    `on_mark` and `on_disconnect` are called in the event loop, and must not block.
    """
    reading = Reading(
        channel,
        watch,
        _pull,
        session=session,
        participant=participant,
        skip_own=skip_own,
        on_mark=on_mark,
        on_disconnect=on_disconnect,
    )
    return Follow(reading)


def _pull(messages: Any) -> Any:
    return anext(messages, None)
