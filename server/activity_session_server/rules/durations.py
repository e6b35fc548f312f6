"""Durations as they come in messages."""

from datetime import timedelta

from google.protobuf.duration_pb2 import Duration


def is_between(duration: Duration, shortest: timedelta, longest: timedelta) -> bool:
    """Whether a duration is well-formed and within bounds; the shortest is not negative."""
    # In nanoseconds: a timedelta cannot hold every Duration.
    nanoseconds = duration.seconds * 10**9 + duration.nanos
    return 0 <= duration.nanos < 10**9 and _nanoseconds(shortest) <= nanoseconds <= _nanoseconds(longest)


def _nanoseconds(time: timedelta) -> int:
    return time // timedelta(microseconds=1) * 1000
