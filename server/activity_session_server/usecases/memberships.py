"""The use cases of memberships: participants are bound to sessions and unbound from them."""

from collections.abc import Iterable, Mapping, Sequence

from google.protobuf.empty_pb2 import Empty

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session.v1.session_pb2 import Session, SessionParticipant
from activity_session.v1.session_service_pb2 import (
    BindParticipantRequest,
    MarkReadRequest,
    UnbindParticipantRequest,
)
from activity_session_server.rules import flags
from activity_session_server.rules.access import permissions
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import about, invalid, invalid_field
from activity_session_server.rules.names import Kind, ids_of
from activity_session_server.rules.problems import Violation, too_large
from activity_session_server.store import Store, Writer
from activity_session_server.store.queries import memberships, participants, sessions
from activity_session_server.store.queries.namespaces import HeldNamespace
from activity_session_server.store.queries.participants import HeldParticipant
from activity_session_server.store.queries.sessions import LockedSession
from activity_session_server.usecases import access


def bind_participant(store: Store, call: Call, request: BindParticipantRequest) -> SessionParticipant:
    """Make a participant a member of a session, or give the member another role."""

    def bind(writer: Writer) -> SessionParticipant:
        locked = access.lock_session(writer, call, request.session, full=False, uid=request.uid)
        flags.check_usable(Kind.SESSION, locked.message)
        member = _member(locked.message, request.participant)
        if member is not None and member.role == request.role:
            return member
        access.check_namespace(request.session, request.participant, "participant")
        found = access.hold_usable_participants(writer, request.session, [request.participant])
        participant = found[request.participant]
        if member is None:
            _check_count(call, len(locked.message.participants) + 1, "participant")
            (member,) = _bind(writer, locked.message, [(participant, request.role)])
        else:
            memberships.set_role(writer, locked.message.uid, participant.uid, request.role)
            member.role = request.role
        sessions.touch_session(writer, locked)
        return member

    return store.write(call, bind, request)


def unbind_participant(store: Store, call: Call, request: UnbindParticipantRequest) -> Empty:
    """End a membership; nothing changes when there is none."""

    def unbind(writer: Writer) -> Empty:
        locked = access.lock_session(writer, call, request.session, full=False, uid=request.uid)
        flags.check_usable(Kind.SESSION, locked.message)
        access.check_namespace(request.session, request.participant, "participant")
        participant = participants.get_participant(writer, *ids_of(request.participant))
        if _member(locked.message, request.participant):
            memberships.unbind_participant(writer, locked.message.uid, participant.uid)
            sessions.touch_session(writer, locked)
        return Empty()

    return store.write(call, unbind, request)


def mark_read(store: Store, call: Call, request: MarkReadRequest) -> SessionParticipant:
    """Move a member's read mark forward."""

    def mark(writer: Writer) -> SessionParticipant:
        head = access.hold_usable_head(writer, call, request.session, request.uid)
        access.check_namespace(request.session, request.participant, "participant")
        participant = participants.get_participant(writer, *ids_of(request.participant))
        if request.sequence > head.last_sequence:
            last = head.last_sequence
            raise invalid_field("sequence", f"{request.sequence} is beyond the session's last, which is {last}")
        member = memberships.mark_read(writer, head.uid, participant, request.sequence)
        if member is None:
            message = f"{request.participant} is no member of {request.session}"
            reason = ErrorReason.ERROR_REASON_PARTICIPANT_NOT_BOUND
            raise about(Kind.PARTICIPANT, reason, request.participant, message, session=request.session)
        return member

    return store.write(call, mark, request)


def check_bound(call: Call, session: Session) -> None:
    """Refuse a participant's call about a session of which it is no member.

    Raises:
        ServiceError: PERMISSION_DENIED.
    """
    permissions.check_bound(call, session.name, [member.participant for member in session.participants])


def missing(session: Session, wanted: Iterable[SessionParticipant]) -> list[SessionParticipant]:
    """The wanted members that a session does not have."""
    present = {member.participant for member in session.participants}
    return [member for member in wanted if member.participant not in present]


def bind_missing(
    writer: Writer,
    call: Call,
    namespace: HeldNamespace,
    locked: LockedSession,
    wanted: Sequence[SessionParticipant],
) -> Session:
    """Bind the wanted members that a locked session does not have; a deleted session is refused either way."""
    check_bound(call, locked.message)
    added = missing(locked.message, wanted)
    if not added and not flags.is_deleted(locked.message):
        return sessions.as_it_is(locked)
    if added and call.acts_as:
        raise permissions.not_as(call, "session.participants")
    flags.check_permission(call, Kind.SESSION, locked.message)
    flags.check_usable(Kind.NAMESPACE, namespace)
    flags.check_usable(Kind.SESSION, locked.message)
    bind_all(writer, call, locked.message, added)
    return sessions.touch_session(writer, locked)


def bind_all(
    writer: Writer,
    call: Call,
    session: Session,
    added: Sequence[SessionParticipant],
    *,
    read: Mapping[str, int] | None = None,
) -> None:
    """Bind participants that are not members yet, and add them to the message.

    `read` is how far they have read, by name, in a new session; they may have been members before of one that is not.
    """
    if not added:
        return
    field = "session.participants"
    _check_count(call, len(session.participants) + len(added), field)
    for member in added:
        access.check_namespace(session.name, member.participant, field)
    found = access.hold_usable_participants(writer, session.name, [member.participant for member in added])
    roles = [(found[member.participant], member.role) for member in added]
    bound = _bind(writer, session, roles, read)
    session.participants.extend(sorted(bound, key=lambda member: member.participant))


def _bind(
    writer: Writer,
    session: Session,
    added: Sequence[tuple[HeldParticipant, str]],
    read: Mapping[str, int] | None = None,
) -> list[SessionParticipant]:
    people = [participant for participant, _ in added]
    if read is None:
        marks = memberships.read_marks(writer, session.uid, people)
    else:
        marks = {one.uid: read[one.name] for one in people if one.name in read}
    return memberships.bind_participants(writer, session, added, marks)


def _member(session: Session, name: str) -> SessionParticipant | None:
    return next((member for member in session.participants if member.participant == name), None)


def _check_count(call: Call, count: int, field: str) -> None:
    limit = call.limits.session_participants
    if count > limit:
        raise invalid([Violation(field, too_large("the session", limit, count, "participants"))])
