"""What events hold, in the one form that programs of all frameworks read (docs/content.md).

`write` puts parts into an event, and the form of a framework beside them. `read` returns them, and `as_text` what they
say as plain text. Reading never raises: of content that is broken, or of a kind that is not known, it returns the rest.
"""

import base64
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from activity_session.v1.event_pb2 import Event

MEDIA_TYPE = "application/vnd.activity-session.parts+json"


@dataclass(frozen=True, slots=True)
class Text:
    """What someone says."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """What an agent asks a tool.

    Attributes:
        id: of the call, unique in the session.
        name: of the tool.
        arguments: any JSON value.
    """

    id: str
    name: str
    arguments: Any = None


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool has returned.

    Attributes:
        id: that of the call.
        result: any JSON value.
        is_error: whether the tool has failed.
    """

    id: str
    result: Any = None
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class File:
    """A file that is elsewhere.

    Attributes:
        uri: where.
        media_type: empty if it is not known; so is the name.
        name: for people.
        size: in bytes; None if it is not known.
    """

    uri: str
    media_type: str = ""
    name: str = ""
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Other:
    """A part of a kind that is not known here: its JSON value, which `write` writes as it is."""

    value: Any


Part = Text | ToolCall | ToolResult | File | Other


@dataclass(frozen=True, slots=True)
class Native:
    """The form that one framework needs, for programs of that framework.

    Attributes:
        format: what it is, such as `adk`.
        data: returned byte for byte.
    """

    format: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Content:
    """What `read` has found in an event."""

    parts: tuple[Part, ...] = ()
    native: Native | None = None


def write(event: Event, parts: Sequence[Part], native: Native | None = None) -> Event:
    """Set the text and the media type of an event, and return that event. One text alone is written as plain text.

    All of it together may have `event_content_bytes` in UTF-8, 1 MiB by default. The server refuses more.

    Raises:
        TypeError, ValueError: a value is not JSON, or is a number that JSON does not have, such as infinity.
    """
    match parts:
        case [Text(text)] if native is None and not _HALF.search(text):
            event.text, event.media_type = text, ""
        case _:
            whole = {"parts": list(map(_json_of, parts))} | ({"native": _json_of_native(native)} if native else {})
            event.text, event.media_type = _dumped(whole, allow_nan=False), MEDIA_TYPE
    return event


def read(event: Event) -> Content:
    """Return what an event holds; nothing if its content is of another kind, which its media type tells.

    Of JSON that is broken, such as the shortened one of a preview, it returns the whole parts before the break.
    """
    if _has_parts(event):
        return _parsed(_text_of(event))
    media_type = _media_type(event)
    is_text = event.HasField("text") and (not media_type or media_type.startswith("text/"))
    return Content((Text(event.text),)) if is_text else Content()


def native_of(event: Event, format_: str) -> bytes | None:
    """Return what an event has for programs of one framework; None if that is nothing. Faster than `read`."""
    whole = _decoded(_text_of(event)) if _has_parts(event) else None
    native = _native_of(whole.get("native")) if isinstance(whole, dict) else None
    return native.data if native is not None and native.format == format_ else None


def as_text(event: Event, *, with_author: bool = False) -> str:
    """Return what an event says to an agent of any framework, in lines; empty if that is nothing.

    Calls, results and files are lines in brackets. Halves of surrogate pairs are replaced, so that UTF-8 can encode it.

    Args:
        event: any event.
        with_author: whether to begin with the id of the author, as in `ada: Hello`. A text can imitate that: where the
            framework has a field for the author, use it.
    """
    said = "\n".join(filter(None, map(_said, read(event).parts)))
    whole = said.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    author = event.author.rpartition("/")[2]
    return f"{author}: {whole}" if with_author and author and whole else whole


_HALF = re.compile("[\ud800-\udfff]")
_BEGINNING = re.compile(r'\s*\{\s*"parts"\s*:\s*\[\s*')
_BETWEEN = re.compile(r"\s*,\s*")
_BROKEN = object()
_decoder = json.JSONDecoder()


def _dumped(value: Any, *, allow_nan: bool = True) -> str:
    text = json.dumps(value, ensure_ascii=False, allow_nan=allow_nan, separators=(",", ":"))
    return _HALF.sub(lambda half: f"\\u{ord(half[0]):04x}", text)


def _json_of(part: Part) -> Any:
    match part:
        case Text(text):
            return {"text": text}
        case ToolCall(id_, name, arguments):
            return {"tool_call": {"id": id_, "name": name, "arguments": arguments}}
        case ToolResult(id_, result, is_error):
            return {"tool_result": {"id": id_, "result": result} | ({"is_error": True} if is_error else {})}
        case File(uri, media_type, name, size):
            known = {"media_type": media_type or None, "name": name or None, "size": size}
            return {"file": {"uri": uri} | {key: value for key, value in known.items() if value is not None}}
        case Other(value):
            return value


def _json_of_native(native: Native) -> dict[str, str]:
    try:
        return {"format": native.format, "text": native.data.decode()}
    except UnicodeDecodeError:
        return {"format": native.format, "base64": base64.b64encode(native.data).decode()}


def _media_type(event: Event) -> str:
    return event.media_type.partition(";")[0].strip().lower()


def _has_parts(event: Event) -> bool:
    return event.media_type == MEDIA_TYPE or _media_type(event) == MEDIA_TYPE


def _text_of(event: Event) -> str:
    return event.text or event.blob.decode(errors="replace")


def _decoded(text: str) -> Any:
    try:
        return _decoder.decode(text)
    except (ValueError, RecursionError):
        return _BROKEN


def _parsed(text: str) -> Content:
    whole = _decoded(text)
    if whole is _BROKEN:
        return Content(tuple(map(_part_of, _before_the_break(text))))
    if not isinstance(whole, dict):
        return Content()
    parts = whole.get("parts")
    return Content(tuple(map(_part_of, parts)) if isinstance(parts, list) else (), _native_of(whole.get("native")))


def _before_the_break(text: str) -> Iterator[Any]:
    place = _BEGINNING.match(text)
    while place:
        try:
            value, end = _decoder.raw_decode(text, place.end())
        except (ValueError, RecursionError):
            return
        yield value
        place = _BETWEEN.match(text, end)


def _part_of(value: Any) -> Part:
    match value:
        case {"text": str(text)}:
            return Text(text)
        case {"tool_call": {"id": str(id_), "name": str(name), **rest}}:
            return ToolCall(id_, name, rest.get("arguments"))
        case {"tool_result": {"id": str(id_), **rest}}:
            return ToolResult(id_, rest.get("result"), rest.get("is_error") is True)
        case {"file": {"uri": str(uri), **rest}}:
            return File(uri, _str(rest.get("media_type")), _str(rest.get("name")), _size(rest.get("size")))
    return Other(value)


def _native_of(value: Any) -> Native | None:
    try:
        match value:
            case {"format": str(format_), "text": str(text)}:
                return Native(format_, text.encode())
            case {"format": str(format_), "base64": str(text)}:
                return Native(format_, base64.b64decode(text, validate=True))
    except ValueError:  # no bytes can be made of it
        return None
    return None


def _str(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _size(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _said(part: Part) -> str:
    match part:
        case Text(text):
            return text
        case ToolCall(id_, name, arguments):
            return f"[call {id_} of {name}: {_shown(arguments)}]"
        case ToolResult(id_, result, is_error):
            return f"[{'error' if is_error else 'result'} of call {id_}: {_shown(result)}]"
        case File(uri, media_type, name, _):
            return f"[file {' '.join(filter(None, (name, media_type, uri)))}]"
        case Other():
            return ""


def _shown(value: Any) -> str:
    try:
        return value if isinstance(value, str) else _dumped(value)
    except RecursionError:  # can be read, but not written
        return "..."
