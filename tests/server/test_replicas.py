"""Two server processes on one database: numbers, watches, turns and state are as on one, even if one is killed."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import pytest

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import (
    AppendEventsRequest,
    AppendEventsResponse,
    GetStateRequest,
    UpdateStateRequest,
)
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import AcquireTurnRequest
from activity_session.v1.state_pb2 import State, StateUpdate
from activity_session_server.store import schema
from activity_session_testing.backends import SHARED_BACKENDS
from activity_session_testing.processes import ServerProcess, serving_process
from activity_session_testing.servers import Client, Failure, connected
from activity_session_testing.steps import (
    acquire_turn,
    append,
    at_once,
    delete_session,
    failure_of,
    get_session,
    list_events,
    new_participant,
    new_session,
    refused,
    release_turn,
    update_session,
    waiting_for_turn,
)
from activity_session_testing.watches import Watching

PARENT = "namespaces/default"
WRITERS, APPENDS = 32, 6
CONTENDERS = 16
COUNTERS, INCREMENTS, TRIES = 8, 5, 200
POLL_INTERVAL = 0.2
# What a loaded machine may add to each measured time.
SLACK = 2.0
ROUNDS = 10
# Limits writers that keep writing until their server is killed.
MOST = 10_000
NewUrls = Callable[[], tuple[str, str]]


@contextmanager
def two_servers(urls: tuple[str, str], folder: Path) -> Iterator[tuple[ServerProcess, ServerProcess]]:
    here, there = urls
    if not here.startswith("sqlite"):
        schema.migrate_url(here)
    flags = ("--poll-interval", f"{POLL_INTERVAL}", "--database-url")
    with (
        serving_process(folder / "log1", *flags, here) as first,
        serving_process(folder / "log2", *flags, there) as second,
    ):
        yield first, second


@pytest.fixture(scope="module", params=SHARED_BACKENDS)
def new_urls(request: pytest.FixtureRequest, new_shared_database: Callable[[str], tuple[str, str]]) -> NewUrls:
    """The URLs of an empty database of each backend that two processes can share."""
    return partial(new_shared_database, request.param)


@pytest.fixture(scope="module")
def replicas(new_urls: NewUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Client]]:
    """A client of each server."""
    with two_servers(new_urls(), tmp_path_factory.mktemp("logs")) as servers, ExitStack() as stack:
        yield [stack.enter_context(connected(server.address)) for server in servers]


@pytest.fixture
def session(replicas: list[Client]) -> str:
    return new_session(replicas[0], PARENT).name


def up_to(last: int) -> list[int]:
    return list(range(1, last + 1))


def read_state(client: Client, session: str) -> State:
    return client.events.GetState(GetStateRequest(name=session))


class TestNumbers:
    def test_have_no_gaps_under_writers_of_both(self, replicas: list[Client], session: str) -> None:
        with Watching.of(replicas[0], session) as first, Watching.of(replicas[1], session) as second:
            calls = [partial(self._write, replicas[number % 2], session, f"{number}") for number in range(WRITERS)]
            given = [sequence for sequences in self._all_answered(calls) for sequence in sequences]
            last = WRITERS * APPENDS
            assert sorted(given) == up_to(last)
            events = list_events(replicas[0], session)
            assert [event.sequence for event in events] == up_to(last)
            assert list_events(replicas[1], session) == events
            for watch in (first, second):
                assert watch.wait_for_sequence(last).events == events

    def test_of_a_batch_follow_each_other(self, replicas: list[Client], session: str) -> None:
        texts = ["a", "b", "c"]
        calls = [partial(append, replicas[number % 2], session, *texts) for number in range(WRITERS)]
        for answer in self._all_answered(calls):
            first = answer.events[0].sequence
            assert [event.sequence for event in answer.events] == [first, first + 1, first + 2]
        assert [event.text for event in list_events(replicas[0], session)] == texts * WRITERS

    def test_of_a_retry_on_the_other_one_are_the_first_ones(self, replicas: list[Client], session: str) -> None:
        for number in range(ROUNDS):
            request = AppendEventsRequest(parent=session, events=[Event(event_id=f"{number}", text="x")])
            calls = [partial(client.events.AppendEvents, request) for client in replicas]
            assert {answer.events[0].sequence for answer in self._all_answered(calls)} == {number + 1}
        assert get_session(replicas[1], session).last_sequence == ROUNDS

    @staticmethod
    def _write(client: Client, session: str, writer: str) -> list[int]:
        sequences = [append(client, session, writer).last_sequence for _ in range(APPENDS)]
        assert sequences == sorted(sequences)
        return sequences

    @staticmethod
    def _all_answered(calls: Sequence[Callable[[], Any]]) -> list[Any]:
        answers = at_once(calls)
        assert [answer.message for answer in answers if isinstance(answer, Failure)] == []
        return answers


class TestWatches:
    def test_see_what_the_other_one_writes_within_two_looks(self, replicas: list[Client], session: str) -> None:
        here, there = replicas
        waited = []
        with Watching.of(there, session) as watch:
            watch.wait_for_start()
            for number in range(1, ROUNDS + 1):
                append(here, session, "x")
                began = time.monotonic()
                watch.wait_for_sequence(number)
                waited.append(time.monotonic() - began)
            assert watch.sequences == up_to(ROUNDS)
        assert max(waited) < 2 * POLL_INTERVAL + SLACK

    def test_see_the_session_as_the_other_one_has_left_it(self, replicas: list[Client], session: str) -> None:
        here, there = replicas
        with Watching.of(there, session) as watch:
            watch.wait_for_start()
            described = update_session(here, Session(name=session, description="new"), "description")
            watch.wait(lambda watch: described in watch.sessions)
            lease = acquire_turn(here, session, new_participant(here, PARENT))
            watch.wait(lambda watch: watch.sessions[-1].turn == lease)
            append(here, session, "last")
            delete_session(here, session)
            assert watch.wait_for_end().reason == "SESSION_DELETED"
            assert watch.sequences == [1]


class TestTurns:
    @pytest.fixture
    def people(self, replicas: list[Client]) -> list[str]:
        return [new_participant(replicas[0], PARENT) for _ in range(CONTENDERS)]

    def test_of_one_are_those_of_the_other(self, replicas: list[Client], session: str, people: list[str]) -> None:
        here, there = replicas
        lease = acquire_turn(here, session, people[0])
        assert get_session(there, session).turn == lease
        refusal = refused(
            there.sessions.AcquireTurn, AcquireTurnRequest(session=session, participant=people[1]), "TURN_HELD"
        )
        assert refusal.info.metadata["holder"] == people[0]
        assert refusal.info.metadata["expire_time"] == lease.expire_time.ToJsonString()
        append(there, session, "mine", turn_token=lease.token)
        release_turn(there, lease)
        assert acquire_turn(here, session, people[1]).token > lease.token
        late = AppendEventsRequest(parent=session, events=[Event(text="late")], turn_token=lease.token)
        for client in replicas:
            refused(client.events.AppendEvents, late, "TURN_LOST")

    def test_go_to_who_waits_on_the_other_one(self, replicas: list[Client], session: str, people: list[str]) -> None:
        here, there = replicas
        lease = acquire_turn(here, session, people[0])
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(acquire_turn, there, session, people[1], wait=True)
            release_turn(here, lease)
            assert waiting.result().token > lease.token

    def test_that_expire_go_to_who_waits_on_the_other_one(
        self, replicas: list[Client], session: str, people: list[str]
    ) -> None:
        here, there = replicas
        first = acquire_turn(here, session, people[0], 0.3)
        second = acquire_turn(there, session, people[1], 30, wait=True)
        # When it was given, by the database's clock.
        waited = second.expire_time.ToDatetime() - timedelta(seconds=30) - first.expire_time.ToDatetime()
        assert timedelta(0) <= waited <= timedelta(seconds=POLL_INTERVAL + SLACK)

    def test_of_contenders_on_both_come_one_after_the_other(
        self, replicas: list[Client], session: str, people: list[str]
    ) -> None:
        calls = [
            partial(self._take_part, replicas[number % 2], session, person) for number, person in enumerate(people)
        ]
        assert at_once(calls) == [None] * CONTENDERS
        events = list_events(replicas[0], session)
        tokens = [int(event.text) for event in events]
        assert tokens == sorted(set(tokens))
        assert sorted(event.author for event in events) == sorted(people)

    @staticmethod
    def _take_part(client: Client, session: str, person: str) -> None:
        lease = acquire_turn(client, session, person, wait=True)
        append(client, session, Event(author=person, text=str(lease.token)), turn_token=lease.token)
        release_turn(client, lease)


class TestState:
    def test_counts_exactly_by_compare_and_set(self, replicas: list[Client], session: str) -> None:
        calls = [partial(self._count, replicas[number % 2], session) for number in range(COUNTERS)]
        assert at_once(calls) == [None] * COUNTERS
        for client in replicas:
            entry = read_state(client, session).entries["count"]
            assert entry.value_json == str(COUNTERS * INCREMENTS)
            assert entry.revision == COUNTERS * INCREMENTS

    def test_of_a_new_key_is_won_by_one(self, replicas: list[Client], session: str) -> None:
        updates = [StateUpdate(key="k", value_json=f"{number}", expected_revision=0) for number in range(CONTENDERS)]
        calls = [
            partial(replicas[number % 2].events.UpdateState, UpdateStateRequest(name=session, updates=[update]))
            for number, update in enumerate(updates)
        ]
        answers = at_once(calls)
        (won,) = [answer for answer in answers if isinstance(answer, State)]
        reasons = [answer.reason for answer in answers if isinstance(answer, Failure)]
        assert reasons == ["REVISION_MISMATCH"] * (CONTENDERS - 1)
        assert read_state(replicas[0], session) == read_state(replicas[1], session) == won

    def _count(self, client: Client, session: str) -> None:
        for _ in range(INCREMENTS):
            assert any(self._increment(client, session) for _ in range(TRIES))

    @staticmethod
    def _increment(client: Client, session: str) -> bool:
        entry = read_state(client, session).entries["count"]
        value = str(json.loads(entry.value_json or "0") + 1)
        update = StateUpdate(key="count", value_json=value, expected_revision=entry.revision)
        try:
            client.events.UpdateState(UpdateStateRequest(name=session, updates=[update]))
        except grpc.RpcError as error:
            reason = Failure(error).reason
        else:
            return True
        assert reason == "REVISION_MISMATCH"
        return False


class TestKilled:
    """One of the two is killed while many write."""

    def test_leaves_every_acknowledged_event_once_and_no_gaps(self, new_urls: NewUrls, tmp_path: Path) -> None:
        acknowledged: dict[str, int] = {}
        with two_servers(new_urls(), tmp_path) as servers, ExitStack() as stack:
            survivor, killed = (stack.enter_context(connected(server.address)) for server in servers)
            session = new_session(survivor, PARENT).name
            watch = stack.enter_context(Watching.of(killed, session))
            with ThreadPoolExecutor(8) as pool:
                dying = [pool.submit(self._write, killed, session, f"d{n}", MOST, acknowledged) for n in range(4)]
                living = [pool.submit(self._write, survivor, session, f"s{n}", 50, acknowledged) for n in range(4)]
                watch.wait(lambda watch: len(watch.events) > 40)
                servers[1].kill()
            assert {writer.result() for writer in living} == {50}
            assert max(writer.result() for writer in dying) < MOST
            events = list_events(survivor, session)
            self._check(events, acknowledged)
            assert watch.wait_for_end().code is grpc.StatusCode.UNAVAILABLE
            with Watching.of(survivor, session, watch.sequences[-1]) as rest:
                rest.wait_for_start()
                assert watch.events + rest.events == events

    def test_leaves_its_turns_to_expire(self, new_urls: NewUrls, tmp_path: Path) -> None:
        with two_servers(new_urls(), tmp_path) as servers, ExitStack() as stack:
            survivor, killed = (stack.enter_context(connected(server.address)) for server in servers)
            session = new_session(survivor, PARENT).name
            alice, bob, carol = (new_participant(survivor, PARENT) for _ in range(3))
            lease = acquire_turn(killed, session, alice, 1)
            call = waiting_for_turn(killed, session, carol)
            servers[1].kill()
            assert acquire_turn(survivor, session, bob, wait=True).token > lease.token
            assert failure_of(call).code is grpc.StatusCode.UNAVAILABLE

    @staticmethod
    def _write(client: Client, session: str, writer: str, most: int, acknowledged: dict[str, int]) -> int:
        """Append until the server is gone; return how many appends were acknowledged."""
        for number in range(most):
            event_id = f"{writer}-{number}"
            try:
                answer: AppendEventsResponse = append(client, session, Event(event_id=event_id, text=event_id))
            except grpc.RpcError:
                return number
            acknowledged[event_id] = answer.last_sequence
        return most

    @staticmethod
    def _check(events: list[Event], acknowledged: dict[str, int]) -> None:
        assert [event.sequence for event in events] == up_to(len(events))
        sequences = {event.event_id: event.sequence for event in events}
        assert len(sequences) == len(events)
        assert acknowledged.items() <= sequences.items()
        # Besides these, only the one that each writer of the killed server was waiting for.
        assert len(sequences) - len(acknowledged) <= 4
