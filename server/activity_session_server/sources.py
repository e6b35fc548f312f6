"""Where settings come from: flags win over the environment, the environment over a file, the file over the defaults."""

import argparse
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from pydantic import ValidationError

from activity_session_server import config_file
from activity_session_server.environment import CONFIG, variable, variables
from activity_session_server.rules import database_urls
from activity_session_server.settings import FIELDS, SECRETS, Settings, SettingsError

DEFAULT = "default"
# What may stand before a host, and after a path, in the address of something other than a database.
_SECRETS_OF_ADDRESS = re.compile(r"(?<=://)[^/?#@]*@|(?<=\?).*")


class Given(NamedTuple):
    """A value that was given for a setting.

    `origin` is where, as `check --print` says it. `file` is the file of settings that it stands in, if it does.
    `secret_file` is what names the file that the value is in: a variable, or a key; empty where it is the value itself.
    """

    value: Any
    origin: str
    file: str = ""
    secret_file: str = ""


def load(flags: argparse.Namespace, environment: Mapping[str, str]) -> Settings:
    """The settings that flags, environment and a file make.

    Raises:
        SettingsError: with a line per setting that is out of bounds, or about a file.
    """
    return settings_of(given(flags, environment))


def given(flags: argparse.Namespace, environment: Mapping[str, str]) -> dict[str, Given]:
    """What was given for each setting by the source that wins; not those that nobody has given.

    Raises:
        SettingsError: about a file that cannot be read, or a source that contradicts itself.
    """
    found = variables(environment)
    path = getattr(flags, CONFIG, None)
    path = found.get(CONFIG, "") if path is None else path
    of_file = config_file.read(path) if path else {}
    of_flags = {name: value for name in FIELDS if (value := getattr(flags, name, None)) is not None}
    winning = {
        **_source(of_file, Given("", f"file {path}", file=path), lambda name: f"{path}: {name}"),
        **_source(found, Given("", "environment"), variable),
        **{name: Given(value, "flag") for name, value in of_flags.items()},
    }
    return {name: _without_its_file(name, one) for name, one in winning.items()}


def settings_of(values: Mapping[str, Given]) -> Settings:
    """The settings that values make.

    Raises:
        SettingsError: with a line per setting that is out of bounds; those of a file have its name.
    """
    try:
        return Settings.model_validate({name: one.value for name, one in values.items()})
    except ValidationError as error:
        lines = [_line(found, values) for found in error.errors(include_url=False)]
        raise SettingsError("\n".join(lines)) from None


def lines(settings: Settings, values: Mapping[str, Given]) -> Iterator[str]:
    """A line of TOML for each setting, with where it came from as a comment, and no password."""
    for name in FIELDS:
        value = getattr(settings if name in Settings.model_fields else settings.limits, name)
        origin = values[name].origin if name in values else DEFAULT
        yield f"{name} = {_toml(_shown(name, value))}  # {origin}"


def _source(values: Mapping[str, Any], where: Given, named: Callable[[str], str]) -> dict[str, Given]:
    """The settings of one source; `named` says how a setting is named there."""
    found = {name: where._replace(value=value) for name, value in values.items() if name in FIELDS}
    for name in SECRETS:
        key = f"{name}_file"
        if key in values:
            if name in values:
                raise SettingsError(f"{name}: both {named(name)} and {named(key)} are set")
            found[name] = where._replace(value=values[key], secret_file=named(key))
    return found


def _without_its_file(name: str, one: Given) -> Given:
    """A value as it stands in a file of its own, as orchestrators give secrets; a line feed at the end is not of it."""
    if not one.secret_file:
        return one
    try:
        value = config_file.text_of(one.value).removesuffix("\n")
    except SettingsError as error:
        raise SettingsError(f"{name}: {one.secret_file}: {error}") from None
    return one._replace(value=value, origin=f"{one.origin}, from file {one.value}")


def _line(error: Any, values: Mapping[str, Given]) -> str:
    message = error["msg"].removeprefix("Value error, ")
    name = next((str(part) for part in error["loc"] if part != "limits"), "")
    if name:
        message = f"{message}, not {error['input']!r}"
    else:
        # What several settings make together: the message begins with the name of one.
        name, _, message = message.partition(": ")
    place = f"{values[name].file}: " if name in values and values[name].file else ""
    return f"{name}: {place}{message}"


def _shown(name: str, value: Any) -> Any:
    if name in SECRETS:
        return database_urls.shown(value)
    is_address = isinstance(value, str) and "://" in value
    return _SECRETS_OF_ADDRESS.sub("***", value) if is_address else value


def _toml(value: Any) -> str:
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, ensure_ascii=False)
