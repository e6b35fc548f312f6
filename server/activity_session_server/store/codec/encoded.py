"""Messages that nobody looks into: bytes that are put together of bytes.

The fields of a message may come in any order, and two messages one after the other are, parsed, one message with the
fields of both (protobuf.dev/programming-guides/encoding#last-one-wins).
"""

from collections.abc import Iterable
from typing import Generic, NamedTuple, TypeVar

from google.protobuf.message import Message

M = TypeVar("M", bound=Message)

# What the field of the messages in a list takes besides the message: its tag and its length.
FRAME_BYTES = 6
# In the response of every list these are the fields of its messages, and of the token of the next page (AIP-158).
_LISTED, _NEXT_PAGE_TOKEN = 1, 2
_MORE = 0x80


class _Varints(dict[int, bytes]):
    """Numbers of seven bits a byte, the lowest first; the highest bit says that more follow. Small ones are kept."""

    def __missing__(self, value: int) -> bytes:
        raw = bytearray()
        while value >= _MORE:
            raw.append(value % _MORE | _MORE)
            value //= _MORE
        raw.append(value)
        return bytes(raw)


# No function of ours, since it is called twice for each message of a list.
varint = _Varints((value, _Varints().__missing__(value)) for value in range(2048)).__getitem__
# By the number of the field, its tag, where the field has a length.
_TAGS = tuple(varint(number << 3 | 2) for number in range(32))


class Encoded(NamedTuple, Generic[M]):
    """A message as the bytes that are sent."""

    raw: bytes


def serialize(response: Message | Encoded[Message]) -> bytes:
    """The bytes of a response."""
    return response.raw if isinstance(response, Encoded) else response.SerializeToString()


def field(number: int, value: bytes) -> bytes:
    """A field that is a text, bytes or a message; its number is below 32."""
    return _TAGS[number] + varint(len(value)) + value


def number_field(number: int, value: int) -> bytes:
    """A field that is a number from 0 on; its own number is below 16."""
    return bytes([number << 3]) + varint(value) if value else b""


def varint_at(raw: bytes, at: int) -> tuple[int, int]:
    """The number at a place, and the place after it.

    Raises:
        IndexError: the bytes end before it does.
    """
    value = shift = 0
    while raw[at] & _MORE:
        value |= (raw[at] & ~_MORE) << shift
        at, shift = at + 1, shift + 7
    return value | raw[at] << shift, at + 1


def page(messages: Iterable[bytes], next_page_token: str = "") -> bytes:
    """The response of a list."""
    parts: list[bytes] = []
    for message in messages:
        parts += _TAGS[_LISTED], varint(len(message)), message
    if next_page_token:
        parts.append(field(_NEXT_PAGE_TOKEN, next_page_token.encode()))
    return b"".join(parts)
