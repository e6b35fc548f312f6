"""A session is taken back to what it was at a number: its log, with all marks, and its state."""

import pytest

from activity_session.v1.conflict_pb2 import Conflict
from activity_session.v1.event_pb2 import Event
from activity_session.v1.session_service_pb2 import RewindSessionRequest, RewindSessionResponse
from activity_session.v1.state_pb2 import StateUpdate
from activity_session_testing.servers import Client
from activity_session_testing.steps import (
    acquire_turn,
    append,
    list_events,
    new_session,
    pop,
    read_state,
    refused,
    supersede,
    update_state,
)


@pytest.fixture
def session(client: Client, namespace: str) -> str:
    """The name of a session of five events, with whose second and fourth the state has changed."""
    name = new_session(client, namespace).name
    append(client, name, "one")
    append(client, name, "two", state_updates=[put("step", "2"), put("first", "true")])
    append(client, name, "three")
    append(client, name, "four", state_updates=[put("step", "4"), StateUpdate(key="first", delete=True)])
    append(client, name, "five", state_updates=[put("new", "5")])
    return name


def put(key: str, value_json: str) -> StateUpdate:
    return StateUpdate(key=key, value_json=value_json)


def rewind(client: Client, session: str, sequence: int, last: int, **fields: object) -> RewindSessionResponse:
    given = {"name": session, "sequence": sequence, "expected_last_sequence": last, **fields}
    return client.sessions.RewindSession(RewindSessionRequest(**given))  # type: ignore[arg-type]


def shown(client: Client, session: str) -> tuple[list[str], dict[str, str]]:
    state = {key: entry.value_json for key, entry in read_state(client, session).items()}
    return [event.text for event in list_events(client, session)], state


NOW = (["one", "two", "three", "four", "five"], {"step": "4", "new": "5"})
THEN = (["one", "two", "three"], {"step": "2", "first": "true"})


def test_shows_the_log_and_the_state_of_then(client: Client, session: str) -> None:
    assert shown(client, session) == NOW
    response = rewind(client, session, 3, 5, reason="wrong way")
    assert shown(client, session) == THEN
    assert response.last_sequence == response.mark.sequence == 6
    assert response.mark.supersession.reason == "wrong way"
    assert list(response.state_keys) == ["first", "new", "step"]


def test_is_undone_by_a_rewind_to_the_number_before_its_mark(client: Client, session: str) -> None:
    rewind(client, session, 3, 5)
    rewind(client, session, 5, 6)
    assert shown(client, session) == NOW
    rewind(client, session, 6, 7)
    assert shown(client, session) == THEN
    append(client, session, "other", state_updates=[put("step", "9")])
    assert shown(client, session) == ([*THEN[0], "other"], {"step": "9", "first": "true"})


def test_goes_back_over_marks_and_what_was_made_in_between(client: Client, session: str) -> None:
    supersede(client, session, 2, 2, "TWO", state_updates=[put("step", "7")])
    pop(client, session)
    update_state(client, session, put("other", "1"))
    rewind(client, session, 5, 8)
    assert shown(client, session) == NOW
    assert read_state(client, session, at_sequence=7)["step"].value_json == "7"


def test_to_the_beginning_shows_nothing(client: Client, session: str) -> None:
    rewind(client, session, 0, 5)
    assert shown(client, session) == ([], {})
    rewind(client, session, 5, 6)
    assert shown(client, session) == NOW


def test_may_leave_the_state_as_it_is(client: Client, session: str) -> None:
    response = rewind(client, session, 3, 5, keep_state=True)
    assert shown(client, session) == (THEN[0], NOW[1])
    assert not response.state_keys


def test_to_the_newest_event_changes_nothing(client: Client, session: str) -> None:
    response = rewind(client, session, 5, 5)
    assert (response.last_sequence, response.HasField("mark")) == (5, False)
    assert shown(client, session) == NOW


def test_is_made_once_with_a_request_id(client: Client, session: str) -> None:
    first = rewind(client, session, 3, 5, reason="why", request_id="once")
    assert rewind(client, session, 3, 5, reason="why", request_id="once") == first
    assert len(list_events(client, session, show_superseded=True)) == 6


def test_refuses_a_caller_who_has_missed_something(client: Client, session: str) -> None:
    request = RewindSessionRequest(name=session, sequence=3, expected_last_sequence=4)
    (conflict,) = refused(client.sessions.RewindSession, request, "SEQUENCE_MISMATCH").details(Conflict)
    assert [event.text for event in conflict.missed_events] == ["five"]
    request.ClearField("expected_last_sequence")
    refused(client.sessions.RewindSession, request, "INVALID_FIELD", "expected_last_sequence")
    request = RewindSessionRequest(name=session, sequence=6, expected_last_sequence=5)
    refused(client.sessions.RewindSession, request, "INVALID_FIELD", "sequence")
    assert shown(client, session) == NOW


def test_takes_the_turn_that_is_given(client: Client, session: str, author: str) -> None:
    token = acquire_turn(client, session, author).token
    request = RewindSessionRequest(name=session, sequence=3, expected_last_sequence=5, turn_token=token + 1)
    refused(client.sessions.RewindSession, request, "TURN_LOST")
    request.turn_token = token
    client.sessions.RewindSession(request)
    assert shown(client, session) == THEN


def test_in_an_empty_session_changes_what_was_written_before_any_event(client: Client, namespace: str) -> None:
    name = new_session(client, namespace).name
    update_state(client, name, put("a", "0"))
    append(client, name, Event(text="one"), state_updates=[put("a", "1")])
    rewind(client, name, 0, 1)
    assert shown(client, name) == ([], {"a": "0"})
