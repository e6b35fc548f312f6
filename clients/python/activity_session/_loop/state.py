"""JSON values that all share: of a session, a participant or a namespace."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import grpc

from activity_session import v1
from activity_session._loop.steps import AnyChannel, done, finished
from activity_session.errors import Conflict


class Value(NamedTuple):
    """The value of a key, as `json.loads` makes it, and its revision: None and 0 if the key is not there."""

    value: Any
    revision: int


class AsyncSharedState:
    """The shared state as `activity_session.SharedState` has it, for asyncio."""

    def __init__(self, channel: AnyChannel, name: str) -> None:
        self._events: Any = v1.EventServiceStub(channel)
        self._name = name

    async def get(self, key: str) -> Value:
        """Return the value of a key."""
        state = await done(self._events.GetState(v1.GetStateRequest(name=self._name, keys=[key])))
        entry = state.entries.get(key, v1.StateEntry(value_json="null"))
        return Value(json.loads(entry.value_json), entry.revision)

    async def set(self, key: str, value: Any, *, expected_revision: int | None = None) -> int:
        """Write the value of a key, and return its new revision."""
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        update = v1.StateUpdate(key=key, value_json=text, expected_revision=expected_revision)
        request = v1.UpdateStateRequest(name=self._name, updates=[update])
        revision: int = (await done(self._events.UpdateState(request))).entries[key].revision
        return revision

    async def update(self, key: str, change: Callable[[Any], Any | Awaitable[Any]]) -> Value:
        """Write what a function, or a coroutine, makes of the value; as `activity_session.SharedState.update` does."""
        current = await self.get(key)
        while True:
            value = await done(change(current.value))
            try:
                return Value(value, await self.set(key, value, expected_revision=current.revision))
            except Conflict as conflict:
                current = _told_by(conflict) or await self.get(key)


class SharedState:
    """The state of a session, a participant or a namespace, as JSON values by their keys.

    Args:
        channel: made by `connect`.
        name: whose state it is.
    """

    def __init__(self, channel: grpc.Channel, name: str) -> None:
        self._steps = AsyncSharedState(channel, name)

    def get(self, key: str) -> Value:
        """Return the value of a key, as `json.loads` makes it, and its revision: None and 0 if it is not there."""
        return finished(self._steps.get(key))

    def set(self, key: str, value: Any, *, expected_revision: int | None = None) -> int:
        """Write the value of a key, and return its new revision.

        Args:
            key: 1 to 255 characters.
            value: what `json.dumps` can write, up to `state_value_bytes` of the server.
            expected_revision: write only if this is still the revision; 0 if the key must not be there.

        Raises:
            Conflict: it is not; its `missed` has the revision, and the value if that is short.
        """
        return finished(self._steps.set(key, value, expected_revision=expected_revision))

    def update(self, key: str, change: Callable[[Any], Any]) -> Value:
        """Write what a function makes of the value of a key, and return that with its revision.

        When somebody else has written meanwhile, the function is called again with what they have written, as often as
        it takes. It is given None if the key is not there.
        """
        return finished(self._steps.update(key, change))


def _told_by(conflict: Conflict) -> Value | None:
    """Return what is there now, if the error tells the value; a long one is left out of it."""
    for told in conflict.missed.state_conflicts:
        if told.HasField("value_json") or not told.revision:
            return Value(json.loads(told.value_json or "null"), told.revision)
    return None
