"""Items of the SDK as events, and events as items.

An event holds an item as JSON, and what others read of it as parts (docs/content.md). A batch of more items than a call
may have events is spread over fewer events, each with a list of items.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from activity_session import content
from activity_session._json import utf8_of
from activity_session.v1 import Event

FORMAT = "openai-agents"
_MOST_EVENTS = 100  # `batch_events` of a server, unless it says otherwise

Item = Any  # TResponseInputItem, a union of some forty dicts


def events_of(items: Sequence[Item], user: str, agent: str) -> list[Event]:
    """Return at most 100 events that hold the items in their order.

    Args:
        items: JSON objects.
        user: the participant that the role `user` stands for.
        agent: the same of `assistant`, and of calls of tools and their results. Other roles have no author.

    Raises:
        TypeError, ValueError: an item is not JSON.
    """
    size = -(-len(items) // _MOST_EVENTS) or 1
    return [event_of(items[at : at + size], user, agent) for at in range(0, len(items), size)]


def event_of(items: Sequence[Item], user: str, agent: str) -> Event:
    """Return the event that holds some items; its author and type are those of the first."""
    texts = list(map(utf8_of, items))
    native = texts[0] if len(texts) == 1 else b"[%s]" % b", ".join(texts)
    # As others read it, JSON has no infinities.
    shown = [json.loads(text, parse_constant=str) for text in texts]
    author = {"user": user, "assistant": agent}.get(shown[0].get("role", "assistant"), "")
    parts = [part for item in shown for part in _parts(item)]
    return content.write(Event(author=author, type=_kind(shown[0])), parts, content.Native(FORMAT, native))


def items_of(event: Event, user: str) -> list[Item]:
    """Return what an event holds: what others have written as a message of the user, which names its author.

    Nothing of an event that is broken, was redacted, or says nothing.

    Args:
        event: any event of the session.
        user: the participant that the role `user` stands for. What another one has said in this role is named too.
    """
    native = content.native_of(event, FORMAT)
    if native is None:
        said = content.as_text(event, with_author=True)
        return [{"role": "user", "content": said}] if said else []
    try:
        value = json.loads(native)
    except (ValueError, RecursionError):
        return []
    items = [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict)]
    return items if event.author in ("", user) else [_named(item, event.author) for item in items]


def _named(item: dict[str, Any], author: str) -> dict[str, Any]:
    """Return an item that begins with its author, if it is a message of a user."""
    said = item.get("content")
    if item.get("role") != "user" or not isinstance(said, (str, list)):
        return item
    name = f"{author.rpartition('/')[2]}: "
    named = name + said if isinstance(said, str) else [{"type": "input_text", "text": name}, *said]
    return item | {"content": named}


def _kind(item: dict[str, Any]) -> str:
    kind = item.get("type", "message")
    return kind[:255] if isinstance(kind, str) else "message"


def _parts(item: dict[str, Any]) -> Iterator[content.Part]:
    kind, id_ = _kind(item), item.get("call_id") or item.get("id")
    if kind == "message":
        yield from _parts_of_message(item.get("content"))
    elif kind.endswith("_call_output") and isinstance(id_, str):
        yield content.ToolResult(id_, item.get("output"))
    elif kind.endswith("_call") and isinstance(id_, str):
        name = item.get("name")
        yield content.ToolCall(id_, name if isinstance(name, str) else kind.removesuffix("_call"), _arguments(item))


def _arguments(item: dict[str, Any]) -> Any:
    """What a call asks for, which each kind of call names in another way."""
    found = next((item[key] for key in ("arguments", "input", "action", "queries", "code") if key in item), None)
    try:
        return json.loads(found, parse_constant=str) if isinstance(found, str) else found
    except ValueError:
        return found


def _parts_of_message(said: Any) -> Iterator[content.Part]:
    if isinstance(said, str):
        yield content.Text(said)
    for piece in said if isinstance(said, list) else []:
        match piece:
            case {"text": str(text)} | {"refusal": str(text)}:
                yield content.Text(text)
            case {"image_url": str(uri)} | {"file_url": str(uri)} | {"file_id": str(uri)} if _is_elsewhere(uri):
                name = piece.get("filename")
                yield content.File(uri, name=name if isinstance(name, str) else "")


def _is_elsewhere(uri: str) -> bool:
    """Not a file within the item itself, which would be stored twice."""
    return bool(uri) and not uri.startswith("data:")
