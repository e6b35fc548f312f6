"""The session service."""

import asyncio
import contextlib
import uuid
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Self
from weakref import WeakValueDictionary

from google.adk.errors import StaleSessionError
from google.adk.errors.already_exists_error import AlreadyExistsError
from google.adk.errors.session_not_found_error import SessionNotFoundError
from google.adk.events.event import Event
from google.adk.sessions import BaseSessionService, Session
from google.adk.sessions.base_session_service import GetSessionConfig, ListSessionsResponse
from google.adk.sessions.state import State

from activity_session import names, v1
from activity_session._calls import Calls, Target, to_its_end
from activity_session._sessions import remove, session_of
from activity_session.adk import _events, _states
from activity_session.adk._places import Place
from activity_session.adk._store import Store
from activity_session.errors import Error

_STALE = "others have written to the session since it was loaded: load it again"


class ActivitySessionService(BaseSessionService):
    """A session service of ADK, kept by Activity Session.

    An app is a namespace, which its first session creates, and a user a participant. Any number of runners in any
    number of processes may use one session: a runner whose session another runner has appended to meanwhile gets
    `StaleSessionError`, as with ADK's own database. What programs of other frameworks have said meanwhile comes into
    the runner's session before its own event. A change that has begun ends before the cancellation of its caller
    is raised. Each method raises `activity_session.Error` if the server refuses a call or cannot be reached.
    """

    def __init__(self, target: Target, *, namespace: str | None = None, session: str | None = None) -> None:
        """Prepare the service. Nothing is called yet.

        Args:
            target: an address, or a channel, which is not closed here.
            namespace: the id of the one namespace that is used, whatever the app is called. An app with another name is
                the same one then.
            session: the name of the one session that is used, as in `namespaces/trips/sessions/weather`, whatever the
                app, the user and the session are called: one that others use too (docs/adapters/together.md).

        Raises:
            ValueError: it is no name of a session.
        """
        self._call = Calls(target)
        self._store = Store(self._call)
        self._namespace, self._shared = namespace, ""
        if session is not None:
            self._namespace, self._shared = session_of(session)
        # Coroutines of one process that append to one session do so one after the other, as ADK's workflows expect.
        self._locks: WeakValueDictionary[tuple[asyncio.AbstractEventLoop, str], asyncio.Lock] = WeakValueDictionary()

    async def create_session(
        self, *, app_name: str, user_id: str, state: dict[str, Any] | None = None, session_id: str | None = None
    ) -> Session:
        """Create a session, with its state in the three scopes.

        Args:
            app_name: any text, as are the other two.
            user_id: whose session it is.
            state: by keys with the prefixes of their scopes; `temp:` is left out.
            session_id: blanks around it do not count. If there is nothing else, an id is made.

        One that is shared is joined if it is there, with its events.

        Raises:
            AlreadyExistsError: the user has a session with that id.
        """
        place = self._place(app_name, user_id, (session_id or "").strip() or str(uuid.uuid4()))
        updates = _states.updates_of(state or {}, place.user)
        try:
            created = await to_its_end(self._store.create(place, updates))
        except Error as error:
            if error.reason == v1.ERROR_REASON_SESSION_ALREADY_EXISTS:
                raise AlreadyExistsError(f"Session with id {place.session_id} already exists.") from error
            raise
        if self._shared:
            return await self._whole(app_name, place, created, GetSessionConfig())
        # Nobody else has written to it yet.
        own = _states.read_from(updates)
        return _session(app_name, place, created, own | await self._shared_state(place))

    async def get_session(
        self, *, app_name: str, user_id: str, session_id: str, config: GetSessionConfig | None = None
    ) -> Session | None:
        """Return a session with its events, in the order in which they were appended; None if there is none."""
        place = self._place(app_name, user_id, session_id)
        found = await self._store.find(place)
        if found is None:
            return None
        return await self._whole(app_name, place, found, config or GetSessionConfig())

    async def list_sessions(self, *, app_name: str, user_id: str | None = None) -> ListSessionsResponse:
        """Return the sessions of a user, or of all users, with their state and without events.

        The one with the oldest event is the first. The state of each takes a call, as does that of each user. One that
        is shared is listed alone, for any user.
        """
        found = await self._listed(app_name, user_id)
        shared = await self._shared_states({place for place, _ in found})
        own = await asyncio.gather(*(self._own_state(session) for _, session in found))
        sessions = [
            _session(app_name, place, session, state | shared[place])
            for (place, session), state in zip(found, own, strict=True)
        ]
        return ListSessionsResponse(
            sessions=sorted(sessions, key=lambda session: (session.last_update_time, session.user_id, session.id))
        )

    async def delete_session(self, *, app_name: str, user_id: str, session_id: str) -> None:
        """Remove a session for good; one that is not there is no error. The states of app and user stay.

        Where callers have roles, it takes the role admin (docs/permissions.md).
        """
        await to_its_end(remove(self._call, self._place(app_name, user_id, session_id).name))

    async def get_user_state(self, *, app_name: str, user_id: str) -> dict[str, Any]:
        """Return the state of a user, by keys without a prefix; empty if there is none."""
        return await _states.read(self._call, self._place(app_name, user_id, "").user)

    async def append_event(self, session: Session, event: Event) -> Event:
        """Append an event with its changes of state, all or nothing, and update `session`.

        One that is partial is not kept. One that is there already, with the same content, is not appended again.

        Raises:
            SessionNotFoundError: the session was deleted since.
            StaleSessionError: another runner has written to the session since it was loaded, or others have changed
                there what the event changes too.
            AlreadyExistsError: another event has this id.
        """
        if event.partial:
            return event
        self._apply_temp_state(session, event)
        event = self._trim_temp_delta_state(event)
        place = self._place(session.app_name, session.user_id, session.id)
        async with self._lock(place):
            return await to_its_end(self._append(place, session, event))

    async def close(self) -> None:
        """Close the channel, if the service has opened it itself."""
        self._call.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _whole(self, app_name: str, place: Place, found: v1.Session, config: GetSessionConfig) -> Session:
        """Return a session with its events and its state."""
        events, own, shared = await asyncio.gather(
            self._store.events(found, place.user, config.num_recent_events, config.after_timestamp),
            self._own_state(found),
            self._shared_state(place),
        )
        return _session(app_name, place, found, own | shared, events)

    async def _listed(self, app_name: str, user_id: str | None) -> list[tuple[Place, v1.Session]]:
        if not self._shared:
            return await self._store.sessions(self._namespace_of(app_name), user_id)
        place = self._place(app_name, "user" if user_id is None else user_id, self._shared)
        found = await self._store.find(place)
        return [(place, found)] if found else []

    async def _append(self, place: Place, session: Session, event: Event) -> Event:
        marker = session._storage_update_marker or await self._marker(place, session)  # noqa: SLF001
        uid, _, last = marker.rpartition(":")
        with _translating(session.id, event.id):
            appended = await self._appended(place, session, event, uid, int(last))
        if not appended.written[0] and any(one.id == event.id for one in session.events):
            return event
        # Of a retry the event's own number, which is not the last one if others have written since.
        session._storage_update_marker = f"{uid}:{appended.events[0].sequence}"  # noqa: SLF001
        session.last_update_time = _events.time_of(appended.events[0])
        self._update_session_state(session, event)
        session.events.append(event)
        return event

    async def _appended(
        self, place: Place, session: Session, event: Event, uid: str, last: int
    ) -> v1.AppendEventsResponse:
        """Append an event after what others have said meanwhile, which the caller's session gets."""
        while True:
            try:
                return await self._store.append(place, event, uid, last)
            except Error as error:
                if error.reason != v1.ERROR_REASON_SEQUENCE_MISMATCH:
                    raise
                said = await self._store.said_since(place, event, uid, last)
                if said is None:
                    raise
            session.events += said[0]
            last = said[1]
            session._storage_update_marker = f"{uid}:{last}"  # noqa: SLF001

    async def _marker(self, place: Place, session: Session) -> str:
        """Return the marker of a session that has none, and was made by its caller, if it has all that is stored."""
        found = await self._store.find(place)
        if found is None:
            raise SessionNotFoundError(f"Session {session.id} not found.")
        if _updated(found) > session.last_update_time:
            newest = found.newest_event.event_id if found.HasField("newest_event") else ""
            if newest != (names.escape(session.events[-1].id) if session.events else ""):
                raise StaleSessionError(_STALE)
        return _marker_of(found)

    async def _own_state(self, session: v1.Session) -> dict[str, Any]:
        return await _states.read(self._call, session.name, uid=session.uid)

    async def _shared_state(self, place: Place) -> dict[str, Any]:
        return (await self._shared_states([place]))[place]

    async def _shared_states(self, places: Collection[Place]) -> dict[Place, dict[str, Any]]:
        """Return the states of app and user of each place; each is read once, however many sessions have it."""
        of_apps = {names.namespace(place.namespace): State.APP_PREFIX for place in places}
        owners = of_apps | {place.user: State.USER_PREFIX for place in places}
        read = await asyncio.gather(*(_states.read(self._call, name, prefix) for name, prefix in owners.items()))
        states = dict(zip(owners, read, strict=True))
        return {place: states[names.namespace(place.namespace)] | states[place.user] for place in places}

    def _lock(self, place: Place) -> asyncio.Lock:
        return self._locks.setdefault((asyncio.get_running_loop(), place.name), asyncio.Lock())

    def _namespace_of(self, app_name: str) -> str:
        return self._namespace or names.escape(app_name)

    def _place(self, app_name: str, user_id: str, session_id: str) -> Place:
        return Place(self._namespace_of(app_name), user_id, session_id.strip(), self._shared)


def _session(
    app_name: str, place: Place, found: v1.Session, state: dict[str, Any], events: Sequence[Event] = ()
) -> Session:
    session = Session(
        id=place.session_id,
        app_name=app_name,
        user_id=place.user_id,
        state=state,
        events=list(events),
        last_update_time=_updated(found),
    )
    session._storage_update_marker = _marker_of(found)  # noqa: SLF001
    return session


def _marker_of(session: v1.Session) -> str:
    return f"{session.uid}:{session.last_sequence}"


def _updated(session: v1.Session) -> float:
    """When the newest event happened, in seconds; when the session was created, if it has none."""
    if session.HasField("newest_event"):
        return _events.time_of(session.newest_event)
    return _events.seconds(session.create_time)


@contextlib.contextmanager
def _translating(session_id: str, event_id: str) -> Iterator[None]:
    """Raise the errors of ADK that say what ours do."""
    try:
        yield
    except Error as error:
        match error.reason:
            case v1.ERROR_REASON_SESSION_NOT_FOUND | v1.ERROR_REASON_SESSION_DELETED:
                raise SessionNotFoundError(f"Session {session_id} not found.") from error
            case v1.ERROR_REASON_SEQUENCE_MISMATCH:
                raise StaleSessionError(_STALE) from error
            case v1.ERROR_REASON_EVENT_ALREADY_EXISTS:
                raise AlreadyExistsError(f"Event with id {event_id} already exists, with other content.") from error
        raise
