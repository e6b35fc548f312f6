"""The queries of memberships: which participants are bound to which sessions."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import bindparam, delete, select, update

from activity_session.v1.participant_pb2 import Participant
from activity_session.v1.session_pb2 import Session, SessionParticipant
from activity_session_server.orm import ActivitySession, ActivitySessionParticipant, FormerMember, Namespace
from activity_session_server.orm import Participant as ParticipantTable
from activity_session_server.orm.base import table_of
from activity_session_server.rules.names import Kind, format_name, ids_of
from activity_session_server.store.codec.resources import set_time, to_datetime
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.queries import node_locks
from activity_session_server.store.queries.participants import HeldParticipant
from activity_session_server.store.readers import Raced, Reader, Writer

_TABLE = table_of(ActivitySessionParticipant)
_IS_THIS = (ActivitySessionParticipant.activity_session_pkid == bindparam("its_session")) & (
    ActivitySessionParticipant.participant_pkid == bindparam("its_participant")
)
_SET_ROLE = Statement(update(_TABLE).where(_IS_THIS).values(role=bindparam("its_role")))
_MARK_READ = Statement(
    update(_TABLE)
    .where(_IS_THIS, ActivitySessionParticipant.last_read_sequence < bindparam("its_sequence"))
    .values(last_read_sequence=bindparam("its_sequence"))
)
_GET = Statement(select(_TABLE).where(_IS_THIS))
# The mark is compared too: it may have moved on since it was read, by a call that only holds the session.
_REMOVE = Statement(
    delete(_TABLE).where(_IS_THIS, ActivitySessionParticipant.last_read_sequence == bindparam("its_sequence"))
)
_MARKS = Statement(
    select(FormerMember.participant_pkid, FormerMember.last_read_sequence).where(
        FormerMember.activity_session_pkid == bindparam("its_session"),
        FormerMember.participant_pkid.in_(bindparam("participants", expanding=True)),
    ),
    many="participants",
)
_SET_MARK = Statement(
    update(table_of(FormerMember)).where(
        FormerMember.activity_session_pkid == bindparam("its_session"),
        FormerMember.participant_pkid == bindparam("its_participant"),
    )
)
_OWNER = select(Namespace.pkid).where(Namespace.name == bindparam("namespace")).scalar_subquery()
_BOUND = Statement(
    select(ActivitySession.name)
    .join_from(ActivitySession, ActivitySessionParticipant)
    .join(ParticipantTable, ParticipantTable.pkid == ActivitySessionParticipant.participant_pkid)
    .where(ActivitySession.namespace_pkid == _OWNER, ActivitySession.name.in_(bindparam("ids", expanding=True)))
    .where(ParticipantTable.namespace_pkid == _OWNER, ParticipantTable.name == bindparam("participant")),
    many="ids",
)
_IS_BOUND = Statement(
    select(ParticipantTable.pkid)
    .join_from(ParticipantTable, ActivitySessionParticipant)
    .where(ActivitySessionParticipant.activity_session_pkid == bindparam("its_session"))
    .where(ParticipantTable.name == bindparam("participant"))
)


def bound_sessions(reader: Reader, names: Collection[str], participant: str) -> set[str]:
    """Those of some sessions of a participant's namespace to which it is bound; all by name."""
    namespace_id, participant_id = ids_of(participant)
    ids = [ids_of(name)[1] for name in names]
    rows = reader.rows(_BOUND, {"namespace": namespace_id, "ids": ids, "participant": participant_id})
    return {format_name(Kind.SESSION, namespace_id, row.name) for row in rows}


def is_bound(reader: Reader, session_uid: str, participant: str) -> bool:
    """Whether a participant of a session's namespace, given by name, is bound to the session."""
    values = {"its_session": session_uid, "participant": ids_of(participant)[1]}
    return reader.row(_IS_BOUND, values) is not None


def read_marks(reader: Reader, session_uid: str, added: Sequence[HeldParticipant]) -> dict[str, int]:
    """The read marks of those participants that have been members of a session before, by uid."""
    rows = reader.rows(_MARKS, {"its_session": session_uid, "participants": [participant.uid for participant in added]})
    return {row.participant_pkid: row.last_read_sequence for row in rows}


def bind_participants(
    writer: Writer, session: Session, added: Sequence[tuple[HeldParticipant, str]], marks: Mapping[str, int]
) -> list[SessionParticipant]:
    """Make participants that are no members yet members of a locked session, each with its role and read mark."""
    node_locks.share(writer, [participant.uid for participant, _ in added])
    values = [
        {
            **_columns(session.uid, participant.uid),
            "session_name": ids_of(session.name)[1],
            "session_create_ts": to_datetime(session.create_time),
            "role": role,
            "create_ts": writer.now,
            "last_read_sequence": marks.get(participant.uid, 0),
        }
        for participant, role in added
    ]
    if not writer.insert(_TABLE, values):
        raise Raced
    return [_new_member(writer, participant, role, marks.get(participant.uid, 0)) for participant, role in added]


def set_role(writer: Writer, session_uid: str, participant_uid: str, role: str) -> None:
    """Give a member of a locked session another role."""
    writer.change(_SET_ROLE, {**_key(session_uid, participant_uid), "its_role": role})


def mark_read(writer: Writer, session_uid: str, participant: Participant, sequence: int) -> SessionParticipant | None:
    """Move a member's read mark forward; returns the member as it is then, None if there is no such member."""
    writer.change(_MARK_READ, {**_key(session_uid, participant.uid), "its_sequence": sequence})
    row = writer.row(_GET, _key(session_uid, participant.uid))
    if row is None:
        return None
    member = SessionParticipant(
        participant=participant.name,
        participant_type=participant.participant_type,
        role=row.role,
        last_read_sequence=row.last_read_sequence,
    )
    set_time(member.create_time, row.create_ts)
    return member


def unbind_participant(writer: Writer, session_uid: str, participant_uid: str) -> None:
    """End a membership in a locked session; the read mark is kept, for the case that the participant comes back."""
    row = writer.row(_GET, _key(session_uid, participant_uid))
    mark = 0 if row is None else row.last_read_sequence
    if writer.change(_REMOVE, {**_key(session_uid, participant_uid), "its_sequence": mark}) != 1:
        raise Raced
    if mark:
        _keep_mark(writer, session_uid, participant_uid, mark)


def _keep_mark(writer: Writer, session_uid: str, participant_uid: str, sequence: int) -> None:
    if writer.change(_SET_MARK, {**_key(session_uid, participant_uid), "last_read_sequence": sequence}):
        return
    values = {**_columns(session_uid, participant_uid), "last_read_sequence": sequence}
    if not writer.insert(table_of(FormerMember), values):
        raise Raced


def _new_member(writer: Writer, participant: HeldParticipant, role: str, mark: int) -> SessionParticipant:
    member = SessionParticipant(
        participant=participant.name,
        participant_type=participant.participant_type,
        role=role,
        last_read_sequence=mark,
    )
    set_time(member.create_time, writer.now)
    return member


def _columns(session_uid: str, participant_uid: str) -> dict[str, str]:
    return {"activity_session_pkid": session_uid, "participant_pkid": participant_uid}


def _key(session_uid: str, participant_uid: str) -> dict[str, str]:
    return {"its_session": session_uid, "its_participant": participant_uid}
