"""Checks every request before its use case sees it, from what the protos say of its fields and from the limits.

The annotations are rules here, not remarks: REQUIRED fields must be set, fields with a resource reference must hold
such a name, OUTPUT_ONLY fields are passed over (AIP-203), enums must have a known value. What annotations cannot say
stands in `field_rules` and `list_rules`, by message and field. The checks of a message type are put together once, at
its first request.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

from google.api import field_behavior_pb2, resource_pb2
from google.protobuf.message import Message

from activity_session_server.rpc.field_rules import RULES, Rule
from activity_session_server.rpc.list_rules import LISTS, ListRule
from activity_session_server.rules import names
from activity_session_server.rules.errors import invalid
from activity_session_server.rules.limits import Limits
from activity_session_server.rules.names import Kind
from activity_session_server.rules.problems import Problem, Violation

# protobuf has two implementations of descriptors, which share no type.
Descriptor = Any
FieldDescriptor = Any

# A message, the value of a field that is set in it, the path of the field, and what is wrong with the value.
Check = Callable[[Message, Any, str], Iterable[Violation]]

# More than an error has room for.
_MOST_VIOLATIONS = 20
# Parents whose last id may be `-`, for all (AIP-159).
_ANY_PARENT = {("ListMemoriesRequest", "parent")}


class Checks(NamedTuple):
    """The checks of a type of message: the fields that must be set, and by a field's number what its value must be.

    Values that are not set, or have the default of their type, need no other check.
    """

    required: list[FieldDescriptor]
    of_values: dict[int, list[Check]]


class Validator:
    """The checks of every message of the API."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._of_requests: dict[type[Message], Checks] = {}
        self._checks: dict[tuple[str, bool], Checks] = {}

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
        violations = list(islice(_violations(checks, request, ""), _MOST_VIOLATIONS))
        if violations:
            raise invalid(violations)

    def _checks_of(self, descriptor: Descriptor, *, is_update: bool, is_request: bool) -> Checks:
        key = descriptor.full_name, is_update
        if key not in self._checks:
            given = [field for field in descriptor.fields if field_behavior_pb2.OUTPUT_ONLY not in _behaviors(field)]
            # No lock: other threads see all checks of a type or none, and then make the same ones.
            self._checks[key] = Checks(
                [field for field in given if _is_required(field, is_update=is_update, is_request=is_request)],
                {field.number: list(self._value_checks(field, is_update=is_update)) for field in given},
            )
        return self._checks[key]

    def _value_checks(self, field: FieldDescriptor, *, is_update: bool) -> Iterator[Check]:
        if field_behavior_pb2.IDENTIFIER in _behaviors(field):
            # A new resource gets its name from its id; what it carries as its name does not count.
            if is_update:
                yield partial(_check_names, partial(names.problem, Kind(field.containing_type.name.lower())))
            return
        if kind := _referenced_kind(field):
            allows_any = (field.containing_type.name, field.name) in _ANY_PARENT
            yield partial(_check_names, partial(names.problem, kind, any_of_it=allows_any))
        if field.enum_type is not None:
            yield partial(_check_enum, field.enum_type)
        key = field.containing_type.name, field.name
        if rule := RULES.get(key, RULES.get(field.name)):
            yield partial(_check_rule, rule, self._limits)
        elif field.message_type is not None and _is_own(field):
            nested = self._checks_of(field.message_type, is_update=is_update, is_request=False)
            yield partial(_check_nested, partial(_check_list, LISTS.get(key), self._limits), nested)


def _behaviors(field: FieldDescriptor) -> Any:
    return field.GetOptions().Extensions[field_behavior_pb2.field_behavior]


def _is_required(field: FieldDescriptor, *, is_update: bool, is_request: bool) -> bool:
    behaviors = _behaviors(field)
    if field_behavior_pb2.IDENTIFIER in behaviors:
        return is_update
    return field_behavior_pb2.REQUIRED in behaviors and (is_request or not is_update)


def _referenced_kind(field: FieldDescriptor) -> Kind | None:
    """The kind of resource that a field names; none for one that can name several, which has a rule of its own."""
    reference = field.GetOptions().Extensions[resource_pb2.resource_reference]
    kind = (reference.child_type or reference.type).rpartition("/")[2].lower()
    if kind in ("", "*"):
        return None
    return names.kind_of_parent(Kind(kind)) if reference.child_type else Kind(kind)


def _is_own(field: FieldDescriptor) -> bool:
    return bool(field.message_type.file.package == field.file.package)


def _violations(checks: Checks, message: Message, path: str) -> Iterator[Violation]:
    missing = [(field, None) for field in checks.required if not _is_set(message, field)]
    # In the order of their numbers, as they are where none is missing.
    fields = (
        sorted((*message.ListFields(), *missing), key=lambda one: one[0].number) if missing else message.ListFields()
    )
    for field, value in fields:
        if value is None:
            yield Violation(path + field.name, Problem("must be set"))
            continue
        for check in checks.of_values.get(field.number, ()):
            yield from check(message, value, path + field.name)


def _is_set(message: Message, field: FieldDescriptor) -> bool:
    return bool(message.HasField(field.name) if field.has_presence else getattr(message, field.name))


def _check_names(
    problem_of: Callable[[str], Problem | None], _message: Message, value: Any, path: str
) -> Iterator[Violation]:
    for where, name in _values(value, path):
        if name and (problem := problem_of(name)):
            yield Violation(where, problem)


def _check_enum(enum_type: Any, _message: Message, value: int, path: str) -> Iterable[Violation]:
    if value in enum_type.values_by_number:
        return ()
    known = ", ".join(enum_type.values_by_name)
    return [Violation(path, Problem(f"{value} is not one of {known}"))]


def _check_rule(rule: Rule, limits: Limits, _message: Message, value: Any, path: str) -> Iterable[Violation]:
    return rule(value, path, limits)


def _check_list(rule: ListRule | None, limits: Limits, message: Message, path: str) -> list[Violation]:
    return [] if rule is None else list(rule(message, path, limits))


def _check_nested(
    check_whole: Callable[[Message, str], list[Violation]], checks: Checks, message: Message, value: Any, path: str
) -> Iterator[Violation]:
    """What is wrong with a message or a list as a whole; with its parts only where nothing is."""
    if violations := check_whole(message, path):
        yield from violations
        return
    for where, part in _values(value, path):
        yield from _violations(checks, part, where + ".")


def _values(value: Any, path: str) -> Iterable[tuple[str, Any]]:
    """A value with its path, or each of a list."""
    if isinstance(value, str | Message):
        return [(path, value)]
    return ((f"{path}[{index}]", item) for index, item in enumerate(value))
