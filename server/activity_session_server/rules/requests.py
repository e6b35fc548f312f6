"""Which resource a request is about."""

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


def resource_of(request: Message) -> str:
    """The name of the resource that a request is about or makes; that of its parent, if any, without an id for it."""
    parent = _named(request)
    for field, collection in _NEW.items():
        if new_id := getattr(request, field, ""):
            return f"{parent}/{collection}/{new_id}".removeprefix("/")
    return parent


def session_of(request: Message) -> str:
    """The name of the session that a request is about, or something in it; empty for other requests."""
    words = resource_of(request).split("/")
    return "/".join(words[:4]) if words[2:3] == ["sessions"] else ""


def _named(request: Message) -> str:
    for field in () if hasattr(request, "namespace_id") else _FIELDS:  # a new namespace has no name yet
        value = getattr(request, field, "")
        name = value.name if isinstance(value, Message) else value  # type: ignore[attr-defined]
        if name:
            return str(name)
    return ""
