"""A request id is a subject's own: to another one it is an id like any other, and tells nothing."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import pytest
from sqlalchemy import select

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import AppendEventsRequest
from activity_session.v1.namespace_pb2 import Namespace
from activity_session.v1.namespace_service_pb2 import CreateNamespaceRequest
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import (
    AcquireTurnRequest,
    CreateSessionRequest,
    DeleteSessionRequest,
    UpdateSessionRequest,
)
from activity_session_server.app import App
from activity_session_server.orm import Idempotency
from activity_session_server.rules.access.callers import Caller, Grant
from activity_session_server.rules.access.roles import Role
from activity_session_testing.access import serving_callers
from activity_session_testing.backends import BACKENDS
from activity_session_testing.moments import engine_of
from activity_session_testing.servers import Client, unique
from activity_session_testing.steps import append, at_once, get_session, new_participant, new_session, refused

PARENT = "namespaces/default"


class Scene(NamedTuple):
    """A server, and a client of each of two subjects and of a caller without credentials."""

    server: App
    ada: Client
    bob: Client
    nobody: Client

    @property
    def clients(self) -> tuple[Client, Client, Client]:
        return self.ada, self.bob, self.nobody


@pytest.fixture(params=BACKENDS)
def scene(request: pytest.FixtureRequest, new_database: Callable[[str], str]) -> Iterator[Scene]:
    grants = [Grant(subject, "", Role.ADMIN) for subject in ("ada", "bob")]
    with (
        serving_callers(new_database(request.param), grants, allow_anonymous=True) as access,
        access.client("ada") as ada,
        access.client("bob") as bob,
        access.client() as nobody,
    ):
        yield Scene(access.server, ada, bob, nobody)


def scopes(server: App, request_id: str) -> set[str]:
    with engine_of(server).connect() as connection:
        return set(connection.scalars(select(Idempotency.scope).where(Idempotency.request_id == request_id)))


def test_the_same_request_of_another_subject_is_another_request(scene: Scene) -> None:
    name = new_session(scene.ada, PARENT).name
    request = AppendEventsRequest(parent=name, events=[Event(text="hello")], request_id="once")
    answers = [client.events.AppendEvents(request) for client in scene.clients]
    assert [answer.last_sequence for answer in answers] == [1, 2, 3]
    again = [client.events.AppendEvents(request) for client in scene.clients]
    assert again == answers


def test_an_id_that_another_subject_has_used_otherwise_is_free(scene: Scene) -> None:
    name = new_session(scene.ada, PARENT).name
    for number, client in enumerate(scene.clients):
        session = Session(name=name, labels={"number": str(number)})
        changed = client.sessions.UpdateSession(UpdateSessionRequest(session=session, request_id="mine"))
        assert changed.labels["number"] == str(number)
    # It is still used up for each of them.
    for client in scene.clients:
        request = DeleteSessionRequest(name=name, request_id="mine")
        refused(client.sessions.DeleteSession, request, "REQUEST_ID_REUSED", "request_id")


def test_an_answer_that_acknowledges_is_for_its_subject_only(scene: Scene) -> None:
    session_id = unique("session")
    request = CreateSessionRequest(parent=PARENT, session_id=session_id, session=Session(data="x"), request_id="new")
    created = scene.ada.sessions.CreateSession(request)
    refused(scene.bob.sessions.CreateSession, request, "SESSION_ALREADY_EXISTS")
    refused(scene.nobody.sessions.CreateSession, request, "SESSION_ALREADY_EXISTS")
    assert scene.ada.sessions.CreateSession(request) == created


def test_what_has_no_name_yet_is_of_a_subject_too(scene: Scene) -> None:
    request = CreateNamespaceRequest(namespace=Namespace(description="same"), request_id=unique("request"))
    names = {client.namespaces.CreateNamespace(request).name for client in scene.clients}
    assert len(names) == 3
    assert names == {client.namespaces.CreateNamespace(request).name for client in scene.clients}


def test_calls_of_two_subjects_at_once_do_not_meet(scene: Scene) -> None:
    name = new_session(scene.ada, PARENT).name
    request = AppendEventsRequest(parent=name, events=[Event(text="hello")], request_id="at-once")
    answers = at_once([partial(client.events.AppendEvents, request) for client in scene.clients * 2])
    assert sorted(getattr(answer, "last_sequence", 0) for answer in answers) == [1, 1, 2, 2, 3, 3]


def test_without_credentials_the_scope_is_what_it_was(scene: Scene) -> None:
    """Claims of older versions, and of servers that still run, hold."""
    name = new_session(scene.nobody, PARENT).name
    request_id = unique("kept")
    append(scene.nobody, name, "hello", request_id=request_id)
    assert scopes(scene.server, request_id) == {name}
    append(scene.ada, name, "hello", request_id=request_id)
    others = scopes(scene.server, request_id) - {name}
    assert [len(other) for other in others] == [64]


def test_a_turn_that_is_given_back_is_that_of_its_subject(scene: Scene) -> None:
    """The client goes before it has the turn: its claim is found, and the turn released."""
    name, member = new_session(scene.ada, PARENT).name, new_participant(scene.ada, PARENT)
    request = AcquireTurnRequest(session=name, participant=member, request_id="turn")
    lease = scene.ada.sessions.AcquireTurn(request)
    queues = scene.server.live.turn_queues
    call = scene.server._own_call("/activity_session.v1.SessionService/AcquireTurn")  # noqa: SLF001
    for subject, is_given_back in (("bob", False), ("ada", True)):
        queues._hand_back(call._replace(caller=Caller(subject, ())), request, lease)  # noqa: SLF001
        assert get_session(scene.ada, name).HasField("turn") != is_given_back
