"""The log of calls: a line for each, through `logging` like all others. test_process checks that of a process."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from activity_session.v1.info_service_pb2 import GetServerInfoRequest
from activity_session.v1.session_service_pb2 import EnsureSessionRequest, GetSessionRequest, WatchSessionRequest
from activity_session.v1.state_pb2 import StateUpdate
from activity_session_server.rules.access.callers import Grant
from activity_session_server.rules.access.roles import Role
from activity_session_testing.access import serving_callers
from activity_session_testing.moments import eventually
from activity_session_testing.servers import Client, connected, failure, serving
from activity_session_testing.steps import acquire_turn, new_participant, update_state

LOGGER = "activity_session.call"
PARENT = "namespaces/default"
GET_SESSION = "/activity_session.v1.SessionService/GetSession"


@pytest.fixture
def client() -> Iterator[Client]:
    with serving("sqlite:///:memory:") as server, connected(server.address) as client:
        yield client


def get_nothing(client: Client) -> None:
    refusal = failure(client.sessions.GetSession, GetSessionRequest(name="namespaces/default/sessions/none"))
    assert refusal.reason == "SESSION_NOT_FOUND"


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [record.__dict__["fields"] for record in caplog.records if record.name == LOGGER]


def test_a_call_has_one_line(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    get_nothing(client)
    (line,) = eventually(lambda: lines(caplog))
    assert (line["method"], line["code"], line["reason"]) == (GET_SESSION, "NOT_FOUND", "SESSION_NOT_FOUND")
    assert line["resource"] == "namespaces/default/sessions/none"
    assert line["duration_ms"] > 0
    assert line["call_id"]
    assert "subject" not in line


def test_a_line_names_the_subject_and_what_its_call_was_about(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    subject, name = "spiffe://trust.example/ada", f"{PARENT}/sessions/{'n' * 255}"
    with (
        serving_callers("sqlite:///:memory:", [Grant(subject, "", Role.WRITER)]) as access,
        access.client(subject) as client,
    ):
        client.sessions.EnsureSession(EnsureSessionRequest(parent=PARENT, session_id="n" * 255))
        update_state(client, name, StateUpdate(key="k", value_json="1"))
        acquire_turn(client, name, new_participant(client, PARENT, "ada"))
        watch = client.sessions.WatchSession(WatchSessionRequest(name=name), timeout=20)
        next(watch)
        watch.cancel()
        found = eventually(lambda: lines(caplog) if len(lines(caplog)) == 5 else [])
    assert {line["subject"] for line in found} == {subject}
    assert sorted(line["resource"] for line in found) == [f"{PARENT}/participants/ada", *[name] * 4]
    assert list(found[0]) == ["method", "code", "subject", "resource", "duration_ms", "peer", "call_id"]


def test_a_request_that_cannot_be_read_and_one_about_nothing_name_nothing(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    client.info.GetServerInfo(GetServerInfoRequest())
    assert failure(client.sessions.GetSession, GetSessionRequest(name="nothing")).reason == "INVALID_FIELD"
    found = eventually(lambda: lines(caplog) if len(lines(caplog)) == 2 else [])
    assert not any("resource" in line for line in found)


def test_the_level_of_its_logger_turns_it_off(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, LOGGER)
    get_nothing(client)
    caplog.set_level(logging.INFO, LOGGER)
    get_nothing(client)
    assert len(eventually(lambda: lines(caplog))) == 1
