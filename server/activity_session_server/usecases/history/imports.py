"""ImportEvents: a log of another store is taken over, call by call, as it was there."""

import itertools
from collections.abc import Mapping, Sequence

from activity_session.v1.conflict_pb2 import Conflict
from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import ImportedEvent, ImportEventsRequest, ImportEventsResponse
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import ServiceError, invalid_field
from activity_session_server.rules.names import Kind
from activity_session_server.store import Store, Writer
from activity_session_server.store.codec.encoded import Encoded
from activity_session_server.store.codec.resources import to_datetime
from activity_session_server.store.queries import events as queries
from activity_session_server.store.queries.events import NewEvent
from activity_session_server.store.queries.heads import Head
from activity_session_server.store.queries.history import imports
from activity_session_server.store.readers import utc_clock
from activity_session_server.usecases import access, events
from activity_session_server.usecases.events import Appended


def import_events(store: Store, call: Call, request: ImportEventsRequest) -> Encoded[ImportEventsResponse]:
    """Append events with their own times, and their own numbers where they have some.

    The response has the fields of that of an append, under the same numbers, and is kept for retries as that is.
    """
    _check_times(request.events)
    asked = [events.new_event(one.event, to_datetime(one.create_time)) for one in request.events]
    given_ids = [one.event.event_id for one in request.events if one.event.event_id]
    numbers = {event.event_id: one.sequence for event, one in zip(asked, request.events, strict=True)}
    for index, one in enumerate(request.events):
        if one.event.author:
            access.check_namespace(request.parent, one.event.author, f"events[{index}].event.author")

    def take(writer: Writer) -> Appended:
        head = access.lock_usable_head(writer, call, request.parent, request.uid)
        found = queries.find_events(writer, head, given_ids) if given_ids else {}
        events.check_same(head, asked, found)
        _check_places(head, asked, found, numbers)
        written = [event.event_id not in found for event in asked]
        new = list(itertools.compress(asked, written))
        given = {event_id: events.given_of(event) for event_id, event in found.items()}
        last = head.last_sequence
        if new:
            first = _first(head, [numbers[event.event_id] for event in new])
            last = first + len(new) - 1
            taken = imports.import_events(writer, head, new, call.caller.subject, first)
            given |= {event.event_id: event for event in taken}
        return Appended([given[event.event_id] for event in asked], last, written)

    appended = store.write(call, take, request, events.RECORD)
    return Encoded(events.with_content(request.parent, asked, appended).raw)


def _check_times(imported: Sequence[ImportedEvent]) -> None:
    """Refuse times in the future."""
    now = utc_clock()
    for index, one in enumerate(imported):
        if to_datetime(one.create_time) > now:
            raise invalid_field(f"events[{index}].create_time", "must not be in the future")


def _check_places(
    head: Head, asked: Sequence[NewEvent], found: Mapping[str, Event], numbers: Mapping[str, int]
) -> None:
    """Refuse an event whose id is taken by an event of another time or number."""
    for event in asked:
        there = found.get(event.event_id)
        if there is None:
            continue
        is_same = to_datetime(there.create_time) == event.create_time
        if not is_same or numbers[event.event_id] not in (0, there.sequence):
            raise events.already_exists(head, there, "with another time or number, as")


def _first(head: Head, numbers: Sequence[int]) -> int:
    """The number of the first new event.

    Raises:
        ServiceError: SEQUENCE_MISMATCH.
    """
    following = head.last_sequence + 1
    first = numbers[0] or following
    is_in_place = first == following or not head.last_sequence
    if is_in_place and list(numbers) in ([0] * len(numbers), list(range(first, first + len(numbers)))):
        return first
    name = head.name
    raise ServiceError(
        ErrorReason.ERROR_REASON_SEQUENCE_MISMATCH,
        f"the next event of {name} has the number {following}, not {first}",
        kind=Kind.SESSION,
        metadata={
            "resource": name,
            "expected_last_sequence": str(first - 1),
            "last_sequence": str(head.last_sequence),
        },
        detail=Conflict(last_sequence=head.last_sequence),
    )
