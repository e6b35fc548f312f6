"""Etags (AIP-154): which revision of which incarnation of a resource a caller has seen."""

from typing import Protocol

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session_server.rules.errors import ServiceError
from activity_session_server.rules.names import Kind


class Tagged(Protocol):
    """A resource with an etag."""

    name: str
    etag: str


def make(uid: str, revision: int) -> str:
    """The etag of a row; the uid keeps the etag of an expunged namesake from matching."""
    return f'"{uid[-8:]}-{revision}"'


def check(kind: Kind, current: Tagged, etag: str) -> None:
    """Refuse an etag that is not the current one; an empty one always passes.

    Raises:
        ServiceError: ETAG_MISMATCH, with the current etag.
    """
    if etag and etag != current.etag:
        logged = f"{current.name} has changed: its etag is {current.etag}"
        raise ServiceError(
            ErrorReason.ERROR_REASON_ETAG_MISMATCH,
            f"{logged}, not {etag[:80]}",
            logged=logged,
            kind=kind,
            metadata={"resource": current.name, "etag": current.etag},
        )
