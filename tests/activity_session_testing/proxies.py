"""A proxy between clients and a server, where connections are cut and stalled."""

import asyncio
import contextlib
import random
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

_SECONDS = 10
# A socket with this option ends with RST instead of FIN.
_RESET = struct.pack("ii", 1, 0)
T = TypeVar("T")


class Proxy:
    """Forwards what clients and a server send. Its methods may be called from any thread.

    Attributes:
        target: the server's address, for later connections; it may be changed.
        address: where clients connect.
    """

    def __init__(self, target: str, loop: asyncio.AbstractEventLoop) -> None:
        self.target = target
        self._loop = loop
        self._chance = random.SystemRandom()
        self._clients: list[_Side] = []
        self._requests_flow = self._answers_flow = True
        listening = loop.create_server(lambda: _Side(self._accepted), "127.0.0.1", 0)
        self._listener = asyncio.run_coroutine_threadsafe(listening, loop).result(_SECONDS)
        self.address = f"127.0.0.1:{self._listener.sockets[0].getsockname()[1]}"

    @property
    def connections(self) -> int:
        """Return how many times clients have connected so far."""
        return len(self._clients)

    @property
    def forwarded(self) -> int:
        """Return how many bytes have been sent to the server so far."""
        return sum(client.received for client in self._clients)

    def cut(self) -> int:
        """End all connections abruptly, by FIN or RST at random; return how many there were."""
        return self._do(self._cut)

    def hold(self) -> None:
        """Forward nothing more, not even the end of a connection; new connections are accepted, and stall too."""
        self._do(lambda: self._let_flow(requests=False, answers=False))

    def hold_open_ones(self) -> None:
        """Forward nothing more on the connections that are open by now; later ones flow as ever."""
        self._do(self._stop_open_ones)

    def hold_answers(self) -> None:
        """Forward nothing more of what the server sends."""
        self._do(lambda: self._let_flow(requests=True, answers=False))

    def release(self) -> None:
        """Forward what was held, and then everything else."""
        self._do(lambda: self._let_flow(requests=True, answers=True))

    def close(self) -> None:
        """End it with all its connections."""
        self._do(self._listener.close)
        self.cut()

    def _do(self, act: Callable[[], T]) -> T:
        """Run a function on the thread of the loop, the only one that may use connections."""

        async def acting() -> T:
            return act()

        return asyncio.run_coroutine_threadsafe(acting(), self._loop).result(_SECONDS)

    def _accepted(self, client: "_Side") -> None:
        self._clients.append(client)
        client.joining = self._loop.create_task(self._join(client))

    async def _join(self, client: "_Side") -> None:
        host, _, port = self.target.rpartition(":")
        try:
            _, server = await self._loop.create_connection(_Side, host, int(port))
        except OSError:
            client.abort(reset=False)
            return
        client.other, server.other = server, client
        client.let_flow(is_on=self._requests_flow)
        server.let_flow(is_on=self._answers_flow)

    def _joined(self) -> list[tuple["_Side", "_Side"]]:
        return [(client, client.other) for client in self._clients if client.other and client.is_open]

    def _cut(self) -> int:
        joined = self._joined()
        for client, server in joined:
            client.abort(reset=self._chance.choice([True, False]))
            server.abort(reset=True)
        return len(joined)

    def _let_flow(self, *, requests: bool, answers: bool) -> None:
        self._requests_flow, self._answers_flow = requests, answers
        for client, server in self._joined():
            client.let_flow(is_on=requests)
            server.let_flow(is_on=answers)

    def _stop_open_ones(self) -> None:
        for sides in self._joined():
            for side in sides:
                side.let_flow(is_on=False)


class _Side(asyncio.Protocol):
    """One side of a connection: it forwards what it receives to the other side."""

    transport: asyncio.Transport
    joining: asyncio.Task[None]

    def __init__(self, on_open: Callable[["_Side"], None] = lambda _: None) -> None:
        self.other: _Side | None = None
        self.received = 0
        self._on_open = on_open

    @property
    def is_open(self) -> bool:
        return not self.transport.is_closing()

    def let_flow(self, *, is_on: bool) -> None:
        if is_on:
            self.transport.resume_reading()
        else:
            self.transport.pause_reading()

    def abort(self, *, reset: bool) -> None:
        if reset and self.is_open:
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.transport.abort()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.pause_reading()  # until there is another side
        self._on_open(self)

    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        if self.other:
            self.other.transport.write(data)

    def connection_lost(self, _: Exception | None) -> None:
        if self.other:
            self.other.transport.close()


@contextlib.contextmanager
def proxying(target: str) -> Iterator[Proxy]:
    """Run a proxy in front of a server inside the block."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    proxy = Proxy(target, loop)
    try:
        yield proxy
    finally:
        proxy.close()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
