"""The use cases of memberships: participants are bound to sessions and unbound from them."""

from collections.abc import Iterable, Sequence

from google.protobuf.empty_pb2 import Empty

from activity_session.v1.namespace_pb2 import Namespace
from activity_session.v1.participant_pb2 import Participant
from activity_session.v1.session_pb2 import Session, SessionParticipant
from activity_session.v1.session_service_pb2 import (
    BindParticipantRequest,
    UnbindParticipantRequest,
)
from activity_session_server import access, flags
from activity_session_server.calls import Call
from activity_session_server.errors import (
    Kind,
    Violation,
    invalid,
    invalid_field,
    not_found,
    too_large,
)
from activity_session_server.names import ids_of
from activity_session_server.store import Store, Writer, participants, sessions
from activity_session_server.store import memberships as rows
from activity_session_server.store.sessions import LockedSession


def bind_participant(store: Store, call: Call, request: BindParticipantRequest) -> SessionParticipant:
    """Make a participant a member of a session, or give the member another role."""

    def bind(writer: Writer) -> SessionParticipant:
        locked = access.session_to_change(writer, call, request.session, full=False)
        flags.check_usable(Kind.SESSION, locked.message)
        member = _member(locked.message, request.participant)
        if member is not None and member.role == request.role:
            return member
        participant = _usable(writer, locked.message, [request.participant], "participant")[0]
        if member is None:
            _check_count(call, len(locked.message.participants) + 1, "participant")
            member = rows.bind_participant(writer, locked.message, participant, request.role)
        else:
            rows.set_role(writer, locked.message, participant, request.role)
            member.role = request.role
        sessions.touch_session(writer, locked)
        return member

    return store.write(call, bind, request)


def unbind_participant(store: Store, call: Call, request: UnbindParticipantRequest) -> Empty:
    """End a membership; nothing changes when there is none."""

    def unbind(writer: Writer) -> Empty:
        locked = access.session_to_change(writer, call, request.session, full=False)
        flags.check_usable(Kind.SESSION, locked.message)
        _check_namespace(locked.message, request.participant, "participant")
        participant = participants.get_participant(writer, *ids_of(request.participant))
        if _member(locked.message, request.participant):
            rows.unbind_participant(writer, locked.message, participant)
            sessions.touch_session(writer, locked)
        return Empty()

    return store.write(call, unbind, request)


def missing(session: Session, wanted: Iterable[SessionParticipant]) -> list[SessionParticipant]:
    """Those of the wanted members that a session does not have."""
    present = {member.participant for member in session.participants}
    return [member for member in wanted if member.participant not in present]


def bind_missing(
    writer: Writer,
    call: Call,
    namespace: Namespace,
    locked: LockedSession,
    wanted: Sequence[SessionParticipant],
) -> Session:
    """Bind those of the wanted members that a locked session does not have; a deleted one is refused either way."""
    added = missing(locked.message, wanted)
    if not added and not flags.is_deleted(locked.message):
        return sessions.answer(locked)
    flags.check_permission(call, Kind.SESSION, locked.message)
    flags.check_usable(Kind.NAMESPACE, namespace)
    flags.check_usable(Kind.SESSION, locked.message)
    bind_all(writer, call, locked.message, added)
    return sessions.touch_session(writer, locked)


def bind_all(writer: Writer, call: Call, session: Session, added: Sequence[SessionParticipant]) -> None:
    """Bind participants that are not members yet, and add them to the message."""
    if not added:
        return
    field = "session.participants"
    _check_count(call, len(session.participants) + len(added), field)
    found = _usable(writer, session, [member.participant for member in added], field)
    bound = [
        rows.bind_participant(writer, session, participant, member.role)
        for participant, member in zip(found, added, strict=True)
    ]
    session.participants.extend(sorted(bound, key=lambda member: member.participant))


def _member(session: Session, name: str) -> SessionParticipant | None:
    return next((member for member in session.participants if member.participant == name), None)


def _usable(writer: Writer, session: Session, names: Sequence[str], field: str) -> list[Participant]:
    """The participants of those names, held until the transaction ends; each must exist and be usable."""
    for name in names:
        _check_namespace(session, name, field)
    namespace_id = ids_of(session.name)[0]
    found = participants.hold_participants(writer, namespace_id, {ids_of(name)[1] for name in names})
    for name in names:
        participant = found.get(ids_of(name)[1])
        if participant is None:
            raise not_found(Kind.PARTICIPANT, name)
        flags.check_usable(Kind.PARTICIPANT, participant)
    return [found[ids_of(name)[1]] for name in names]


def _check_namespace(session: Session, name: str, field: str) -> None:
    if ids_of(name)[0] != ids_of(session.name)[0]:
        raise invalid_field(field, f"{name[:120]} is not in the namespace of the session")


def _check_count(call: Call, count: int, field: str) -> None:
    limit = call.limits.session_participants
    if count > limit:
        raise invalid([Violation(field, too_large("the session", limit, count, "participants"))])
