"""What the flags of a resource allow: managed, deleted and disabled, in the order in which they are judged.

Permission comes first, then the namespace, then the resource itself. Reads are never refused.
"""

from collections.abc import Collection
from typing import Protocol

from google.protobuf.timestamp_pb2 import Timestamp

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session_server.rules.access.roles import Role
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import ALREADY_EXISTS, ServiceError, about
from activity_session_server.rules.names import Kind, ids_of

_DELETED = {
    Kind.NAMESPACE: ErrorReason.ERROR_REASON_NAMESPACE_DELETED,
    Kind.PARTICIPANT: ErrorReason.ERROR_REASON_PARTICIPANT_DELETED,
    Kind.SESSION: ErrorReason.ERROR_REASON_SESSION_DELETED,
    Kind.MEMORY: ErrorReason.ERROR_REASON_MEMORY_DELETED,
}
_DISABLED = {
    Kind.NAMESPACE: ErrorReason.ERROR_REASON_NAMESPACE_DISABLED,
    Kind.PARTICIPANT: ErrorReason.ERROR_REASON_PARTICIPANT_DISABLED,
    Kind.SESSION: ErrorReason.ERROR_REASON_SESSION_DISABLED,
}
_MANAGED = {
    Kind.NAMESPACE: ErrorReason.ERROR_REASON_NAMESPACE_MANAGED,
    Kind.PARTICIPANT: ErrorReason.ERROR_REASON_PARTICIPANT_MANAGED,
    Kind.SESSION: ErrorReason.ERROR_REASON_SESSION_MANAGED,
}


class Deletable(Protocol):
    """A resource that can be deleted softly."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def delete_time(self) -> Timestamp:
        """When it was deleted, if it is."""


class Flagged(Deletable, Protocol):
    """A namespace, a participant or a session: the message, or as much of it as a write holds."""

    @property
    def enabled(self) -> bool:
        """Whether it can be written to."""

    @property
    def managed(self) -> bool:
        """Whether it belongs to the system."""


def is_deleted(resource: Deletable) -> bool:
    """Whether a resource is softly deleted."""
    return resource.delete_time.seconds != 0


def check_permission(call: Call, kind: Kind, resource: Flagged) -> None:
    """Refuse a caller without the system role to touch, or to make, a managed resource."""
    if resource.managed and not call.caller.has_role(ids_of(resource.name)[0], Role.SYSTEM):
        message = f"{resource.name} is managed: this takes the role {Role.SYSTEM}"
        raise about(kind, _MANAGED[kind], resource.name, message)


def check_managed_flag(call: Call, kind: Kind, given: Flagged, paths: Collection[str]) -> None:
    """Refuse an update that sets the flag, before anybody is told whether the resource exists (AIP-211)."""
    if "managed" in paths:
        check_permission(call, kind, given)


def deleted(kind: Kind, name: str) -> ServiceError:
    """The error for a resource that is softly deleted."""
    return about(kind, _DELETED[kind], name, f"{name} is deleted")


def check_live(kind: Kind, resource: Deletable) -> None:
    """Refuse to write to a deleted resource."""
    if is_deleted(resource):
        raise deleted(kind, resource.name)


def check_usable(kind: Kind, resource: Flagged) -> None:
    """Refuse to write to, or under, a deleted or disabled resource."""
    check_live(kind, resource)
    check_enabled(kind, resource)


def check_not_held(session: str, holder: str) -> None:
    """Refuse to remove something of a session for good while it is held; `holder` is what is: it, or its namespace."""
    if holder:
        message = f"{holder} is held: nothing of {session} may be removed for good"
        raise about(Kind.SESSION, ErrorReason.ERROR_REASON_RESOURCE_HELD, holder, message)


def check_enabled(kind: Kind, resource: Flagged) -> None:
    """Refuse to write under a disabled resource, deleted or not."""
    if not resource.enabled:
        raise about(kind, _DISABLED[kind], resource.name, f"{resource.name} is disabled")


def check_change(kind: Kind, current: Flagged, updated: Flagged) -> None:
    """Refuse to update a deleted resource, or a disabled one unless the update enables it."""
    check_live(kind, current)
    if not updated.enabled:
        check_usable(kind, current)


def check_undeletable(kind: Kind, resource: Deletable) -> None:
    """Refuse to bring back what is not deleted (AIP-164)."""
    if not is_deleted(resource):
        raise about(kind, ALREADY_EXISTS[kind], resource.name, f"{resource.name} is not deleted")
