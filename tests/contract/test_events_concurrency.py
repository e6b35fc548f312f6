"""Many writers of one log at one moment: no gap, no conflict, nothing lost, and nothing written twice."""

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

import grpc
import pytest

from activity_session.v1.conflict_pb2 import Conflict
from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import (
    AppendEventsRequest,
    AppendEventsResponse,
    GetStateRequest,
    ListEventsRequest,
)
from activity_session.v1.participant_pb2 import Participant
from activity_session.v1.session_pb2 import Session, SessionParticipant
from activity_session.v1.session_service_pb2 import MarkReadRequest
from activity_session.v1.state_pb2 import StateUpdate
from activity_session_testing.logs import numbers
from activity_session_testing.servers import Client, Failure, connected, unique
from activity_session_testing.steps import (
    append,
    at_once,
    delete_participant,
    delete_session,
    get_session,
    list_events,
    members,
    new_participant,
    new_session,
    update_session,
)

WRITERS = 32
CHANNELS = 8
ROUNDS = 3
SECONDS = 30

T = TypeVar("T")
Append = Callable[[], AppendEventsResponse]


@pytest.fixture(scope="module")
def clients(address: str) -> Iterator[list[Client]]:
    """As many clients as there are writers, on several channels of their own."""
    with contextlib.ExitStack() as stack:
        channels = [stack.enter_context(connected(address)) for _ in range(CHANNELS)]
        yield channels * (WRITERS // CHANNELS)


@pytest.fixture
def session(client: Client, namespace: str) -> str:
    """The name of a session without events."""
    return new_session(client, namespace).name


def split(answers: Sequence[T | Failure], *reasons: str) -> tuple[list[T], list[Failure]]:
    """Return responses and refusals; each refusal must have one of the reasons."""
    refusals = [answer for answer in answers if isinstance(answer, Failure)]
    assert {refusal.reason for refusal in refusals} <= set(reasons)
    return [answer for answer in answers if not isinstance(answer, Failure)], refusals


def all_answered(calls: Sequence[Callable[[], T]]) -> list[T]:
    answers, _ = split(at_once(calls))
    return answers


def check_log(client: Client, session: str, answered: list[Event]) -> list[Event]:
    """Return the log, which must have exactly the events that were returned, numbered 1, 2, 3 and so on."""
    log = list_events(client, session, page_size=1000)
    assert numbers(log) == list(range(1, len(log) + 1))
    assert log == sorted(answered, key=lambda event: event.sequence)
    assert get_session(client, session).last_sequence == len(log)
    return log


def events_of(answers: Sequence[AppendEventsResponse]) -> list[Event]:
    return [event for answer in answers for event in answer.events]


def written_ids(answers: Sequence[AppendEventsResponse]) -> list[str]:
    """Return the ids of the events that calls say they wrote, one for each call that says so."""
    return [
        event.event_id
        for answer in answers
        for event, written in zip(answer.events, answer.written, strict=True)
        if written
    ]


def check_written_once(answers: Sequence[AppendEventsResponse]) -> None:
    """Check the responses to one request: one says that it wrote the events, and else they are the same."""
    count = len(answers[0].events)
    assert sorted(list(answer.written) for answer in answers) == [[False] * count] * (len(answers) - 1) + [
        [True] * count
    ]
    for answer in answers:
        del answer.written[:]
    assert answers == [answers[0]] * len(answers)


class TestWriters:
    BATCHES = (1, 2, 1, 3, 1)

    def test_of_one_session_get_numbers_without_a_gap_each_in_its_own_order(
        self, client: Client, clients: list[Client], namespace: str, session: str
    ) -> None:
        authors = [new_participant(client, namespace, f"writer-{number:02}") for number in range(WRITERS)]
        writers = [partial(self.write, one, session, author) for one, author in zip(clients, authors, strict=True)]
        expected = WRITERS * sum(self.BATCHES)
        readers = [
            partial(self.follow, clients[0], session, expected),
            partial(self.look_back, clients[1], session, expected),
        ]
        calls: list[Callable[[], list[Event]]] = [*writers, *readers]
        answers = all_answered(calls)
        *written, followed, seen_last = answers
        log = check_log(client, session, [event for events in written for event in events])
        assert len(log) == expected
        assert followed == log
        assert seen_last == log[-len(seen_last) :]
        for author, events in zip(authors, written, strict=True):
            assert events == [event for event in log if event.author == author]
            assert [event.text for event in events] == [str(number) for number in range(sum(self.BATCHES))]

    def write(self, client: Client, session: str, author: str) -> list[Event]:
        """Append the events of one writer in several calls, one after the other."""
        events: list[Event] = []
        for size in self.BATCHES:
            texts = map(str, range(len(events), len(events) + size))
            answer = append(client, session, *(Event(author=author, text=text) for text in texts))
            first = answer.events[0].sequence
            assert numbers(answer.events) == list(range(first, first + size))
            assert answer.last_sequence == first + size - 1
            events += answer.events
        return events

    @staticmethod
    def follow(client: Client, session: str, expected: int) -> list[Event]:
        """Check what a reader sees that lists all the time: no gaps, and all events that were acknowledged."""
        seen: list[Event] = []
        deadline = time.monotonic() + SECONDS
        while len(seen) < expected and time.monotonic() < deadline:
            told = get_session(client, session).last_sequence
            seen += list_events(client, session, after_sequence=len(seen))
            assert numbers(seen) == list(range(1, len(seen) + 1))
            assert len(seen) >= told
        return seen

    @staticmethod
    def look_back(client: Client, session: str, expected: int) -> list[Event]:
        """Return the last events of a reader that lists the newest ones all the time; it too must see no gap."""
        last = 0
        deadline = time.monotonic() + SECONDS
        request = ListEventsRequest(parent=session, order_by="sequence desc", page_size=40)
        while time.monotonic() < deadline:
            page = client.events.ListEvents(request)
            newest = page.events[0].sequence if page.events else 0
            assert newest >= last
            assert numbers(page.events) == list(range(newest, max(newest - 40, 0), -1))
            last = newest
            if last == expected:
                break
        return list(reversed(page.events))

    def test_that_are_refused_leave_no_gap(self, client: Client, clients: list[Client], session: str) -> None:
        append(client, session, Event(event_id="taken", text="first"))
        missing = f"{session.rpartition('/sessions/')[0]}/participants/missing"
        bad = [Event(author=missing), Event(event_id="taken", text="other"), Event(text="late")]
        calls: list[Append] = []
        for number, one in enumerate(clients):
            calls.append(partial(append, one, session, f"good {number}"))
            fields = {"expected_last_sequence": 0} if number % 3 == 2 else {}
            calls.append(partial(append, one, session, "refused", bad[number % 3], "refused", **fields))
        answers = at_once(calls)
        good, _ = split(answers[::2])
        won, _ = split(answers[1::2], "PARTICIPANT_NOT_FOUND", "EVENT_ALREADY_EXISTS", "SEQUENCE_MISMATCH")
        assert won == []
        log = list_events(client, session)
        check_log(client, session, [log[0], *events_of(good)])
        assert len(log) == WRITERS + 1

    def test_of_many_sessions_number_each_on_its_own(
        self, client: Client, clients: list[Client], namespace: str
    ) -> None:
        author = new_participant(client, namespace)
        sessions = [new_session(client, namespace).name for _ in clients]
        calls = [partial(self.write, one, name, author) for one, name in zip(clients, sessions, strict=True)]
        for name, events in zip(sessions, all_answered(calls), strict=True):
            assert numbers(events) == list(range(1, sum(self.BATCHES) + 1))
            check_log(client, name, events)

    def test_beside_updates_of_the_session_meet_no_conflict(
        self, client: Client, clients: list[Client], session: str
    ) -> None:
        def update() -> list[Event]:
            """Make a chain of updates, each with the etag of the one before; only an update may change it."""
            current = get_session(client, session)
            for number in range(10):
                given = Session(name=session, etag=current.etag, description=str(number))
                current = update_session(client, given, "description")
            return []

        writers = [partial(self.write, one, session, "") for one in clients[: WRITERS // 2]]
        calls: list[Callable[[], list[Event]]] = [update, *writers]
        written = all_answered(calls)
        check_log(client, session, [event for events in written for event in events])
        assert get_session(client, session).description == "9"


class TestRetries:
    def test_of_one_event_at_the_same_moment_write_it_once(
        self, client: Client, clients: list[Client], namespace: str
    ) -> None:
        for _ in range(ROUNDS):
            session = new_session(client, namespace).name
            event = Event(event_id="one", text="hello", labels={"a": "b"})
            update = StateUpdate(key="count", value_json="1")
            calls = [partial(append, one, session, event, state_updates=[update]) for one in clients]
            answers = all_answered(calls)
            check_written_once(answers)
            check_log(client, session, list(answers[0].events))
            assert answers[0].last_sequence == 1
            state = client.events.GetState(GetStateRequest(name=session))
            assert state.entries["count"].revision == 1

    def test_of_one_event_by_four_callers_are_said_to_be_written_by_one(
        self, client: Client, clients: list[Client], session: str
    ) -> None:
        for round_ in range(1, 10 * ROUNDS + 1):
            # As a queue delivers a message: each consumer makes a call of its own, with a request id of its own.
            event = Event(event_id=f"delivery {round_}", text="hello")
            calls = [partial(append, one, session, event, request_id=unique("id")) for one in clients[:4]]
            answers = all_answered(calls)
            assert written_ids(answers) == [event.event_id]
            check_written_once(answers)
            assert get_session(client, session).last_sequence == round_

    def test_of_one_batch_with_a_precondition_write_it_once(
        self, client: Client, clients: list[Client], namespace: str
    ) -> None:
        for _ in range(ROUNDS):
            session = new_session(client, namespace).name
            events = [Event(event_id=str(number), text=str(number)) for number in range(3)]
            calls = [partial(append, one, session, *events, expected_last_sequence=0) for one in clients]
            answers = all_answered(calls)
            check_written_once(answers)
            assert len(check_log(client, session, list(answers[0].events))) == 3

    def test_in_batches_that_overlap_agree_on_what_they_share(
        self, client: Client, clients: list[Client], namespace: str
    ) -> None:
        for _ in range(ROUNDS):
            session = new_session(client, namespace).name
            shared = [Event(event_id=event_id, text="shared") for event_id in "abc"]
            calls: list[Append] = []
            for number, one in enumerate(clients):
                batch = shared[number % 3 :] + shared[: number % 3]
                batch.insert(number % 4, Event(event_id=f"own-{number}", text=f"of {number}"))
                calls.append(partial(append, one, session, *batch))
            answers = all_answered(calls)
            by_id = {event.event_id: event for event in events_of(answers)}
            assert all(by_id[event.event_id] == event for event in events_of(answers))
            assert sorted(written_ids(answers)) == sorted(by_id)
            assert len(check_log(client, session, list(by_id.values()))) == WRITERS + len(shared)

    def test_with_other_content_are_won_by_one(self, client: Client, clients: list[Client], session: str) -> None:
        for round_ in range(1, ROUNDS + 1):
            events = [Event(event_id=f"round {round_}", text=str(number)) for number in range(WRITERS)]
            calls = [partial(append, one, session, event) for one, event in zip(clients, events, strict=True)]
            won, refusals = split(at_once(calls), "EVENT_ALREADY_EXISTS")
            assert len(won) == 1
            assert {refusal.code for refusal in refusals} == {grpc.StatusCode.ALREADY_EXISTS}
            (winner,) = won[0].events
            told = {"resource": winner.name, "sequence": str(round_)}
            assert [dict(refusal.info.metadata) for refusal in refusals] == [told] * (WRITERS - 1)
            assert list_events(client, session)[-1] == winner
            assert get_session(client, session).last_sequence == round_

    def test_with_one_request_id_get_one_answer(self, client: Client, clients: list[Client], namespace: str) -> None:
        for _ in range(ROUNDS):
            session = new_session(client, namespace).name
            request = AppendEventsRequest(parent=session, events=[Event(), Event(text="a")], request_id=unique("id"))
            calls: list[Append] = [partial(one.events.AppendEvents, request) for one in clients]
            answers = all_answered(calls)
            assert answers == [answers[0]] * WRITERS
            assert len(check_log(client, session, list(answers[0].events))) == 2


class TestExpectation:
    def test_of_many_writers_is_met_for_one(self, client: Client, clients: list[Client], session: str) -> None:
        for last in range(ROUNDS):
            calls = [partial(append, one, session, "mine", expected_last_sequence=last) for one in clients]
            won, refusals = split(at_once(calls), "SEQUENCE_MISMATCH")
            assert len(won) == 1
            (winner,) = won[0].events
            assert winner.sequence == last + 1
            wanted = Conflict(last_sequence=last + 1, missed_events=[winner])
            assert [refusal.details(Conflict) for refusal in refusals] == [[wanted]] * (WRITERS - 1)
            assert {refusal.code for refusal in refusals} == {grpc.StatusCode.ABORTED}
            assert list_events(client, session, after_sequence=last) == [winner]

    def test_that_failed_is_mended_by_what_the_refusal_tells(
        self, client: Client, clients: list[Client], session: str
    ) -> None:
        counts = all_answered([partial(self.count_up, one, session) for one in clients[:CHANNELS]])
        assert sorted(counts) == list(range(1, CHANNELS + 1))
        assert [event.text for event in list_events(client, session)] == [str(count) for count in sorted(counts)]

    @staticmethod
    def count_up(client: Client, session: str) -> int:
        """Append the next event; the number of the newest one is known only from refusals."""
        last, count = 0, 1
        for _ in range(WRITERS):
            try:
                append(client, session, str(count), expected_last_sequence=last)
            except grpc.RpcError as error:
                (conflict,) = Failure(error).details(Conflict)
                assert numbers(conflict.missed_events) == list(range(last + 1, conflict.last_sequence + 1))
                last, count = conflict.last_sequence, int(conflict.missed_events[-1].text) + 1
            else:
                return count
        raise AssertionError("others were always faster")


class TestEnds:
    def test_a_deletion_of_the_session_ends_the_log_where_it_was_acknowledged(
        self, client: Client, clients: list[Client], namespace: str
    ) -> None:
        for round_ in range(ROUNDS):
            session = new_session(client, namespace).name
            calls: list[Callable[[], AppendEventsResponse | Session]] = [
                partial(append, one, session, "a", "b") for one in clients
            ]
            calls.insert(10 * round_, partial(delete_session, client, session))
            answers, _ = split(at_once(calls), "SESSION_DELETED")
            written = events_of([answer for answer in answers if isinstance(answer, AppendEventsResponse)])
            (deleted,) = (answer for answer in answers if isinstance(answer, Session))
            check_log(client, session, written)
            assert deleted.last_sequence == len(written)

    def test_a_deletion_of_the_author_refuses_what_comes_later(
        self, client: Client, clients: list[Client], namespace: str
    ) -> None:
        for round_ in range(ROUNDS):
            session, author = new_session(client, namespace).name, new_participant(client, namespace)
            calls: list[Callable[[], AppendEventsResponse | Participant]] = [
                partial(append, one, session, "before", Event(author=author, text=str(number)))
                for number, one in enumerate(clients)
            ]
            calls.insert(10 * round_, partial(delete_participant, client, author))
            answers, refusals = split(at_once(calls), "PARTICIPANT_DELETED")
            written = events_of([answer for answer in answers if isinstance(answer, AppendEventsResponse)])
            log = check_log(client, session, written)
            assert Counter(event.author for event in log) == Counter({"": len(log) // 2, author: len(log) // 2})
            assert len(log) // 2 + len(refusals) == WRITERS


class TestReadMarks:
    def test_end_at_the_largest(self, client: Client, clients: list[Client], namespace: str) -> None:
        reader = new_participant(client, namespace)
        session = new_session(client, namespace, participants=members(reader))
        for _ in range(ROUNDS):
            append(client, session.name, *[Event()] * WRITERS)
            last = get_session(client, session.name).last_sequence
            sequences = [(number * 7) % WRITERS + last - WRITERS + 1 for number in range(WRITERS)]
            calls = [
                partial(self.mark, one, session.name, reader, sequence)
                for one, sequence in zip(clients, sequences, strict=True)
            ]
            answers = all_answered(calls)
            marks = [answer.last_read_sequence for answer in answers]
            assert all(mark >= sequence for mark, sequence in zip(marks, sequences, strict=True))
            assert max(marks) == max(sequences) == last
            now = get_session(client, session.name)
            assert now.participants[0].last_read_sequence == last
            assert now.etag == session.etag

    def test_follow_a_log_that_grows(self, client: Client, clients: list[Client], namespace: str) -> None:
        names = [new_participant(client, namespace, f"reader-{number}") for number in range(CHANNELS)]
        session = new_session(client, namespace, participants=members(*names)).name
        calls = [partial(self.say_and_read, one, session, name) for one, name in zip(clients, names, strict=False)]
        marks = all_answered(calls)
        now = {member.participant: member.last_read_sequence for member in get_session(client, session).participants}
        assert now == dict(zip(names, marks, strict=True))
        assert max(marks) == get_session(client, session).last_sequence == 5 * len(names)

    def say_and_read(self, client: Client, session: str, name: str) -> int:
        """Append events, mark each of them as read, and return the last mark."""
        last = 0
        for _ in range(5):
            last = append(client, session, Event(author=name)).last_sequence
            assert self.mark(client, session, name, last).last_read_sequence == last
        return last

    @staticmethod
    def mark(client: Client, session: str, participant: str, sequence: int) -> SessionParticipant:
        request = MarkReadRequest(session=session, participant=participant, sequence=sequence)
        return client.sessions.MarkRead(request)
