"""Watches as server-sent events, and turns that are waited for, over HTTP."""

import socket
import threading
import time
from collections.abc import Iterator
from http.client import HTTPResponse
from itertools import islice

import pytest

from activity_session_server.app import App
from activity_session_server.http import streams
from activity_session_testing.http_calls import HttpClient, Sent, sent_events
from activity_session_testing.moments import eventually
from activity_session_testing.servers import Client, connected, serving, unique
from activity_session_testing.steps import (
    AGENT,
    acquire_turn,
    append,
    delete_session,
    members,
    new_participant,
    new_session,
    release_turn,
    supersede,
)

MEMORY = "sqlite:///:memory:"
PARENT = "namespaces/default"


@pytest.fixture(scope="module")
def server() -> Iterator[App]:
    with serving(MEMORY, http_address="127.0.0.1:0", watches_per_connection=4, watches=6) as server:
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
    return new_session(client, PARENT, unique("watched")).name


def texts(response: HTTPResponse, count: int) -> list[str]:
    found = (sent.json["event"]["text"] for sent in sent_events(response) if "event" in sent.json)
    return list(islice(found, count))


def until_bookmark(response: HTTPResponse) -> list[Sent]:
    found = []
    for sent in sent_events(response):
        found.append(sent)
        if "bookmark" in sent.json:
            break
    return found


def test_a_watch_has_an_event_for_each_message_with_its_number(http: HttpClient, client: Client, session: str) -> None:
    append(client, session, "one", "two")
    with http.open("GET", f"/v1/{session}/watch") as response:
        assert response.headers["Content-Type"].startswith("text/event-stream")
        found = until_bookmark(response)
        assert [sent.id for sent in found] == ["1", "2", "", "2"]
        assert "session" in found[2].json
        append(client, session, "three\r\n\u2028\ndata: x")
        assert texts(response, 1) == ["three\r\n\u2028\ndata: x"]


def test_a_watch_goes_on_after_the_last_event_that_came(http: HttpClient, client: Client, session: str) -> None:
    append(client, session, "one", "two", "three")
    with http.open("GET", f"/v1/{session}/watch?afterSequence=1") as response:
        assert texts(response, 2) == ["two", "three"]
    with http.open("GET", f"/v1/{session}/watch?afterSequence=1", Last_Event_ID="2") as response:
        assert texts(response, 1) == ["three"]


def test_a_watch_goes_on_after_a_mark(http: HttpClient, client: Client, session: str) -> None:
    append(client, session, "one", "two")
    with http.open("GET", f"/v1/{session}/watch") as response:
        until_bookmark(response)
        supersede(client, session, 1, 2)
        mark = next(sent_events(response))
    assert (mark.id, mark.json["mark"]["supersession"]["ranges"][0]["lastSequence"]) == ("3", "2")
    with http.open("GET", f"/v1/{session}/watch", Last_Event_ID=mark.id) as response:
        assert [(sent.id, "session" in sent.json) for sent in until_bookmark(response)] == [("", True), ("3", False)]


def test_a_watch_shows_superseded_events_if_asked_to(http: HttpClient, client: Client, session: str) -> None:
    append(client, session, "one", "two")
    supersede(client, session, 1, 1)
    for query, expected in {"": ["2"], "?showSuperseded=true": ["1", "2"]}.items():
        with http.open("GET", f"/v1/{session}/watch{query}") as response:
            assert [sent.id for sent in until_bookmark(response) if "event" in sent.json] == expected


@pytest.mark.parametrize("place", ["x", "-1", "9"])
def test_a_place_that_there_is_not_is_refused(http: HttpClient, session: str, place: str) -> None:
    answer = http.call("GET", f"/v1/{session}/watch", Last_Event_ID=place)
    assert (answer.code, answer.reason) == (400, "INVALID_FIELD")


def test_an_error_before_the_first_event_is_a_response(http: HttpClient) -> None:
    answer = http.call("GET", f"/v1/{PARENT}/sessions/nothing/watch")
    assert (answer.code, answer.reason) == (404, "SESSION_NOT_FOUND")
    assert answer.headers["x-call-id"]


def test_an_error_later_is_the_last_event(http: HttpClient, client: Client, session: str) -> None:
    with http.open("GET", f"/v1/{session}/watch") as response:
        until_bookmark(response)
        delete_session(client, session)
        last = list(sent_events(response))[-1]
    assert (last.event, last.json["error"]["details"][0]["reason"]) == ("error", "SESSION_DELETED")


def test_a_watch_ends_at_its_timeout(http: HttpClient, session: str) -> None:
    with http.open("GET", f"/v1/{session}/watch", X_Server_Timeout="0.5") as response:
        last = list(sent_events(response))[-1]
    assert last.json["error"]["status"] == "DEADLINE_EXCEEDED"


def test_comments_show_that_a_quiet_watch_is_there(
    http: HttpClient, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT", 0.05)
    with http.open("GET", f"/v1/{session}/watch") as response:
        until_bookmark(response)
        assert [response.readline() for _ in range(4)] == [b":\n", b"\n"] * 2


def test_a_client_that_goes_away_leaves_nothing_behind(http: HttpClient, server: App, session: str) -> None:
    threads = threading.active_count()
    for _ in range(3):
        with http.open("GET", f"/v1/{session}/watch") as response:
            until_bookmark(response)
            assert server.live.watches.slots.taken == 1
        eventually(lambda: server.live.watches.slots.taken == 0)
    assert threading.active_count() <= threads + 1


def test_watches_have_a_limit(http: HttpClient, server: App, session: str) -> None:
    watches = [http.open("GET", f"/v1/{session}/watch") for _ in range(6)]
    try:
        for one in watches:
            until_bookmark(one.__enter__())
        answer = http.call("GET", f"/v1/{session}/watch")
        assert (answer.code, answer.reason, answer.headers["retry-after"]) == (429, "SERVER_FULL", "1")
    finally:
        for one in watches:
            one.__exit__(None, None, None)
    eventually(lambda: server.live.watches.slots.taken == 0)


def test_a_turn_is_one_response(http: HttpClient, client: Client) -> None:
    first, second = (new_participant(client, PARENT, participant_type=AGENT) for _ in range(2))
    session = new_session(client, PARENT, unique("turns"), participants=members(first, second)).name
    lease = acquire_turn(client, session, first, 60)
    held = http.call("POST", f"/v1/{session}/acquireTurn", {"participant": second})
    assert (held.code, held.reason) == (400, "TURN_HELD")
    found = []
    waiting = threading.Thread(
        target=lambda: found.append(
            http.call("POST", f"/v1/{session}/acquireTurn", {"participant": second, "wait": True})
        )
    )
    waiting.start()
    release_turn(client, lease)
    waiting.join()
    assert (found[0].code, found[0].json["holder"]) == (200, second)


def test_a_turn_of_a_client_that_has_gone_is_released(http: HttpClient, client: Client, server: App) -> None:
    first, second = (new_participant(client, PARENT, participant_type=AGENT) for _ in range(2))
    session = new_session(client, PARENT, unique("turns"), participants=members(first, second)).name
    lease = acquire_turn(client, session, first, 60)
    body = b'{"participant": "%s", "wait": true, "ttl": "60s"}' % second.encode()
    head = f"POST /v1/{session}/acquireTurn HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    host, _, port = http.address.partition(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        eventually(lambda: server.live.turn_queues.slots.taken == 1)
    eventually(lambda: server.live.turn_queues.slots.taken == 0)
    release_turn(client, lease)
    assert acquire_turn(client, session, first, 1).holder == first


def test_a_reader_that_does_not_read_is_cut_off_and_slows_nobody_else() -> None:
    with (
        serving(MEMORY, http_address="127.0.0.1:0", watch_timeout=1, watch_backlog=10) as server,
        connected(server.address) as client,
    ):
        http = HttpClient(server.http_address)
        session = new_session(client, PARENT).name
        unread = [http.open("GET", f"/v1/{session}/watch") for _ in range(20)]
        responses = [one.__enter__() for one in unread]
        try:
            for _ in range(10):
                append(client, session, "x" * 1_000_000)
            with http.open("GET", f"/v1/{session}/watch") as response:
                began = time.monotonic()
                assert len(texts(response, 10)) == 10
                assert time.monotonic() - began < 5
            eventually(lambda: server.live.watches.slots.taken == 0)
        finally:
            for response in responses:
                response.close()


def test_calls_that_run_when_a_server_ends_are_served_and_watches_are_told() -> None:
    with serving(MEMORY, http_address="127.0.0.1:0") as server, connected(server.address) as client:
        http = HttpClient(server.http_address)
        session = new_session(client, PARENT).name
        with http.open("GET", f"/v1/{session}/watch") as response:
            until_bookmark(response)
            ending = threading.Thread(target=server.stop)
            ending.start()
            last = list(sent_events(response))[-1]
            ending.join()
        assert (last.event, last.json["error"]["details"][0]["reason"]) == ("error", "SERVER_DRAINING")
        with pytest.raises(ConnectionRefusedError):
            http.call("GET", "/v1/serverInfo")
