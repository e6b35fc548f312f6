"""A session as a stream of AG-UI events; tests/clients/test_ag_ui.py reads it by that protocol's own client."""

import json
from collections.abc import Iterator
from http.client import HTTPResponse
from itertools import islice
from typing import Any

import pytest

from activity_session.v1.event_pb2 import Event
from activity_session_server.app import App
from activity_session_testing.http_calls import HttpClient, sent_events
from activity_session_testing.servers import Client, connected, serving, unique
from activity_session_testing.steps import (
    AGENT,
    USER,
    append,
    delete_session,
    members,
    new_participant,
    new_session,
    supersede,
)

MEMORY = "sqlite:///:memory:"
PARENT = "namespaces/default"
PARTS = "application/vnd.activity-session.parts+json"


@pytest.fixture(scope="module")
def server() -> Iterator[App]:
    with serving(MEMORY, http_address="127.0.0.1:0") as server:
        yield server


@pytest.fixture(scope="module")
def http(server: App) -> HttpClient:
    return HttpClient(server.http_address)


@pytest.fixture(scope="module")
def client(server: App) -> Iterator[Client]:
    with connected(server.address) as client:
        yield client


@pytest.fixture
def session(client: Client) -> str:
    return new_session(client, PARENT, unique("seen")).name


def of_parts(*parts: Any) -> Event:
    return Event(media_type=PARTS, text=json.dumps({"parts": parts}))


def events(response: HTTPResponse, count: int) -> list[Any]:
    return [sent.json for sent in islice(sent_events(response), count)]


def test_a_run_begins_with_its_ids_and_has_the_texts_with_who_said_them(http: HttpClient, client: Client) -> None:
    user, agent = (new_participant(client, PARENT, participant_type=kind) for kind in (USER, AGENT))
    session = new_session(client, PARENT, unique("京都"), participants=members(user, agent))
    append(client, session.name, Event(author=user, text="a?"), Event(author=agent, text="b"), Event(text="c"))
    given = {"threadId": "t", "runId": "r", "messages": [], "state": {}, "tools": [], "context": []}
    with http.open("POST", f"/ag-ui/{session.name}".replace("京都", "%E4%BA%AC%E9%83%BD"), given) as response:
        assert response.headers["Content-Type"].startswith("text/event-stream")
        started, *found = events(response, 10)
    assert started == {"type": "RUN_STARTED", "threadId": "t", "runId": "r", "protocolVersion": "1.0"}
    assert [one["type"] for one in found] == ["TEXT_MESSAGE_START", "TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_END"] * 3
    assert [one["role"] for one in found[::3]] == ["user", "assistant", "system"]
    assert [one.get("name") for one in found[::3]] == [user.rpartition("/")[2], agent.rpartition("/")[2], None]
    assert [one["delta"] for one in found[1::3]] == ["a?", "b", "c"]
    assert [one["messageId"] for one in found[::3]] == [f"{session.uid}/{number}" for number in (1, 2, 3)]
    assert found[0]["metadata"]["activity-session"]["sequence"] == "1"


def test_tool_calls_and_their_results_are_those_of_the_protocol(http: HttpClient, client: Client, session: str) -> None:
    call = {"id": "c1", "name": "search", "arguments": {"q": "🏯"}}
    append(
        client,
        session,
        of_parts({"text": "I look."}, {"tool_call": call}),
        of_parts({"tool_result": {"id": "c1", "result": [1]}}),
    )
    with http.open("GET", f"/ag-ui/{session}") as response:
        found = events(response, 8)[4:]
    assert [one["type"] for one in found] == ["TOOL_CALL_START", "TOOL_CALL_ARGS", "TOOL_CALL_END", "TOOL_CALL_RESULT"]
    assert {one["toolCallId"] for one in found} == {"c1"}
    assert (found[0]["toolCallName"], json.loads(found[1]["delta"]), found[3]["content"]) == (
        "search",
        {"q": "🏯"},
        "[1]",
    )


def test_a_tool_that_has_failed_is_told_beside_its_result(http: HttpClient, client: Client, session: str) -> None:
    append(client, session, of_parts({"tool_result": {"id": "c1", "result": "no rooms", "is_error": True}}))
    with http.open("GET", f"/ag-ui/{session}") as response:
        found = events(response, 2)[1]
    assert (found["content"], found["metadata"]["activity-session"]["isError"]) == ("no rooms", True)


@pytest.mark.parametrize(
    "event",
    [
        Event(blob=b"\x00", type="picture"),
        Event(text="{}", media_type="application/json", type="picture"),
        Event(text="no JSON", media_type=PARTS, type="picture"),
        Event(text='{"parts": [{"film": {}}]}', media_type=PARTS, type="picture"),
    ],
    ids=["bytes", "another media type", "parts that cannot be read", "a part that is not known"],
)
def test_what_the_protocol_does_not_know_is_whole_in_a_custom_event(
    http: HttpClient, client: Client, session: str, event: Event
) -> None:
    append(client, session, event)
    with http.open("GET", f"/ag-ui/{session}") as response:
        (_, found) = events(response, 2)
    assert (found["type"], found["name"], found["value"]["sequence"]) == ("CUSTOM", "picture", "1")


def test_a_run_goes_on_after_the_newest_message_that_the_client_has(
    http: HttpClient, client: Client, session: str
) -> None:
    append(client, session, "one", "two", "three")
    with http.open("POST", f"/ag-ui/{session}", {}) as response:
        first = events(response, 4)[1]["messageId"]
    had = {"messages": [{"id": first.replace("/1", "/2/1"), "role": "assistant"}, {"id": first}, {"id": "own"}]}
    for request in ({"body": had}, {"path": "?afterSequence=2"}, {"Last_Event_ID": "2"}):
        path, body = request.pop("path", ""), request.pop("body", None)
        with http.open("POST" if body else "GET", f"/ag-ui/{session}{path}", body, **request) as response:
            assert events(response, 3)[2]["delta"] == "three"


def test_a_mark_is_a_custom_event_and_a_run_that_begins_later_has_what_is_in_view(
    http: HttpClient, client: Client, session: str
) -> None:
    append(client, session, "one", "two", "three")
    with http.open("GET", f"/ag-ui/{session}") as response:
        assert events(response, 10)[-1]["type"] == "TEXT_MESSAGE_END"
        supersede(client, session, 2, 3, "new", reason="shorter")
        mark, *_, end = islice(sent_events(response), 4)
    assert (mark.json["type"], mark.json["name"], mark.id, end.id) == ("CUSTOM", "mark", "4", "5")
    ranges = [{"firstSequence": "2", "lastSequence": "3"}]
    assert mark.json["value"]["supersession"] == {"ranges": ranges, "reason": "shorter"}
    with http.open("GET", f"/ag-ui/{session}") as response:
        _, *found = events(response, 7)
    assert [one["delta"] for one in found[1::3]] == ["one", "new"]
    with http.open("GET", f"/ag-ui/{session}", Last_Event_ID="4") as response:
        assert events(response, 3)[2]["delta"] == "new"


def test_a_run_ends_with_the_error_that_ends_the_watch(http: HttpClient, client: Client, session: str) -> None:
    with http.open("GET", f"/ag-ui/{session}") as response:
        assert events(response, 1)[0]["type"] == "RUN_STARTED"
        delete_session(client, session)
        (end,) = events(response, 1)
    assert (end["type"], end["code"]) == ("RUN_ERROR", "SESSION_DELETED")


def test_what_cannot_begin_is_an_error_as_of_any_call(http: HttpClient, session: str) -> None:
    missing = http.call("POST", f"/ag-ui/{session}x", {})
    assert (missing.code, missing.reason) == (404, "SESSION_NOT_FOUND")
    wrong = http.call("POST", f"/ag-ui/{session}", {"messages": [1]})
    assert (wrong.code, wrong.fields) == (400, ["messages.0"])
    assert http.call("DELETE", f"/ag-ui/{session}").headers["allow"] == "GET, POST"
    assert http.call("GET", "/ag-ui/elsewhere").code == 404
