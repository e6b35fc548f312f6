"""No content in the log: what a caller writes, and is shown when it is refused, is not logged."""

import logging
import re
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from activity_session.v1.event_service_pb2 import GetStateRequest
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import CreateSessionRequest, DeleteSessionRequest
from activity_session.v1.state_pb2 import StateUpdate
from activity_session_server.logs import Formatter, json_line
from activity_session_server.rules.requests import resource_of
from activity_session_testing.places import Place, places
from activity_session_testing.rpcs import RPCS, Rpc
from activity_session_testing.servers import Client, Failure, connected, failure, serving
from activity_session_testing.steps import new_session, refused, update_state

SECRET = "planted-secret"
MISSING = {
    "Namespace": "namespaces/none",
    "Participant": "namespaces/none/participants/none",
    "Session": "namespaces/none/sessions/none",
    "Event": "namespaces/none/sessions/none/events/none",
    "Memory": "namespaces/none/sessions/none/memories/none",
    "*": "namespaces/none/sessions/none",
}
LIMITS = {
    "description_bytes": 100,
    "data_bytes": 100,
    "event_content_bytes": 100,
    "memory_content_bytes": 100,
    "state_value_bytes": 100,
}
# For each way to refuse a text, one that is refused so.
TEXTS = [
    SECRET,
    f" {SECRET}\0",
    f"{SECRET}\t",
    f"{SECRET} e\u0301",
    f"{SECRET}/",
    SECRET * 50,
    f"{SECRET} desc",
    f"namespaces/{SECRET}\t",
]
FILTERS = [
    f"{SECRET} = 1",
    f"{SECRET}",
    f'description = "{SECRET}',
    f"description = {SECRET}*x",
    f"type = {SECRET}*x",
    f"enabled = {SECRET}",
    f"create_time > {SECRET}",
    f"event_time > {SECRET}",
    f"last_sequence = {SECRET}",
    f"importance = {SECRET}",
    f"participant_type = {SECRET}",
    f"memory_type = {SECRET}",
    f"author = {SECRET}",
    f"agent = {SECRET}",
    f"participants:{SECRET}",
    f"labels.{SECRET}! = a",
    f"labels.{SECRET} = a*b",
    f'"{SECRET}"',
]
# Any text can be an etag: it is only compared, see below.
NEVER_REFUSED = {"etag"}


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with serving("sqlite:///:memory:", limits=LIMITS) as server, connected(server.address) as client:
        yield client


class Log(logging.Handler):
    """All lines as they would be written."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(Formatter(json_line))
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text += f"{self.format(record)}\n"


@pytest.fixture
def log() -> Iterator[Log]:
    log, logger = Log(), logging.getLogger("activity_session")
    level = logger.level
    logger.setLevel(logging.DEBUG)
    logger.addHandler(log)
    yield log
    logger.removeHandler(log)
    logger.setLevel(level)


def without_names(lines: str) -> str:
    """Return lines without the name of what each call was about."""
    return re.sub(r'"resource":"[^"]*",', "", lines)


def outcome(client: Client, rpc: Rpc, request: Any) -> Failure | None:
    try:
        rpc.on(client.channel)(request, timeout=20)
    except grpc.RpcError as error:
        return Failure(error)
    return None


def variants(place: Place) -> Iterator[Any]:
    for text in FILTERS if place.path == "filter" else TEXTS:
        # Of a map, also where the other half is what is refused.
        for entry in ("", "\0") if place.is_map_key else ("a",):
            yield place.request(text, MISSING.__getitem__, entry=entry)


def is_about(place: Place, refusal: Failure | None) -> bool:
    """Whether a call was refused because of a place."""
    plain = [part for part in place.path.removesuffix(".key").removesuffix(".value").split(".") if part != "paths"]
    return refusal is not None and any(
        [part.partition("[")[0] for part in field.split(".")][: len(plain)] == plain for field in refusal.fields
    )


@pytest.mark.parametrize("rpc", RPCS.values(), ids=RPCS)
def test_what_a_caller_writes_is_not_logged_when_it_is_refused(client: Client, log: Log, rpc: Rpc) -> None:
    before = 0
    for place in places(rpc.request_class):
        requests = list(variants(place))
        refusals = [outcome(client, rpc, request) for request in requests]
        assert place.path.split(".")[-1] in NEVER_REFUSED or any(is_about(place, one) for one in refusals), place
        assert SECRET not in without_names(log.text), place
        # Names are logged, also those of what is not there; what is in no name is not logged there either.
        if not any(SECRET in resource_of(request) for request in requests):
            assert not re.search(f'"resource":"[^"]*{SECRET}', log.text[before:]), place
        before = len(log.text)
    assert not places(rpc.request_class) or '"reason"' in log.text


def test_a_caller_sees_what_the_log_does_not(client: Client, log: Log) -> None:
    request = CreateSessionRequest(parent="namespaces/default", session=Session(labels={SECRET: f"{SECRET}\t"}))
    refusal = failure(client.sessions.CreateSession, request)
    assert refusal.fields == [f"session.labels.{SECRET}"]
    assert refusal.message == f"session.labels.{SECRET}: '{SECRET}\\t' contains a control character"
    assert "session.labels: contains a control character" in log.text
    assert SECRET not in log.text


def test_what_is_only_compared_is_not_logged(client: Client, log: Log) -> None:
    session = new_session(client, "namespaces/default", "compared")
    refusal = refused(
        client.sessions.DeleteSession, DeleteSessionRequest(name=session.name, etag=SECRET), "ETAG_MISMATCH"
    )
    assert SECRET in refusal.message
    update_state(client, session.name, StateUpdate(key=SECRET, value_json="1"))
    stale = StateUpdate(key=SECRET, value_json="2", expected_revision=7)
    request = RPCS["UpdateState"].request_class(name=session.name, updates=[stale])
    assert SECRET in refused(client.events.UpdateState, request, "REVISION_MISMATCH").message
    used = CreateSessionRequest(parent="namespaces/default", session=Session(), request_id=SECRET)
    client.sessions.CreateSession(used)
    used.session.description = "another"
    assert SECRET in refused(client.sessions.CreateSession, used, "REQUEST_ID_REUSED").message
    for reason in ("ETAG_MISMATCH", "REVISION_MISMATCH", "REQUEST_ID_REUSED"):
        assert reason in log.text
    assert SECRET not in log.text


def test_pages_that_do_not_go_on_are_not_logged(client: Client, log: Log) -> None:
    request = GetStateRequest(name="namespaces/default", page_token=SECRET)
    refused(client.events.GetState, request, "INVALID_PAGE_TOKEN")
    assert SECRET not in log.text
