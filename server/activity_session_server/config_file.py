"""Settings in a file: TOML, a key for each, by the names of the settings.

A key that is no setting is an error here, where in the environment it is a warning: the file is nobody else's.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BeforeValidator

from activity_session_server.rules.durations import in_seconds
from activity_session_server.settings import FIELDS, SECRETS, SettingsError

# By the type of a default: which types of TOML a setting is written in, and how to say so. A bool is an int to Python.
_Kind = tuple[tuple[type, ...], str]
_KINDS: dict[type, _Kind] = {
    bool: ((bool,), "true or false"),
    int: ((int,), "a whole number"),
    float: ((int, float), "a number"),
    timedelta: ((int, float, str), "a duration"),
    str: ((str,), "a text in quotes"),
}
_DURATION: _Kind = ((int, float, str), 'a duration, such as 90 or "1h30m"')
_FILE_KEYS = {f"{name}_file" for name in SECRETS}


def read(path: str) -> dict[str, Any]:
    """The values of a file, by the names of settings; `NAME_file` is there too for those that may be secret.

    Raises:
        SettingsError: it cannot be read; or with a line for each key that is no setting or has a value of a wrong type.
    """
    values = _parsed(path)
    if problems := [f"{name}: {path}: {problem}" for name in values for problem in _problems(name, values[name])]:
        raise SettingsError("\n".join(problems))
    return values


def text_of(path: str) -> str:
    """The text of a file.

    Raises:
        SettingsError: it cannot be read, or is not UTF-8; the text has the path.
    """
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not a text in UTF-8"
        raise SettingsError(f"{path}: {reason}") from None


def _parsed(path: str) -> dict[str, Any]:
    import tomllib  # `health` runs every few seconds, mostly without a file

    try:
        text = text_of(path)
        return tomllib.loads(text)
    except SettingsError as error:
        raise SettingsError(f"config: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"config: {path}: it is no TOML: {error}") from None


def _problems(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield "it is a table; settings stand outside of tables, as in threads = 8"
    elif name not in FIELDS and name not in _FILE_KEYS:
        (nearest,) = get_close_matches(name, (*FIELDS, *_FILE_KEYS), n=1, cutoff=0)
        yield f"there is no such setting; the nearest is {nearest}"
    else:
        types, said = _kind(name)
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            yield f"it must be {said}{_instead(name, value)}"


def _kind(name: str) -> _Kind:
    if name in _FILE_KEYS:
        return _KINDS[str]
    field = FIELDS[name]
    if any(isinstance(part, BeforeValidator) and part.func is in_seconds for part in field.metadata):
        return _DURATION
    default = field.get_default()
    return next(kind for type_, kind in _KINDS.items() if isinstance(default, type_))


def _instead(name: str, value: Any) -> str:
    # Also a list may hold the password.
    return "" if name in SECRETS else f", not {json.dumps(value, default=str, ensure_ascii=False)}"
