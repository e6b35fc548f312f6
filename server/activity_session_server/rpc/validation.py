"""Checks every request before a servicer sees it, from what the protos say of its fields and from the limits.

The annotations are rules here, not remarks: REQUIRED fields must be set, fields with a resource reference must hold
such a name, OUTPUT_ONLY fields are passed over (AIP-203), enums must have a known value. What annotations cannot say
stands in `_RULES`, by message and field. The checks of a message type are put together once, at its first request.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from google.api import field_behavior_pb2, resource_pb2
from google.protobuf.message import Message

from activity_session.v1.state_pb2 import StateScope
from activity_session_server import durations, json_text, names, namespace_settings, session_settings
from activity_session_server.errors import Kind, Problem, Violation, invalid, too_large
from activity_session_server.limits import Limits

# A message, the path it stands under (ending in a dot unless empty), and what is wrong with it.
Check = Callable[[Message, str], Iterator[Violation]]
Rule = Callable[[Any, str, Limits], Iterable[Violation]]

# protobuf has two implementations of descriptors, which share no type.
Descriptor = Any
FieldDescriptor = Any

_REQUEST_ID = re.compile(r"[!-~]+")
# In seconds since the epoch: 1970-01-01 to 9999-12-31.
_EARLIEST, _LATEST = 0, 253_402_300_799
_SHORTEST_TTL = timedelta(milliseconds=100)
_STATE_KINDS = (Kind.NAMESPACE, Kind.PARTICIPANT, Kind.SESSION)


class Validator:
    """The checks of every message of the API."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._checks: dict[tuple[str, bool], list[Check]] = {}

    def check(self, request: Message) -> None:
        """Refuse a request that does not hold what it must, or more than it may.

        Raises:
            ServiceError: INVALID_FIELD or LIMIT_EXCEEDED, with every violation that was found.
        """
        # An update names the fields it means, so the others may be missing; all else needs what is REQUIRED.
        is_update = "update_mask" in request.DESCRIPTOR.fields_by_name
        violations = [
            violation
            for check in self._checks_of(request.DESCRIPTOR, is_update=is_update, is_request=True)
            for violation in check(request, "")
        ]
        if violations:
            raise invalid(violations)

    def _checks_of(self, descriptor: Descriptor, *, is_update: bool, is_request: bool) -> list[Check]:
        key = descriptor.full_name, is_update
        if key not in self._checks:
            # Whole or not at all: other threads look here at the same time.
            self._checks[key] = [
                check
                for field in descriptor.fields
                for check in self._field_checks(field, is_update=is_update, is_request=is_request)
            ]
        return self._checks[key]

    def _field_checks(self, field: FieldDescriptor, *, is_update: bool, is_request: bool) -> Iterator[Check]:
        behaviors = field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
        kind = _referenced_kind(field)
        if field_behavior_pb2.OUTPUT_ONLY in behaviors:
            return
        if field_behavior_pb2.IDENTIFIER in behaviors:
            # A new resource gets its name from its id; what it carries as its name does not count.
            if is_update:
                yield partial(_check_required, field)
                yield partial(_check_names, field, Kind(field.containing_type.name.lower()))
            return
        if field_behavior_pb2.REQUIRED in behaviors and (is_request or not is_update):
            yield partial(_check_required, field)
        if kind is not None:
            yield partial(_check_names, field, kind)
        if field.enum_type is not None:
            yield partial(_check_enum, field)
        key = field.containing_type.name, field.name
        if rule := _RULES.get(key, _RULES.get(field.name)):
            yield partial(_check_rule, field, rule, self._limits)
        elif field.message_type is not None and _is_own(field):
            nested = self._checks_of(field.message_type, is_update=is_update, is_request=False)
            yield partial(_check_nested, field, nested, partial(_LISTS.get(key, _no_list), limits=self._limits))


def _referenced_kind(field: FieldDescriptor) -> Kind | None:
    """The kind of resource that a field names; none for one that can name several, which has a rule of its own."""
    reference = field.GetOptions().Extensions[resource_pb2.resource_reference]
    kind = (reference.child_type or reference.type).rpartition("/")[2].lower()
    if kind in ("", "*") or (field.containing_type.name, field.name) in _RULES:
        return None
    return names.kind_of_parent(Kind(kind)) if reference.child_type else Kind(kind)


def _is_own(field: FieldDescriptor) -> bool:
    return bool(field.message_type.file.package == field.file.package)


def _check_required(field: FieldDescriptor, message: Message, path: str) -> Iterator[Violation]:
    is_set = message.HasField(field.name) if field.has_presence else getattr(message, field.name)
    if not is_set:
        yield Violation(path + field.name, Problem("must be set"))


def _check_names(field: FieldDescriptor, kind: Kind, message: Message, path: str) -> Iterator[Violation]:
    for where, name in _values(field, message, path):
        if name and (problem := names.problem(kind, name)):
            yield Violation(where, problem)


def _check_enum(field: FieldDescriptor, message: Message, path: str) -> Iterator[Violation]:
    value = getattr(message, field.name)
    if value not in field.enum_type.values_by_number:
        known = ", ".join(field.enum_type.values_by_name)
        yield Violation(path + field.name, Problem(f"{value} is not one of {known}"))


def _check_rule(field: FieldDescriptor, rule: Rule, limits: Limits, message: Message, path: str) -> Iterator[Violation]:
    if field.has_presence and not message.HasField(field.name):
        return
    yield from rule(getattr(message, field.name), path + field.name, limits)


def _check_nested(
    field: FieldDescriptor, checks: list[Check], list_check: Check, message: Message, path: str
) -> Iterator[Violation]:
    if field.has_presence and not message.HasField(field.name):
        return
    violations = list(list_check(message, path + field.name))
    if violations:
        yield from violations
        return
    for where, value in _values(field, message, path):
        for check in checks:
            yield from check(value, where + ".")


def _values(field: FieldDescriptor, message: Message, path: str) -> Iterator[tuple[str, Any]]:
    value, where = getattr(message, field.name), path + field.name
    if field.is_repeated:
        yield from ((f"{where}[{index}]", item) for index, item in enumerate(value))
    else:
        yield where, value


def _one(problem: Problem | None, path: str) -> Iterator[Violation]:
    if problem is not None:
        yield Violation(path, problem)


def _id(value: str, path: str, _limits: Limits) -> Iterator[Violation]:
    return _one(names.id_problem(value) if value else None, path)


def _not_negative(value: int, path: str, _limits: Limits) -> Iterator[Violation]:
    return _one(Problem(f"{value} is negative") if value < 0 else None, path)


def _request_id(value: str, path: str, limits: Limits) -> Iterator[Violation]:
    if len(value) > limits.request_id_characters:
        yield Violation(path, too_large("it", limits.request_id_characters, len(value), "characters"))
    elif value and not _REQUEST_ID.fullmatch(value):
        yield Violation(path, Problem("must be printable ASCII without spaces"))


def _filter(value: str, path: str, limits: Limits) -> Iterator[Violation]:
    if len(value) > limits.filter_characters:
        yield Violation(path, too_large("it", limits.filter_characters, len(value), "characters"))


def _description(value: str, path: str, limits: Limits) -> Iterator[Violation]:
    yield from _one(_byte_problem(value, limits.description_bytes), path)
    yield from _one(names.nfc_problem(value), path)


def _data(value: str, path: str, limits: Limits) -> Iterator[Violation]:
    return _one(_byte_problem(value, limits.data_bytes), path)


def _byte_problem(value: str | bytes, limit: int) -> Problem | None:
    # A text has at least as many bytes as characters, and at most four times as many.
    if 4 * len(value) <= limit:
        return None
    size = len(value.encode() if isinstance(value, str) else value)
    return too_large("it", limit, size, "bytes") if size > limit else None


def _role(value: str, path: str, limits: Limits) -> Iterator[Violation]:
    return _line(value, path, limits.role_characters)


def _line(value: str, path: str, limit: int) -> Iterator[Violation]:
    if len(value) > limit:
        yield Violation(path, too_large("it", limit, len(value), "characters"))
    else:
        yield from _one(names.line_problem(value), path)


def _event_type(value: str, path: str, limits: Limits) -> Iterator[Violation]:
    return _line(value, path, limits.event_type_characters)


def _media_type(value: str, path: str, limits: Limits) -> Iterator[Violation]:
    return _line(value, path, limits.media_type_characters)


def _event_content(value: str | bytes, path: str, limits: Limits) -> Iterator[Violation]:
    return _one(_byte_problem(value, limits.event_content_bytes), path)


def _memory_content(value: str, path: str, limits: Limits) -> Iterator[Violation]:
    return _one(_byte_problem(value, limits.memory_content_bytes), path)


def _memo(value: str, path: str, limits: Limits) -> Iterator[Violation]:
    return _one(_byte_problem(value, limits.description_bytes), path)


def _memories_parent(value: str, path: str, _limits: Limits) -> Iterator[Violation]:
    return _one(names.problem(Kind.SESSION, value, any_of_it=True) if value else None, path)


def _state_owner(value: str, path: str, _limits: Limits) -> Iterator[Violation]:
    kind = names.kind_of(value)
    if kind in _STATE_KINDS:
        yield from _one(names.problem(kind, value), path)
    elif value:
        forms = ", ".join(map(names.pattern, _STATE_KINDS))
        yield Violation(path, Problem(f"{names.shown(value)} is not of one of the forms {forms}"))


def _state_key(value: str, path: str, limits: Limits) -> Iterator[Violation]:
    return _line(value, path, limits.state_key_characters)


def _state_keys(value: Any, path: str, limits: Limits) -> Iterator[Violation]:
    if len(value) > limits.state_updates:
        yield Violation(path, too_large("it", limits.state_updates, len(value), "keys"))
    for index, key in enumerate(value[: limits.state_updates]):
        yield from _state_key(key, f"{path}[{index}]", limits)


def _key_prefix(value: str, path: str, limits: Limits) -> Iterator[Violation]:
    return _line(value, path, limits.state_key_characters)


def _value_json(value: str, path: str, limits: Limits) -> Iterator[Violation]:
    problem = _byte_problem(value, limits.state_value_bytes) or json_text.problem(value)
    return _one(problem, path)


def _delete(value: bool, path: str, _limits: Limits) -> Iterator[Violation]:  # noqa: FBT001 - a field's value
    return _one(None if value else Problem("must be true, or not set"), path)


def _ttl(value: Any, path: str, limits: Limits) -> Iterator[Violation]:
    if not durations.is_between(value, _SHORTEST_TTL, limits.turn_ttl):
        bounds = f"from {_SHORTEST_TTL.total_seconds()} to {limits.turn_ttl.total_seconds():g} seconds"
        yield Violation(path, Problem(f"must be {bounds}"))


def _events(request: Any, path: str, limits: Limits) -> Iterator[Violation]:
    """What is wrong with the events of a call as a list."""
    if len(request.events) > limits.batch_events:
        yield Violation(path, too_large("it", limits.batch_events, len(request.events), "events"))
        return
    yield from _batch_bytes((*request.events, *request.state_updates), path, limits)
    yield from _twice(((event.event_id, "event_id") for event in request.events), path)


def _appended_updates(request: Any, path: str, limits: Limits) -> Iterator[Violation]:
    """What is wrong with the state updates of an append as a list."""
    yield from _updates(request.state_updates, path, limits)
    for index, update in enumerate(request.state_updates[: limits.state_updates]):
        needs_participant = update.scope == StateScope.STATE_SCOPE_PARTICIPANT
        if not update.scope:
            yield Violation(f"{path}[{index}].scope", Problem("must be set"))
        elif needs_participant != bool(update.participant):
            text = "must be set for this scope" if needs_participant else "must be empty for this scope"
            yield Violation(f"{path}[{index}].participant", Problem(text))


def _own_updates(request: Any, path: str, limits: Limits) -> Iterator[Violation]:
    """What is wrong with the updates of one state as a list."""
    yield from _batch_bytes(request.updates, path, limits)
    yield from _updates(request.updates, path, limits)
    for index, update in enumerate(request.updates[: limits.state_updates]):
        for field in ("scope", "participant"):
            if getattr(update, field):
                yield Violation(f"{path}[{index}].{field}", Problem("must be empty: the request's name says it"))


def _updates(updates: Any, path: str, limits: Limits) -> Iterator[Violation]:
    if len(updates) > limits.state_updates:
        yield Violation(path, too_large("it", limits.state_updates, len(updates), "updates"))
        return
    for index, update in enumerate(updates):
        if not update.WhichOneof("change"):
            yield Violation(f"{path}[{index}]", Problem("value_json or delete must be set"))
    yield from _twice((((update.scope, update.participant, update.key), "key") for update in updates), path)


def _memory_requests(request: Any, path: str, limits: Limits) -> Iterator[Violation]:
    """What is wrong with the requests of a batch as a list."""
    if len(request.requests) > limits.batch_memories:
        yield Violation(path, too_large("it", limits.batch_memories, len(request.requests), "memories"))
        return
    yield from _batch_bytes(request.requests, path, limits)
    yield from _twice(((one.memory_id, "memory_id") for one in request.requests), path)


def _no_list(_request: Any, _path: str, limits: Limits) -> Iterator[Violation]:
    del limits
    return iter(())


def _batch_bytes(messages: Iterable[Message], path: str, limits: Limits) -> Iterator[Violation]:
    size = sum(message.ByteSize() for message in messages)
    if size > limits.batch_bytes:
        yield Violation(path, too_large("the batch", limits.batch_bytes, size, "bytes"))


def _twice(values: Iterable[tuple[Any, str]], path: str) -> Iterator[Violation]:
    """What is there more than once in a list; empty values are left to be given."""
    seen = set()
    for index, (value, field) in enumerate(values):
        if value and value in seen:
            yield Violation(f"{path}[{index}].{field}", Problem("is there twice"))
        seen.add(value)


def _labels(value: Mapping[str, str], path: str, limits: Limits) -> Iterator[Violation]:
    if len(value) > limits.labels:
        yield Violation(path, too_large("it", limits.labels, len(value), "labels"))
        return
    for key, text in value.items():
        if len(key) > limits.label_key_characters:
            problem = too_large("the key", limits.label_key_characters, len(key), "characters")
            yield Violation(path, problem)
        elif not names.is_label_key(key):
            form = "1 to 63 of A-Z a-z 0-9 _ - . / and start with a letter or digit"
            yield Violation(path, Problem(f"the key {names.shown(key)} must be {form}"))
        else:
            yield from _line(text, f"{path}.{key}", limits.label_value_characters)


def _participants(value: Any, path: str, limits: Limits) -> Iterator[Violation]:
    if len(value) > limits.session_participants:
        limit = limits.session_participants
        yield Violation(path, too_large("it", limit, len(value), "participants"))
        return
    seen: set[str] = set()
    for index, member in enumerate(value):
        where = f"{path}[{index}].participant"
        if member.participant in seen:
            yield Violation(where, Problem(f"{names.shown(member.participant)} is named twice"))
        seen.add(member.participant)
        yield from _one(names.problem(Kind.PARTICIPANT, member.participant), where)
        yield from _role(member.role, f"{path}[{index}].role", limits)


def _batch_names(value: Any, path: str, limits: Limits) -> Iterator[Violation]:
    if len(value) > limits.batch_get_names:
        yield Violation(path, too_large("it", limits.batch_get_names, len(value), "names"))


def _time(value: Any, path: str, _limits: Limits) -> Iterator[Violation]:
    if not (_EARLIEST <= value.seconds <= _LATEST and 0 <= value.nanos < 10**9):
        yield Violation(path, Problem("must be between the years 1970 and 9999"))


def _session_settings(value: Any, path: str, limits: Limits) -> Iterator[Violation]:
    overrides, where = value.collection_overrides, f"{path}.collection_overrides"
    if len(overrides) > limits.collection_overrides:
        limit = limits.collection_overrides
        yield Violation(where, too_large("it", limit, len(overrides), "entries"))
        return
    for agent, collection in overrides.items():
        yield from _one(names.id_problem(agent), where)
        yield from _one(names.id_problem(collection), where)
    yield from session_settings.violations(value, path)


def _namespace_settings(value: Any, path: str, _limits: Limits) -> Iterator[Violation]:
    return namespace_settings.violations(value, path)


_RULES: Mapping[str | tuple[str, str], Rule] = {
    "namespace_id": _id,
    "participant_id": _id,
    "session_id": _id,
    "event_id": _id,
    "memory_id": _id,
    "page_size": _not_negative,
    "after_sequence": _not_negative,
    "before_sequence": _not_negative,
    "expected_last_sequence": _not_negative,
    "expected_revision": _not_negative,
    "first_sequence": _not_negative,
    "last_sequence": _not_negative,
    "sequence": _not_negative,
    "importance": _not_negative,
    "token": _not_negative,
    "turn_token": _not_negative,
    "ttl": _ttl,
    "request_id": _request_id,
    "filter": _filter,
    "description": _description,
    "role": _role,
    ("BatchGetSessionsRequest", "names"): _batch_names,
    ("Namespace", "settings"): _namespace_settings,
    ("Session", "data"): _data,
    ("Session", "settings"): _session_settings,
    ("Session", "participants"): _participants,
    ("Session", "labels"): _labels,
    ("Session", "expire_time"): _time,
    ("Event", "event_time"): _time,
    ("Event", "type"): _event_type,
    ("Event", "media_type"): _media_type,
    ("Event", "text"): _event_content,
    ("Event", "blob"): _event_content,
    ("Event", "labels"): _labels,
    ("StateUpdate", "key"): _state_key,
    ("StateUpdate", "value_json"): _value_json,
    ("StateUpdate", "delete"): _delete,
    ("GetStateRequest", "name"): _state_owner,
    ("GetStateRequest", "keys"): _state_keys,
    ("GetStateRequest", "key_prefix"): _key_prefix,
    ("UpdateStateRequest", "name"): _state_owner,
    ("Memory", "content"): _memory_content,
    ("Memory", "memo"): _memo,
    ("ListMemoriesRequest", "parent"): _memories_parent,
}
# Rules of lists, which are handed the message that the list stands in; its entries are checked when these are kept.
_LISTS: Mapping[tuple[str, str], Callable[..., Iterator[Violation]]] = {
    ("AppendEventsRequest", "events"): _events,
    ("AppendEventsRequest", "state_updates"): _appended_updates,
    ("UpdateStateRequest", "updates"): _own_updates,
    ("BatchCreateMemoriesRequest", "requests"): _memory_requests,
}
