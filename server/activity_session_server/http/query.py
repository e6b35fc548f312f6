"""The fields of a request that stand in the query of its address: all that are neither in its path nor in its body."""

from collections.abc import Collection
from typing import Any
from urllib.parse import parse_qsl

from google.protobuf.message import Message

from activity_session_server.http.parsing import fields_of, merge_field
from activity_session_server.rules.errors import ServiceError, invalid, invalid_field
from activity_session_server.rules.problems import Problem, Violation

# protobuf has two implementations of descriptors, which share no type.
Descriptor = Any
FieldDescriptor = Any

_MASK = "google.protobuf.FieldMask"
_FLAGS = {"true": True, "false": False}


def merge(message: Message, query: bytes, elsewhere: Collection[str], masked: str) -> None:
    """Set in a request what a query has.

    Fields named in `elsewhere` may not stand there; `masked` is the field that a mask is about, empty for none.

    Raises:
        ServiceError: INVALID_FIELD, which names the parameter.
    """
    about = message.DESCRIPTOR.fields_by_name[masked].message_type if masked else None
    for name, values in _parameters(query).items():
        part, field, path = _find(message, name, elsewhere)
        if len(values) > 1 and not field.is_repeated:
            raise invalid_field(path, "it is there more than once")
        if field.message_type is not None and field.message_type.full_name == _MASK:
            getattr(part, field.name).paths.extend(_mask_path(about, one) for one in values[0].split(",") if one)
        else:
            given = [_FLAGS.get(value, value) for value in values] if field.type == field.TYPE_BOOL else values
            merge_field(part, field, given if field.is_repeated else given[0], path)


def _parameters(query: bytes) -> dict[str, list[str]]:
    """The values of each parameter, in their order."""
    found: dict[str, list[str]] = {}
    try:
        for name, value in parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict"):
            found.setdefault(name, []).append(value)
    except UnicodeDecodeError:
        raise invalid_field("query", "it is not UTF-8, percent-encoded") from None
    return found


def _find(message: Message, name: str, elsewhere: Collection[str]) -> tuple[Message, FieldDescriptor, str]:
    """The message that a parameter is in, its field there, and the path of that."""
    part: Any = message
    found: list[FieldDescriptor] = []
    for word in name.split("."):
        if found:
            if found[-1].is_repeated or not _has_fields(found[-1]):
                raise _unknown(name)
            part = getattr(part, found[-1].name)
        field = fields_of(part.DESCRIPTOR).get(word)
        if field is None or (not found and field.name in elsewhere):
            raise _unknown(name)
        found.append(field)
    if _has_fields(found[-1]):
        raise _unknown(name)
    return part, found[-1], ".".join(field.name for field in found)


def _has_fields(field: FieldDescriptor) -> bool:
    """Whether a field is a message that has no form as a text."""
    return field.message_type is not None and not field.message_type.full_name.startswith("google.protobuf.")


def _unknown(name: str) -> ServiceError:
    return invalid([Violation("query", Problem("there is no such parameter"), name)])


def _mask_path(about: Descriptor, path: str) -> str:
    """A path of a mask with the names of the protos; what is no field stays, and is refused with the mask."""
    name, dot, rest = path.partition(".")
    field = fields_of(about).get(name) if about else None
    if field is None:
        return path
    if rest and field.message_type is not None and not field.message_type.GetOptions().map_entry:
        rest = _mask_path(field.message_type, rest)
    return f"{field.name}{dot}{rest}"
