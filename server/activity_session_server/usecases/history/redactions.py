"""The use case of RedactEvents: what was said is gone for good, that something was said is not."""

from functools import partial

from activity_session.v1.event_pb2 import Event, RedactedEvents
from activity_session.v1.event_service_pb2 import RedactEventsRequest, RedactEventsResponse
from activity_session_server.rules import flags
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import invalid_field, not_found
from activity_session_server.rules.history import ranges
from activity_session_server.rules.names import Kind, format_name, ids_of, new_id
from activity_session_server.store import Reader, Store, Writer
from activity_session_server.store.codec.events import Encoder
from activity_session_server.store.queries import events, heads, namespaces
from activity_session_server.store.queries.events import NewEvent
from activity_session_server.store.queries.heads import Head
from activity_session_server.store.queries.history import logs, marks, redactions
from activity_session_server.store.queries.history.redactions import Sharing, Stored
from activity_session_server.usecases import access

# Sessions that are told of a redaction in one transaction.
_TOLD_AT_ONCE = 20


def redact_events(store: Store, call: Call, request: RedactEventsRequest) -> RedactEventsResponse:
    """Remove the content and the labels of events."""
    wanted = _ids(request)

    def redact(writer: Writer) -> RedactEventsResponse:
        head = access.lock_head(writer, call, request.parent, request.uid)
        flags.check_not_held(head.name, head.holder)
        found = redactions.find_events(writer, head, wanted)
        _check_all(head, wanted, found)
        whole = [stored for stored in found if not stored.message.HasField("redaction")]
        _check_others(writer, head, whole)
        mark = _redact(writer, call, head, whole, request.reason) if whole else None
        last_sequence = mark.sequence if mark else head.last_sequence
        return RedactEventsResponse(
            mark=mark, last_sequence=last_sequence, events=_as_they_are(writer, head, wanted, found)
        )

    response = store.write(call, redact, request)
    if response.HasField("mark"):
        _tell_others(store, call, request, response)
    return response


def _ids(request: RedactEventsRequest) -> list[str]:
    """The ids of the events that a request names.

    Raises:
        ServiceError: INVALID_FIELD for an event of another session.
    """
    for index, name in enumerate(request.names):
        if not name.startswith(f"{request.parent}/events/"):
            raise invalid_field(f"names[{index}]", f"{name[:120]} is not in {request.parent}")
    return list(dict.fromkeys(ids_of(name)[2] for name in request.names))


def _check_all(head: Head, wanted: list[str], found: list[Stored]) -> None:
    there = {stored.message.event_id for stored in found}
    for event_id in wanted:
        if event_id not in there:
            raise not_found(Kind.EVENT, f"{head.name}/events/{event_id}")


def _redact(writer: Writer, call: Call, head: Head, whole: list[Stored], reason: str) -> Event:
    """Empty events of a locked session, and append the mark that says so."""
    freed = redactions.redact_events(writer, head, whole, reason)
    numbers = [stored.message.sequence for stored in whole]
    return _append_mark(writer, call, head, _mark(new_id(), numbers, reason), freed)


def _mark(event_id: str, numbers: list[int], reason: str) -> NewEvent:
    event = Event(redacted=RedactedEvents(sequences=numbers, reason=reason))
    return NewEvent(event_id, event, event.SerializeToString())


def _append_mark(writer: Writer, call: Call, head: Head, new: NewEvent, freed: int = 0) -> Event:
    number = head.last_sequence + 1
    (given,) = events.append_events(writer, head, [new], call.caller.subject, mark=number, freed=freed)
    marks.add_bare_mark(writer, head, number)
    return Event.FromString(Encoder(head.name).named(given.event_id, given.raw + new.raw))


def _check_others(writer: Writer, head: Head, whole: list[Stored]) -> None:
    """Refuse to empty an event that is held in another session which shows it."""
    for other in redactions.hold_sharing(writer, head, whole):
        if other.legal_hold:
            holder = format_name(Kind.SESSION, ids_of(head.name)[0], other.session_id)
            flags.check_not_held(head.name, holder)


def _tell_others(store: Store, call: Call, request: RedactEventsRequest, response: RedactEventsResponse) -> None:
    """Append marks to the other sessions that show the events, a few in each transaction, as they may be very many.

    A call that is repeated goes on where it has ended: all marks have the id of the first one.
    """

    def others(reader: Reader) -> list[Sharing]:
        head = heads.get_head(reader, *ids_of(request.parent))
        redacted = set(response.mark.redacted.sequences)
        found = redactions.find_events(reader, head, _ids(request))
        return redactions.sharing(reader, head, [one for one in found if one.message.sequence in redacted])

    left = store.read(call, others)
    while left:
        some, left = left[:_TOLD_AT_ONCE], left[_TOLD_AT_ONCE:]
        store.write(call, partial(_tell, call=call, some=some, request=request, mark=response.mark))


def _tell(writer: Writer, call: Call, some: list[Sharing], request: RedactEventsRequest, mark: Event) -> None:
    namespace = namespaces.hold_namespace(writer, ids_of(request.parent)[0])
    for other in some:
        head = heads.find_head_to_lock(writer, namespace, other.session_id)
        if head is not None and head.uid == other.uid and not events.find_events(writer, head, [mark.event_id]):
            _append_mark(writer, call, head, _mark(mark.event_id, other.numbers, mark.redacted.reason))


def _as_they_are(writer: Writer, head: Head, wanted: list[str], found: list[Stored]) -> list[Event]:
    numbers = ranges.of_numbers(stored.message.sequence for stored in found)
    events = {event.event_id: event for event in map(Event.FromString, logs.events_among(writer, head, numbers))}
    return [events[event_id] for event_id in wanted]
