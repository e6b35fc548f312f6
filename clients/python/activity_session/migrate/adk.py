"""From ADK's `DatabaseSessionService` and `SqliteSessionService`: users, sessions, events and the three states."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from google.adk.events.event import Event
from google.adk.sessions.schemas.v1 import StorageAppState, StorageEvent, StorageSession, StorageUserState
from google.adk.sessions.state import State
from sqlalchemy import Row, inspect, literal_column, select

from activity_session import names, v1
from activity_session._calls import Calls
from activity_session._sessions import ensure
from activity_session.adk import _events, _states
from activity_session.adk._places import Place
from activity_session.adk._store import Store
from activity_session.migrate._copying import Item, Refused, SourceError
from activity_session.migrate._databases import ERRORS, count, opened, rows, url_of


class Source:
    """All apps of a database."""

    errors = ERRORS

    def __init__(self, url: str, call: Calls, namespace: str | None) -> None:
        """Open the source. `namespace` is the one that all apps go to; each goes to its own if there is none."""
        self._engine, self._call, self._namespace = opened(url_of(url)), call, namespace
        found = inspect(self._engine)
        columns = {column["name"] for column in found.get_columns("events")} if found.has_table("events") else set()
        if "event_data" not in columns:
            raise SourceError(
                "the schema is an old one: run `adk migrate session` first"
                if "actions" in columns
                else "it has no sessions of ADK"
            )
        # SqliteSessionService says so: events of one time come in the order in which they were appended, not of ids.
        is_by_rows = not found.has_table("adk_internal_metadata")
        self._order = (StorageEvent.timestamp, literal_column("events.rowid") if is_by_rows else StorageEvent.id)

    def count(self) -> int:
        """Return how many sessions there are."""
        return count(self._engine, StorageSession)

    def parts(self) -> Iterator["_Shared"]:
        """Return the states of apps and users."""
        for app, state in rows(self._engine, select(StorageAppState.app_name, StorageAppState.state)):
            yield _Shared(self._call, self._place(app), state, State.APP_PREFIX, f"the state of the app {app!r}")
        columns = (StorageUserState.app_name, StorageUserState.user_id, StorageUserState.state)
        for app, user, state in rows(self._engine, select(*columns)):
            title = f"the state of the user {user!r} of the app {app!r}"
            yield _Shared(self._call, self._place(app, user), state, State.USER_PREFIX, title)

    def logs(self) -> Iterator["_Log"]:
        """Return the sessions of all apps and users."""
        columns = (StorageSession.app_name, StorageSession.user_id, StorageSession.id)
        for row in rows(self._engine, select(*columns, StorageSession.state).order_by(*columns)):
            yield _Log(self, self._call, self._place(row.app_name, row.user_id, row.id), row)

    def events(self, session: Row[Any]) -> Iterator[Event]:
        """Return the events of a session, in the order in which ADK returns them."""
        wanted = select(StorageEvent).where(
            StorageEvent.app_name == session.app_name,
            StorageEvent.user_id == session.user_id,
            StorageEvent.session_id == session.id,
        )
        for (row,) in rows(self._engine, wanted.order_by(*self._order)):
            yield row.to_event()

    def close(self) -> None:
        """Close the database."""
        self._engine.dispose()

    def _place(self, app: str, user: str = "", session: str = "") -> Place:
        return Place(self._namespace or names.escape(app), user, session.strip())


class _Shared:
    """The state of an app or of a user."""

    def __init__(self, call: Calls, place: Place, state: Mapping[str, Any], prefix: str, title: str) -> None:
        self._call, self._place, self._state, self._prefix, self.title = call, place, state, prefix, title

    async def settle(self) -> bool:
        store = Store(self._call)
        if self._prefix == State.APP_PREFIX:
            await store.create_namespace(self._place.namespace)
            return await _settled(self._call, names.namespace(self._place.namespace), self._state, self._prefix)
        await store.ensure_user(self._place)
        return await _settled(self._call, self._place.user, self._state, self._prefix)


class _Log:
    """A session."""

    filter = ""

    def __init__(self, source: Source, call: Calls, place: Place, row: Row[Any]) -> None:
        self._source, self._call, self._place, self._row = source, call, place, row
        self.title = f"the session {row.id!r} of the user {row.user_id!r} of the app {row.app_name!r}"

    def items(self) -> Iterator[Item]:
        for event in self._source.events(self._row):
            made = _events.written(event, self._place.author(event.author))
            yield Item(f"the event {event.id!r}", event, [made], event.timestamp)

    async def ensure(self) -> v1.EnsureSessionResponse:
        await Store(self._call).ensure_user(self._place)
        return await ensure(self._call, self._place.name, self._place.described(), {})

    async def is_same(self, item: Item, found: Sequence[v1.Event]) -> bool:
        read = _events.read(found[0], self._place.user)
        return read is not None and read.model_dump_json(by_alias=True) == item.value.model_dump_json(by_alias=True)

    async def settle(self) -> bool:
        return await _settled(self._call, self._place.name, self._row.state, "")


async def _settled(call: Calls, name: str, state: Mapping[str, Any], prefix: str) -> bool:
    """Set the keys that are missing, and return whether any was; then all must read as in the source."""
    there = await _states.read(call, name)
    _check(there, {key: state[key] for key in there if key in state})
    missing = {prefix + key: value for key, value in state.items() if key not in there}
    if missing:
        user = name if prefix == State.USER_PREFIX else ""
        await _states.write(call, name, _states.updates_of(missing, user))
        _check(await _states.read(call, name), state)
    return bool(missing)


def _check(there: Mapping[str, Any], state: Mapping[str, Any]) -> None:
    for key in sorted({*there, *state}):
        if key not in there or key not in state or _text(there[key]) != _text(state[key]):
            raise Refused(f"the key {key!r} of the state differs")


def _text(value: Any) -> str:
    """What tells 1 from 1.0 and from true."""
    return json.dumps(value, sort_keys=True)
