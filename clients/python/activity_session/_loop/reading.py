"""What a participant of a session has read, and what comes next."""

from collections.abc import Callable
from typing import Any

import grpc

from activity_session import v1
from activity_session._disconnects import OnDisconnect
from activity_session._loop.steps import AnyChannel, done
from activity_session._resuming import place_of, resumes
from activity_session.errors import Deleted, Error, refusal

OnMark = Callable[[v1.Event], None]


class Reading:
    """Reads on from the read mark of a member, and moves it on.

    Args:
        channel: of either kind.
        watch: opens a watch on it.
        pull: returns the next message of such a watch, or with asyncio what it comes from; None at its end.
        session, participant: the names.
        skip_own: leave out the events of that participant.
        on_mark: told of each mark.
        on_disconnect: told of each disconnect of the watch.
    """

    def __init__(
        self,
        channel: AnyChannel,
        watch: Callable[..., Any],
        pull: Callable[[Any], Any],
        *,
        session: str,
        participant: str,
        skip_own: bool,
        on_mark: OnMark | None,
        on_disconnect: OnDisconnect | None,
    ) -> None:
        self._channel, self._open, self._pull = channel, watch, pull
        self._session, self._participant = session, participant
        self._skip_own, self._on_mark, self._on_disconnect = skip_own, on_mark, on_disconnect
        self.watch: Any = None
        self._reached = self._marked = 0

    async def next(self) -> v1.Event | None:
        """Mark as read what this has returned before, and return the next event; None at the end of the watch."""
        if self.watch is None:
            await self.begin()
        await self._mark_read()
        while (message := await done(self._pull(self.watch))) is not None:
            self._reached = max(self._reached, place_of(message))
            if not message.HasField("event"):
                await self._pass(message)
            elif not (self._skip_own and message.event.author == self._participant):
                event: v1.Event = message.event
                return event
        return None

    async def begin(self) -> None:
        """Open the watch, after what has been read."""
        request = v1.GetSessionRequest(name=self._session, view=v1.SESSION_VIEW_BASIC)
        session: Any = await done(v1.SessionServiceStub(self._channel).GetSession(request))
        read = {member.participant: member.last_read_sequence for member in session.participants}
        if self._participant not in read:
            message = "only a member has a read mark"
            raise refusal("PARTICIPANT_NOT_BOUND", message, resource=self._participant, session=self._session)
        self._reached = self._marked = read[self._participant]
        options = {"uid": session.uid, "on_disconnect": self._on_disconnect}
        self.watch = self._open(self._channel, self._session, self._marked, **options)

    async def _pass(self, message: v1.WatchSessionResponse) -> None:
        """Read what is no event: a mark, the session, a bookmark, which is after events that are out of view."""
        if self._on_mark is not None and message.HasField("mark"):
            self._on_mark(message.mark)
        await self._mark_read()

    async def _mark_read(self) -> None:
        if self._reached == self._marked:
            return
        sequence, uid = self._reached, self.watch.uid
        request = v1.MarkReadRequest(session=self._session, participant=self._participant, sequence=sequence, uid=uid)
        try:
            await done(v1.SessionServiceStub(self._channel).MarkRead(request))
        except Error as error:
            if not _can_wait(error):
                raise
        else:
            self._marked = sequence


def _can_wait(error: Error) -> bool:
    """Return whether a later mark will do; the log of a deleted session can be read to its end, without marks."""
    return resumes(error) or isinstance(error, Deleted) or error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
