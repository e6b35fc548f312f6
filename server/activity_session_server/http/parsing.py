"""Makes messages of ProtoJSON, and says where the mistake is in what is none.

`json_format` does the work. Its errors name the field somewhere in a sentence that has the value too, which must not
come into the log; so what is refused is gone through once more, until the field is found.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import orjson
from google.protobuf import json_format, message_factory
from google.protobuf.message import Message

from activity_session_server.rules.errors import invalid
from activity_session_server.rules.limits import Limits
from activity_session_server.rules.problems import Problem, Violation

# protobuf has two implementations of descriptors, which share no type.
Descriptor = Any
FieldDescriptor = Any

# Of the protos of this API, whose messages have fields; those of Google have forms of their own in JSON.
_OWN = "activity_session."
# Never goes back, and never fails: neither a long text nor one without an end takes more than one look at each byte.
_TEXTS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
# In JSON a list counts as a member beside what is in it, which on the wire it does not.
_FIELD_FACTOR = 2
_FORMS = {
    "google.protobuf.Timestamp": "a time, such as 2026-01-31T09:30:00Z",
    "google.protobuf.Duration": "seconds, such as 1.5s",
    "google.protobuf.FieldMask": "names of fields in camelCase with commas between them",
}


def parsed(raw: bytes, limits: Limits) -> Any:
    """The value of a JSON text.

    Raises:
        ServiceError: INVALID_FIELD; LIMIT_EXCEEDED: it has more values than any legal request.
    """
    if violation := _too_many(raw, limits):
        raise invalid([violation])
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        text = f"it is not JSON: {error.msg}, at line {error.lineno}, column {error.colno}"
        raise invalid([Violation("request", Problem(text))]) from None


def merge(message: Message, value: Any, path: str = "") -> None:
    """Set in a message what a value of JSON has; `path` is the field of the request that the message is in.

    Raises:
        ServiceError: INVALID_FIELD, with the first field that is not there, or is not of its type.
    """
    if not isinstance(value, dict):
        raise invalid([Violation(path or "request", Problem("it must be an object of JSON"))])
    try:
        json_format.ParseDict(value, message)
    except Exception:  # whatever its parser finds in what somebody has sent
        where = path and f"{path}."
        found = next(_violations(message.DESCRIPTOR, value, where), None)
        raise invalid([found or Violation(path or "request", Problem("it is not a message of its type"))]) from None


def merge_field(message: Message, field: FieldDescriptor, value: Any, path: str) -> None:
    """Set one field of a message to a value of JSON.

    Raises:
        ServiceError: INVALID_FIELD.
    """
    if not _is_accepted(message, field, value):
        raise invalid([_violation(field, value, path)])


@cache
def fields_of(descriptor: Descriptor) -> dict[str, FieldDescriptor]:
    """The fields of a message by both of their names: that of the proto, and that in JSON."""
    return {name: field for field in descriptor.fields for name in (field.name, field.json_name)}


def _violations(descriptor: Descriptor, value: dict[str, Any], path: str) -> Iterator[Violation]:
    known = fields_of(descriptor)
    for key, part in value.items():
        field = known.get(key)
        if field is None:
            yield Violation(path.removesuffix(".") or "request", Problem("there is no such field"), key)
        elif not _is_accepted(message_factory.GetMessageClass(descriptor)(), field, part):
            yield from _inside(field, part, path + field.name)


def _inside(field: FieldDescriptor, value: Any, path: str) -> Iterator[Violation]:
    """Where the mistake is in a field that is refused; the field itself where it has no fields of its own."""
    if field.message_type is not None and field.message_type.full_name.startswith(_OWN):
        parts = enumerate(value) if field.is_repeated and isinstance(value, list) else [(None, value)]
        for index, part in parts:
            if isinstance(part, dict) and not _is_map(field):
                where = path if index is None else f"{path}[{index}]"
                yield from _violations(field.message_type, part, f"{where}.")
    yield _violation(field, value, path)


def _violation(field: FieldDescriptor, value: Any, path: str) -> Violation:
    shown = value if isinstance(value, str) else orjson.dumps(value).decode()
    return Violation(path, Problem(f"is not {_form(field)}", shown))


def _is_accepted(message: Message, field: FieldDescriptor, value: Any) -> bool:
    try:
        json_format.ParseDict({field.name: value}, message)
    except Exception:  # as above
        return False
    return True


def _form(field: FieldDescriptor) -> str:
    """What the values of a field look like."""
    one = _form_of_one(field)
    if _is_map(field):
        return "an object of JSON with texts"
    return f"a list, of which each is {one}" if field.is_repeated else one


def _form_of_one(field: FieldDescriptor) -> str:
    if field.message_type is not None:
        return _FORMS.get(field.message_type.full_name, "an object of JSON")
    if field.enum_type is not None:
        return f"one of {', '.join(field.enum_type.values_by_name)}"
    return {
        field.CPPTYPE_BOOL: "true or false",
        field.CPPTYPE_STRING: "base64" if field.type == field.TYPE_BYTES else "a text",
        field.CPPTYPE_DOUBLE: "a number",
        field.CPPTYPE_FLOAT: "a number",
    }.get(field.cpp_type, "a whole number of its size")


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and bool(field.message_type.GetOptions().map_entry)


def _too_many(raw: bytes, limits: Limits) -> Violation | None:
    """What is wrong with a text that has more values than any legal request, each of which takes memory."""
    most = _FIELD_FACTOR * limits.request_fields
    # A comma in a text is none between values, but texts need a look only where there are many.
    if len(raw) <= most or _values(raw) <= most or (count := _values_between_texts(raw, most)) <= most:
        return None
    text = f"it has {count} values or more, a request may have {most}"
    return Violation("request", Problem(text, limit=most, size=count))


def _values_between_texts(raw: bytes, most: int) -> int:
    """How many values there are; what is more than `most` is not counted."""
    count = at = 0
    for texts, match in enumerate(_TEXTS.finditer(raw), 1):
        count += _values(raw[at : match.start()])
        at = match.end()
        # A value has two texts at most, one of which is its name.
        if max(count, texts // 2) > most:
            return max(count, texts // 2)
    return count + _values(raw[at:])


def _values(raw: bytes) -> int:
    return raw.count(b",") + raw.count(b"{") + raw.count(b"[")
