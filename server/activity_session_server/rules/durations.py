"""Durations: as they come in messages, and as people write them in settings (`90`, `90s`, `1h30m`, `30d`, ISO 8601)."""

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from activity_session_server.rules.problems import Problem

if TYPE_CHECKING:  # settings are read before protobuf is loaded
    from google.protobuf.duration_pb2 import Duration

_PART = r"([0-9]+(?:\.[0-9]+)?)"
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_FORM = re.compile(rf"(?:{_PART}(?:{'|'.join(_UNITS)}))+")
_ISO_8601: TypeAdapter[timedelta] = TypeAdapter(timedelta)


# Of a setting that says for how long something is kept.
_SHORTEST_AGE = timedelta(seconds=1)
_LONGEST_AGE = timedelta(days=36_525)


def in_seconds(value: Any) -> Any:
    """The seconds of a text; what is no text is left as it is.

    Raises:
        ValueError: it is no duration.
    """
    if not isinstance(value, str):
        return value
    if re.fullmatch(rf"-?{_PART}", value):
        return float(value)
    if _FORM.fullmatch(value):
        parts = re.findall(rf"{_PART}([a-z]+)", value)
        return sum(float(number) * _UNITS[unit] for number, unit in parts)
    if value.startswith("P"):
        try:
            return _ISO_8601.validate_python(value).total_seconds()
        except ValidationError:
            pass  # told below, as all others
    raise ValueError("it must be a duration, such as 90s, 1h30m or 30d")


def is_between(duration: "Duration", shortest: timedelta, longest: timedelta) -> bool:
    """Whether a duration is well-formed and within bounds; the shortest is not negative."""
    # In nanoseconds: a timedelta cannot hold every Duration.
    nanoseconds = duration.seconds * 10**9 + duration.nanos
    return 0 <= duration.nanos < 10**9 and _nanoseconds(shortest) <= nanoseconds <= _nanoseconds(longest)


def age_problem(duration: "Duration") -> Problem | None:
    """What is wrong with an age after which something is removed."""
    is_age = is_between(duration, _SHORTEST_AGE, _LONGEST_AGE)
    return None if is_age else Problem("must be from 1 second to 100 years")


def _nanoseconds(time: timedelta) -> int:
    return time // timedelta(microseconds=1) * 1000
