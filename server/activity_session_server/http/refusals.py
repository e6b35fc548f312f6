"""Requests that become no call: nothing is at their path, or they cannot be read. And calls that are broken off."""

import asyncio
import logging
from collections.abc import Callable, Iterable

import grpc
from google.rpc.status_pb2 import Status
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from activity_session_server.http import responses
from activity_session_server.http.responses import CLOSE, Form, Headers, Response
from activity_session_server.rpc import status
from activity_session_server.rules.errors import invalid_field

_log = logging.getLogger("activity_session.http")


class Refused(Exception):  # noqa: N818 - no error of the server
    """A request that gets a response at once: a status, with a code of HTTP of its own."""

    def __init__(self, refusal: Status, http_code: int, headers: Headers | None = None) -> None:
        super().__init__(http_code)
        self.http_code, self.message = http_code, refusal.message
        self._refusal, self._headers = refusal, headers

    def written(self, form: Form) -> Response:
        """The response."""
        return form.of_status(self._refusal, http_code=self.http_code, headers=self._headers)


class Refusing:
    """An application that sends what another one refuses, in the form of its errors, and tells of it."""

    def __init__(self, application: ASGIApp, form: Form, count: Callable[[int], None]) -> None:
        """`count` is called with the code of HTTP of each refusal."""
        self._application, self._form, self._count = application, form, count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or say why it is not served."""
        has_begun = False

        async def noting(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._application(scope, receive, noting)
        except Refused as refused:
            self._tell(scope, refused)
            await responses.send(send, refused.written(self._form))
        except asyncio.CancelledError:
            if has_begun:
                raise
            await responses.send(send, _broken_off().written(self._form))

    def _tell(self, scope: Scope, refused: Refused) -> None:
        self._count(refused.http_code)
        # Without the path, as the response.
        fields = {"http_method": scope["method"], "http_code": refused.http_code, "peer": _peer(scope)}
        _log.info("no call: %s", refused.message, extra={"fields": fields})


def _broken_off() -> Refused:
    """For a call that still runs when a server that stops has no more time: nobody sees how it ends."""
    message = "the server has stopped while it carried out the call, which may have had its effect"
    return _made(grpc.StatusCode.UNAVAILABLE, 503, message, [CLOSE])


def _peer(scope: Scope) -> str:
    host: str = (scope["client"] or ("unknown",))[0]
    return host


def no_path() -> Refused:
    """For a path that means nothing; it is not repeated, since it may be a slip that has a secret."""
    return _made(grpc.StatusCode.NOT_FOUND, 404, "there is nothing at this path; docs/http.md says how paths are made")


def no_method(allowed: Iterable[str]) -> Refused:
    """For a method that a path does not have."""
    methods = ", ".join(sorted(allowed))
    return _made(grpc.StatusCode.UNIMPLEMENTED, 405, f"this path takes {methods}", [(b"allow", methods.encode())])


def too_slow() -> Refused:
    """For a body that does not come; nothing can be read after it."""
    return _made(grpc.StatusCode.DEADLINE_EXCEEDED, 408, "the body did not come in time", [CLOSE])


def foreign(what: str) -> Refused:
    """For what a page of somebody else has sent."""
    return _made(grpc.StatusCode.PERMISSION_DENIED, 403, what)


def wrong_type(header: str, accepted: str) -> Refused:
    """For a body of another kind."""
    return invalid_header(header, f"it must be {accepted}", http_code=415)


def invalid_header(header: str, text: str, http_code: int = 400) -> Refused:
    """For a header that is not as it must be. What has come after it is not read."""
    return Refused(status.status_of(invalid_field(header, text)), http_code, [CLOSE])


def _made(code: grpc.StatusCode, http_code: int, message: str, headers: Headers | None = None) -> Refused:
    number: int = code.value[0]
    return Refused(Status(code=number, message=message), http_code, headers)
