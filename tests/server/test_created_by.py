"""Who made a session, an event or a memory: told wherever they are shown, set by the server only."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from activity_session.v1.conflict_pb2 import Conflict
from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import AppendEventsRequest
from activity_session.v1.memory_pb2 import Memory
from activity_session.v1.memory_service_pb2 import (
    BatchCreateMemoriesRequest,
    CreateMemoryRequest,
    GetMemoryRequest,
    ListMemoriesRequest,
    UpdateMemoryRequest,
)
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import (
    BatchGetSessionsRequest,
    CreateSessionRequest,
    EnsureSessionRequest,
    ListSessionsRequest,
    UpdateSessionRequest,
    WatchSessionRequest,
)
from activity_session_server.app import App, log_lines
from activity_session_server.rules.access.callers import Grant
from activity_session_server.rules.access.roles import Role
from activity_session_testing.access import serving_callers
from activity_session_testing.backends import KEEPING_BACKENDS
from activity_session_testing.logs import get_event
from activity_session_testing.servers import Client, unique
from activity_session_testing.steps import (
    AGENT,
    append,
    delete_session,
    get_session,
    list_events,
    new_memory,
    new_participant,
    new_session,
    refused,
)

PARENT = "namespaces/default"
# As long as one can be, and of characters that are hard to keep.
ADA = "spiffe://trust.example/ada 👩‍🚀".ljust(255, "é")


class Scene(NamedTuple):
    """A server, and a client of each of two subjects and of a caller without credentials."""

    server: App
    ada: Client
    bob: Client
    nobody: Client


@pytest.fixture(scope="module", params=KEEPING_BACKENDS)
def scene(
    request: pytest.FixtureRequest,
    new_shared_database: Callable[[str], tuple[str, str]],
) -> Iterator[Scene]:
    url, grants = new_shared_database(request.param)[0], [Grant(subject, "", Role.ADMIN) for subject in (ADA, "bob")]
    with (
        serving_callers(url, grants, allow_anonymous=True) as access,
        access.client(ADA) as ada,
        access.client("bob") as bob,
        access.client() as nobody,
    ):
        yield Scene(access.server, ada, bob, nobody)


def makers(messages: Any) -> list[str]:
    return [message.created_by for message in messages]


def test_a_session_is_of_who_created_it_whoever_changes_it(scene: Scene) -> None:
    given = Session(created_by="mallory")
    request = CreateSessionRequest(parent=PARENT, session_id=unique("session"), session=given, request_id="new")
    created = scene.ada.sessions.CreateSession(request)
    assert created.created_by == ADA
    assert scene.ada.sessions.CreateSession(request) == created
    name = created.name
    changed = scene.bob.sessions.UpdateSession(UpdateSessionRequest(session=Session(name=name, description="new")))
    deleted = delete_session(scene.bob, name)
    listed = scene.bob.sessions.ListSessions(ListSessionsRequest(parent=PARENT, show_deleted=True, page_size=1000))
    batch = scene.bob.sessions.BatchGetSessions(BatchGetSessionsRequest(parent=PARENT, names=[name]))
    found = [session for session in listed.sessions if session.name == name]
    assert makers([changed, deleted, get_session(scene.bob, name), *batch.sessions, *found]) == [ADA] * 5


def test_a_session_that_is_ensured_is_of_who_made_it(scene: Scene) -> None:
    request = EnsureSessionRequest(parent=PARENT, session_id=unique("session"))
    answers = [client.sessions.EnsureSession(request) for client in (scene.bob, scene.ada)]
    assert [answer.created for answer in answers] == [True, False]
    assert makers(answer.session for answer in answers) == ["bob", "bob"]


def test_without_credentials_nobody_has_made_it(scene: Scene) -> None:
    session = new_session(scene.nobody, PARENT)
    (event,) = append(scene.nobody, session.name, "hello").events
    memory = new_memory(scene.nobody, session.name, new_participant(scene.nobody, PARENT, participant_type=AGENT))
    assert makers([session, event, memory, get_session(scene.ada, session.name)]) == [""] * 4


def test_it_can_be_sent_back_and_not_be_changed(scene: Scene) -> None:
    session = new_session(scene.ada, PARENT)
    session.description = "new"
    assert scene.bob.sessions.UpdateSession(UpdateSessionRequest(session=session)).created_by == ADA
    masked = UpdateSessionRequest(
        session=Session(name=session.name, created_by="bob"), update_mask=FieldMask(paths=["created_by"])
    )
    assert scene.bob.sessions.UpdateSession(masked).created_by == ADA


def test_an_event_is_of_who_appended_it_however_it_is_read(scene: Scene) -> None:
    name = new_session(scene.ada, PARENT).name
    appended = append(scene.ada, name, Event(text="one", created_by="mallory"), "two")
    append(scene.bob, name, "three")
    append(scene.nobody, name, "four")
    everyone = [ADA, ADA, "bob", ""]
    assert makers(appended.events) == everyone[:2]
    assert makers(list_events(scene.bob, name)) == everyone
    assert makers(list_events(scene.bob, name, omit_content=True)) == everyone
    assert get_event(scene.bob, appended.events[0].name) == appended.events[0]
    watch = scene.bob.sessions.WatchSession(WatchSessionRequest(name=name), timeout=20)
    watched = [message.event for _, message in zip(range(5), watch, strict=False) if message.HasField("event")]
    watch.cancel()
    assert makers(watched[:4]) == everyone
    lines = list(log_lines(scene.server.settings, name))
    assert [f'"createdBy": "{ADA}"' in line for line in lines] == [True, True, False, False]


def test_an_event_that_comes_again_keeps_its_first_maker(scene: Scene) -> None:
    name = new_session(scene.ada, PARENT).name
    event = Event(event_id="mine", text="hello")
    first = append(scene.ada, name, event)
    for client, created_by in ((scene.bob, ""), (scene.nobody, "mallory"), (scene.ada, "")):
        again = append(client, name, Event(event_id="mine", text="hello", created_by=created_by), "another")
        assert list(again.written) == [False, True]
        assert again.events[0] == first.events[0]


def test_the_answer_that_is_kept_for_a_request_id_has_it(scene: Scene) -> None:
    name = new_session(scene.ada, PARENT).name
    append(scene.ada, name, Event(event_id="old"))
    events = [Event(event_id="old"), Event(text="new")]
    request = AppendEventsRequest(parent=name, events=events, request_id="again")
    first = scene.bob.events.AppendEvents(request)
    assert makers(first.events) == [ADA, "bob"]
    assert scene.bob.events.AppendEvents(request) == first


def test_a_conflict_shows_who_made_what_was_missed(scene: Scene) -> None:
    name = new_session(scene.ada, PARENT).name
    append(scene.ada, name, "missed")
    request = AppendEventsRequest(parent=name, events=[Event(text="late")], expected_last_sequence=0)
    (conflict,) = refused(scene.bob.events.AppendEvents, request, "SEQUENCE_MISMATCH").details(Conflict)
    assert makers(conflict.missed_events) == [ADA]


def test_a_memory_is_of_who_created_it(scene: Scene) -> None:
    name = new_session(scene.ada, PARENT).name
    agent = new_participant(scene.ada, PARENT, participant_type=AGENT)
    one = new_memory(scene.ada, name, agent, "one", created_by="mallory")
    memory = Memory(agent=agent, memory_type=one.memory_type, content="x")
    requests = [CreateMemoryRequest(parent=name, memory_id="two", memory=memory)]
    batch = scene.bob.memories.BatchCreateMemories(BatchCreateMemoriesRequest(parent=name, requests=requests))
    changed = scene.bob.memories.UpdateMemory(UpdateMemoryRequest(memory=Memory(name=one.name, memo="new")))
    touched = scene.bob.memories.GetMemory(GetMemoryRequest(name=one.name, touch=True))
    assert makers([one, changed, touched, scene.bob.memories.GetMemory(GetMemoryRequest(name=one.name))]) == [ADA] * 4
    listed = scene.bob.memories.ListMemories(ListMemoriesRequest(parent=name, order_by="name"))
    assert makers([*batch.memories, *listed.memories]) == ["bob", ADA, "bob"]
