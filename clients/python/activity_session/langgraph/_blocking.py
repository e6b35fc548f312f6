"""Coroutines without an event loop: those whose calls have ended when they return never wait."""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, TypeVar

import grpc

from activity_session._calls import Calls
from activity_session._requests import with_request_id
from activity_session.errors import Error

_Item = TypeVar("_Item")
_Request = TypeVar("_Request")
_Response = TypeVar("_Response")


class BlockingCalls(Calls):
    """Calls on the channel of others, which end before they return."""

    def __init__(self, calls: Calls) -> None:
        vars(self).update(vars(calls))

    async def __call__(self, method: Callable[[_Request], _Response], request: _Request) -> _Response:
        if self._is_asyncio:
            raise TypeError("a channel for asyncio has no calls that block: use the methods for asyncio, or an address")
        try:
            return method(with_request_id(request))  # type: ignore[type-var]
        except Error:
            raise
        except grpc.RpcError as error:
            raise Error.of(error) from None


def run(coroutine: Coroutine[Any, Any, _Item]) -> _Item:
    """Return what a coroutine returns that makes blocking calls."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: _Item = end.value
        return result
    raise RuntimeError("a blocking call has waited")


def iterate(items: AsyncIterator[_Item]) -> Iterator[_Item]:
    """Yield what an iterator yields that makes blocking calls."""

    async def following() -> _Item:
        return await anext(items)

    while True:
        try:
            item = run(following())
        except StopAsyncIteration:
            return
        yield item
