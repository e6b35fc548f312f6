"""How much of a server one subject, or one namespace, may use. Apart from its error, as `roles` are from callers."""

from typing import NamedTuple


class Quota(NamedTuple):
    """The most that each of its kind may use; 0 is no quota.

    `watches` are those that are open, and calls that wait for a turn: neither is in flight, since none has a thread.
    """

    calls_in_flight: int = 0
    calls_per_second: int = 0
    watches: int = 0
