"""The flags enabled, managed and deleted: which calls each refuses, and in which order they are checked."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from activity_session.v1 import namespace_service_pb2
from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import (
    AppendEventsRequest,
    BatchGetEventsRequest,
    GetEventRequest,
    GetStateRequest,
    ImportEventsRequest,
    ListEventsRequest,
    PopEventsRequest,
    RedactEventsRequest,
    SupersedeEventsRequest,
    UpdateStateRequest,
)
from activity_session.v1.memory_pb2 import Memory, MemoryType
from activity_session.v1.memory_service_pb2 import (
    BatchCreateMemoriesRequest,
    CreateMemoryRequest,
    DeleteMemoryRequest,
    GetMemoryRequest,
    ListMemoriesRequest,
    UndeleteMemoryRequest,
    UpdateMemoryRequest,
)
from activity_session.v1.namespace_pb2 import Namespace
from activity_session.v1.namespace_service_pb2 import (
    CreateNamespaceRequest,
    DeleteNamespaceRequest,
    GetNamespaceRequest,
    ListNamespacesRequest,
    UndeleteNamespaceRequest,
    UpdateNamespaceRequest,
)
from activity_session.v1.participant_pb2 import Participant
from activity_session.v1.participant_service_pb2 import (
    CreateParticipantRequest,
    DeleteParticipantRequest,
    EnsureParticipantRequest,
    GetParticipantRequest,
    ListParticipantsRequest,
    UndeleteParticipantRequest,
    UpdateParticipantRequest,
)
from activity_session.v1.session_pb2 import Session, SessionParticipant, SessionView
from activity_session.v1.session_service_pb2 import (
    AcquireTurnRequest,
    BatchGetSessionsRequest,
    BindParticipantRequest,
    CreateSessionRequest,
    DeleteSessionRequest,
    EnsureSessionRequest,
    ExpungeSessionRequest,
    ForkSessionRequest,
    GetSessionRequest,
    ListSessionsRequest,
    MarkReadRequest,
    PurgeSessionsRequest,
    ReleaseTurnRequest,
    RenewTurnRequest,
    RewindSessionRequest,
    UnbindParticipantRequest,
    UndeleteSessionRequest,
    UpdateSessionRequest,
    WatchSessionRequest,
)
from activity_session.v1.state_pb2 import StateScope, StateUpdate
from activity_session_testing.backends import SHARED_BACKENDS
from activity_session_testing.rpcs import RPCS
from activity_session_testing.servers import Client, connected, failure, serving, unique
from activity_session_testing.steps import (
    AGENT,
    USER,
    acquire_turn,
    append,
    delete_namespace,
    delete_participant,
    delete_session,
    imported,
    make_namespace,
    make_participant,
    new_session,
)

FULL = SessionView.SESSION_VIEW_FULL
DENIED, REFUSED = grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.FAILED_PRECONDITION


@dataclass(frozen=True)
class World:
    """Names of a namespace and of what is in it.

    `member`, an agent, takes part in `session` and has its turn, by the token 1; `guest` does neither. The session has
    one event, and one memory beside a deleted one.
    """

    namespace: str
    session: str
    deleted_session: str
    member: str
    guest: str
    deleted_participant: str

    @property
    def memory(self) -> str:
        return f"{self.session}/memories/live"

    @property
    def deleted_memory(self) -> str:
        return f"{self.session}/memories/deleted"


def make_world(client: Client, namespace: str) -> World:
    member, guest, gone = (
        make_participant(client, namespace, id_, participant_type=AGENT).name for id_ in ("member", "guest", "gone")
    )
    live = new_session(client, namespace, "live", participants=[SessionParticipant(participant=member)]).name
    deleted = new_session(client, namespace, "deleted").name
    delete_participant(client, gone)
    delete_session(client, deleted)
    world = World(namespace, live, deleted, member, guest, gone)
    fill(client, world)
    return world


def fill(client: Client, world: World) -> None:
    """Write state everywhere, and an event, two memories and a turn into the session."""
    updates = [
        StateUpdate(scope=StateScope.STATE_SCOPE_NAMESPACE, key="plan", value_json="1"),
        StateUpdate(scope=StateScope.STATE_SCOPE_PARTICIPANT, participant=world.guest, key="plan", value_json="1"),
        StateUpdate(scope=StateScope.STATE_SCOPE_SESSION, key="plan", value_json="1"),
    ]
    append(client, world.session, Event(event_id="first", text="hello"), state_updates=updates)
    memory = memory_of(world.member)
    memories = [CreateMemoryRequest(parent=world.session, memory_id=id_, memory=memory) for id_ in ("live", "deleted")]
    client.memories.BatchCreateMemories(BatchCreateMemoriesRequest(parent=world.session, requests=memories))
    client.memories.DeleteMemory(DeleteMemoryRequest(name=world.deleted_memory))
    acquire_turn(client, world.session, world.member)


@pytest.fixture(scope="module")
def client(system: Client) -> Client:
    """One that may make every call."""
    return system


@pytest.fixture
def admin(address: str) -> Iterator[Client]:
    """One with the default role."""
    with connected(address) as client:
        yield client


@pytest.fixture
def admins_world(admin: Client) -> World:
    return make_world(admin, make_namespace(admin).name)


@pytest.fixture
def world(client: Client, namespace: str) -> World:
    return make_world(client, namespace)


@dataclass(frozen=True)
class Both:
    """Two servers on one database, and a client of each."""

    admin: Client
    system: Client


@pytest.fixture(scope="module", params=SHARED_BACKENDS)
def both(request: pytest.FixtureRequest, new_shared_database: Callable[[str], tuple[str, str]]) -> Iterator[Both]:
    here, there = new_shared_database(request.param)
    with (
        serving(here, anonymous_role="admin") as for_admin,
        serving(there, anonymous_role="system") as for_system,
        connected(for_admin.address) as admin,
        connected(for_system.address) as system,
    ):
        yield Both(admin, system)


def send(client: Client, request: Message) -> Any:
    return call_of(client, request)(request)


def call_of(client: Client, request: Message) -> Any:
    """Return the method that takes a request: the one with the same name."""
    return RPCS[request.DESCRIPTOR.name.removesuffix("Request")].on(client.channel)


def get_session(client: Client, name: str) -> Session:
    return client.sessions.GetSession(GetSessionRequest(name=name))


def everything(client: Client, world: World) -> list[Any]:
    """Read everything in a world."""
    sessions = send(client, ListSessionsRequest(parent=world.namespace, show_deleted=True, view=FULL))
    # The live session may have been expunged; the other one never had anything in it.
    live = [session.name for session in sessions.sessions if session.name == world.session]
    return [
        send(client, GetNamespaceRequest(name=world.namespace)),
        send(client, ListParticipantsRequest(parent=world.namespace, show_deleted=True)),
        sessions,
        send(client, ListMemoriesRequest(parent=f"{world.namespace}/sessions/-", show_deleted=True)),
        *(send(client, ListEventsRequest(parent=name)) for name in live),
        *(send(client, GetStateRequest(name=name)) for name in (world.namespace, world.guest, *live)),
    ]


def member_list(name: str) -> Session:
    return Session(participants=[SessionParticipant(participant=name)])


def set_namespace(client: Client, name: str, **fields: Any) -> Namespace:
    return client.namespaces.UpdateNamespace(UpdateNamespaceRequest(namespace=Namespace(name=name, **fields)))


def set_participant(client: Client, name: str, **fields: Any) -> Participant:
    return client.participants.UpdateParticipant(UpdateParticipantRequest(participant=Participant(name=name, **fields)))


def set_session(client: Client, name: str, **fields: Any) -> Session:
    return client.sessions.UpdateSession(UpdateSessionRequest(session=Session(name=name, **fields)))


def appended(world: World, *events: Event, **fields: Any) -> AppendEventsRequest:
    return AppendEventsRequest(parent=world.session, events=events or [Event(text="new")], **fields)


def with_update(world: World, scope: StateScope.ValueType, participant: str = "") -> AppendEventsRequest:
    update = StateUpdate(scope=scope, participant=participant, key="plan", value_json="2")
    return appended(world, state_updates=[update])


def ensured(world: World, participant_id: str, **fields: Any) -> EnsureParticipantRequest:
    participant = Participant(participant_type=USER)
    return EnsureParticipantRequest(
        parent=world.namespace, participant_id=participant_id, participant=participant, **fields
    )


def state_of(name: str) -> UpdateStateRequest:
    return UpdateStateRequest(name=name, updates=[StateUpdate(key="plan", value_json="2")])


def memory_of(agent: str) -> Memory:
    return Memory(agent=agent, memory_type=MemoryType.MEMORY_TYPE_OBSERVATION, content="likes tea")


ToRequest = Callable[[World], Message]

WRITES_TO_NAMESPACE: list[ToRequest] = [
    lambda world: UpdateNamespaceRequest(namespace=Namespace(name=world.namespace, description="new")),
    lambda world: DeleteNamespaceRequest(name=world.namespace, force=True),
    lambda world: state_of(world.namespace),
]
WRITES_TO_PARTICIPANT: list[ToRequest] = [
    lambda world: UpdateParticipantRequest(participant=Participant(name=world.guest, description="new")),
    lambda world: DeleteParticipantRequest(name=world.guest),
    lambda world: state_of(world.guest),
]
WRITES_TO_SESSION: list[ToRequest] = [
    lambda world: EnsureSessionRequest(
        parent=world.namespace, session_id="live", session=member_list(world.guest), request_id="ensure"
    ),
    lambda world: EnsureSessionRequest(parent=world.namespace, session_id="live", session=member_list(world.guest)),
    lambda world: UpdateSessionRequest(session=Session(name=world.session, description="new")),
    lambda world: DeleteSessionRequest(name=world.session),
    lambda world: BindParticipantRequest(session=world.session, participant=world.guest),
    lambda world: BindParticipantRequest(session=world.session, participant=world.member, role="other"),
    lambda world: UnbindParticipantRequest(session=world.session, participant=world.member),
    appended,
    lambda world: SupersedeEventsRequest(parent=world.session, from_sequence=1, to_sequence=1),
    lambda world: PopEventsRequest(parent=world.session),
    lambda world: ImportEventsRequest(parent=world.session, events=[imported("late")]),
    lambda world: RewindSessionRequest(name=world.session, expected_last_sequence=1),
    lambda world: state_of(world.session),
    lambda world: MarkReadRequest(session=world.session, participant=world.member, sequence=1),
    lambda world: AcquireTurnRequest(session=world.session, participant=world.member),
    lambda world: RenewTurnRequest(session=world.session, token=1),
    lambda world: ReleaseTurnRequest(session=world.session, token=1),
    lambda world: CreateMemoryRequest(parent=world.session, memory=memory_of(world.member)),
    lambda world: BatchCreateMemoriesRequest(
        parent=world.session, requests=[CreateMemoryRequest(parent=world.session, memory=memory_of(world.member))]
    ),
]
# A deleted session keeps its memories, and these can still be changed.
WRITES_TO_MEMORY: list[ToRequest] = [
    lambda world: GetMemoryRequest(name=world.memory, touch=True),
    lambda world: UpdateMemoryRequest(memory=Memory(name=world.memory, memo="new")),
    lambda world: DeleteMemoryRequest(name=world.memory),
    lambda world: UndeleteMemoryRequest(name=world.deleted_memory),
]
WORDS_OF_GUEST: list[ToRequest] = [
    lambda world: appended(world, Event(text="new", author=world.guest)),
    lambda world: with_update(world, StateScope.STATE_SCOPE_PARTICIPANT, world.guest),
    lambda world: AcquireTurnRequest(session=world.session, participant=world.guest, wait=True),
    lambda world: CreateMemoryRequest(parent=world.session, memory=memory_of(world.guest)),
]
BINDINGS_OF_GUEST: list[ToRequest] = [
    lambda world: BindParticipantRequest(session=world.session, participant=world.guest),
    lambda world: CreateSessionRequest(parent=world.namespace, session_id="new", session=member_list(world.guest)),
    lambda world: ForkSessionRequest(name=world.session, participants=[SessionParticipant(participant=world.guest)]),
    lambda world: EnsureSessionRequest(parent=world.namespace, session_id="new", session=member_list(world.guest)),
    lambda world: EnsureSessionRequest(parent=world.namespace, session_id="live", session=member_list(world.guest)),
]
WRITES_BENEATH: list[ToRequest] = [
    *WRITES_TO_PARTICIPANT,
    *WRITES_TO_SESSION,
    *WRITES_TO_MEMORY,
    lambda world: CreateParticipantRequest(parent=world.namespace, participant=Participant(participant_type=USER)),
    lambda world: ensured(world, "new"),
    lambda world: ensured(world, "new", request_id="ensure"),
    lambda world: UndeleteParticipantRequest(name=world.deleted_participant),
    lambda world: CreateSessionRequest(parent=world.namespace, session=Session()),
    lambda world: EnsureSessionRequest(parent=world.namespace, session_id="new"),
    lambda world: ForkSessionRequest(name=world.session),
    lambda world: UndeleteSessionRequest(name=world.deleted_session),
    lambda world: ExpungeSessionRequest(name=world.deleted_session),
    lambda world: PurgeSessionsRequest(parent=world.namespace, filter="*", force=True),
    # A disabled or deleted session does not keep its content from being removed.
    lambda world: RedactEventsRequest(parent=world.session, names=[f"{world.session}/events/first"]),
]
READS: list[ToRequest] = [
    lambda world: GetNamespaceRequest(name=world.namespace),
    lambda _: ListNamespacesRequest(),
    lambda world: GetParticipantRequest(name=world.member),
    lambda world: ListParticipantsRequest(parent=world.namespace),
    lambda world: GetSessionRequest(name=world.session),
    lambda world: BatchGetSessionsRequest(parent=world.namespace, names=[world.session, world.deleted_session]),
    lambda world: ListSessionsRequest(parent=world.namespace),
    lambda world: GetEventRequest(name=f"{world.session}/events/first"),
    lambda world: BatchGetEventsRequest(parent=world.session, names=[f"{world.session}/events/first"]),
    lambda world: ListEventsRequest(parent=world.session),
    lambda world: GetStateRequest(name=world.namespace),
    lambda world: GetStateRequest(name=world.guest),
    lambda world: GetStateRequest(name=world.session),
    lambda world: GetMemoryRequest(name=world.memory),
    lambda world: ListMemoriesRequest(parent=world.session),
    lambda world: WatchSessionRequest(name=world.session),
    # What is to be ensured is there, so nothing is written.
    lambda world: ensured(world, "member"),
    lambda world: ensured(world, "member", request_id="ensure"),
    lambda world: EnsureSessionRequest(parent=world.namespace, session_id="live", session=member_list(world.member)),
]
# These create a namespace or bring one back: no flag of a namespace can prevent them.
ALWAYS = {"CreateNamespace", "UndeleteNamespace"}
# These are not about a resource.
OF_SERVER = {"GetServerInfo"}
ANYWHERE = World("namespaces/a", *["namespaces/a/sessions/s"] * 2, *["namespaces/a/participants/p"] * 3)


def shown(to_request: ToRequest) -> str:
    return to_request(ANYWHERE).DESCRIPTOR.name.removesuffix("Request")


def check_refused(client: Client, world: World, request: Message, reason: str, resource: str) -> None:
    before = everything(client, world)
    failed = failure(call_of(client, request), request)
    assert (failed.code, failed.reason) == (DENIED if reason.endswith("_MANAGED") else REFUSED, reason)
    assert failed.info.metadata["resource"] == resource
    assert everything(client, world) == before


def test_every_method_is_among_the_reads_or_the_writes() -> None:
    here = {shown(one) for one in (*WRITES_TO_NAMESPACE, *WRITES_BENEATH, *READS)}
    assert here | ALWAYS | OF_SERVER == set(RPCS)


@pytest.mark.parametrize("write", [*WRITES_TO_NAMESPACE, *WRITES_BENEATH], ids=shown)
def test_a_disabled_namespace_refuses_all_writes_beneath(client: Client, world: World, write: ToRequest) -> None:
    set_namespace(client, world.namespace, enabled=False)
    check_refused(client, world, write(world), "NAMESPACE_DISABLED", world.namespace)


@pytest.mark.parametrize("write", [*WRITES_TO_NAMESPACE, *WRITES_BENEATH], ids=shown)
def test_a_deleted_namespace_refuses_all_writes_beneath(client: Client, world: World, write: ToRequest) -> None:
    delete_namespace(client, world.namespace, force=True)
    check_refused(client, world, write(world), "NAMESPACE_DELETED", world.namespace)


@pytest.mark.parametrize("read", READS, ids=shown)
def test_a_disabled_or_deleted_namespace_allows_all_reads(client: Client, world: World, read: ToRequest) -> None:
    live = send(client, read(world))
    set_namespace(client, world.namespace, enabled=False)
    assert type(send(client, read(world))) is type(live)
    set_namespace(client, world.namespace, enabled=True)
    delete_namespace(client, world.namespace, force=True)
    answer = send(client, read(world))
    assert type(answer) is type(live)
    if not isinstance(live, Namespace | namespace_service_pb2.ListNamespacesResponse):
        assert answer == live


@pytest.mark.parametrize("write", WRITES_BENEATH, ids=shown)
def test_all_writes_beneath_work_again_once_the_namespace_is_back(
    client: Client, world: World, write: ToRequest
) -> None:
    set_namespace(client, world.namespace, enabled=False)
    set_namespace(client, world.namespace, enabled=True)
    delete_namespace(client, world.namespace, force=True)
    send(client, UndeleteNamespaceRequest(name=world.namespace))
    before = everything(client, world)
    send(client, write(world))
    assert everything(client, world) != before


@pytest.mark.parametrize("write", [*WRITES_TO_SESSION, *WRITES_TO_MEMORY], ids=shown)
def test_a_disabled_session_refuses_writes(client: Client, world: World, write: ToRequest) -> None:
    set_session(client, world.session, enabled=False)
    check_refused(client, world, write(world), "SESSION_DISABLED", world.session)


@pytest.mark.parametrize("write", WRITES_TO_SESSION, ids=shown)
def test_a_deleted_session_refuses_writes(client: Client, world: World, write: ToRequest) -> None:
    delete_session(client, world.session)
    check_refused(client, world, write(world), "SESSION_DELETED", world.session)


@pytest.mark.parametrize("write", WRITES_TO_MEMORY, ids=shown)
def test_a_deleted_session_lets_its_memories_be_changed(client: Client, world: World, write: ToRequest) -> None:
    delete_session(client, world.session)
    before = everything(client, world)
    send(client, write(world))
    assert everything(client, world) != before


@pytest.mark.parametrize("write", WRITES_TO_PARTICIPANT, ids=shown)
def test_a_disabled_participant_refuses_writes(client: Client, world: World, write: ToRequest) -> None:
    set_participant(client, world.guest, enabled=False)
    check_refused(client, world, write(world), "PARTICIPANT_DISABLED", world.guest)


@pytest.mark.parametrize("write", WRITES_TO_PARTICIPANT, ids=shown)
def test_a_deleted_participant_refuses_writes(client: Client, world: World, write: ToRequest) -> None:
    delete_participant(client, world.guest)
    check_refused(client, world, write(world), "PARTICIPANT_DELETED", world.guest)


@pytest.mark.parametrize("binding", BINDINGS_OF_GUEST, ids=shown)
def test_a_disabled_or_deleted_participant_cannot_be_bound(client: Client, world: World, binding: ToRequest) -> None:
    set_participant(client, world.guest, enabled=False)
    check_refused(client, world, binding(world), "PARTICIPANT_DISABLED", world.guest)
    set_participant(client, world.guest, enabled=True)
    delete_participant(client, world.guest)
    check_refused(client, world, binding(world), "PARTICIPANT_DELETED", world.guest)


@pytest.mark.parametrize("word", WORDS_OF_GUEST, ids=shown)
def test_a_disabled_or_deleted_participant_says_and_keeps_nothing(
    client: Client, world: World, word: ToRequest
) -> None:
    set_participant(client, world.guest, enabled=False)
    check_refused(client, world, word(world), "PARTICIPANT_DISABLED", world.guest)
    set_participant(client, world.guest, enabled=True)
    delete_participant(client, world.guest)
    check_refused(client, world, word(world), "PARTICIPANT_DELETED", world.guest)


def test_a_disabled_member_can_leave_but_not_take_another_role(client: Client, world: World) -> None:
    set_participant(client, world.member, enabled=False)
    binding = BindParticipantRequest(session=world.session, participant=world.member, role="other")
    check_refused(client, world, binding, "PARTICIPANT_DISABLED", world.member)
    send(client, UnbindParticipantRequest(session=world.session, participant=world.member))
    assert list(get_session(client, world.session).participants) == []


def test_a_deleted_session_is_not_ensured(client: Client, world: World) -> None:
    request = EnsureSessionRequest(parent=world.namespace, session_id="deleted")
    check_refused(client, world, request, "SESSION_DELETED", world.deleted_session)


@pytest.mark.parametrize("fields", [{}, {"request_id": "ensure"}], ids=str)
def test_a_deleted_participant_is_not_ensured(client: Client, world: World, fields: dict[str, str]) -> None:
    check_refused(client, world, ensured(world, "gone", **fields), "PARTICIPANT_DELETED", world.deleted_participant)


def test_a_disabled_participant_is_ensured_as_it_is(client: Client, world: World) -> None:
    disabled = set_participant(client, world.guest, enabled=False)
    answer = send(client, ensured(world, "guest"))
    assert (answer.participant, answer.created) == (disabled, False)


def test_deleted_resources_cannot_be_enabled_or_disabled(client: Client, world: World) -> None:
    for enabled in (True, False):
        session = Session(name=world.deleted_session, enabled=enabled)
        check_refused(client, world, UpdateSessionRequest(session=session), "SESSION_DELETED", world.deleted_session)
        participant = Participant(name=world.deleted_participant, enabled=enabled)
        request = UpdateParticipantRequest(participant=participant)
        check_refused(client, world, request, "PARTICIPANT_DELETED", world.deleted_participant)


@pytest.mark.parametrize("paths", [[], ["enabled"], ["enabled", "description"], ["*"]])
def test_the_update_that_enables_works_with_all_that_it_changes(client: Client, world: World, paths: list[str]) -> None:
    mask, is_described = FieldMask(paths=paths), paths != ["enabled"]
    set_session(client, world.session, enabled=False)
    session = Session(name=world.session, enabled=True, description="new")
    updated = client.sessions.UpdateSession(UpdateSessionRequest(session=session, update_mask=mask))
    assert (updated.enabled, updated.description) == (True, "new" * is_described)

    set_participant(client, world.guest, enabled=False)
    participant = Participant(name=world.guest, enabled=True, description="new")
    changed = client.participants.UpdateParticipant(UpdateParticipantRequest(participant=participant, update_mask=mask))
    assert (changed.enabled, changed.description) == (True, "new" * is_described)

    set_namespace(client, world.namespace, enabled=False)
    namespace = Namespace(name=world.namespace, enabled=True, description="new")
    owner = client.namespaces.UpdateNamespace(UpdateNamespaceRequest(namespace=namespace, update_mask=mask))
    assert (owner.enabled, owner.description) == (True, "new" * is_described)


def test_disabling_what_is_disabled_is_refused(client: Client, world: World) -> None:
    set_session(client, world.session, enabled=False)
    again = UpdateSessionRequest(session=Session(name=world.session, enabled=False))
    check_refused(client, world, again, "SESSION_DISABLED", world.session)


def test_an_update_of_other_fields_does_not_enable_by_the_way(client: Client, world: World) -> None:
    set_session(client, world.session, enabled=False)
    session = Session(name=world.session, enabled=True, description="new")
    request = UpdateSessionRequest(session=session, update_mask=FieldMask(paths=["description"]))
    check_refused(client, world, request, "SESSION_DISABLED", world.session)


def test_what_is_disabled_must_be_enabled_to_be_deleted(client: Client, world: World) -> None:
    set_session(client, world.session, enabled=False)
    check_refused(client, world, DeleteSessionRequest(name=world.session), "SESSION_DISABLED", world.session)
    set_session(client, world.session, enabled=True)
    assert delete_session(client, world.session).HasField("delete_time")


def test_the_default_role_cannot_make_anything_managed(admin: Client, admins_world: World) -> None:
    client, world = admin, admins_world
    for request, reason in (
        (CreateNamespaceRequest(namespace=Namespace(managed=True)), "NAMESPACE_MANAGED"),
        (UpdateNamespaceRequest(namespace=Namespace(name=world.namespace, managed=True)), "NAMESPACE_MANAGED"),
        (UpdateParticipantRequest(participant=Participant(name=world.guest, managed=True)), "PARTICIPANT_MANAGED"),
        (UpdateSessionRequest(session=Session(name=world.session, managed=True)), "SESSION_MANAGED"),
        (CreateSessionRequest(parent=world.namespace, session=Session(managed=True)), "SESSION_MANAGED"),
        (
            CreateParticipantRequest(
                parent=world.namespace, participant=Participant(participant_type=USER, managed=True)
            ),
            "PARTICIPANT_MANAGED",
        ),
        (
            EnsureParticipantRequest(
                parent=world.namespace,
                participant_id="new",
                participant=Participant(participant_type=USER, managed=True),
            ),
            "PARTICIPANT_MANAGED",
        ),
        (
            EnsureSessionRequest(parent=world.namespace, session_id="new", session=Session(managed=True)),
            "SESSION_MANAGED",
        ),
    ):
        before = everything(client, world)
        failed = failure(call_of(client, request), request)
        assert (failed.code, failed.reason) == (DENIED, reason)
        assert everything(client, world) == before


@pytest.mark.parametrize("existing", [True, False], ids=["existing", "missing"])
def test_permission_is_judged_before_existence(admin: Client, admins_world: World, existing: bool) -> None:  # noqa: FBT001
    client, world = admin, admins_world
    parent = world.namespace if existing else "namespaces/" + unique("missing")
    participant = Participant(participant_type=USER, managed=True)
    for request in (
        CreateNamespaceRequest(namespace=Namespace(managed=True), namespace_id=parent.removeprefix("namespaces/")),
        CreateParticipantRequest(parent=parent, participant=participant, participant_id="member"),
        EnsureParticipantRequest(parent=parent, participant=participant, participant_id="member"),
        CreateSessionRequest(parent=parent, session=Session(managed=True), session_id="live"),
    ):
        assert failure(call_of(client, request), request).code == DENIED


def test_a_caller_without_the_role_may_say_that_a_resource_is_not_managed(admin: Client, admins_world: World) -> None:
    client, world = admin, admins_world
    session = Session(name=world.session, managed=False, description="new")
    mask = FieldMask(paths=["managed", "description"])
    updated = client.sessions.UpdateSession(UpdateSessionRequest(session=session, update_mask=mask))
    assert (updated.managed, updated.description) == (False, "new")


@pytest.fixture
def managed(both: Both) -> World:
    """A world in which everything that is not deleted is managed."""
    world = make_world(both.system, make_namespace(both.system).name)
    for name in (world.member, world.guest):
        assert set_participant(both.system, name, managed=True).managed
    assert set_session(both.system, world.session, managed=True).managed
    assert set_namespace(both.system, world.namespace, managed=True).managed
    return world


def release(world: World) -> UpdateSessionRequest:
    """Return a request that makes the session of a managed world unmanaged."""
    return UpdateSessionRequest(session=Session(name=world.session), update_mask=FieldMask(paths=["managed"]))


@pytest.mark.parametrize("write", WRITES_TO_NAMESPACE, ids=shown)
def test_a_managed_namespace_is_changed_by_the_system_alone(both: Both, managed: World, write: ToRequest) -> None:
    check_refused(both.admin, managed, write(managed), "NAMESPACE_MANAGED", managed.namespace)
    send(both.system, write(managed))


@pytest.mark.parametrize("write", WRITES_TO_PARTICIPANT, ids=shown)
def test_a_managed_participant_is_changed_by_the_system_alone(both: Both, managed: World, write: ToRequest) -> None:
    check_refused(both.admin, managed, write(managed), "PARTICIPANT_MANAGED", managed.guest)
    send(both.system, write(managed))


# An import is of the system alone, whatever it is about.
@pytest.mark.parametrize(
    "write", [one for one in (*WRITES_TO_SESSION, *WRITES_TO_MEMORY) if shown(one) != "ImportEvents"], ids=shown
)
def test_a_managed_session_is_changed_by_the_system_alone(both: Both, managed: World, write: ToRequest) -> None:
    check_refused(both.admin, managed, write(managed), "SESSION_MANAGED", managed.session)
    send(both.system, write(managed))


def test_deleted_managed_resources_are_brought_back_and_expunged_by_the_system_alone(
    both: Both, managed: World
) -> None:
    delete_session(both.system, managed.session)
    delete_participant(both.system, managed.guest)
    for request, reason, resource in (
        (UndeleteSessionRequest(name=managed.session), "SESSION_MANAGED", managed.session),
        (ExpungeSessionRequest(name=managed.session, force=True), "SESSION_MANAGED", managed.session),
        (UndeleteParticipantRequest(name=managed.guest), "PARTICIPANT_MANAGED", managed.guest),
    ):
        check_refused(both.admin, managed, request, reason, resource)
        send(both.system, request)
        if isinstance(request, UndeleteSessionRequest):
            delete_session(both.system, managed.session)
    delete_namespace(both.system, managed.namespace, force=True)
    undeleting = UndeleteNamespaceRequest(name=managed.namespace)
    check_refused(both.admin, managed, undeleting, "NAMESPACE_MANAGED", managed.namespace)
    assert not send(both.system, undeleting).HasField("delete_time")


@pytest.mark.parametrize("read", READS, ids=shown)
def test_what_is_managed_can_be_read_by_all(both: Both, managed: World, read: ToRequest) -> None:
    assert send(both.admin, read(managed)) == send(both.system, read(managed))


@pytest.mark.parametrize("scope", ["NAMESPACE", "PARTICIPANT"])
def test_the_state_of_what_is_managed_is_not_changed_by_the_way(both: Both, managed: World, scope: str) -> None:
    send(both.system, release(managed))
    participant = managed.guest if scope == "PARTICIPANT" else ""
    request = with_update(managed, StateScope.Value(f"STATE_SCOPE_{scope}"), participant)
    check_refused(both.admin, managed, request, f"{scope}_MANAGED", participant or managed.namespace)
    send(both.system, request)


def test_what_is_in_a_managed_namespace_is_not_managed_by_that(both: Both, managed: World) -> None:
    session = new_session(both.admin, managed.namespace, participants=member_list(managed.guest).participants)
    assert not session.managed
    assert set_session(both.admin, session.name, description="new").description == "new"


def test_what_the_system_lets_go_is_changed_by_all(both: Both, managed: World) -> None:
    check_refused(both.admin, managed, release(managed), "SESSION_MANAGED", managed.session)
    assert not send(both.system, release(managed)).managed
    assert set_session(both.admin, managed.session, description="new").description == "new"


def test_permission_comes_first_then_the_namespace_then_the_resource_then_the_etag(both: Both, managed: World) -> None:
    stale = get_session(both.system, managed.session).etag
    set_session(both.system, managed.session, enabled=False)
    set_namespace(both.system, managed.namespace, enabled=False)
    request = UpdateSessionRequest(session=Session(name=managed.session, description="new", etag=stale))
    check_refused(both.admin, managed, request, "SESSION_MANAGED", managed.session)
    check_refused(both.system, managed, request, "NAMESPACE_DISABLED", managed.namespace)
    set_namespace(both.system, managed.namespace, enabled=True)
    check_refused(both.system, managed, request, "SESSION_DISABLED", managed.session)
    set_session(both.system, managed.session, enabled=True)
    assert failure(both.system.sessions.UpdateSession, request).reason == "ETAG_MISMATCH"


def test_a_namespace_judges_permission_before_its_state(both: Both, managed: World) -> None:
    request = UpdateNamespaceRequest(namespace=Namespace(name=managed.namespace, description="new"))
    set_namespace(both.system, managed.namespace, enabled=False)
    check_refused(both.admin, managed, request, "NAMESPACE_MANAGED", managed.namespace)
    check_refused(both.system, managed, request, "NAMESPACE_DISABLED", managed.namespace)
    set_namespace(both.system, managed.namespace, enabled=True)
    delete_namespace(both.system, managed.namespace, force=True)
    check_refused(both.admin, managed, request, "NAMESPACE_MANAGED", managed.namespace)
    check_refused(both.system, managed, request, "NAMESPACE_DELETED", managed.namespace)


def test_ensuring_a_deleted_session_judges_in_the_same_order(both: Both, managed: World) -> None:
    request = EnsureSessionRequest(parent=managed.namespace, session_id="live", session=member_list(managed.guest))
    delete_session(both.system, managed.session)
    set_namespace(both.system, managed.namespace, enabled=False)
    check_refused(both.admin, managed, request, "SESSION_MANAGED", managed.session)
    check_refused(both.system, managed, request, "NAMESPACE_DISABLED", managed.namespace)
    set_namespace(both.system, managed.namespace, enabled=True)
    check_refused(both.system, managed, request, "SESSION_DELETED", managed.session)


def test_ensuring_a_deleted_participant_judges_in_the_same_order(both: Both, managed: World) -> None:
    request = ensured(managed, "guest")
    set_participant(both.system, managed.guest, managed=True)
    delete_participant(both.system, managed.guest)
    set_namespace(both.system, managed.namespace, enabled=False)
    check_refused(both.admin, managed, request, "PARTICIPANT_MANAGED", managed.guest)
    check_refused(both.system, managed, request, "NAMESPACE_DISABLED", managed.namespace)
    set_namespace(both.system, managed.namespace, enabled=True)
    check_refused(both.system, managed, request, "PARTICIPANT_DELETED", managed.guest)


def test_namespace_session_and_participant_are_judged_in_this_order(client: Client, world: World) -> None:
    set_participant(client, world.guest, enabled=False)
    set_session(client, world.session, enabled=False)
    set_namespace(client, world.namespace, enabled=False)
    updating = UpdateSessionRequest(session=Session(name=world.session, description="new"))
    check_refused(client, world, updating, "NAMESPACE_DISABLED", world.namespace)
    set_namespace(client, world.namespace, enabled=True)
    binding = BindParticipantRequest(session=world.session, participant=world.guest)
    check_refused(client, world, binding, "SESSION_DISABLED", world.session)
    set_session(client, world.session, enabled=True)
    check_refused(client, world, binding, "PARTICIPANT_DISABLED", world.guest)
