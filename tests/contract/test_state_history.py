"""The state of a session as it was when an event was its newest, against what plain dictionaries say that it was."""

import copy
from functools import partial
from typing import Any

import grpc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import AppendEventsRequest, GetStateRequest
from activity_session.v1.info_service_pb2 import GetServerInfoRequest
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import ExpungeSessionRequest
from activity_session.v1.state_pb2 import StateEntry, StateScope, StateUpdate
from activity_session_testing.servers import Client
from activity_session_testing.steps import (
    append,
    at_once,
    delete_session,
    new_participant,
    new_session,
    read_state,
    refused,
    update_session,
    update_state,
)

EXAMPLES = 20
KEYS = "abc"
Asked = tuple[int, dict[str, str | None]]
WRITERS = 8


@pytest.fixture
def session(client: Client, namespace: str) -> str:
    return new_session(client, namespace).name


def put(key: str, value: object) -> StateUpdate:
    return StateUpdate(key=key, value_json=str(value))


def drop(key: str) -> StateUpdate:
    return StateUpdate(key=key, delete=True)


def values(client: Client, session: str, at: int, **fields: Any) -> dict[str, str]:
    """Return what the keys had at a number."""
    return {key: entry.value_json for key, entry in read_state(client, session, at_sequence=at, **fields).items()}


def pages(client: Client, session: str, at: int, size: int) -> list[list[str]]:
    """Return the keys of each page of the state at a number."""
    request, found = GetStateRequest(name=session, at_sequence=at, page_size=size), []
    while True:
        page = client.events.GetState(request)
        found.append(sorted(page.entries))
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token


class Model:
    """A session's state, now and at each number, as a client can follow it."""

    def __init__(self) -> None:
        self.now: dict[str, StateEntry] = {}
        self.at: list[dict[str, StateEntry]] = [{}]
        self._revisions: dict[str, int] = {}

    def do(self, events: int, updates: dict[str, str | None]) -> list[StateUpdate]:
        """Append so many events with updates, or none by UpdateState; returns the updates for a request."""
        # What comes with several events comes with the last of them.
        self.at += [copy.deepcopy(self.now) for _ in range(events)]
        for key, value in updates.items():
            if value is not None:
                self._revisions[key] = self._revisions.get(key, 0) + 1
                number = len(self.at) - 1
                self.now[key] = StateEntry(value_json=value, revision=self._revisions[key], sequence=number)
            elif self.now.pop(key, None):
                self._revisions[key] += 1
        self.at[-1] = copy.deepcopy(self.now)
        return [drop(key) if value is None else put(key, value) for key, value in updates.items()]


changes = st.dictionaries(st.sampled_from(KEYS), st.none() | st.integers(0, 9).map(str))
# How many events, and what changes; None is a deletion.
calls = st.tuples(st.integers(1, 3), changes) | st.tuples(st.just(0), changes.filter(bool))


@settings(max_examples=EXAMPLES, deadline=None)
@given(asked=st.lists(calls, min_size=1, max_size=12))
def test_the_state_at_each_number_is_what_it_was(
    client: Client, asked: list[tuple[int, dict[str, str | None]]]
) -> None:
    session, model = new_session(client, "namespaces/default").name, Model()
    for events, updates in asked:
        wanted = model.do(events, updates)
        if events:
            append(client, session, *["x"] * events, state_updates=wanted)
        else:
            update_state(client, session, *wanted)
        assert read_state(client, session) == model.now
    assert [read_state(client, session, at_sequence=number) for number in range(len(model.at))] == model.at


class TestReads:
    def test_at_a_number_have_all_that_was_changed_until_the_next_event(self, client: Client, session: str) -> None:
        update_state(client, session, put("before", 0))
        append(client, session, "x", "y", state_updates=[put("plan", 2)])
        update_state(client, session, put("plan", 3), drop("before"))
        append(client, session, "z", state_updates=[put("plan", 4)])
        found = [values(client, session, number) for number in range(4)]
        assert found == [{"before": "0"}, {"before": "0"}, {"plan": "3"}, {"plan": "4"}]

    def test_tell_the_number_of_each_value(self, client: Client, session: str) -> None:
        assert update_state(client, session, put("a", 1)).entries["a"].sequence == 0
        append(client, session, "x", "y", state_updates=[put("b", 1)])
        assert update_state(client, session, put("c", 1)).entries["c"].sequence == 2
        append(client, session, "z", state_updates=[put("b", 2)])
        assert {key: one.sequence for key, one in read_state(client, session).items()} == {"a": 0, "b": 3, "c": 2}
        then = read_state(client, session, at_sequence=2)
        assert then == {
            "a": StateEntry(value_json="1", revision=1),
            "b": StateEntry(value_json="1", revision=1, sequence=2),
            "c": StateEntry(value_json="1", revision=1, sequence=2),
        }

    def test_take_keys_a_prefix_and_pages(self, client: Client, session: str) -> None:
        keys = [f"{number:03}" for number in range(120)]
        for number, some in enumerate((keys[:60], keys[60:]), 1):
            append(client, session, "x", state_updates=[put(key, number) for key in some])
        update_state(client, session, *map(drop, keys[:100:2]))
        append(client, session, "x", state_updates=[put(key, 3) for key in keys[:100:3]])
        append(client, session, "x", state_updates=list(map(drop, keys[:100])))
        left = {key: str(1 + (key >= "060")) for key in keys if key >= "100" or int(key) % 2}
        then = {**left, **dict.fromkeys(keys[:100:3], "3")}
        assert values(client, session, 3, page_size=7) == then
        assert pages(client, session, 3, 7) == [sorted(then)[start : start + 7] for start in range(0, len(then), 7)]
        assert values(client, session, 3, keys=["001", "000", "002", "x"]).keys() == {"000", "001"}
        assert values(client, session, 3, key_prefix="01").keys() == {key for key in then if key[:2] == "01"}
        assert pages(client, session, 1, 20) == [keys[:20], keys[20:40], keys[40:60]]
        assert pages(client, session, 4, 1000) == [keys[100:]]

    def test_take_a_token_at_the_same_number_alone(self, client: Client, session: str) -> None:
        append(client, session, "x", "y", state_updates=[put("a", 1), put("b", 1)])
        request = GetStateRequest(name=session, at_sequence=2, page_size=1)
        request.page_token = client.events.GetState(request).next_page_token
        assert list(client.events.GetState(request).entries) == ["b"]
        for at_sequence in (1, None):
            other = GetStateRequest(name=session, page_token=request.page_token, at_sequence=at_sequence)
            refused(client.events.GetState, other, "INVALID_PAGE_TOKEN", "page_token")

    def test_return_large_values_as_they_were(self, client: Client, session: str) -> None:
        size = client.info.GetServerInfo(GetServerInfoRequest()).limits.state_value_bytes
        large = {str(number): f'"{str(number) * (size - 2)}"' for number in range(9)}
        every = list(large.items())
        for start in (0, 3, 6):
            append(client, session, "x", state_updates=[put(*one) for one in every[start : start + 3]])
        append(client, session, "x", state_updates=[put(key, 1) for key in large])
        assert values(client, session, 3) == large
        assert values(client, session, 4) == dict.fromkeys(large, "1")

    def test_of_deleted_sessions_go_on(self, client: Client, session: str) -> None:
        append(client, session, "x", state_updates=[put("a", 1)])
        append(client, session, "y", state_updates=[put("a", 2)])
        delete_session(client, session)
        assert values(client, session, 1) == {"a": "1"}

    def test_of_a_later_session_of_the_same_name_see_nothing_of_the_former_one(
        self, client: Client, namespace: str
    ) -> None:
        former = new_session(client, namespace, "same")
        append(client, former.name, "x", state_updates=[put("a", 1)])
        append(client, former.name, "y", state_updates=[put("a", 2)])
        delete_session(client, former.name)
        client.sessions.ExpungeSession(ExpungeSessionRequest(name=former.name))
        later = new_session(client, namespace, "same")
        append(client, later.name, "x", "y")
        assert [values(client, later.name, number) for number in range(3)] == [{}] * 3
        request = GetStateRequest(name=former.name, at_sequence=1, uid=former.uid)
        refused(client.events.GetState, request, "SESSION_NOT_FOUND")


class TestRefused:
    @pytest.mark.parametrize("kind", ["namespace", "participant"])
    def test_is_a_number_of_what_has_none(self, client: Client, namespace: str, kind: str) -> None:
        name = namespace if kind == "namespace" else new_participant(client, namespace)
        update_state(client, name, put("a", 1))
        assert read_state(client, name)["a"].sequence == 0
        request = GetStateRequest(name=name, at_sequence=0)
        refusal = refused(client.events.GetState, request, "INVALID_FIELD", "at_sequence")
        assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT

    def test_is_a_number_beyond_the_last(self, client: Client, session: str) -> None:
        append(client, session, "x")
        request = GetStateRequest(name=session, at_sequence=2)
        refusal = refused(client.events.GetState, request, "INVALID_FIELD", "at_sequence")
        assert "2 is beyond the session's last, which is 1" in refusal.message
        assert values(client, session, 1) == {}

    def test_is_a_negative_number(self, client: Client, session: str) -> None:
        request = GetStateRequest(name=session, at_sequence=-1)
        refused(client.events.GetState, request, "INVALID_FIELD", "at_sequence")

    def test_is_a_session_that_is_not_there(self, client: Client, namespace: str) -> None:
        request = GetStateRequest(name=f"{namespace}/sessions/none", at_sequence=0)
        refused(client.events.GetState, request, "SESSION_NOT_FOUND")


class TestChanges:
    def test_by_a_retry_change_nothing(self, client: Client, session: str) -> None:
        append(client, session, "x", state_updates=[put("a", 1)])
        again = Event(event_id="e", text="y")
        append(client, session, again, state_updates=[put("a", 2)])
        append(client, session, "z")
        append(client, session, again, state_updates=[put("a", 3)])
        first = update_state(client, session, put("b", 1), request_id="r")
        append(client, session, "w", state_updates=[put("b", 2)])
        assert update_state(client, session, put("b", 1), request_id="r") == first
        expected = [{}, {"a": "1"}, {"a": "2"}, {"a": "2", "b": "1"}, {"a": "2", "b": "2"}]
        assert [values(client, session, number) for number in range(5)] == expected

    def test_that_are_refused_change_nothing(self, client: Client, session: str) -> None:
        append(client, session, "x", state_updates=[put("a", 1)])
        stale = StateUpdate(key="b", value_json="1", expected_revision=7)
        request = AppendEventsRequest(parent=session, events=[Event(text="y")], state_updates=[put("a", 2), stale])
        refused(client.events.AppendEvents, request, "REVISION_MISMATCH")
        append(client, session, "y")
        assert [values(client, session, number) for number in range(3)] == [{}, {"a": "1"}, {"a": "1"}]

    def test_of_other_states_that_come_with_an_append_are_none_of_the_session(
        self, client: Client, namespace: str, session: str
    ) -> None:
        shared = StateUpdate(scope=StateScope.STATE_SCOPE_NAMESPACE, key="a", value_json="7")
        append(client, session, "x", state_updates=[put("a", 1), shared])
        append(client, session, "y", state_updates=[put("a", 2), shared])
        assert [values(client, session, number) for number in range(3)] == [{}, {"a": "1"}, {"a": "2"}]
        assert read_state(client, namespace) == {"a": StateEntry(value_json="7", revision=2)}

    def test_of_the_metadata_leave_it_alone(self, client: Client, session: str) -> None:
        append(client, session, "x", state_updates=[put("a", 1)])
        update_session(client, Session(name=session, description="x"), "description")
        append(client, session, "y", state_updates=[put("a", 2)])
        assert values(client, session, 1) == {"a": "1"}

    def test_by_many_writers_at_once_are_found_at_the_numbers_of_their_events(
        self, client: Client, session: str
    ) -> None:
        """Each append sets the one key to its own name, so the state at its number must have that."""

        def write(name: int) -> tuple[int, str]:
            update_state(client, session, put(f"own-{name}", name))
            return append(client, session, "x", state_updates=[put("shared", name)]).last_sequence, str(name)

        written = at_once([partial(write, name) for name in range(WRITERS)])
        found = {(number, values(client, session, number)["shared"]) for number in range(1, WRITERS + 1)}
        assert found == set(written)
        now = {key: entry.value_json for key, entry in read_state(client, session).items()}
        assert len(now) == 1 + WRITERS
        assert values(client, session, WRITERS) == now
