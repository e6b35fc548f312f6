"""Holding the turn with asyncio, for as long as a block takes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Any, Unpack

import grpc.aio

from activity_session import v1
from activity_session._loop.append import EventOptions, append_json, append_text
from activity_session._loop.held import Held
from activity_session._loop.lease import Lease
from activity_session.errors import Error


class Turn(Held):
    """A turn that is held.

    Attributes:
        lost: set when the turn is lost; the task of the block is cancelled then.
    """

    def __init__(self, channel: grpc.aio.Channel, lease: Lease) -> None:
        super().__init__(channel, lease)
        self.lost = asyncio.Event()

    async def append_text(self, text: str, **options: Unpack[EventOptions]) -> v1.Event:
        """Append a text by the holder, as `append_text` does with the token; raise `TurnLost` once the turn is lost."""
        return await self._append(append_text, text, options)

    async def append_json(self, value: Any, **options: Unpack[EventOptions]) -> v1.Event:
        """Append a value as JSON by the holder, as `append_json` does with the token."""
        return await self._append(append_json, value, options)

    def _lose(self, failure: Error) -> None:
        self._failure = failure
        self.lost.set()

    async def _keep(self, block: asyncio.Task[Any]) -> None:
        """Renew the turn until it is lost; then cancel the task of the block."""
        while True:
            await asyncio.sleep(self._lease.pause())
            if failure := await self._lease.renew():
                self._lose(failure)
                block.cancel()
                return


@contextlib.asynccontextmanager
async def turn(
    channel: grpc.aio.Channel,
    session: str,
    participant: str,
    ttl: float = 30.0,
    *,
    timeout: float | None = None,  # noqa: ASYNC109 - the deadline of a call, which the server waits for too
) -> AsyncIterator[Turn]:
    """Hold the turn of a session during a block, as `activity_session.turn` does, and renew it in a task.

    When the turn is lost, the block is cancelled, and `TurnLost` is raised in place of the CancelledError, as by
    `asyncio.timeout`. A block that is cancelled from outside hands the turn back too.
    """
    lease = Lease(channel, session, participant, ttl)
    held = Turn(channel, lease)
    try:
        await lease.acquire(timeout)
        async with _kept(held):
            yield held
    finally:
        if lease.token and not held.lost.is_set() and (failure := await _to_its_end(lease.release())):
            held._lose(failure)  # noqa: SLF001
    held.check()


@contextlib.asynccontextmanager
async def _kept(held: Turn) -> AsyncIterator[None]:
    block = asyncio.current_task()
    assert block is not None  # noqa: S101
    cancelled_before = block.cancelling()
    keeping = _task(held._keep(block))  # noqa: SLF001
    try:
        yield
    except asyncio.CancelledError:
        if held.lost.is_set() and block.uncancel() <= cancelled_before:
            held.check()
        raise
    finally:
        keeping.cancel()


async def _to_its_end(release: Coroutine[Any, Any, Error | None]) -> Error | None:
    """Await the release, which has a limit of its own, also if the task is cancelled once more meanwhile."""
    releasing = _task(release)
    try:
        return await asyncio.shield(releasing)
    except asyncio.CancelledError:
        await asyncio.wait([releasing])
        raise


def _task(steps: Any) -> asyncio.Task[Any]:
    return asyncio.get_running_loop().create_task(steps)
