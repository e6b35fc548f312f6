"""Which resource a request is about."""

from functools import cache
from typing import NamedTuple

from google.protobuf.message import Message

# The fields that tell, in the order of preference.
_FIELDS = ("parent", "name", "session", "namespace", "participant", "memory")
# The field with the id of a new resource, and the collection that it comes into.
_NEW = {
    "namespace_id": "namespaces",
    "participant_id": "participants",
    "session_id": "sessions",
    "memory_id": "memories",
}


class _Telling(NamedTuple):
    """The fields of a request type that tell what its requests are about: with names, and with the ids of new ones."""

    names: tuple[str, ...]
    ids: tuple[tuple[str, str], ...]


def resource_of(request: Message) -> str:
    """The name of the resource that a request is about or makes; that of its parent, if any, without an id for it."""
    names, ids = _telling(type(request))  # type: ignore[arg-type]  # its types do not know that classes are hashable
    parent = _named(request, names)
    for field, collection in ids:
        if new_id := getattr(request, field):
            return f"{parent}/{collection}/{new_id}".removeprefix("/")
    return parent


def session_of(request: Message) -> str:
    """The name of the session that a request is about, or something in it; empty for other requests."""
    words = resource_of(request).split("/")
    return "/".join(words[:4]) if words[2:3] == ["sessions"] else ""


def _named(request: Message, fields: tuple[str, ...]) -> str:
    for field in fields:
        value = getattr(request, field)
        name: str = value if isinstance(value, str) else value.name
        if name:
            return name
    return ""


# For each call, a message would take microseconds to say that it has no such field.
@cache
def _telling(request_type: type[Message]) -> _Telling:
    fields = request_type.DESCRIPTOR.fields_by_name
    # A new namespace has no name yet.
    names = () if "namespace_id" in fields else tuple(field for field in _FIELDS if field in fields)
    # What is made of a resource that has a name of its own is not in it.
    new = (
        () if "name" in fields else tuple((field, collection) for field, collection in _NEW.items() if field in fields)
    )
    return _Telling(names, new)
