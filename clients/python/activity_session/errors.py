"""The error that a failed call raises."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from activity_session.v1.error_reason_pb2 import ErrorReason

_DOMAIN = "activity-session"
_UNSPECIFIED = "ERROR_REASON_UNSPECIFIED"
_DETAILS_KEY = "grpc-status-details-bin"
_Metadata = Iterable[tuple[str, str | bytes]]


class Error(grpc.RpcError):
    """Raised by calls on a channel made by `connect`, and by `watch`.

    Attributes:
        reason: why the call failed, as listed in error_reason.proto; ERROR_REASON_UNSPECIFIED if the server gave no
            reason, or if the error comes from gRPC or from a proxy.
        metadata: the facts that belong to the reason; error_reason.proto lists the keys.
        field_violations: the fields of the request that are wrong, each with `field` (its path) and `description`.
        status: the whole `google.rpc.Status`, for other details such as a Conflict; its code and message are those of
            the error, also if that comes from gRPC or from a proxy.
    """

    def __init__(self, code: grpc.StatusCode, message: str, trailing_metadata: _Metadata = ()) -> None:
        self._code, self._message, self._trailing_metadata = code, message, tuple(trailing_metadata)
        self.status = _status(code, message, self._trailing_metadata)
        # A proxy may have added an ErrorInfo of its own.
        infos = [info for info in self._details(error_details_pb2.ErrorInfo) if info.domain == _DOMAIN]
        info = infos[0] if infos else error_details_pb2.ErrorInfo()
        known = f"ERROR_REASON_{info.reason}" in ErrorReason.keys()  # noqa: SIM118
        self.reason: ErrorReason.ValueType = ErrorReason.Value(f"ERROR_REASON_{info.reason}" if known else _UNSPECIFIED)
        self.metadata: Mapping[str, str] = dict(info.metadata)
        self.field_violations = tuple(
            violation
            for bad_request in self._details(error_details_pb2.BadRequest)
            for violation in bad_request.field_violations
        )
        reason = f" {info.reason}" if known else ""
        super().__init__(f"{code.name}{reason}: {message}")

    @classmethod
    def of(cls, error: grpc.RpcError) -> Self:
        """Make an `Error` of gRPC's own: from any channel, or from a stream that is read without `watch`."""
        call: Any = error
        return cls(call.code(), call.details() or "", call.trailing_metadata() or ())

    def code(self) -> grpc.StatusCode:
        """Return the status code."""
        return self._code

    def details(self) -> str:
        """Return the message, for people; its text may change."""
        return self._message

    def trailing_metadata(self) -> Any:
        """Return the trailing metadata; `x-call-id` is the id of the call in the server's log."""
        return self._trailing_metadata

    def _details(self, kind: type[Any]) -> Iterator[Any]:
        for packed in self.status.details:
            detail = kind()
            # One that cannot be read leaves the others.
            with contextlib.suppress(DecodeError):
                if packed.Unpack(detail):
                    yield detail


def _status(code: grpc.StatusCode, message: str, trailing_metadata: _Metadata) -> Any:
    packed = dict(trailing_metadata).get(_DETAILS_KEY, b"")
    try:
        status = status_pb2.Status.FromString(packed)
    except (DecodeError, TypeError):
        status = status_pb2.Status()  # not from this server, which sends details with each error
    status.code, status.message = code.value[0], message
    return status
