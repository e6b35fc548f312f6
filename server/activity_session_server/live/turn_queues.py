"""The use case of AcquireTurn: calls that wait for a turn stand in a queue, and hold no thread meanwhile."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session.v1.session_service_pb2 import AcquireTurnRequest
from activity_session.v1.turn_pb2 import TurnLease
from activity_session_server.live.feeds import Feed, Feeds
from activity_session_server.live.slots import Slots
from activity_session_server.rules.access import permissions
from activity_session_server.rules.calls import Call, Stream
from activity_session_server.rules.errors import ServiceError, deadline_exceeded, draining
from activity_session_server.rules.names import ids_of
from activity_session_server.store import Store
from activity_session_server.store.queries import heads
from activity_session_server.usecases import turns

_log = logging.getLogger("activity_session.turns")


class Waiter(NamedTuple):
    """A call that waits for the turn of a session."""

    call: Call
    request: AcquireTurnRequest
    stream: Stream


class TurnQueues:
    """The turns that a server gives, and the queues of the calls that wait for one."""

    def __init__(self, store: Store, feeds: Feeds, slots: Slots, own_call: Callable[[str], Call]) -> None:
        self.store = store
        self.feeds = feeds
        self.slots = slots
        self._own_call = own_call
        # Guards the queues: no call may join one that is just being closed.
        self._lock = threading.Lock()
        self._queues: dict[str, TurnQueue] = {}

    def acquire_turn(self, call: Call, request: AcquireTurnRequest, stream: Stream) -> None:
        """Take the turn; if another participant holds it and the request says so, wait for it.

        Raises:
            ServiceError: TURN_HELD for a call that does not wait; SERVER_FULL, QUOTA_EXCEEDED, SERVER_DRAINING.
        """
        waiter = Waiter(call, request, stream)
        try:
            lease = turns.acquire_turn(self.store, call, request)
        except ServiceError as error:
            if not (request.wait and is_held(error)):
                raise
            self._wait(waiter)
        else:
            self.give(waiter, lease)

    def give(self, waiter: Waiter, lease: TurnLease) -> None:
        """Respond with a turn, or release it if the client has gone before it could have the response.

        Nothing tells of a client that goes while the end of its call is on the way.
        """
        waiter.stream.send(lease.SerializeToString())
        if waiter.stream.is_open:
            waiter.stream.end()
        else:
            self._hand_back(waiter.call, waiter.request, lease)

    def _hand_back(self, call: Call, request: AcquireTurnRequest, lease: TurnLease) -> None:
        try:
            turns.hand_back_turn(self.store, self._own_call("hand back"), call, request, lease)
        except ServiceError as error:
            _log.warning("the turn of a client that has gone lasts until its end: %s", error.logged)

    def _wait(self, waiter: Waiter) -> None:
        request = waiter.request
        head = self.store.read(
            waiter.call, lambda reader: heads.get_head(reader, *ids_of(request.session), uid=request.uid)
        )
        waiter.stream.on_close(self.slots.take(waiter.call))
        with self._lock:
            queue = self._queues.get(head.uid)
            if queue is None:
                self._queues[head.uid] = self.feeds.follow(head, lambda feed: TurnQueue(self, feed, waiter))
            else:
                queue.waiters.append(waiter)

    def close_if_empty(self, queue: "TurnQueue") -> None:
        """Close a queue in which no call waits."""
        with self._lock:
            if queue.waiters:
                return
            uid = queue.feed.session.uid
            # A closed queue may be worked on once more, when its session has a new one, which must stay.
            if self._queues.get(uid) is queue:
                del self._queues[uid]
            self.feeds.leave(queue)


class TurnQueue:
    """The calls that wait for the turn of one session, in the order in which they came.

    The threads of the feeds work on it.
    """

    def __init__(self, queues: TurnQueues, feed: Feed, first: Waiter) -> None:
        self.feed = feed
        self.owner = feed.session.uid
        # At first too: a response is one small message, for which a client has room.
        self.is_prompt = True
        # Any thread appends, one at a time removes; each single step is atomic.
        self.waiters = deque([first])
        self._queues = queues

    @property
    def backlog(self) -> int:
        """None: it has no events to send."""
        return 0

    def needs(self, _sequence: int, _version: int) -> bool:
        """Never: it only needs to know whether the turn is free."""
        return False

    def has_work(self) -> bool:
        """Whether calls wait, and the turn is free, or one is over, or all must end."""
        return bool(self.waiters) and (
            not self.feed.turn_is_held
            or self.feed.ended is not None
            or self._queues.feeds.is_draining
            or any(map(_is_over, tuple(self.waiters)))
        )

    def work(self) -> bool:
        """End the calls that are over, then try to get the turn for the first one that is left."""
        self.is_prompt = True
        try:
            self._end_those_that_are_over()
            while self.waiters and not self.feed.turn_is_held:
                self._serve(self.waiters[0])
        finally:
            self._queues.close_if_empty(self)
        return True

    def stuck(self, *, is_in_the_way: bool) -> None:
        """Nothing to do: it waits for the database, which takes no longer than it may."""

    def _end_those_that_are_over(self) -> None:
        end = draining() if self._queues.feeds.is_draining else self.feed.ended
        for waiter in tuple(self.waiters):
            if end or _is_over(waiter):
                self.waiters.remove(waiter)
                waiter.stream.end(end or deadline_exceeded(waiter.call.seconds))

    def _serve(self, waiter: Waiter) -> None:
        """Try to get the turn for the first in the queue."""
        try:
            call = permissions.renewed(waiter.call, waiter.request)
            lease = turns.acquire_turn(self._queues.store, call, waiter.request, self.feed.session.uid)
        except ServiceError as error:
            if is_held(error):
                # If a look has just found the turn free again, this hides it until the next tick.
                self.feed.turn_is_held = True
                return
            self.waiters.popleft()
            waiter.stream.end(error)
            return
        self.feed.turn_is_held = True
        self.waiters.popleft()
        self._queues.give(waiter, lease)


def is_held(error: ServiceError) -> bool:
    """Whether a call was refused because another participant holds the turn."""
    return error.reason == ErrorReason.ERROR_REASON_TURN_HELD


def _is_over(waiter: Waiter) -> bool:
    return waiter.call.remaining() <= 0 or not waiter.stream.is_open
