"""JSON text (RFC 8259), which is checked here and kept as it is."""

import json
from typing import Any

from activity_session_server.rules.problems import Problem, too_large


def problem(text: str, most_levels: int) -> Problem | None:
    """What keeps a text from being JSON of so many nested levels at most."""
    try:
        # Numbers stay texts: they are not to be understood, and a very long one cannot be converted.
        value = json.loads(text, parse_int=str, parse_float=str, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        return Problem(f"is not JSON: {error.msg} at character {error.pos}")
    except ValueError as error:
        return Problem(f"is not JSON: {error}")
    except RecursionError:
        # The parser's own end of the stack, which is beyond every limit that can be set.
        return _too_deep(most_levels)
    # A text has at least as many brackets as levels, which are counted only if they could be too many.
    is_flat = text.count("[") + text.count("{") <= most_levels
    return None if is_flat or _has_at_most(most_levels, value) else _too_deep(most_levels)


def _has_at_most(levels: int, value: Any) -> bool:
    level = _nested([value])
    for _ in range(levels):
        level = [child for parent in level for child in _nested(parent)]
    return not level


def _nested(value: Any) -> list[Any]:
    children = value.values() if isinstance(value, dict) else value
    return [child for child in children if isinstance(child, dict | list)]


def _too_deep(most_levels: int) -> Problem:
    return too_large("it", most_levels, most_levels + 1, "nested levels or more")


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no value of JSON")
