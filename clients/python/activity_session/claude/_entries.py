"""Entries of a transcript as events.

An event holds an entry as JSON, and what others read of it as parts (docs/content.md). The `uuid` of an entry is the id
of its event, so that it is there once however often it comes.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from activity_session import content, names, v1
from activity_session._pieces import fitted

FORMAT = "claude"
_ROLES = ("user", "assistant")
_TYPE_CHARACTERS = 255


def events_of(entry: Mapping[str, Any], author_of: Mapping[str, str]) -> list[v1.Event]:
    """Return the event that holds an entry, after pieces of it if it is large.

    Args:
        entry: a JSON object.
        author_of: the participants that the roles `user` and `assistant` stand for.

    Raises:
        TypeError, ValueError: the entry is not JSON.
    """
    text = json.dumps(entry, ensure_ascii=False)
    # As others read it, JSON has no infinities.
    shown = json.loads(text, parse_constant=str)
    event = v1.Event(event_id=_id(shown), type=_type(shown), author=author_of.get(_role(shown), ""))
    if (moment := _moment(shown.get("timestamp"))) is not None:
        event.event_time.FromDatetime(moment)
    # Half of a surrogate pair is no UTF-8, and comes back all the same.
    return fitted(event, list(_parts(shown)), content.Native(FORMAT, text.encode("utf-8", "surrogatepass")))


def entry_of(native: bytes) -> Any:
    """Return the entry that was written so."""
    return json.loads(native.decode("utf-8", "surrogatepass"))


def _id(entry: Mapping[str, Any]) -> str:
    uuid = entry.get("uuid")
    try:
        return names.escape(uuid) if uuid and isinstance(uuid, str) else ""
    except UnicodeEncodeError:
        return ""


def _type(entry: Mapping[str, Any]) -> str:
    kind = entry.get("type")
    if not isinstance(kind, str) or kind in _ROLES:
        return "message"
    return kind.encode(errors="replace").decode()[:_TYPE_CHARACTERS]


def _role(entry: Mapping[str, Any]) -> str:
    """Who says it. The results of tools come in messages of the user, though the agent has run them."""
    has_results = any(isinstance(part, content.ToolResult) for part in _parts(entry))
    return "assistant" if has_results else str(entry.get("type"))


def _moment(timestamp: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(timestamp)
        # Without a zone it is nobody's time.
        return moment.astimezone(UTC) if moment.tzinfo and moment.year > 1970 else None  # noqa: PLR2004
    except (TypeError, ValueError, OverflowError):
        return None


def _parts(entry: Mapping[str, Any]) -> Iterator[content.Part]:
    message = entry.get("message")
    said = message.get("content") if isinstance(message, dict) and entry.get("type") in _ROLES else None
    if isinstance(said, str):
        yield content.Text(said)
    for block in said if isinstance(said, list) else []:
        match block:
            case {"type": "text", "text": str(text)}:
                yield content.Text(text)
            case {"type": "tool_use", "id": str(id_), "name": str(name)}:
                yield content.ToolCall(id_, name, block.get("input"))
            case {"type": "tool_result", "tool_use_id": str(id_)}:
                yield content.ToolResult(id_, _result(block.get("content")), block.get("is_error") is True)
            case {"source": {"type": "url", "url": str(uri)}}:
                yield content.File(uri)


def _result(said: Any) -> Any:
    """What a tool has returned, without files, which only the entry itself has."""
    if not isinstance(said, list):
        return said
    texts = [block["text"] for block in said if isinstance(block, dict) and isinstance(block.get("text"), str)]
    return "\n".join(texts)
