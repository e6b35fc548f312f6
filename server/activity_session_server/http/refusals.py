"""What becomes no call: there is nothing at its path, or its request cannot be read."""

from collections.abc import Iterable
from typing import NamedTuple

import grpc
from google.rpc.status_pb2 import Status

from activity_session_server.http.responses import CLOSE, Headers, Json, Response
from activity_session_server.rpc import status
from activity_session_server.rules.errors import invalid_field

_PLAIN = Json()


class Refused(Exception):  # noqa: N818 - no error of the server
    """A request that gets a response at once."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.code)
        self.response = response


class _Refusal(NamedTuple):
    code: grpc.StatusCode
    http_code: int


_NO_PATH = _Refusal(grpc.StatusCode.NOT_FOUND, 404)
_NO_METHOD = _Refusal(grpc.StatusCode.UNIMPLEMENTED, 405)
_TOO_SLOW = _Refusal(grpc.StatusCode.DEADLINE_EXCEEDED, 408)
_FOREIGN = _Refusal(grpc.StatusCode.PERMISSION_DENIED, 403)


def no_path() -> Response:
    """For a path that means nothing; it is not repeated, since it may be a slip that has a secret."""
    return _made(_NO_PATH, "there is nothing at this path; docs/http.md says how paths are made")


def no_method(allowed: Iterable[str]) -> Response:
    """For a method that a path does not have."""
    methods = ", ".join(sorted(allowed))
    return _made(_NO_METHOD, f"this path takes {methods}", [(b"allow", methods.encode())])


def too_slow() -> Response:
    """For a body that does not come; nothing can be read after it."""
    return _made(_TOO_SLOW, "the body did not come in time", [CLOSE])


def foreign(what: str) -> Response:
    """For what a page of somebody else has sent."""
    return _made(_FOREIGN, what)


def wrong_type(header: str, accepted: str) -> Response:
    """For a body of another kind."""
    return invalid_header(header, f"it must be {accepted}", http_code=415)


def invalid_header(header: str, text: str, http_code: int = 400) -> Response:
    """For a header that is not as it must be. What has come after it is not read."""
    found = status.status_of(invalid_field(header, text))
    return _PLAIN.of_status(found, http_code=http_code, headers=[CLOSE])


def _made(refusal: _Refusal, message: str, headers: Headers | None = None) -> Response:
    number: int = refusal.code.value[0]
    return _PLAIN.of_status(Status(code=number, message=message), http_code=refusal.http_code, headers=headers)
