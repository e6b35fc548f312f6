"""What a handler knows of a call that has come over HTTP: what gRPC's context would tell it of one of its own."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, NoReturn

import grpc
from google.rpc.status_pb2 import Status

_DETAILS_KEY = "grpc-status-details-bin"
# As gRPC says that there is no deadline: one that is further away than any other, in seconds.
_NO_DEADLINE = 1e10
Metadata = tuple[tuple[str, str | bytes], ...]


class Aborted(Exception):  # noqa: N818 - no error: it is how a handler ends a call whose status is set
    """A handler has ended its call."""


class HttpContext(grpc.ServicerContext):
    """The context of one call. Its end may be told by one thread while another one asks for callbacks."""

    def __init__(
        self,
        metadata: Metadata,
        peer: str,
        seconds: float | None,
        abort: Callable[[], None] | None = None,
        names: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        """The call may take so many seconds; `abort` breaks off its connection, and may be called by any thread.

        `names` are those of the client's certificate.
        """
        self._metadata, self._peer = metadata, peer
        self._deadline = None if seconds is None else time.monotonic() + seconds
        self._abort = abort
        self._names = names
        self._trailing: Metadata = ()
        self._code, self._details = grpc.StatusCode.OK, ""
        # Guards the callbacks, so that none is added that nobody calls.
        self._closing = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []
        self._is_active = True

    @property
    def status(self) -> Status:
        """How the handler has ended the call; `code` is 0 where it has set no other."""
        for key, value in self._trailing:
            if key == _DETAILS_KEY and isinstance(value, bytes):
                return Status.FromString(value)
        number: int = self._code.value[0]
        return Status(code=number, message=self._details)

    def trailing(self, key: str) -> str:
        """A text of what goes with the response; empty where there is none."""
        return next((value for name, value in self._trailing if name == key and isinstance(value, str)), "")

    def close(self) -> None:
        """Note that the call is over, and do what is to be done then; only the first time counts."""
        with self._closing:
            self._is_active = False
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def invocation_metadata(self) -> Metadata:
        """What has come beside the request: the headers."""
        return self._metadata

    def peer(self) -> str:
        """The address of the other end of the connection."""
        return self._peer

    def peer_identities(self) -> Iterable[bytes] | None:
        """None: the names are in the auth context only."""
        return None

    def peer_identity_key(self) -> str | None:
        """None, as above."""
        return None

    def auth_context(self) -> Mapping[str, Any]:
        """The names of the client's certificate."""
        return self._names

    def is_active(self) -> bool:
        """Whether somebody still waits for the response."""
        return self._is_active

    def time_remaining(self) -> float:
        """Seconds until the call has to be over."""
        return _NO_DEADLINE if self._deadline is None else max(self._deadline - time.monotonic(), 0.0)

    def add_callback(self, callback: Callable[[], None]) -> bool:
        """Have something done when the call is over; returns False where it is already."""
        with self._closing:
            if self._is_active:
                self._callbacks.append(callback)
            return self._is_active

    def cancel(self) -> bool:
        """Break off the call, and its connection with what was not taken of it yet."""
        if self._abort:
            self._abort()
        return True

    def send_initial_metadata(self, initial_metadata: Metadata) -> None:
        """Nothing goes before the response."""

    def set_trailing_metadata(self, trailing_metadata: Metadata) -> None:
        """Set what goes with the response."""
        self._trailing = trailing_metadata

    def set_code(self, code: grpc.StatusCode) -> None:
        """Set the code of the status."""
        self._code = code

    def set_details(self, details: str) -> None:
        """Set the message of the status."""
        self._details = details

    def abort(self, code: grpc.StatusCode, details: str) -> NoReturn:
        """End the call with a status.

        Raises:
            Aborted: always.
        """
        self._code, self._details = code, details
        raise Aborted

    def abort_with_status(self, status: grpc.Status) -> NoReturn:
        """End the call with a status.

        Raises:
            Aborted: always.
        """
        self._trailing = status.trailing_metadata
        self.abort(status.code, status.details)
