"""Update masks (AIP-134, AIP-161): which fields an update changes, and the change itself."""

from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import Any, TypeVar

from google.api import field_behavior_pb2
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from activity_session.v1.memory_pb2 import Memory
from activity_session.v1.namespace_pb2 import Namespace
from activity_session.v1.participant_pb2 import Participant
from activity_session.v1.session_pb2 import Session
from activity_session_server.rules.errors import invalid, invalid_field
from activity_session_server.rules.problems import Problem, Violation

# protobuf has two implementations of descriptors, which share no type.
Descriptor = Any
FieldDescriptor = Any
M = TypeVar("M", Memory, Namespace, Participant, Session)

_NOT_THE_CALLERS = {field_behavior_pb2.OUTPUT_ONLY, field_behavior_pb2.IDENTIFIER}


def resolve(mask: FieldMask, message: Message, mutable: Sequence[str]) -> tuple[str, ...]:
    """The paths an update changes: those named, all that are populated for no mask, all for `*`.

    Paths to output-only fields, the name and the etag are passed over, as are those to immutable fields, which
    `check_immutable` compares.

    Raises:
        ServiceError: INVALID_FIELD for paths that do not exist or cannot be changed.
    """
    if not mask.paths:
        return populated(message, mutable)
    if list(mask.paths) == ["*"]:
        return tuple(mutable)
    violations = list(_violations(mask.paths, message.DESCRIPTOR, (*mutable, *_immutable_fields(message.DESCRIPTOR))))
    if violations:
        raise invalid(violations)
    # A mask is a set: a path that is named again changes nothing more.
    return tuple(dict.fromkeys(path for path in mask.paths if path.partition(".")[0] in mutable))


def check_immutable(mask: FieldMask, given: Message, current: Message, field: str) -> None:
    """Refuse an update that would change an IMMUTABLE field of the message in `field` (AIP-203).

    Such a field may be named, or be given where no field is named, as long as it stays as it is. The OUTPUT_ONLY
    fields of its messages are not compared.

    Raises:
        ServiceError: INVALID_FIELD.
    """
    names_none = list(mask.paths) in ([], ["*"])
    for name in _immutable_fields(given.DESCRIPTOR):
        is_meant = name in mask.paths or (names_none and _is_populated(given, name))
        if is_meant and _input(given, name) != _input(current, name):
            raise invalid_field(f"{field}.{name}", "it is immutable; an update cannot change it")


def _input(message: Message, field: str) -> Any:
    """What a caller can give of a field, which holds a value or a list of messages."""
    value = getattr(message, field)
    if not message.DESCRIPTOR.fields_by_name[field].is_repeated:
        return value
    return [_without_outputs(item) for item in value]


def _without_outputs(message: Message) -> Message:
    copy = type(message)()
    copy.CopyFrom(message)
    for field in message.DESCRIPTOR.fields:
        if field_behavior_pb2.OUTPUT_ONLY in _behaviors(field):
            copy.ClearField(field.name)
    return copy


@cache
def _immutable_fields(descriptor: Descriptor) -> tuple[str, ...]:
    return tuple(field.name for field in descriptor.fields if field_behavior_pb2.IMMUTABLE in _behaviors(field))


def _behaviors(field: FieldDescriptor) -> Collection[int]:
    found: Collection[int] = field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
    return found


def populated(message: Message, fields: Sequence[str]) -> tuple[str, ...]:
    """Those of the fields that a message has."""
    return tuple(field for field in fields if _is_populated(message, field))


def updated(current: M, source: M, paths: Iterable[str]) -> M:
    """A copy of a resource with the paths as in `source`; `enabled` is true when it is cleared."""
    copy = type(current)()
    copy.CopyFrom(current)
    apply(copy, source, paths)
    if not isinstance(copy, Memory) and not copy.HasField("enabled"):
        copy.enabled = True
    return copy


def apply(target: Message, source: Message, paths: Iterable[str]) -> None:
    """Make `target` equal to `source` at each path; what `source` does not have is cleared."""
    for path in paths:
        field, _, rest = path.partition(".")
        if not rest:
            _replace(target, source, field)
        elif _is_map(target.DESCRIPTOR.fields_by_name[field]):
            _replace_key(getattr(target, field), getattr(source, field), rest)
        else:
            apply(getattr(target, field), getattr(source, field), [rest])


def _replace(target: Message, source: Message, field: str) -> None:
    target.ClearField(field)
    if not _is_populated(source, field):
        return
    value = getattr(source, field)
    if isinstance(value, Message):
        getattr(target, field).CopyFrom(value)
    elif _is_map(source.DESCRIPTOR.fields_by_name[field]):
        getattr(target, field).update(value)
    else:
        setattr(target, field, value)


def _replace_key(target: dict[str, str], source: dict[str, str], key: str) -> None:
    target.pop(key, None)
    if key in source:
        target[key] = source[key]


def _is_populated(message: Message, field: str) -> bool:
    if message.DESCRIPTOR.fields_by_name[field].has_presence:
        return message.HasField(field)
    return bool(getattr(message, field))


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def _violations(paths: Iterable[str], descriptor: Descriptor, mutable: Sequence[str]) -> Iterable[Violation]:
    for path in paths:
        field, _, rest = path.partition(".")
        if not _exists(descriptor, path):
            yield Violation("update_mask", Problem("is not a field", path))
        elif field not in mutable and (rest or not _is_passed_over(descriptor, field)):
            yield Violation("update_mask", Problem(f"{field} cannot be changed by an update"))


def _exists(descriptor: Descriptor, path: str) -> bool:
    name, dot, rest = path.partition(".")
    field = descriptor.fields_by_name.get(name)
    if field is None or not dot:
        return field is not None
    if _is_map(field):
        return bool(rest)
    is_own = field.message_type is not None and field.message_type.file.package == (descriptor.file.package)
    return is_own and not field.is_repeated and _exists(field.message_type, rest)


def _is_passed_over(descriptor: Descriptor, field: str) -> bool:
    return field == "etag" or not _NOT_THE_CALLERS.isdisjoint(_behaviors(descriptor.fields_by_name[field]))
