"""Watches: existing events, then new ones, in order and each once, wherever and however often a client is cut off."""

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial

import grpc
import pytest

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import UpdateStateRequest
from activity_session.v1.session_pb2 import SESSION_VIEW_BASIC, SESSION_VIEW_FULL, Session
from activity_session.v1.session_service_pb2 import (
    BindParticipantRequest,
    ExpungeSessionRequest,
    MarkReadRequest,
    RenewTurnRequest,
    UnbindParticipantRequest,
    UndeleteSessionRequest,
)
from activity_session.v1.state_pb2 import StateUpdate
from activity_session_testing.servers import Client, Failure
from activity_session_testing.steps import (
    acquire_turn,
    append,
    at_once,
    delete_session,
    get_session,
    list_events,
    members,
    new_participant,
    new_session,
    release_turn,
    update_session,
)
from activity_session_testing.watches import Watching

BATCH = 100
# More than a server reads at a time, and not a multiple of that.
MANY = 300
WRITERS, APPENDS = 8, 25
CUTS = 40
# Limits a writer that keeps writing until it is told to stop.
MOST = 10_000


def fill(client: Client, session: str, count: int) -> list[Event]:
    """Append that many events, in batches."""
    texts = [f"text {number}" for number in range(count)]
    for start in range(0, count, BATCH):
        append(client, session, *texts[start : start + BATCH])
    return list_events(client, session)


def kinds(watch: Watching) -> list[str | None]:
    return [message.WhichOneof("change") for message in watch.messages]


def up_to(last: int, after: int = 0) -> list[int]:
    return list(range(after + 1, last + 1))


def end_of(client: Client, session: str, after_sequence: int = 0) -> Failure:
    """Return the error of a watch that the server refuses."""
    with Watching.of(client, session, after_sequence) as watch:
        refusal = watch.wait_for_end()
        assert watch.messages == []
    return refusal


def describe(client: Client, session: str, description: str) -> Session:
    return update_session(client, Session(name=session, description=description), "description")


def expunge(client: Client, session: str) -> None:
    delete_session(client, session)
    client.sessions.ExpungeSession(ExpungeSessionRequest(name=session))


@pytest.fixture
def session(client: Client, namespace: str) -> str:
    return new_session(client, namespace).name


class TestStart:
    @pytest.mark.parametrize("after", [0, 1, 150, MANY - 1, MANY])
    def test_gives_what_is_there_after_a_number(self, client: Client, session: str, after: int) -> None:
        events = fill(client, session, MANY)
        with Watching.of(client, session, after) as watch:
            watch.wait_for_start()
            assert watch.events == events[after:]
            append(client, session, "next")
            assert watch.wait_for_sequence(MANY + 1).sequences == up_to(MANY + 1, after)

    def test_of_a_session_without_events_gives_the_session(self, client: Client, session: str) -> None:
        with Watching.of(client, session) as watch:
            watch.wait_for_start()
            assert kinds(watch) == ["session", "bookmark"]
            assert watch.bookmarks == [0]

    def test_puts_the_session_and_a_bookmark_behind_the_events(self, client: Client, session: str) -> None:
        fill(client, session, 50)
        with Watching.of(client, session) as watch:
            watch.wait_for_start()
            assert kinds(watch) == ["event"] * 50 + ["session", "bookmark"]
            assert watch.bookmarks == [50]
            assert watch.sessions == [get_session(client, session)]

    def test_gives_the_session_as_it_is_now_and_not_as_others_have_seen_it(
        self, client: Client, namespace: str, session: str
    ) -> None:
        alice = new_participant(client, namespace)
        client.sessions.BindParticipant(BindParticipantRequest(session=session, participant=alice))
        with Watching.of(client, session) as other:
            other.wait_for_start()
            fill(client, session, 3)
            other.wait_for_sequence(3)
            client.sessions.MarkRead(MarkReadRequest(session=session, participant=alice, sequence=2))
            with Watching.of(client, session) as watch:
                assert watch.wait_for_start().sessions == [get_session(client, session)]

    @pytest.mark.parametrize(("count", "after"), [(0, 1), (3, 4), (3, 2**63 - 1), (3, -1)])
    def test_refuses_a_place_outside_the_log(self, client: Client, session: str, count: int, after: int) -> None:
        fill(client, session, count)
        refusal = end_of(client, session, after)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
        assert refusal.fields == ["after_sequence"]

    def test_refuses_a_session_that_is_not_there(self, client: Client, namespace: str) -> None:
        reasons = {
            f"{namespace}/sessions/missing": "SESSION_NOT_FOUND",
            f"{namespace}-x/sessions/missing": "NAMESPACE_NOT_FOUND",
            namespace: "INVALID_FIELD",
            "": "INVALID_FIELD",
        }
        assert {name: end_of(client, name).reason for name in reasons} == reasons

    def test_follows_a_disabled_session(self, client: Client, session: str) -> None:
        fill(client, session, 2)
        update_session(client, Session(name=session, enabled=False), "enabled")
        with Watching.of(client, session) as watch:
            assert watch.wait_for_start().sequences == [1, 2]
            update_session(client, Session(name=session, enabled=True), "enabled")
            watch.wait(lambda watch: watch.sessions[-1].enabled)


class TestEvents:
    def test_come_in_order_and_once_while_many_write(self, client: Client, session: str) -> None:
        last = WRITERS * APPENDS
        with ExitStack() as stack, ThreadPoolExecutor(1) as pool:
            watches = [stack.enter_context(Watching.of(client, session))]
            done = pool.submit(at_once, [partial(self._write, client, session, number) for number in range(WRITERS)])
            # Each begins at another moment, in the middle of the writing.
            for begin in (last // 4, last // 2, 3 * last // 4):
                watches[0].wait_for_sequence(begin)
                watches.append(stack.enter_context(Watching.of(client, session)))
            assert done.result() == [None] * WRITERS
            events = list_events(client, session)
            for watch in watches:
                assert watch.wait_for_sequence(last).events == events
        assert [event.sequence for event in events] == up_to(last)

    def test_of_the_start_come_before_the_session_and_the_bookmark_also_while_many_write(
        self, client: Client, session: str
    ) -> None:
        with ThreadPoolExecutor(1) as pool, Watching.of(client, session) as first:
            done = pool.submit(at_once, [partial(self._write, client, session, number) for number in range(WRITERS)])
            while not done.done():
                there = get_session(client, session).last_sequence
                with Watching.of(client, session, there // 2) as watch:
                    watch.wait_for_start()
                    begin = kinds(watch).index("session")
                    assert begin >= there - there // 2
                    assert kinds(watch)[begin + 1] == "bookmark"
                    assert watch.sequences[:begin] == up_to(watch.bookmarks[0], there // 2)
            first.wait_for_sequence(WRITERS * APPENDS)

    def test_come_as_they_were_appended(self, client: Client, namespace: str, session: str) -> None:
        alice = new_participant(client, namespace)
        with Watching.of(client, session) as watch:
            appended = append(
                client,
                session,
                Event(author=alice, type="message", text="Grüße 👩‍🚀\0\r\n", labels={"a": "b"}),
                Event(blob=bytes(range(256)), media_type="image/png"),
                Event(text=""),
                Event(),
            )
            assert watch.wait_for_sequence(4).events == list(appended.events)

    def test_of_another_session_stay_away(self, client: Client, namespace: str, session: str) -> None:
        other = new_session(client, namespace).name
        with Watching.of(client, session) as watch, Watching.of(client, other) as other_watch:
            append(client, other, "elsewhere")
            append(client, session, "here")
            assert [event.text for event in watch.wait_for_sequence(1).events] == ["here"]
            assert [event.text for event in other_watch.wait_for_sequence(1).events] == ["elsewhere"]

    @staticmethod
    def _write(client: Client, session: str, writer: int) -> None:
        for number in range(APPENDS):
            append(client, session, f"{writer}: {number}")


class TestSessionMessages:
    def test_come_when_metadata_members_or_the_turn_change(self, client: Client, namespace: str, session: str) -> None:
        alice = new_participant(client, namespace)
        bind = BindParticipantRequest(session=session, participant=alice)
        unbind = UnbindParticipantRequest(session=session, participant=alice)
        with Watching.of(client, session) as watch:
            watch.wait_for_start()
            self._shows(client, session, watch, lambda: describe(client, session, "new"))
            self._shows(client, session, watch, lambda: client.sessions.BindParticipant(bind))
            self._shows(client, session, watch, lambda: client.sessions.UnbindParticipant(unbind))
            lease = acquire_turn(client, session, alice)
            renewal = RenewTurnRequest(session=session, token=lease.token)
            self._shows(client, session, watch, lambda: client.sessions.RenewTurn(renewal))
            self._shows(client, session, watch, lambda: release_turn(client, lease))
            assert watch.events == []

    def test_come_when_a_turn_is_taken_and_when_it_expires_by_itself(
        self, client: Client, namespace: str, session: str
    ) -> None:
        with Watching.of(client, session) as watch:
            watch.wait_for_start()
            lease = acquire_turn(client, session, new_participant(client, namespace), 0.5)
            assert watch.wait(lambda watch: len(watch.sessions) > 1)
            assert watch.sessions[1].turn == lease
            watch.wait(lambda watch: not watch.sessions[-1].HasField("turn"))
            assert len(watch.sessions) == 3

    def test_do_not_come_after_appends_state_and_read_marks(self, client: Client, namespace: str) -> None:
        alice = new_participant(client, namespace)
        session = new_session(client, namespace, participants=members(alice)).name
        update = StateUpdate(key="k", value_json="1")
        with Watching.of(client, session) as watch:
            watch.wait_for_start()
            append(client, session, "x")
            watch.wait_for_sequence(1)
            client.events.UpdateState(UpdateStateRequest(name=session, updates=[update]))
            append(client, session, "x", state_updates=[update])
            client.sessions.MarkRead(MarkReadRequest(session=session, participant=alice, sequence=1))
            watch.wait_for_sequence(2)
            last = describe(client, session, "the only change")
            assert watch.wait(lambda watch: watch.sessions[1:]) == [last]
        assert kinds(watch) == ["session", "bookmark", "event", "event", "session"]

    def test_tell_the_newest_state_and_never_an_older_one(self, client: Client, session: str) -> None:
        with Watching.of(client, session) as watch:
            for number in range(30):
                last = describe(client, session, f"{number:02}")
            watch.wait(lambda watch: last in watch.sessions)
            seen = [message.description for message in watch.sessions]
        assert seen == sorted(seen)

    def test_come_with_the_data_of_the_session_for_the_view_full(self, client: Client, session: str) -> None:
        with Watching.of(client, session, view=SESSION_VIEW_FULL) as watch:
            changed = update_session(client, Session(name=session, data="x" * 100_000), "data")
            assert watch.wait(lambda watch: [found for found in watch.sessions if found.data])[-1] == changed

    @staticmethod
    def _shows(client: Client, session: str, watch: Watching, change: Callable[[], object]) -> None:
        """Check that a change is followed by a message with the session as it is then."""
        seen = len(watch.sessions)
        change()
        now = get_session(client, session)
        watch.wait(lambda watch: watch.sessions[seen:] and watch.sessions[-1] == now)


class TestResume:
    def test_after_each_of_many_cuts_misses_nothing_and_repeats_nothing(self, client: Client, session: str) -> None:
        chance = random.Random(3)
        seen: list[int] = []
        enough = threading.Event()
        with ThreadPoolExecutor(1) as pool:
            last = pool.submit(self._write_until, client, session, enough)
            for _ in range(CUTS):
                with Watching.of(client, session, len(seen)) as watch:
                    watch.wait(partial(self._has_seen, chance.randint(0, 60)))
                seen += watch.sequences
                assert seen == up_to(len(seen))
            enough.set()
        with Watching.of(client, session, len(seen)) as watch:
            seen += watch.wait_for_start().sequences
        assert seen == up_to(last.result())

    def test_from_every_number_gives_the_rest(self, client: Client, session: str) -> None:
        events = fill(client, session, CUTS)
        with ExitStack() as stack:
            watches = [stack.enter_context(Watching.of(client, session, after)) for after in range(CUTS + 1)]
            for after, watch in enumerate(watches):
                assert watch.wait_for_start().events == events[after:]

    @staticmethod
    def _has_seen(count: int, watch: Watching) -> bool:
        return len(watch.messages) >= count or bool(watch.bookmarks)

    @staticmethod
    def _write_until(client: Client, session: str, enough: threading.Event) -> int:
        chance = random.Random(4)
        last = 0
        while not enough.is_set() and last < MOST:
            last = append(client, session, *["x"] * chance.randint(1, 40)).last_sequence
        return last


class TestEnd:
    def test_of_a_session_that_is_deleted_comes_behind_its_last_event(self, client: Client, session: str) -> None:
        with Watching.of(client, session) as watch:
            watch.wait_for_start()
            for _ in range(3):
                append(client, session, *["x"] * BATCH)
            delete_session(client, session)
            end = watch.wait_for_end()
            assert (end.code, end.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "SESSION_DELETED")
            assert dict(end.info.metadata) == {"resource": session}
            assert watch.sequences == up_to(3 * BATCH)

    @pytest.mark.parametrize("after", [0, 77, MANY])
    def test_of_a_session_that_was_deleted_comes_behind_its_log(self, client: Client, session: str, after: int) -> None:
        events = fill(client, session, MANY)
        delete_session(client, session)
        with Watching.of(client, session, after) as watch:
            assert watch.wait_for_end().reason == "SESSION_DELETED"
            assert watch.events == events[after:]

    def test_is_none_after_the_session_was_brought_back(self, client: Client, session: str) -> None:
        for number in range(1, 6):
            with Watching.of(client, session) as watch:
                append(client, session, "x")
                watch.wait_for_sequence(number)
                delete_session(client, session)
                assert watch.wait_for_end().reason == "SESSION_DELETED"
            restored = client.sessions.UndeleteSession(UndeleteSessionRequest(name=session))
            with Watching.of(client, session, number - 1) as watch:
                assert watch.wait_for_start().sequences == [number]
                assert watch.sessions == [restored]

    def test_of_a_session_that_is_expunged_comes_before_anything_of_a_new_one(
        self, client: Client, namespace: str, session: str
    ) -> None:
        fill(client, session, 5)
        with Watching.of(client, session) as watch:
            watch.wait_for_start()
            expunge(client, session)
            recreated = new_session(client, namespace, session.rpartition("/")[2])
            assert recreated.name == session
            append(client, session, *["of the new one"] * 10)
            # This depends on whether it noticed the deletion before the session was gone.
            assert watch.wait_for_end().reason in ("SESSION_DELETED", "SESSION_NOT_FOUND")
            assert watch.sequences == up_to(5)
            assert {found.uid for found in watch.sessions}.isdisjoint({recreated.uid})
        with Watching.of(client, session) as watch:
            assert {event.text for event in watch.wait_for_start().events} == {"of the new one"}
            assert [found.uid for found in watch.sessions] == [recreated.uid]

    def test_of_a_session_that_was_expunged_comes_at_once(self, client: Client, session: str) -> None:
        expunge(client, session)
        end = end_of(client, session)
        assert (end.code, end.reason) == (grpc.StatusCode.NOT_FOUND, "SESSION_NOT_FOUND")


def has_turn(watch: Watching, token: int) -> bool:
    """Whether the newest session that a watch has seen has the turn of that token; 0 for none."""
    return watch.sessions[-1].turn.token == token


class TestView:
    DATA = "x" * 1_000_000

    def take_and_hand_back(self, client: Client, session: str, participant: str, watch: Watching) -> None:
        """Take the turn four times; the watch has seen each."""
        for _ in range(4):
            lease = acquire_turn(client, session, participant)
            watch.wait(partial(has_turn, token=lease.token))
            release_turn(client, lease)
            watch.wait(partial(has_turn, token=0))

    def test_is_basic_unless_asked_for(self, client: Client, namespace: str) -> None:
        ada = new_participant(client, namespace)
        session = new_session(client, namespace, data=self.DATA, description="kept").name
        with Watching.of(client, session) as watch:
            watch.wait_for_start()
            self.take_and_hand_back(client, session, ada, watch)
            assert len(watch.sessions) == 9
            assert {(seen.data, seen.description) for seen in watch.sessions} == {("", "kept")}
            assert sum(message.ByteSize() for message in watch.messages) < 100_000

    def test_that_is_full_has_the_data_when_it_may_have_changed(self, client: Client, namespace: str) -> None:
        ada = new_participant(client, namespace)
        session = new_session(client, namespace, data=self.DATA)
        with Watching.of(client, session.name, view=SESSION_VIEW_FULL) as watch:
            watch.wait_for_start()
            self.take_and_hand_back(client, session.name, ada, watch)
            assert [len(seen.data) for seen in watch.sessions] == [len(self.DATA)] + 8 * [0]
            assert {seen.etag for seen in watch.sessions} == {session.etag}
            update_session(client, Session(name=session.name, data="new"), "data")
            watch.wait(lambda watch: watch.sessions[-1].data == "new")
            assert sum(message.ByteSize() for message in watch.messages) < 1_100_000

    def test_of_one_does_not_decide_for_another(self, client: Client, namespace: str) -> None:
        session = new_session(client, namespace, data="data").name
        with (
            Watching.of(client, session, view=SESSION_VIEW_FULL) as full,
            Watching.of(client, session) as basic,
            Watching.of(client, session, view=SESSION_VIEW_BASIC) as other,
        ):
            for watch in (full, basic, other):
                watch.wait_for_start()
            update_session(client, Session(name=session, data="more", description="new"), "data", "description")
            for watch in (full, basic, other):
                watch.wait(lambda watch: watch.sessions[-1].description == "new")
            assert [seen.data for seen in full.sessions] == ["data", "more"]
            assert {seen.data for seen in (*basic.sessions, *other.sessions)} == {""}
