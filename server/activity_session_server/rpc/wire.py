"""Counts the fields of a request on the wire, before a message is made of it.

On the wire an empty event takes two bytes, as a message more than a hundred: what a request would cost is therefore
judged from its bytes (protobuf.dev/programming-guides/encoding). Only requests are counted that are long enough to have
too many fields.
"""

from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from activity_session_server.rules.limits import Limits
from activity_session_server.rules.problems import Problem, Violation

# protobuf has two implementations of descriptors, which share no type.
Descriptor = Any

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_FIXED = {_FIXED64: 8, _FIXED32: 4}
# A field takes a byte for its tag and another one for its value or its length.
_FEWEST_BYTES = 2


class _Field(NamedTuple):
    name: str
    message: Descriptor | None


class _MalformedError(Exception):
    """The bytes are not those of a message; its parser says so."""


def check(raw: bytes, descriptor: Descriptor, limits: Limits) -> Violation | None:
    """What is wrong with a request that has more fields than any legal one: the field there is most of."""
    most = limits.request_fields
    if len(raw) <= most * _FEWEST_BYTES:
        return None
    counts: Counter[str] = Counter()
    try:
        for fields, path in enumerate(_paths(raw, 0, len(raw), descriptor, ""), 1):
            counts[path] += 1
            if fields > most:
                commonest, count = counts.most_common(1)[0]
                text = f"it is there more than {count - 1} times, a request may have {most} fields in all"
                return Violation(commonest or "request", Problem(text, limit=most, size=fields))
    except _MalformedError:
        return None
    return None


def _paths(raw: bytes, at: int, end: int, descriptor: Descriptor, path: str) -> Iterator[str]:
    """The path of each field in a part of a request, without the numbers of entries; empty for an unknown field."""
    known = _fields(descriptor)
    while at < end:
        tag, at = _varint(raw, at, end)
        field = known.get(tag >> 3)
        name = path + field.name if field else ""
        yield name
        start, at = _value(raw, at, end, tag & 7)
        if field and field.message is not None and tag & 7 == _LENGTH:
            yield from _paths(raw, start, at, field.message, name + ".")


def _value(raw: bytes, at: int, end: int, wire_type: int) -> tuple[int, int]:
    """Where a value starts and ends; a group is taken for its fields."""
    start = at
    if wire_type == _LENGTH:
        length, start = _varint(raw, at, end)
        at = start + length
    elif wire_type == _VARINT:
        _, at = _varint(raw, at, end)
    else:
        at += _FIXED.get(wire_type, 0)
    if at > end:
        raise _MalformedError
    return start, at


def _varint(raw: bytes, at: int, end: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and where the next byte is."""
    value = shift = 0
    while at < end:
        byte = raw[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:  # noqa: PLR2004 - the highest bit says that more follow
            return value, at
        if shift > 63:  # noqa: PLR2004 - a number has 64 bits
            break
    raise _MalformedError


@cache
def _fields(descriptor: Descriptor) -> dict[int, _Field]:
    return {field.number: _Field(field.name, field.message_type) for field in descriptor.fields}
