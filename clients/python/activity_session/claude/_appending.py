"""How events get into a session that may not be there yet, each of them once."""

from collections.abc import Callable, Iterable

from activity_session import v1
from activity_session._calls import Calls
from activity_session._pieces import batches
from activity_session._sessions import People, ensure
from activity_session.errors import Error

MISSING = (v1.ERROR_REASON_SESSION_NOT_FOUND, v1.ERROR_REASON_PARTICIPANT_NOT_FOUND)


async def append_once(
    call: Calls, name: str, events: Iterable[v1.Event], described: Callable[[], v1.Session], people: People
) -> None:
    """Append events in their order, without those whose id is there already.

    Args:
        call: the way to the server.
        name: of the session.
        events: of any number; as many as a call may have are appended all or none.
        described: makes the session, if there is none.
        people: the participants that write the events.
    """
    once: dict[str, v1.Event] = {}
    for at, event in enumerate(events):
        once.setdefault(event.event_id or f"/{at}", event)
    for batch in batches(list(once.values())):
        request = v1.AppendEventsRequest(parent=name, events=batch)
        while request.events:
            try:
                await call(call.events.AppendEvents, request)
            except Error as error:
                if error.reason == v1.ERROR_REASON_EVENT_ALREADY_EXISTS:
                    there = error.metadata["resource"].rpartition("/")[2]
                    left = [event for event in request.events if event.event_id != there]
                    request = v1.AppendEventsRequest(parent=name, events=left)
                elif error.reason in MISSING:
                    await ensure(call, name, described(), people)
                else:
                    raise
            else:
                break
