"""Every place of a request where a caller writes text, found from the descriptors, so that a new field is found too."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from google.api import field_behavior_pb2
from google.protobuf.message import Message

from activity_session.v1.state_pb2 import StateScope
from activity_session_testing.messages import is_needed, kind_of

# What the entries of a list need, and no annotation says.
_NEEDED: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("AppendEventsRequest", "state_updates"): {"scope": StateScope.STATE_SCOPE_PARTICIPANT, "delete": True},
    ("SupersedeEventsRequest", "state_updates"): {"scope": StateScope.STATE_SCOPE_PARTICIPANT, "delete": True},
    ("UpdateStateRequest", "updates"): {"delete": True},
}
# What else a request needs for others of its fields to be looked at.
_WITH: Mapping[str, Mapping[str, str]] = {"PurgeSessionsRequest": {"filter": "*"}}
# Deeper messages are of the same kinds.
_MOST_LEVELS = 5


class Place:
    """A text field of a request type, by the fields that lead to it; of a map, its keys or its values."""

    def __init__(self, request_class: type[Message], fields: tuple[Any, ...]) -> None:
        self.request_class = request_class
        self.fields = fields

    @property
    def field(self) -> Any:
        """The field itself, or the map that its entry is in."""
        return self.fields[-2] if self._is_in_entry else self.fields[-1]

    @property
    def is_map_key(self) -> bool:
        return self._is_in_entry and self.fields[-1].name == "key"

    @property
    def _is_in_entry(self) -> bool:
        return _is_entry(self.fields[-1].containing_type)

    @property
    def path(self) -> str:
        """The path without the numbers of entries, as in `session.labels.value`."""
        return ".".join(field.name for field in self.fields)

    def __repr__(self) -> str:
        return f"{self.request_class.__name__}.{self.path}"

    def request(self, text: str, name_of: Callable[[str], str], *, entry: str = "") -> Message:
        """A request with that text in this place, and elsewhere only the names that it needs.

        `entry` is the other half of the entry of a map: the value for a key, the key for a value.
        """
        message: Any = self.request_class()
        _name(message, name_of)
        for other, value in _WITH.get(self.request_class.__name__, {}).items():
            setattr(message, other, value)
        made = message
        for depth, field in enumerate(self.fields):
            if field.message_type is not None and _is_entry(field.message_type):
                key, value = (text, entry) if self.is_map_key else (entry, text)
                getattr(message, field.name)[key] = value
                return made  # type: ignore[no-any-return]
            if depth < len(self.fields) - 1:
                message = _entered(message, field)
                _name(message, name_of)
                _complete(message, _NEEDED.get((field.containing_type.name, field.name), {}), name_of)
        field = self.fields[-1]
        if field.is_repeated:
            getattr(message, field.name).append(text)
        else:
            setattr(message, field.name, text)
        return made  # type: ignore[no-any-return]


def places(request_class: type[Message]) -> list[Place]:
    """Return the places of a request type where a caller writes text."""
    return [Place(request_class, fields) for fields in _paths(request_class.DESCRIPTOR, ())]


def _paths(descriptor: Any, above: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    is_update = "update_mask" in (above[0].containing_type if above else descriptor).fields_by_name
    for field in descriptor.fields:
        behaviors = field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
        if field_behavior_pb2.OUTPUT_ONLY in behaviors:
            continue
        if field_behavior_pb2.IDENTIFIER in behaviors and not is_update:
            continue
        if field.type == field.TYPE_STRING:
            yield (*above, field)
        elif field.message_type is not None and len(above) < _MOST_LEVELS:
            yield from _paths(field.message_type, (*above, field))


def _name(message: Any, name_of: Callable[[str], str]) -> None:
    """Give a message the names that it needs, and those of the resource that it updates."""
    for field in message.DESCRIPTOR.fields:
        kind = kind_of(field)
        if field.type == field.TYPE_STRING and kind and is_needed(field) and not field.is_repeated:
            setattr(message, field.name, name_of(kind))
        elif field.message_type is not None and is_needed(field) and not field.is_repeated:
            getattr(message, field.name).SetInParent()
            _name(getattr(message, field.name), name_of)


def _complete(message: Any, needed: Mapping[str, Any], name_of: Callable[[str], str]) -> None:
    for name, value in needed.items():
        setattr(message, name, value)
    if "scope" in needed:
        message.participant = name_of("Participant")


def _entered(message: Any, field: Any) -> Any:
    value = getattr(message, field.name)
    if field.is_repeated:
        return value.add()
    value.SetInParent()
    return value


def _is_entry(descriptor: Any) -> bool:
    return bool(descriptor.GetOptions().map_entry)
