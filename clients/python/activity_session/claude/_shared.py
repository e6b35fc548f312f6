"""A transcript in a session that others use too."""

import contextlib
import uuid
from collections.abc import AsyncIterator
from typing import Any

from claude_agent_sdk import (
    SessionKey,
    SessionListSubkeysKey,
    SessionStoreEntry,
    SessionStoreListEntry,
    SessionSummaryEntry,
    fold_session_summary,
)

from activity_session import names, v1
from activity_session._calls import Calls, Target
from activity_session._pieces import TYPE, native_of
from activity_session._sessions import ignoring, remove, session_of
from activity_session.claude._appending import MISSING, append_once
from activity_session.claude._entries import FORMAT, entry_of, events_of
from activity_session.claude._store import ActivitySessionStore
from activity_session.claude._transcript import OTHERS, Transcript

_MOST_ON_A_PAGE = 1000


class SharedSessionStore:
    """A `SessionStore` of the Claude Agent SDK whose one transcript is in a session that others use too.

    Claude resumes from what all have said there, and what it says is there for the others. Give it to
    `ClaudeAgentOptions` with `continue_conversation=True`. Each method raises `activity_session.Error` if the server
    refuses a call or cannot be reached.

    Attributes:
        session_id: by which Claude Code knows the session: a UUID, always the same one.
    """

    def __init__(self, target: Target, session: str, *, user: str = "user", agent: str = "claude") -> None:
        """Open a store. Nothing is called yet.

        Args:
            target: an address, or a channel, which is not closed here.
            session: its name, as in `namespaces/trips/sessions/weather`. If there is none, the first entries create it.
            user: who says what has the type `user`: any text; the participant is created if there is none. What others
                have said begins with their name.
            agent: the same of the type `assistant`, and of the results of tools.

        Raises:
            ValueError: `session` is no name of a session.
        """
        namespace, _ = session_of(session)
        self._call = Calls(target)
        self._name = session
        self._user, self._agent = (names.participant(namespace, names.escape(text)) for text in (user, agent))
        # Subagents have transcripts of their own.
        self._subagents = ActivitySessionStore(target, namespace=namespace, user=user, agent=agent)
        self.session_id = str(uuid.uuid5(uuid.NAMESPACE_URL, session))

    async def append(self, key: SessionKey, entries: list[SessionStoreEntry]) -> None:
        """Append entries in their order, as `ActivitySessionStore` does, whatever the key of the transcript is."""
        if key.get("subpath"):
            await self._subagents.append(self._key(key), entries)
            return
        author_of = {"user": self._user, "assistant": self._agent}
        events = [event for entry in entries if OTHERS not in entry for event in events_of(entry, author_of)]
        people = {self._user: v1.PARTICIPANT_TYPE_USER, self._agent: v1.PARTICIPANT_TYPE_AGENT}
        await append_once(self._call, self._name, events, v1.Session, people)

    async def load(self, key: SessionKey) -> list[SessionStoreEntry] | None:
        """Return the transcript, with what others have said in messages of the user; None if nobody has said anything.

        What came in the middle of a turn of Claude is after it: a turn must stay in one piece.
        """
        if key.get("subpath"):
            return await self._subagents.load(self._key(key))
        with ignoring(*MISSING):
            transcript = Transcript(key["session_id"])
            async for event in self._events():
                entry = await self._entry(event)
                if entry is None:
                    transcript.hear(event)
                else:
                    transcript.say(entry)
            return transcript.ended() or None
        return None

    async def list_sessions(self, project_key: str) -> list[SessionStoreListEntry]:
        """Return the one session, if anything is in it, for any project."""
        del project_key
        with ignoring(*MISSING):
            session = await self._call(self._call.sessions.GetSession, v1.GetSessionRequest(name=self._name))
            if session.last_sequence and not session.HasField("delete_time"):
                return [{"session_id": self.session_id, "mtime": session.last_event_time.ToMilliseconds()}]
        return []

    async def list_session_summaries(self, project_key: str) -> list[SessionSummaryEntry]:
        """Return what the SDK sums up of the transcript, which is read whole for it."""
        summaries = []
        for listed in await self.list_sessions(project_key):
            key: SessionKey = {"project_key": project_key, "session_id": self.session_id}
            summary = fold_session_summary(None, key, await self.load(key) or [])
            summaries.append(summary | {"mtime": listed["mtime"]})
        return summaries

    async def delete(self, key: SessionKey) -> None:
        """Remove the session for good, for all who use it; with a subpath, that transcript only."""
        await self._subagents.delete(self._key(key))
        if not key.get("subpath"):
            await remove(self._call, self._name)

    async def list_subkeys(self, key: SessionListSubkeysKey) -> list[str]:
        """Return the subpaths of the session."""
        return await self._subagents.list_subkeys(self._key(key))

    async def close(self) -> None:
        """Close the channels, if the store has opened them itself."""
        self._call.close()
        await self._subagents.close()

    def _key(self, key: Any) -> Any:
        """A key of a subagent, which is found in whatever project and by whatever id the session is asked for."""
        return {**key, "project_key": self._name, "session_id": self.session_id}

    async def _entry(self, event: v1.Event) -> Any:
        """Return what this Claude or its user has written; None of what others have, or what is broken."""
        if event.author not in ("", self._user, self._agent):
            return None
        with contextlib.suppress(ValueError), ignoring(v1.ERROR_REASON_EVENT_NOT_FOUND):
            native = await native_of(self._call, event, FORMAT)
            entry = None if native is None else entry_of(native)
            return entry if isinstance(entry, dict) else None
        return None

    async def _events(self) -> AsyncIterator[v1.Event]:
        request = v1.ListEventsRequest(parent=self._name, filter=f"NOT type = {TYPE}", page_size=_MOST_ON_A_PAGE)
        async for page in self._call.pages(self._call.events.ListEvents, request):
            for event in page.events:
                yield event
