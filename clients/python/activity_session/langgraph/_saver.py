"""A checkpointer."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    DeltaChannelHistory,
)
from langgraph.checkpoint.serde.base import SerializerProtocol

from activity_session._calls import Calls, Target
from activity_session.langgraph._blocking import BlockingCalls, iterate, run
from activity_session.langgraph._floors import Floors
from activity_session.langgraph._threads import Threads


class ActivitySessionSaver(BaseCheckpointSaver[str]):
    """A checkpointer of LangGraph, kept by Activity Session: a thread is a session.

    Any number of processes may use one thread at once. The latest checkpoint is the one that was stored last, whatever
    their clocks say. Each method raises `activity_session.Error` if the server refuses a call or cannot be reached.
    """

    def __init__(self, target: Target, *, namespace: str = "default", serde: SerializerProtocol | None = None) -> None:
        """Open a checkpointer. Nothing is called yet.

        Args:
            target: an address, or a channel, which is not closed here. With a channel for asyncio only the methods for
                asyncio work; with all else, both kinds.
            namespace: the id of one that exists.
            serde: how checkpoints become bytes, such as an `EncryptedSerializer`; LangGraph's own if not given.
        """
        super().__init__(serde=serde)
        self._call = Calls(target)
        self._namespace = namespace
        self._floors = Floors()

    def get_next_version(self, current: Any, channel: None) -> Any:
        """Return the version of a channel after another: a text, as in LangGraph's own, so that their threads go on."""
        if isinstance(current, int):
            return super().get_next_version(current, channel)  # type: ignore[arg-type]  # it takes both
        number = int(current.partition(".")[0]) if current else 0
        return f"{number + 1:032}.{0:016}"

    @property
    def _asyncio(self) -> Threads:
        return Threads(self._call, self._namespace, self.serde, self._floors)

    @property
    def _blocking(self) -> Threads:
        return Threads(BlockingCalls(self._call), self._namespace, self.serde, self._floors)

    def close(self) -> None:
        """Close the channel, if the checkpointer has opened it itself."""
        self._call.close()

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Return a checkpoint with its writes: that with the id of the config, or the latest; None if there is none."""
        return run(self._blocking.get(config))

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Return what `get_tuple` does."""
        return await self._asyncio.get(config)

    def list(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> Iterator[CheckpointTuple]:
        """Yield checkpoints, the last stored first: of one thread, or without a config of one after the other.

        Args:
            config: of which thread, namespace of checkpoints and id; those that it does not say are all.
            filter: what their metadata must have.
            before: only those with a smaller id than this one has.
            limit: how many at most.
        """
        return iterate(self._blocking.each(config, filter or {}, before, limit))

    def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """Yield what `list` does."""
        return self._asyncio.each(config, filter or {}, before, limit)

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,  # noqa: ARG002
    ) -> RunnableConfig:
        """Store a checkpoint, and return the config that names it. One with the same id is replaced."""
        return run(self._blocking.put(config, checkpoint, metadata))

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,  # noqa: ARG002
    ) -> RunnableConfig:
        """Store a checkpoint as `put` does."""
        return await self._asyncio.put(config, checkpoint, metadata)

    def put_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Store what a task has written after a checkpoint, all or nothing. What it writes again stays as it was."""
        run(self._blocking.put_writes(config, writes, task_id, task_path))

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Store writes as `put_writes` does."""
        await self._asyncio.put_writes(config, writes, task_id, task_path)

    def delete_thread(self, thread_id: str) -> None:
        """Remove a thread for good, with memories of its session; one that is not there is no error."""
        run(self._blocking.delete(thread_id))

    async def adelete_thread(self, thread_id: str) -> None:
        """Remove a thread as `delete_thread` does."""
        await self._asyncio.delete(thread_id)

    def delete_for_runs(self, run_ids: Sequence[str]) -> None:
        """Take the checkpoints of some runs out of view, in all threads, each of which is looked at."""
        run(self._blocking.delete_for_runs(run_ids))

    async def adelete_for_runs(self, run_ids: Sequence[str]) -> None:
        """Take checkpoints out of view as `delete_for_runs` does."""
        await self._asyncio.delete_for_runs(run_ids)

    def copy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """Fork a thread: it takes as long for a long one as for a short one.

        Raises:
            Error: SESSION_NOT_FOUND, or SESSION_ALREADY_EXISTS if there is a thread of the new id.
        """
        run(self._blocking.copy(source_thread_id, target_thread_id))

    async def acopy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """Fork a thread as `copy_thread` does."""
        await self._asyncio.copy(source_thread_id, target_thread_id)

    def prune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Take checkpoints out of view, but for the latest of each namespace and those that its delta channels need.

        Args:
            thread_ids: those that are not there are no error.
            strategy: `keep_latest`, or `delete`, which removes the threads for good.

        Raises:
            ValueError: the strategy is another one.
        """
        run(self._blocking.prune(thread_ids, strategy))

    async def aprune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Take checkpoints out of view as `prune` does."""
        await self._asyncio.prune(thread_ids, strategy)

    def get_delta_channel_history(
        self, *, config: RunnableConfig, channels: Sequence[str]
    ) -> Mapping[str, DeltaChannelHistory]:
        """Return the writes that some channels are made of, and what they begin with, in one walk over the log."""
        return run(self._blocking.history(config, channels))

    async def aget_delta_channel_history(
        self, *, config: RunnableConfig, channels: Sequence[str]
    ) -> Mapping[str, DeltaChannelHistory]:
        """Return what `get_delta_channel_history` does."""
        return await self._asyncio.history(config, channels)
