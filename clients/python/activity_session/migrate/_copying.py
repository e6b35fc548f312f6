"""How a session is copied: what is there already is compared, what is missing is added, and all is read back."""

import itertools
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from activity_session import v1
from activity_session._calls import Calls
from activity_session._pieces import TYPE as PIECE
from activity_session._pieces import batches
from activity_session._sessions import ensure_participant

_MOST_ON_A_PAGE = 1000
_MOST_AUTHORS = 10_000


class Refused(Exception):  # noqa: N818 - what has happened, as in the client
    """Something that is not copied; the text says why."""


class SourceError(Exception):
    """A source that cannot be read at all; the text says why."""


@dataclass(frozen=True, slots=True)
class Item:
    """The smallest thing that a framework has in a session.

    Attributes:
        name: for people, such as `event 'e1'`.
        value: what the framework's own store returns.
        events: what holds it here, with ids that follow from those of the source; pieces come before what they are of.
        time: when it was stored, in seconds.
    """

    name: str
    value: Any
    events: Sequence[v1.Event]
    time: float


class Log(Protocol):
    """A session of a source, and what it is here.

    Attributes:
        title: for people.
        filter: of the events that it consists of here.
    """

    title: str
    filter: str

    def items(self) -> Iterator[Item]:
        """Return the items in their order, read from the source each time."""

    async def ensure(self) -> v1.EnsureSessionResponse:
        """Create the session, and what it needs, where there is none."""

    async def is_same(self, item: Item, found: Sequence[v1.Event]) -> bool:
        """Return whether the adapter reads an item from some events as the source has it.

        If there are fewer than the item has, whether they are the first of them.
        """

    async def settle(self) -> bool:
        """Add what is missing beside the events, and return whether anything was.

        Raises:
            Refused: there is something else.
        """


class Part(Protocol):
    """What a source has beside sessions; its title is for people."""

    title: str

    async def settle(self) -> bool:
        """Do what that of a log does."""


class Source(Protocol):
    """The store of a framework.

    Attributes:
        errors: what reading it can raise, besides those of here.
    """

    errors: tuple[type[Exception], ...]

    def count(self) -> int:
        """Return how many sessions there are."""

    def logs(self) -> Iterator[Log]:
        """Return the sessions."""

    def parts(self) -> Iterator[Part]:
        """Return what there is beside sessions, before which it is copied."""

    def close(self) -> None:
        """Close what was opened."""


class Copying:
    """Copies sessions, each by itself. It may be ended at any point: done again, it adds what is missing."""

    def __init__(self, call: Calls, on_added: Callable[[int], None]) -> None:
        """`on_added` is told how many events a call has added."""
        self._call, self._on_added = call, on_added
        self._authors: set[str] = set()

    async def copy(self, log: Log) -> bool:
        """Copy a session, and return whether anything of it was missing.

        Raises:
            Refused: what is there differs from the source, before anything is added or after all was.
            Error: the server refuses a call or cannot be reached.
        """
        found = await log.ensure()
        there, is_whole = await self._compare(log, found.session)
        has_settled = await log.settle()
        if not is_whole:
            await self._add(log, found.session, there)
            if not (await self._compare(log, found.session))[1]:
                raise Refused("events are missing that were added")
        return found.created or has_settled or not is_whole

    async def _compare(self, log: Log, session: v1.Session) -> tuple[int, bool]:
        """Return how many events are there, all of them as in the source, and whether none is missing."""
        there, count = self._events(session, log.filter), 0
        for item in log.items():
            wanted = sum(not _is_piece(event) for event in item.events)
            found = await _next(there, wanted)
            if found and not await log.is_same(item, found):
                raise Refused(f"{item.name} is another one there")
            count += len(found)
            if len(found) < wanted:
                return count, False
        if await _next(there, 1):
            raise Refused(f"it goes on there after its {count:,} events")
        return count, True

    async def _add(self, log: Log, session: v1.Session, there: int) -> None:
        """Add the events after those that are there; if others write meanwhile, the server refuses the next call."""
        last = session.last_sequence
        for batch in batches(_missing(log, there)):
            await self._ensure_authors(batch)
            for is_piece, some in itertools.groupby(batch, lambda one: _is_piece(one.event)):
                send = self._append if is_piece else self._import
                last = await send(session, list(some), last)
            self._on_added(sum(not _is_piece(one.event) for one in batch))

    async def _import(self, session: v1.Session, imported: list[v1.ImportedEvent], last: int) -> int:
        for sequence, one in enumerate(imported, last + 1):
            one.sequence = sequence
        request = v1.ImportEventsRequest(parent=session.name, uid=session.uid, events=imported)
        return (await self._call(self._call.events.ImportEvents, request)).last_sequence

    async def _append(self, session: v1.Session, pieces: list[v1.ImportedEvent], last: int) -> int:  # noqa: ARG002
        """Append pieces, whose ids say what they hold: those that are there already are not written again."""
        events = [piece.event for piece in pieces]
        request = v1.AppendEventsRequest(parent=session.name, uid=session.uid, events=events)
        return (await self._call(self._call.events.AppendEvents, request)).last_sequence

    async def _ensure_authors(self, batch: Sequence[v1.ImportedEvent]) -> None:
        """Create the participants that the session has not created, so that the next append need not."""
        if len(self._authors) > _MOST_AUTHORS:
            self._authors.clear()
        for author in {one.event.author for one in batch} - self._authors - {""}:
            await ensure_participant(self._call, author, v1.PARTICIPANT_TYPE_AGENT)
            self._authors.add(author)

    async def _events(self, session: v1.Session, filter_: str) -> AsyncIterator[v1.Event]:
        request = v1.ListEventsRequest(parent=session.name, uid=session.uid, filter=filter_, page_size=_MOST_ON_A_PAGE)
        async for page in self._call.pages(self._call.events.ListEvents, request):
            for event in page.events:
                yield event


def _missing(log: Log, there: int) -> Iterator[v1.ImportedEvent]:
    """Yield the events after the first ones, with the pieces that they need."""
    count = itertools.count()
    now = time.time()
    for item in log.items():
        pieces: list[v1.Event] = []
        for event in item.events:
            pieces.append(event)
            if not _is_piece(event):
                if next(count) >= there:
                    yield from (_imported(each, min(item.time, now)) for each in pieces)
                pieces = []


def _imported(event: v1.Event, seconds: float) -> v1.ImportedEvent:
    imported = v1.ImportedEvent(event=event)
    imported.create_time.FromMicroseconds(max(0, int(seconds * 1e6)))
    return imported


def _is_piece(event: v1.Event) -> bool:
    return event.type == PIECE


async def _next(events: AsyncIterator[v1.Event], count: int) -> list[v1.Event]:
    """Take so many events, or as many as there are."""
    taken: list[v1.Event] = []
    while len(taken) < count and (event := await anext(events, None)):
        taken.append(event)
    return taken
