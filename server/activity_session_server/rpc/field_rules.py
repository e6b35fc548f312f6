"""What the values of single fields must be like, where the annotations of the protos cannot say it."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from activity_session_server.rules import durations, json_text, names, namespace_settings, session_settings
from activity_session_server.rules.limits import UID_CHARACTERS, Limits
from activity_session_server.rules.names import Kind
from activity_session_server.rules.problems import Problem, Violation, too_large

# A value, the path it stands under, and what is wrong with it.
Rule = Callable[[Any, str, Limits], Iterable[Violation]]

_REQUEST_ID = re.compile(r"[!-~]+")
# In seconds since the epoch: 1970-01-01 to 9999-12-31.
_EARLIEST, _LATEST = 0, 253_402_300_799
_SHORTEST_TTL = timedelta(milliseconds=100)
_STATE_KINDS = (Kind.NAMESPACE, Kind.PARTICIPANT, Kind.SESSION)


def _one(problem: Problem | None, path: str) -> Iterable[Violation]:
    return () if problem is None else (Violation(path, problem),)


def _id(value: str, path: str, _limits: Limits) -> Iterable[Violation]:
    return _one(names.id_problem(value) if value else None, path)


def _not_negative(value: int, path: str, _limits: Limits) -> Iterable[Violation]:
    return _one(Problem(f"{value} is negative") if value < 0 else None, path)


def _request_id(value: str, path: str, limits: Limits) -> Iterator[Violation]:
    if len(value) > limits.request_id_characters:
        yield Violation(path, too_large("it", limits.request_id_characters, len(value), "characters"))
    elif value and not _REQUEST_ID.fullmatch(value):
        yield Violation(path, Problem("must be printable ASCII without spaces"))


def _uid(value: str, path: str, _limits: Limits) -> Iterator[Violation]:
    if len(value) > UID_CHARACTERS:
        yield Violation(path, too_large("it", UID_CHARACTERS, len(value), "characters"))


def _at_most_characters(limit: str) -> Rule:
    def rule(value: str, path: str, limits: Limits) -> Iterator[Violation]:
        most: int = getattr(limits, limit)
        if len(value) > most:
            yield Violation(path, too_large("it", most, len(value), "characters"))

    return rule


def _at_most_bytes(limit: str) -> Rule:
    def rule(value: str | bytes, path: str, limits: Limits) -> Iterable[Violation]:
        return _one(_byte_problem(value, getattr(limits, limit)), path)

    return rule


def _purge_filter(value: str, path: str, limits: Limits) -> Iterator[Violation]:
    # In a list it would mean all.
    if value and not value.strip():
        yield Violation(path, Problem("must not be blank; * means all"))
    yield from _at_most_characters("filter_characters")(value, path, limits)


def _one_line(limit: str) -> Rule:
    def rule(value: str, path: str, limits: Limits) -> Iterable[Violation]:
        return _line(value, path, getattr(limits, limit))

    return rule


def _free_text(limit: str) -> Rule:
    def rule(value: str, path: str, limits: Limits) -> Iterable[Violation]:
        return _one(_byte_problem(value, getattr(limits, limit)) or names.nul_problem(value), path)

    return rule


def _byte_problem(value: str | bytes, limit: int) -> Problem | None:
    # A text has at least as many bytes as characters, and at most four times as many.
    if 4 * len(value) <= limit:
        return None
    size = len(value.encode() if isinstance(value, str) else value)
    return too_large("it", limit, size, "bytes") if size > limit else None


def _line(value: str, path: str, limit: int) -> Iterable[Violation]:
    return _one(_length_problem(value, limit) or names.line_problem(value), path)


def _length_problem(value: str, limit: int) -> Problem | None:
    return too_large("it", limit, len(value), "characters") if len(value) > limit else None


def _state_owner(value: str, path: str, _limits: Limits) -> Iterator[Violation]:
    kind = names.kind_of(value)
    if kind in _STATE_KINDS:
        yield from _one(names.problem(kind, value), path)
    elif value:
        forms = ", ".join(map(names.pattern, _STATE_KINDS))
        yield Violation(path, Problem(f"is not of one of the forms {forms}", value))


def _state_key(value: str, path: str, limits: Limits) -> Iterator[Violation]:
    # MySQL would take "a " for "a".
    if value != value.strip():
        yield Violation(path, Problem("has white space at an end", value))
    else:
        yield from _part_of_state_key(value, path, limits)


def _part_of_state_key(value: str, path: str, limits: Limits) -> Iterable[Violation]:
    return _one(_length_problem(value, limits.state_key_characters) or names.exact_problem(value), path)


def _state_keys(value: Any, path: str, limits: Limits) -> Iterator[Violation]:
    if len(value) > limits.state_updates:
        yield Violation(path, too_large("it", limits.state_updates, len(value), "keys"))
    for index, key in enumerate(value[: limits.state_updates]):
        yield from _state_key(key, f"{path}[{index}]", limits)


def _value_json(value: str, path: str, limits: Limits) -> Iterable[Violation]:
    problem = _byte_problem(value, limits.state_value_bytes) or json_text.problem(value, limits.state_value_levels)
    return _one(problem, path)


def _delete(value: bool, path: str, _limits: Limits) -> Iterable[Violation]:  # noqa: FBT001 - a field's value
    return _one(None if value else Problem("must be true, or not set"), path)


def _ttl(value: Any, path: str, limits: Limits) -> Iterator[Violation]:
    if not durations.is_between(value, _SHORTEST_TTL, limits.turn_ttl):
        bounds = f"from {_SHORTEST_TTL.total_seconds()} to {limits.turn_ttl.total_seconds():g} seconds"
        yield Violation(path, Problem(f"must be {bounds}"))


def _labels(value: Mapping[str, str], path: str, limits: Limits) -> Iterator[Violation]:
    if len(value) > limits.labels:
        yield Violation(path, too_large("it", limits.labels, len(value), "labels"))
        return
    for key, text in value.items():
        if problem := _key_problem(key, limits):
            yield Violation(path, problem)
        elif problem := _length_problem(text, limits.label_value_characters) or names.line_problem(text):
            yield Violation(path, problem, key)


def _key_problem(key: str, limits: Limits) -> Problem | None:
    if len(key) > limits.label_key_characters:
        return too_large("the key", limits.label_key_characters, len(key), "characters")
    form = f"1 to {limits.label_key_characters} of A-Z a-z 0-9 _ - . / that start with a letter or digit"
    return None if names.is_label_key(key) else Problem(f"is not a key of {form}", key)


def _participants(value: Any, path: str, limits: Limits) -> Iterator[Violation]:
    if len(value) > limits.session_participants:
        limit = limits.session_participants
        yield Violation(path, too_large("it", limit, len(value), "participants"))
        return
    seen: set[str] = set()
    for index, member in enumerate(value):
        where = f"{path}[{index}].participant"
        if member.participant in seen:
            yield Violation(where, Problem("is named twice", member.participant))
        seen.add(member.participant)
        yield from _one(names.problem(Kind.PARTICIPANT, member.participant), where)
        yield from _line(member.role, f"{path}[{index}].role", limits.role_characters)


def _batch_names(value: Any, path: str, limits: Limits) -> Iterator[Violation]:
    if len(value) > limits.batch_get_names:
        yield Violation(path, too_large("it", limits.batch_get_names, len(value), "names"))


def _exceptions(value: Any, path: str, limits: Limits) -> Iterator[Violation]:
    if len(value) > limits.superseded_exceptions:
        yield Violation(path, too_large("it", limits.superseded_exceptions, len(value), "numbers"))


def _count(value: int, path: str, limits: Limits) -> Iterable[Violation]:
    if value > limits.batch_events:
        return [Violation(path, too_large("it", limits.batch_events, value, "events"))]
    return _not_negative(value, path, limits)


def _update_mask(value: Any, path: str, limits: Limits) -> Iterator[Violation]:
    if len(value.paths) > limits.update_mask_paths:
        yield Violation(path, too_large("it", limits.update_mask_paths, len(value.paths), "paths"))


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


def _namespace_settings(value: Any, path: str, _limits: Limits) -> Iterable[Violation]:
    return namespace_settings.violations(value, path)


# By message and field, or by field alone where it means the same in all messages.
RULES: Mapping[str | tuple[str, str], Rule] = {
    "namespace_id": _id,
    "participant_id": _id,
    "session_id": _id,
    "event_id": _id,
    "memory_id": _id,
    "page_size": _not_negative,
    "after_sequence": _not_negative,
    "before_sequence": _not_negative,
    "from_sequence": _not_negative,
    "to_sequence": _not_negative,
    "at_sequence": _not_negative,
    "up_to_sequence": _not_negative,
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
    "uid": _uid,
    "names": _batch_names,
    "update_mask": _update_mask,
    "filter": _at_most_characters("filter_characters"),
    "reason": _free_text("description_bytes"),
    "description": _free_text("description_bytes"),
    "role": _one_line("role_characters"),
    ("ForkSessionRequest", "participants"): _participants,
    ("SupersedeEventsRequest", "except_sequences"): _exceptions,
    ("PopEventsRequest", "count"): _count,
    ("PurgeSessionsRequest", "filter"): _purge_filter,
    ("Namespace", "settings"): _namespace_settings,
    ("Session", "data"): _free_text("data_bytes"),
    ("Session", "settings"): _session_settings,
    ("Session", "participants"): _participants,
    ("Session", "labels"): _labels,
    ("Session", "expire_time"): _time,
    ("Event", "event_time"): _time,
    ("ImportedEvent", "create_time"): _time,
    ("Event", "type"): _one_line("event_type_characters"),
    ("Event", "media_type"): _one_line("media_type_characters"),
    ("Event", "text"): _at_most_bytes("event_content_bytes"),
    ("Event", "blob"): _at_most_bytes("event_content_bytes"),
    ("Event", "labels"): _labels,
    ("StateUpdate", "key"): _state_key,
    ("StateUpdate", "value_json"): _value_json,
    ("StateUpdate", "delete"): _delete,
    ("GetStateRequest", "name"): _state_owner,
    ("GetStateRequest", "keys"): _state_keys,
    ("GetStateRequest", "key_prefix"): _part_of_state_key,
    ("UpdateStateRequest", "name"): _state_owner,
    ("Memory", "content"): _free_text("memory_content_bytes"),
    ("Memory", "memo"): _free_text("description_bytes"),
}
