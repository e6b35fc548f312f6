"""The log of calls: a line for each, through `logging` like all others. test_process checks that of a process."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from activity_session.v1.session_service_pb2 import GetSessionRequest
from activity_session_testing.moments import eventually
from activity_session_testing.servers import Client, connected, failure, serving

LOGGER = "activity_session.call"
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
    assert line["duration_ms"] > 0
    assert line["call_id"]


def test_the_level_of_its_logger_turns_it_off(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, LOGGER)
    get_nothing(client)
    caplog.set_level(logging.INFO, LOGGER)
    get_nothing(client)
    assert len(eventually(lambda: lines(caplog))) == 1
