"""The use case of RedactEvents: what was said is gone for good, that something was said is not."""

from activity_session.v1.event_pb2 import Event, RedactedEvents
from activity_session.v1.event_service_pb2 import RedactEventsRequest, RedactEventsResponse
from activity_session_server.rules import flags
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import invalid_field, not_found
from activity_session_server.rules.history import ranges
from activity_session_server.rules.names import Kind, ids_of, new_id
from activity_session_server.store import Store, Writer
from activity_session_server.store.codec.events import Encoder
from activity_session_server.store.queries import events
from activity_session_server.store.queries.events import NewEvent
from activity_session_server.store.queries.heads import Head
from activity_session_server.store.queries.history import logs, marks, redactions
from activity_session_server.store.queries.history.redactions import Stored
from activity_session_server.usecases import access


def redact_events(store: Store, call: Call, request: RedactEventsRequest) -> RedactEventsResponse:
    """Remove the content and the labels of events."""
    wanted = _ids(request)

    def redact(writer: Writer) -> RedactEventsResponse:
        head = access.lock_head(writer, call, request.parent, request.uid)
        flags.check_not_held(head.name, head.holder)
        found = redactions.find_events(writer, head, wanted)
        _check_all(head, wanted, found)
        whole = [stored for stored in found if not stored.message.HasField("redaction")]
        mark = _redact(writer, call, head, whole, request.reason) if whole else None
        last_sequence = mark.sequence if mark else head.last_sequence
        return RedactEventsResponse(
            mark=mark, last_sequence=last_sequence, events=_as_they_are(writer, head, wanted, found)
        )

    return store.write(call, redact, request)


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
    number = head.last_sequence + 1
    freed = redactions.redact_events(writer, head, whole, reason)
    said = Event(redacted=RedactedEvents(sequences=[stored.message.sequence for stored in whole], reason=reason))
    new = NewEvent(new_id(), said, said.SerializeToString())
    (given,) = events.append_events(writer, head, [new], call.caller.subject, mark=number, freed=freed)
    marks.add_bare_mark(writer, head, number)
    return Event.FromString(Encoder(head.name).named(given.event_id, given.raw + new.raw))


def _as_they_are(writer: Writer, head: Head, wanted: list[str], found: list[Stored]) -> list[Event]:
    numbers = ranges.of_numbers(stored.message.sequence for stored in found)
    events = {event.event_id: event for event in map(Event.FromString, logs.events_among(writer, head, numbers))}
    return [events[event_id] for event_id in wanted]
