"""How the adapters for agent frameworks call: in coroutines of any event loop, on a channel of either kind."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, TypeVar

import grpc
import grpc.aio
from google.protobuf.message import Message

from activity_session import v1
from activity_session._connection import connect
from activity_session._requests import with_request_id
from activity_session.errors import Error

Target = str | grpc.Channel | grpc.aio.Channel
"""An address as in gRPC, or a channel, made by `activity_session.connect` or `activity_session.aio.connect`."""

_Request = TypeVar("_Request", bound=Message)
_Response = TypeVar("_Response")
_Result = TypeVar("_Result")


class Calls:
    """The stubs on one channel, and a way to call them.

    A channel of `connect` is called in a thread of the event loop: frameworks run one object in several loops, where a
    channel for asyncio knows one only.
    """

    def __init__(self, target: Target) -> None:
        """Use a channel, which stays its caller's, or open one to an address."""
        channel = connect(target) if isinstance(target, str) else target
        self._own = channel if isinstance(target, str) and isinstance(channel, grpc.Channel) else None
        self._is_asyncio = isinstance(channel, grpc.aio.Channel)
        self.events = v1.EventServiceStub(channel)
        self.namespaces = v1.NamespaceServiceStub(channel)
        self.participants = v1.ParticipantServiceStub(channel)
        self.sessions = v1.SessionServiceStub(channel)

    async def __call__(self, method: Callable[[_Request], _Response], request: _Request) -> _Response:
        """Call a method of a stub.

        Raises:
            Error: as any call; also on a channel that gRPC alone has made.
        """
        request = with_request_id(request)
        try:
            if self._is_asyncio:
                call: Any = method(request)
                response: _Response = await call
                return response
            return await asyncio.to_thread(method, request)
        except Error:
            raise
        except grpc.RpcError as error:
            raise Error.of(error) from None

    async def pages(self, method: Callable[[_Request], _Response], request: _Request) -> AsyncIterator[_Response]:
        """Yield the responses of a method that returns pages, from that of the request on (AIP-158).

        Raises:
            Error: as any call.
        """
        paged: Any = request
        while True:
            page: Any = await self(method, request)
            yield page
            paged.page_token = page.next_page_token
            if not paged.page_token:
                return

    def close(self) -> None:
        """Close the channel, if it was opened here."""
        if self._own is not None:
            self._own.close()


async def to_its_end(change: Coroutine[Any, Any, _Result]) -> _Result:
    """Await a change that its caller's cancellation does not interrupt: it is raised when the change has ended."""
    task = asyncio.ensure_future(change)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = cancelled or error
    if cancelled is None:
        return task.result()
    task.exception()  # or asyncio warns that nobody has looked
    raise cancelled
