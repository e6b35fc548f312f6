"""The use cases of events, one function per RPC."""

import itertools
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Literal, NamedTuple, Self

from activity_session.v1.conflict_pb2 import Conflict
from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import (
    AppendEventsRequest,
    AppendEventsResponse,
    BatchGetEventsRequest,
    BatchGetEventsResponse,
    GetEventRequest,
    ListEventsRequest,
    ListEventsResponse,
    SupersedeEventsRequest,
)
from activity_session.v1.session_service_pb2 import RewindSessionRequest
from activity_session.v1.state_pb2 import STATE_SCOPE_NAMESPACE, STATE_SCOPE_PARTICIPANT, StateUpdate
from activity_session_server.rules import conflicts, filters, flags, paging
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import ServiceError, about
from activity_session_server.rules.names import Kind, ids_of, new_id
from activity_session_server.store import Store, Writer
from activity_session_server.store.codec import encoded
from activity_session_server.store.codec.encoded import Encoded
from activity_session_server.store.codec.events import Encoder, Given
from activity_session_server.store.idempotency import Record
from activity_session_server.store.queries import event_lists, events, namespaces
from activity_session_server.store.queries.event_lists import Listed
from activity_session_server.store.queries.events import NewEvent
from activity_session_server.store.queries.heads import Head
from activity_session_server.store.queries.participants import HeldParticipant
from activity_session_server.store.queries.state import Owner
from activity_session_server.usecases import access, batch_reads, state, turns

# What the server gives an event, though the caller may choose the id; the rest is its content.
_GIVEN: tuple[
    Literal[
        "name",
        "event_id",
        "sequence",
        "create_time",
        "created_by",
        "superseded_by",
        "supersession",
        "redaction",
        "redacted",
    ],
    ...,
] = (
    "name",
    "event_id",
    "sequence",
    "create_time",
    "created_by",
    "superseded_by",
    "supersession",
    "redaction",
    "redacted",
)
_SMALLER = "with omit_content"


class Appended(NamedTuple):
    """What an append returns: what the server gives each event. The rest of an event is in the request."""

    given: list[Given]
    last_sequence: int
    written: list[bool]

    def to_message(self) -> AppendEventsResponse:
        """What is kept of the response."""
        events = (Event.FromString(given.raw) for given in self.given)
        return AppendEventsResponse(events=events, last_sequence=self.last_sequence, written=self.written)

    @classmethod
    def of(cls, kept: AppendEventsResponse) -> Self:
        """The same from what was kept."""
        return cls(list(map(given_of, kept.events)), kept.last_sequence, list(kept.written))


RECORD = Record(Appended.to_message, lambda _, kept: Appended.of(kept))


def append_events(store: Store, call: Call, request: AppendEventsRequest) -> Encoded[AppendEventsResponse]:
    """Append events under the next numbers, and make the state updates that go with them."""
    asked = [new_event(event) for event in request.events]
    given_ids = [event.event_id for event in request.events if event.event_id]
    check_namespaces(request)

    def append(writer: Writer) -> Appended:
        head = access.lock_usable_head(writer, call, request.parent, request.uid)
        found = events.find_events(writer, head, given_ids) if given_ids else {}
        check_same(head, asked, found)
        given = {event_id: given_of(event) for event_id, event in found.items()}
        written = [event.event_id not in found for event in asked]
        if any(written):
            new = list(itertools.compress(asked, written))
            admit(writer, call, head, request, new, last_sequence=head.last_sequence + len(new))
            appended = events.append_events(writer, head, new, call.caller.subject)
            given |= {event.event_id: event for event in appended}
        return Appended([given[event.event_id] for event in asked], head.last_sequence + sum(written), written)

    return with_content(request.parent, asked, store.write(call, append, request, RECORD))


def get_event(store: Store, call: Call, request: GetEventRequest) -> Encoded[Event]:
    """Read an event."""
    return Encoded(store.read(call, lambda reader: events.get_event(reader, *ids_of(request.name))))


def batch_get_events(store: Store, call: Call, request: BatchGetEventsRequest) -> Encoded[BatchGetEventsResponse]:
    """Read several events, in the order asked for: all of them, or none."""
    ids = batch_reads.ids_under(request)
    found = store.read(
        call,
        lambda reader: events.batch_get_events(
            reader,
            request.parent,
            ids,
            omit_content=request.omit_content,
            most_bytes=call.limits.response_bytes,
            check_size=partial(batch_reads.check_size, call, _SMALLER),
        ),
    )
    return batch_reads.response(call, found, _SMALLER)


def list_events(store: Store, call: Call, request: ListEventsRequest) -> Encoded[ListEventsResponse]:
    """List one page of the events of a session."""
    page = paging.page_of(request, call.limits, ("sequence",))
    listed = Listed(
        request.parent,
        uid=request.uid,
        after=request.after_sequence,
        before=request.before_sequence,
        show_superseded=request.show_superseded,
        marks_only=request.marks_only,
        omit_content=request.omit_content,
        where=filters.parse(request.filter, filters.EVENT_FIELDS, call.limits),
    )
    most_bytes = paging.most_bytes(call.limits)
    found, next_position = store.read(
        call, lambda reader: event_lists.list_events(reader, listed, page, most_bytes=most_bytes)
    )
    return Encoded(encoded.page(found, paging.next_token(request, next_position)))


def new_event(asked: Event, create_time: datetime | None = None) -> NewEvent:
    """An event as it is asked for, without what only the server sets, and as the database can hold it."""
    event_id = asked.event_id or new_id()
    event = _content(asked)
    if event.HasField("event_time"):
        event.event_time.nanos -= event.event_time.nanos % 1000
    return NewEvent(event_id, event, event.SerializeToString(), create_time)


def with_content(parent: str, asked: Sequence[NewEvent], appended: Appended) -> Encoded[AppendEventsResponse]:
    """The response, made of what the server gives the events, which is kept, and of what the request asks for."""
    numbers = AppendEventsResponse(last_sequence=appended.last_sequence, written=appended.written)
    return Encoded(encoded.page(named(parent, asked, appended.given)) + numbers.SerializeToString())


def named(parent: str, asked: Sequence[NewEvent], given: Sequence[Given]) -> list[bytes]:
    """Events with their names, of what was asked for and what the server has given them."""
    encoder = Encoder(parent)
    return [encoder.named(one.event_id, one.raw + event.raw) for one, event in zip(given, asked, strict=True)]


def admit(
    writer: Writer,
    call: Call,
    head: Head,
    request: AppendEventsRequest | SupersedeEventsRequest,
    new: Sequence[NewEvent],
    *,
    last_sequence: int,
) -> None:
    """Make way for new events of a locked session: turn, authors and expectations allow them; state is changed.

    `last_sequence` is the number of the last event that the call appends, with which the state comes.
    """
    turns.check_append(call, head, request.turn_token)
    scopes = [update.participant for update in request.state_updates if update.participant]
    authors = [event.message.author for event in new if event.message.author]
    people = access.hold_usable_participants(writer, head.name, list(dict.fromkeys((*authors, *scopes))))
    updates = [(_owner(writer, call, head, people, update), update) for update in request.state_updates]
    changes = state.lock(writer, updates)
    check_expected(writer, head, request, changes)
    state.write(writer, call, changes, "state_updates", state.Moment(head, last_sequence))


def check_namespaces(request: AppendEventsRequest | SupersedeEventsRequest) -> None:
    """Refuse authors, and participants whose state changes, of another namespace than the session's."""
    first: dict[str, int] = {}
    for index, event in enumerate(request.events):
        first.setdefault(event.author, index)
    for author, index in first.items():
        if author:
            access.check_namespace(request.parent, author, f"events[{index}].author")
    for index, update in enumerate(request.state_updates):
        if update.participant:
            access.check_namespace(request.parent, update.participant, f"state_updates[{index}].participant")


def check_same(head: Head, asked: Sequence[NewEvent], found: dict[str, Event]) -> None:
    """Refuse an event whose id is taken by an event with other content."""
    for event in asked:
        there = found.get(event.event_id)
        if there is not None and (there.HasField("redaction") or _content(there) != event.message):
            how = "without the content that was redacted" if there.HasField("redaction") else "with other content"
            raise already_exists(head, there, f"{how}, as")


def already_exists(head: Head, there: Event, how: str = "as") -> ServiceError:
    """The error for an id that an event of the session has."""
    name = f"{head.name}/events/{there.event_id}"
    return about(
        Kind.EVENT,
        ErrorReason.ERROR_REASON_EVENT_ALREADY_EXISTS,
        name,
        f"{name} already exists {how} event {there.sequence} of the session",
        sequence=str(there.sequence),
    )


def given_of(event: Event) -> Given:
    """What the server has given an event."""
    given = Event(
        event_id=event.event_id, sequence=event.sequence, create_time=event.create_time, created_by=event.created_by
    )
    return Given(event.event_id, given.SerializeToString())


def _content(event: Event) -> Event:
    content = Event()
    content.CopyFrom(event)
    for field in _GIVEN:
        content.ClearField(field)
    return content


def _owner(writer: Writer, call: Call, head: Head, people: dict[str, HeldParticipant], update: StateUpdate) -> Owner:
    """Whose state an update means, for a caller who may change it."""
    if update.scope == STATE_SCOPE_NAMESPACE:
        namespace = namespaces.hold_namespace(writer, ids_of(head.name)[0])
        flags.check_permission(call, Kind.NAMESPACE, namespace)
        return Owner(namespace.uid, namespace.name)
    if update.scope == STATE_SCOPE_PARTICIPANT:
        participant = people[update.participant]
        flags.check_permission(call, Kind.PARTICIPANT, participant)
        return Owner(participant.uid, participant.name)
    # The scope SESSION, or none.
    return Owner(head.uid, head.name)


def check_expected(
    writer: Writer,
    head: Head,
    request: AppendEventsRequest | SupersedeEventsRequest | RewindSessionRequest,
    changes: Sequence[state.Change] = (),
) -> None:
    """Refuse a call whose expectations are not met, with what its caller has missed."""
    last, expected = head.last_sequence, request.expected_last_sequence
    is_stale = request.HasField("expected_last_sequence") and expected != last
    conflict = Conflict(last_sequence=last, state_conflicts=state.conflicting(writer, changes))
    if is_stale:
        missed = events.small_events_after(writer, head, expected, conflicts.MOST_EVENTS, conflicts.MOST_BYTES)
        conflict.missed_events.extend(map(Event.FromString, missed))
        raise _stale(head, expected, conflict)
    if conflict.state_conflicts:
        raise state.mismatch(conflict)


def _stale(head: Head, expected: int, conflict: Conflict) -> ServiceError:
    name, last = head.name, head.last_sequence
    metadata = {"resource": name, "expected_last_sequence": str(expected), "last_sequence": str(last)}
    return ServiceError(
        ErrorReason.ERROR_REASON_SEQUENCE_MISMATCH,
        f"the newest event of {name} has the number {last}, not {expected}",
        kind=Kind.SESSION,
        metadata=metadata,
        detail=conflict,
    )
