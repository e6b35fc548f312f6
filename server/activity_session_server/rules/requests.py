"""Which resource a request is about."""

from google.protobuf.message import Message

# The fields that tell, in the order of preference.
_FIELDS = ("parent", "name", "session", "namespace", "participant", "memory")


def resource_of(request: Message) -> str:
    """The name of the resource that a request is about, or of the parent of a new one; empty if it has no parent."""
    for field in _FIELDS:
        value = getattr(request, field, "")
        name = value.name if isinstance(value, Message) else value  # type: ignore[attr-defined]
        if name:
            return str(name)
    return ""


def session_of(request: Message) -> str:
    """The name of the session that a request is about, or something in it; empty for other requests."""
    name = resource_of(request)
    if session_id := getattr(request, "session_id", ""):
        return f"{name}/sessions/{session_id}"
    words = name.split("/")
    return "/".join(words[:4]) if words[2:3] == ["sessions"] else ""
