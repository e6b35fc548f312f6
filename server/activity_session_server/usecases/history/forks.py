"""The use case of ForkSession: a session of its own that begins as another one was at a number."""

from collections.abc import Sequence

from activity_session.v1.session_pb2 import Session, SessionParticipant
from activity_session.v1.session_service_pb2 import ForkSessionRequest
from activity_session.v1.state_pb2 import StateUpdate
from activity_session_server.rules import flags
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import already_exists, check_uid, invalid_field
from activity_session_server.rules.names import Kind, ids_of, new_id
from activity_session_server.store import Store, Writer
from activity_session_server.store.queries import heads, namespaces, participants
from activity_session_server.store.queries import sessions as queries
from activity_session_server.store.queries.history import forks, past_state
from activity_session_server.store.queries.history.forks import Beginning
from activity_session_server.store.queries.sessions import LockedSession
from activity_session_server.store.queries.state import Owner
from activity_session_server.usecases import access, sessions, state
from activity_session_server.usecases.kept_sessions import without_data


def fork_session(store: Store, call: Call, request: ForkSessionRequest) -> Session:
    """Make a session that has the log and the state which another one had at a number."""
    namespace_id, origin_id = ids_of(request.name)
    wanted = ForkSessionRequest()
    wanted.CopyFrom(request)
    wanted.session_id = request.session_id or new_id()
    for index, member in enumerate(request.participants):
        access.check_namespace(request.name, member.participant, f"participants[{index}].participant")

    def fork(writer: Writer) -> Session:
        namespace = namespaces.hold_namespace(writer, namespace_id)
        locked = queries.lock_session(writer, namespace, origin_id, full=True)
        origin = locked.message
        check_uid(Kind.SESSION, request.name, origin.uid, request.uid)
        flags.check_live(Kind.SESSION, origin)
        begins_with = forks.beginning(writer, locked, _up_to(origin, request))
        made = _make(writer, call, locked, begins_with, wanted)
        forks.inherit(writer, begins_with, made.uid)
        if not request.omit_state:
            _set_state(writer, call, begins_with, made)
        return made

    return store.write(call, fork, request, without_data())


def _up_to(origin: Session, request: ForkSessionRequest) -> int:
    """The number of the last event that the fork has."""
    last = request.up_to_sequence if request.HasField("up_to_sequence") else origin.last_sequence
    if last > origin.last_sequence:
        raise invalid_field("up_to_sequence", f"{last} is beyond the session's last, which is {origin.last_sequence}")
    return last


def _make(
    writer: Writer, call: Call, locked: LockedSession, begins_with: Beginning, wanted: ForkSessionRequest
) -> Session:
    """Insert the fork with its members, who have read in it what they had in the session."""
    origin, last = locked.message, begins_with.last
    new = _like(call, origin, f"{locked.namespace.name}/sessions/{wanted.session_id}")
    begins_with.tell(new)
    read = {member.participant: min(member.last_read_sequence, last) for member in origin.participants}
    members, log = wanted.participants or _usable_members(writer, origin), begins_with.columns()
    made = sessions.insert(writer, call, locked.namespace, new, members, read=read, log=log)
    if made is None:
        raise already_exists(Kind.SESSION, new.name)
    return made


def _like(call: Call, origin: Session, name: str) -> Session:
    """A new session of which the same is said as of another one, and that works in the same way."""
    return Session(
        name=name,
        enabled=True,
        created_by=call.caller.subject,
        description=origin.description,
        data=origin.data,
        labels=origin.labels,
        settings=origin.settings if origin.HasField("settings") else None,
    )


def _usable_members(writer: Writer, origin: Session) -> Sequence[SessionParticipant]:
    """The members of a session that can be bound to another one."""
    members = {ids_of(member.participant)[1]: member for member in origin.participants}
    found = participants.hold_participants(writer, ids_of(origin.name)[0], set(members))
    usable = [id_ for id_, participant in found.items() if participant.enabled and not flags.is_deleted(participant)]
    return [members[id_] for id_ in usable]


def _set_state(writer: Writer, call: Call, begins_with: Beginning, fork: Session) -> None:
    """Give a new session the state that its origin had at its last number.

    Raises:
        ServiceError: STATE_PURGED.
    """
    entries = past_state.state_at(writer, begins_with.origin, begins_with.last)
    if not entries:
        return
    owner, head = Owner(fork.uid, fork.name), heads.get_head(writer, *ids_of(fork.name))
    updates = [(owner, StateUpdate(key=key, value_json=entry.value_json)) for key, entry in entries.items()]
    moment = state.Moment(head, begins_with.last)
    state.write(writer, call, state.lock(writer, updates), "up_to_sequence", moment)
