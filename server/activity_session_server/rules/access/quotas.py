"""How much of a server one subject, or one namespace, may use. Apart from its error, as `roles` are from callers."""

from typing import NamedTuple

# The largest quota, and the largest of bytes.
MOST = 1_000_000
MOST_BYTES = 2**50
_SERVICES = {
    # Not EnsureSession, which most often finds what is there.
    "SessionService": ("CreateSession", "UpdateSession", "RewindSession", "ForkSession"),
    "EventService": ("AppendEvents", "SupersedeEvents", "PopEvents", "ImportEvents", "UpdateState"),
    "MemoryService": ("CreateMemory", "BatchCreateMemories", "UpdateMemory"),
}
# The methods, as calls have them, that add to what a namespace stores, and so are refused when it is full.
ADDS = frozenset(f"/activity_session.v1.{service}/{name}" for service, names in _SERVICES.items() for name in names)


class Quota(NamedTuple):
    """The most that each of its kind may use; 0 is no quota.

    `watches` are those that are open, and calls that wait for a turn: neither is in flight, since none has a thread.
    `bytes_per_second` are bytes of requests.
    """

    calls_in_flight: int = 0
    calls_per_second: int = 0
    bytes_per_second: int = 0
    watches: int = 0
