"""The use case of WatchSession: one watch is a place in a session's log that moves on.

Events are not kept for a watch: it reads on from its place when its client has taken what was sent. So a slow client
delays nothing but itself, until it is too far behind.
"""

import math
import time

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session.v1.session_pb2 import SessionView
from activity_session.v1.session_service_pb2 import Bookmark, WatchSessionRequest, WatchSessionResponse
from activity_session_server.live.feeds import Feed, Feeds
from activity_session_server.live.lanes import STUCK_SECONDS
from activity_session_server.live.slots import Slots
from activity_session_server.rules.access import permissions
from activity_session_server.rules.calls import Call, Stream
from activity_session_server.rules.errors import ServiceError, draining, events_purged, invalid_field
from activity_session_server.rules.names import Kind, ids_of
from activity_session_server.store import Store
from activity_session_server.store.queries import heads
from activity_session_server.store.queries.heads import Head

# Seconds for which a thread sends to one client before it goes on with others.
_LONGEST_WORK = 1.0
# Seconds that a client may leave a message unread while others need the thread.
_PATIENCE = 0.5


class Watches:
    """The watches of a server. `bookmark_interval` and `timeout` are in seconds."""

    def __init__(self, store: Store, feeds: Feeds, slots: Slots, *, bookmark_interval: float, timeout: float) -> None:
        self.feeds = feeds
        self.bookmark_interval = bookmark_interval
        self.timeout = timeout
        self.slots = slots
        self._store = store

    def watch_session(self, call: Call, request: WatchSessionRequest, stream: Stream) -> None:
        """Follow a session, starting at a place in its log.

        Raises:
            ServiceError: *_NOT_FOUND; INVALID_FIELD for a place after the end; SERVER_FULL, QUOTA_EXCEEDED,
                SERVER_DRAINING.
        """
        session = self._store.read(call, lambda reader: heads.get_head(reader, *ids_of(request.name), uid=request.uid))
        _check_place(request, session)
        stream.on_close(self.slots.take(call))
        watch = self.feeds.follow(session, lambda feed: Watch(self, call, feed, stream, request))
        stream.on_close(lambda: self.feeds.leave(watch))


class Watch:
    """One watch; the threads of the feeds work on it."""

    def __init__(self, watches: Watches, call: Call, feed: Feed, stream: Stream, request: WatchSessionRequest) -> None:
        self.feed = feed
        self.owner = call.peer
        self.is_prompt = False
        self.position = request.after_sequence
        # Whether its client counts on the next event after the position: not one that asks for whatever is there.
        self._has_place = request.after_sequence > 0
        self._watches = watches
        self._call = call
        self._request = request
        # Of the session whose members were looked at last; only for a caller who acts as one of them.
        self._judged_version = 0
        self._backlog_limit = call.limits.watch_backlog
        self._stream = stream
        # What was there at the start is no backlog, however long it takes to send.
        self._start = feed.last_sequence
        # With this event it is prompt: the last one that was there at the start, or when its client did not read.
        self._goal = feed.last_sequence
        self._version = 0
        # Goes with the first message: two messages in a row are, parsed, one message with the fields of both.
        self._opening = WatchSessionResponse(uid=feed.session.uid).SerializeToString()
        self._is_full = request.view == SessionView.SESSION_VIEW_FULL
        # Of the last session that was sent with its data.
        self._etag = ""
        self._bookmark_due = time.monotonic() + watches.bookmark_interval
        # When the message that is being sent began to wait for its client. One thread writes it, others only read it.
        self._sending_since = math.inf
        self._end_said = 0.0

    def has_work(self) -> bool:
        """Whether there is something new to send, a bookmark is due, or the watch must end."""
        feed = self.feed
        return self._stream.is_open and (
            self.position < feed.last_sequence
            or self._version != feed.version
            or feed.ended is not None
            or self._watches.feeds.is_draining
            or self._is_quiet()
            or self._has_changed_caller()
        )

    @property
    def backlog(self) -> int:
        """How many events it has still to send, without those that were there at the start."""
        return self.feed.last_sequence - max(self.position, self._start)

    def needs(self, sequence: int, version: int) -> bool:
        """Whether it still needs the event of that number, or the session of that version."""
        return self.position < sequence or self._version < version

    def work(self) -> bool:
        """Send what is new, as long as the caller may see it."""
        try:
            self._judge()
            self._pass_purged()
        except ServiceError as error:
            self._stream.end(error)
            return True
        return self._send_news()

    def _send_news(self) -> bool:
        """Send the next events; after the last one also the session if it has changed, a bookmark if due, the end."""
        has_sent = self._send_events()
        self.is_prompt = self.position >= self._goal
        is_behind = self.position < self.feed.last_sequence
        if not is_behind or self._version:
            self._send_session()
        # Nothing more of a session that is gone can be sent, however far behind the watch is.
        if is_behind and (has_sent or not self.feed.ended):
            return has_sent
        if self._is_quiet():
            self._send_bookmark()
        if error := self.feed.ended or (draining() if self._watches.feeds.is_draining else None):
            self._stream.end(error)
        return True

    def stuck(self, *, is_in_the_way: bool) -> None:
        """End the watch of a client that does not read; cancel it if the client does not read the end either."""
        self._goal = self.feed.last_sequence
        timeout = self._watches.timeout
        patience = min(_PATIENCE, timeout) if is_in_the_way else timeout
        now = time.monotonic()
        waited = now - self._sending_since
        backlog = self.backlog
        if self._end_said:
            if now - self._end_said > patience:
                self._stream.cancel()
        elif waited > patience or (waited > STUCK_SECONDS and backlog > self._backlog_limit):
            self._end_said = now
            self._stream.end(self._too_slow(backlog))

    def _has_changed_caller(self) -> bool:
        """Whether its caller may do something else than before, or nothing any more."""
        try:
            return self._call.caller.renewed() is not self._call.caller
        except ServiceError:
            return True

    def _judge(self) -> None:
        """Look whether the caller may still follow the session.

        Raises:
            ServiceError: UNAUTHENTICATED, PERMISSION_DENIED.
        """
        call = permissions.renewed(self._call, self._request)
        version = self.feed.version
        if call.acts_as and (call is not self._call or version != self._judged_version):
            found = self.feed.session_message(full=False, is_first=False)
            if found is not None:
                permissions.check_bound(call, self.feed.session.name, found.members)
                self._judged_version = found.version
        self._call = call

    def _pass_purged(self) -> None:
        """Begin after the events that have been purged, if there is no gap by that.

        Raises:
            ServiceError: EVENTS_PURGED.
        """
        first = self.feed.first_sequence
        if self.position >= first - 1:
            return
        if self._has_place:
            raise events_purged(self.feed.session.name, self.position, first)
        self.position = first - 1

    def _send_events(self) -> bool:
        """Send some of the next events; returns whether there were any."""
        until = time.monotonic() + _LONGEST_WORK
        if self.position >= self.feed.last_sequence:
            return False
        before = self.position
        events = self.feed.events_after(before, show_superseded=self._request.show_superseded)
        for sequence, concerns, message in events:
            if not self._is_known(sequence, concerns):
                self._send(message)
            self.position = sequence
            if time.monotonic() > until:
                break
        if self.position > self._start:
            self.feed.note_delivery(max(before, self._start))
        return bool(events)

    def _is_known(self, sequence: int, concerns: int) -> bool:
        """Whether what a mark says was seen from what was there at the start: it concerns nothing from before that."""
        is_past = self._request.after_sequence < concerns and sequence <= self._start
        return is_past and not self._request.show_superseded

    def _send_session(self) -> None:
        if self._version == self.feed.version:
            return
        is_first = not self._version
        found = self.feed.session_message(full=False, is_first=is_first)
        if found is not None and self._is_full and found.etag != self._etag:
            found = self.feed.session_message(full=True, is_first=is_first)
        if found is None:
            return
        self._version, self._etag = found.version, found.etag
        self._send(found.raw)
        if is_first:
            self._send_bookmark()

    def _is_quiet(self) -> bool:
        """Whether a bookmark is due; never while the database cannot be asked for news."""
        return time.monotonic() >= self._bookmark_due and self._watches.feeds.is_current

    def _send_bookmark(self) -> None:
        self._send(WatchSessionResponse(bookmark=Bookmark(last_sequence=self.position)).SerializeToString())

    def _send(self, message: bytes) -> None:
        self._sending_since = now = time.monotonic()
        self._stream.send(self._opening + message)
        self._opening = b""
        self._has_place = True
        self._sending_since = math.inf
        self._bookmark_due = now + self._watches.bookmark_interval

    def _too_slow(self, backlog: int) -> ServiceError:
        name = self.feed.session.name
        return ServiceError(
            ErrorReason.ERROR_REASON_WATCH_TOO_SLOW,
            f"the watch of {name} is {backlog} events behind and its client does not read; resume after the last one",
            kind=Kind.SESSION,
            # Only the client can know whether the message that is on its way arrives.
            metadata={"resource": name, "after_sequence": str(self.position)},
        )


def _check_place(request: WatchSessionRequest, session: Head) -> None:
    if request.after_sequence > session.last_sequence:
        text = f"{request.after_sequence} is beyond the session's last, which is {session.last_sequence}"
        raise invalid_field("after_sequence", text)
