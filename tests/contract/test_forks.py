"""A session is forked: its fork begins as it was at a number, and goes its own way from there."""

from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from activity_session.v1.conflict_pb2 import Conflict
from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import (
    AppendEventsRequest,
    BatchGetEventsRequest,
    GetEventRequest,
    RedactEventsRequest,
)
from activity_session.v1.session_pb2 import Session, SessionParticipant
from activity_session.v1.session_service_pb2 import (
    CreateSessionRequest,
    ForkSessionRequest,
    ListSessionsRequest,
    MarkReadRequest,
    RewindSessionRequest,
)
from activity_session.v1.session_settings_pb2 import SessionSettings
from activity_session.v1.state_pb2 import StateUpdate
from activity_session_testing.servers import Client, unique
from activity_session_testing.steps import (
    append,
    at_once,
    delete_participant,
    delete_session,
    expunge_session,
    get_session,
    list_events,
    member_names,
    members,
    new_participant,
    new_session,
    pop,
    read_state,
    refused,
    supersede,
    update_session,
    update_state,
)
from activity_session_testing.watches import Watching

MANY = 120
HALF = 100


@pytest.fixture
def session(client: Client, namespace: str) -> str:
    """The name of a session with five events, with whose second and fourth the state has changed."""
    name = new_session(client, namespace, data="data", labels={"team": "travel"}, description="a trip").name
    append(client, name, Event(event_id="one", text="one"))
    append(client, name, "two", state_updates=[put("step", "2")])
    append(client, name, "three")
    append(client, name, "four", state_updates=[put("step", "4"), put("other", "true")])
    append(client, name, "five")
    return name


def put(key: str, value_json: str) -> StateUpdate:
    return StateUpdate(key=key, value_json=value_json)


def fork(client: Client, session: str, last: int | None = None, **fields: Any) -> Session:
    return client.sessions.ForkSession(ForkSessionRequest(name=session, up_to_sequence=last, **fields))


def texts(client: Client, session: str, **fields: Any) -> list[str]:
    return [event.text for event in list_events(client, session, **fields)]


def values(client: Client, session: str, **fields: Any) -> dict[str, str]:
    return {key: entry.value_json for key, entry in read_state(client, session, **fields).items()}


def without_names(events: list[Event]) -> list[Event]:
    for event in events:
        event.name = ""
    return events


def test_takes_events_of_all_authors_along_whoever_is_deleted(client: Client, namespace: str) -> None:
    authors = [new_participant(client, namespace) for _ in range(3)]
    name = new_session(client, namespace, participants=members(*authors)).name
    said = [
        Event(
            text=f"text {number}",
            author=authors[number % 3],
            labels={"number": str(number)},
            event_time=Timestamp(seconds=1_600_000_000 + 7 * number % 1000),
        )
        for number in range(MANY)
    ]
    for first in range(0, MANY, 40):
        append(client, name, *said[first : first + 40])
    delete_participant(client, authors[0])
    made = fork(client, name, HALF)
    assert without_names(list_events(client, made.name)) == without_names(list_events(client, name))[:HALF]
    assert member_names(made) == authors[1:]
    assert append(client, made.name, "its own").last_sequence == HALF + 1


def test_says_what_it_is_a_fork_of_and_is_like_it(client: Client, session: str) -> None:
    origin = get_session(client, session)
    made = fork(client, session, 3, session_id=unique("fork"))
    assert (made.forked_from.session, made.forked_from.uid, made.forked_from.sequence) == (session, origin.uid, 3)
    assert (made.first_sequence, made.last_sequence) == (1, 3)
    assert (made.data, made.description, made.labels) == (origin.data, origin.description, origin.labels)
    assert made.last_event_time == list_events(client, session)[2].create_time
    assert made.uid != origin.uid
    assert not made.auto_created
    assert made == get_session(client, made.name)
    assert get_session(client, session) == origin
    listed = client.sessions.ListSessions(ListSessionsRequest(parent=session.partition("/sessions/")[0])).sessions
    assert [one.forked_from for one in listed if one.name == made.name] == [made.forked_from]


def test_works_in_the_same_way_but_lasts_as_a_new_one(client: Client, namespace: str) -> None:
    settings = SessionSettings(require_turn=True)
    expires = Timestamp(seconds=4_000_000_000)
    name = new_session(client, namespace, settings=settings, expire_time=expires).name
    made = fork(client, name)
    assert made.settings.require_turn
    assert not made.HasField("expire_time")
    request = AppendEventsRequest(parent=made.name, events=[Event(text="a")])
    refused(client.events.AppendEvents, request, "TURN_REQUIRED")


def test_goes_its_own_way(client: Client, session: str) -> None:
    made = fork(client, session, 3).name
    append(client, made, "other", state_updates=[put("step", "9")])
    append(client, session, "six")
    supersede(client, session, 1, 1)
    supersede(client, made, 2, 2, "TWO")
    assert texts(client, made) == ["one", "three", "other", "TWO"]
    assert texts(client, session) == ["two", "three", "four", "five", "six"]
    assert (values(client, made), values(client, session)) == ({"step": "9"}, {"step": "4", "other": "true"})
    assert [event.text for event in pop(client, made, 3)] == ["three", "other", "TWO"]


class TestState:
    def test_is_that_of_the_number(self, client: Client, session: str) -> None:
        assert values(client, fork(client, session, 3).name) == {"step": "2"}
        assert values(client, fork(client, session, 1).name) == {}
        assert values(client, fork(client, session).name) == {"step": "4", "other": "true"}
        assert values(client, fork(client, session, omit_state=True).name) == {}

    def test_of_numbers_before_its_beginning_is_that_of_its_origin(self, client: Client, session: str) -> None:
        made = fork(client, fork(client, session, 4).name, 3).name
        update_state(client, made, put("step", "9"))
        assert values(client, made, at_sequence=3) == {"step": "9"}
        assert [values(client, made, at_sequence=number) for number in (2, 1)] == [{"step": "2"}, {}]
        again = fork(client, made, 2).name
        assert values(client, again) == {"step": "2"}

    def test_comes_back_with_a_rewind_to_before_its_beginning(self, client: Client, session: str) -> None:
        made = fork(client, session, 4).name
        append(client, made, "other", state_updates=[put("step", "9")])
        rewind = RewindSessionRequest(name=made, sequence=2, expected_last_sequence=5)
        client.sessions.RewindSession(rewind)
        assert (texts(client, made), values(client, made)) == (["one", "two"], {"step": "2"})

    def test_of_an_origin_that_is_gone_is_told_to_be(self, client: Client, session: str) -> None:
        made = fork(client, session, 3).name
        delete_session(client, session)
        expunge_session(client, session)
        refused(client.sessions.ForkSession, ForkSessionRequest(name=made, up_to_sequence=2), "STATE_PURGED")
        assert texts(client, fork(client, made, 2, omit_state=True).name) == ["one", "two"]


class TestMembers:
    def test_are_those_of_the_session_and_have_read_what_they_had(self, client: Client, namespace: str) -> None:
        ada, bob = (new_participant(client, namespace) for _ in range(2))
        name = new_session(client, namespace, participants=members(ada, bob, role="guide")).name
        append(client, name, "one", "two", "three")
        client.sessions.MarkRead(MarkReadRequest(session=name, participant=ada, sequence=3))
        client.sessions.MarkRead(MarkReadRequest(session=name, participant=bob, sequence=1))
        made = fork(client, name, 2)
        found = {one.participant: (one.role, one.last_read_sequence) for one in made.participants}
        assert found == {ada: ("guide", 2), bob: ("guide", 1)}

    def test_can_be_others(self, client: Client, namespace: str) -> None:
        ada, bob = (new_participant(client, namespace) for _ in range(2))
        name = new_session(client, namespace, participants=members(ada)).name
        made = fork(client, name, participants=members(bob))
        assert member_names(made) == [bob]

    def test_must_be_there(self, client: Client, session: str, namespace: str) -> None:
        gone = new_participant(client, namespace)
        delete_participant(client, gone)
        request = ForkSessionRequest(name=session, participants=members(gone))
        refused(client.sessions.ForkSession, request, "PARTICIPANT_DELETED")
        other = [SessionParticipant(participant="namespaces/other/participants/ada")]
        request = ForkSessionRequest(name=session, participants=other)
        refused(client.sessions.ForkSession, request, "INVALID_FIELD", "participants[0].participant")


class TestRefusals:
    def test_of_numbers_that_no_event_has(self, client: Client, session: str) -> None:
        request = ForkSessionRequest(name=session, up_to_sequence=6)
        refused(client.sessions.ForkSession, request, "INVALID_FIELD", "up_to_sequence")
        request = ForkSessionRequest(name=session, up_to_sequence=-1)
        refused(client.sessions.ForkSession, request, "INVALID_FIELD", "up_to_sequence")

    def test_of_members_that_are_named_twice(self, client: Client, session: str, namespace: str) -> None:
        member = new_participant(client, namespace)
        request = ForkSessionRequest(name=session, participants=members(member, member))
        refused(client.sessions.ForkSession, request, "INVALID_FIELD", "participants[1].participant")

    def test_of_a_name_that_is_taken(self, client: Client, session: str) -> None:
        request = ForkSessionRequest(name=session, session_id=session.rpartition("/")[2])
        refused(client.sessions.ForkSession, request, "SESSION_ALREADY_EXISTS")
        assert texts(client, session) == ["one", "two", "three", "four", "five"]

    def test_of_a_deleted_session_but_not_of_a_disabled_one(self, client: Client, session: str) -> None:
        update_session(client, Session(name=session, enabled=False), "enabled")
        assert fork(client, session).enabled
        delete = new_session(client, session.partition("/sessions/")[0]).name
        delete_session(client, delete)
        refused(client.sessions.ForkSession, ForkSessionRequest(name=delete), "SESSION_DELETED")


class TestEvents:
    def test_are_found_by_their_ids(self, client: Client, session: str) -> None:
        made = fork(client, fork(client, session, 4).name, 3).name
        own = append(client, made, Event(event_id="own", text="own")).events[0]
        event = client.events.GetEvent(GetEventRequest(name=f"{made}/events/one"))
        assert (event.text, event.sequence, event.name) == ("one", 1, f"{made}/events/one")
        names = [own.name, f"{made}/events/one"]
        found = client.events.BatchGetEvents(BatchGetEventsRequest(parent=made, names=names)).events
        assert [one.text for one in found] == ["own", "one"]
        beyond = list_events(client, session)[4].event_id
        refused(client.events.GetEvent, GetEventRequest(name=f"{made}/events/{beyond}"), "EVENT_NOT_FOUND")

    def test_are_not_appended_again(self, client: Client, session: str) -> None:
        made = fork(client, session, 3).name
        again = append(client, made, Event(event_id="one", text="one"))
        assert (list(again.written), again.events[0].sequence, again.last_sequence) == ([False], 1, 3)
        request = AppendEventsRequest(parent=made, events=[Event(event_id="one", text="another")])
        refused(client.events.AppendEvents, request, "EVENT_ALREADY_EXISTS")
        fourth = list_events(client, session)[3].event_id
        assert append(client, made, Event(event_id=fourth, text="four")).last_sequence == 4

    def test_that_were_missed_are_told(self, client: Client, session: str) -> None:
        made = fork(client, session, 3).name
        append(client, made, "other")
        stale = AppendEventsRequest(parent=made, events=[Event(text="a")], expected_last_sequence=1)
        (conflict,) = refused(client.events.AppendEvents, stale, "SEQUENCE_MISMATCH").details(Conflict)
        assert [event.text for event in conflict.missed_events] == ["two", "three"]

    def test_are_watched_across_the_beginning_of_the_fork(self, client: Client, session: str) -> None:
        made = fork(client, session, 3).name
        append(client, made, "other")
        with Watching.of(client, made, 1) as watch:
            assert [event.text for event in watch.wait_for_start().events] == ["two", "three", "other"]

    def test_superseded_in_the_origin_later_are_in_view(self, client: Client, session: str) -> None:
        supersede(client, session, 2, 2)
        early, late = fork(client, session, 5).name, fork(client, session).name
        assert texts(client, early) == ["one", "two", "three", "four", "five"]
        assert texts(client, late) == ["one", "three", "four", "five"]
        supersede(client, late, 6, 6)
        assert texts(client, late) == ["one", "two", "three", "four", "five"]


class TestRedaction:
    def test_reaches_all_that_share_an_event(self, client: Client, session: str) -> None:
        first = fork(client, session, 3).name
        second = fork(client, first).name
        apart = fork(client, session, 0).name
        with Watching.of(client, second) as watch:
            watch.wait_for_start()
            names = [f"{first}/events/one"]
            client.events.RedactEvents(RedactEventsRequest(parent=first, names=names, reason="a secret"))
            mark = watch.wait(lambda watch: [one.mark for one in watch.messages if one.HasField("mark")])[0]
        assert list(mark.redacted.sequences) == [1]
        for name in (session, first, second):
            event = client.events.GetEvent(GetEventRequest(name=f"{name}/events/one"))
            assert (event.text, event.redaction.reason, event.redaction.session) == ("", "a secret", first)
        assert [get_session(client, name).last_sequence for name in (session, first, second, apart)] == [6, 4, 4, 0]

    def test_is_refused_while_one_that_shares_the_event_is_held(self, client: Client, session: str) -> None:
        first = fork(client, session, 3).name
        second = fork(client, first).name
        request = RedactEventsRequest(parent=first, names=[f"{first}/events/one"])
        for holder in (session, second):
            update_session(client, Session(name=holder, legal_hold=True), "legal_hold")
            assert refused(client.events.RedactEvents, request, "RESOURCE_HELD").info.metadata["resource"] == holder
            update_session(client, Session(name=holder, legal_hold=False), "legal_hold")
        client.events.RedactEvents(request)


def test_outlives_its_origin_and_forks_in_between(client: Client, session: str) -> None:
    middle = fork(client, session, 4).name
    append(client, middle, "other")
    made = fork(client, middle).name
    for name in (middle, session):
        delete_session(client, name)
        expunge_session(client, name)
    assert texts(client, made) == ["one", "two", "three", "four", "other"]
    assert texts(client, made, order_by="sequence desc", page_size=2) == ["other", "four", "three", "two", "one"]
    again = new_session(client, session.partition("/sessions/")[0], session.rpartition("/")[2]).name
    assert texts(client, again) == []
    assert get_session(client, made).forked_from.session == middle


def test_of_one_session_at_once_all_are_whole(client: Client, session: str) -> None:
    calls = [lambda: fork(client, session), lambda: fork(client, session), lambda: append(client, session, "x")]
    found = at_once(calls * 3)
    for made in found:
        if isinstance(made, Session):
            assert texts(client, made.name) == texts(client, session)[: made.last_sequence]
            assert made.last_sequence >= 5


def test_an_empty_session_is_forked_too(client: Client, namespace: str) -> None:
    name = client.sessions.CreateSession(CreateSessionRequest(parent=namespace, session=Session())).name
    made = fork(client, name)
    assert (made.last_sequence, made.HasField("last_event_time"), made.forked_from.session) == (0, False, name)
    assert append(client, made.name, "first").last_sequence == 1
