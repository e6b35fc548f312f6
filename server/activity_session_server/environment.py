"""Settings in the environment: the variables `ACTIVITY_SESSION_FIELD_NAME`."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from activity_session.cli import VARIABLES
from activity_session_server.settings import FIELDS, SECRETS

ENVIRONMENT_PREFIX = "ACTIVITY_SESSION_"
# The variable that names a file of settings.
CONFIG = "config"
# What Kubernetes puts into every pod of a namespace for a Service whose name is `activity-session`, or begins so.
_SERVICE_LINK = re.compile(
    ENVIRONMENT_PREFIX
    + r"(\w+?_)??(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)"
)
_OTHERS = {CONFIG, *(f"{name}_file" for name in SECRETS), *VARIABLES}


def variable(name: str) -> str:
    """The variable of a setting."""
    return ENVIRONMENT_PREFIX + name.upper()


def variables(environment: Mapping[str, str]) -> dict[str, str]:
    """The values of the variables that have the prefix, by the names of settings."""
    return {
        name.removeprefix(ENVIRONMENT_PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(ENVIRONMENT_PREFIX)
    }


def unknown_variables(environment: Mapping[str, str]) -> Iterator[str]:
    """A line for each variable that looks like a setting and is none. What another program needs it for is its own."""
    for name, value in sorted(variables(environment).items()):
        if name not in FIELDS and name not in _OTHERS and not _is_service_link(variable(name), value):
            (nearest,) = get_close_matches(name, FIELDS, n=1, cutoff=0)
            yield f"{variable(name)}: there is no such setting; the nearest is {variable(nearest)}"


def _is_service_link(variable_: str, value: str) -> bool:
    """Whether Kubernetes has set a variable. PORT alone is a URL there: who gives a number means the setting."""
    match = _SERVICE_LINK.fullmatch(variable_)
    return match is not None and (match[2] != "PORT" or "://" in value)
