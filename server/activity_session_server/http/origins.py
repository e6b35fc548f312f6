"""Keeps pages of others from calling a server that takes calls without credentials.

A browser on this machine reaches a loopback address too, and any page may have it send a request. Who needs a token is
safe from that: no page has it unless it was given one.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from activity_session_server.addresses import is_loopback_host
from activity_session_server.http import refusals

# A page cannot read what these return unless CORS allows it.
_READING = ("GET", "HEAD", "OPTIONS")


class OwnPages:
    """Passes on requests that no page of another origin has sent, except of `origins`.

    With `is_loopback` the host that is asked for must be a name of this machine, or that of such an origin: a page can
    have the name of its own host mean this machine (DNS rebinding).
    """

    def __init__(self, application: ASGIApp, origins: Sequence[str], *, is_loopback: bool) -> None:
        self._application = application
        self._origins = frozenset(origins)
        self._hosts = {urlsplit(origin).hostname for origin in origins}
        self._is_loopback = is_loopback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request.

        Raises:
            Refused: it comes from elsewhere.
        """
        headers = dict(scope["headers"])
        host, origin = (headers.get(name, b"").decode("latin-1").lower() for name in (b"host", b"origin"))
        if self._is_loopback and not self._is_named(host):
            raise refusals.foreign("this host is none of the server's names")
        if origin and scope["method"] not in _READING and not self._is_own(origin, host):
            raise refusals.foreign("pages of this origin may not call: see http_cors_origins")
        await self._application(scope, receive, send)

    def _is_named(self, host: str) -> bool:
        name = urlsplit(f"//{host}").hostname or ""
        return is_loopback_host(name) or name in self._hosts

    def _is_own(self, origin: str, host: str) -> bool:
        return origin in self._origins or urlsplit(origin).netloc == host
