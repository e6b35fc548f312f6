"""What is kept of responses to requests with an id: enough to return them again, but not the content a second time."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import AppendEventsRequest
from activity_session_server.orm import Idempotency
from activity_session_testing.backends import MARIADB, SQLITE_FILE
from activity_session_testing.moments import engine_of
from activity_session_testing.servers import connected, serving
from activity_session_testing.steps import new_participant, new_session

PARENT = "namespaces/default"
LARGE = "x" * 100_000
FEW_BYTES = 1000


@pytest.mark.parametrize("backend", [SQLITE_FILE, MARIADB])
def test_an_append_is_answered_again_whole_and_kept_without_its_content(
    new_database: Callable[[str], str], backend: str
) -> None:
    with serving(new_database(backend)) as server, connected(server.address) as client:
        session, author = new_session(client, PARENT).name, new_participant(client, PARENT)
        events = [
            Event(author=author, type="message", text=LARGE, labels={"a": "b"}, media_type="text/plain"),
            Event(event_id="mine", blob=LARGE.encode()),
        ]
        events[0].event_time.FromJsonString("2026-01-02T03:04:05.123456789Z")
        request = AppendEventsRequest(parent=session, events=events, request_id="once")
        answer = client.events.AppendEvents(request)
        assert client.events.AppendEvents(request) == answer
        with engine_of(server).connect() as connection:
            kept = connection.scalar(select(Idempotency.answer).where(Idempotency.request_id == "once"))
    assert answer.events[0].text == LARGE
    assert answer.events[1].blob == LARGE.encode()
    assert kept is not None
    assert 0 < len(kept) < FEW_BYTES
