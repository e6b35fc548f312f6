"""The helpers of the everyday loop for asyncio, as ../README.md has them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from queue import SimpleQueue
from typing import Any

from loop import Line, arguments, follow_options, options, shown, told, turn_options

from activity_session import aio


async def lines(channel: Any, command: Line) -> AsyncIterator[Line]:
    """Do what a command says, and return what is to be written."""
    if command["loop"] in ("turn", "follow"):
        async with aclosing(_WITH_EVENTS[command["loop"]](channel, command)) as written:
            async for line in written:
                yield line
    elif "name" in command:
        yield await _state(aio.SharedState(channel, command["name"]), command)
    else:
        yield shown(await getattr(aio, command["loop"])(channel, *arguments(command), **options(command)))


async def _turn(channel: Any, command: Line) -> Any:
    async with aio.turn(channel, **turn_options(command)) as turn:
        yield {"token": turn.token}
        if "text" in command:
            yield shown(await turn.append_text(command["text"]))
        await asyncio.Event().wait()


async def _follow(channel: Any, command: Line) -> Any:
    marks: SimpleQueue[Any] = SimpleQueue()
    async with aclosing(aio.follow(channel, **follow_options(command, marks))) as events:
        async for event in events:
            for line in told(marks):
                yield line
            yield shown(event)
            if event.sequence == command.get("leave_at"):
                return


_WITH_EVENTS = {"turn": _turn, "follow": _follow}


async def _state(state: aio.SharedState, command: Line) -> Line:
    key, value = command["key"], command.get("value")
    if command["loop"] == "set":
        return {"revision": await state.set(key, value, expected_revision=command.get("expected_revision"))}
    got = await (
        state.get(key) if command["loop"] == "get" else state.update(key, lambda items: [*(items or []), value])
    )
    return got._asdict()
