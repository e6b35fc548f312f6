"""Checks every request before its use case sees it, from what the protos say of its fields and from the limits.

The annotations are rules here, not remarks: REQUIRED fields must be set, fields with a resource reference must hold
such a name, OUTPUT_ONLY fields are passed over (AIP-203), enums must have a known value. What annotations cannot say
stands in `field_rules` and `list_rules`, by message and field. The checks of a message type are put together once, at
its first request.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any

from google.api import field_behavior_pb2, resource_pb2
from google.protobuf.message import Message

from activity_session_server.rpc.field_rules import RULES, Rule
from activity_session_server.rpc.list_rules import LISTS, ListRule
from activity_session_server.rules import names
from activity_session_server.rules.errors import invalid
from activity_session_server.rules.limits import Limits
from activity_session_server.rules.names import Kind
from activity_session_server.rules.problems import Problem, Violation

# A message, the path it stands under (ending in a dot unless empty), and what is wrong with it.
Check = Callable[[Message, str], Iterable[Violation]]

# More than an error has room for.
_MOST_VIOLATIONS = 20
# Parents whose last id may be `-`, for all (AIP-159).
_ANY_PARENT = {("ListMemoriesRequest", "parent")}

# protobuf has two implementations of descriptors, which share no type.
Descriptor = Any
FieldDescriptor = Any


class Validator:
    """The checks of every message of the API."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._of_requests: dict[type[Message], list[Check]] = {}
        self._checks: dict[tuple[str, bool], list[Check]] = {}

    def check(self, request: Message) -> None:
        """Refuse a request that does not hold what it must, or more than it may.

        Raises:
            ServiceError: INVALID_FIELD or LIMIT_EXCEEDED, with the first violations that are found.
        """
        checks = self._of_requests.get(type(request))
        if checks is None:
            # An update names the fields it means, so the others may be missing; all else needs what is REQUIRED.
            is_update = "update_mask" in request.DESCRIPTOR.fields_by_name
            checks = self._checks_of(request.DESCRIPTOR, is_update=is_update, is_request=True)
            self._of_requests[type(request)] = checks
        found = (violation for check in checks for violation in check(request, ""))
        violations = list(islice(found, _MOST_VIOLATIONS))
        if violations:
            raise invalid(violations)

    def _checks_of(self, descriptor: Descriptor, *, is_update: bool, is_request: bool) -> list[Check]:
        key = descriptor.full_name, is_update
        if key not in self._checks:
            # No lock: other threads see all checks of a type or none, and then make the same ones.
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
                kind = Kind(field.containing_type.name.lower())
                yield partial(_check_names, field, partial(names.problem, kind))
            return
        if field_behavior_pb2.REQUIRED in behaviors and (is_request or not is_update):
            yield partial(_check_required, field)
        if kind is not None:
            allows_any = (field.containing_type.name, field.name) in _ANY_PARENT
            yield partial(_check_names, field, partial(names.problem, kind, any_of_it=allows_any))
        if field.enum_type is not None:
            yield partial(_check_enum, field, frozenset(field.enum_type.values_by_number))
        key = field.containing_type.name, field.name
        if rule := RULES.get(key, RULES.get(field.name)):
            yield partial(_check_rule, field, rule, self._limits)
        elif field.message_type is not None and _is_own(field):
            nested = self._checks_of(field.message_type, is_update=is_update, is_request=False)
            whole = [partial(_check_list, field, LISTS[key], self._limits)] if key in LISTS else []
            yield partial(_check_nested, field, whole, nested)


def _referenced_kind(field: FieldDescriptor) -> Kind | None:
    """The kind of resource that a field names; none for one that can name several, which has a rule of its own."""
    reference = field.GetOptions().Extensions[resource_pb2.resource_reference]
    kind = (reference.child_type or reference.type).rpartition("/")[2].lower()
    if kind in ("", "*"):
        return None
    return names.kind_of_parent(Kind(kind)) if reference.child_type else Kind(kind)


def _is_own(field: FieldDescriptor) -> bool:
    return bool(field.message_type.file.package == field.file.package)


def _check_required(field: FieldDescriptor, message: Message, path: str) -> Iterable[Violation]:
    is_set = message.HasField(field.name) if field.has_presence else getattr(message, field.name)
    return () if is_set else [Violation(path + field.name, Problem("must be set"))]


def _check_names(
    field: FieldDescriptor, problem_of: Callable[[str], Problem | None], message: Message, path: str
) -> Iterator[Violation]:
    for where, name in _values(field, message, path):
        if name and (problem := problem_of(name)):
            yield Violation(where, problem)


def _check_enum(field: FieldDescriptor, numbers: frozenset[int], message: Message, path: str) -> Iterable[Violation]:
    value = getattr(message, field.name)
    if value in numbers:
        return ()
    known = ", ".join(field.enum_type.values_by_name)
    return [Violation(path + field.name, Problem(f"{value} is not one of {known}"))]


def _check_rule(field: FieldDescriptor, rule: Rule, limits: Limits, message: Message, path: str) -> Iterable[Violation]:
    if field.has_presence and not message.HasField(field.name):
        return ()
    return rule(getattr(message, field.name), path + field.name, limits)


def _check_list(
    field: FieldDescriptor, rule: ListRule, limits: Limits, message: Message, path: str
) -> Iterable[Violation]:
    return rule(message, path + field.name, limits)


def _check_nested(
    field: FieldDescriptor, whole: Sequence[Check], checks: Sequence[Check], message: Message, path: str
) -> Iterator[Violation]:
    """What is wrong with a message or a list as a whole; with its parts only where nothing is."""
    if field.has_presence and not message.HasField(field.name):
        return
    violations = [violation for check in whole for violation in check(message, path)]
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
