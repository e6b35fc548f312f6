"""The fields of an event that this version does not know: a newer client's, which the log keeps for newer readers.

A client that cannot parse one event can read nothing of the page that it is on. So what parsers judge differently is
refused: a field that is known, but of another type; a group, which the protos of this API never have and parsers nest
to different depths; and a number in more than its shortest form, since some parsers cut what is above 64 bits.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet

from activity_session.v1.event_pb2 import Event
from activity_session_server.rules.problems import Problem, Violation
from activity_session_server.store.codec.encoded import varint

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_VALUES: Mapping[int, Callable[[Any], bytes]] = {
    _VARINT: varint,
    _FIXED64: lambda number: number.to_bytes(8, "little"),
    _LENGTH: lambda raw: varint(len(raw)) + raw,
    _FIXED32: lambda number: number.to_bytes(4, "little"),
}


def violations(events: Iterable[Event], path: str, inner: str = "") -> Iterator[Violation]:
    """What is wrong with the unknown fields of events, which stand in a list, or `inner` in its entries."""
    for index, event in enumerate(events):
        where = f"{path}[{index}]{inner}"
        # Of a message without unknown fields, to look for them is all that this costs.
        if UnknownFieldSet(event):
            yield from _violations(event, where)
        if event.HasField("event_time") and UnknownFieldSet(event.event_time):
            yield from _violations(event.event_time, f"{where}.event_time")


def _violations(message: Message, path: str) -> Iterator[Violation]:
    unknown: Any = UnknownFieldSet(message)
    known = message.DESCRIPTOR.fields_by_number
    for field in unknown:
        if field.field_number in known:
            where = f"{path}.{known[field.field_number].name}"
            yield Violation(where, Problem(f"is not encoded as its type, but with the wire type {field.wire_type}"))
            return
        if field.wire_type not in _VALUES:
            yield Violation(path, Problem(f"its unknown field {field.field_number} is a group"))
            return
    # They are written as they came, after the fields that are known.
    if not message.SerializeToString().endswith(b"".join(map(_shortest, unknown))):
        yield Violation(path, Problem("its unknown fields are not in the shortest form"))


def _shortest(field: Any) -> bytes:
    return varint(field.field_number << 3 | field.wire_type) + _VALUES[field.wire_type](field.data)
