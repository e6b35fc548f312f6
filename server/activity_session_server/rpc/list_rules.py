"""What lists must be like as a whole. Their entries are checked when these rules are kept."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from google.protobuf.message import Message

from activity_session.v1.state_pb2 import StateScope, StateUpdate
from activity_session_server.rpc import unknown_fields
from activity_session_server.rules import names
from activity_session_server.rules.limits import Limits
from activity_session_server.rules.names import Kind
from activity_session_server.rules.problems import Problem, Violation, too_large

# The message that a list stands in, the list's path, and what is wrong with it.
ListRule = Callable[[Any, str, Limits], Iterable[Violation]]

_SCOPES: Mapping[Kind | None, StateScope.ValueType] = {
    Kind.NAMESPACE: StateScope.STATE_SCOPE_NAMESPACE,
    Kind.PARTICIPANT: StateScope.STATE_SCOPE_PARTICIPANT,
    Kind.SESSION: StateScope.STATE_SCOPE_SESSION,
}


def _events(request: Any, path: str, limits: Limits) -> Iterator[Violation]:
    """What is wrong with the events of a call as a list."""
    if len(request.events) > limits.batch_events:
        yield Violation(path, too_large("it", limits.batch_events, len(request.events), "events"))
        return
    yield from _batch_bytes((*request.events, *request.state_updates), path, limits)
    yield from _twice(((event.event_id, "event_id") for event in request.events), path)
    yield from unknown_fields.violations(request.events, path)


def _imported_events(request: Any, path: str, limits: Limits) -> Iterator[Violation]:
    """What is wrong with the events of another store as a list."""
    imported = request.events
    if len(imported) > limits.batch_events:
        yield Violation(path, too_large("it", limits.batch_events, len(imported), "events"))
        return
    yield from _batch_bytes(imported, path, limits)
    yield from _twice(((one.event.event_id, "event.event_id") for one in imported), path)
    yield from unknown_fields.violations((one.event for one in imported), path, ".event")
    first = imported[0].sequence if imported else 0
    for index, one in enumerate(imported):
        if one.sequence != (first and first + index):
            yield Violation(f"{path}[{index}].sequence", Problem("must be set for all, without gaps, or for none"))
            return


def _appended_updates(request: Any, path: str, limits: Limits) -> Iterator[Violation]:
    """What is wrong with the state updates of an append as a list; without a scope, one is of the session."""

    def owner(update: StateUpdate) -> tuple[StateScope.ValueType, str]:
        return update.scope or StateScope.STATE_SCOPE_SESSION, update.participant

    yield from _updates(request.state_updates, path, limits, owner)
    for index, update in enumerate(request.state_updates[: limits.state_updates]):
        needs_participant = update.scope == StateScope.STATE_SCOPE_PARTICIPANT
        if needs_participant != bool(update.participant):
            text = "must be set for this scope" if needs_participant else "goes with STATE_SCOPE_PARTICIPANT only"
            yield Violation(f"{path}[{index}].participant", Problem(text))


def _own_updates(request: Any, path: str, limits: Limits) -> Iterator[Violation]:
    """What is wrong with the updates of one state as a list; all are of the resource that the request names."""
    yield from _batch_bytes(request.updates, path, limits)
    yield from _updates(request.updates, path, limits, lambda _update: request.name)
    scope = _SCOPES.get(names.kind_of(request.name))
    if scope is None:
        return  # the name is refused
    for index, update in enumerate(request.updates[: limits.state_updates]):
        if update.scope not in (StateScope.STATE_SCOPE_UNSPECIFIED, scope):
            text = f"must be {StateScope.Name(scope)}, as the request's name says, or not set"
            yield Violation(f"{path}[{index}].scope", Problem(text))
        if update.participant not in ("", request.name):
            yield Violation(f"{path}[{index}].participant", Problem("must be the request's name, or empty"))


def _updates(updates: Any, path: str, limits: Limits, owner: Callable[[StateUpdate], object]) -> Iterator[Violation]:
    """What is wrong with updates as a list; `owner` says whose state one of them means."""
    if len(updates) > limits.state_updates:
        yield Violation(path, too_large("it", limits.state_updates, len(updates), "updates"))
        return
    for index, update in enumerate(updates):
        if not update.WhichOneof("change"):
            yield Violation(f"{path}[{index}]", Problem("value_json or delete must be set"))
    yield from _twice((((owner(update), update.key), "key") for update in updates), path)


def _memory_requests(request: Any, path: str, limits: Limits) -> Iterator[Violation]:
    """What is wrong with the requests of a batch as a list."""
    if len(request.requests) > limits.batch_memories:
        yield Violation(path, too_large("it", limits.batch_memories, len(request.requests), "memories"))
        return
    yield from _batch_bytes(request.requests, path, limits)
    yield from _twice(((one.memory_id, "memory_id") for one in request.requests), path)


def _batch_bytes(messages: Iterable[Message], path: str, limits: Limits) -> Iterator[Violation]:
    size = sum(message.ByteSize() for message in messages)
    if size > limits.batch_bytes:
        yield Violation(path, too_large("the batch", limits.batch_bytes, size, "bytes"))


def _twice(values: Iterable[tuple[Any, str]], path: str) -> Iterator[Violation]:
    """What is there more than once in a list; empty values are left to be given."""
    seen = set()
    for index, (value, field) in enumerate(values):
        if value and value in seen:
            yield Violation(f"{path}[{index}].{field}", Problem("is repeated"))
        seen.add(value)


LISTS: Mapping[tuple[str, str], ListRule] = {
    ("AppendEventsRequest", "events"): _events,
    ("AppendEventsRequest", "state_updates"): _appended_updates,
    ("SupersedeEventsRequest", "events"): _events,
    ("SupersedeEventsRequest", "state_updates"): _appended_updates,
    ("ImportEventsRequest", "events"): _imported_events,
    ("UpdateStateRequest", "updates"): _own_updates,
    ("BatchCreateMemoriesRequest", "requests"): _memory_requests,
}
