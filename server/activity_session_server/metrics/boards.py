"""A board: the numbers of one process, a few for each series, in the order of the definitions.

They are a plain row of floats, which may lie in memory that processes share. So another one can read them at any time,
also of a worker that hangs, and a worker that replaces another one goes on with what that has counted.
"""

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from activity_session_server.metrics.definitions import METRICS, Definition, Kind

_FLOAT_BYTES = 8


class Histogram(NamedTuple):
    """Where the numbers of a histogram are: one for each bucket, the last one without a bound, and the sum."""

    place: int
    bounds: tuple[float, ...]


def _width(metric: Definition) -> int:
    return len(metric.bounds) + 2 if metric.kind is Kind.HISTOGRAM else 1


def _layout() -> tuple[dict[tuple[str, tuple[str, ...]], int], int]:
    """The place of each series, and how many numbers there are."""
    places, size = {}, 0
    for metric in METRICS:
        for row in metric.rows:
            places[metric.name, row] = size
            size += _width(metric)
    return places, size


_PLACES, SIZE = _layout()


def place_of(metric: Definition, *row: str) -> int:
    """Where the first number of a series is."""
    return _PLACES[metric.name, row]


def histogram_of(metric: Definition, *row: str) -> Histogram:
    """Where the numbers of a histogram are."""
    return Histogram(place_of(metric, *row), metric.bounds)


def new_values() -> "memoryview[float]":
    """Numbers for a process that shares them with no other."""
    return memoryview(bytearray(SIZE * _FLOAT_BYTES)).cast("d")


class Board:
    """The numbers of one process. One thread at a time may add to them, and any may read."""

    def __init__(self, values: "memoryview[float] | None" = None) -> None:
        """Go on with `values`, of which there are `SIZE`."""
        self._values = new_values() if values is None else values

    def add(self, place: int, amount: float = 1.0) -> None:
        """Add to a counter."""
        self._values[place] += amount

    def observe(self, histogram: Histogram, value: float) -> None:
        """Count a value."""
        place, bounds = histogram
        self._values[place + bisect_left(bounds, value)] += 1.0
        self._values[place + len(bounds) + 1] += value

    def set(self, place: int, value: float) -> None:
        """Set a gauge."""
        self._values[place] = value

    def clear_gauges(self) -> None:
        """Forget what was true of a process that has ended; what it has counted stays."""
        for metric in METRICS:
            if metric.kind is Kind.GAUGE:
                for row in metric.rows:
                    self._values[place_of(metric, *row)] = 0.0

    def numbers(self, metric: Definition, row: Sequence[str]) -> list[float]:
        """The numbers of a series."""
        place = place_of(metric, *row)
        return list(self._values[place : place + _width(metric)])
