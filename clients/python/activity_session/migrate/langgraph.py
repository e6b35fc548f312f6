"""From LangGraph's checkpointers for SQLite and PostgreSQL: all threads, with their checkpoints and writes."""

import hashlib
import itertools
import json
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from langgraph.checkpoint.base import CheckpointTuple

from activity_session import v1
from activity_session._calls import Calls
from activity_session._pieces import TYPE as PIECE
from activity_session._pieces import is_large, split
from activity_session.langgraph import _entries, _log
from activity_session.langgraph._floors import Floors
from activity_session.langgraph._log import Key, Saved
from activity_session.langgraph._threads import Threads
from activity_session.migrate._copying import Item
from activity_session.migrate._savers import ERRORS, Saver, Write, saver_of

_MOST_ON_A_PAGE = 500
# Of each checkpoint: its writes come after it.
_FLOOR = str(2**63 - 1)


class Source:
    """All threads of a checkpointer."""

    errors = ERRORS

    def __init__(self, url: str, call: Calls, namespace: str | None) -> None:
        """Open the source, whose threads go to a namespace that exists."""
        self._saver = saver_of(url)
        self._threads = Threads(call, namespace or "default", self._saver.serde, Floors())

    def count(self) -> int:
        """Return how many threads there are."""
        return int(self._saver.rows("SELECT count(DISTINCT thread_id) FROM checkpoints")[0][0])

    def parts(self) -> Iterator[Any]:
        """Return nothing: there are only threads."""
        return iter(())

    def logs(self) -> Iterator["_Thread"]:
        """Return the threads."""
        where, after = "", ()
        while True:
            page = self._saver.rows(
                f"SELECT DISTINCT thread_id FROM checkpoints {where} ORDER BY thread_id LIMIT {_MOST_ON_A_PAGE}",  # noqa: S608
                *after,
            )
            for (thread,) in page:
                yield _Thread(self._saver, self._threads, thread)
            if len(page) < _MOST_ON_A_PAGE:
                return
            where, after = "WHERE thread_id > ?", page[-1]

    def close(self) -> None:
        """Close the database."""
        self._saver.close()


class _Thread:
    """A thread."""

    filter = _log.OURS

    def __init__(self, saver: Saver, threads: Threads, thread: str) -> None:
        self._saver, self._threads, self._log = saver, threads, threads.log_of(thread)
        self.title = f"the thread {thread!r}"

    def items(self) -> Iterator[Item]:
        # Ids of checkpoints begin with their times; the one that is stored last is the latest here.
        for id_, ns in self._saver.rows(
            "SELECT checkpoint_id, checkpoint_ns FROM checkpoints WHERE thread_id = ? "
            "ORDER BY checkpoint_id, checkpoint_ns",
            self._log.thread,
        ):
            found, writes = self._saver.get(self._log.thread, (ns, id_))
            entries = self._entries((ns, id_), found, writes)
            events = [each for event, data in entries for each in _fitted(event, data)]
            yield Item(f"the checkpoint {id_!r}", found, events, _time_of(found))

    async def ensure(self) -> v1.EnsureSessionResponse:
        return await self._log.create()

    async def is_same(self, item: Item, found: Sequence[v1.Event]) -> bool:
        wanted = [event.event_id for event in item.events if event.type != PIECE]
        if [event.event_id for event in found] != wanted[: len(found)]:
            return False
        if len(found) < len(wanted):
            return True
        read = _plain(
            await self._threads.tuple_of(self._log, Saved(_log.key_of(found[0]), found[0], list(found[:0:-1])))
        )
        # By their bytes, since not all values can be compared; and else as values, since a set has no order.
        dumped, expected = self._saver.serde.dumps_typed(read), _plain(item.value)
        return dumped == self._saver.serde.dumps_typed(expected) or read == expected

    async def settle(self) -> bool:
        return False

    def _entries(self, key: Key, found: CheckpointTuple, writes: Sequence[Write]) -> Iterator[_entries.Entry]:
        serde = self._saver.serde
        parent = found.parent_config["configurable"]["checkpoint_id"] if found.parent_config else None
        event, data = _entries.of_checkpoint(serde, key, parent, found.checkpoint, found.metadata)
        event.labels[_log.FLOOR], event.event_id = _FLOOR, _id(*key)
        yield event, data
        for (path, task), some in itertools.groupby(writes, lambda write: (write.path, write.task)):
            numbered = [[write.number, write.channel, write.value] for write in some]
            event, data = _entries.of_writes(serde, key, task, path, numbered)
            event.event_id = _id(*key, path, task)
            yield event, data


def _fitted(event: v1.Event, data: bytes) -> list[v1.Event]:
    if is_large(data):
        return split(event, data)
    event.blob = data
    return [event]


def _plain(found: CheckpointTuple) -> list[Any]:
    configs = [config and config["configurable"] for config in (found.config, found.parent_config)]
    return [configs, found.checkpoint, found.metadata, found.pending_writes or []]


def _id(*texts: str) -> str:
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()


def _time_of(found: CheckpointTuple) -> float:
    try:
        return datetime.fromisoformat(found.checkpoint["ts"]).timestamp()
    except (KeyError, TypeError, ValueError):
        return time.time()
