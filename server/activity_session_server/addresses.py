"""The address of a server: what it may be, and how several processes share it."""

import contextlib
import errno
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Self

_UNIX = "unix:"
_TCP = re.compile(r"(\[[0-9A-Fa-f:.%\w]+\]|[^:\[\]/\s]+):([0-9]{1,5})")
_LOOPBACK = re.compile(r"127(\.[0-9]+){1,3}")
_PORTS = 2**16
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
        host = self.host.strip("[]")
        return bool(self.path) or host in ("localhost", "::1") or _LOOPBACK.fullmatch(host) is not None


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
    host, port, _ = Address.parse(address)
    with contextlib.ExitStack() as stack:
        try:
            taken = _take_all(stack, host.strip("[]"), port)
        except OSError:
            raise AddressInUseError(address) from None
        yield f"{host}:{taken}"


def _take_all(stack: contextlib.ExitStack, host: str, port: int) -> int:
    """Take the same port of all addresses of a host; returns the port."""
    taken = 0
    for family, kind, protocol, _, place in dict.fromkeys(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)):
        try:
            holder = stack.enter_context(socket.socket(family, kind, protocol))
            _take(holder, (place[0], taken or port, *place[2:]))
        except OSError as error:
            if error.errno not in _NOT_HERE:
                raise
        else:
            taken = holder.getsockname()[1]
    if not taken:
        raise OSError(errno.EADDRNOTAVAIL, host)
    return taken


def _take(holder: socket.socket, place: tuple[Any, ...]) -> None:
    # Connections of an earlier server that are still being closed do not count as a use.
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Shared only once it is bound, so that binding fails where another process listens or holds the address.
    holder.bind(place)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
