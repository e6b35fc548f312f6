"""The worst requests of a size: for each field that can be long or many, as much of it as fits.

And unknown fields that parsers judge differently.
"""

from collections.abc import Callable, Collection, Iterator
from functools import reduce
from typing import Any, NamedTuple

from google.api import resource_pb2
from google.protobuf.message import Message

# A value of each type on the wire: a number, eight bytes, a text, four bytes.
_VALUES = {0: b"\x05", 1: bytes(range(8)), 2: b"\x03\xff\xfe\0", 5: bytes(range(4))}
# The first one above those that are known, two that no schema may have, and the last one.
_NUMBERS = (1000, 19_000, 19_999, 2**29 - 1)
# Deeper messages are of the same kinds.
_MOST_LEVELS = 4


class Hostile(NamedTuple):
    """A request as bytes, and what is wrong with it."""

    what: str
    raw: bytes


def requests(
    request_class: type[Message], name_of: Callable[[str], str], size: int, known: Collection[str]
) -> Iterator[Hostile]:
    """Requests of a class of so many bytes at most; `name_of` gives the name of a resource of a type that is there.

    Messages inside it that are known, by their full names, are not looked into.
    """
    descriptor: Any = request_class.DESCRIPTOR
    base = b"".join(_base(descriptor, name_of))
    for path, before, after in _places(descriptor, "", 1, known):
        room = size - len(base) - 64
        for shape, unit in (("many", delimited(after.number, b"")), ("short", delimited(after.number, b"a"))):
            yield Hostile(f"{path} {shape}", base + _wrapped(before, unit * (room // len(unit))))
        yield Hostile(f"{path} long", base + _wrapped(before, delimited(after.number, b"a" * room)))
        if before:
            # Each in a message of its own, where the message can be there more than once.
            unit = _wrapped(before, delimited(after.number, b""))
            yield Hostile(f"{path} in many", base + unit * (room // len(unit)))


def messages(descriptor: Any, level: int = 1) -> Iterator[str]:
    """The full names of the messages inside a message."""
    for field in descriptor.fields:
        if field.message_type is not None and level < _MOST_LEVELS:
            yield field.message_type.full_name
            yield from messages(field.message_type, level + 1)


def _places(
    descriptor: Any, path: str, level: int, known: Collection[str]
) -> Iterator[tuple[str, tuple[int, ...], Any]]:
    """Each field of a message that has a length: its path, the numbers of the fields around it, and itself."""
    for field in descriptor.fields:
        if field.type in (field.TYPE_STRING, field.TYPE_BYTES, field.TYPE_MESSAGE):
            yield path + field.name, (), field
        if field.message_type is not None and level < _MOST_LEVELS and field.message_type.full_name not in known:
            for inner, around, found in _places(field.message_type, f"{path}{field.name}.", level + 1, known):
                yield inner, (field.number, *around), found


def _base(descriptor: Any, name_of: Callable[[str], str]) -> Iterator[bytes]:
    """The names that a request needs to get past its first checks."""
    for field in descriptor.fields:
        reference = field.GetOptions().Extensions[resource_pb2.resource_reference]
        kind = reference.type or reference.child_type
        if kind and not field.is_repeated:
            is_parent = bool(reference.child_type)
            name = name_of(kind).rsplit("/", 2)[0] if is_parent else name_of(kind)
            yield delimited(field.number, name.encode())
        elif "update_mask" in descriptor.fields_by_name and "etag" in getattr(field.message_type, "fields_by_name", ()):
            # The resource that an update is of.
            resource = field.message_type
            name = name_of(f"activity-session/{resource.name}")
            yield delimited(field.number, delimited(resource.fields_by_name["name"].number, name.encode()))


def _wrapped(numbers: tuple[int, ...], value: bytes) -> bytes:
    for number in reversed(numbers):
        value = delimited(number, value)
    return value


def unknown_fields(descriptor: Any) -> Iterator[Hostile]:
    """Unknown fields of a message, some of which not every parser takes, or not every one as the same."""
    for known in descriptor.fields:
        for wire_type, value in _VALUES.items():
            yield Hostile(f"{known.name} of wire type {wire_type}", _tag(known.number, wire_type) + value)
        yield Hostile(f"{known.name} as a group", _group(known.number))
    for wire_type, value in _VALUES.items():
        for number in _NUMBERS:
            yield Hostile(f"{number} of wire type {wire_type}", _tag(number, wire_type) + value)
        for padding in (1, 3, 5):
            yield Hostile(f"padded tag of wire type {wire_type}", _padded(_tag(1000, wire_type), padding) + value)
    for levels in (1, 50, 98, 99, 100):
        yield Hostile(f"groups of {levels} levels", reduce(lambda inner, _: _group(1000, inner), range(levels), b""))
    for value in (b"\xff" * 9 + b"\x01", b"\xff" * 9 + b"\x7f", b"\x80" * 9 + b"\0", b"\xff" * 4 + b"\x7f"):
        yield Hostile(f"the number {value!r}", _tag(1000, 0) + value)
    yield Hostile("padded length", _tag(1000, 2) + _padded(varint(1), 2) + b"a")


def _group(number: int, inner: bytes = b"") -> bytes:
    return _tag(number, 3) + inner + _tag(number, 4)


def _tag(number: int, wire_type: int) -> bytes:
    return varint(number << 3 | wire_type)


def _padded(number: bytes, count: int) -> bytes:
    """A number in so many bytes more than it needs."""
    return number[:-1] + bytes([number[-1] | 0x80]) + b"\x80" * (count - 1) + b"\0"


def delimited(number: int, value: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
