"""Entries and records of conversations as events and state, and back.

An event holds a message as JSON, as Pydantic AI writes it, and what others read of it as parts (docs/content.md). Its
labels say which entry it is, and which comes before it.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pydantic
from pydantic_ai.conversation_store import ConversationEntry, ConversationRecord
from pydantic_ai.messages import ModelMessagesTypeAdapter

from activity_session import content, names, v1
from activity_session._labels import labels_of, text_of
from activity_session._pieces import fitted

FORMAT = "pydantic-ai"
ENTRY, PARENT = "entry", "parent"

_records = pydantic.TypeAdapter(ConversationRecord)


def events_of(entry: ConversationEntry, author_of: Mapping[str, str]) -> list[v1.Event]:
    """Return the event that holds an entry, after pieces of it if it is large.

    Args:
        entry: with an id of any text.
        author_of: the participants that the roles `user` and `assistant` stand for.
    """
    native = ModelMessagesTypeAdapter.dump_json([entry.message])
    # As others read it, JSON has no infinities.
    (message,) = json.loads(native, parse_constant=str)
    event = v1.Event(event_id=names.escape(entry.id), type="message", author=author_of[_role(message)])
    event.labels.update(labels_of(**{ENTRY: entry.id, PARENT: entry.parent_id}))
    return fitted(event, list(_parts(message)), content.Native(FORMAT, native))


def entry_of(event: v1.Event, native: bytes) -> ConversationEntry:
    """Return the entry that was written so."""
    (message,) = ModelMessagesTypeAdapter.validate_json(native)
    id_ = text_of(event.labels, ENTRY) or ""
    return ConversationEntry(id=id_, parent_id=text_of(event.labels, PARENT), message=message)


def json_of(record: ConversationRecord) -> str:
    """Return a record as JSON."""
    return _records.dump_json(record).decode()


def record_of(text: str) -> ConversationRecord:
    """Return the record that was written so."""
    return _records.validate_json(text)


def _role(message: Mapping[str, Any]) -> str:
    """Who says it. What tools return comes in requests, though the agent has run them."""
    kinds = {part.get("part_kind") for part in message["parts"]}
    return "user" if message["kind"] == "request" and "user-prompt" in kinds else "assistant"


def _parts(message: Mapping[str, Any]) -> Iterator[content.Part]:
    for part in message["parts"]:
        match part:
            case {"part_kind": "user-prompt", "content": said}:
                yield from _said(said)
            case {"part_kind": "text", "content": str(text)}:
                yield content.Text(text)
            case {"part_kind": "tool-call" | "builtin-tool-call", "tool_call_id": id_, "tool_name": name}:
                yield content.ToolCall(id_, name, _arguments(part.get("args")))
            case {"part_kind": "tool-return" | "builtin-tool-return", "tool_call_id": id_}:
                yield content.ToolResult(id_, part.get("content"), part.get("outcome", "success") != "success")
            case {"part_kind": "retry-prompt", "tool_name": str(), "tool_call_id": id_}:
                yield content.ToolResult(id_, part.get("content"), is_error=True)


def _said(said: Any) -> Iterator[content.Part]:
    for piece in [said] if isinstance(said, str) else said:
        match piece:
            case str(text) | {"kind": "text-content", "content": str(text)}:
                yield content.Text(text)
            case {"url": str(uri)}:
                yield content.File(uri, piece.get("media_type") or "")


def _arguments(arguments: Any) -> Any:
    try:
        return json.loads(arguments, parse_constant=str) if isinstance(arguments, str) else arguments
    except ValueError:
        return arguments
