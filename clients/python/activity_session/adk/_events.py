"""Events of ADK as events of ours, and back.

An event holds the whole of ADK's as JSON, so that a field that is new there is not lost, and what others read of it as
parts (docs/content.md).
"""

import json
from collections.abc import Iterator
from typing import Any

from google.adk.events.event import Event
from google.genai import types
from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import ValidationError

from activity_session import content, names, v1
from activity_session._json import utf8_of

FORMAT = "adk"
_END_SECONDS = 253_402_300_800  # of the year 9999


def written(event: Event, author: str) -> v1.Event:
    """Return the event that holds one of ADK's, by the participant with the name `author`."""
    # By alias, since models within that have no other name for a field would not be read as they were.
    dump = utf8_of(event.model_dump(mode="json", exclude_none=True, by_alias=True))
    made = v1.Event(
        event_id=names.escape(event.id), author=author, type="message" if event.content is not None else "state"
    )
    if 0 <= event.timestamp < _END_SECONDS:
        made.event_time.FromMicroseconds(round(event.timestamp * 1e6))
    return content.write(made, list(_parts(event)), content.Native(FORMAT, dump))


def read(event: v1.Event, user: str) -> Event | None:
    """Return ADK's event; of one that others have written what they say, and None if that is nothing.

    Args:
        event: any event of the session.
        user: the name of the participant whom ADK calls `user`; another user keeps the name of their own.
    """
    native = content.native_of(event, FORMAT)
    if native is not None:
        try:
            found = Event.model_validate_json(native)
        except ValidationError:
            pass  # broken, or of another version of ADK
        else:
            if found.author == "user" and event.author not in ("", user):
                found.author = _id(event.author)
            return found
    said = content.as_text(event)
    if not said:
        return None
    return Event(
        id=event.event_id,
        author=_id(event.author) or "user",
        timestamp=time_of(event),
        content=types.Content(role="user", parts=[types.Part(text=said)]),
    )


def is_ours(event: v1.Event) -> bool:
    """Return whether a runner of ADK has written an event."""
    native = content.read(event).native
    return native is not None and native.format == FORMAT


def time_of(event: v1.Event) -> float:
    """Return when an event happened, in seconds and to the microsecond: by its writer's clock if that is known."""
    return seconds(event.event_time if event.HasField("event_time") else event.create_time)


def seconds(time: Timestamp) -> float:
    """Return a time in seconds, to the microsecond."""
    return time.ToMicroseconds() / 1e6


def _id(participant: str) -> str:
    id_ = participant.rpartition("/")[2]
    text = names.unescape(id_)
    return id_ if text is None else text


def _parts(event: Event) -> Iterator[content.Part]:
    for part in (event.content and event.content.parts) or ():
        if not part.thought:
            dump = json.dumps(part.model_dump(mode="json", exclude_none=True))
            # As others read it, JSON has no infinities.
            shown = json.loads(dump, parse_constant=str)
            yield from filter(None, (_part(kind, value) for kind, value in shown.items()))
    if event.error_message:
        yield content.Text(event.error_message)


def _part(kind: str, value: Any) -> content.Part | None:
    if kind == "text":
        return content.Text(value)
    if kind == "function_call":
        name = value.get("name", "")
        return content.ToolCall(value.get("id", name), name, value.get("args"))
    if kind == "function_response":
        result = value.get("response")
        has_failed = isinstance(result, dict) and "error" in result
        return content.ToolResult(value.get("id", value.get("name", "")), result, has_failed)
    if kind == "file_data":
        return content.File(value.get("file_uri", ""), value.get("mime_type", ""), value.get("display_name", ""))
    return None
