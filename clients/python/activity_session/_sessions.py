"""Sessions that adapters make, with the participants whose events they write, and how they are removed."""

import contextlib
from collections.abc import Iterator, Mapping

from activity_session import names, v1
from activity_session._calls import Calls
from activity_session.errors import Error

People = Mapping[str, v1.ParticipantType.ValueType]
"""Names of participants, with what each is."""


def session_of(name: str) -> tuple[str, str]:
    """Return the ids in the name of a session: its namespace's and its own.

    Raises:
        ValueError: it is no name of a session.
    """
    parsed = names.parse(name)
    if not parsed.session or name != names.session(parsed.namespace, parsed.session):
        raise ValueError(f"{name!r} is no name of a session, such as namespaces/default/sessions/weather")
    return parsed.namespace, parsed.session


@contextlib.contextmanager
def ignoring(*reasons: v1.ErrorReason.ValueType) -> Iterator[None]:
    """Let errors with one of these reasons pass."""
    try:
        yield
    except Error as error:
        if error.reason not in reasons:
            raise


async def ensure(call: Calls, name: str, session: v1.Session, people: People) -> v1.EnsureSessionResponse:
    """Return the session of that name; if there is none, create it, with its participants as members."""
    parsed = names.parse(name)
    session.participants.extend(v1.SessionParticipant(participant=person) for person in people)
    request = v1.EnsureSessionRequest(
        parent=names.namespace(parsed.namespace), session_id=parsed.session, session=session
    )
    # They are there, but for the first session.
    with ignoring(v1.ERROR_REASON_PARTICIPANT_NOT_FOUND):
        return await call(call.sessions.EnsureSession, request)
    for person, kind in people.items():
        await ensure_participant(call, person, kind)
    return await call(call.sessions.EnsureSession, request)


async def ensure_participant(call: Calls, name: str, kind: v1.ParticipantType.ValueType) -> None:
    """Create a participant, if there is none of that name."""
    parsed = names.parse(name)
    request = v1.EnsureParticipantRequest(
        parent=names.namespace(parsed.namespace),
        participant_id=parsed.participant,
        participant=v1.Participant(participant_type=kind),
    )
    await call(call.participants.EnsureParticipant, request)


async def remove(call: Calls, name: str) -> None:
    """Remove a session for good, with its memories; one that is not there is no error.

    Raises:
        Error: RESOURCE_HELD, if it is under a legal hold; it is deleted then, and can be read by its name only.
    """
    with ignoring(v1.ERROR_REASON_SESSION_NOT_FOUND):
        with ignoring(v1.ERROR_REASON_SESSION_DELETED):
            await call(call.sessions.DeleteSession, v1.DeleteSessionRequest(name=name))
        await call(call.sessions.ExpungeSession, v1.ExpungeSessionRequest(name=name, force=True))
