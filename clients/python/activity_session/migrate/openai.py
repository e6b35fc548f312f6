"""From the `SQLiteSession` and the `SQLAlchemySession` of the OpenAI Agents SDK: all sessions, item by item."""

import json
import time
from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import Any

from sqlalchemy import DateTime, Integer, Text, column, inspect, select, table

from activity_session import v1
from activity_session._calls import Calls
from activity_session.migrate._copying import Item, Refused, SourceError
from activity_session.migrate._databases import ERRORS, count, opened, rows, url_of
from activity_session.openai_agents import _items
from activity_session.openai_agents._log import Log

_sessions = table("agent_sessions", column("session_id", Text))
_messages = table(
    "agent_messages",
    column("id", Integer),
    column("session_id", Text),
    column("message_data", Text),
    column("created_at", DateTime),
)


class Source:
    """All sessions of a database."""

    errors = ERRORS

    def __init__(self, url: str, call: Calls, namespace: str | None) -> None:
        """Open the source, whose sessions go to a namespace that exists."""
        parsed = url_of(url)
        self._engine, self._call, self._namespace = opened(parsed), call, namespace or "default"
        if not all(inspect(self._engine).has_table(each.name) for each in (_sessions, _messages)):
            raise SourceError("it has no sessions of the OpenAI Agents SDK")
        # SQLiteSession, which is given a file, orders by id alone.
        is_file = parsed.drivername == "sqlite"
        self._order = (_messages.c.id,) if is_file else (_messages.c.created_at, _messages.c.id)

    def count(self) -> int:
        """Return how many sessions there are."""
        return count(self._engine, _sessions)

    def parts(self) -> Iterator[Any]:
        """Return nothing: there are only sessions."""
        return iter(())

    def logs(self) -> Iterator["_Log"]:
        """Return the sessions."""
        for (session_id,) in rows(self._engine, select(_sessions.c.session_id).order_by(_sessions.c.session_id)):
            yield _Log(self, Log(self._call, self._namespace, session_id, "user", "agent"), session_id)

    def messages(self, session_id: str) -> Iterator[Any]:
        """Return the rows of a session, in the order in which the SDK returns its items."""
        wanted = select(_messages.c.id, _messages.c.message_data, _messages.c.created_at)
        return rows(self._engine, wanted.where(_messages.c.session_id == session_id).order_by(*self._order))

    def close(self) -> None:
        """Close the database."""
        self._engine.dispose()


class _Log:
    """A session."""

    filter = ""

    def __init__(self, source: Source, log: Log, session_id: str) -> None:
        self._source, self._log, self._session_id = source, log, session_id
        self.title = f"the session {session_id!r}"

    def items(self) -> Iterator[Item]:
        for row in self._source.messages(self._session_id):
            try:
                item = json.loads(row.message_data)
            except ValueError:
                continue  # as the SDK does
            if not isinstance(item, dict):
                raise Refused(f"the item {row.id} is no JSON object")
            event = _items.event_of([item], self._log.user, self._log.agent)
            event.event_id = f"row-{row.id}"
            seconds = row.created_at.replace(tzinfo=UTC).timestamp() if row.created_at else time.time()
            yield Item(f"the item {row.id}", item, [event], seconds)

    async def ensure(self) -> v1.EnsureSessionResponse:
        return await self._log.create()

    async def is_same(self, item: Item, found: Sequence[v1.Event]) -> bool:
        return json.dumps(_items.items_of(found[0], self._log.user)) == json.dumps([item.value])

    async def settle(self) -> bool:
        return False
