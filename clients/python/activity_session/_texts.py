"""Names the field of a text that UTF-8 cannot encode, such as half an emoji. The error of protobuf does not.

A message refuses such a text as soon as it is given it, and long before a call. So it is the classes of messages that
have to say which field it was.
"""

from collections.abc import Callable, Iterator
from typing import Any

from google.protobuf import message_factory
from google.protobuf.message import Message

# Two threads may both find that a class is not there yet: it is then wrapped twice, and says the same.
_naming: set[str] = set()


def naming(value: Any) -> Any:
    """Return what was given; a class of messages, and those of its fields, name their fields from now on."""
    if isinstance(value, type) and issubclass(value, Message):
        _wrap(value)
    return value


def _wrap(kind: Any) -> None:
    if kind.DESCRIPTOR.full_name in _naming:
        return
    _naming.add(kind.DESCRIPTOR.full_name)
    kind.__init__ = _checked_init(kind.__init__)
    kind.__setattr__ = _checked_setattr(kind.__setattr__)
    for field in kind.DESCRIPTOR.fields:
        inner = field.message_type
        if inner is not None and inner.file.package == kind.DESCRIPTOR.file.package:
            _wrap(message_factory.GetMessageClass(inner))


def _checked_init(init: Callable[..., None]) -> Callable[..., None]:
    def checked(self: Message, *args: Any, **fields: Any) -> None:
        try:
            init(self, *args, **fields)
        except (TypeError, ValueError):
            _refuse(self, fields)
            raise

    return checked


def _checked_setattr(setattr_: Callable[[Any, str, Any], None]) -> Callable[[Any, str, Any], None]:
    def checked(self: Message, name: str, value: Any) -> None:
        try:
            setattr_(self, name, value)
        except (TypeError, ValueError):
            _refuse(self, {name: value})
            raise

    return checked


def _refuse(message: Message, fields: dict[str, Any]) -> None:
    for path, error in _unencodable(fields, message.DESCRIPTOR.name):
        error.reason = f"{error.reason}, in {path}"
        raise error from None


def _unencodable(value: Any, path: str) -> Iterator[tuple[str, UnicodeEncodeError]]:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError as error:
            yield path, error
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _unencodable(key, path)
            yield from _unencodable(inner, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _unencodable(inner, f"{path}[{index}]")
