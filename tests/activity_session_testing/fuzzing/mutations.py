"""Requests that are valid but for a mutation or two: of a field, of a page token's payload, of the bytes.

The fields come from the descriptors, so that a new one joins by itself. All chance comes from one generator: the same
seed makes the same requests.
"""

import base64
import random
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from google.protobuf import message_factory
from google.protobuf.descriptor import FieldDescriptor

from activity_session_server.rules.paging import digest_of
from activity_session_testing.messages import is_needed, kind_of
from activity_session_testing.rpcs import Rpc

_MOST_DEPTH = 4
_MANY = 300
# How often a field is set that need not be, and one that must be.
_IS_SET, _IS_NEEDED = 0.25, 0.98
# How often a value is not a valid one: in a request one of these, so that some get past all checks.
_IS_WILD = (0.0, 0.05, 0.25)
_IS_BROKEN, _IS_FORGED, _IS_MANY = 0.2, 0.5, 0.01
_PIECES = [
    *("", "\0", " ", "/", "-", "*", ".", "..", '"', "\\", "'", "%", "(", ")", "[", "]", "{", "}", ",", ":", "=", "~"),
    *("[" * 600, '{"a":' * 600, "(" * 60, "NOT " * 30, "a." * 300, "\\" * 31, '"' * 33, "9" * 400, "a" * 256),
    *("NaN", "Infinity", "-0", "1e999", "1E-999", "null", "true", "9223372036854775808", "\\ud800", "\\u0000"),
    *("0001-01-01T00:00:00", "9999-12-31T23:59:59.999999999Z", "+23:59", "2026-02-30", "\u0661", "\u00b2"),
    *("e\u0301", "\u200d", "\u202e", "\ufeff", "\uffff", "\U0010ffff", "\U0001f469\u200d\U0001f680", "\u0130"),
    *(" OR ", " AND ", "!=", "<=", "labels.", "create_time", "namespaces/", "/sessions/", "sequence", " desc"),
]
_PAYLOADS = [
    *(b"", b"null", b"[]", b"[[[[", b"[" * 3000, b'["\\ud800",""]', b'["\xed\xa0\x80",""]', b'["a"]', b'["a","b","c"]'),
    *(b'[1,"a"]', b'["a",1]', b"{}", b'["9","session-1"]', b'["99999999999999999999",""]', b'["\xd9\xa1",""]'),
    *(b'["2026-01-01T00:00:00","x"]', b'["2026-01-01T00:00:00+01:00","x"]', b'["0001-01-01","x"]', b'["W","\\u0000"]'),
]
_NUMBERS: dict[int, Sequence[Any]] = {
    FieldDescriptor.TYPE_INT32: [-(2**31), -1, 0, 1, 2, 50, 1000, 999_999_999, 10**9, 2**31 - 1],
    FieldDescriptor.TYPE_INT64: [-(2**63), -62135596801, -1, 0, 1, 2, 253402300799, 253402300800, 2**63 - 1],
    FieldDescriptor.TYPE_DOUBLE: [float("nan"), float("inf"), -0.0, 5e-324, 1e308, 0.5],
}
_BROKEN_PIECES = [
    *(
        b"",
        b"\0",
        b"\xff",
        b"\xff" * 11,
        b"\xed\xa0\x80",
        b"\xc3\x3e\xc4\x3e",
        b"\x0b" * 200,
        b"\x0a\x80\x80\x80\x80\x0f",
    ),
]


class Mutator:
    """Makes requests; `values` has valid texts by field or resource kind."""

    def __init__(self, chance: random.Random, values: Mapping[str, Sequence[str]]) -> None:
        self._chance = chance
        self._values = values
        self._is_wild = 0.0

    def request(self, rpc: Rpc) -> bytes:
        """Return the next request for an RPC."""
        message: Any = rpc.request_class()
        self._is_wild = self._chance.choice(_IS_WILD)
        self._fill(message, _MOST_DEPTH)
        if hasattr(message, "page_token") and self._is(_IS_FORGED):
            message.page_token = self._forged(message)
        raw: bytes = message.SerializeToString()
        return self._broken(raw) if self._is(_IS_BROKEN) else raw

    def _is(self, probability: float) -> bool:
        return self._chance.random() < probability

    def _fill(self, message: Any, depth: int) -> None:
        for field, is_needed_here in _fields(message.DESCRIPTOR):
            if (depth > 0 or field.message_type is None) and self._is(_IS_NEEDED if is_needed_here else _IS_SET):
                self._set(message, field, depth)

    def _set(self, message: Any, field: Any, depth: int) -> None:
        kind = field.message_type
        if not field.is_repeated:
            if kind is None:
                setattr(message, field.name, self._scalar(field))
            else:
                part = getattr(message, field.name)
                part.SetInParent()
                self._fill(part, depth - 1)
        elif kind is None:
            getattr(message, field.name).extend(self._several(lambda: self._scalar(field)))
        elif kind.GetOptions().map_entry:
            self._fill_map(getattr(message, field.name), kind, depth)
        else:
            make = message_factory.GetMessageClass(kind)
            getattr(message, field.name).extend(self._several(lambda: self._filled(make(), depth - 1)))

    def _fill_map(self, entries: Any, kind: Any, depth: int) -> None:
        key, value = kind.fields
        for _ in range(self._chance.randrange(3)):
            if value.message_type is None:
                entries[self._scalar(key)] = self._scalar(value)
            else:
                self._fill(entries[self._scalar(key)], depth - 1)

    def _filled(self, message: Any, depth: int) -> Any:
        self._fill(message, depth)
        return message

    def _several(self, make: Callable[[], Any]) -> list[Any]:
        if self._is(_IS_MANY):
            return [make()] * _MANY
        return [make() for _ in range(self._chance.randrange(4))]

    def _scalar(self, field: Any) -> Any:
        if field.type == field.TYPE_STRING:
            return self._text(field)
        if field.type == field.TYPE_BYTES:
            return self._chance.randbytes(self._chance.randrange(20))
        if field.type == field.TYPE_BOOL:
            return self._is(0.5)
        if field.enum_type is not None:
            return self._chance.choice([3, 99, -1, 2**31 - 1] if self._is(self._is_wild) else [0, 1, 2])
        return self._chance.choice(_NUMBERS[field.type] if self._is(self._is_wild) else [0, 1, 2, 50])

    def _text(self, field: Any) -> str:
        valid = self._values.get(field.name) or self._values.get(kind_of(field)) or _PIECES
        text = self._chance.choice(valid)
        while self._is(self._is_wild):
            text = self._mutated(text, self._chance.choice(valid))
        return text

    def _mutated(self, text: str, other: str) -> str:
        """Put a piece, a part of another text or a character in the place of a part of a text."""
        start, end = sorted((self._chance.randint(0, len(text)), self._chance.randint(0, len(text))))
        if self._is(0.5):
            end = start
        piece = self._chance.choice(_PIECES)
        if self._is(0.3):
            piece = other[self._chance.randint(0, len(other)) :]
        elif self._is(0.2):
            piece = chr(self._chance.choice([self._chance.randrange(0xD800), self._chance.randrange(0xE000, 0x110000)]))
        return text[:start] + piece + text[end:]

    def _forged(self, request: Any) -> str:
        """Return a page token whose digest is right, and whose payload need not be."""
        payload = self._chance.choice(_PAYLOADS)
        if valid := self._values["page_token"]:
            payload = self._chance.choice([payload, _unbase64(self._chance.choice(valid))[_DIGEST_BYTES:]])
        if self._is(0.5):
            payload = self._broken(payload)
        return base64.urlsafe_b64encode(digest_of(request, payload) + payload).decode().rstrip("=")

    def _broken(self, raw: bytes) -> bytes:
        """Return bytes of which some are other ones, or not there, or there twice."""
        for _ in range(self._chance.randint(1, 3)):
            start, end = sorted((self._chance.randint(0, len(raw)), self._chance.randint(0, len(raw))))
            noise = self._chance.randbytes(self._chance.randint(1, 3))
            piece = self._chance.choice([self._chance.choice(_BROKEN_PIECES), raw[start:end] * 2, noise])
            end = self._chance.choice([start, end, start + len(piece)])
            raw = raw[:start] + piece + raw[end:]
        return raw


_DIGEST_BYTES = 9


def _unbase64(token: str) -> bytes:
    return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))


@cache
def _fields(descriptor: Any) -> list[tuple[Any, bool]]:
    """The fields of a message, and whether a valid one needs them."""
    return [(field, is_needed(field)) for field in descriptor.fields]
