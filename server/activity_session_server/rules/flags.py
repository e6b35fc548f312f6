"""What the flags of a resource allow: managed, deleted and disabled, in the order in which they are judged.

Permission comes first, then the namespace, then the resource itself. Reads are never refused.
"""

from collections.abc import Collection
from typing import Protocol

from google.protobuf.timestamp_pb2 import Timestamp

from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import Kind, about
from activity_session_server.rules.roles import Role


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
    if resource.managed and call.role is not Role.SYSTEM:
        message = f"{resource.name} is managed: this takes the role {Role.SYSTEM}"
        raise about(kind, "MANAGED", resource.name, message)


def check_managed_flag(call: Call, kind: Kind, given: Flagged, paths: Collection[str]) -> None:
    """Refuse an update that sets the flag, before anybody is told whether the resource exists (AIP-211)."""
    if "managed" in paths:
        check_permission(call, kind, given)


def check_live(kind: Kind, resource: Deletable) -> None:
    """Refuse to write to a deleted resource."""
    if is_deleted(resource):
        raise about(kind, "DELETED", resource.name, f"{resource.name} is deleted")


def check_usable(kind: Kind, resource: Flagged) -> None:
    """Refuse to write to, or under, a deleted or disabled resource."""
    check_live(kind, resource)
    check_enabled(kind, resource)


def check_enabled(kind: Kind, resource: Flagged) -> None:
    """Refuse to write under a disabled resource, deleted or not."""
    if not resource.enabled:
        raise about(kind, "DISABLED", resource.name, f"{resource.name} is disabled")


def check_change(kind: Kind, current: Flagged, updated: Flagged) -> None:
    """Refuse to update a deleted resource, or a disabled one unless the update enables it."""
    check_live(kind, current)
    if not updated.enabled:
        check_usable(kind, current)


def check_undeletable(kind: Kind, resource: Deletable) -> None:
    """Refuse to bring back what is not deleted (AIP-164)."""
    if not is_deleted(resource):
        raise about(kind, "ALREADY_EXISTS", resource.name, f"{resource.name} is not deleted")
