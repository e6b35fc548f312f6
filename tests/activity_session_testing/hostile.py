"""The worst requests of a size: for each field that can be long or many, as much of it as fits."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from google.api import resource_pb2
from google.protobuf.message import Message

# Deeper messages are of the same kinds.
_MOST_LEVELS = 4


class Hostile(NamedTuple):
    """A request as bytes, and what is wrong with it."""

    what: str
    raw: bytes


def requests(request_class: type[Message], name_of: Callable[[str], str], size: int) -> Iterator[Hostile]:
    """Requests of a class of so many bytes at most; `name_of` gives the name of a resource of a type that is there."""
    descriptor: Any = request_class.DESCRIPTOR
    base = b"".join(_base(descriptor, name_of))
    for path, before, after in _places(descriptor, "", 1):
        room = size - len(base) - 64
        for shape, unit in (("many", _field(after.number, b"")), ("short", _field(after.number, b"a"))):
            yield Hostile(f"{path} {shape}", base + _wrapped(before, unit * (room // len(unit))))
        yield Hostile(f"{path} long", base + _wrapped(before, _field(after.number, b"a" * room)))
        if before:
            # Each in a message of its own, where the message can be there more than once.
            unit = _wrapped(before, _field(after.number, b""))
            yield Hostile(f"{path} in many", base + unit * (room // len(unit)))


def _places(descriptor: Any, path: str, level: int) -> Iterator[tuple[str, tuple[int, ...], Any]]:
    """Each field of a message that has a length: its path, the numbers of the fields around it, and itself."""
    for field in descriptor.fields:
        if field.type in (field.TYPE_STRING, field.TYPE_BYTES, field.TYPE_MESSAGE):
            yield path + field.name, (), field
        if field.message_type is not None and level < _MOST_LEVELS:
            for inner, around, found in _places(field.message_type, f"{path}{field.name}.", level + 1):
                yield inner, (field.number, *around), found


def _base(descriptor: Any, name_of: Callable[[str], str]) -> Iterator[bytes]:
    """The names that a request needs to get past its first checks."""
    for field in descriptor.fields:
        reference = field.GetOptions().Extensions[resource_pb2.resource_reference]
        kind = reference.type or reference.child_type
        if kind and not field.is_repeated:
            is_parent = bool(reference.child_type)
            name = name_of(kind).rsplit("/", 2)[0] if is_parent else name_of(kind)
            yield _field(field.number, name.encode())
        elif "update_mask" in descriptor.fields_by_name and "etag" in getattr(field.message_type, "fields_by_name", ()):
            # The resource that an update is of.
            resource = field.message_type
            name = name_of(f"activity-session/{resource.name}")
            yield _field(field.number, _field(resource.fields_by_name["name"].number, name.encode()))


def _wrapped(numbers: tuple[int, ...], value: bytes) -> bytes:
    for number in reversed(numbers):
        value = _field(number, value)
    return value


def _field(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
