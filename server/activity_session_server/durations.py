"""Durations as they come in messages."""

from datetime import timedelta

from google.protobuf.duration_pb2 import Duration


def is_between(duration: Duration, shortest: timedelta, longest: timedelta) -> bool:
    """Whether a duration is well-formed and within bounds; the shortest is not negative."""
    # By the seconds first: a timedelta cannot hold every Duration.
    if not (0 <= duration.seconds <= longest.total_seconds() and 0 <= duration.nanos < 10**9):
        return False
    return shortest <= duration.ToTimedelta() <= longest
