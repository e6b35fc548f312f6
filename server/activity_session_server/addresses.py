"""The address of a server, and how several processes share it."""

import contextlib
import errno
import socket
from collections.abc import Iterator
from typing import Any

# A host name may also mean addresses that this machine does not have, such as ::1 where there is no IPv6.
_NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


class AddressInUseError(Exception):
    """Nothing can listen on the address."""

    def __init__(self, address: str) -> None:
        super().__init__(f"cannot listen on {address}: it is in use, or not an address of this machine")


@contextlib.contextmanager
def shared(address: str) -> Iterator[str]:
    """Hold an address for processes that ask to share it; yields it with the port that was picked for port 0.

    Raises:
        AddressInUseError: when something listens there, also if it shares the address.
    """
    host, _, port = address.rpartition(":")
    with contextlib.ExitStack() as stack:
        try:
            taken = _take_all(stack, host.strip("[]"), int(port))
        except (OSError, OverflowError):
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
