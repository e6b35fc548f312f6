"""The log of calls: a line for each, some at a time, none lost without a word. As a process writes it: test_process."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from activity_session.v1.session_service_pb2 import GetSessionRequest
from activity_session_server import logs
from activity_session_server.rpc import call_log
from activity_session_testing.moments import eventually
from activity_session_testing.servers import Client, connected, failure, serving

NO_UPKEEP = 300.0
GET_SESSION = "/activity_session.v1.SessionService/GetSession"


@contextmanager
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Client, list[dict[str, Any]]]]:
    """A client of a server, and the fields of the lines that the server has written."""
    lines: list[dict[str, Any]] = []
    monkeypatch.setattr(logs, "call_writer", lambda _: lambda calls: lines.extend(fields for _, fields in calls))
    with serving("sqlite:///:memory:", health_interval=NO_UPKEEP) as server, connected(server.address) as client:
        yield client, lines


def get_nothing(client: Client) -> None:
    refusal = failure(client.sessions.GetSession, GetSessionRequest(name="namespaces/default/sessions/none"))
    assert refusal.reason == "SESSION_NOT_FOUND"


def test_a_call_has_its_line_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    with logged(monkeypatch) as (client, lines):
        get_nothing(client)
        (line,) = eventually(lambda: list(lines))
    assert (line["method"], line["code"], line["reason"]) == (GET_SESSION, "NOT_FOUND", "SESSION_NOT_FOUND")
    assert line["duration_ms"] > 0
    assert line["request_id"]


def test_the_end_of_the_server_writes_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_log, "INTERVAL", 300.0)
    with logged(monkeypatch) as (client, lines):
        for _ in range(3):
            get_nothing(client)
        assert lines == []
    assert [line["method"] for line in lines] == [GET_SESSION] * 3


def test_lines_that_cannot_be_kept_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_log, "INTERVAL", 300.0)
    monkeypatch.setattr(call_log, "_MOST", 2)
    with logged(monkeypatch) as (client, lines):
        for _ in range(5):
            get_nothing(client)
    assert [line.get("method") for line in lines] == [GET_SESSION, GET_SESSION, None]
    assert lines[-1] == {"dropped_lines": 3}
