"""What is measured of each store."""

from typing import NamedTuple

CREATE, GET, APPEND, LIST = "create", "get with {:,} events", "append", "list {:,}"


class Plan(NamedTuple):
    """The lengths of logs and of a list, how many turns there are, and how many calls a turn has."""

    events: tuple[int, ...]
    sessions: int
    turns: int
    calls: int
    few_calls: int


FULL = Plan((50, 500), 1000, 15, 20, 5)
QUICK = Plan((50,), 100, 3, 5, 2)
