"""Who may call what: for each method the role that it takes, and what of it participants may do without that role.

What no row allows is denied. A participant sees and writes only sessions to which it is bound, and acts only as itself.
"""

from collections.abc import Collection, Iterator, Mapping
from enum import Enum
from typing import NamedTuple

from google.protobuf.message import Message

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session_server.rules import requests
from activity_session_server.rules.access.roles import Role
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import ServiceError


class Reach(Enum):
    """What a participant may call a method about."""

    NOTHING = "nothing"
    # A session to which it is bound, and what is in it.
    BOUND = "bound"
    # The same, and itself.
    OWN = "own"
    # A list, which then shows only what is its own.
    LISTED = "listed"
    # A session that is not there, if it is to be bound to it; and one to which it is bound.
    NEW = "new"


class Permission(NamedTuple):
    """What a call of a method takes.

    `role` is that in the namespace of the resource, or in all namespaces where it is `of_all`; with None, any caller
    may. `acts_as` are the fields that must name the participant as which the caller acts. With the field `writes_if`, a
    call is a write.
    """

    role: Role | None
    reach: Reach = Reach.NOTHING
    acts_as: tuple[str, ...] = ()
    of_all: bool = False
    writes_if: str = ""

    def role_for(self, request: Message) -> Role | None:
        """The role that suffices for a request."""
        return Role.WRITER if self.writes_if and getattr(request, self.writes_if) else self.role


_READER, _WRITER, _ADMIN = Role.READER, Role.WRITER, Role.ADMIN
_SERVICES: Mapping[str, Mapping[str, Permission]] = {
    "NamespaceService": {
        "CreateNamespace": Permission(_ADMIN, of_all=True),
        "GetNamespace": Permission(_READER),
        # It shows those of which the caller is a reader.
        "ListNamespaces": Permission(None),
        "UpdateNamespace": Permission(_ADMIN),
        "DeleteNamespace": Permission(_ADMIN, of_all=True),
        "UndeleteNamespace": Permission(_ADMIN, of_all=True),
    },
    "ParticipantService": {
        "CreateParticipant": Permission(_WRITER),
        "EnsureParticipant": Permission(_WRITER),
        "GetParticipant": Permission(_READER, Reach.OWN),
        "ListParticipants": Permission(_READER),
        "UpdateParticipant": Permission(_ADMIN),
        "DeleteParticipant": Permission(_ADMIN),
        "UndeleteParticipant": Permission(_ADMIN),
    },
    "SessionService": {
        "CreateSession": Permission(_WRITER, Reach.NEW),
        "EnsureSession": Permission(_WRITER, Reach.NEW),
        "GetSession": Permission(_READER, Reach.BOUND),
        "BatchGetSessions": Permission(_READER, Reach.BOUND),
        "ListSessions": Permission(_READER, Reach.LISTED),
        # Participants may change what is said of a session, not how it works: see `usecases.sessions`.
        "UpdateSession": Permission(_WRITER, Reach.BOUND),
        "DeleteSession": Permission(_WRITER),
        "UndeleteSession": Permission(_WRITER),
        "ExpungeSession": Permission(_ADMIN),
        "PurgeSessions": Permission(_ADMIN),
        "RewindSession": Permission(_WRITER),
        "ForkSession": Permission(_WRITER),
        "BindParticipant": Permission(_WRITER),
        "UnbindParticipant": Permission(_WRITER, Reach.BOUND, acts_as=("participant",)),
        "MarkRead": Permission(_WRITER, Reach.BOUND, acts_as=("participant",)),
        "AcquireTurn": Permission(_WRITER, Reach.BOUND, acts_as=("participant",)),
        # The holder of the turn is judged by `usecases.turns`.
        "RenewTurn": Permission(_WRITER, Reach.BOUND),
        "ReleaseTurn": Permission(_WRITER, Reach.BOUND),
        "WatchSession": Permission(_READER, Reach.BOUND),
    },
    "EventService": {
        "AppendEvents": Permission(_WRITER, Reach.BOUND, acts_as=("events.author",)),
        # Not for participants, which act only as themselves: a range has events of others.
        "SupersedeEvents": Permission(_WRITER),
        "PopEvents": Permission(_WRITER),
        "RedactEvents": Permission(_ADMIN),
        # It says when something was said, and by whom, which nobody else may.
        "ImportEvents": Permission(Role.SYSTEM),
        "GetEvent": Permission(_READER, Reach.BOUND),
        "BatchGetEvents": Permission(_READER, Reach.BOUND),
        "ListEvents": Permission(_READER, Reach.BOUND),
        "GetState": Permission(_READER, Reach.OWN),
        "UpdateState": Permission(_WRITER, Reach.OWN),
    },
    "MemoryService": {
        "CreateMemory": Permission(_WRITER, Reach.BOUND, acts_as=("memory.agent",)),
        "BatchCreateMemories": Permission(_WRITER, Reach.BOUND, acts_as=("requests.memory.agent",)),
        # The agent of a memory that is to be changed is judged by `usecases.memories`.
        "GetMemory": Permission(_READER, Reach.BOUND, writes_if="touch"),
        "ListMemories": Permission(_READER, Reach.LISTED),
        "UpdateMemory": Permission(_WRITER, Reach.BOUND),
        "DeleteMemory": Permission(_WRITER, Reach.BOUND),
        "UndeleteMemory": Permission(_WRITER, Reach.BOUND),
    },
    "InfoService": {
        "GetServerInfo": Permission(None),
    },
}
# By the name of a method as calls have it.
PERMISSIONS: Mapping[str, Permission] = {
    f"/activity_session.v1.{service}/{method}": permission
    for service, methods in _SERVICES.items()
    for method, permission in methods.items()
}


def may_write(method: str, request: Message | None = None) -> bool:
    """Whether a call of a method may change something; without its request, whether any call of the method does."""
    permission = PERMISSIONS[method]
    role = permission.role if request is None else permission.role_for(request)
    return role not in (None, Role.READER)


def check_role(call: Call, request: Message) -> bool:
    """Whether a caller's role suffices for a call; otherwise it may make the call as a participant only.

    Raises:
        ServiceError: PERMISSION_DENIED, where it is no participant either, or the method is for none.
    """
    permission = PERMISSIONS[call.method]
    role = permission.role_for(request)
    if role is None or call.caller.has_role("", role):
        return True
    namespace_id = namespace_of(request)
    if not permission.of_all and call.caller.has_role(namespace_id, role):
        return True
    if permission.reach is Reach.NOTHING or not call.caller.participant_in(namespace_id):
        raise denied(call, requests.resource_of(request), role)
    return False


def renewed(call: Call, request: Message) -> Call:
    """A call with what its caller may do by now, for one that goes on for long. Memberships are not judged.

    Raises:
        ServiceError: UNAUTHENTICATED, PERMISSION_DENIED.
    """
    caller = call.caller.renewed()
    if caller is call.caller:
        return call
    call = call._replace(caller=caller, acts_as="")
    return call if check_role(call, request) else as_participant(call, request)


def as_participant(call: Call, request: Message) -> Call:
    """A call whose caller makes it as a participant, if what stands in it allows that.

    Raises:
        ServiceError: PERMISSION_DENIED, where it is for somebody else.
    """
    call = call._replace(acts_as=call.caller.participant_in(namespace_of(request)))
    for path in PERMISSIONS[call.method].acts_as:
        for field, name in _values(request, path.split("."), ""):
            check_acts_as(call, field, name)
    return call


def check_bound(call: Call, session: str, members: Collection[str]) -> None:
    """Refuse a participant's call about a session of whose members it is none.

    Raises:
        ServiceError: PERMISSION_DENIED.
    """
    if call.acts_as and call.acts_as not in members:
        raise denied(call, session)


def check_acts_as(call: Call, field: str, participant: str) -> None:
    """Refuse a participant's call about what is another participant's; `field` is that by which it is named.

    Raises:
        ServiceError: PERMISSION_DENIED.
    """
    if call.acts_as and participant != call.acts_as:
        raise not_as(call, field)


def check_of_all(call: Call, field: str) -> None:
    """Refuse a change of a field that its caller may not make, whose role is that of one namespace only.

    Raises:
        ServiceError: PERMISSION_DENIED.
    """
    role = PERMISSIONS[call.method].role
    if role is not None and not call.caller.has_role("", role):
        raise ServiceError(
            ErrorReason.ERROR_REASON_PERMISSION_DENIED,
            f"{field}: {_who(call)} may not change it: it takes the role {role} in all namespaces",
            metadata={"resource": call.resource, "field": field},
        )


def check_role_for(call: Call, field: str, role: Role) -> None:
    """Refuse a change of a field that takes a higher role in the namespace than the rest of the call.

    Raises:
        ServiceError: PERMISSION_DENIED.
    """
    namespace_id = "".join(call.resource.split("/")[1:2])
    if not call.caller.has_role(namespace_id, role):
        raise ServiceError(
            ErrorReason.ERROR_REASON_PERMISSION_DENIED,
            f"{field}: {_who(call)} may not change it: it takes the role {role}",
            metadata={"resource": call.resource, "field": field, "permission": str(role)},
        )


def namespace_of(request: Message) -> str:
    """The id of the namespace that a request is about; empty for none, and for one that gets an id of the server's."""
    return "".join(requests.resource_of(request).split("/")[1:2])


def denied(call: Call, resource: str, role: Role | None = None) -> ServiceError:
    """The error for a call that its caller may not make, whether there is what it is about or not (AIP-211).

    `role` is the one that suffices, if that is not the same for all requests of the method.
    """
    permission = PERMISSIONS[call.method]
    role = role or permission.role
    where = "all namespaces" if permission.of_all else "its namespace"
    if permission.reach is not Reach.NOTHING:
        where += ", or to act as one of its participants"
    text = f"{_who(call)} may not call {_method(call)} about {resource}, which need not exist"
    return ServiceError(
        ErrorReason.ERROR_REASON_PERMISSION_DENIED,
        f"{text}: it takes the role {role} in {where}",
        metadata={"resource": resource, "permission": str(role)},
    )


def not_as(call: Call, field: str) -> ServiceError:
    """The error for a participant's call in which a field is about somebody or something else than it may be."""
    return ServiceError(
        ErrorReason.ERROR_REASON_PERMISSION_DENIED,
        f"{field}: {_who(call)} acts only as {call.acts_as}",
        metadata={"field": field, "permission": str(PERMISSIONS[call.method].role)},
    )


def _values(message: Message, path: list[str], prefix: str) -> Iterator[tuple[str, str]]:
    """The texts in a message under a path, each with the path of its own; lists on the way are gone through."""
    value = getattr(message, path[0])
    field = prefix + path[0]
    if isinstance(value, str):
        yield field, value
    elif isinstance(value, Message):
        yield from _values(value, path[1:], f"{field}.")
    else:
        for index, one in enumerate(value):
            yield from _values(one, path[1:], f"{field}[{index}].")


def _who(call: Call) -> str:
    return call.caller.subject or "a caller without credentials"


def _method(call: Call) -> str:
    return call.method.rpartition("/")[2]
