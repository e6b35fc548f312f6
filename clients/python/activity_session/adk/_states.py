"""The three scopes of ADK's state, which are ours: an app's is its namespace's, a user's is its participant's.

A key may be any text, and is escaped. Of one that is too long to be an id, the value has the key beside it.
"""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from google.adk.sessions.state import State
from pydantic_core import to_jsonable_python

from activity_session import names, v1
from activity_session._calls import Calls
from activity_session._sessions import ignoring

_MOST_UPDATES = 100  # `state_updates` of a server, unless it says otherwise
_MOST_KEYS = 1000
_logger = logging.getLogger("activity_session")
_SCOPES = {
    State.APP_PREFIX: v1.STATE_SCOPE_NAMESPACE,
    State.USER_PREFIX: v1.STATE_SCOPE_PARTICIPANT,
    "": v1.STATE_SCOPE_SESSION,
}


def updates_of(state: Mapping[str, Any], user: str) -> list[v1.StateUpdate]:
    """Return the changes that a state, or a delta of one, makes; keys of the scope `temp:` make none.

    Args:
        state: by keys with the prefixes of their scopes. A value that is not JSON is written as a text, with a warning.
        user: the name of the participant whose state is meant.
    """
    updates = []
    for key, value in state.items():
        if not key.startswith(State.TEMP_PREFIX):
            prefix = next(prefix for prefix in _SCOPES if key.startswith(prefix))
            update = _update(key.removeprefix(prefix), value)
            update.scope = _SCOPES[prefix]
            update.participant = user if prefix == State.USER_PREFIX else ""
            updates.append(update)
    return updates


async def write(call: Calls, name: str, updates: Sequence[v1.StateUpdate]) -> None:
    """Make changes of the state of one namespace, participant or session."""
    for at in range(0, len(updates), _MOST_UPDATES):
        request = v1.UpdateStateRequest(name=name, updates=updates[at : at + _MOST_UPDATES])
        await call(call.events.UpdateState, request)


def read_from(updates: Iterable[v1.StateUpdate]) -> dict[str, Any]:
    """Return the state that a session has of its own after these, if it had none before."""
    own = (update for update in updates if update.scope == v1.STATE_SCOPE_SESSION)
    return dict(_key_and_value(update.key, json.loads(update.value_json)) for update in own)


async def read(call: Calls, name: str, prefix: str = "", uid: str = "") -> dict[str, Any]:
    """Return the whole state of a namespace, a participant or a session; none of what does not exist.

    Args:
        call: the way to the server.
        name: of the resource.
        prefix: put before each key.
        uid: of the resource; of another one with its name, there is none.
    """
    request = v1.GetStateRequest(name=name, page_size=_MOST_KEYS, uid=uid)
    state: dict[str, Any] = {}
    missing = (
        v1.ERROR_REASON_NAMESPACE_NOT_FOUND,
        v1.ERROR_REASON_PARTICIPANT_NOT_FOUND,
        v1.ERROR_REASON_SESSION_NOT_FOUND,
    )
    with ignoring(*missing):
        async for page in call.pages(call.events.GetState, request):
            for id_, entry in page.entries.items():
                key, value = _key_and_value(id_, json.loads(entry.value_json))
                state[prefix + key] = value
    return state


async def has_changed(call: Calls, name: str, updates: Sequence[v1.StateUpdate], after: int) -> bool:
    """Return whether a key of a session's state that is to be updated has a value from after an event."""
    keys = [update.key for update in updates if update.scope == v1.STATE_SCOPE_SESSION]
    if not keys:
        return False
    state = await call(call.events.GetState, v1.GetStateRequest(name=name, keys=keys))
    return any(entry.sequence > after for entry in state.entries.values())


def _update(key: str, value: Any) -> v1.StateUpdate:
    id_ = names.escape(key)
    plain = to_jsonable_python(value, inf_nan_mode="null", fallback=_as_text)
    kept = plain if names.unescape(id_) == key else [key, plain]
    return v1.StateUpdate(key=id_, value_json=json.dumps(kept))


def _key_and_value(id_: str, kept: Any) -> tuple[str, Any]:
    key = names.unescape(id_)
    match kept:
        case [str(folded), value] if key is None and names.escape(folded) == id_:
            return folded, value
    return id_ if key is None else key, kept


def _as_text(value: Any) -> str:
    _logger.warning("a value of the state is no JSON, and is written as a text: %s", type(value).__name__)
    return str(value)
