"""Calls that are written once, for both kinds of channels."""

import functools
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, TypeVar

import grpc
import grpc.aio

AnyChannel = grpc.Channel | grpc.aio.Channel
P = ParamSpec("P")
T = TypeVar("T")


async def done(made: T | Awaitable[T]) -> T:
    """Return what a stub has returned: the response, or with asyncio what it comes from."""
    return await made if inspect.isawaitable(made) else made


def finished(steps: Coroutine[Any, Any, T]) -> T:
    """Run steps on a channel without asyncio, where nothing is left to wait for."""
    try:
        steps.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    steps.close()
    raise TypeError("this channel is for asyncio: use activity_session.aio")


def blocking(
    steps: Callable[Concatenate[AnyChannel, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[grpc.Channel, P], T]:
    """Make the function without asyncio of the one with it."""

    @functools.wraps(steps)
    def run(channel: grpc.Channel, /, *args: P.args, **options: P.kwargs) -> T:
        return finished(steps(channel, *args, **options))

    return run
