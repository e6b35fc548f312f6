"""The queries of memberships: which participants are bound to which sessions."""

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, select, update

from activity_session.v1.participant_pb2 import Participant
from activity_session.v1.session_pb2 import SessionParticipant
from activity_session_server.orm import ActivitySessionParticipant
from activity_session_server.orm.base import table_of
from activity_session_server.store.codec import set_time
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.queries.participants import HeldParticipant
from activity_session_server.store.readers import Raced, Writer

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
_REMOVE = Statement(delete(_TABLE).where(_IS_THIS))


def bind_participants(
    writer: Writer, session_uid: str, added: Sequence[tuple[HeldParticipant, str]]
) -> list[SessionParticipant]:
    """Make participants that are no members yet members of a locked session, each with its role."""
    values = [
        {**_columns(session_uid, participant.uid), "role": role, "create_ts": writer.now} for participant, role in added
    ]
    if not writer.insert(_TABLE, values):
        raise Raced
    return [_new_member(writer, participant, role) for participant, role in added]


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
    """End a membership in a locked session."""
    writer.change(_REMOVE, _key(session_uid, participant_uid))


def _new_member(writer: Writer, participant: HeldParticipant, role: str) -> SessionParticipant:
    member = SessionParticipant(participant=participant.name, participant_type=participant.participant_type, role=role)
    set_time(member.create_time, writer.now)
    return member


def _columns(session_uid: str, participant_uid: str) -> dict[str, str]:
    return {"activity_session_pkid": session_uid, "participant_pkid": participant_uid}


def _key(session_uid: str, participant_uid: str) -> dict[str, str]:
    return {"its_session": session_uid, "its_participant": participant_uid}
