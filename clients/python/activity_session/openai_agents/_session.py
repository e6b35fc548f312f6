"""A session of the SDK."""

from collections.abc import Sequence
from typing import Any

from agents.items import TResponseInputItem
from agents.memory.session_settings import SessionSettings, coerce_session_settings, resolve_session_limit

from activity_session import v1
from activity_session._calls import Calls, Target, to_its_end
from activity_session.openai_agents._items import event_of, events_of, items_of
from activity_session.openai_agents._log import Log


class ActivitySession:
    """A `Session` of the OpenAI Agents SDK, kept by Activity Session.

    Any number of processes may use one session at once: the items of a batch stay together, and no two callers pop the
    same item. What is popped, cleared or replaced goes out of view, and can be brought back (docs/history.md). A change
    that has begun ends before the cancellation of its caller is raised. Each method raises `activity_session.Error` if
    the server refuses a call or cannot be reached.

    Attributes:
        session_id: as it was given.
        session_settings: of the SDK; their `limit` holds where `get_items` is given none.
    """

    session_settings: SessionSettings | None

    def __init__(
        self,
        session_id: str,
        target: Target,
        *,
        namespace: str = "default",
        user: str = "user",
        agent: str = "agent",
        session_settings: SessionSettings | dict[str, Any] | None = None,
    ) -> None:
        """Name a session, which the first items create. Nothing is called yet.

        Args:
            session_id: any text.
            target: an address, or a channel, which is not closed here. Sessions best share a channel.
            namespace: the id of one that exists.
            user: who says what has the role `user`, by any text; the participant is created if there is none.
            agent: the same of the role `assistant`, and of calls of tools and their results.
            session_settings: as in the sessions of the SDK.
        """
        self.session_id = session_id
        self.session_settings = coerce_session_settings(session_settings or SessionSettings())
        self._call = Calls(target)
        self._log = Log(self._call, namespace, session_id, user, agent)

    async def get_items(self, limit: int | None = None) -> list[TResponseInputItem]:
        """Return the newest items, in their order; none of a session that nothing was added to.

        Args:
            limit: how many at most; all if neither this nor the settings say. None at all for 0 and less.
        """
        most = resolve_session_limit(limit, self.session_settings)
        if most is not None and most <= 0:
            return []
        while True:
            pages, newest_first = 0, []
            first: v1.Event | None = None
            async for page in self._log.pages(most):
                pages, first = pages + 1, first or page[0]
                newest_first += [item for event in page for item in reversed(self._items_of(event))]
                if most is not None and len(newest_first) >= most:
                    break
            # If all was replaced between two pages, the later ones were empty: it is read again.
            if pages <= 1 or first is None or await self._log.is_in_view(first):
                return newest_first[:most][::-1]

    async def add_items(self, items: list[TResponseInputItem]) -> None:
        """Add items at the end, all of them or none. Their JSON may have 1 MiB each, and 3 MiB together.

        Raises:
            TypeError, ValueError: an item is not JSON.
        """
        if items:
            await to_its_end(self._log.append(self._events(items)))

    async def pop_item(self) -> TResponseInputItem | None:
        """Take the newest item out of view, and return it; None if there is none."""
        return await to_its_end(self._pop())

    async def clear_session(self) -> None:
        """Take all items out of view that are there now."""
        await to_its_end(self._replace([]))

    async def replace_items(self, items: list[TResponseInputItem]) -> None:
        """Put items in the place of all that are there now, in one step: nobody sees neither, or both.

        Raises:
            TypeError, ValueError: an item is not JSON.
        """
        await to_its_end(self._replace(self._events(items)))

    async def close(self) -> None:
        """Close the channel, if the session has opened it itself."""
        self._call.close()

    async def _atomic_replace_items(self, items: list[TResponseInputItem]) -> bool:
        """For the SDK's own compaction, which clears and then adds where a session has no method of this name."""
        await self.replace_items(items)
        return True

    def _events(self, items: Sequence[TResponseInputItem]) -> list[v1.Event]:
        return events_of(items, self._log.user, self._log.agent)

    def _items_of(self, event: v1.Event) -> list[TResponseInputItem]:
        return items_of(event, self._log.user)

    async def _replace(self, events: list[v1.Event]) -> None:
        last = await self._log.last_sequence()
        if last:
            await self._log.replace(1, last, events)
        elif events:
            await self._log.append(events)

    async def _pop(self) -> TResponseInputItem | None:
        while newest := await self._log.newest():
            popped = await (self._split() if len(self._items_of(newest)) > 1 else self._pop_event())
            if popped is not None:
                return popped
        return None

    async def _pop_event(self) -> TResponseInputItem | None:
        """Pop the newest event; None if it has nothing to return, or many items, and is put back."""
        popped = await self._log.pop()
        items = [item for event in popped.events for item in self._items_of(event)]
        if len(items) > 1:
            await self._log.replace(popped.mark.sequence, popped.mark.sequence)
        return items[0] if len(items) == 1 else None

    async def _split(self) -> TResponseInputItem | None:
        """Take the last item out of the newest event, which has many; None if somebody has written meanwhile."""
        last = await self._log.last_sequence()
        newest = await self._log.newest()
        items = self._items_of(newest) if newest else []
        if newest is None or len(items) < 2:  # noqa: PLR2004
            return None
        kept = items_of(newest, newest.author)
        rest = event_of(kept[:-1], self._log.user, self._log.agent)
        rest.author = newest.author
        replaced = await self._log.replace(newest.sequence, newest.sequence, [rest], expected_last_sequence=last)
        return items[-1] if replaced else None
