"""JSON text (RFC 8259), which is checked here and kept as it is."""

import json

from activity_session_server.rules.problems import Problem


def problem(text: str) -> Problem | None:
    """What keeps a text from being JSON."""
    try:
        # Numbers stay texts: they are not to be understood, and a very long one cannot be converted.
        json.loads(text, parse_int=str, parse_float=str, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        return Problem(f"is not JSON: {error.msg} at character {error.pos}")
    except ValueError as error:
        return Problem(f"is not JSON: {error}")
    except RecursionError:
        return Problem("is nested too deeply")
    return None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no value of JSON")
