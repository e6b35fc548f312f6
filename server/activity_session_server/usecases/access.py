"""What comes before a write: the namespace is held and usable, the row locked or held, and the caller may change it.

Who acts as a participant must still be a member of the session then.

Whether the resource itself is usable, neither deleted nor disabled, is judged only by the functions that have `usable`
in their names; after the others the use case judges it. The order is always the namespace, the session, its
participants, so that no two calls wait for each other. Rows stay locked and held until the transaction ends. With a
uid, a later session of the same name is not there.
"""

from collections.abc import Callable, Collection

from activity_session_server.rules import flags
from activity_session_server.rules.access import permissions
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import check_uid, invalid_field, not_found
from activity_session_server.rules.names import Kind, ids_of
from activity_session_server.store import Writer
from activity_session_server.store.queries import heads, memberships, namespaces, participants, sessions
from activity_session_server.store.queries.heads import Head
from activity_session_server.store.queries.namespaces import HeldNamespace
from activity_session_server.store.queries.participants import HeldParticipant, LockedParticipant
from activity_session_server.store.queries.sessions import LockedSession


def lock_session(writer: Writer, call: Call, name: str, *, full: bool, uid: str = "") -> LockedSession:
    """A session that nobody else can change, with its settings as they were set.

    Raises:
        ServiceError: PERMISSION_DENIED, *_NOT_FOUND, SESSION_MANAGED, NAMESPACE_DELETED, NAMESPACE_DISABLED.
    """
    namespace_id, session_id = ids_of(name)
    namespace = namespaces.hold_namespace(writer, namespace_id)
    locked = sessions.lock_session(writer, namespace, session_id, full=full)
    permissions.check_bound(call, name, [member.participant for member in locked.message.participants])
    check_uid(Kind.SESSION, name, locked.message.uid, uid)
    flags.check_permission(call, Kind.SESSION, locked.message)
    flags.check_usable(Kind.NAMESPACE, namespace)
    return locked


def lock_participant(writer: Writer, call: Call, name: str) -> LockedParticipant:
    """A participant that nobody else can change.

    Raises:
        ServiceError: *_NOT_FOUND, PARTICIPANT_MANAGED, NAMESPACE_DELETED, NAMESPACE_DISABLED.
    """
    namespace_id, participant_id = ids_of(name)
    namespace = namespaces.hold_namespace(writer, namespace_id)
    locked = participants.lock_participant(writer, namespace_id, participant_id)
    flags.check_permission(call, Kind.PARTICIPANT, locked.message)
    flags.check_usable(Kind.NAMESPACE, namespace)
    return locked


def lock_usable_head(writer: Writer, call: Call, name: str, uid: str) -> Head:
    """The head of a usable session that nobody else can change, for a change of its log or turn.

    Raises:
        ServiceError: PERMISSION_DENIED, *_NOT_FOUND, SESSION_MANAGED, *_DELETED, *_DISABLED.
    """
    head = lock_head(writer, call, name, uid)
    flags.check_usable(Kind.SESSION, head)
    return head


def lock_head(writer: Writer, call: Call, name: str, uid: str) -> Head:
    """The head of a session that nobody else can change, maybe a deleted or disabled one.

    Raises:
        ServiceError: PERMISSION_DENIED, *_NOT_FOUND, SESSION_MANAGED, NAMESPACE_DELETED, NAMESPACE_DISABLED.
    """
    return _head(writer, call, name, uid, heads.lock_head)


def hold_usable_head(writer: Writer, call: Call, name: str, uid: str) -> Head:
    """The head of a usable session that stays as it is, for a change of what belongs to the session.

    Raises:
        ServiceError: PERMISSION_DENIED, *_NOT_FOUND, SESSION_MANAGED, *_DELETED, *_DISABLED.
    """
    head = hold_head(writer, call, name, uid)
    flags.check_usable(Kind.SESSION, head)
    return head


def hold_head(writer: Writer, call: Call, name: str, uid: str = "") -> Head:
    """The head of a session that stays as it is, for a change of what belongs to the session.

    Raises:
        ServiceError: PERMISSION_DENIED, *_NOT_FOUND, SESSION_MANAGED, NAMESPACE_DELETED, NAMESPACE_DISABLED.
    """
    return _head(writer, call, name, uid, heads.hold_head)


def hold_usable_participants(writer: Writer, session: str, names: Collection[str]) -> dict[str, HeldParticipant]:
    """The participants of those names, in the namespace of a session. They are not changed: they may be managed.

    Raises:
        ServiceError: PARTICIPANT_NOT_FOUND, PARTICIPANT_DELETED, PARTICIPANT_DISABLED.
    """
    namespace_id = ids_of(session)[0]
    found = participants.hold_participants(writer, namespace_id, {ids_of(name)[1] for name in names})
    for name in names:
        participant = found.get(ids_of(name)[1])
        if participant is None:
            raise not_found(Kind.PARTICIPANT, name)
        flags.check_usable(Kind.PARTICIPANT, participant)
    return {name: found[ids_of(name)[1]] for name in names}


def check_namespace(session_name: str, participant: str, field: str) -> None:
    """Refuse a participant of another namespace than the session's."""
    if ids_of(participant)[0] != ids_of(session_name)[0]:
        raise invalid_field(field, f"{participant[:120]} is not in the namespace of the session")


def _head(writer: Writer, call: Call, name: str, uid: str, find: Callable[[Writer, HeldNamespace, str], Head]) -> Head:
    namespace_id, session_id = ids_of(name)
    namespace = namespaces.hold_namespace(writer, namespace_id)
    head = find(writer, namespace, session_id)
    if call.acts_as and not memberships.is_bound(writer, head.uid, call.acts_as):
        raise permissions.denied(call, name)
    check_uid(Kind.SESSION, name, head.uid, uid)
    flags.check_permission(call, Kind.SESSION, head)
    flags.check_usable(Kind.NAMESPACE, namespace)
    return head
