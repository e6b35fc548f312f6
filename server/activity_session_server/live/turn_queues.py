"""The use case of AcquireTurn: those who wait for a turn stand in line, and hold no thread meanwhile."""

import threading
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session.v1.session_service_pb2 import AcquireTurnRequest, ReleaseTurnRequest
from activity_session.v1.turn_pb2 import TurnLease
from activity_session_server.live.feeds import Feed, Feeds
from activity_session_server.live.slots import Slots
from activity_session_server.rules.calls import Call, Stream
from activity_session_server.rules.errors import ServiceError, deadline_exceeded, draining
from activity_session_server.rules.names import ids_of
from activity_session_server.store import Store
from activity_session_server.store.queries import heads
from activity_session_server.usecases import turns


class Waiting(NamedTuple):
    """A call that waits for the turn of a session."""

    call: Call
    request: AcquireTurnRequest
    stream: Stream


class Turns:
    """The turns that a server gives, and the lines of those who wait for one."""

    def __init__(self, store: Store, feeds: Feeds, slots: Slots, own_call: Callable[[str], Call]) -> None:
        self.store = store
        self.feeds = feeds
        self._slots = slots
        self._own_call = own_call
        self._lock = threading.Lock()
        self._lines: dict[str, Line] = {}

    def acquire_turn(self, call: Call, request: AcquireTurnRequest, stream: Stream) -> None:
        """Take the turn; where somebody else holds it, and the request says so, wait for it.

        Raises:
            ServiceError: TURN_HELD for who does not wait; SERVER_FULL, SERVER_DRAINING.
        """
        waiting = Waiting(call, request, stream)
        try:
            lease = turns.acquire_turn(self.store, call, request)
        except ServiceError as error:
            if not (request.wait and is_held(error)):
                raise
            self._wait(waiting)
        else:
            self.give(waiting, lease)

    def give(self, waiting: Waiting, lease: TurnLease) -> None:
        """Answer with a turn, or free it where the client has gone and cannot ask for the answer again."""
        if waiting.stream.is_open or waiting.request.request_id:
            waiting.stream.send(lease.SerializeToString())
            waiting.stream.end()
        else:
            request = ReleaseTurnRequest(session=lease.session, token=lease.token)
            turns.release_turn(self.store, self._own_call("hand back"), request)

    def _wait(self, waiting: Waiting) -> None:
        session = self.store.read(waiting.call, lambda reader: heads.get_head(reader, *ids_of(waiting.request.session)))
        self._slots.take()
        waiting.stream.on_close(self._slots.give_back)
        with self._lock:
            line = self._lines.get(session.uid)
            if line is None:
                line = self._lines[session.uid] = self.feeds.follow(session, lambda feed: Line(self, feed))
            line.waiting.append(waiting)

    def close_if_empty(self, line: "Line") -> None:
        """Let go of a line in which nobody stands."""
        with self._lock:
            if not line.waiting:
                self._lines.pop(line.feed.session.uid, None)
                self.feeds.leave(line)


class Line:
    """Those who wait for the turn of one session, in the order in which they came; a job of the feeds' threads."""

    def __init__(self, turns_: Turns, feed: Feed) -> None:
        self.feed = feed
        self.waiting: deque[Waiting] = deque()
        self._turns = turns_

    def needs(self, _sequence: int, _version: int) -> bool:
        """It needs nothing but to know whether the turn is free."""
        return False

    def has_work(self) -> bool:
        """Whether the turn is free, or somebody has waited for too long, or the server goes away."""
        return (
            not self.feed.turn_is_held
            or self.feed.ended is not None
            or self._turns.feeds.is_draining
            or any(map(_is_over, tuple(self.waiting)))
        )

    def work(self) -> bool:
        """Send away who need not wait any longer, then try to get the turn for the first one."""
        end = draining() if self._turns.feeds.is_draining else self.feed.ended
        for waiting in tuple(self.waiting):
            if end or _is_over(waiting):
                self.waiting.remove(waiting)
                waiting.stream.end(end or deadline_exceeded())
        while self.waiting and not self.feed.turn_is_held:
            self._serve(self.waiting[0])
        self._turns.close_if_empty(self)
        return True

    def stuck(self, seconds: float) -> None:
        """Nothing to do: the answer to a turn is one small message."""

    def _serve(self, waiting: Waiting) -> None:
        """Try to get the turn for who is first in line."""
        try:
            lease = turns.acquire_turn(self._turns.store, waiting.call, waiting.request, self.feed.session.uid)
        except ServiceError as error:
            if is_held(error):
                self.feed.turn_is_held = True
                return
            self.waiting.popleft()
            waiting.stream.end(error)
            return
        self.feed.turn_is_held = True
        self.waiting.popleft()
        self._turns.give(waiting, lease)


def is_held(error: ServiceError) -> bool:
    """Whether a call was refused because somebody else holds the turn."""
    return error.reason == ErrorReason.ERROR_REASON_TURN_HELD


def _is_over(waiting: Waiting) -> bool:
    return waiting.call.remaining() <= 0 or not waiting.stream.is_open
