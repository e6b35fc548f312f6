"""Checkpoints and writes as events, and the bytes that those hold."""

from collections.abc import Sequence
from typing import Any

from langgraph.checkpoint.base import Checkpoint, CheckpointMetadata
from langgraph.checkpoint.serde.base import SerializerProtocol

from activity_session import v1
from activity_session._labels import labels_of
from activity_session.langgraph import _log

Entry = tuple[v1.Event, bytes]


def of_checkpoint(
    serde: SerializerProtocol, key: _log.Key, parent: str | None, checkpoint: Checkpoint, metadata: CheckpointMetadata
) -> Entry:
    """Return the event of a checkpoint, which its floor is still to be added to."""
    kind, data = serde.dumps_typed([checkpoint, metadata])
    run_id = metadata.get("run_id")
    labels = labels_of(ns=key[0], checkpoint=key[1], parent=parent, run=run_id and str(run_id))
    return v1.Event(type=_log.CHECKPOINT, labels=labels | {_log.SERDE: kind}), data


def of_writes(
    serde: SerializerProtocol, key: tuple[str, str | None], task_id: str, task_path: str, numbered: Sequence[Any]
) -> Entry:
    """Return the event of what a task has written after a checkpoint.

    Args:
        serde: how values become bytes.
        key: of the checkpoint.
        task_id: which task.
        task_path: where it is in the graph.
        numbered: lists of a number, a channel and a value.
    """
    kind, data = serde.dumps_typed([task_id, task_path, numbered])
    return v1.Event(type=_log.WRITES, labels=labels_of(ns=key[0], checkpoint=key[1]) | {_log.SERDE: kind}), data
