"""Appended events are in the log once, in order, exactly as they were given, or not at all."""

import uuid
from collections.abc import Callable
from typing import NamedTuple

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import AppendEventsRequest
from activity_session_testing.logs import (
    BLOBS,
    ROCKET,
    TEXTS,
    as_given,
    get_event,
    numbers,
    refused_append,
    set_state,
    texts,
)
from activity_session_testing.servers import Client, unique
from activity_session_testing.steps import (
    append,
    delete_participant,
    list_events,
    make_namespace,
    new_participant,
    new_session,
    refused,
)


@pytest.fixture
def session(client: Client, namespace: str) -> str:
    """The name of a session without events."""
    return new_session(client, namespace).name


class TestAppend:
    def test_numbers_the_events_of_a_session_from_one_on(self, client: Client, session: str) -> None:
        first, second, third = (
            append(client, session, "a"),
            append(client, session, "b", "c"),
            append(client, session, "d"),
        )
        assert numbers([*first.events, *second.events, *third.events]) == [1, 2, 3, 4]
        assert [answer.last_sequence for answer in (first, second, third)] == [1, 3, 4]
        assert texts(client, session) == ["a", "b", "c", "d"]

    def test_answers_the_events_as_they_are_read(self, client: Client, session: str, author: str) -> None:
        given = Event(event_id="one", author=author, type="message", text="hello", labels={"team": "red"})
        answered = append(client, session, given, "two").events
        assert as_given(answered[0]) == given
        assert answered[0].name == f"{session}/events/one"
        assert list_events(client, session) == list(answered)
        assert [get_event(client, event.name) for event in answered] == list(answered)

    def test_counts_in_each_session_on_its_own(self, client: Client, namespace: str) -> None:
        sessions = [new_session(client, namespace).name for _ in range(3)]
        for text in ("a", "b"):
            for name in sessions:
                append(client, name, Event(event_id=text, text=f"{text} of {name}"))
        for name in sessions:
            assert [(event.sequence, event.text) for event in list_events(client, name)] == [
                (1, f"a of {name}"),
                (2, f"b of {name}"),
            ]

    def test_passes_over_what_is_the_servers_to_give(self, client: Client, session: str) -> None:
        given = Event(event_id="a", name="made up", sequence=7, create_time=Timestamp(seconds=1))
        (event,) = append(client, session, given).events
        assert (event.name, event.sequence) == (f"{session}/events/a", 1)
        assert event.create_time.seconds > 1
        assert get_event(client, event.name) == event

    def test_gives_an_id_to_each_event_without_one(self, client: Client, session: str) -> None:
        events = append(client, session, "same", "same", Event(event_id="chosen"), "same").events
        ids = [event.event_id for event in events]
        assert len(set(ids)) == 4
        # So they are next to each other in the index, like events that were appended together.
        assert [uuid.UUID(event_id).version for event_id in ids if event_id != "chosen"] == [7] * 3
        assert [event.name for event in events] == [f"{session}/events/{event_id}" for event_id in ids]
        assert list_events(client, session) == list(events)

    def test_tells_ids_apart_by_every_code_point(self, client: Client, session: str) -> None:
        ids = ["a", "A", "á", "å", "a.", "aa", "ß", "ss", ROCKET, "🚁", "ﬁ", "fi", "*", "%", "_", "a b", "\u200b"]
        answered = append(client, session, *(Event(event_id=event_id, text=event_id) for event_id in ids)).events
        assert numbers(answered) == list(range(1, len(ids) + 1))
        assert [get_event(client, f"{session}/events/{event_id}").text for event_id in ids] == ids

    def test_gives_times_in_the_order_of_the_numbers(self, client: Client, session: str) -> None:
        for _ in range(5):
            append(client, session, "a", "b")
        times = [event.create_time.ToNanoseconds() for event in list_events(client, session)]
        assert times == sorted(times)

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            (Event(event_id="a/b"), "event_id"),
            (Event(event_id="-"), "event_id"),
            (Event(event_id=" a"), "event_id"),
            (Event(event_id="a\n"), "event_id"),
            (Event(event_id="e\u0301"), "event_id"),
            (Event(author="ada"), "author"),
            (Event(author="namespaces/default/sessions/ada"), "author"),
            (Event(type="a\nb"), "type"),
            (Event(media_type="a\0b"), "media_type"),
            (Event(labels={"ключ": "x"}), "labels"),
            (Event(labels={"key": "a\nb"}), "labels.key"),
            (Event(event_time=Timestamp(seconds=-1)), "event_time"),
            (Event(event_time=Timestamp(seconds=253_402_300_800)), "event_time"),
            (Event(event_time=Timestamp(nanos=-1)), "event_time"),
            (Event(event_time=Timestamp(nanos=10**9)), "event_time"),
        ],
    )
    def test_refuses_malformed_events(self, client: Client, session: str, given: Event, field: str) -> None:
        refusal = refused_append(client, session, [Event(text="good"), given], "INVALID_FIELD", f"events[1].{field}")
        assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT

    def test_needs_an_event(self, client: Client, session: str) -> None:
        refused_append(client, session, [], "INVALID_FIELD", "events", state_updates=[set_state("a", "1")])

    def test_needs_a_session_that_is_there(self, client: Client, namespace: str) -> None:
        for parent, reason in (
            (f"{namespace}/sessions/missing", "SESSION_NOT_FOUND"),
            (f"{namespace}-missing/sessions/a", "NAMESPACE_NOT_FOUND"),
            (namespace, "INVALID_FIELD"),
            ("", "INVALID_FIELD"),
        ):
            request = AppendEventsRequest(parent=parent, events=[Event()])
            refusal = refused(client.events.AppendEvents, request, reason)
            assert reason == "INVALID_FIELD" or refusal.code is grpc.StatusCode.NOT_FOUND


class TestContent:
    def read(self, client: Client, session: str, *given: Event) -> list[Event]:
        """Return events as they are read, which must be the same from every method."""
        answered = list(append(client, session, *given).events)
        assert list_events(client, session)[-len(given) :] == answered
        assert [get_event(client, event.name) for event in answered] == answered
        return answered

    def test_of_text_comes_back_byte_for_byte(self, client: Client, session: str) -> None:
        events = self.read(client, session, *(Event(text=text) for text in TEXTS))
        assert [event.text for event in events] == TEXTS
        assert {event.WhichOneof("content") for event in events} == {"text"}

    def test_of_every_code_point_comes_back(self, client: Client, session: str) -> None:
        code_points = [point for point in range(0x110000) if not 0xD800 <= point < 0xE000]
        for start in range(0, len(code_points), 250_000):
            text = "".join(map(chr, code_points[start : start + 250_000]))
            (answered,) = append(client, session, text).events
            assert get_event(client, answered.name).text == text

    def test_of_bytes_comes_back_byte_for_byte(self, client: Client, session: str) -> None:
        events = self.read(client, session, *(Event(blob=blob) for blob in BLOBS))
        assert [event.blob for event in events] == BLOBS
        assert {event.WhichOneof("content") for event in events} == {"blob"}

    def test_that_is_empty_is_not_missing(self, client: Client, session: str) -> None:
        events = self.read(client, session, Event(text=""), Event(), Event(blob=b""))
        assert [event.WhichOneof("content") for event in events] == ["text", None, "blob"]

    def test_may_be_missing_beside_all_else(self, client: Client, session: str, author: str) -> None:
        given = Event(event_id="join", author=author, type="join", media_type="text/plain", labels={"a": ""})
        (event,) = self.read(client, session, given)
        assert as_given(event) == given

    def test_has_a_type_and_media_type_of_any_text(self, client: Client, session: str) -> None:
        lines = ["", "message", "Message", "x/y; charset=utf-8", " spaces ", "'\"\\%_*", "é", ROCKET, "\u200b"]
        given = [Event(event_id=str(number), type=line, media_type=line[::-1]) for number, line in enumerate(lines, 1)]
        assert [as_given(event) for event in self.read(client, session, *given)] == given

    def test_has_labels_of_any_text(self, client: Client, session: str) -> None:
        values = ["", " ", "a ", 'r"e\\d', "'", "null", "é", ROCKET, "\u200b", "\\u0041", "{}"]
        labels = {f"k.{number}/x-y_z": value for number, value in enumerate(values)} | {"A": "upper", "a": "lower"}
        (event,) = self.read(client, session, Event(labels=labels))
        assert dict(event.labels) == labels

    @pytest.mark.parametrize(
        ("seconds", "nanos", "kept"),
        [
            (0, 0, 0),
            (0, 1000, 1000),
            (0, 999, 0),
            (1_767_225_599, 123_456_789, 123_456_000),
            (1_767_225_599, 999_999_999, 999_999_000),
            (4_102_444_800, 1_999, 1_000),
            (253_402_300_799, 999_999_999, 999_999_000),
        ],
    )
    def test_has_its_time_to_the_microsecond(
        self, client: Client, session: str, seconds: int, nanos: int, kept: int
    ) -> None:
        (event,) = self.read(client, session, Event(event_time=Timestamp(seconds=seconds, nanos=nanos)))
        assert event.HasField("event_time")
        assert event.event_time == Timestamp(seconds=seconds, nanos=kept)

    def test_without_a_time_has_none(self, client: Client, session: str) -> None:
        (event,) = self.read(client, session, Event(text="when?"))
        assert not event.HasField("event_time")

    def test_has_any_participant_of_the_namespace_as_author(self, client: Client, session: str, namespace: str) -> None:
        authors = [new_participant(client, namespace, id_) for id_ in ("ada", "Ada", "ädä", ROCKET, "a b")]
        events = self.read(client, session, *(Event(author=name) for name in authors), Event())
        assert [event.author for event in events] == [*authors, ""]


class Bad(NamedTuple):
    """An event that is refused, the reason, and the field that the error names."""

    event: Callable[[Client, str], Event]
    reason: str
    field: str | None = None


def by_missing(_: Client, namespace: str) -> Event:
    return Event(author=f"{namespace}/participants/missing")


def by_disabled(client: Client, namespace: str) -> Event:
    return Event(author=new_participant(client, namespace, enabled=False))


def by_deleted(client: Client, namespace: str) -> Event:
    return Event(author=delete_participant(client, new_participant(client, namespace)).name)


def by_stranger(client: Client, _: str) -> Event:
    return Event(author=new_participant(client, make_namespace(client, unique("elsewhere")).name))


BAD = {
    "author missing": Bad(by_missing, "PARTICIPANT_NOT_FOUND"),
    "author disabled": Bad(by_disabled, "PARTICIPANT_DISABLED"),
    "author deleted": Bad(by_deleted, "PARTICIPANT_DELETED"),
    "author of another namespace": Bad(by_stranger, "INVALID_FIELD", "author"),
    "id taken": Bad(lambda _, __: Event(event_id="taken", text="other"), "EVENT_ALREADY_EXISTS"),
    "id malformed": Bad(lambda _, __: Event(event_id="a/b"), "INVALID_FIELD", "event_id"),
    "label malformed": Bad(lambda _, __: Event(labels={"": "x"}), "INVALID_FIELD", "labels"),
}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_batch_with_one_bad_event_is_refused_whole(
    client: Client, namespace: str, session: str, kind: str, place: int
) -> None:
    append(client, session, Event(event_id="taken", text="first"), state_updates=[set_state("kept", "1")])
    events = [Event(event_id="a", author=new_participant(client, namespace)), Event(event_id="b", text="b")]
    bad = BAD[kind].event(client, namespace)
    events.insert(place, bad)
    field = BAD[kind].field and f"events[{place}].{BAD[kind].field}"
    updates = [set_state("new", "1"), set_state("kept", "2")]
    refusal = refused_append(client, session, events, BAD[kind].reason, field, state_updates=updates)
    if BAD[kind].reason.startswith("PARTICIPANT"):
        assert refusal.info.metadata == {"resource": bad.author}


def test_a_batch_with_one_id_twice_is_refused_whole(client: Client, session: str) -> None:
    append(client, session, Event(event_id="there", text="a"))
    for event_id in ("new", "there"):
        twin = Event(event_id=event_id, text="a")
        refused_append(client, session, [twin, Event(), twin], "INVALID_FIELD", "events[2].event_id")
