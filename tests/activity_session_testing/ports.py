"""Ports that are given to servers before they listen, or that they listen on again after they were killed."""

import contextlib
import random
import socket
from pathlib import Path

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LEAST = 10_000
# A generator of our own: a test with a common seed would get the ports of another process.
_draw = random.SystemRandom()


def free_port() -> int:
    """Return a port that nobody uses now, as `free_ports`."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Return different ports that nobody uses now, and that the system gives to none who asks for any port.

    Those of the system's own range can be taken before the server listens, also by a client that has connected to
    somebody else, or even, since nobody listens there, to itself.
    """
    candidates, found = range(_LEAST, int(_RANGE.read_text().split()[0])), set[int]()
    while len(found) < count:
        port = _draw.choice(candidates)
        with contextlib.suppress(OSError), socket.socket() as listener:
            listener.bind(("127.0.0.1", port))
            found.add(port)
    return [*found]
