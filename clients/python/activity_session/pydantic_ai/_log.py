"""The sessions of conversations: their entries are events, and the record is a key of the state."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence

from pydantic_ai.conversation_store import ConversationEntry, ConversationRecord

from activity_session import names, v1
from activity_session._calls import Calls
from activity_session._labels import labels_of, term
from activity_session._pieces import batches, native_of
from activity_session._sessions import ensure, ignoring
from activity_session.errors import Error
from activity_session.pydantic_ai._entries import ENTRY, FORMAT, entry_of, events_of, json_of, record_of

_KEY = "pydantic_ai_record"
_CONVERSATION, _SCOPE = "pydantic_ai", "pydantic_ai_scope"
_MISSING = (v1.ERROR_REASON_SESSION_NOT_FOUND, v1.ERROR_REASON_PARTICIPANT_NOT_FOUND)
_MOST_ON_A_PAGE = 1000
_AT_ONCE = 16


class Log:
    """The sessions of all conversations in a namespace."""

    def __init__(self, call: Calls, namespace: str, user: str, agent: str) -> None:
        self._call, self._namespace = call, namespace
        user, agent = (names.participant(namespace, names.escape(text)) for text in (user, agent))
        self._author_of = {"user": user, "assistant": agent}
        self._people = {user: v1.PARTICIPANT_TYPE_USER, agent: v1.PARTICIPANT_TYPE_AGENT}

    def name(self, conversation_id: str) -> str:
        """Return the name of a conversation's session."""
        return names.session(self._namespace, names.escape(conversation_id))

    async def record(self, name: str) -> tuple[ConversationRecord | None, int]:
        """Return the record in a session, also of a deleted one, with its revision in the state; 0 for none."""
        with ignoring(v1.ERROR_REASON_SESSION_NOT_FOUND):
            state = await self._call(self._call.events.GetState, v1.GetStateRequest(name=name, keys=[_KEY]))
            if _KEY in state.entries:
                return record_of(state.entries[_KEY].value_json), state.entries[_KEY].revision
        return None, 0

    async def is_deleted(self, name: str) -> bool:
        """Return whether a session is deleted, and not gone."""
        request = v1.GetSessionRequest(name=name, view=v1.SESSION_VIEW_BASIC)
        with ignoring(v1.ERROR_REASON_SESSION_NOT_FOUND):
            return (await self._call(self._call.sessions.GetSession, request)).HasField("delete_time")
        return False

    async def records(self, scope: str | None) -> AsyncIterator[ConversationRecord]:
        """Yield records, the last saved first, of one scope or of all."""
        async for some in self._sessions(scope):
            for record, _ in await asyncio.gather(*(self.record(session.name) for session in some)):
                if record is not None:
                    yield record

    async def event(self, name: str, entry_id: str) -> v1.Event | None:
        """Return the event of an entry in a session; None if it is not there."""
        request = v1.GetEventRequest(name=f"{name}/events/{names.escape(entry_id)}")
        with ignoring(v1.ERROR_REASON_SESSION_NOT_FOUND, v1.ERROR_REASON_EVENT_NOT_FOUND):
            return await self._call(self._call.events.GetEvent, request)
        return None

    async def place(self, entry_id: str) -> str | None:
        """Look for the session of an entry in all of them."""
        async for some in self._sessions(None):
            for event in await asyncio.gather(*(self.event(session.name, entry_id) for session in some)):
                if event is not None:
                    return event.name.rpartition("/events/")[0]
        return None

    async def entry(self, event: v1.Event) -> ConversationEntry:
        """Return the entry that an event holds.

        Raises:
            LookupError: its content was redacted.
        """
        native = await native_of(self._call, event, FORMAT)
        if native is None:
            raise LookupError(f"{event.name} holds no entry")
        return entry_of(event, native)

    async def history(self, name: str, head_id: str, most: int | None) -> list[ConversationEntry]:
        """Return the entries up to one, in order, or the last of them, in one walk over the log.

        Raises:
            LookupError: one of them is not there.
        """
        entries: list[ConversationEntry] = []
        wanted: str | None = head_id
        async for event in self._newest_first(name, most):
            if wanted is None or len(entries) == most:
                break
            # What comes before an entry was stored before it; other entries are of branches.
            if event.event_id == names.escape(wanted):
                entries.append(await self.entry(event))
                wanted = entries[-1].parent_id
        if wanted is not None and len(entries) != most:
            raise LookupError(f"there is no entry {wanted!r} in {name}")
        return entries[::-1]

    async def write(
        self, name: str, record: ConversationRecord, entries: Iterable[ConversationEntry], revision: int
    ) -> None:
        """Append entries and set the record, in one step if they fit into a call.

        Raises:
            Error: REVISION_MISMATCH if the record does not have the revision, and then no record is set.
        """
        events = [event for entry in entries for event in events_of(entry, self._author_of)]
        # A record alone has an event too, which says when it was saved.
        *first, last = batches(events or [v1.Event(type=_KEY)])
        update = v1.StateUpdate(key=_KEY, value_json=json_of(record), expected_revision=revision)
        for batch in first:
            await self._append(name, record, v1.AppendEventsRequest(parent=name, events=batch))
        request = v1.AppendEventsRequest(parent=name, events=last, state_updates=[update])
        await self._append(name, record, request)

    async def fork(self, source: v1.Event, name: str, record: ConversationRecord) -> None:
        """Make a session that shares all up to an event with the session of that."""
        request = v1.ForkSessionRequest(
            name=source.name.rpartition("/events/")[0],
            up_to_sequence=source.sequence,
            session_id=names.parse(name).session,
            omit_state=True,
        )
        await self._call(self._call.sessions.ForkSession, request)
        await self.label(name, record)

    async def label(self, name: str, record: ConversationRecord) -> None:
        """Give a session the labels of a conversation."""
        request = v1.UpdateSessionRequest(session=v1.Session(name=name, labels=_labels(record)))
        request.update_mask.paths.append("labels")
        await self._call(self._call.sessions.UpdateSession, request)

    async def _append(self, name: str, record: ConversationRecord, request: v1.AppendEventsRequest) -> None:
        try:
            await self._call(self._call.events.AppendEvents, request)
        except Error as error:
            if error.reason not in _MISSING:
                raise
            await ensure(self._call, name, v1.Session(labels=_labels(record)), self._people)
            await self._call(self._call.events.AppendEvents, request)

    async def _newest_first(self, name: str, most: int | None) -> AsyncIterator[v1.Event]:
        size = _MOST_ON_A_PAGE if most is None else min(2 * most, _MOST_ON_A_PAGE)
        request = v1.ListEventsRequest(
            parent=name, order_by="sequence desc", page_size=size, filter=f"labels.{ENTRY}:*"
        )
        with ignoring(v1.ERROR_REASON_SESSION_NOT_FOUND):
            async for page in self._call.pages(self._call.events.ListEvents, request):
                for event in page.events:
                    yield event

    async def _sessions(self, scope: str | None) -> AsyncIterator[Sequence[v1.Session]]:
        """Yield some sessions at a time, the last appended to first."""
        terms = [term(_CONVERSATION, "conversation"), *([] if scope is None else [term(_SCOPE, scope)])]
        request = v1.ListSessionsRequest(
            parent=names.namespace(self._namespace),
            filter=" AND ".join(terms),
            order_by="last_event_time desc",
            page_size=_MOST_ON_A_PAGE,
        )
        async for page in self._call.pages(self._call.sessions.ListSessions, request):
            for at in range(0, len(page.sessions), _AT_ONCE):
                yield page.sessions[at : at + _AT_ONCE]


def _labels(record: ConversationRecord) -> dict[str, str]:
    own = labels_of(**{_CONVERSATION: "conversation", _SCOPE: record.scope})
    return own | names.labels(record.conversation_id)
