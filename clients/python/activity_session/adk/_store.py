"""Sessions and events as the server has them."""

import contextlib
from collections.abc import Iterator, Sequence

from google.adk.events.event import Event

from activity_session import names, v1
from activity_session._calls import Calls
from activity_session._sessions import ensure_participant, ignoring, remove
from activity_session.adk import _events, _states
from activity_session.adk._places import Place, filter_of, place_of
from activity_session.errors import Error

_MOST_ON_A_PAGE = 1000
_WITHOUT_USER = (v1.ERROR_REASON_NAMESPACE_NOT_FOUND, v1.ERROR_REASON_PARTICIPANT_NOT_FOUND)


class Store:
    """The calls that ADK's methods consist of."""

    def __init__(self, call: Calls) -> None:
        self._call = call

    async def create(self, place: Place, updates: Sequence[v1.StateUpdate]) -> v1.Session:
        """Create a session, and the namespace and the participant that it needs; without its state it does not stay.

        One that is shared may be there already, and stays.
        """
        try:
            created = await self._create(place)
        except Error as error:
            if error.reason not in _WITHOUT_USER:
                raise
            await self.ensure_user(place)
            created = await self._create(place)
        try:
            await self._set_state(place, updates)
        except Error:
            if not place.shared:
                await remove(self._call, place.name)
            raise
        return created

    async def _create(self, place: Place) -> v1.Session:
        parent, session = names.namespace(place.namespace), place.described()
        if place.shared:
            ensure = v1.EnsureSessionRequest(parent=parent, session_id=place.id, session=session)
            return (await self._call(self._call.sessions.EnsureSession, ensure)).session
        create = v1.CreateSessionRequest(parent=parent, session_id=place.id, session=session)
        return await self._call(self._call.sessions.CreateSession, create)

    async def ensure_user(self, place: Place) -> None:
        """Create the participant, and the namespace, if there are none."""
        try:
            await ensure_participant(self._call, place.user, v1.PARTICIPANT_TYPE_USER)
        except Error as error:
            if error.reason != v1.ERROR_REASON_NAMESPACE_NOT_FOUND:
                raise
            await self.create_namespace(place.namespace)
            await ensure_participant(self._call, place.user, v1.PARTICIPANT_TYPE_USER)

    async def find(self, place: Place) -> v1.Session | None:
        """Return a session with the beginning of its newest event; None if there is none, or it is deleted."""
        request = v1.GetSessionRequest(name=place.name, view=v1.SESSION_VIEW_PREVIEW)
        with _ignoring_missing():
            session = await self._call(self._call.sessions.GetSession, request)
            return None if session.HasField("delete_time") else session
        return None

    async def sessions(self, namespace: str, user_id: str | None) -> list[tuple[Place, v1.Session]]:
        """Return the sessions of a user, or of all users."""
        request = v1.ListSessionsRequest(
            parent=names.namespace(namespace),
            page_size=_MOST_ON_A_PAGE,
            filter=filter_of(user_id),
            view=v1.SESSION_VIEW_PREVIEW,
        )
        found: list[v1.Session] = []
        with _ignoring_missing():
            async for page in self._call.pages(self._call.sessions.ListSessions, request):
                found += page.sessions
        places = [await self._place_of(session) for session in found]
        return [(place, session) for place, session in zip(places, found, strict=True) if place is not None]

    async def events(
        self, session: v1.Session, user: str, most: int | None = None, after: float | None = None
    ) -> list[Event]:
        """Return events in their order: the newest, and of those the ones from a time on, in seconds.

        `user` is the name of the participant whom ADK calls so.
        """
        if most == 0:
            return []
        request = v1.ListEventsRequest(
            parent=session.name,
            uid=session.uid,
            order_by="sequence desc",
            # What comes later than what is known of the session is not in it yet.
            before_sequence=session.last_sequence + 1,
            page_size=min(most or _MOST_ON_A_PAGE, _MOST_ON_A_PAGE),
        )
        newest_first: list[Event] = []
        with _ignoring_missing():
            async for page in self._call.pages(self._call.events.ListEvents, request):
                newest_first += filter(None, (_events.read(event, user) for event in page.events))
                if most is not None and len(newest_first) >= most:
                    break
        return [event for event in newest_first[:most][::-1] if after is None or event.timestamp >= after]

    async def append(self, place: Place, event: Event, uid: str, last: int) -> v1.AppendEventsResponse:
        """Append an event to the session with that uid, if `last` is the number of its newest event."""
        author = place.author(event.author)
        request = v1.AppendEventsRequest(
            parent=place.name,
            uid=uid,
            events=[_events.written(event, author)],
            state_updates=_states.updates_of(event.actions.state_delta, place.user),
            expected_last_sequence=last,
        )
        try:
            return await self._call(self._call.events.AppendEvents, request)
        except Error as error:
            if error.reason != v1.ERROR_REASON_PARTICIPANT_NOT_FOUND:
                raise
            await self.ensure_user(place)
            if author not in ("", place.user):
                await ensure_participant(self._call, author, v1.PARTICIPANT_TYPE_AGENT)
            return await self._call(self._call.events.AppendEvents, request)

    async def said_since(self, place: Place, event: Event, uid: str, last: int) -> tuple[list[Event], int] | None:
        """Return what others have said after an event with a number, and the number of the newest event now.

        None if a runner of ADK has written meanwhile, if something was taken out of view, or if somebody has changed
        what `event` changes of the session's state.
        """
        request = v1.ListEventsRequest(
            parent=place.name, uid=uid, after_sequence=last, page_size=_MOST_ON_A_PAGE, show_superseded=True
        )
        said: list[v1.Event] = []
        async for page in self._call.pages(self._call.events.ListEvents, request):
            said += page.events
        updates = _states.updates_of(event.actions.state_delta, place.user)
        is_stale = any(_events.is_ours(one) or _is_mark(one) for one in said)
        if not said or is_stale or await _states.has_changed(self._call, place.name, updates, last):
            return None
        return [read for one in said if (read := _events.read(one, place.user))], said[-1].sequence

    async def _set_state(self, place: Place, updates: Sequence[v1.StateUpdate]) -> None:
        whose = {
            v1.STATE_SCOPE_NAMESPACE: names.namespace(place.namespace),
            v1.STATE_SCOPE_PARTICIPANT: place.user,
            v1.STATE_SCOPE_SESSION: place.name,
        }
        for scope, name in whose.items():
            await _states.write(self._call, name, [update for update in updates if update.scope == scope])

    async def _place_of(self, session: v1.Session) -> Place | None:
        request = v1.GetSessionRequest(name=session.name, view=v1.SESSION_VIEW_FULL)
        with _ignoring_missing():
            return place_of(session) or place_of(await self._call(self._call.sessions.GetSession, request))
        return None

    async def create_namespace(self, namespace: str) -> None:
        """Create a namespace, if there is none of that id."""
        request = v1.CreateNamespaceRequest(namespace_id=namespace, namespace=v1.Namespace())
        with ignoring(v1.ERROR_REASON_NAMESPACE_ALREADY_EXISTS):
            await self._call(self._call.namespaces.CreateNamespace, request)


def _is_mark(event: v1.Event) -> bool:
    return event.HasField("supersession") or event.HasField("redacted")


@contextlib.contextmanager
def _ignoring_missing() -> Iterator[None]:
    with ignoring(v1.ERROR_REASON_SESSION_NOT_FOUND, v1.ERROR_REASON_NAMESPACE_NOT_FOUND):
        yield
