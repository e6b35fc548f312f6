"""Who calls, and what grants allow it: a role in a namespace, or to act there as a participant."""

from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from typing import NamedTuple, Self

from activity_session_server.rules.access.roles import Role
from activity_session_server.rules.names import Kind, format_name


class Grant(NamedTuple):
    """That a subject has a role in a namespace, or is a participant of it.

    `namespace` and `participant` are ids. No namespace stands for all of them; a participant is always of one.
    """

    subject: str
    namespace: str
    role: Role | None = None
    participant: str = ""


class Caller:
    """Somebody who was authenticated, or nobody in particular: then the subject is empty.

    Of several participants of one namespace that are granted, it is the first.
    """

    def __init__(self, subject: str, grants: Collection[Grant], renew: Callable[[], Self] | None = None) -> None:
        """`renew` makes the caller of the same credentials anew, and raises UNAUTHENTICATED if they hold no more."""
        self.subject = subject
        self._grants = tuple(grants)
        self._renew = renew

    def renewed(self) -> "Caller":
        """The same caller with what is granted by now.

        Raises:
            ServiceError: UNAUTHENTICATED, where its credentials were revoked, or have expired.
        """
        return self if self._renew is None else self._renew()

    def role_in(self, namespace_id: str) -> Role | None:
        """The highest role that it has in a namespace, if any; with no id, the one that it has in all of them."""
        return self._roles.get(namespace_id, self._roles.get(""))

    def has_role(self, namespace_id: str, role: Role) -> bool:
        """Whether it may do in a namespace what that role may."""
        own = self.role_in(namespace_id)
        return own is not None and own.includes(role)

    def participant_in(self, namespace_id: str) -> str:
        """The name of the participant of a namespace that it is; empty where it is none."""
        return self._participants.get(namespace_id, "")

    @property
    def namespaces(self) -> frozenset[str] | None:
        """The ids of the namespaces in which it has a role; None for all of them."""
        return None if "" in self._roles else frozenset(self._roles)

    @cached_property
    def _roles(self) -> Mapping[str, Role]:
        roles: dict[str, Role] = {}
        for grant in self._grants:
            if grant.role is not None:
                own = roles.get(grant.namespace, grant.role)
                roles[grant.namespace] = own if own.includes(grant.role) else grant.role
        everywhere = roles.get("")
        if everywhere is None:
            return roles
        return {namespace: everywhere if everywhere.includes(role) else role for namespace, role in roles.items()}

    @cached_property
    def _participants(self) -> Mapping[str, str]:
        names: dict[str, str] = {}
        for grant in self._grants:
            if grant.participant:
                name = format_name(Kind.PARTICIPANT, grant.namespace, grant.participant)
                names.setdefault(grant.namespace, name)
        return names


def nobody(role: Role) -> Caller:
    """A caller without credentials, who has a role in all namespaces."""
    return Caller("", [Grant("", "", role)])


# The server itself, for what it does without being called.
ITSELF = nobody(Role.SYSTEM)
