"""What makes it safe to retry a call."""

import itertools
import time
import uuid
from collections.abc import Iterator
from typing import TypeVar

from google.protobuf.message import Message

from activity_session import _backoff

MAX_ATTEMPTS = 5
_Request = TypeVar("_Request", bound=Message)


def with_request_id(request: _Request) -> _Request:
    """Return the request with a request id: a copy if it had none, since the caller may use its message again."""
    if "request_id" not in request.DESCRIPTOR.fields_by_name or getattr(request, "request_id"):  # noqa: B009
        return request
    copy = type(request)()
    copy.CopyFrom(request)
    setattr(copy, "request_id", str(uuid.uuid4()))  # noqa: B010
    return copy


class Attempts:
    """The attempts at one call, within the `timeout` of its caller, in seconds."""

    def __init__(self, timeout: float | None) -> None:
        self._deadline = None if timeout is None else time.monotonic() + timeout
        self._pauses: Iterator[float] = itertools.islice(_backoff.pauses(), MAX_ATTEMPTS - 1)

    @property
    def timeout(self) -> float | None:
        """The seconds that are left; None for no limit."""
        return None if self._deadline is None else self._deadline - time.monotonic()

    def pause(self) -> float | None:
        """Return the seconds to wait before the next attempt; None if there is none."""
        pause = next(self._pauses, None)
        if pause is None or (self.timeout is not None and self.timeout <= pause):
            return None
        return pause
