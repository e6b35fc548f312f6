"""A store of conversations."""

import contextlib
from collections.abc import Sequence

from pydantic_ai.conversation_store import (
    ConversationConflict,
    ConversationEntry,
    ConversationRecord,
    ConversationStore,
)

from activity_session import v1
from activity_session._calls import Calls, Target
from activity_session.errors import Error
from activity_session.pydantic_ai._log import Log

_GONE = (v1.ERROR_REASON_SESSION_NOT_FOUND, v1.ERROR_REASON_SESSION_DELETED)
_MOST_PLACES = 100_000


class ActivityConversationStore(ConversationStore):
    """A `ConversationStore` of Pydantic AI, kept by Activity Session: a conversation is a session.

    Of any number of processes that save what they have loaded at once, one does, and the others get
    `ConversationConflict`. A fork shares its entries with what it is a fork of, and stays whole when that is deleted.
    Each method raises `activity_session.Error` if the server refuses a call or cannot be reached.
    """

    def __init__(self, target: Target, *, namespace: str = "default", user: str = "user", agent: str = "agent") -> None:
        """Open a store. Nothing is called yet.

        Args:
            target: an address, or a channel, which is not closed here.
            namespace: the id of one that exists.
            user: who says what users are asked for: any text; the participant is created if there is none.
            agent: the same of responses of models, and of the results of tools.
        """
        self._call = Calls(target)
        self._log = Log(self._call, namespace, user, agent)
        self._places: dict[str, str] = {}

    async def close(self) -> None:
        """Close the channel, if the store has opened it itself."""
        self._call.close()

    async def read_record(self, conversation_id: str) -> ConversationRecord | None:
        """Return the record of a conversation; None if there is none."""
        name = self._log.name(conversation_id)
        record, _ = await self._log.record(name)
        if record is None or await self._log.is_deleted(name):
            return None
        self._remember(name, record.head_id, *record.branches)
        return record

    async def read_records(self, *, scope: str | None = None, limit: int | None = None) -> Sequence[ConversationRecord]:
        """Return records, the last saved first.

        Args:
            scope: only those of this scope; `""` is one, None is all.
            limit: how many at most: those that were saved last by the clock of the server.
        """
        records: list[ConversationRecord] = []
        async for record in self._log.records(scope):
            if limit is not None and len(records) >= limit:
                break
            records.append(record)
        return sorted(records, key=lambda record: record.updated_at, reverse=True)

    async def write_record(
        self,
        record: ConversationRecord,
        *,
        new_entries: Sequence[ConversationEntry] = (),
        expected_revision: str | None,
    ) -> None:
        """Store entries and the record, all or nothing if they are at most 100 entries and 2.5 MiB.

        Of more, the first may be stored, and in no history, when there is a conflict. The record may have 256 KiB.

        Raises:
            ConversationConflict: somebody has saved or deleted the conversation, or what it is a fork of.
        """
        name = self._log.name(record.conversation_id)
        stored, revision = await self._log.record(name)
        if (stored.revision if stored else None) != expected_revision:
            raise ConversationConflict(record.conversation_id)
        new = {entry.id for entry in new_entries}
        before = new_entries[0].parent_id if record.head_id in new else record.head_id
        if before is not None and (stored is None or before != stored.head_id):
            await self._bring(before, name, record)
        try:
            await self._log.write(name, record, new_entries, revision)
            if stored is not None and stored.scope != record.scope:
                await self._log.label(name, record)
        except Error as error:
            is_late = error.reason == v1.ERROR_REASON_REVISION_MISMATCH
            if is_late or (stored is not None and error.reason in _GONE):
                raise ConversationConflict(record.conversation_id) from error
            raise
        self._remember(name, *new, *record.branches)

    async def delete_record(self, conversation_id: str, *, expected_revision: str) -> None:
        """Remove a conversation for good, with memories of its session, and all entries that no fork shares.

        Raises:
            ConversationConflict: somebody has saved or deleted it.
        """
        name = self._log.name(conversation_id)
        await self._check(name, conversation_id, expected_revision)
        try:
            await self._call(self._call.sessions.DeleteSession, v1.DeleteSessionRequest(name=name))
        except Error as error:
            if error.reason in _GONE:
                raise ConversationConflict(conversation_id) from error
            raise
        try:
            # From now on nobody can save it. Who has done so just before is not to lose that.
            await self._check(name, conversation_id, expected_revision)
        except ConversationConflict:
            await self._call(self._call.sessions.UndeleteSession, v1.UndeleteSessionRequest(name=name))
            raise
        await self._call(self._call.sessions.ExpungeSession, v1.ExpungeSessionRequest(name=name, force=True))

    async def read_entry(self, entry_id: str) -> ConversationEntry:
        """Return an entry. One of a conversation that this store has not read is looked for in all of them.

        Raises:
            LookupError: it is not there.
        """
        event = await self._event(entry_id)
        if event is None:
            raise LookupError(f"there is no entry {entry_id!r}")
        return await self._log.entry(event)

    async def read_history(self, head_id: str | None, *, limit: int | None = None) -> list[ConversationEntry]:
        """Return the entries up to one, in order, or only the last of them, in one call for a page of them.

        Raises:
            LookupError: one of them is not there.
        """
        if head_id is None or limit == 0:
            return []
        if known := self._places.get(head_id):
            # Deleted since, it may still be in a fork.
            with contextlib.suppress(LookupError):
                return await self._log.history(known, head_id, limit)
        place = await self._log.place(head_id)
        if place is None:
            raise LookupError(f"there is no entry {head_id!r}")
        return await self._log.history(place, head_id, limit)

    async def _check(self, name: str, conversation_id: str, expected_revision: str) -> None:
        stored, _ = await self._log.record(name)
        if stored is None or stored.revision != expected_revision:
            raise ConversationConflict(conversation_id)

    async def _bring(self, entry_id: str, name: str, record: ConversationRecord) -> None:
        """Have an entry of another conversation in this one too, which is a fork then."""
        if await self._log.event(name, entry_id) is not None:
            return
        try:
            source = await self._event(entry_id)
            if source is not None:
                await self._log.fork(source, name, record)
                return
        except Error as error:
            if error.reason not in (*_GONE, v1.ERROR_REASON_SESSION_ALREADY_EXISTS):
                raise
        raise ConversationConflict(record.conversation_id)

    async def _event(self, entry_id: str) -> v1.Event | None:
        """Return the event of an entry, wherever it is."""
        known = self._places.get(entry_id)
        event = await self._log.event(known, entry_id) if known else None
        if event is None and (found := await self._log.place(entry_id)):
            event = await self._log.event(found, entry_id)
            self._remember(found, entry_id)
        return event

    def _remember(self, name: str, *entry_ids: str | None) -> None:
        """Note where the ends of histories are, so that nobody need look for them."""
        self._places |= {entry_id: name for entry_id in entry_ids if entry_id is not None}
        for entry_id in list(self._places)[: len(self._places) - _MOST_PLACES]:
            del self._places[entry_id]
