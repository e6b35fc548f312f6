"""What tells of the API over HTTP: the OpenAPI document."""

from starlette.types import ASGIApp

from activity_session_server.http import openapi, responses
from activity_session_server.http.pages.files import File


def reference() -> dict[str, ASGIApp]:
    """What tells of the API, by its paths."""
    return {"/openapi.json": File(openapi.document(), "application/json", responses.KEPT)}
