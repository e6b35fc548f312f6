"""What tells of the API over HTTP: the OpenAPI document, and a page to read and try it, if that is built."""

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp

from activity_session_server.http import openapi, responses
from activity_session_server.http.pages import built
from activity_session_server.http.pages.files import File, files_in
from activity_session_server.http.pages.policy import HEADERS


def reference() -> dict[str, ASGIApp]:
    """What tells of the API, by its paths."""
    document = File(openapi.document(), "application/json", responses.KEPT)
    page = files_in(built.FOLDER / "docs", HEADERS, "/docs/")
    return {"/openapi.json": document, **page, **({"/docs": RedirectResponse("docs/")} if page else {})}
