"""What is kept of responses to requests with an id: enough to return them again, but not the content a second time."""

from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from sqlalchemy import select

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import AppendEventsRequest
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import (
    CreateSessionRequest,
    DeleteSessionRequest,
    EnsureSessionRequest,
    ExpungeSessionRequest,
    UndeleteSessionRequest,
    UpdateSessionRequest,
)
from activity_session_server.app import App
from activity_session_server.orm import Idempotency
from activity_session_testing.backends import KEEPING_BACKENDS
from activity_session_testing.moments import engine_of
from activity_session_testing.servers import connected, failure, serving, unique
from activity_session_testing.steps import new_participant, new_session

PARENT = "namespaces/default"
LARGE = "x" * 100_000
FEW_BYTES = 1000


@pytest.mark.parametrize("backend", KEEPING_BACKENDS)
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


def kept_bytes(server: App) -> int:
    """How many bytes of responses are kept."""
    with engine_of(server).connect() as connection:
        return sum(len(kept or b"") for kept in connection.scalars(select(Idempotency.answer)))


@pytest.mark.parametrize("backend", KEEPING_BACKENDS)
def test_a_session_is_returned_again_with_its_data_and_kept_without(
    new_database: Callable[[str], str], backend: str
) -> None:
    with serving(new_database(backend)) as server, connected(server.address) as client:
        sessions = client.sessions

        def twice(call: Any, request: Message) -> Any:
            request.request_id = unique("once")  # type: ignore[attr-defined]
            first = call(request)
            assert call(request) == first
            return first

        created = twice(sessions.CreateSession, CreateSessionRequest(parent=PARENT, session=Session(data=LARGE)))
        name = created.name
        ensured = EnsureSessionRequest(parent=PARENT, session_id="ensured", session=Session(data=LARGE))
        assert twice(sessions.EnsureSession, ensured).created
        ensured.session.participants.add(participant=new_participant(client, PARENT))
        assert twice(sessions.EnsureSession, ensured).session.data == LARGE
        for number in range(3):
            change = Session(name=name, labels={"number": str(number)})
            assert twice(sessions.UpdateSession, UpdateSessionRequest(session=change)).data == LARGE
        change = Session(name=name, data=LARGE[:-1])
        mask = FieldMask(paths=["data"])
        assert twice(sessions.UpdateSession, UpdateSessionRequest(session=change, update_mask=mask)).data == LARGE[:-1]
        assert twice(sessions.DeleteSession, DeleteSessionRequest(name=name)).data == LARGE[:-1]
        assert twice(sessions.UndeleteSession, UndeleteSessionRequest(name=name)).data == LARGE[:-1]
        assert 0 < kept_bytes(server) < 9 * FEW_BYTES


def test_a_retry_gets_the_data_as_it_is_then_and_no_session_that_is_gone() -> None:
    with serving("sqlite:///:memory:") as server, connected(server.address) as client:
        name = new_session(client, PARENT, data="old").name
        relabel = UpdateSessionRequest(session=Session(name=name, labels={"a": "b"}), request_id="relabel")
        first = client.sessions.UpdateSession(relabel)
        set_data = Session(name=name, data="new")
        client.sessions.UpdateSession(UpdateSessionRequest(session=set_data, update_mask=FieldMask(paths=["data"])))
        again = client.sessions.UpdateSession(relabel)
        assert (again.data, again.etag) == ("new", first.etag)
        client.sessions.DeleteSession(DeleteSessionRequest(name=name))
        client.sessions.ExpungeSession(ExpungeSessionRequest(name=name))
        assert failure(client.sessions.UpdateSession, relabel).reason == "SESSION_NOT_FOUND"
        new_session(client, PARENT, session_id=name.rpartition("/")[2], data="another")
        assert failure(client.sessions.UpdateSession, relabel).reason == "SESSION_NOT_FOUND"
