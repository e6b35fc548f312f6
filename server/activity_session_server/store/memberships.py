"""The queries of memberships: which participants are bound to which sessions."""

from sqlalchemy import bindparam, delete, update

from activity_session.v1.participant_pb2 import Participant
from activity_session.v1.session_pb2 import Session, SessionParticipant
from activity_session_server.orm import ActivitySessionParticipant
from activity_session_server.orm.base import table_of
from activity_session_server.store.codec import set_time
from activity_session_server.store.readers import Raced, Writer

_TABLE = table_of(ActivitySessionParticipant)
_IS_THIS = (ActivitySessionParticipant.activity_session_pkid == bindparam("its_session")) & (
    ActivitySessionParticipant.participant_pkid == bindparam("its_participant")
)
_SET_ROLE = update(_TABLE).where(_IS_THIS).values(role=bindparam("its_role"))
_REMOVE = delete(_TABLE).where(_IS_THIS)


def bind_participant(writer: Writer, session: Session, participant: Participant, role: str) -> SessionParticipant:
    """Make a participant a member of a locked session that it is not a member of yet."""
    values = {
        "activity_session_pkid": session.uid,
        "participant_pkid": participant.uid,
        "role": role,
        "create_ts": writer.now,
    }
    if not writer.insert(_TABLE, values):
        raise Raced
    member = SessionParticipant(participant=participant.name, participant_type=participant.participant_type, role=role)
    set_time(member.create_time, writer.now)
    return member


def set_role(writer: Writer, session: Session, participant: Participant, role: str) -> None:
    """Give a member of a locked session another role."""
    writer.change(_SET_ROLE, {**_key(session, participant), "its_role": role})


def unbind_participant(writer: Writer, session: Session, participant: Participant) -> None:
    """End a membership in a locked session."""
    writer.change(_REMOVE, _key(session, participant))


def _key(session: Session, participant: Participant) -> dict[str, str]:
    return {"its_session": session.uid, "its_participant": participant.uid}
