"""Events that one client appends come back equal in each other one, and none keeps a client from the rest of a log."""

import base64
from collections.abc import Iterator
from itertools import islice
from typing import Any

import grpc
import pytest
from google.protobuf.json_format import MessageToDict, ParseDict

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import AppendEventsRequest
from activity_session_testing import hostile
from activity_session_testing.drivers import CLIENTS, Client, Driver, driving
from activity_session_testing.logs import BLOBS, TEXTS, as_given
from activity_session_testing.rpcs import RPCS
from activity_session_testing.servers import Client as Stubs
from activity_session_testing.servers import Failure
from activity_session_testing.steps import new_participant, new_session

NAMESPACE = "namespaces/default"
AUTHOR = f"{NAMESPACE}/participants/花子 👩‍🚀"
# Events with every field that a caller can set, as a client's own JSON has them.
FULL: dict[str, Any] = {
    "event_id": "出来事 🎉",
    "author": AUTHOR,
    "type": "メッセージ",
    "text": "京都 👩‍🚀",
    "media_type": "text/plain; charset=utf-8",
    "event_time": "2026-11-27T01:02:03.123456Z",
    "labels": {"a": "", "b.c/d-e_f": "言葉 🏳️‍🌈", "z": "z"},
}
EVENTS: list[dict[str, Any]] = [
    FULL,
    {"blob": base64.b64encode(bytes(range(256))).decode(), "media_type": "application/octet-stream"},
    {"type": "", "media_type": "", "author": "", "labels": {}},
    {},
    {"text": "界😀" * 20_000},
    *({"event_time": time} for time in ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000001Z", "9999-12-31T23:59:59Z")),
    *({"text": text} for text in TEXTS),
    *({"blob": base64.b64encode(blob).decode()} for blob in BLOBS),
]
APPEND, LIST, GET = (f"EventService/{name}" for name in ("AppendEvents", "ListEvents", "GetEvent"))


SET_BY_SERVER = {
    *("name", "sequence", "create_time", "created_by", "superseded_by", "supersession", "redaction", "redacted"),
}


def test_the_events_have_every_field_that_a_caller_can_set() -> None:
    fields = {name for event in EVENTS for name in event}
    assert fields == set(Event.DESCRIPTOR.fields_by_name) - SET_BY_SERVER


@pytest.fixture(scope="module")
def driver(client: Client, address: str) -> Iterator[Driver]:
    """A driver that is connected to the server."""
    with driving(client, address) as driver:
        yield driver


@pytest.fixture(scope="module")
def logs(address: str, stubs: Stubs) -> dict[str, list[dict[str, Any]]]:
    """The log that each client has written into a session of its own, by the session; as the response had it."""
    new_participant(stubs, *AUTHOR.split("/participants/"))
    found = {}
    for client in CLIENTS:
        if not client.lacks:
            session = new_session(stubs, NAMESPACE, client.name).name
            with driving(client, address) as driver:
                found[session] = driver.call(APPEND, {"parent": session, "events": EVENTS})["message"]["events"]
    return found


def parsed(events: list[dict[str, Any]]) -> list[Event]:
    return [ParseDict(event, Event()) for event in events]


def watched(driver: Driver, session: str, count: int) -> list[dict[str, Any]]:
    watch = driver.begin({"watch": session})
    try:
        return list(islice(watch.events(), count))
    finally:
        watch.cancel()


def test_who_appends_them_gets_them_back(logs: dict[str, list[dict[str, Any]]]) -> None:
    for session, appended in logs.items():
        for number, (given, event) in enumerate(zip(parsed(EVENTS), parsed(appended), strict=True), 1):
            given.event_id = given.event_id or event.event_id
            assert as_given(event) == given, session
            assert (event.name, event.sequence) == (f"{session}/events/{event.event_id}", number)


def test_each_other_client_reads_the_same(driver: Driver, logs: dict[str, list[dict[str, Any]]]) -> None:
    for session, appended in logs.items():
        expected = parsed(appended)
        assert parsed(driver.call(LIST, {"parent": session})["message"]["events"]) == expected
        assert parsed([driver.call(GET, {"name": event.name})["message"] for event in expected]) == expected
        assert parsed(watched(driver, session, len(expected))) == expected


def test_an_event_that_another_client_appends_again_is_the_same(
    driver: Driver, logs: dict[str, list[dict[str, Any]]]
) -> None:
    for session, appended in logs.items():
        again = [MessageToDict(as_given(event), preserving_proto_field_name=True) for event in parsed(appended)]
        response = driver.call(APPEND, {"parent": session, "events": again})["message"]
        assert parsed(response["events"]) == parsed(appended)
        assert (response["written"], response["last_sequence"]) == ([False] * len(again), str(len(again)))


@pytest.fixture(scope="module")
def hostile_log(stubs: Stubs) -> tuple[str, list[str]]:
    """A session with all events that have unknown fields which the server takes, and what is in them."""
    session, taken = new_session(stubs, NAMESPACE).name, []
    append = RPCS["AppendEvents"].raw_on(stubs.channel)
    request, text = AppendEventsRequest(parent=session).SerializeToString(), Event(text="said").SerializeToString()
    for what, raw in hostile.unknown_fields(Event.DESCRIPTOR):
        try:
            append(request + hostile.delimited(2, raw + text))
            taken.append(what)
        except grpc.RpcError as error:
            assert Failure(error).code is grpc.StatusCode.INVALID_ARGUMENT, what  # noqa: PT017 - it may be taken, too
    return session, taken


def test_whatever_unknown_fields_an_event_may_have_each_client_reads_it(
    driver: Driver, hostile_log: tuple[str, list[str]]
) -> None:
    session, taken = hostile_log
    assert "1000 of wire type 0" in taken
    for number, what in enumerate(taken):
        page = driver.call(LIST, {"parent": session, "after_sequence": number, "page_size": 1})
        assert page["status"] == "OK", f"{what}: {page}"
        assert page["message"]["events"][0].get("text", "said") == "said", what
    assert len(watched(driver, session, len(taken))) == len(taken)
