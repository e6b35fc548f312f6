"""Followers of sessions, on the side of the server: what many, idle and slow ones cost, and how they end."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from typing import Any

import grpc
import pytest

from activity_session.v1.event_pb2 import Event
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import (
    AcquireTurnRequest,
    ExpungeSessionRequest,
    GetSessionRequest,
    WatchSessionRequest,
    WatchSessionResponse,
)
from activity_session_server.app import App
from activity_session_server.live.turn_queues import TurnQueue
from activity_session_testing.backends import SQLITE_FILE, SQLITE_MEMORY
from activity_session_testing.moments import Times, before, eventually
from activity_session_testing.servers import SMALL_WINDOW, Client, Failure, connected, failure, serving
from activity_session_testing.steps import (
    acquire_turn,
    append,
    delete_session,
    failure_of,
    get_session,
    new_participant,
    new_session,
    refused,
    release_turn,
    update_session,
    waiting_for_turn,
)
from activity_session_testing.watches import Watching

PARENT = "namespaces/default"
# So long that no health check interferes.
NO_UPKEEP = 300.0
POLL_INTERVAL = 0.05
MANY, CHANNELS = 500, 4
IDLE = 200
TICKS = 10
SECONDS = 60
# More than can be on its way to a client that does not read.
LARGE, LARGE_EVENTS = 512 * 1024, 40
TIMEOUT = 2.0
# Far more than there are threads that send.
TOO_MANY = 40
# Far below the 30 seconds that running calls may take to end.
PROMPT = 10
LOOK = "SELECT activity_session.pkid, activity_session.last_sequence"


@contextmanager
def following(database_url: str, **settings: Any) -> Iterator[tuple[App, Client]]:
    """A server that often looks for what others have written, and a client of it."""
    settings = {"poll_interval": POLL_INTERVAL, "health_interval": NO_UPKEEP, **settings}
    with serving(database_url, **settings) as server, connected(server.address) as client:
        yield server, client


@pytest.fixture
def database_url(new_database: Callable[[str], str]) -> str:
    return new_database(SQLITE_FILE)


def unread(client: Client, session: str, after: int = 0) -> Any:
    """Open a watch that is not read yet; it has a deadline, so that a test that reads it cannot hang."""
    return client.sessions.WatchSession(WatchSessionRequest(name=session, after_sequence=after), timeout=SECONDS)


def started(client: Client, session: str) -> Any:
    """Open a watch, and read it up to its first bookmark."""
    call = unread(client, session)
    while not next(call).HasField("bookmark"):
        pass
    return call


def events_up_to(call: Any, last: int) -> list[Event]:
    """Return the events of a watch up to a number."""
    events: list[Event] = []
    while not events or events[-1].sequence < last:
        message = next(call)
        if message.HasField("event"):
            events.append(message.event)
    return events


def read_to_end(call: Any) -> tuple[list[int], Failure]:
    """Return the numbers of the events that a watch still sends, and the error that it ends with."""
    messages: list[WatchSessionResponse] = []
    try:
        messages.extend(call)
    except grpc.RpcError as error:
        return [message.event.sequence for message in messages if message.HasField("event")], Failure(error)
    raise AssertionError("it ended without an error")


def read_to_bookmark(call: Any) -> tuple[list[int], Failure] | None:
    """Return what `read_to_end` does, or None for a watch that comes to its first bookmark."""
    sequences: list[int] = []
    try:
        while not (message := next(call)).HasField("bookmark"):
            if message.HasField("event"):
                sequences.append(message.event.sequence)
    except grpc.RpcError as error:
        return sequences, Failure(error)
    call.cancel()
    return None


def has_ended_some(server: App) -> bool:
    """Return whether a server has ended a watch whose client has not read it yet."""
    feeds = tuple(server.feeds._feeds.values())  # noqa: SLF001 - nothing else tells it
    watches: list[Any] = [follower for feed in feeds for follower in tuple(feed.followers)]
    return any(watch._end_said for watch in watches)  # noqa: SLF001


def wait_for_looks(looks: Times, count: int) -> None:
    """Wait until the server has looked for new events that many more times."""
    seen = looks.count
    eventually(lambda: looks.count >= seen + count)


def nothing() -> None:
    """Do nothing: for statements that are only counted."""


def idle_connections(server: App) -> int:
    return len(server.store._connections._idle)  # noqa: SLF001 - nothing else tells it


def turn_queues(server: App) -> list[TurnQueue]:
    return list(server.live.turn_queues._queues.values())  # noqa: SLF001 - nothing else tells it


def counted(server: App, start: str = "") -> AbstractContextManager[Times]:
    """Count the statements with a given start."""
    return before(server, start, nothing, most=10**9)


class TestBookmarks:
    def test_come_while_nothing_else_does(self, database_url: str) -> None:
        with following(database_url, bookmark_interval=0.15) as (_, client):
            session = new_session(client, PARENT).name
            with Watching.of(client, session) as watch:
                watch.wait(lambda watch: watch.bookmarks == [0, 0, 0])
                append(client, session, "a", "b")
                watch.wait(lambda watch: watch.bookmarks[-2:] == [2, 2])
                kinds = [message.WhichOneof("change") for message in watch.messages]
        assert kinds.count("event") == 2
        assert kinds.count("session") == 1

    def test_are_a_place_to_resume_from(self, database_url: str) -> None:
        with following(database_url, bookmark_interval=0.15) as (_, client):
            session = new_session(client, PARENT).name
            append(client, session, "a", "b", "c")
            with Watching.of(client, session) as watch:
                place = watch.wait(lambda watch: watch.bookmarks[1:])[-1]
            append(client, session, "d")
            with Watching.of(client, session, place) as watch:
                assert watch.wait_for_start().sequences == [4]


class TestMany:
    @pytest.fixture
    def clients(self, new_database: Callable[[str], str]) -> Iterator[list[Client]]:
        """Clients of a server with one connection to its database: a client that kept it would block all others."""
        with following(new_database(SQLITE_MEMORY)) as (server, client), ExitStack() as stack:
            yield [client, *(stack.enter_context(connected(server.address)) for _ in range(CHANNELS - 1))]

    def test_of_one_session_all_get_every_event(self, clients: list[Client]) -> None:
        session = new_session(clients[0], PARENT).name
        watches = [unread(clients[number % CHANNELS], session) for number in range(MANY)]
        for number in range(20):
            append(clients[0], session, f"{number}")
            request = GetSessionRequest(name=session)
            assert clients[0].sessions.GetSession(request, timeout=5).last_sequence == number + 1
        seen = [[event.sequence for event in events_up_to(watch, 20)] for watch in watches]
        assert seen == [list(range(1, 21))] * MANY

    def test_of_as_many_sessions_each_gets_its_own_events(self, clients: list[Client]) -> None:
        names = [new_session(clients[0], PARENT).name for _ in range(MANY)]
        watches = [unread(clients[number % CHANNELS], name) for number, name in enumerate(names)]
        with ThreadPoolExecutor(CHANNELS) as pool:
            for round_ in (1, 2):
                list(pool.map(lambda name: append(clients[0], name, name), names))
                assert get_session(clients[0], names[-1]).last_sequence == round_
        seen = [[(event.sequence, event.text) for event in events_up_to(watch, 2)] for watch in watches]
        assert seen == [[(1, name), (2, name)] for name in names]


class TestIdle:
    """What watches cost while nothing happens, or little."""

    def test_watches_cost_one_query_a_tick_however_many_they_are(self, database_url: str) -> None:
        with following(database_url) as (server, client):
            sessions = [new_session(client, PARENT).name for _ in range(2)]
            watches = [started(client, sessions[0])]
            self._check_ticks(server)
            watches += [started(client, sessions[number % 2]) for number in range(IDLE)]
            self._check_ticks(server)
            assert all(watch.is_active() for watch in watches)

    def test_a_message_is_read_once_for_all(self, database_url: str) -> None:
        with following(database_url) as (server, client):
            session = new_session(client, PARENT).name
            watches = [started(client, session) for _ in range(IDLE)]
            with counted(server, "SELECT event.") as reads_of_events:
                append(client, session, "x")
                assert {len(events_up_to(watch, 1)) for watch in watches} == {1}
            with counted(server, "SELECT activity_session.description") as reads_of_sessions:
                update_session(client, Session(name=session, description="new"), "description")
                own = reads_of_sessions.count
                assert {next(watch).session.description for watch in watches} == {"new"}
            assert reads_of_events.count == 1
            assert reads_of_sessions.count <= own + 1

    def test_watches_hold_neither_threads_nor_connections(self, database_url: str) -> None:
        # With one thread for calls, it has been started by the first call.
        with following(database_url, threads=1) as (server, client):
            connections = eventually(lambda: idle_connections(server))
            session = new_session(client, PARENT).name
            watches = [started(client, session)]
            threads = threading.active_count()
            watches += [started(client, session) for _ in range(IDLE)]
            eventually(lambda: threading.active_count() <= threads)
            eventually(lambda: idle_connections(server) == connections)
            assert all(watch.is_active() for watch in watches)

    @staticmethod
    def _check_ticks(server: App) -> None:
        with counted(server, LOOK) as looks:
            # New followers get one more look.
            wait_for_looks(looks, 3)
        with counted(server) as statements, counted(server, LOOK) as looks:
            wait_for_looks(looks, TICKS)
        # One can come while the counting ends.
        assert looks.count <= statements.count <= looks.count + 1


class TestSlowReaders:
    def test_that_are_too_far_behind_are_told_where_to_resume(self, database_url: str) -> None:
        with self._behind(database_url, watch_backlog=5) as (server, client, session, slow):
            with counted(server, LOOK) as looks:
                wait_for_looks(looks, 5)
            self._check_end(client, session, *read_to_end(slow))

    def test_that_leave_a_message_unread_for_too_long_are_told_where_to_resume(self, database_url: str) -> None:
        with (
            following(database_url, watch_timeout=TIMEOUT) as (server, client),
            connected(server.address) as slow_client,
        ):
            session = new_session(client, PARENT).name
            for _ in range(LARGE_EVENTS):
                append(client, session, "x" * LARGE)
            slow = unread(slow_client, session)
            # It is cut when its client has not read the end for as long again.
            eventually(lambda: has_ended_some(server))
            self._check_end(client, session, *read_to_end(slow))

    def test_that_are_too_many_are_told_where_to_resume(self, database_url: str) -> None:
        with following(database_url) as (server, client), connected(server.address, SMALL_WINDOW) as slow_client:
            session = new_session(client, PARENT).name
            for _ in range(LARGE_EVENTS):
                append(client, session, "x" * LARGE)
            slow = [unread(slow_client, session) for _ in range(TOO_MANY)]
            eventually(lambda: has_ended_some(server))
            with ThreadPoolExecutor(TOO_MANY) as pool:
                ends = [found for found in pool.map(read_to_bookmark, slow) if found is not None]
            told = [(seen, end) for seen, end in ends if end.code is not grpc.StatusCode.CANCELLED]
            assert told
            for sequences, end in told:
                self._check_end(client, session, sequences, end)

    def test_that_are_not_too_far_behind_get_all_of_it(self, database_url: str) -> None:
        with self._behind(database_url) as (server, _, _, slow):
            with counted(server, LOOK) as looks:
                wait_for_looks(looks, 5)
            events = events_up_to(slow, LARGE_EVENTS)
            assert [event.sequence for event in events] == list(range(1, LARGE_EVENTS + 1))
            assert {len(event.text) for event in events} == {LARGE}

    def test_that_do_not_even_read_the_end_lose_their_place(self, database_url: str) -> None:
        with self._behind(database_url, watches=2, watch_timeout=0.3) as (_, client, session, slow):
            eventually(lambda: self._can_watch(client, session))
            sequences, end = read_to_end(slow)
            assert sequences == list(range(1, len(sequences) + 1))
            assert len(sequences) < LARGE_EVENTS
            assert end.code in (grpc.StatusCode.CANCELLED, grpc.StatusCode.RESOURCE_EXHAUSTED)

    @staticmethod
    def _check_end(client: Client, session: str, sequences: list[int], end: Failure) -> None:
        """Check that a watch has sent all events up to the place that its end names, and a second watch the rest."""
        assert (end.code, end.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "WATCH_TOO_SLOW")
        after = int(end.info.metadata["after_sequence"])
        assert dict(end.info.metadata) == {"resource": session, "after_sequence": str(after)}
        assert after < LARGE_EVENTS
        # The event that was on its way comes before the end.
        last = sequences[-1]
        assert sequences == list(range(1, last + 1))
        assert last in (after, after + 1)
        rest = events_up_to(unread(client, session, last), LARGE_EVENTS)
        assert [event.sequence for event in rest] == list(range(last + 1, LARGE_EVENTS + 1))

    @contextmanager
    def _behind(self, database_url: str, **settings: Any) -> Iterator[tuple[App, Client, str, Any]]:
        """Open a watch that is not read while another one of the same session gets everything."""
        with following(database_url, **settings) as (server, client), connected(server.address) as slow_client:
            session = new_session(client, PARENT).name
            slow = started(slow_client, session)
            with Watching.of(client, session) as other:
                for number in range(1, LARGE_EVENTS + 1):
                    append(client, session, "x" * LARGE)
                    other.wait_for_sequence(number)
                assert other.failure is None
            yield server, client, session, slow

    @staticmethod
    def _can_watch(client: Client, session: str) -> bool:
        """Return whether there is room for two."""
        with Watching.of(client, session, LARGE_EVENTS) as first, Watching.of(client, session, LARGE_EVENTS) as second:
            return all(watch.wait(lambda watch: watch.bookmarks or watch.failure) for watch in (first, second)) and (
                first.failure is second.failure is None
            )


class TestLimits:
    def test_of_watches(self, database_url: str) -> None:
        with following(database_url, watches=3) as (_, client):
            session = new_session(client, PARENT).name
            watches = [started(client, session) for _ in range(3)]
            _, end = read_to_end(unread(client, session))
            assert (end.code, end.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "SERVER_FULL")
            assert end.info.metadata["limit"] == "3"
            append(client, session, "the others go on")
            assert [len(events_up_to(watch, 1)) for watch in watches] == [1, 1, 1]
            watches[0].cancel()
            eventually(lambda: self._is_let_in(client, session))

    def test_of_watches_on_one_connection_leave_room_for_others(self, database_url: str) -> None:
        with (
            following(database_url, watches=3, watches_per_connection=2) as (server, client),
            connected(server.address) as other,
        ):
            session = new_session(client, PARENT).name
            watches = [started(client, session) for _ in range(2)]
            _, end = read_to_end(unread(client, session))
            assert (end.code, end.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "SERVER_FULL")
            assert end.info.metadata["limit"] == "2"
            assert "on this connection" in end.message
            watches.append(started(other, session))
            _, end = read_to_end(unread(other, session))
            assert end.info.metadata["limit"] == "3"
            watches[0].cancel()
            eventually(lambda: self._is_let_in(client, session))

    def test_of_calls_that_wait_for_a_turn_on_one_connection_leave_room_for_others(self, database_url: str) -> None:
        with (
            following(database_url, waiting_turns_per_connection=2) as (server, client),
            connected(server.address) as other,
        ):
            session = new_session(client, PARENT).name
            alice, *others = (new_participant(client, PARENT) for _ in range(4))
            acquire_turn(client, session, alice)
            calls = [waiting_for_turn(client, session, person) for person in others]
            (one_too_many,) = eventually(lambda: [call for call in calls if call.done()])
            refusal = failure_of(one_too_many)
            assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "SERVER_FULL")
            assert refusal.info.metadata["limit"] == "2"
            assert "on this connection" in refusal.message
            assert self._may_wait(other, session, others[0])
            for call in calls:
                call.cancel()
            assert eventually(lambda: self._may_wait(client, session, others[0]))

    def test_of_calls_that_wait_for_a_turn(self, database_url: str) -> None:
        with following(database_url, waiting_turns=2) as (_, client):
            session = new_session(client, PARENT).name
            alice, *others = (new_participant(client, PARENT) for _ in range(4))
            lease = acquire_turn(client, session, alice)
            calls = [waiting_for_turn(client, session, person) for person in others]
            (one_too_many,) = eventually(lambda: [call for call in calls if call.done()])
            refusal = failure_of(one_too_many)
            assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "SERVER_FULL")
            assert refusal.info.metadata["limit"] == "2"
            now = AcquireTurnRequest(session=session, participant=others[0])
            refused(client.sessions.AcquireTurn, now, "TURN_HELD")
            release_turn(client, lease)
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(partial(self._pass_on, client), (call for call in calls if call is not one_too_many)))
            acquire_turn(client, session, alice)
            assert eventually(lambda: self._may_wait(client, session, others[0]))

    @staticmethod
    def _pass_on(client: Client, call: Any) -> None:
        release_turn(client, call.result())

    @staticmethod
    def _may_wait(client: Client, session: str, participant: str) -> bool:
        request = AcquireTurnRequest(session=session, participant=participant, wait=True)
        return failure(client.sessions.AcquireTurn, request, timeout=0.3).code is grpc.StatusCode.DEADLINE_EXCEEDED

    @staticmethod
    def _is_let_in(client: Client, session: str) -> bool:
        with Watching.of(client, session) as watch:
            watch.wait(lambda watch: watch.bookmarks or watch.failure)
            return watch.failure is None


class TestLooks:
    def test_that_fail_are_made_up_for(self, database_url: str) -> None:
        def fail() -> None:
            raise RuntimeError("the database is out of its mind")

        with following(database_url) as (server, client):
            session = new_session(client, PARENT).name
            with Watching.of(client, session) as watch:
                watch.wait_for_start()
                with before(server, LOOK, fail, most=5) as failed:
                    append(client, session, "x")
                    assert watch.wait_for_sequence(1).failure is None
                assert failed.count == 5

    def test_between_which_a_session_is_replaced_end_its_watches(self, database_url: str) -> None:
        with following(database_url) as (server, client), following(database_url) as (_, other):
            session = new_session(client, PARENT).name
            append(client, session, "old")
            with Watching.of(client, session) as watch:
                watch.wait_for_start()
                with before(server, LOOK, partial(self._replace, other, session)):
                    end = watch.wait_for_end()
            assert (end.code, end.reason) == (grpc.StatusCode.NOT_FOUND, "SESSION_NOT_FOUND")
            assert [event.text for event in watch.events] == ["old"]
            assert len(watch.sessions) == 1

    def test_between_which_a_session_is_replaced_end_the_waiting_for_its_turn(self, database_url: str) -> None:
        with following(database_url) as (server, client), following(database_url) as (_, other):
            session = new_session(client, PARENT).name
            alice, bob = (new_participant(client, PARENT) for _ in range(2))
            acquire_turn(client, session, alice)
            call = waiting_for_turn(client, session, bob)
            with before(server, LOOK, partial(self._replace, other, session, alice)) as replaced:
                eventually(lambda: replaced.count == 1)
                assert eventually(call.done)
            assert failure_of(call).reason == "SESSION_NOT_FOUND"
            assert get_session(other, session).turn.holder == alice

    @staticmethod
    def _replace(client: Client, session: str, holder: str = "") -> None:
        """Replace a session by another one with the same name."""
        delete_session(client, session)
        client.sessions.ExpungeSession(ExpungeSessionRequest(name=session))
        new_session(client, PARENT, session.rpartition("/")[2])
        append(client, session, "new", "newer")
        if holder:
            acquire_turn(client, session, holder)


class TestTurnQueues:
    def test_in_which_no_call_waits_any_more_are_left_alone(
        self, database_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        works, work = itertools.count(), TurnQueue.work
        monkeypatch.setattr(TurnQueue, "work", lambda queue: (next(works), work(queue))[1])
        with following(database_url) as (server, client):
            session, other = (new_session(client, PARENT).name for _ in range(2))
            call = self._waits_for_alice(server, client, session)
            # Looks continue as long as something is followed.
            watch = started(client, other)
            delete_session(client, session)
            assert failure_of(call).reason == "SESSION_DELETED"
            with counted(server, LOOK) as looks:
                wait_for_looks(looks, TICKS)
            assert watch.is_active()
            assert next(works) == 1

    def test_that_were_left_do_not_take_the_next_one_along(self, database_url: str) -> None:
        with following(database_url) as (server, client):
            session = new_session(client, PARENT).name
            call = self._waits_for_alice(server, client, session)
            (left,) = turn_queues(server)
            release_turn(client, get_session(client, session).turn)
            call.result()
            eventually(lambda: not turn_queues(server))
            next_call = waiting_for_turn(client, session, new_participant(client, PARENT))
            (new,) = eventually(lambda: turn_queues(server))
            # As a late thread does.
            left.work()
            assert turn_queues(server) == [new]
            assert not next_call.done()

    @staticmethod
    def _waits_for_alice(server: App, client: Client, session: str) -> Any:
        """Start a call that waits for a turn, which Alice holds."""
        alice, bob = (new_participant(client, PARENT) for _ in range(2))
        acquire_turn(client, session, alice)
        call = waiting_for_turn(client, session, bob)
        eventually(lambda: turn_queues(server))
        return call


class TestDraining:
    def test_ends_watches_behind_all_that_was_written(self, database_url: str) -> None:
        with ExitStack() as stack:
            with serving(database_url) as server:
                client = stack.enter_context(connected(server.address))
                session = new_session(client, PARENT).name
                watches = [stack.enter_context(Watching.of(client, session)) for _ in range(10)]
                for watch in watches:
                    watch.wait_for_start()
                for _ in range(5):
                    append(client, session, *["x"] * 100)
                began = time.monotonic()
            assert time.monotonic() - began < PROMPT
            ends = [watch.wait_for_end() for watch in watches]
        assert {(end.code, end.reason) for end in ends} == {(grpc.StatusCode.UNAVAILABLE, "SERVER_DRAINING")}
        assert [watch.sequences for watch in watches] == [list(range(1, 501))] * 10

    def test_ends_no_watch_before_it_has_looked_a_last_time(self, database_url: str) -> None:
        with following(database_url) as (_, other), ExitStack() as stack:
            with serving(database_url, poll_interval=SECONDS, health_interval=NO_UPKEEP) as server:
                client = stack.enter_context(connected(server.address))
                session = new_session(client, PARENT).name
                watch = stack.enter_context(Watching.of(client, session))
                watch.wait_for_start()
                append(other, session, "x")
                stack.enter_context(before(server, LOOK, partial(self._work_on_all, server)))
            assert watch.wait_for_end().reason == "SERVER_DRAINING"
        assert watch.sequences == [1]

    @staticmethod
    def _work_on_all(server: App) -> None:
        """Do what a look does that began before the last one."""
        feeds = server.feeds
        feeds._schedule(tuple(feeds._feeds.values()))  # noqa: SLF001
        eventually(lambda: not feeds._jobs._scheduled)  # noqa: SLF001

    def test_ends_the_waiting_for_a_turn(self, database_url: str) -> None:
        with ExitStack() as stack:
            with serving(database_url, waiting_turns=19) as server:
                client = stack.enter_context(connected(server.address))
                session = new_session(client, PARENT).name
                alice, bob = (new_participant(client, PARENT) for _ in range(2))
                lease = acquire_turn(client, session, alice)
                calls = [waiting_for_turn(client, session, bob) for _ in range(20)]
                # One more than allowed: when it is refused, all the others wait.
                (refused_call,) = eventually(lambda: [call for call in calls if call.done()])
                calls.remove(refused_call)
                began = time.monotonic()
            assert time.monotonic() - began < PROMPT
            ends = list(map(failure_of, calls))
        assert {(end.code, end.reason) for end in ends} == {(grpc.StatusCode.UNAVAILABLE, "SERVER_DRAINING")}
        with following(database_url) as (_, client):
            assert get_session(client, session).turn == lease

    def test_does_not_wait_for_who_does_not_read(self, database_url: str) -> None:
        with ExitStack() as stack:
            with serving(database_url, drain_timeout=1) as server:
                client = stack.enter_context(connected(server.address))
                session = new_session(client, PARENT).name
                slow = started(client, session)
                for _ in range(LARGE_EVENTS):
                    append(client, session, "x" * LARGE)
                began = time.monotonic()
            assert time.monotonic() - began < PROMPT
            sequences, _ = read_to_end(slow)
            assert sequences == list(range(1, len(sequences) + 1))

    def test_leaves_no_threads(self, database_url: str) -> None:
        threads = set(threading.enumerate())
        with following(database_url) as (_, client):
            session = new_session(client, PARENT).name
            watches = [started(client, session) for _ in range(20)]
            alice, bob = (new_participant(client, PARENT) for _ in range(2))
            acquire_turn(client, session, alice)
            calls = [waiting_for_turn(client, session, bob) for _ in range(20)]
            append(client, session, "x")
            assert {len(events_up_to(watch, 1)) for watch in watches} == {1}
            assert not any(call.done() for call in calls)
        eventually(lambda: set(threading.enumerate()) <= threads)
