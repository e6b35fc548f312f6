"""The use cases that take events out of view. Nothing is removed: a mark is appended, and says what it covers."""

from collections.abc import Sequence
from typing import NamedTuple, Self

from activity_session.v1.event_pb2 import Event, SequenceRange, Supersession
from activity_session.v1.event_service_pb2 import (
    PopEventsRequest,
    PopEventsResponse,
    SupersedeEventsRequest,
    SupersedeEventsResponse,
)
from activity_session_server.rules import paging
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import invalid, invalid_field
from activity_session_server.rules.history import ranges
from activity_session_server.rules.history.ranges import Range, Ranges
from activity_session_server.rules.history.supersessions import Change, Mark
from activity_session_server.rules.names import ids_of, new_id
from activity_session_server.rules.problems import Violation, too_large
from activity_session_server.store import Store, Writer
from activity_session_server.store.codec import encoded
from activity_session_server.store.codec.encoded import Encoded
from activity_session_server.store.codec.events import Encoder, Given
from activity_session_server.store.idempotency import Record
from activity_session_server.store.queries import events as queries
from activity_session_server.store.queries import heads
from activity_session_server.store.queries.events import NewEvent
from activity_session_server.store.queries.heads import Head
from activity_session_server.store.queries.history import logs, marks
from activity_session_server.usecases import access, events, turns


class Superseded(NamedTuple):
    """What superseding a range returns: the mark, and what the server gives each of the other events."""

    mark: Event
    given: list[Given]
    last_sequence: int

    def to_message(self) -> SupersedeEventsResponse:
        """What is kept of the response: nothing that a redaction would have to look for there."""
        kept = (Event.FromString(given.raw) for given in self.given)
        return SupersedeEventsResponse(events=kept, last_sequence=self.last_sequence, mark=with_reason(self.mark, ""))

    @classmethod
    def of(cls, kept: SupersedeEventsResponse, reason: str) -> Self:
        """The same from what was kept, and from the request."""
        return cls(with_reason(kept.mark, reason), list(map(events.given_of, kept.events)), kept.last_sequence)


def supersede_events(store: Store, call: Call, request: SupersedeEventsRequest) -> Encoded[SupersedeEventsResponse]:
    """Take a range of events out of view, and append others in its place."""
    asked = [events.new_event(event) for event in request.events]
    events.check_namespaces(request)
    covered = _covered(request)

    def supersede(writer: Writer) -> Superseded:
        head = access.lock_usable_head(writer, call, request.parent, request.uid)
        _check_seen(head, request.to_sequence)
        _check_new(writer, head, request)
        events.admit(writer, call, head, request, asked, last_sequence=head.last_sequence + 1 + len(asked))
        return append_mark(writer, call, head, covered, reason=request.reason, asked=asked)

    record = Record(Superseded.to_message, lambda _, kept: Superseded.of(kept, request.reason))
    mark, given, last_sequence = store.write(call, supersede, request, record)
    rest = SupersedeEventsResponse(last_sequence=last_sequence, mark=mark)
    return Encoded(encoded.page(events.named(request.parent, asked, given)) + rest.SerializeToString())


def pop_events(store: Store, call: Call, request: PopEventsRequest) -> PopEventsResponse:
    """Take the newest events that are in view out of it."""
    most_bytes = paging.most_bytes(call.limits)

    def pop(writer: Writer) -> PopEventsResponse:
        head = access.lock_usable_head(writer, call, request.parent, request.uid)
        turns.check_append(call, head, request.turn_token)
        numbers = logs.newest_in_view(writer, head, request.count or 1, most_bytes)
        if not numbers:
            return PopEventsResponse(last_sequence=head.last_sequence)
        superseded = append_mark(writer, call, head, ranges.of_numbers(numbers), reason=request.reason)
        return _popped(writer, head, superseded.mark)

    record = Record(_without_events, lambda writer, kept: _popped_again(writer, request, kept))
    return store.write(call, pop, request, record)


def append_mark(
    writer: Writer, call: Call, head: Head, covered: Ranges, *, reason: str, asked: Sequence[NewEvent] = ()
) -> Superseded:
    """Append a mark to a locked session, and after it what stands in place of what it covers."""
    number = head.last_sequence + 1
    hidden = marks.hidden_ranges(writer, head.uid) if head.history_revision else ()
    change, now_hidden = marks.add_mark(writer, head, hidden, Mark(number, covered))
    if len(now_hidden) > (limit := call.limits.superseded_ranges):
        problem = too_large(f"the log of {head.name}", limit, len(now_hidden), "ranges of superseded events")
        raise invalid([Violation("parent", problem)])
    new = [_mark(covered, change, reason), *asked]
    first, *given = queries.append_events(writer, head, new, call.caller.subject, mark=number)
    mark = Event.FromString(Encoder(head.name).named(first.event_id, first.raw + new[0].raw))
    return Superseded(mark, given, number + len(asked))


def _mark(covered: Ranges, change: Change, reason: str) -> NewEvent:
    supersession = Supersession(
        ranges=_messages(covered),
        reason=reason,
        restored=_messages(change.restored),
        superseded=_messages(change.superseded),
    )
    event = Event(supersession=supersession)
    return NewEvent(new_id(), event, event.SerializeToString())


def _messages(covered: Ranges) -> list[SequenceRange]:
    return [SequenceRange(first_sequence=first, last_sequence=last) for first, last in covered]


def _popped(writer: Writer, head: Head, mark: Event) -> PopEventsResponse:
    covered = [Range(one.first_sequence, one.last_sequence) for one in mark.supersession.ranges]
    events = map(Event.FromString, logs.events_among(writer, head, covered))
    return PopEventsResponse(events=events, last_sequence=mark.sequence, mark=mark)


def _without_events(response: PopEventsResponse) -> PopEventsResponse:
    mark = with_reason(response.mark, "") if response.HasField("mark") else None
    return PopEventsResponse(last_sequence=response.last_sequence, mark=mark)


def _popped_again(writer: Writer, request: PopEventsRequest, kept: PopEventsResponse) -> PopEventsResponse:
    """The response to a call that comes again, with those of the events that were not purged since."""
    if not kept.HasField("mark"):
        return kept
    head = heads.get_head(writer, *ids_of(request.parent))
    return _popped(writer, head, with_reason(kept.mark, request.reason))


def with_reason(mark: Event, reason: str) -> Event:
    """A mark with a reason, or without one by an empty text: what is kept of a response has none."""
    changed = Event()
    changed.CopyFrom(mark)
    changed.supersession.reason = reason
    return changed


def _covered(request: SupersedeEventsRequest) -> Ranges:
    """What a request covers.

    Raises:
        ServiceError: INVALID_FIELD.
    """
    covered = Range(request.from_sequence, request.to_sequence)
    if covered.last < covered.first:
        raise invalid_field("to_sequence", f"{covered.last} is before from_sequence, which is {covered.first}")
    for index, number in enumerate(request.except_sequences):
        if not covered.first <= number <= covered.last:
            text = f"{number} is not in the range from {covered.first} to {covered.last}"
            raise invalid_field(f"except_sequences[{index}]", text)
    left = ranges.without([covered], ranges.of_numbers(request.except_sequences))
    if not left:
        raise invalid_field("except_sequences", "they are all of the range, and nothing is left to supersede")
    return left


def _check_seen(head: Head, last: int) -> None:
    """Refuse a range with numbers that no event has yet: who gives them cannot have seen the events."""
    if last > head.last_sequence:
        raise invalid_field("to_sequence", f"{last} is beyond the session's last, which is {head.last_sequence}")


def _check_new(writer: Writer, head: Head, request: SupersedeEventsRequest) -> None:
    """Refuse an event whose id is taken: whether it stands for this range nobody can tell."""
    given_ids = [event.event_id for event in request.events if event.event_id]
    for there in queries.find_events(writer, head, given_ids).values() if given_ids else ():
        raise events.already_exists(head, there)
