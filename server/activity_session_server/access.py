"""What comes before every change of a session or participant: the namespace is held, the row locked, the caller may.

The order is always the namespace, the session, its participants, so that no two calls wait for each other.
"""

from activity_session_server import flags
from activity_session_server.calls import Call
from activity_session_server.errors import Kind
from activity_session_server.names import ids_of
from activity_session_server.store import Writer, namespaces, participants, sessions
from activity_session_server.store.participants import LockedParticipant
from activity_session_server.store.sessions import LockedSession


def session_to_change(writer: Writer, call: Call, name: str, *, full: bool) -> LockedSession:
    """A session for a change, with its settings as they were set; whether it is live is left to be judged.

    Raises:
        ServiceError: *_NOT_FOUND, SESSION_MANAGED, NAMESPACE_DELETED, NAMESPACE_DISABLED.
    """
    namespace_id, session_id = ids_of(name)
    namespace = namespaces.hold_namespace(writer, namespace_id)
    locked = sessions.lock_session(writer, namespace, session_id, full=full)
    flags.check_permission(call, Kind.SESSION, locked.message)
    flags.check_usable(Kind.NAMESPACE, namespace)
    return locked


def participant_to_change(writer: Writer, call: Call, name: str) -> LockedParticipant:
    """A participant for a change; whether it is live is left to be judged.

    Raises:
        ServiceError: *_NOT_FOUND, PARTICIPANT_MANAGED, NAMESPACE_DELETED, NAMESPACE_DISABLED.
    """
    namespace_id, participant_id = ids_of(name)
    namespace = namespaces.hold_namespace(writer, namespace_id)
    locked = participants.lock_participant(writer, namespace_id, participant_id)
    flags.check_permission(call, Kind.PARTICIPANT, locked.message)
    flags.check_usable(Kind.NAMESPACE, namespace)
    return locked
