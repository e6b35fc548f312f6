"""An append may expect a last number; if that is wrong, the error says what the caller missed."""

from typing import Any

import grpc
import pytest

from activity_session.v1.conflict_pb2 import Conflict, StateConflict
from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import AppendEventsRequest
from activity_session_testing.logs import ROCKET, copied, numbered_ids, numbers, refused_append, set_state
from activity_session_testing.servers import Client, unique
from activity_session_testing.steps import append, list_events, make_namespace, new_participant, new_session, refused

MIB = 1024 * 1024
MOST_MISSED = 20
MOST_CONFLICT_BYTES = 3 * 1024
MOST_DETAILS = 4 * 1024


@pytest.fixture
def session(client: Client, namespace: str) -> str:
    """The name of a session without events."""
    return new_session(client, namespace).name


class TestExpectation:
    def test_of_the_last_number_lets_the_append_pass(self, client: Client, session: str) -> None:
        for last in range(3):
            assert append(client, session, "next", expected_last_sequence=last).last_sequence == last + 1
        assert append(client, session, "a", "b", expected_last_sequence=3).last_sequence == 5

    @pytest.mark.parametrize("expected", [0, 1, 4, 6, 2**63 - 1])
    def test_of_another_number_is_refused_with_what_was_missed(
        self, client: Client, session: str, author: str, expected: int
    ) -> None:
        given = [Event(event_id="1", text="é"), Event(event_id="2", blob=b"\0\xff"), Event(event_id="3")]
        given += [Event(event_id="4", author=author, type="t", labels={"a": "b"}), Event(event_id="5", text="")]
        there = list(append(client, session, *given).events)
        refusal = refused_append(client, session, [Event()], "SEQUENCE_MISMATCH", expected_last_sequence=expected)
        assert refusal.code is grpc.StatusCode.ABORTED
        metadata = {"resource": session, "expected_last_sequence": str(expected), "last_sequence": "5"}
        assert refusal.info.metadata == metadata
        assert refusal.details(Conflict) == [Conflict(last_sequence=5, missed_events=there[expected:])]

    def test_of_a_negative_number_is_refused(self, client: Client, session: str) -> None:
        for events in ([Event()], numbered_ids(1)):
            field = "expected_last_sequence"
            refused_append(client, session, events, "INVALID_FIELD", field, expected_last_sequence=-1)

    def test_that_fails_beside_the_state_tells_both(self, client: Client, session: str) -> None:
        append(client, session, *numbered_ids(2), state_updates=[set_state("a", "[1]")])
        updates = [set_state("a", "2", expected_revision=0), set_state("b", "2", expected_revision=0)]
        refusal = refused_append(
            client, session, [Event()], "SEQUENCE_MISMATCH", expected_last_sequence=1, state_updates=updates
        )
        (conflict,) = refusal.details(Conflict)
        assert numbers(conflict.missed_events) == [2]
        wanted = StateConflict(name=session, key="a", expected_revision=0, revision=1, value_json="[1]")
        assert list(conflict.state_conflicts) == [wanted]

    @pytest.mark.parametrize("missed", [MOST_MISSED - 1, MOST_MISSED, MOST_MISSED + 1, 80])
    def test_is_told_of_twenty_missed_events(self, client: Client, session: str, missed: int) -> None:
        append(client, session, *numbered_ids(missed + 5))
        conflict = self.conflict(client, session, 5)
        assert conflict.last_sequence == missed + 5
        assert list(conflict.missed_events) == list_events(client, session)[5 : 5 + min(missed, MOST_MISSED)]

    @pytest.mark.parametrize("content", ["text", "blob"])
    def test_is_told_of_missed_events_up_to_a_large_one(self, client: Client, session: str, content: str) -> None:
        large = Event(event_id="large", text="x" * MIB) if content == "text" else Event(blob=b"x" * 5000)
        append(client, session, "a", "b", "c", large, "d")
        for expected, missed in ((0, [1, 2, 3]), (2, [3]), (3, []), (4, [5])):
            conflict = self.conflict(client, session, expected)
            assert conflict.last_sequence == 5
            assert numbers(conflict.missed_events) == missed

    @pytest.mark.parametrize("size", [100, 500, 1000, 2000])
    def test_is_told_of_as_many_missed_events_as_fit_without_a_gap(
        self, client: Client, session: str, size: int
    ) -> None:
        texts = [character * (size // 4) for character in (ROCKET, "🚁")] * 10
        append(client, session, *texts, "small")
        conflict = self.conflict(client, session, 1)
        found = numbers(conflict.missed_events)
        assert found == list(range(2, 2 + len(found)))
        assert len(found) >= min(20, 2400 // (size + 150))

    @pytest.mark.parametrize("characters", [30, 60, 120, 240])
    def test_is_told_in_a_detail_that_always_arrives(self, client: Client, characters: int) -> None:
        longest = ROCKET * characters
        namespace = make_namespace(client, unique(longest)).name
        session = new_session(client, namespace, unique(longest)).name
        author = new_participant(client, namespace, unique(longest))
        event = Event(author=author, type=ROCKET * 255, media_type=ROCKET * 255, labels={"a": ROCKET * 255})
        append(client, session, "a", *(copied(event, event_id=f"{longest}{number:015}") for number in range(30)))
        updates = [set_state(f"{longest}{number:03}", f'"{longest}"') for number in range(30)]
        append(client, session, "a", state_updates=updates)
        stale = [set_state(update.key, "0", expected_revision=0) for update in updates]
        for expected in (0, 1, 10):
            conflict = self.conflict(client, session, expected, state_updates=stale)
            assert conflict.last_sequence == 32
            found = numbers(conflict.missed_events)
            assert found == list(range(expected + 1, expected + 1 + len(found)))

    @staticmethod
    def conflict(client: Client, session: str, expected: int, **fields: Any) -> Conflict:
        """Return the Conflict of an append that expects an earlier number; its size must be within the limits."""
        request = AppendEventsRequest(parent=session, events=[Event()], expected_last_sequence=expected, **fields)
        refusal = refused(client.events.AppendEvents, request, "SEQUENCE_MISMATCH")
        assert len(refusal.packed) < MOST_DETAILS
        (conflict,) = refusal.details(Conflict)
        assert isinstance(conflict, Conflict)
        assert len(conflict.missed_events) <= MOST_MISSED
        assert conflict.ByteSize() < MOST_CONFLICT_BYTES
        return conflict
