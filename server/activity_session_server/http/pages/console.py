"""The web console."""

from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp

from activity_session_server import __version__
from activity_session_server.http.pages import built
from activity_session_server.http.pages.files import files_in
from activity_session_server.http.pages.policy import HEADERS

_NOT_BUILT = (
    "The console is not built. In a checkout: make console, with Node.js 20.19 or newer, then start the server again.\n"
)


def console(*, writes: bool) -> dict[str, ASGIApp]:
    """The console by its paths; one that `writes` offers to append, to bind and to take turns, as roles allow."""
    if not built.is_console_built():
        return {"/": PlainTextResponse(_NOT_BUILT, 404, {"cache-control": "no-store"})}
    told = JSONResponse({"version": __version__, "writes": writes}, headers={"cache-control": "no-store"})
    return {**files_in(built.FOLDER, HEADERS), "/console.json": told}
