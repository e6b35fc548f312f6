"""Following a session from the read mark of a member on."""

from collections.abc import Iterator
from typing import Any, Self

import grpc

from activity_session import v1
from activity_session._disconnects import OnDisconnect
from activity_session._loop.reading import OnMark, Reading
from activity_session._loop.steps import finished
from activity_session._watching import watch


class Follow(Iterator[v1.Event]):
    """Iterates over the events that a member has not read yet, as they come; made by `follow`.

    Raises:
        Error: as a watch does; Purged if events after the read mark are gone by their age.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._closed = False

    def __next__(self) -> v1.Event:
        event = None if self._closed else finished(self._reading.next())
        if event is None:
            raise StopIteration
        return event

    def close(self) -> None:
        """End the iteration, from any thread. The event that was returned last stays unread."""
        self._closed = True
        self._reading.watch.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def follow(
    channel: grpc.Channel,
    session: str,
    participant: str,
    *,
    skip_own: bool = False,
    on_mark: OnMark | None = None,
    on_disconnect: OnDisconnect | None = None,
) -> Follow:
    """Follow a session from the read mark of a member on, and move the mark on after each event that was handled.

    An event counts as handled when the loop asks for the next one. So each event is handled at least once, also over
    restarts of the program: one that the loop was left in comes again. It waits for new events without end, and
    reconnects as a watch does. Two loops of one member share the mark, and each gets all events.

    What was taken out of view before it was reached does not come, and what comes back into view does not come again.

    Args:
        channel: made by `connect`.
        session: its name.
        participant: the name of the member.
        skip_own: whether the member's own events are left out, and count as read.
        on_mark: called with each mark, whose `supersession` or `redacted` says what has changed of earlier events.
        on_disconnect: as of `watch`.

    Raises:
        Error: PARTICIPANT_NOT_BOUND, at once, if the participant is no member.
    """
    reading = Reading(
        channel,
        watch,
        _pull,
        session=session,
        participant=participant,
        skip_own=skip_own,
        on_mark=on_mark,
        on_disconnect=on_disconnect,
    )
    finished(reading.begin())
    return Follow(reading)


def _pull(messages: Any) -> Any:
    return next(messages, None)
