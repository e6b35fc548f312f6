"""The address of a server: what it may be, and how several processes share it."""

import contextlib
import errno
import re
import socket
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Self

_UNIX = "unix:"
_TCP = re.compile(r"(\[[0-9A-Fa-f:.%\w]+\]|[^:\[\]/\s]+):([0-9]{1,5})")
_LOOPBACK = re.compile(r"127(\.[0-9]+){1,3}")
_PORTS = 2**16
# Connections that wait until they are taken.
_BACKLOG = 2048
# The system's limit for the path of a socket, in bytes.
_PATH_BYTES = 107
# A host name may also mean addresses that this machine does not have, such as ::1 where there is no IPv6.
_NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


class AddressInUseError(Exception):
    """Nothing can listen on the address."""

    def __init__(self, address: str) -> None:
        super().__init__(f"cannot listen on {address}: it is in use, or not an address of this machine")


class Address(NamedTuple):
    """Where a server listens: a host and a port, or the path of a socket."""

    host: str
    port: int
    path: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """The address that a text means.

        Raises:
            ValueError: with a sentence about what an address is.
        """
        if text.startswith(_UNIX):
            return cls("", 0, _path_of(text))
        match = _TCP.fullmatch(text)
        if match is None:
            raise ValueError(
                "it must be HOST:PORT or unix:PATH, such as 127.0.0.1:50051, or for all addresses of the machine"
                " 0.0.0.0:50051 or [::]:50051"
            )
        if int(match[2]) >= _PORTS:
            raise ValueError(f"its port must be a number from 0 to {_PORTS - 1}")
        return cls(match[1], int(match[2]))

    def __str__(self) -> str:
        return f"{_UNIX}{self.path}" if self.path else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return bool(self.path) or is_loopback_host(self.host.strip("[]"))


def is_loopback_host(host: str) -> bool:
    """Whether a name, or an address without brackets, always means the machine itself."""
    return host in ("localhost", "::1") or _LOOPBACK.fullmatch(host) is not None


def _path_of(text: str) -> str:
    path = text.removeprefix(_UNIX)
    # What gRPC reads as an absolute path may have two more slashes.
    path = path.removeprefix("//") if path.startswith("///") else path
    if not path:
        raise ValueError("it must name a path, such as unix:/run/activity-session.sock")
    if len(path.encode()) > _PATH_BYTES:
        raise ValueError(f"its path must be no longer than {_PATH_BYTES} bytes")
    return path


def refuse_if_used(address: Address) -> None:
    """Refuse the path of a socket that is in use: gRPC would take it away from its server unnoticed.

    Raises:
        AddressInUseError: when something is there, other than the socket of a server that was killed.
    """
    if address.path and Path(address.path).exists() and not _is_left_over(address.path):
        raise AddressInUseError(str(address))


def _is_left_over(path: str) -> bool:
    if not Path(path).is_socket():
        return False
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            return True
    return False


@contextlib.contextmanager
def shared(address: str) -> Iterator[str]:
    """Hold an address for processes that ask to share it; yields it with the port that was picked for port 0.

    Raises:
        AddressInUseError: when something listens there, also if it shares the address.
    """
    found = Address.parse(address)
    with contextlib.ExitStack() as stack:
        holders = _take_all(stack, found, _hold)
        yield str(found._replace(port=holders[0].getsockname()[1]))


def listening(address: Address, *, is_shared: bool) -> list[socket.socket]:
    """Sockets that listen on all addresses of a host, with one port; where it is shared, beside those of others.

    Raises:
        AddressInUseError: when something else listens there.
    """
    with contextlib.ExitStack() as stack:
        taken = _take_all(stack, address, partial(_listen, is_shared=is_shared))
        stack.pop_all()
        return taken


def _take_all(
    stack: contextlib.ExitStack, address: Address, take: Callable[[socket.socket, tuple[Any, ...]], None]
) -> list[socket.socket]:
    """Take the same port of all addresses of a host."""
    taken: list[socket.socket] = []
    host, port = address.host.strip("[]"), address.port
    try:
        for family, kind, protocol, _, place in dict.fromkeys(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)):
            one = stack.enter_context(socket.socket(family, kind, protocol))
            same_port = taken[0].getsockname()[1] if taken else port
            with _none_of_this_machine():
                take(one, (place[0], same_port, *place[2:]))
                taken.append(one)
    except OSError:
        raise AddressInUseError(str(address)) from None
    if not taken:
        raise AddressInUseError(str(address))
    return taken


@contextlib.contextmanager
def _none_of_this_machine() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _NOT_HERE:
            raise


def _hold(holder: socket.socket, place: tuple[Any, ...]) -> None:
    # Connections of an earlier server that are still being closed do not count as a use.
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Shared only once it is bound, so that binding fails where another process listens or holds the address.
    holder.bind(place)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)


def _listen(listener: socket.socket, place: tuple[Any, ...], *, is_shared: bool) -> None:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, int(is_shared))
    listener.bind(place)
    # At once: until somebody listens, a second server could bind the address too.
    listener.listen(_BACKLOG)
