"""The most keys that a state can have: at the limit all are kept; one more is refused, and its whole call with it."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import AppendEventsRequest, UpdateStateRequest
from activity_session.v1.state_pb2 import StateUpdate
from activity_session_testing.backends import BACKENDS
from activity_session_testing.servers import Client, Failure, connected, failure, serving, unique
from activity_session_testing.steps import (
    append,
    at_once,
    list_events,
    new_participant,
    new_session,
    read_state,
    update_state,
)

MOST = 5
PARENT = "namespaces/default"
CALLERS = 16
KEYS = [f"key {number}" for number in range(MOST)]


@pytest.fixture(params=BACKENDS)
def client(request: pytest.FixtureRequest, new_database: Callable[[str], str]) -> Iterator[Client]:
    with (
        serving(new_database(request.param), state_keys=MOST) as server,
        connected(server.address) as client,
    ):
        yield client


def put(*keys: str) -> list[StateUpdate]:
    return [StateUpdate(key=key, value_json="1") for key in keys]


def appending(session: str, *keys: str) -> AppendEventsRequest:
    return AppendEventsRequest(parent=session, events=[Event(text="x")], state_updates=put(*keys))


def check_past(refusal: Failure, field: str, size: int) -> None:
    assert refusal.reason == "LIMIT_EXCEEDED"
    assert refusal.info.metadata == {"field": field, "limit": str(MOST), "size": str(size)}
    assert refusal.fields == [field]


def test_a_state_takes_as_many_keys_and_no_more(client: Client) -> None:
    owners = [new_session(client, PARENT).name, new_session(client, PARENT).name, new_participant(client, PARENT)]
    # Each state is counted alone.
    for name in (*owners, PARENT):
        update_state(client, name, *put(*KEYS))
        refusal = failure(client.events.UpdateState, UpdateStateRequest(name=name, updates=put("more", KEYS[0])))
        check_past(refusal, "updates", MOST + 1)
        assert {key: entry.revision for key, entry in read_state(client, name).items()} == dict.fromkeys(KEYS, 1)


def test_many_at_once_add_no_more(client: Client) -> None:
    for name in (new_session(client, PARENT).name, new_participant(client, PARENT), PARENT):
        for _ in range(2):
            calls = [partial(update_state, client, name, *put(unique("key"))) for _ in range(CALLERS)]
            outcomes = at_once(calls)
            assert {one.reason for one in outcomes if isinstance(one, Failure)} == {"LIMIT_EXCEEDED"}
            assert len(read_state(client, name)) == MOST


def test_an_append_past_the_limit_writes_nothing(client: Client) -> None:
    session = new_session(client, PARENT).name
    check_past(failure(client.events.AppendEvents, appending(session, *KEYS, "more")), "state_updates", MOST + 1)
    assert (list_events(client, session), read_state(client, session)) == ([], {})
    client.events.AppendEvents(appending(session, *KEYS))
    check_past(failure(client.events.AppendEvents, appending(session, "a", "b")), "state_updates", MOST + 2)
    assert len(list_events(client, session)) == 1
    assert sorted(read_state(client, session)) == KEYS


def test_a_full_state_can_be_changed(client: Client) -> None:
    session = new_session(client, PARENT).name
    update_state(client, session, *put(*KEYS))
    update_state(client, session, *put(*KEYS))
    update_state(client, session, *put("new"), StateUpdate(key=KEYS[0], delete=True))
    assert sorted(read_state(client, session)) == [*KEYS[1:], "new"]


def test_a_deleted_key_takes_no_place_until_it_comes_back(client: Client) -> None:
    session = new_session(client, PARENT).name
    update_state(client, session, *put(*KEYS))
    update_state(client, session, *(StateUpdate(key=key, delete=True) for key in KEYS[:2]))
    update_state(client, session, *put("a", "b"))
    refusal = failure(client.events.UpdateState, UpdateStateRequest(name=session, updates=put(KEYS[0])))
    check_past(refusal, "updates", MOST + 1)
    append(client, session, "x")
    assert sorted(read_state(client, session)) == sorted([*KEYS[2:], "a", "b"])
