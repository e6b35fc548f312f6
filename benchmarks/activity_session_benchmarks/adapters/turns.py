"""Calls of two stores that are made in turns, and what they cost the processes that take part."""

import operator
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple

from activity_session_benchmarks.runs import spent

Call = Callable[[], Awaitable[object]]


class Cost(NamedTuple):
    """The CPU time of a call, in microseconds: of the process that makes it, of our server, and of the database's."""

    client: float
    server: float
    database: float


class Work(NamedTuple):
    """A call of a store, and how many are made in a turn."""

    call: Call
    calls: int


async def compare(ours: Work, theirs: Work, server: int, database: Sequence[int], turns: int) -> tuple[Cost, Cost]:
    """Return what a call of ours costs, and what the same costs of theirs: medians of turns, after one to warm up."""

    def clocks() -> tuple[float, ...]:
        return time.process_time(), spent([server]), spent(database)

    costs: Mapping[Work, list[tuple[float, ...]]] = {ours: [], theirs: []}
    for _ in range(turns + 1):
        for work, found in costs.items():
            before = clocks()
            for _ in range(work.calls):
                await work.call()
            used = map(operator.sub, clocks(), before)
            found.append(tuple(seconds / work.calls * 1e6 for seconds in used))
    of_ours, of_theirs = (Cost(*map(statistics.median, zip(*found[1:], strict=True))) for found in costs.values())
    return of_ours, of_theirs
