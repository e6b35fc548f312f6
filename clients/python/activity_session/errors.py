"""The error that a failed call raises."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from activity_session.v1.conflict_pb2 import Conflict as Missed
from activity_session.v1.error_reason_pb2 import ErrorReason

_DOMAIN = "activity-session"
_UNSPECIFIED = "ERROR_REASON_UNSPECIFIED"
_DETAILS_KEY = "grpc-status-details-bin"
_Metadata = Iterable[tuple[str, str | bytes]]


class Error(grpc.RpcError):
    """Raised by calls on a channel made by `connect`, and by `watch`. Its subclasses are what programs tell apart.

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

    @staticmethod
    def of(error: grpc.RpcError) -> "Error":
        """Make an `Error` of gRPC's own: from any channel, or from a stream that is read without `watch`."""
        call: Any = error
        return _of_its_kind(call.code(), call.details() or "", call.trailing_metadata() or ())

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


class NotFound(Error):
    """What the call is about is not there: NOT_FOUND."""


class AlreadyExists(Error):
    """The name, or the id of an event, is taken: ALREADY_EXISTS."""


class Deleted(Error):
    """The session, or what else the call is about, is deleted: SESSION_DELETED and its like."""


class Purged(Error):
    """What the caller asks for is gone by its age: OUT_OF_RANGE. Metadata `first_sequence` says what is left."""


class Conflict(Error):
    """Somebody else was first, and nothing was written: ABORTED."""

    @property
    def missed(self) -> Missed:
        """What the caller has missed: the newest number, the first events, or the keys with their revisions and values.

        Empty after ETAG_MISMATCH, whose metadata `etag` is the current one.
        """
        return next(self._details(Missed), Missed())


class PermissionDenied(Error):
    """The caller may not do this: PERMISSION_DENIED."""


class Unavailable(Error):
    """The server, or its database, could not be reached, also not by retries: UNAVAILABLE."""


class TurnHeld(Error):
    """Another participant holds the turn: TURN_HELD. Metadata `holder` and `expire_time` say who, and until when."""


class TurnLost(Error):
    """The turn is over, and somebody else may have it: TURN_LOST."""


_BY_REASON: Mapping[ErrorReason.ValueType, type[Error]] = {
    ErrorReason.ERROR_REASON_NAMESPACE_DELETED: Deleted,
    ErrorReason.ERROR_REASON_PARTICIPANT_DELETED: Deleted,
    ErrorReason.ERROR_REASON_SESSION_DELETED: Deleted,
    ErrorReason.ERROR_REASON_MEMORY_DELETED: Deleted,
    ErrorReason.ERROR_REASON_TURN_HELD: TurnHeld,
    ErrorReason.ERROR_REASON_TURN_LOST: TurnLost,
}
_BY_CODE: Mapping[grpc.StatusCode, type[Error]] = {
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.ALREADY_EXISTS: AlreadyExists,
    grpc.StatusCode.OUT_OF_RANGE: Purged,
    grpc.StatusCode.ABORTED: Conflict,
    grpc.StatusCode.PERMISSION_DENIED: PermissionDenied,
    grpc.StatusCode.UNAVAILABLE: Unavailable,
}


def refusal(reason: str, message: str, **metadata: str) -> Error:
    """Return the error that the server would return for something that is known here: FAILED_PRECONDITION."""
    status = status_pb2.Status()
    status.details.add().Pack(error_details_pb2.ErrorInfo(domain=_DOMAIN, reason=reason, metadata=metadata))
    details = ((_DETAILS_KEY, status.SerializeToString()),)
    return _of_its_kind(grpc.StatusCode.FAILED_PRECONDITION, message, details)


def _of_its_kind(*given: Any) -> Error:
    error = Error(*given)
    kind = _BY_REASON.get(error.reason) or _BY_CODE.get(error.code())
    return kind(*given) if kind else error


def _status(code: grpc.StatusCode, message: str, trailing_metadata: _Metadata) -> Any:
    packed = dict(trailing_metadata).get(_DETAILS_KEY, b"")
    try:
        status = status_pb2.Status.FromString(packed)
    except (DecodeError, TypeError):
        status = status_pb2.Status()  # not from this server, which sends details with each error
    status.code, status.message = code.value[0], message
    return status
