"""The log of a thread: an event for each checkpoint, and one for the writes of each task."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise

from activity_session import names, v1
from activity_session._calls import Calls
from activity_session._labels import term, text_of
from activity_session._pieces import LABEL, batches, is_large, joined, split
from activity_session._sessions import ensure, ignoring
from activity_session.errors import Error

CHECKPOINT, WRITES = "langgraph.checkpoint", "langgraph.writes"
NS, ID, PARENT, RUN, FLOOR, SERDE = "ns", "checkpoint", "parent", "run", "floor", "serde"
THREADS = 'labels.langgraph = "thread"'
"""The filter of sessions that are threads."""

OURS = f'type = "{CHECKPOINT}" OR type = "{WRITES}"'
"""The filter of events that are checkpoints or writes."""

_MOST_ON_A_PAGE = 1000
_RUNS_OF_A_FILTER = 40  # it may have 50 terms

Key = tuple[str, str]
"""The namespace and the id of a checkpoint, as texts."""


@dataclass(frozen=True)
class Saved:
    """A checkpoint in the log, and its writes, the newest first."""

    key: Key
    event: v1.Event
    writes: list[v1.Event]

    @property
    def floor(self) -> int:
        return min(int(self.event.labels[FLOOR]), self.event.sequence - 1)


def key_of(event: v1.Event) -> Key:
    """Which checkpoint an event is about."""
    return text_of(event.labels, NS) or "", text_of(event.labels, ID) or ""


def parent_of(event: v1.Event) -> Key | None:
    """Which checkpoint came before this one; None for the first."""
    parent = text_of(event.labels, PARENT)
    return None if parent is None else (text_of(event.labels, NS) or "", parent)


class Log:
    """The log of one thread, which may not be there."""

    def __init__(self, call: Calls, namespace: str, thread: str) -> None:
        self.thread = thread
        self.name = names.session(namespace, names.escape(thread))
        self._call = call

    async def append(self, event: v1.Event, data: bytes, *, is_first: bool = False) -> int:
        """Append an event that holds some bytes, and return its number; the thread is made if it is not there.

        Args:
            event: with its labels.
            data: what it holds.
            is_first: whether there is probably no thread yet.
        """
        if is_first:
            await self.create()
        events = split(event, data) if is_large(data) else [event]
        if len(events) == 1:
            event.blob = data
        for batch in batches(events):
            request = v1.AppendEventsRequest(parent=self.name, events=batch)
            try:
                appended = await self._call(self._call.events.AppendEvents, request)
            except Error as error:
                if error.reason != v1.ERROR_REASON_SESSION_NOT_FOUND:
                    raise
                await self.create()
                appended = await self._call(self._call.events.AppendEvents, request)
        return appended.events[-1].sequence

    async def create(self) -> v1.EnsureSessionResponse:
        """Create the session, where there is none."""
        session = v1.Session(labels={"langgraph": "thread"} | names.labels(self.thread))
        return await ensure(self._call, self.name, session, {})

    async def data_of(self, event: v1.Event) -> bytes:
        """Return the bytes of an event, which are read where it is listed without."""
        if LABEL in event.labels:
            return await joined(self._call, event)
        if not event.HasField("blob"):
            event = await self._call(self._call.events.GetEvent, v1.GetEventRequest(name=event.name))
        return event.blob

    async def saved(self, ns: str | None, most: int | None) -> AsyncIterator[Saved]:
        """Yield checkpoints, the last stored first, of one namespace or of all; about as many as `most` at a time."""
        writes: dict[Key, list[v1.Event]] = defaultdict(list)
        found: dict[Key, Saved] = {}
        waiting: list[Saved] = []
        # A checkpoint has some writes, each an event.
        size = _MOST_ON_A_PAGE if most is None else min(10 * most, _MOST_ON_A_PAGE)
        async for event in self._events(_filter(ns), size=size):
            key = key_of(event)
            if event.type == WRITES:
                writes[key].append(event)
            elif key not in found:  # the same id again replaces the checkpoint
                found[key] = Saved(key, event, writes[key])
                waiting.append(found[key])
            while waiting and waiting[0].floor >= event.sequence - 1:
                yield waiting.pop(0)
        for each in waiting:
            yield each

    async def find(self, key: Key) -> Saved | None:
        """Return the checkpoint with an id, if there is one."""
        ns, id_ = key
        filter_ = f"{_filter(ns)} AND {term(ID, id_)}"
        writes = []
        async for event in self._events(filter_):
            if event.type == WRITES:
                writes.append(event)
                continue
            saved = Saved(key, event, writes)
            if saved.floor < event.sequence - 1:
                early = self._events(filter_, after=saved.floor, before=event.sequence)
                writes += [each async for each in early if each.type == WRITES]
            return saved
        return None

    async def index(self) -> list[v1.Event]:
        """Return all events, the newest first, without their bytes."""
        return [event async for event in self._events(OURS, omit_content=True)]

    async def keys_of_runs(self, runs: Collection[str]) -> set[Key]:
        """Return which checkpoints some runs have stored."""
        keys: set[Key] = set()
        terms = [term(RUN, run) for run in runs]
        for at in range(0, len(terms), _RUNS_OF_A_FILTER):
            filter_ = " OR ".join(terms[at : at + _RUNS_OF_A_FILTER])
            keys |= {key_of(event) async for event in self._events(filter_, omit_content=True)}
        return keys

    async def hide(self, index: list[v1.Event], keys: Collection[Key], reason: str) -> None:
        """Take some checkpoints and their writes out of view."""
        for first, last in _ranges(event.sequence for event in index if key_of(event) in keys):
            request = v1.SupersedeEventsRequest(parent=self.name, from_sequence=first, to_sequence=last, reason=reason)
            await self._call(self._call.events.SupersedeEvents, request)

    async def _events(
        self, filter_: str, *, size: int = _MOST_ON_A_PAGE, after: int = 0, before: int = 0, omit_content: bool = False
    ) -> AsyncIterator[v1.Event]:
        request = v1.ListEventsRequest(
            parent=self.name,
            filter=filter_,
            order_by="sequence desc",
            page_size=size,
            after_sequence=after,
            before_sequence=before,
            omit_content=omit_content,
        )
        with ignoring(v1.ERROR_REASON_SESSION_NOT_FOUND):
            async for page in self._call.pages(self._call.events.ListEvents, request):
                for event in page.events:
                    yield event


def _filter(ns: str | None) -> str:
    return OURS if ns is None else f"{term(NS, ns)} AND {OURS}"


def _ranges(sequences: Iterator[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last of each run of numbers without a gap.

    A range with a gap could cover a mark, and bring back what that has covered.
    """
    numbers = sorted(sequences)
    first = numbers[:1]
    for number, following in pairwise([*numbers, 0]):
        if following != number + 1:
            yield first[0], number
            first = [following]
