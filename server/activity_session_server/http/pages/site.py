"""All pages together."""

from starlette.types import ASGIApp

from activity_session_server.http.pages.console import console
from activity_session_server.http.pages.reference import reference

# Applications by their paths.
Site = dict[str, ASGIApp]


def site(*, has_console: bool, writes: bool, shows_schema: bool) -> dict[str, ASGIApp]:
    """The pages by their paths; the console offers to change something if it `writes`."""
    shown = console(writes=writes) if has_console else {}
    return {**shown, **(reference() if shows_schema else {})}
