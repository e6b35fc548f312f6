"""Finds what is at a path of its own. The paths of the RPCs, which have names in them, are found by their tree."""

from collections.abc import Mapping

from starlette.types import ASGIApp, Receive, Scope, Send


class Pages:
    """Serves pages by GET and HEAD; passes on all other requests."""

    def __init__(self, pages: Mapping[str, ASGIApp], application: ASGIApp) -> None:
        self._pages, self._application = pages, application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        page = self._pages.get(scope["path"]) if scope["method"] in ("GET", "HEAD") else None
        await (page or self._application)(scope, receive, send)
