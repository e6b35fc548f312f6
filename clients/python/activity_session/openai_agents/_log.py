"""The events of a session: read from the newest on, appended, popped and replaced."""

from collections.abc import AsyncIterator, Sequence

from activity_session import names, v1
from activity_session._calls import Calls
from activity_session._sessions import ensure, ignoring
from activity_session.errors import Error

_MISSING = (v1.ERROR_REASON_SESSION_NOT_FOUND, v1.ERROR_REASON_PARTICIPANT_NOT_FOUND)
_MOST_ON_A_PAGE = 1000


class Log:
    """The log of one session, which the first append creates, with its two members."""

    def __init__(self, call: Calls, namespace: str, session_id: str, user: str, agent: str) -> None:
        self._call, self._session_id = call, session_id
        self.name = names.session(namespace, names.escape(session_id))
        self.user = names.participant(namespace, names.escape(user))
        self.agent = names.participant(namespace, names.escape(agent))

    async def pages(self, size: int | None) -> AsyncIterator[Sequence[v1.Event]]:
        """Yield pages of the events in view, the newest first, none of them empty."""
        size = min(size or _MOST_ON_A_PAGE, _MOST_ON_A_PAGE)
        request = v1.ListEventsRequest(parent=self.name, order_by="sequence desc", page_size=size)
        with ignoring(v1.ERROR_REASON_SESSION_NOT_FOUND):
            async for page in self._call.pages(self._call.events.ListEvents, request):
                if page.events:
                    yield page.events

    async def newest(self) -> v1.Event | None:
        """Return the newest event in view."""
        async for page in self.pages(1):
            return page[0]
        return None

    async def is_in_view(self, event: v1.Event) -> bool:
        """Return whether an event that was in view still is."""
        now = await self._call(self._call.events.GetEvent, v1.GetEventRequest(name=event.name))
        return not now.superseded_by

    async def last_sequence(self) -> int:
        """Return the number of the newest event, in view or not; 0 where there is none."""
        request = v1.GetSessionRequest(name=self.name, view=v1.SESSION_VIEW_BASIC)
        with ignoring(v1.ERROR_REASON_SESSION_NOT_FOUND):
            return (await self._call(self._call.sessions.GetSession, request)).last_sequence
        return 0

    async def append(self, events: Sequence[v1.Event]) -> None:
        """Append 1 to 100 events, and create what they need."""
        request = v1.AppendEventsRequest(parent=self.name, events=events)
        try:
            await self._call(self._call.events.AppendEvents, request)
        except Error as error:
            if error.reason not in _MISSING:
                raise
            await self.create()
            await self._call(self._call.events.AppendEvents, request)

    async def pop(self) -> v1.PopEventsResponse:
        """Take the newest event out of view."""
        return await self._call(self._call.events.PopEvents, v1.PopEventsRequest(parent=self.name))

    async def replace(
        self, first: int, last: int, events: Sequence[v1.Event] = (), expected_last_sequence: int | None = None
    ) -> bool:
        """Put events in the place of those with some numbers; False if the newest event has another number."""
        request = v1.SupersedeEventsRequest(
            parent=self.name,
            from_sequence=first,
            to_sequence=last,
            events=events,
            expected_last_sequence=expected_last_sequence,
        )
        with ignoring(v1.ERROR_REASON_SEQUENCE_MISMATCH):
            await self._call(self._call.events.SupersedeEvents, request)
            return True
        return False

    async def create(self) -> v1.EnsureSessionResponse:
        """Create the session and its two members, where there are none."""
        people = {self.user: v1.PARTICIPANT_TYPE_USER, self.agent: v1.PARTICIPANT_TYPE_AGENT}
        return await ensure(self._call, self.name, v1.Session(labels=names.labels(self._session_id)), people)
