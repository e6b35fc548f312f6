"""A store of transcripts."""

import contextlib
import json
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
from activity_session._labels import term
from activity_session._pieces import TYPE, native_of
from activity_session._sessions import ignoring, remove
from activity_session.claude._appending import MISSING, append_once
from activity_session.claude._entries import FORMAT, entry_of, events_of
from activity_session.errors import Error

_PROJECT, _SESSION, _SUBPATH = "claude_project", "claude_session", "claude_subpath"
_MOST_ON_A_PAGE = 1000


class ActivitySessionStore:
    """A `SessionStore` of the Claude Agent SDK, kept by Activity Session.

    Each transcript, and each of a subagent, is a session. An entry with a `uuid` is there once, however many processes
    append it and however often. Each method raises `activity_session.Error` if the server refuses a call or cannot be
    reached.
    """

    def __init__(
        self, target: Target, *, namespace: str = "default", user: str = "user", agent: str = "claude"
    ) -> None:
        """Open a store. Nothing is called yet.

        Args:
            target: an address, or a channel, which is not closed here.
            namespace: the id of one that exists.
            user: who says what has the type `user`: any text; the participant is created if there is none.
            agent: the same of the type `assistant`, and of the results of tools.
        """
        self._call = Calls(target)
        self._namespace = namespace
        self._user, self._agent = (names.participant(namespace, names.escape(text)) for text in (user, agent))

    async def append(self, key: SessionKey, entries: list[SessionStoreEntry]) -> None:
        """Append entries in their order; those whose `uuid` is there already are left out.

        100 entries, and 2.5 MiB, are appended all or none; more are appended so one part after the other.

        Raises:
            TypeError, ValueError: an entry is not JSON.
        """
        author_of = {"user": self._user, "assistant": self._agent}
        events = [event for entry in entries for event in events_of(entry, author_of)]
        people = {self._user: v1.PARTICIPANT_TYPE_USER, self._agent: v1.PARTICIPANT_TYPE_AGENT}
        await append_once(self._call, self._name(key), events, lambda: _described(key), people)
        if events and not key.get("subpath"):
            # One that is late is made up for by the next append, or by a list.
            with contextlib.suppress(Error):
                await self._summed_up(await self._session(self._name(key)))

    async def load(self, key: SessionKey) -> list[SessionStoreEntry] | None:
        """Return all entries in their order; None if nothing was appended with that key, or it was deleted."""
        name = self._name(key)
        with ignoring(*MISSING):
            if not (await self._session(name)).HasField("delete_time"):
                return await self._entries(name) or None
        return None

    async def list_sessions(self, project_key: str) -> list[SessionStoreListEntry]:
        """Return the ids of the sessions of a project, with when each was appended to, in ms since 1970."""
        sessions = [session async for session in self._sessions(project_key)]
        return [{"session_id": _key(session)["session_id"], "mtime": _mtime(session)} for session in sessions]

    async def list_session_summaries(self, project_key: str) -> list[SessionSummaryEntry]:
        """Return what the SDK has summed up of each session of a project, none of them older than its session."""
        sessions = [session async for session in self._sessions(project_key)]
        return [await self._summed_up(session) for session in sessions]

    async def delete(self, key: SessionKey) -> None:
        """Remove a transcript for good; without a subpath, with those of its subagents. What is missing is no error."""
        if not key.get("subpath"):
            found = self._found({_PROJECT: key["project_key"], _SESSION: key["session_id"]})
            for name in [session.name async for session in found if _SUBPATH in session.labels]:
                await remove(self._call, name)
        await remove(self._call, self._name(key))

    async def list_subkeys(self, key: SessionListSubkeysKey) -> list[str]:
        """Return the subpaths of a session."""
        found = self._found({_PROJECT: key["project_key"], _SESSION: key["session_id"]})
        return [_key(session)["subpath"] async for session in found if _SUBPATH in session.labels]

    async def close(self) -> None:
        """Close the channel, if the store has opened it itself."""
        self._call.close()

    def _name(self, key: SessionKey | SessionListSubkeysKey) -> str:
        subpath: Any = key.get("subpath")
        texts = (key["project_key"], key["session_id"], *([subpath] if subpath else []))
        return names.session(self._namespace, names.escape("/".join(map(names.escape, texts))))

    async def _session(self, name: str) -> v1.Session:
        return await self._call(self._call.sessions.GetSession, v1.GetSessionRequest(name=name))

    async def _sessions(self, project_key: str) -> AsyncIterator[v1.Session]:
        """Yield the sessions of a project that have entries, without those of subagents."""
        async for session in self._found({_PROJECT: project_key}, f"NOT labels.{_SUBPATH}:*"):
            if session.last_sequence:
                yield session

    async def _found(self, texts: dict[str, str], *terms: str) -> AsyncIterator[v1.Session]:
        wanted = (term(label, text) for label, text in texts.items())
        request = v1.ListSessionsRequest(
            parent=names.namespace(self._namespace),
            filter=" AND ".join([*wanted, *terms]),
            view=v1.SESSION_VIEW_FULL,
            page_size=_MOST_ON_A_PAGE,
        )
        async for page in self._call.pages(self._call.sessions.ListSessions, request):
            for session in page.sessions:
                # A fork that somebody has made has the data of its origin.
                if self._name(_key(session)) == session.name:
                    yield session

    async def _entries(self, name: str, after: int = 0, last: int = 0) -> list[Any]:
        request = v1.ListEventsRequest(parent=name, filter=f"NOT type = {TYPE}", page_size=_MOST_ON_A_PAGE)
        request.after_sequence, request.before_sequence = after, last + 1 if last else 0
        entries = []
        async for page in self._call.pages(self._call.events.ListEvents, request):
            natives = [await native_of(self._call, event, FORMAT) for event in page.events]
            entries += [entry_of(native) for native in natives if native is not None]
        return entries

    async def _summed_up(self, session: v1.Session) -> SessionSummaryEntry:
        """Return the summary of all that is in a session as it was read, and keep it there.

        It is made in the order of the log. Where two processes keep theirs at once, one does, and the next call, of
        whoever it is, goes on from there.
        """
        kept = json.loads(session.data)
        summary: SessionSummaryEntry = kept["summary"]
        if kept["sequence"] < session.last_sequence:
            entries = await self._entries(session.name, kept["sequence"], session.last_sequence)
            summary = fold_session_summary(summary, kept["key"], entries)
            data = kept | {"sequence": session.last_sequence, "summary": summary}
            with ignoring(v1.ERROR_REASON_ETAG_MISMATCH):
                await self._keep(session, json.dumps(data))
        return {"session_id": summary["session_id"], "mtime": _mtime(session), "data": summary["data"]}

    async def _keep(self, session: v1.Session, data: str) -> None:
        changed = v1.Session(name=session.name, etag=session.etag, data=data)
        request = v1.UpdateSessionRequest(session=changed)
        request.update_mask.paths.append("data")
        await self._call(self._call.sessions.UpdateSession, request)


def _described(key: SessionKey) -> v1.Session:
    texts = {_PROJECT: key["project_key"], _SESSION: key["session_id"]}
    if subpath := key.get("subpath"):
        texts[_SUBPATH] = subpath
    data = json.dumps({"key": key, "sequence": 0, "summary": None})
    return v1.Session(labels={label: names.escape(text) for label, text in texts.items()}, data=data)


def _key(session: v1.Session) -> SessionKey:
    """The key of a transcript: in the data of its session, with the summary of its events up to a number."""
    key: SessionKey = json.loads(session.data)["key"]
    return key


def _mtime(session: v1.Session) -> int:
    return session.last_event_time.ToMilliseconds()
