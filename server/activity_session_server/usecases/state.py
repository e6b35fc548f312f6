"""The use cases of shared state, and the rule of its updates: all that come together are made, or none.

Updates happen in three steps, so that a refusal can name everything that is wrong at once: `lock` the keys, look for
`conflicts`, `write`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from activity_session.v1.conflict_pb2 import Conflict, StateConflict
from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session.v1.event_service_pb2 import GetStateRequest, UpdateStateRequest
from activity_session.v1.state_pb2 import State, StateEntry, StateUpdate
from activity_session_server.rules import conflicts, flags, paging
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import ServiceError, check_uid, invalid, invalid_field
from activity_session_server.rules.names import Kind, ids_of, kind_of
from activity_session_server.rules.paging import Position
from activity_session_server.rules.problems import Violation, shown, too_large
from activity_session_server.store import Store, Writer
from activity_session_server.store.codec.encoded import Encoded
from activity_session_server.store.queries import heads, namespaces, participants, state, state_owners
from activity_session_server.store.queries.heads import Head
from activity_session_server.store.queries.history import past_state
from activity_session_server.store.queries.state import NEVER, Entry, Owner
from activity_session_server.store.readers import Raced, Reader
from activity_session_server.usecases import access


class Change(NamedTuple):
    """An update, the owner of the state that it changes, and the key as it is before."""

    owner: Owner
    update: StateUpdate
    entry: Entry


class Moment(NamedTuple):
    """The session whose state a call may change, as it was before, and the number of such a change.

    That is the number of the session's newest event when the call is done.
    """

    head: Head
    sequence: int


def get_state(store: Store, call: Call, request: GetStateRequest) -> Encoded[State]:
    """Read one page of the keys of a state, with their values; of a session also as they were at a number."""
    page = paging.page_of(request, call.limits, ("key",))
    keys, most_bytes = set(request.keys), paging.most_bytes(call.limits)

    def read(reader: Reader) -> tuple[list[bytes], Position | None]:
        if not request.HasField("at_sequence"):
            return state.get_state(
                reader,
                request.name,
                page,
                uid=request.uid,
                keys=keys,
                key_prefix=request.key_prefix,
                most_bytes=most_bytes,
            )
        head = _head_at(reader, request)
        return state.get_state_at(
            reader, head, page, request.at_sequence, keys=keys, key_prefix=request.key_prefix, most_bytes=most_bytes
        )

    found, next_position = store.read(call, read)
    rest = State(next_page_token=paging.next_token(request, next_position))
    return Encoded(b"".join([*found, rest.SerializeToString()]))


def update_state(store: Store, call: Call, request: UpdateStateRequest) -> State:
    """Set and delete keys of one state."""

    def update(writer: Writer) -> State:
        owner, moment = _hold_usable_owner(writer, call, request.name, request.uid)
        locked = lock(writer, [(owner, update) for update in request.updates])
        found = conflicting(writer, locked)
        if found:
            raise mismatch(Conflict(state_conflicts=found))
        return write(writer, call, locked, "updates", moment)

    return store.write(call, update, request)


def lock(writer: Writer, updates: Iterable[tuple[Owner, StateUpdate]]) -> list[Change]:
    """Lock the keys of all updates, in an order that all writers keep."""
    by_owner: dict[Owner, list[StateUpdate]] = {}
    for owner, update in updates:
        by_owner.setdefault(owner, []).append(update)
    changes = []
    for owner in sorted(by_owner):
        ordered = sorted(by_owner[owner], key=lambda update: update.key)
        entries = state.lock_entries(writer, owner, [update.key for update in ordered])
        changes += [Change(owner, update, entries.get(update.key, NEVER)) for update in ordered]
    return changes


def conflicting(writer: Writer, changes: Sequence[Change]) -> list[StateConflict]:
    """The keys whose revision is not the expected one, with their values where those are small."""
    found = [change for change in changes if _is_conflict(change)][: conflicts.MOST_BYTES // 8]
    values: dict[tuple[Owner, str], str] = {}
    for owner in {change.owner for change in found}:
        keys = [change.update.key for change in found if change.owner == owner]
        small = state.small_values(writer, owner, keys, conflicts.MOST_BYTES)
        values |= {(owner, key): value for key, value in small.items()}
    return [
        StateConflict(
            name=change.owner.name,
            key=change.update.key,
            expected_revision=change.update.expected_revision,
            revision=change.entry.current,
            value_json=values.get((change.owner, change.update.key)),
        )
        for change in found
    ]


def mismatch(conflict: Conflict) -> ServiceError:
    """The error for keys that have changed; `conflict` names at least one."""
    first = conflict.state_conflicts[0]
    facts = f"of {first.name} has the revision {first.revision}, not {first.expected_revision}"
    metadata = {
        "resource": first.name,
        "key": first.key,
        "expected_revision": str(first.expected_revision),
        "revision": str(first.revision),
    }
    return ServiceError(
        ErrorReason.ERROR_REASON_REVISION_MISMATCH,
        f"the key {shown(first.key)} {facts}",
        logged=f"a key {facts}",
        metadata=metadata,
        detail=conflict,
    )


def write(writer: Writer, call: Call, changes: Sequence[Change], field: str, moment: Moment | None) -> State:
    """Make changes of locked keys; returns those keys that were set.

    Changes of the session of a moment are noted with its number, and what they replace is kept.

    Raises:
        ServiceError: LIMIT_EXCEEDED, about `field`, when a state would have too many keys.
    """
    written = State()
    noted = _keep_replaced(writer, moment, changes) if moment and call.limits.state_history_age else None
    for owner, update, entry in _admitted(writer, call, changes, field):
        value_json = _value(update)
        sequence = noted if moment and owner.uid == moment.head.uid else None
        if value_json is not None or entry.exists:
            revision = state.write_entry(writer, owner, update.key, entry, value_json, sequence=sequence)
        if value_json is not None:
            of_key = StateEntry(value_json=value_json, revision=revision, sequence=sequence or 0)
            written.entries[update.key].CopyFrom(of_key)
    return written


def _keep_replaced(writer: Writer, moment: Moment, changes: Sequence[Change]) -> int:
    """Keep what changes of a session's keys replace, where it came with smaller numbers; returns their number."""
    head, number = moment
    own = [change for change in changes if change.owner.uid == head.uid]
    numbers = [change.entry.sequence for change in own if change.entry.has_row]
    if own and (head.state_first_sequence is None or None in numbers):
        past_state.begin_history(writer, head)
    if any(sequence > number for sequence in numbers if sequence is not None):
        raise Raced  # on a cluster, by an append through another node
    replaced = [change.update.key for change in own if change.entry.exists and _since(change, head) < number]
    if replaced:
        past_state.keep_values(writer, head.uid, replaced, number)
    return number


def _since(change: Change, head: Head) -> int:
    return head.last_sequence if change.entry.sequence is None else change.entry.sequence


def _admitted(writer: Writer, call: Call, changes: Sequence[Change], field: str) -> Iterator[Change]:
    """The changes, where their states have room for the keys that they add; new keys begin with larger revisions."""
    limit = call.limits.state_keys
    first: dict[Owner, int] = {}
    for owner, added in sorted(Counter(change.owner for change in changes if _adds(change)).items()):
        keys, first[owner] = state_owners.begin_addition(writer, owner.uid)
        keys += added - sum(change.owner == owner and _removes(change) for change in changes)
        if keys > limit:
            raise invalid([Violation(field, too_large(f"the state of {owner.name}", limit, keys, "keys"))])
    for change in changes:
        entry = change.entry
        yield change if entry.has_row else change._replace(entry=entry._replace(revision=first.get(change.owner, 0)))


def _head_at(reader: Reader, request: GetStateRequest) -> Head:
    """The head of the session whose state is asked for at a number."""
    if kind_of(request.name) is not Kind.SESSION:
        raise invalid_field("at_sequence", "must not be set: only the state of a session can be read as it was")
    head = heads.get_head(reader, *ids_of(request.name), uid=request.uid)
    if request.at_sequence > head.last_sequence:
        text = f"{request.at_sequence} is beyond the session's last, which is {head.last_sequence}"
        raise invalid_field("at_sequence", text)
    return head


def _hold_usable_owner(writer: Writer, call: Call, name: str, uid: str) -> tuple[Owner, Moment | None]:
    """Whose state a name means, for a caller who may change it; with a uid, nobody else's who has the name."""
    kind = kind_of(name)
    if kind is Kind.SESSION:
        head = access.hold_usable_head(writer, call, name, uid)
        return Owner(head.uid, name), Moment(head, head.last_sequence)
    namespace = namespaces.hold_namespace(writer, ids_of(name)[0])
    if kind is Kind.NAMESPACE:
        check_uid(kind, name, namespace.uid, uid)
        flags.check_permission(call, Kind.NAMESPACE, namespace)
        flags.check_usable(Kind.NAMESPACE, namespace)
        return Owner(namespace.uid, name), None
    participant = participants.hold_participant(writer, *ids_of(name))
    check_uid(Kind.PARTICIPANT, name, participant.uid, uid)
    flags.check_permission(call, Kind.PARTICIPANT, participant)
    flags.check_usable(Kind.NAMESPACE, namespace)
    flags.check_usable(Kind.PARTICIPANT, participant)
    return Owner(participant.uid, name), None


def _is_conflict(change: Change) -> bool:
    return change.update.HasField("expected_revision") and change.update.expected_revision != change.entry.current


def _adds(change: Change) -> bool:
    return _value(change.update) is not None and not change.entry.exists


def _removes(change: Change) -> bool:
    return change.entry.exists and _value(change.update) is None


def _value(update: StateUpdate) -> str | None:
    return None if update.delete else update.value_json
