"""The mirror shows what it is sent, and returns what it is told to."""

from collections.abc import Iterator

import grpc
import pytest

from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import CreateSessionRequest, WatchSessionRequest, WatchSessionResponse
from activity_session_testing.mirrors import STAY, Answer, Mirror, error_info, mirroring, refusal
from activity_session_testing.servers import Client, connected, failure

REQUEST = CreateSessionRequest(parent="namespaces/default")


@pytest.fixture(scope="module")
def mirror() -> Iterator[Mirror]:
    with mirroring() as mirror:
        yield mirror


@pytest.fixture
def stubs(mirror: Mirror) -> Iterator[Client]:
    mirror.play()
    with connected(mirror.address) as stubs:
        yield stubs


def test_it_shows_requests_with_their_metadata_and_deadline(mirror: Mirror, stubs: Client) -> None:
    assert stubs.sessions.CreateSession(REQUEST, metadata=(("key", "value"),), timeout=5) == Session()
    (attempt,) = mirror.attempts
    assert (attempt.method, attempt.request, attempt.values("key")) == ("CreateSession", REQUEST, ["value"])
    assert attempt.previous_attempts == 0
    assert 0 < (attempt.seconds_left or 0) <= 5


def test_it_shows_that_there_is_no_deadline(mirror: Mirror, stubs: Client) -> None:
    watch = stubs.sessions.WatchSession(WatchSessionRequest(name="x"))
    mirror.wait_for(1)
    watch.cancel()
    assert mirror.attempts[0].seconds_left is None


def test_it_answers_by_the_script_and_then_well(mirror: Mirror, stubs: Client) -> None:
    mirror.play(grpc.StatusCode.ABORTED, refusal(grpc.StatusCode.NOT_FOUND, error_info("GONE")))
    assert failure(stubs.sessions.CreateSession, REQUEST).code == grpc.StatusCode.ABORTED
    assert failure(stubs.sessions.CreateSession, REQUEST).reason == "GONE"
    assert stubs.sessions.CreateSession(REQUEST) == Session()
    assert len(mirror.attempts) == 3


def test_a_call_can_stay_open(mirror: Mirror, stubs: Client) -> None:
    mirror.play(STAY)
    refused = failure(stubs.sessions.CreateSession, REQUEST, timeout=0.2)
    assert refused.code == grpc.StatusCode.DEADLINE_EXCEEDED


def test_a_watch_gets_messages_and_then_a_status(mirror: Mirror, stubs: Client) -> None:
    message = WatchSessionResponse(session=Session(name="x"))
    mirror.play(Answer(grpc.StatusCode.OK, [message, message]))
    assert list(stubs.sessions.WatchSession(WatchSessionRequest(name="x"))) == [message, message]
