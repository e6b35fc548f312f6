"""What makes it safe to send a request again."""

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
    """The request with an id; where there was none, a copy, since the caller may send its own for another purpose."""
    if "request_id" not in request.DESCRIPTOR.fields_by_name or getattr(request, "request_id"):  # noqa: B009
        return request
    copy = type(request)()
    copy.CopyFrom(request)
    setattr(copy, "request_id", str(uuid.uuid4()))  # noqa: B010
    return copy


class Attempts:
    """The attempts at one call, within the deadline of its caller, in seconds from now."""

    def __init__(self, timeout: float | None) -> None:
        self._deadline = None if timeout is None else time.monotonic() + timeout
        self._pauses: Iterator[float] = itertools.islice(_backoff.pauses(), MAX_ATTEMPTS - 1)

    @property
    def timeout(self) -> float | None:
        """What is left of the deadline."""
        return None if self._deadline is None else self._deadline - time.monotonic()

    def pause(self) -> float | None:
        """How long to wait before the next attempt; None when there is none."""
        pause = next(self._pauses, None)
        if pause is None or (self.timeout is not None and self.timeout <= pause):
            return None
        return pause
