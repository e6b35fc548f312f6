"""What is done with threads, written once for calls of either kind."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    DeltaChannelHistory,
    PendingWrite,
    get_checkpoint_id,
    get_serializable_checkpoint_metadata,
    writes_sort_key,
)
from langgraph.checkpoint.serde.base import SerializerProtocol

from activity_session import names, v1
from activity_session._calls import Calls
from activity_session._sessions import remove
from activity_session.langgraph import _entries, _log
from activity_session.langgraph._floors import Floors
from activity_session.langgraph._log import Key, Log, Saved

_MOST_ON_A_PAGE = 1000
_COUNTERS = "counters_since_delta_snapshot"


class Threads:
    """The threads of a namespace. ActivitySessionSaver says what each method does."""

    def __init__(self, call: Calls, namespace: str, serde: SerializerProtocol, floors: Floors) -> None:
        self._call, self._namespace, self._serde, self._floors = call, namespace, serde, floors

    async def get(self, config: RunnableConfig) -> CheckpointTuple | None:
        log, (ns, id_) = self._log(config), _key(config)
        if id_:
            saved = await log.find((ns, id_))
            return await self.tuple_of(log, saved) if saved else None
        async for latest in log.saved(ns, 1):
            self._floors.seen(log.thread, latest.event.sequence)
            return await self.tuple_of(log, latest)
        return None

    async def each(
        self,
        config: RunnableConfig | None,
        wanted: dict[str, Any],
        before: RunnableConfig | None,
        limit: int | None,
    ) -> AsyncIterator[CheckpointTuple]:
        ns = config["configurable"].get("checkpoint_ns") if config else None
        id_ = get_checkpoint_id(config) if config else None
        end = get_checkpoint_id(before) if before else None
        left = limit
        for log in [self._log(config)] if config else await self._logs():
            async for saved in log.saved(ns, None if wanted or end or id_ else left):
                if left is not None and left <= 0:
                    return
                its = saved.key[1]
                if (id_ and its != id_) or (end and its >= end):
                    continue
                found = await self.tuple_of(log, saved)
                if all(found.metadata.get(key) == value for key, value in wanted.items()):
                    yield found
                    left = None if left is None else left - 1

    async def put(self, config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata) -> RunnableConfig:
        log, (ns, parent) = self._log(config), _key(config)
        kept = get_serializable_checkpoint_metadata(config, metadata)
        key = (ns, checkpoint["id"])
        event, data = _entries.of_checkpoint(self._serde, key, parent, checkpoint, kept)
        event.labels[_log.FLOOR] = str(self._floors.floor(log.thread, key))
        self._floors.seen(log.thread, await log.append(event, data, is_first=not parent and not ns))
        return _config(log.thread, key)

    async def put_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str
    ) -> None:
        log, (ns, id_) = self._log(config), _key(config)
        numbered = [[WRITES_IDX_MAP.get(channel, at), channel, value] for at, (channel, value) in enumerate(writes)]
        event, data = _entries.of_writes(self._serde, (ns, id_), task_id, task_path, numbered)
        self._floors.writes_come(log.thread, (ns, id_))
        self._floors.seen(log.thread, await log.append(event, data))

    async def delete(self, thread: str) -> None:
        await remove(self._call, self.log_of(thread).name)
        self._floors.forget(thread)

    async def delete_for_runs(self, runs: Sequence[str]) -> None:
        for log in await self._logs() if runs else []:
            if keys := await log.keys_of_runs(runs):
                await log.hide(await log.index(), keys, "the runs are deleted")

    async def copy(self, source: str, target: str) -> None:
        log, copy = (self.log_of(thread) for thread in (source, target))
        request = v1.ForkSessionRequest(name=log.name, session_id=names.parse(copy.name).session)
        fork = await self._call(self._call.sessions.ForkSession, request)
        if names.labels(source) or names.labels(target):
            for label in names.labels(source):
                fork.labels.pop(label, None)
            fork.labels.update(names.labels(target))
            update = v1.UpdateSessionRequest(session=v1.Session(name=fork.name, labels=fork.labels))
            update.update_mask.paths.append("labels")
            await self._call(self._call.sessions.UpdateSession, update)

    async def prune(self, threads: Sequence[str], strategy: str) -> None:
        if strategy not in ("keep_latest", "delete"):
            raise ValueError(f"{strategy!r} is no strategy: keep_latest or delete")
        for thread in threads:
            if strategy == "delete":
                await self.delete(thread)
            else:
                await self._keep_latest(self.log_of(thread))

    async def _keep_latest(self, log: Log) -> None:
        index = await log.index()
        newest_last = [event for event in reversed(index) if event.type == _log.CHECKPOINT]
        checkpoints = {_log.key_of(event): event for event in newest_last}
        latest = {key[0]: key for key in checkpoints}
        kept = {key for start in latest.values() for key in await self._needed(log, checkpoints, start)}
        await log.hide(index, checkpoints.keys() - kept, "pruned")

    async def _needed(self, log: Log, checkpoints: Mapping[Key, v1.Event], start: Key) -> set[Key]:
        """Return a checkpoint, and those before it whose writes its delta channels are made of."""
        needed, key, channels = set[Key](), start, None
        while key in checkpoints and channels != set():
            checkpoint, metadata = await self._loaded(log, checkpoints[key])
            channels = set(metadata.get(_COUNTERS) or ()) if channels is None else channels
            channels -= checkpoint["channel_values"].keys()
            needed.add(key)
            key = _log.parent_of(checkpoints[key]) or ("", "")
        return needed

    async def history(self, config: RunnableConfig, channels: Sequence[str]) -> Mapping[str, DeltaChannelHistory]:
        found: dict[str, DeltaChannelHistory] = {channel: {"writes": []} for channel in channels}
        remaining = set(channels)
        async for ancestor in self._ancestors(self._log(config), config):
            if not remaining:
                break
            for write in reversed(ancestor.pending_writes or []):
                if write[1] in remaining:
                    found[write[1]]["writes"].append(write)
            for channel in remaining & ancestor.checkpoint["channel_values"].keys():
                found[channel]["seed"] = ancestor.checkpoint["channel_values"][channel]
                remaining.remove(channel)
        for history in found.values():
            history["writes"].reverse()
        return found

    async def _ancestors(self, log: Log, config: RunnableConfig) -> AsyncIterator[CheckpointTuple]:
        """Yield what came before a checkpoint, or before the latest, on the way to the first."""
        ns, id_ = _key(config)
        wanted: Key | None = (ns, id_) if id_ else None
        is_start = True
        async for saved in log.saved(ns, None):
            if wanted is None or saved.key == wanted:
                if not is_start:
                    yield await self.tuple_of(log, saved)
                is_start, wanted = False, _log.parent_of(saved.event)
                if wanted is None:
                    return

    async def tuple_of(self, log: Log, saved: Saved) -> CheckpointTuple:
        checkpoint, metadata = await self._loaded(log, saved.event)
        parent = _log.parent_of(saved.event)
        return CheckpointTuple(
            config=_config(log.thread, saved.key),
            checkpoint=checkpoint,
            metadata=metadata,
            parent_config=_config(log.thread, parent) if parent else None,
            pending_writes=await self._writes(log, saved),
        )

    async def _writes(self, log: Log, saved: Saved) -> list[PendingWrite]:
        found: dict[tuple[str, int], tuple[str, str, Any]] = {}
        for event in reversed(saved.writes):
            task, path, writes = await self._loaded(log, event)
            for at, channel, value in writes:
                # What a task says again stays what it was, but for errors, interrupts and the like.
                if at < 0 or (task, at) not in found:
                    found[task, at] = (path, channel, value)
        in_order = sorted(found, key=lambda key: writes_sort_key(found[key][0], *key))
        return [(key[0], found[key][1], found[key][2]) for key in in_order]

    async def _loaded(self, log: Log, event: v1.Event) -> Any:
        return self._serde.loads_typed((event.labels[_log.SERDE], await log.data_of(event)))

    def log_of(self, thread: str) -> Log:
        return Log(self._call, self._namespace, thread)

    def _log(self, config: RunnableConfig) -> Log:
        return self.log_of(str(config["configurable"]["thread_id"]))

    async def _logs(self) -> Sequence[Log]:
        """Return the logs of all threads."""
        request = v1.ListSessionsRequest(
            parent=names.namespace(self._namespace), filter=_log.THREADS, page_size=_MOST_ON_A_PAGE
        )
        logs = []
        async for page in self._call.pages(self._call.sessions.ListSessions, request):
            for session in page.sessions:
                thread = names.unescape(names.parse(session.name).session, session.labels)
                logs += [self.log_of(thread)] if thread is not None else []
        return logs


def _key(config: RunnableConfig) -> tuple[str, str | None]:
    return config["configurable"].get("checkpoint_ns", ""), get_checkpoint_id(config)


def _config(thread: str, key: Key) -> RunnableConfig:
    return {"configurable": {"thread_id": thread, "checkpoint_ns": key[0], "checkpoint_id": key[1]}}
