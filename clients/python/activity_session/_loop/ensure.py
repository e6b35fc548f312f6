"""Who takes part, and in what: created if it is not there."""

from collections.abc import Iterable, Mapping

from activity_session import v1
from activity_session._loop.steps import AnyChannel, done


async def ensure_participant(
    channel: AnyChannel,
    parent: str,
    participant_id: str,
    participant_type: v1.ParticipantType.ValueType,
    *,
    description: str = "",
) -> v1.Participant:
    """Return the participant with an id, which is created if there is none.

    One that exists is returned as it is, also if it is of another type, or disabled.

    Args:
        channel: made by `connect`.
        parent: the namespace, such as `namespaces/default`.
        participant_id: the last segment of its name.
        participant_type: PARTICIPANT_TYPE_USER or PARTICIPANT_TYPE_AGENT.
        description: what a new one is.

    Raises:
        Deleted: it was deleted; undelete it first.
        Error: any other error of EnsureParticipant.
    """
    participant = v1.Participant(participant_type=participant_type, description=description)
    request = v1.EnsureParticipantRequest(parent=parent, participant_id=participant_id, participant=participant)
    return (await done(v1.ParticipantServiceStub(channel).EnsureParticipant(request))).participant


async def ensure_session(
    channel: AnyChannel,
    parent: str,
    session_id: str,
    participants: Iterable[str] = (),
    *,
    description: str = "",
    labels: Mapping[str, str] | None = None,
) -> v1.Session:
    """Return the session with an id, which is created if there is none, with these members and its former ones.

    Args:
        channel: made by `connect`.
        parent: the namespace, such as `namespaces/default`.
        session_id: the last segment of its name.
        participants: the names of those who are to be members.
        description: what a new one is about.
        labels: those of a new one.

    Raises:
        Deleted: it was deleted, or has expired; undelete it first.
        NotFound: there is no such namespace, or no such participant.
        Error: any other error of EnsureSession.
    """
    members = [v1.SessionParticipant(participant=name) for name in participants]
    session = v1.Session(description=description, labels=labels, participants=members)
    request = v1.EnsureSessionRequest(parent=parent, session_id=session_id, session=session)
    return (await done(v1.SessionServiceStub(channel).EnsureSession(request))).session
