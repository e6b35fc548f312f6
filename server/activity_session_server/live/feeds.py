"""Feeds: what the followers of a session are told, however many they are.

A feed is what this process knows of a session that is followed. One thread keeps all feeds up to date: at once when
this process has written to such a session, or another one has signaled that it has, and at each tick for what others
have written, by one query for all sessions that are followed. A few threads (`jobs`) then work on the followers that
have something to do, so that a follower holds neither a thread nor a connection while nothing happens.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple, Protocol, Self, TypeVar

from activity_session.v1.session_pb2 import SESSION_VIEW_BASIC, SESSION_VIEW_FULL, Session
from activity_session.v1.session_service_pb2 import WatchSessionResponse
from activity_session_server.live.jobs import JobThreads
from activity_session_server.live.lanes import Job
from activity_session_server.rules import flags
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import ServiceError, draining, not_found
from activity_session_server.rules.names import Kind, ids_of
from activity_session_server.store import Reader, Store
from activity_session_server.store.codec.encoded import field
from activity_session_server.store.queries import events, heads, sessions
from activity_session_server.store.queries.heads import Head, Pulse
from activity_session_server.store.queries.history.logs import Told

# Reads for followers that may go on at once, and connections: one for each, and one for the looks.
READS = 2
CONNECTIONS = READS + 1
# What is read at a time, and so what a follower or a feed may hold: events, and bytes unless one event has more.
EVENTS_AT_A_TIME, BYTES_AT_A_TIME = 32, 1024 * 1024
# The fewest seconds between two looks, while commits follow each other closely.
_SHORTEST_GAP = 0.005
# Seconds between two times at which the threads are tended, and what nobody needs any more is forgotten.
_TENDING_INTERVAL = 0.1
# Looks of which a feed remembers when they found news: a watch that is further behind counts as so far behind.
_NEWS = 64

_EVENT = WatchSessionResponse.EVENT_FIELD_NUMBER
_MARK = WatchSessionResponse.MARK_FIELD_NUMBER
_SESSION = WatchSessionResponse.SESSION_FIELD_NUMBER
_log = logging.getLogger("activity_session.feeds")
T = TypeVar("T")


class Follower(Job, Protocol):
    """Something that follows a session: a watch, or the calls that wait for its turn."""

    feed: "Feed"

    @property
    def backlog(self) -> int:
        """How many events it has still to send that have come since it began to follow."""

    def needs(self, sequence: int, version: int) -> bool:
        """Whether it still needs the event of that number, or the session of that version."""


F = TypeVar("F", bound=Follower)


class SessionMessage(NamedTuple):
    """A session as a message of a watch: the version that it has at least, its etag, its members, and its bytes."""

    version: int
    etag: str
    members: frozenset[str]
    raw: bytes


class EventMessage(NamedTuple):
    """An event as a message of a watch: its number, from which number on a mark concerns others, and its bytes."""

    sequence: int
    concerns: int
    raw: bytes

    @classmethod
    def of(cls, told: Told) -> Self:
        """The message of an event."""
        return cls(told.sequence, told.concerns, field(_MARK if told.concerns else _EVENT, told.raw))


class Tail(NamedTuple):
    """The events that come next after a number, as messages, without those that are not told at a revision."""

    after: int
    revision: int
    messages: list[EventMessage]

    @property
    def last(self) -> int:
        """The number of the last one."""
        return self.messages[-1].sequence if self.messages else self.after


class Feed:
    """What is known of one session. `version` grows whenever the session's own message has changed."""

    def __init__(self, session: Head, feeds: "Feeds") -> None:
        self.session = session
        # Written under the lock of the feeds, so that the numbers never go back; read without: each is one value, and
        # each look ends by scheduling the followers that have work. A queue of turns also sets `turn_is_held` itself.
        self.last_sequence = session.last_sequence
        self.first_sequence = session.first_sequence
        # Of its newest mark, as in the head. Written before `last_sequence`, and read after it: so a log in which there
        # are marks up to that is never taken for one without.
        self.history_revision = session.history_revision
        self.version = 0
        self.turn_is_held = True
        self.ended: ServiceError | None = None
        self.followers: set[Follower] = set()
        self._feeds = feeds
        self._state: tuple[object, ...] = ()
        # Held while the newest events or the session are read, so that one thread reads them for all. `forget_passed`
        # does without, since it would wait for the database: so each value is fetched once, and used from a variable.
        self._reading = threading.Lock()
        # By whether it has superseded events too.
        self._tails: dict[bool, Tail] = {}
        # Whether the event that was read last was large. Without a lock: it is one value, and no more than a guess.
        self._are_large = False
        # By whether the session is whole: with its data.
        self._messages: dict[bool, SessionMessage] = {}
        # The last events of the latest looks that found some, with when this process learned of them; replaced as a
        # whole. Kept only where somebody is told of deliveries.
        self._news: tuple[tuple[int, float], ...] = ()

    def refresh(self, pulse: Pulse | None, noticed: float) -> None:
        """Note the session as it is now; None means that it is gone.

        `noticed` is when this process learned that there may be news, a reading of `time.monotonic`.
        """
        name = self.session.name
        if pulse is None:
            self.ended = not_found(Kind.SESSION, name)
            return
        last_sequence, first_sequence, history_revision, *state = pulse
        if tuple(state) != self._state:
            self._state = tuple(state)
            self.version += 1
        if last_sequence > self.last_sequence and self._feeds.on_delivery is not None:
            self._news = (*self._news[1 - _NEWS :], (last_sequence, noticed))
        self._move_on(last_sequence, first_sequence, history_revision)
        self.turn_is_held = bool(pulse.turn_is_held)
        self.ended = flags.deleted(Kind.SESSION, name) if pulse.is_deleted else None

    def note(self, session: Head) -> None:
        """Note a session that was just read, and may be newer than the last look."""
        self._move_on(session.last_sequence, session.first_sequence, session.history_revision)
        if not flags.is_deleted(session):
            self.ended = None

    def note_delivery(self, position: int) -> None:
        """Tell for how long the first event after a number was known that has just been sent."""
        if self._feeds.on_delivery is None:
            return
        # The newest come first: of a watch that keeps up it is the first or the second one.
        since = 0.0
        for last, noticed in reversed(self._news):
            if last <= position:
                break
            since = noticed
        if since:
            self._feeds.on_delivery(time.monotonic() - since)

    def events_after(self, position: int, *, show_superseded: bool) -> list["EventMessage"]:
        """The next events after a number, as messages of a watch; the newest are read once for all followers."""
        with self._reading:
            tail = self._tails.get(show_superseded)
            if tail is None or position >= tail.last or tail.revision != self.history_revision:
                tail = self._read_after(position, show_superseded=show_superseded)
                self._tails[show_superseded] = tail
            if position >= tail.after:
                return [message for message in tail.messages if message.sequence > position]
        return self._read_after(position, show_superseded=show_superseded).messages

    def session_message(self, *, full: bool, is_first: bool) -> "SessionMessage | None":
        """The session as a message of a watch, with its data or without; None when it is gone.

        The first message of a watch is read anew: what others were sent may lack changes that make no new version.
        """
        with self._reading:
            message = self._messages.get(full)
            if is_first or message is None or message.version != self.version:
                version = self.version
                view = SESSION_VIEW_FULL if full else SESSION_VIEW_BASIC
                found = self._feeds.read(
                    lambda reader: sessions.find_session(reader, *ids_of(self.session.name), view=view)
                )
                session = Session.FromString(found or b"")
                if found is None or session.uid != self.session.uid:
                    return None
                members = frozenset(member.participant for member in session.participants)
                message = SessionMessage(version, session.etag, members, field(_SESSION, found))
                self._messages[full] = message
            return message

    def forget_passed(self) -> None:
        """Forget what no follower needs any more, or only those whose clients are slow."""
        tails, messages = tuple(self._tails.values()), tuple(self._messages.values())
        if not (tails or messages):
            return
        newest = max((tail.last for tail in tails), default=0)
        version = max((message.version for message in messages), default=0)
        if not any(follower.is_prompt and follower.needs(newest, version) for follower in tuple(self.followers)):
            self._tails, self._messages = {}, {}

    def _move_on(self, last_sequence: int, first_sequence: int, history_revision: int) -> None:
        self.history_revision = max(self.history_revision, history_revision)
        self.last_sequence = max(self.last_sequence, last_sequence)
        self.first_sequence = max(self.first_sequence, first_sequence)

    def _read_after(self, position: int, *, show_superseded: bool) -> "Tail":
        last_sequence, history_revision = self.last_sequence, self.history_revision
        head = self.session._replace(last_sequence=last_sequence, history_revision=history_revision)
        # After a large event the next one is read alone: the database would look at the sizes of many large ones.
        most = 1 if self._are_large else EVENTS_AT_A_TIME

        def told(reader: Reader) -> list[Told]:
            return events.told_after(reader, head, position, most, BYTES_AT_A_TIME, show_superseded=show_superseded)

        messages = [EventMessage.of(one) for one in self._feeds.read(told)]
        self._are_large = len(messages) == 1 and len(messages[0].raw) > BYTES_AT_A_TIME // EVENTS_AT_A_TIME
        return Tail(position, history_revision, messages)


class Feeds:
    """The feeds of all sessions that are followed, and the threads that work on them."""

    def __init__(self, store: Store, own_call: Callable[[str], Call], poll_interval: float) -> None:
        """Make the feeds of a store. `own_call` makes a Call for a name; `poll_interval` is in seconds."""
        self.is_draining = False
        # Called each time a watch has sent events, with the seconds since the first of them was known. Set before any
        # call is served, if at all.
        self.on_delivery: Callable[[float], None] | None = None
        # False while the database cannot say what is new. This flag and the one above are read without the lock.
        self.is_current = True
        self._store = store
        self._own_call = own_call
        self._poll_interval = poll_interval
        self._feeds: dict[str, Feed] = {}
        # Any thread appends, and one takes away; each single step is atomic.
        self._noticed: deque[str] = deque()
        # When the first of those was noticed, a reading of `time.monotonic`; without a lock, it is one value.
        self._noticed_at = 0.0
        # Guards who follows which session, and what looks write into the feeds. A thread that only goes through them
        # takes a copy without it: a follower that comes meanwhile has a look of its own, one that has left has no work.
        self._lock = threading.Condition()
        self._woken = threading.Event()
        self._signals = store.signals(self._notice)
        self._is_closed = self._is_stopped = False
        self._jobs = JobThreads()
        # Counts the reads that may go on at once, so that the connections suffice, however many threads there are.
        self._readers = threading.BoundedSemaphore(READS)
        self._thread = threading.Thread(target=self._keep_up, name="feeds", daemon=True)

    def start(self) -> None:
        """Start the threads."""
        self._store.on_commit = self._committed
        self._signals.start()
        self._jobs.start()
        self._thread.start()

    def follow(self, session: Head, make: Callable[[Feed], F]) -> F:
        """Add a follower of a session; `make` makes it, given the feed.

        Raises:
            ServiceError: SERVER_DRAINING.
        """
        with self._lock:
            if self._is_closed:
                raise draining()
            feed = self._feeds.get(session.uid) or Feed(session, self)
            feed.note(session)
            follower = make(feed)
            feed.followers.add(follower)
            self._feeds[session.uid] = feed
        self._notice([session.uid])
        return follower

    def backlogs(self) -> list[int]:
        """How many events each follower has still to send."""
        return [follower.backlog for feed in tuple(self._feeds.values()) for follower in tuple(feed.followers)]

    @property
    def followed(self) -> int:
        """How many sessions are followed."""
        return len(self._feeds)

    def leave(self, follower: Follower) -> None:
        """Remove a follower; a feed that nobody follows is gone."""
        feed = follower.feed
        with self._lock:
            feed.followers.discard(follower)
            if not feed.followers and self._feeds.get(feed.session.uid) is feed:
                del self._feeds[feed.session.uid]
            self._lock.notify_all()

    def drain(self, timeout: float) -> None:
        """Let all followers end after what is written by now; waits for that, at most `timeout` seconds."""
        with self._lock:
            self._is_closed = True
            feeds = tuple(self._feeds.values())
        # Before `is_draining` is set: a follower that then has sent all that its feed knows ends at once.
        if feeds:
            self._refresh(feeds, time.monotonic())
        self.is_draining = True
        self._schedule(feeds)
        with self._lock:
            self._lock.wait_for(lambda: not self._feeds, timeout)

    def stop(self) -> None:
        """End the threads, when all streams have ended."""
        self._is_stopped = True
        self._woken.set()
        self._thread.join()
        self._jobs.stop()
        self._signals.stop()

    def read(self, fn: Callable[[Reader], T]) -> T:
        """Run a function that reads from the database, as soon as there is a connection for it."""
        with self._readers:
            return self._store.read(self._own_call("follow"), fn)

    def _committed(self, uids: Collection[str]) -> None:
        self._notice(uids)
        self._signals.send(uids)

    def _notice(self, uids: Collection[str]) -> None:
        """Note sessions that have just been written to."""
        followed = [uid for uid in uids if uid in self._feeds]
        if followed:
            if not self._noticed:
                self._noticed_at = time.monotonic()
            self._noticed.extend(followed)
            self._woken.set()

    def _keep_up(self) -> None:
        tick, tending = _Pace(self._poll_interval), _Pace(_TENDING_INTERVAL)
        while not self._is_stopped:
            self._woken.wait(min(tick.left(), tending.left()) if self._feeds else None)
            self._woken.clear()
            is_noticed = bool(self._noticed)
            try:
                self._look(is_tick=tick.is_due())
                if tending.is_due():
                    self._tend()
            except Exception:  # without this thread no follower would be told anything any more
                _log.exception("cannot keep up")
            if is_noticed:
                time.sleep(_SHORTEST_GAP)

    def _look(self, *, is_tick: bool) -> None:
        """Look for what is new in the sessions that were noticed; at a tick, in all sessions."""
        noticed_at = self._noticed_at if self._noticed else time.monotonic()
        noticed = {self._noticed.popleft() for _ in range(len(self._noticed))}
        self._update(tuple(self._feeds) if is_tick else noticed, noticed_at)

    def _tend(self) -> None:
        self._jobs.tend()
        self._signals.ask()
        for feed in tuple(self._feeds.values()):
            feed.forget_passed()

    def _update(self, uids: Iterable[str], noticed_at: float) -> None:
        """Refresh the feeds of some sessions by one query, and schedule the followers that then have work."""
        feeds = [feed for feed in map(self._feeds.get, tuple(uids)) if feed is not None]
        if feeds:
            self.is_current = self._refresh(feeds, noticed_at)
            self._schedule(feeds)

    def _schedule(self, feeds: Iterable[Feed]) -> None:
        for feed in feeds:
            for follower in tuple(feed.followers):
                if follower.has_work():
                    self._jobs.schedule(follower)

    def _refresh(self, feeds: Collection[Feed], noticed_at: float) -> bool:
        """Bring feeds up to date; returns whether the database could be asked."""
        uids = [feed.session.uid for feed in feeds]
        try:
            pulses = self._store.read(self._own_call("follow"), lambda reader: heads.pulses(reader, uids))
        except ServiceError as error:
            _log.warning("cannot follow: %s", error.logged)
            return False
        except Exception:  # the feeds go on; the next look may succeed
            _log.exception("cannot follow")
            return False
        with self._lock:
            for feed in feeds:
                feed.refresh(pulses.get(feed.session.uid), noticed_at)
        return True


class _Pace:
    """Something that is due every so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds until it is due."""
        return max(0, self._next - time.monotonic())

    def is_due(self) -> bool:
        """Whether it is due; then it is due again that many seconds from now."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + self._seconds
        return True
