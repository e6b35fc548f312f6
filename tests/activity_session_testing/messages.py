"""Generated requests of any message type, from its descriptor alone: some that look valid, some wild."""

from collections.abc import Mapping, Sequence
from typing import Any

from google.api import field_behavior_pb2, resource_pb2
from google.protobuf import message_factory
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from hypothesis import strategies as st

MOST_DEPTH = 4
MANY = 300

_INTEGERS = {
    FieldDescriptor.TYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_INT64: (-(2**63), 2**63 - 1),
}
_OTHER_SCALARS: dict[int, st.SearchStrategy[Any]] = {
    FieldDescriptor.TYPE_BOOL: st.booleans(),
    FieldDescriptor.TYPE_DOUBLE: st.floats(),
    FieldDescriptor.TYPE_BYTES: st.binary(max_size=50),
}
_WILD_TEXT = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["", "-", "*", "\0", " ", "/", "%", "a/b", "e\u0301", "👩‍🚀", "\uffff"]),
    # Longer than a role, an id and a name; made late, so that they are not printed with the strategy.
    st.sampled_from([64, 256, 600]).map(lambda length: "👩" * length),
)
# Resources that belong to a session; all others belong to a namespace.
_OF_SESSIONS = ("Event", "Memory")
# Field 1000 with a number, a text that is not UTF-8, and a group that ends at once.
_UNKNOWN_FIELDS = [b"", b"\xc0\x3e\x7f", b"\xc2\x3e\x02\xff\xfe", b"\xc3\x3e\xc4\x3e"]


def raw_requests(request: type[Message], values: Mapping[str, Sequence[str]]) -> st.SearchStrategy[bytes]:
    """Requests as bytes, some with unknown fields; `values` has valid texts by field or resource kind."""
    known = _Strategies(values).message(request.DESCRIPTOR, MOST_DEPTH).map(lambda message: message.SerializeToString())
    return st.tuples(known, st.sampled_from(_UNKNOWN_FIELDS)).map(b"".join)


def raw_noise(request: type[Message]) -> st.SearchStrategy[bytes]:
    """Bytes that are hardly ever a request: noise, and texts that are not UTF-8 where the type has texts."""
    fields = request.DESCRIPTOR.fields
    broken = [
        _field(field.number, payload) for field in fields for payload in (b"\xff", b"\xed\xa0\x80", b"\x0a\x01\xff")
    ]
    return st.one_of(st.binary(max_size=50), st.sampled_from([b"", b"\0", b"\xff" * 11, *broken]))


def _field(number: int, payload: bytes) -> bytes:
    return bytes([number << 3 | 2, len(payload)]) + payload


class _Strategies:
    """Strategies for the fields of messages."""

    def __init__(self, values: Mapping[str, Sequence[str]]) -> None:
        self._values = values

    def message(self, descriptor: Any, depth: int, *, grows: bool = True) -> st.SearchStrategy[Message]:
        """Messages with some of their fields set: any, or those that are required and one or two others."""
        fields = {
            field.name: self._field(field, depth, grows=grows)
            for field in descriptor.fields
            if field.message_type is None or depth > 0
        }
        needed = {field.name for field in descriptor.fields if is_needed(field)} & set(fields)
        others = [st.fixed_dictionaries({name: values}) for name, values in fields.items() if name not in needed]
        other = st.one_of(st.just({}), *others)
        few = st.tuples(other, other, st.fixed_dictionaries({name: fields[name] for name in needed})).map(_merged)
        make = message_factory.GetMessageClass(descriptor)
        return st.one_of(few, st.fixed_dictionaries({}, optional=fields)).map(lambda given: make(**given))

    def _field(self, field: Any, depth: int, *, grows: bool) -> st.SearchStrategy[Any]:
        # Very large collections of very large collections would be too much to send, and to print.
        sizes = _sizes if grows else _as_they_are
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            key, value = field.message_type.fields
            return sizes(st.dictionaries(self._single(key, depth), self._single(value, depth), max_size=3))
        single = self._single(field, depth, grows=grows and not field.is_repeated)
        return sizes(st.lists(single, max_size=3)) if field.is_repeated else single

    def _single(self, field: Any, depth: int, *, grows: bool = False) -> st.SearchStrategy[Any]:
        if field.message_type is not None:
            return self.message(field.message_type, depth - 1, grows=grows)
        if field.enum_type is not None:
            return _mostly([0, 1, 2], st.sampled_from([3, 99, -1, 2**31 - 1, -(2**31)]))
        return self._scalar(field)

    def _scalar(self, field: Any) -> st.SearchStrategy[Any]:
        if field.type == field.TYPE_STRING:
            valid = self._values.get(field.name) or self._values.get(kind_of(field))
            return _mostly(valid, _WILD_TEXT) if valid else _WILD_TEXT
        if field.type in _INTEGERS:
            low, high = _INTEGERS[field.type]
            return st.one_of(st.sampled_from([low, high, low + 1, -1, 0, 1, 10**9]), st.integers(low, high))
        return _OTHER_SCALARS[field.type]


def _mostly(valid: Sequence[Any], wild: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Values that are mostly valid, since a request is valid only if all its fields are."""
    # Not one_of, which treats a strategy that it is given several times as one.
    return st.sampled_from([st.sampled_from(valid)] * 4 + [wild]).flatmap(lambda chosen: chosen)


def kind_of(field: Any) -> str:
    """Return the kind of the resource that a text field names, `*` for any; empty for other texts."""
    options = field.GetOptions()
    if field_behavior_pb2.IDENTIFIER in options.Extensions[field_behavior_pb2.field_behavior]:
        return str(field.containing_type.name)
    reference = options.Extensions[resource_pb2.resource_reference]
    if child := reference.child_type.rpartition("/")[2]:
        return "Session" if child in _OF_SESSIONS else "Namespace"
    return str(reference.type.rpartition("/")[2])


def is_needed(field: Any) -> bool:
    behaviors = field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
    return field_behavior_pb2.REQUIRED in behaviors or field_behavior_pb2.IDENTIFIER in behaviors


def _merged(parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {name: value for part in parts for name, value in part.items()}


def _as_they_are(collections: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return collections


def _sizes(collections: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Collections as they are, and now and then very large ones of the same entries."""
    return st.tuples(collections, st.sampled_from([False, False, False, True])).map(_grown)


def _grown(drawn: tuple[Any, bool]) -> Any:
    entries, is_large = drawn
    if not is_large or not entries:
        return entries
    if isinstance(entries, dict):
        value = next(iter(entries.values()))
        return {**entries, **{f"key-{number}": value for number in range(MANY)}}
    return entries * MANY
