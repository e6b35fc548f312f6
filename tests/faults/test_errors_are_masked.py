"""Errors that nobody foresaw: the caller gets an id, and the log has the rest under it."""

import logging
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from activity_session.v1.session_service_pb2 import CreateSessionRequest, GetSessionRequest
from activity_session_server.app import App
from activity_session_server.store.queries import sessions
from activity_session_testing.moments import before
from activity_session_testing.servers import Client, Failure, connected, failure, serving

SECRET = "mysql://root:hunter2@db.internal/etc/passwd SELECT ключ"
REQUEST = GetSessionRequest(name="namespaces/default/sessions/s")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[App]:
    with serving(f"sqlite:///{tmp_path / 'test.db'}", health_interval=300.0) as server:
        yield server


@pytest.fixture
def client(server: App) -> Iterator[Client]:
    with connected(server.address) as client:
        yield client


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A use case with a bug."""

    def get_session(*_: object, **__: object) -> None:
        raise LookupError(SECRET)

    monkeypatch.setattr(sessions, "get_session", get_session)


def check_masked(refusal: Failure, call_id: str) -> None:
    assert refusal.code is grpc.StatusCode.INTERNAL
    assert refusal.reason == "INTERNAL"
    assert refusal.info.metadata == {"call_id": call_id}
    assert refusal.metadata["x-call-id"] == call_id
    assert call_id in refusal.message
    sent = repr((refusal.message, refusal.metadata, refusal.status))
    assert not [word for word in ("hunter2", "SELECT", "ключ", "LookupError", "Traceback", ".py") if word in sent]


def log_record(caplog: pytest.LogCaptureFixture) -> logging.LogRecord:
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    return record


@pytest.mark.usefixtures("broken")
def test_an_unforeseen_error_is_told_by_an_id_that_the_log_has_too(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    refusal = failure(client.sessions.GetSession, REQUEST)
    record = log_record(caplog)
    check_masked(refusal, record.__dict__["call_id"])
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == SECRET


@pytest.mark.usefixtures("broken")
def test_an_unforeseen_error_is_told_under_the_callers_own_id(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    refusal = failure(client.sessions.GetSession, REQUEST, metadata=[("x-request-id", "mine-1")])
    check_masked(refusal, "mine-1")
    assert log_record(caplog).__dict__["call_id"] == "mine-1"


def test_an_unforeseen_error_at_the_commit_is_masked_and_undone(
    server: App, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise LookupError(SECRET)

    request = CreateSessionRequest(parent="namespaces/default", session_id="s")
    request.session.SetInParent()
    with before(server, "COMMIT", fail):
        refusal = failure(client.sessions.CreateSession, request)
    check_masked(refusal, log_record(caplog).__dict__["call_id"])
    assert failure(client.sessions.GetSession, REQUEST).reason == "SESSION_NOT_FOUND"
    assert client.sessions.CreateSession(request).name == REQUEST.name
