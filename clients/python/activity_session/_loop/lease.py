"""A turn as its holder knows it: for how long it is held for certain, by the clock of this process."""

import time
from datetime import timedelta
from typing import Any

from activity_session import _backoff, v1
from activity_session._loop.steps import AnyChannel, done
from activity_session.errors import Error, NotFound, TurnLost, refusal

# A turn is renewed when a third of its time is over, and given up a tenth before its end: clocks do not run alike, and
# it takes a moment to stop.
_RENEWED, _GIVEN_UP = 1 / 3, 9 / 10
# The server lets nobody wait for longer, in seconds.
_LONGEST_WAIT = 86_400.0
_CALL_SECONDS, _RELEASE_SECONDS = 30.0, 5.0


class Lease:
    """Takes, renews and releases a turn, of `ttl` seconds. All times are counted from before a request was sent."""

    def __init__(self, channel: AnyChannel, session: str, participant: str, ttl: float) -> None:
        self.session, self.participant, self.token = session, participant, 0
        self._stub: Any = v1.SessionServiceStub(channel)
        self._ttl = ttl
        self._due = self._end = 0.0
        self._pauses = _backoff.pauses()

    async def acquire(self, patience: float | None) -> None:
        """Wait for the turn for that many seconds, for up to a day if it is None, or not at all if it is 0."""
        request = v1.AcquireTurnRequest(session=self.session, participant=self.participant, wait=patience != 0)
        request.ttl.FromTimedelta(timedelta(seconds=self._ttl))
        timeout = _LONGEST_WAIT if patience is None else patience or _CALL_SECONDS
        sent = time.monotonic()
        self.token = (await done(self._stub.AcquireTurn(request, timeout=timeout))).token
        self._count_from(sent)
        if self.pause() == 0:
            # It has waited, and cannot know since when the turn is its own.
            sent = time.monotonic()
            await self._extend(self._ttl * _RENEWED)
            self._count_from(sent)

    def pause(self) -> float:
        """Return the seconds until there is something to do."""
        return max(0.0, min(self._due, self._end) - time.monotonic())

    async def renew(self) -> Error | None:
        """Renew the turn; return why it is lost, if it is."""
        sent = time.monotonic()
        if sent >= self._end:
            message = "the turn could not be renewed before its end"
            return refusal("TURN_LOST", message, resource=self.session, token=str(self.token))
        try:
            await self._extend(min(self._ttl * _RENEWED, self._end - sent))
        except (TurnLost, NotFound) as lost:
            return lost
        except Error:
            # Whatever it is, the turn is held until its end.
            self._due = time.monotonic() + next(self._pauses)
        else:
            self._count_from(sent)
        return None

    async def release(self) -> Error | None:
        """Hand the turn back; return an error if somebody else has taken it."""
        request = v1.ReleaseTurnRequest(session=self.session, token=self.token)
        try:
            await done(self._stub.ReleaseTurn(request, timeout=_RELEASE_SECONDS))
        except TurnLost as lost:
            return lost
        except Error:
            pass  # it ends by itself
        return None

    async def _extend(self, within: float) -> None:
        request = v1.RenewTurnRequest(session=self.session, token=self.token)
        request.ttl.FromTimedelta(timedelta(seconds=self._ttl))
        await done(self._stub.RenewTurn(request, timeout=within))

    def _count_from(self, sent: float) -> None:
        self._due, self._end = sent + self._ttl * _RENEWED, sent + self._ttl * _GIVEN_UP
        self._pauses = _backoff.pauses()
