"""CPU time per call, measured in the same way for our server and for the peers, whose venv has none of our packages."""

import argparse
import json
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from functools import partial
from typing import NamedTuple

SERVER_CORE, CLIENT_CORE = 0, 1
# Linux: the clock of all threads of another process is its inverted id followed by these bits (clock_getcpuclockid).
_CPU_CLOCK = 0b010
LEAST, CALLS = 3, 300
# What all systems are given to store.
USER, TEXT = "ada", "x" * 100
# 2 KiB of JSON: what an agent remembers of a task with some thirty steps.
STATE = {"task": {f"step {number}": {"is_done": True, "note": "x" * 24} for number in range(32)}}

# Returns the seconds of CPU time so far.
Clock = Callable[[], float]


class Figure(NamedTuple):
    """What a call of a system costs; the size is how many events or sessions it writes or reads."""

    system: str
    operation: str
    size: int
    cpu_us: float
    calls: int


class Meter:
    """Takes the figures of systems that make the same calls, each with a clock of its own."""

    def __init__(self, clocks: Mapping[str, Clock], seconds: float) -> None:
        self.figures: list[Figure] = []
        self._clocks, self._seconds = clocks, seconds

    def calls(self, operation: str, size: int) -> Iterator[int]:
        """Yield the numbers of the calls to make for one figure: a few to warm up, then those that count."""
        first = yield from self._numbers(0, CALLS // 10, self._seconds / 10)
        before = [clock() for clock in self._clocks.values()]
        calls = (yield from self._numbers(first, CALLS, self._seconds)) - first
        after = [clock() for clock in self._clocks.values()]
        for system, start, end in zip(self._clocks, before, after, strict=True):
            self.figures.append(Figure(system, operation, size, (end - start) / calls * 1e6, calls))

    def tell(self) -> None:
        """Print the figures, each as a line of JSON."""
        for figure in self.figures:
            print(json.dumps(figure._asdict()), flush=True)

    def _numbers(self, first: int, most: int, seconds: float) -> Generator[int, None, int]:
        """Yield numbers from `first` on, until they are `most` or, after a few, the seconds are over.

        Returns the number after the last one.
        """
        # In CPU time, so that on a busy machine as many calls are made as on an idle one.
        clock = next(iter(self._clocks.values()))
        deadline = clock() + seconds
        number = first
        while number < first + LEAST or (number < first + most and clock() < deadline):
            yield number
            number += 1
        return number


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of another process so far, user and system, of all its threads."""
    return time.clock_gettime(~pid << 3 | _CPU_CLOCK)


def cpu_clock(pid: int) -> Clock:
    """Return the clock of another process."""
    return partial(cpu_seconds, pid)


def peer_options() -> argparse.Namespace:
    """Parse the arguments of a peer's program."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url", help="the database, by an asyncio driver")
    parser.add_argument("--events", type=int, nargs="+", required=True, help="lengths of the logs to read")
    parser.add_argument("--sessions", type=int, nargs="+", required=True, help="lengths of the lists to read")
    parser.add_argument("--seconds", type=float, required=True, help="of CPU time for a figure, at most")
    return parser.parse_args()
