"""Partial matches: what a response is compared with, and the variables of a script."""

import re
from typing import Any

ANY_VALUE = "*"
VARIABLE = re.compile(r"\$\{([^}]*)\}")


class Mismatch(Exception):  # noqa: N818 - what was found is no error of the runner's
    """Something did not happen as the script says."""


def match(expected: Any, actual: Any, where: str) -> None:
    """Check that a value matches: an object by its keys, a list by its elements, a scalar by its value.

    Raises:
        Mismatch: with the path of the first value that differs; `where` is the path of this one.
    """
    if expected == ANY_VALUE:
        return
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key, value in expected.items():
            _match_key(value, key, actual, f"{where}.{key}")
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for index, (value, found) in enumerate(zip(expected, actual, strict=True)):
            match(value, found, f"{where}.{index}")
    elif expected != actual or isinstance(expected, bool) != isinstance(actual, bool):
        raise Mismatch(f"{where} is {actual!r}, expected {expected!r}")


def _match_key(expected: Any, key: str, actual: dict[str, Any], where: str) -> None:
    if expected is None:
        if key in actual:
            raise Mismatch(f"{where} is {actual[key]!r}, expected to be absent")
    elif key not in actual:
        raise Mismatch(f"{where} is absent, expected {expected!r}")
    else:
        match(expected, actual[key], where)


def value_at(path: str, value: Any) -> Any:
    """Return the value at a path: keys and list indexes, joined by dots.

    Raises:
        Mismatch: when there is none.
    """
    for part in path.split("."):
        try:
            value = value[int(part)] if isinstance(value, list) else value[part]
        except (KeyError, IndexError, TypeError, ValueError):
            raise Mismatch(f"{path} is absent") from None
    return value


def filled(value: Any, variables: dict[str, str]) -> Any:
    """Return a value with the variables in all its strings replaced."""
    if isinstance(value, str):
        return VARIABLE.sub(lambda found: variables[found[1]], value)
    if isinstance(value, list):
        return [filled(part, variables) for part in value]
    if isinstance(value, dict):
        return {filled(key, variables): filled(part, variables) for key, part in value.items()}
    return value
