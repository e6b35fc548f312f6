"""The convention for what events hold besides text (docs/content.md): parts, in JSON of a media type of our own."""

from typing import Any

from pydantic import BaseModel, ValidationError

from activity_session.v1.event_pb2 import Event

MEDIA_TYPE = "application/vnd.activity-session.parts+json"


class ToolCall(BaseModel):
    """What an agent asks a tool."""

    id: str
    name: str
    arguments: Any = {}


class ToolResult(BaseModel):
    """What a tool has returned for the call of that id."""

    id: str
    result: Any = None
    is_error: bool = False


class Part(BaseModel):
    """One of these is given; a part of a kind that is not known has none."""

    text: str | None = None
    tool_call: ToolCall | None = None
    tool_result: ToolResult | None = None


class _Content(BaseModel):
    parts: list[Part]


def parts_of(event: Event) -> list[Part] | None:
    """The parts of an event: of one with text, that; None where its content is of another kind."""
    if not event.HasField("text"):
        return None
    media_type = event.media_type.partition(";")[0].strip().lower()
    if media_type == MEDIA_TYPE:
        return _parsed(event.text)
    return [Part(text=event.text)] if not media_type or media_type.startswith("text/") else None


def _parsed(text: str) -> list[Part] | None:
    try:
        return _Content.model_validate_json(text).parts
    except ValidationError:
        return None
