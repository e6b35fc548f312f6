"""Events are taken out of view by marks; nothing is removed, and superseding a mark brings back what it had covered."""

import pytest

from activity_session.v1.conflict_pb2 import Conflict
from activity_session.v1.event_pb2 import Event, SequenceRange
from activity_session.v1.event_service_pb2 import (
    GetEventRequest,
    ListEventsRequest,
    PopEventsRequest,
    SupersedeEventsRequest,
)
from activity_session.v1.state_pb2 import StateUpdate
from activity_session_testing.servers import Client, unique
from activity_session_testing.steps import (
    acquire_turn,
    append,
    at_once,
    delete_session,
    get_session,
    list_events,
    new_session,
    pop,
    read_state,
    refused,
    replaced,
    supersede,
)
from activity_session_testing.watches import Watching

# The limit superseded_exceptions.
MOST = 100
TEXTS = ["one", "two", "three", "four", "five"]


@pytest.fixture
def session(client: Client, namespace: str) -> str:
    """The name of a session with five events."""
    name = new_session(client, namespace).name
    append(client, name, *TEXTS)
    return name


def texts(client: Client, session: str, **fields: object) -> list[str]:
    return [event.text for event in list_events(client, session, **fields)]


def numbers(client: Client, session: str, **fields: object) -> list[int]:
    return [event.sequence for event in list_events(client, session, **fields)]


class TestSupersedeEvents:
    def test_takes_a_range_out_of_view_and_appends_what_stands_in_its_place(
        self, client: Client, session: str, author: str
    ) -> None:
        summary = Event(text="in short", author=author, type="summary")
        response = supersede(client, session, 1, 3, summary, reason="too long")
        assert response.last_sequence == 7
        assert [event.sequence for event in response.events] == [7]
        assert response.mark.sequence == 6
        assert response.mark.supersession.reason == "too long"
        assert list(response.mark.supersession.ranges) == [SequenceRange(first_sequence=1, last_sequence=3)]
        assert texts(client, session) == ["four", "five", "in short"]
        assert get_session(client, session).last_sequence == 7

    def test_removes_nothing(self, client: Client, session: str) -> None:
        before = list_events(client, session)
        mark = supersede(client, session, 2, 4).mark
        shown = list_events(client, session, show_superseded=True)
        assert [event.superseded_by for event in shown] == [0, 6, 6, 6, 0, 0]
        for event in shown:
            event.superseded_by = 0
        assert shown == [*before, mark]

    def test_shows_events_that_are_asked_for_by_name(self, client: Client, session: str) -> None:
        name = list_events(client, session)[2].name
        mark = supersede(client, session, 2, 4).mark
        event = client.events.GetEvent(GetEventRequest(name=name))
        assert (event.text, event.superseded_by) == ("three", 6)
        assert client.events.GetEvent(GetEventRequest(name=mark.name)) == mark

    def test_covers_no_exception(self, client: Client, session: str) -> None:
        mark = supersede(client, session, 1, 5, except_sequences=[2, 4]).mark
        assert texts(client, session) == ["two", "four"]
        assert [(one.first_sequence, one.last_sequence) for one in mark.supersession.ranges] == [(1, 1), (3, 3), (5, 5)]

    def test_of_a_mark_brings_back_what_it_covers(self, client: Client, session: str) -> None:
        supersede(client, session, 3, 5)
        undone = supersede(client, session, 6, 6).mark
        assert texts(client, session) == TEXTS
        assert list(undone.supersession.restored) == [SequenceRange(first_sequence=3, last_sequence=5)]
        again = supersede(client, session, 7, 7).mark
        assert texts(client, session) == ["one", "two"]
        assert list(again.supersession.superseded) == [SequenceRange(first_sequence=3, last_sequence=5)]
        assert list(again.supersession.restored) == [SequenceRange(first_sequence=6, last_sequence=6)]

    def test_of_an_edit_twice_shows_the_last(self, client: Client, session: str) -> None:
        supersede(client, session, 5, 5, "FIVE")
        supersede(client, session, 7, 7, "Five!")
        assert texts(client, session) == [*TEXTS[:4], "Five!"]
        assert [event.superseded_by for event in list_events(client, session, show_superseded=True)][4:] == [
            6,
            0,
            8,
            0,
            0,
        ]

    def test_of_all_that_came_after_a_number_shows_the_log_of_then(self, client: Client, session: str) -> None:
        supersede(client, session, 2, 2, "TWO")
        supersede(client, session, 1, 1)
        assert texts(client, session) == ["three", "four", "five", "TWO"]
        supersede(client, session, 6, 8)
        assert texts(client, session) == TEXTS

    def test_may_overlap_others_and_says_the_newest(self, client: Client, session: str) -> None:
        supersede(client, session, 1, 3)
        supersede(client, session, 2, 5)
        assert texts(client, session) == []
        shown = list_events(client, session, show_superseded=True)
        assert [event.superseded_by for event in shown] == [6, 7, 7, 7, 7, 0, 0]
        supersede(client, session, 7, 7)
        assert texts(client, session) == ["four", "five"]

    def test_changes_state_with_it(self, client: Client, session: str) -> None:
        supersede(client, session, 1, 1, state_updates=[StateUpdate(key="topic", value_json='"tea"')])
        assert read_state(client, session)["topic"].value_json == '"tea"'

    def test_keeps_out_of_view_what_a_log_goes_on_after(self, client: Client, session: str) -> None:
        supersede(client, session, 1, 5)
        append(client, session, "six", "seven")
        assert texts(client, session) == ["six", "seven"]
        assert texts(client, session, order_by="sequence desc") == ["seven", "six"]

    def test_is_read_in_pages_from_either_end(self, client: Client, session: str) -> None:
        append(client, session, *map(str, range(6, 31)))
        for number in (4, 9, 10, 11, 17, 30):
            supersede(client, session, number, number)
        left = numbers(client, session)
        assert left == [n for n in range(1, 31) if n not in (4, 9, 10, 11, 17, 30)]
        for size in (1, 2, 3, 7, 24, 25):
            assert numbers(client, session, page_size=size) == left
            assert numbers(client, session, page_size=size, order_by="sequence desc") == left[::-1]
        assert numbers(client, session, after_sequence=8, before_sequence=17) == [12, 13, 14, 15, 16]
        first = client.events.ListEvents(ListEventsRequest(parent=session, page_size=5))
        assert [event.sequence for event in first.events] == [1, 2, 3, 5, 6]

    def test_is_left_out_of_filtered_lists(self, client: Client, session: str) -> None:
        append(client, session, Event(type="note", text="a"), Event(type="note", text="b"), Event(type="other"))
        supersede(client, session, 6, 6)
        assert texts(client, session, filter='type = "note"') == ["b"]
        assert texts(client, session, filter='type = "note"', show_superseded=True) == ["a", "b"]
        assert texts(client, session, filter='type = "note"', page_size=1, order_by="sequence desc") == ["b"]

    def test_goes_without_content(self, client: Client, session: str) -> None:
        supersede(client, session, 1, 3)
        found = list_events(client, session, omit_content=True)
        assert [(event.sequence, event.text) for event in found] == [(4, ""), (5, "")]

    def test_is_found_among_the_marks(self, client: Client, session: str) -> None:
        assert numbers(client, session, marks_only=True) == []
        supersede(client, session, 1, 2)
        supersede(client, session, 6, 6, "six")
        append(client, session, "nine")
        mark = supersede(client, session, 3, 3).mark
        assert numbers(client, session, marks_only=True) == [6, 7, 10]
        assert numbers(client, session, marks_only=True, order_by="sequence desc", page_size=2) == [10, 7, 6]
        assert numbers(client, session, marks_only=True, page_size=1, after_sequence=6) == [7, 10]
        found = list_events(client, session, marks_only=True)
        assert [event.superseded_by for event in found] == [7, 0, 0]
        assert found[2] == mark
        assert numbers(client, session, marks_only=True, filter='type = "none"') == []

    def test_is_watched_whole_where_superseded_events_are(self, client: Client, session: str) -> None:
        append(client, session, "six", "seven")
        supersede(client, session, 6, 6)
        with Watching.of(client, session, 5, show_superseded=True) as watch:
            watch.wait_for_start()
            sent = [getattr(message, str(message.WhichOneof("change"))) for message in watch.messages[:3]]
        assert [(one.sequence, one.superseded_by) for one in sent] == [(6, 8), (7, 0), (8, 0)]
        assert watch.messages[2].HasField("mark")

    def test_is_made_once_with_a_request_id(self, client: Client, session: str) -> None:
        first = supersede(client, session, 1, 2, "short", request_id="once")
        assert supersede(client, session, 1, 2, "short", request_id="once") == first
        assert len(list_events(client, session, show_superseded=True)) == 7

    @pytest.mark.parametrize(
        ("fields", "field", "about"),
        [
            ({"from_sequence": 0}, "from_sequence", "must be set"),
            ({"to_sequence": 6}, "to_sequence", "6 is beyond the session's last, which is 5"),
            ({"from_sequence": 4}, "to_sequence", "3 is before from_sequence, which is 4"),
            ({"from_sequence": -1}, "from_sequence", "-1 is negative"),
            ({"except_sequences": [4]}, "except_sequences[0]", "4 is not in the range from 2 to 3"),
            ({"except_sequences": [2, 3]}, "except_sequences", "nothing is left"),
            (
                {"except_sequences": range(MOST + 1)},
                "except_sequences",
                "it has 101 numbers, the limit is 100",
            ),
        ],
        ids=str,
    )
    def test_refuses_what_is_no_range_that_was_seen(
        self, client: Client, session: str, fields: dict[str, object], field: str, about: str
    ) -> None:
        given: dict[str, object] = {"from_sequence": 2, "to_sequence": 3, **fields}
        request = SupersedeEventsRequest(parent=session, **given)  # type: ignore[arg-type]
        reason = "LIMIT_EXCEEDED" if "limit" in about else "INVALID_FIELD"
        assert about in refused(client.events.SupersedeEvents, request, reason, field).message
        assert get_session(client, session).last_sequence == 5

    def test_refuses_an_id_that_is_taken(self, client: Client, session: str) -> None:
        append(client, session, Event(event_id="mine", text="x"))
        request = SupersedeEventsRequest(
            parent=session, from_sequence=1, to_sequence=1, events=[Event(event_id="mine", text="x")]
        )
        refused(client.events.SupersedeEvents, request, "EVENT_ALREADY_EXISTS")
        assert len(list_events(client, session)) == 6

    def test_refuses_a_caller_who_has_missed_something(self, client: Client, session: str) -> None:
        request = SupersedeEventsRequest(parent=session, from_sequence=1, to_sequence=2, expected_last_sequence=4)
        (conflict,) = refused(client.events.SupersedeEvents, request, "SEQUENCE_MISMATCH").details(Conflict)
        assert [event.text for event in conflict.missed_events] == ["five"]
        request.expected_last_sequence = 5
        client.events.SupersedeEvents(request)

    def test_takes_the_turn_that_is_given(self, client: Client, session: str, author: str) -> None:
        token = acquire_turn(client, session, author).token
        request = SupersedeEventsRequest(parent=session, from_sequence=1, to_sequence=2, turn_token=token + 1)
        refused(client.events.SupersedeEvents, request, "TURN_LOST")
        request.turn_token = token
        client.events.SupersedeEvents(request)

    def test_of_a_session_of_before_is_refused(self, client: Client, namespace: str) -> None:
        first = new_session(client, namespace, unique("session"))
        append(client, first.name, "one", "two")
        supersede(client, first.name, 1, 1)
        second = replaced(client, first)
        append(client, second.name, "other", "two")
        request = SupersedeEventsRequest(parent=first.name, from_sequence=1, to_sequence=1, uid=first.uid)
        refused(client.events.SupersedeEvents, request, "SESSION_NOT_FOUND")
        assert texts(client, second.name) == ["other", "two"]
        supersede(client, second.name, 2, 2)
        assert texts(client, second.name) == ["other"]

    def test_of_a_deleted_session_is_refused_and_can_still_be_read(self, client: Client, session: str) -> None:
        supersede(client, session, 1, 3)
        delete_session(client, session)
        request = SupersedeEventsRequest(parent=session, from_sequence=4, to_sequence=4)
        refused(client.events.SupersedeEvents, request, "SESSION_DELETED")
        assert texts(client, session) == ["four", "five"]

    def test_at_once_with_appends_covers_nothing_unseen(self, client: Client, session: str) -> None:
        calls = [lambda: append(client, session, "new")] * 4 + [lambda: supersede(client, session, 1, 5)] * 4
        at_once(calls)
        assert texts(client, session) == ["new"] * 4


class TestPopEvents:
    def test_returns_the_newest_in_view_and_takes_it_out_of_it(self, client: Client, session: str) -> None:
        assert [(event.text, event.superseded_by) for event in pop(client, session)] == [("five", 6)]
        assert [event.text for event in pop(client, session)] == ["four"]
        append(client, session, "new")
        assert [event.text for event in pop(client, session, 2)] == ["three", "new"]
        assert texts(client, session) == ["one", "two"]

    def test_of_an_empty_view_returns_none_and_writes_nothing(self, client: Client, session: str) -> None:
        assert len(pop(client, session, 100)) == 5
        last = get_session(client, session).last_sequence
        response = client.events.PopEvents(PopEventsRequest(parent=session, request_id="none"))
        assert not response.events
        assert not response.HasField("mark")
        assert client.events.PopEvents(PopEventsRequest(parent=session, request_id="none")) == response
        assert get_session(client, session).last_sequence == last

    def test_undoes_no_mark(self, client: Client, session: str) -> None:
        supersede(client, session, 2, 2)
        append(client, session, "six")
        assert [event.text for event in pop(client, session, 3)] == ["four", "five", "six"]
        assert texts(client, session) == ["one", "three"]

    def test_returns_the_same_to_a_call_that_comes_again(self, client: Client, session: str) -> None:
        request = PopEventsRequest(parent=session, count=2, request_id="once")
        first = client.events.PopEvents(request)
        assert client.events.PopEvents(request) == first
        assert [event.text for event in first.events] == ["four", "five"]
        assert texts(client, session) == ["one", "two", "three"]

    @pytest.mark.parametrize("count", [-1, 101])
    def test_refuses_a_count_out_of_bounds(self, client: Client, session: str, count: int) -> None:
        reason = "INVALID_FIELD" if count < 0 else "LIMIT_EXCEEDED"
        refused(client.events.PopEvents, PopEventsRequest(parent=session, count=count), reason, "count")

    def test_by_many_callers_at_once_returns_no_event_twice(self, client: Client, session: str) -> None:
        append(client, session, *map(str, range(20)))
        popped = at_once([lambda: pop(client, session)] * 12)
        found = [event.sequence for events in popped for event in events]  # type: ignore[union-attr]
        assert sorted(found) == list(range(14, 26))
