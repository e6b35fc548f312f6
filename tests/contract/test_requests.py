"""Request ids: every RPC that changes something does it once, however often the same request is sent."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import pytest
from google.protobuf.message import Message

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import (
    AppendEventsRequest,
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
    ListNamespacesRequest,
    UndeleteNamespaceRequest,
    UpdateNamespaceRequest,
)
from activity_session.v1.participant_pb2 import PARTICIPANT_TYPE_AGENT, Participant
from activity_session.v1.participant_service_pb2 import (
    CreateParticipantRequest,
    DeleteParticipantRequest,
    EnsureParticipantRequest,
    ListParticipantsRequest,
    UndeleteParticipantRequest,
    UpdateParticipantRequest,
)
from activity_session.v1.session_pb2 import SESSION_VIEW_FULL, Session
from activity_session.v1.session_service_pb2 import (
    AcquireTurnRequest,
    BindParticipantRequest,
    CreateSessionRequest,
    DeleteSessionRequest,
    EnsureSessionRequest,
    ExpungeSessionRequest,
    ForkSessionRequest,
    ListSessionsRequest,
    MarkReadRequest,
    PurgeSessionsRequest,
    ReleaseTurnRequest,
    RenewTurnRequest,
    RewindSessionRequest,
    UnbindParticipantRequest,
    UndeleteSessionRequest,
    UpdateSessionRequest,
)
from activity_session.v1.state_pb2 import StateUpdate
from activity_session_server.rules.requests import resource_of, session_of
from activity_session_testing.rpcs import IDEMPOTENT, WITH_REQUEST_ID
from activity_session_testing.servers import Client, failure, unique
from activity_session_testing.steps import (
    acquire_turn,
    append,
    at_once,
    delete_participant,
    delete_session,
    get_session,
    imported,
    list_events,
    make_namespace,
    member_names,
    members,
    new_memory,
    new_participant,
    new_session,
    refused,
    replaced,
    session_or_none,
    supersede,
    update_state,
)

CALLERS = 16
TYPE = PARTICIPANT_TYPE_AGENT
OBSERVATION = MemoryType.MEMORY_TYPE_OBSERVATION


class Case(NamedTuple):
    """How one RPC is tested: a request that takes effect in a namespace, and a call that undoes the effect."""

    request: Callable[[Client, str], Message]
    undo: Callable[[Client, Any], object]


def _deleted_participant(client: Client, namespace: str) -> str:
    return delete_participant(client, new_participant(client, namespace)).name


def _deleted_session(client: Client, namespace: str) -> str:
    return delete_session(client, new_session(client, namespace).name).name


def _session_with_member(client: Client, namespace: str) -> tuple[str, str]:
    participant = new_participant(client, namespace)
    return new_session(client, namespace, participants=members(participant)).name, participant


def _create_participant(
    client: Client,
    namespace: str,
    request_class: type[CreateParticipantRequest | EnsureParticipantRequest] = CreateParticipantRequest,
) -> Message:
    delete_participant(client, new_participant(client, namespace, "gone"))
    participant = Participant(participant_type=TYPE, description="new")
    return request_class(parent=namespace, participant_id=unique("agent"), participant=participant)


def _delete_created_participant(client: Client, request: CreateParticipantRequest) -> None:
    delete_participant(client, f"{request.parent}/participants/{request.participant_id}")


def _create_session(client: Client, namespace: str) -> Message:
    session = Session(data="new", participants=members(new_participant(client, namespace)))
    return CreateSessionRequest(parent=namespace, session_id=unique("session"), session=session)


def _ensure_session(client: Client, namespace: str) -> Message:
    session = Session(data="new", participants=members(new_participant(client, namespace)))
    return EnsureSessionRequest(parent=namespace, session_id=unique("session"), session=session)


def _fork_of(request: Any) -> str:
    is_fork = isinstance(request, ForkSessionRequest)
    return f"{request.name.rpartition('/')[0]}/{request.session_id}" if is_fork else ""


def _delete_fork(client: Client, request: ForkSessionRequest) -> None:
    delete_session(client, _fork_of(request))


def _delete_created_session(client: Client, request: CreateSessionRequest) -> None:
    delete_session(client, f"{request.parent}/sessions/{request.session_id}")


def _undelete_namespace(client: Client, namespace: str) -> Message:
    client.namespaces.DeleteNamespace(DeleteNamespaceRequest(name=namespace))
    return UndeleteNamespaceRequest(name=namespace)


def _bind(client: Client, namespace: str) -> Message:
    participant = new_participant(client, namespace)
    return BindParticipantRequest(session=new_session(client, namespace).name, participant=participant, role="new")


def _unbind(client: Client, namespace: str) -> Message:
    session, participant = _session_with_member(client, namespace)
    return UnbindParticipantRequest(session=session, participant=participant)


def _append(client: Client, namespace: str) -> Message:
    update = StateUpdate(key="said", value_json="1")
    session = new_session(client, namespace).name
    return AppendEventsRequest(parent=session, events=[Event(text="hello")], state_updates=[update])


def _supersede(client: Client, namespace: str) -> Message:
    request = _pop(client, namespace)
    return SupersedeEventsRequest(parent=request.parent, from_sequence=1, to_sequence=1, events=[Event(text="hi")])


def _import(client: Client, namespace: str) -> ImportEventsRequest:
    session = new_session(client, namespace).name
    append(client, session, "first")
    return ImportEventsRequest(parent=session, events=[imported("once")])


def _pop(client: Client, namespace: str) -> PopEventsRequest:
    session = new_session(client, namespace).name
    append(client, session, "hello")
    return PopEventsRequest(parent=session)


def _redact(client: Client, namespace: str) -> Message:
    session = new_session(client, namespace).name
    append(client, session, Event(event_id="said", text="hello"))
    return RedactEventsRequest(parent=session, names=[f"{session}/events/said"])


def _rewind(client: Client, namespace: str) -> Message:
    session = new_session(client, namespace).name
    append(client, session, "hello")
    return RewindSessionRequest(name=session, expected_last_sequence=1)


def _fork(client: Client, namespace: str) -> Message:
    session = new_session(client, namespace).name
    append(client, session, "hello")
    return ForkSessionRequest(name=session, up_to_sequence=1, session_id=unique("fork"))


def _purge(client: Client, namespace: str) -> Message:
    _deleted_session(client, namespace)
    return PurgeSessionsRequest(parent=namespace, filter="*", force=True)


def _update_state(client: Client, namespace: str) -> Message:
    update = StateUpdate(key="plan", value_json="1", expected_revision=0)
    return UpdateStateRequest(name=new_session(client, namespace).name, updates=[update])


def _acquire_turn(client: Client, namespace: str) -> Message:
    return AcquireTurnRequest(session=new_session(client, namespace).name, participant=_agent(client, namespace))


def _agent(client: Client, namespace: str) -> str:
    return new_participant(client, namespace, participant_type=TYPE)


def _memory(client: Client, namespace: str) -> str:
    return new_memory(client, new_session(client, namespace).name, _agent(client, namespace)).name


def _deleted_memory(client: Client, namespace: str) -> str:
    name = _memory(client, namespace)
    client.memories.DeleteMemory(DeleteMemoryRequest(name=name))
    return name


def _create_memory(client: Client, namespace: str) -> CreateMemoryRequest:
    memory = Memory(agent=_agent(client, namespace), memory_type=OBSERVATION, content="likes tea")
    return CreateMemoryRequest(parent=new_session(client, namespace).name, memory_id="tea", memory=memory)


def _create_memories(client: Client, namespace: str) -> Message:
    one = _create_memory(client, namespace)
    return BatchCreateMemoriesRequest(parent=one.parent, requests=[one])


def _delete_created_memory(client: Client, request: Any) -> None:
    client.memories.DeleteMemory(DeleteMemoryRequest(name=f"{request.parent}/memories/tea"))


CASES = {
    "CreateNamespace": Case(
        lambda _c, _n: CreateNamespaceRequest(namespace=Namespace(), namespace_id=unique("new")),
        lambda c, r: c.namespaces.DeleteNamespace(DeleteNamespaceRequest(name=f"namespaces/{r.namespace_id}")),
    ),
    "UpdateNamespace": Case(
        lambda _c, n: UpdateNamespaceRequest(namespace=Namespace(name=n, description="new")),
        lambda c, r: c.namespaces.UpdateNamespace(
            UpdateNamespaceRequest(namespace=Namespace(name=r.namespace.name, description="newer"))
        ),
    ),
    "DeleteNamespace": Case(
        lambda _c, n: DeleteNamespaceRequest(name=n),
        lambda c, r: c.namespaces.UndeleteNamespace(UndeleteNamespaceRequest(name=r.name)),
    ),
    "UndeleteNamespace": Case(
        _undelete_namespace, lambda c, r: c.namespaces.DeleteNamespace(DeleteNamespaceRequest(name=r.name))
    ),
    "CreateParticipant": Case(_create_participant, _delete_created_participant),
    "EnsureParticipant": Case(
        partial(_create_participant, request_class=EnsureParticipantRequest), _delete_created_participant
    ),
    "UpdateParticipant": Case(
        lambda c, n: UpdateParticipantRequest(participant=Participant(name=new_participant(c, n), description="new")),
        lambda c, r: c.participants.UpdateParticipant(
            UpdateParticipantRequest(participant=Participant(name=r.participant.name, description="newer"))
        ),
    ),
    "DeleteParticipant": Case(
        lambda c, n: DeleteParticipantRequest(name=new_participant(c, n)),
        lambda c, r: c.participants.UndeleteParticipant(UndeleteParticipantRequest(name=r.name)),
    ),
    "UndeleteParticipant": Case(
        lambda c, n: UndeleteParticipantRequest(name=_deleted_participant(c, n)),
        lambda c, r: delete_participant(c, r.name),
    ),
    "CreateSession": Case(_create_session, _delete_created_session),
    "EnsureSession": Case(_ensure_session, _delete_created_session),
    "UpdateSession": Case(
        lambda c, n: UpdateSessionRequest(session=Session(name=new_session(c, n).name, data="new")),
        lambda c, r: c.sessions.UpdateSession(UpdateSessionRequest(session=Session(name=r.session.name, data="newer"))),
    ),
    "DeleteSession": Case(
        lambda c, n: DeleteSessionRequest(name=new_session(c, n).name),
        lambda c, r: c.sessions.UndeleteSession(UndeleteSessionRequest(name=r.name)),
    ),
    "UndeleteSession": Case(
        lambda c, n: UndeleteSessionRequest(name=_deleted_session(c, n)), lambda c, r: delete_session(c, r.name)
    ),
    "ExpungeSession": Case(
        lambda c, n: ExpungeSessionRequest(name=_deleted_session(c, n)),
        # Deleted again, so that a second expunging would find something to remove.
        lambda c, r: delete_session(c, new_session(c, *r.name.split("/sessions/")).name),
    ),
    "PurgeSessions": Case(
        _purge,
        # So that a second purge would find something to remove.
        lambda c, r: delete_session(c, new_session(c, r.parent).name),
    ),
    "RewindSession": Case(_rewind, lambda c, r: append(c, r.name, "after it")),
    "ForkSession": Case(_fork, _delete_fork),
    "BindParticipant": Case(
        _bind,
        lambda c, r: c.sessions.UnbindParticipant(
            UnbindParticipantRequest(session=r.session, participant=r.participant)
        ),
    ),
    "UnbindParticipant": Case(
        _unbind,
        lambda c, r: c.sessions.BindParticipant(BindParticipantRequest(session=r.session, participant=r.participant)),
    ),
    "AcquireTurn": Case(
        _acquire_turn, lambda c, r: c.sessions.ReleaseTurn(ReleaseTurnRequest(session=r.session, token=1))
    ),
    "AppendEvents": Case(_append, lambda c, r: append(c, r.parent, "behind it")),
    "SupersedeEvents": Case(_supersede, lambda c, r: supersede(c, r.parent, 2, 2)),
    "PopEvents": Case(_pop, lambda c, r: append(c, r.parent, "after it")),
    "RedactEvents": Case(_redact, lambda c, r: append(c, r.parent, "after it")),
    "ImportEvents": Case(_import, lambda c, r: append(c, r.parent, "after it")),
    "UpdateState": Case(
        _update_state, lambda c, r: update_state(c, r.name, StateUpdate(key=r.updates[0].key, delete=True))
    ),
    "CreateMemory": Case(_create_memory, _delete_created_memory),
    "BatchCreateMemories": Case(_create_memories, _delete_created_memory),
    "GetMemory": Case(
        lambda c, n: GetMemoryRequest(name=_memory(c, n), touch=True),
        lambda c, r: c.memories.DeleteMemory(DeleteMemoryRequest(name=r.name)),
    ),
    "UpdateMemory": Case(
        lambda c, n: UpdateMemoryRequest(memory=Memory(name=_memory(c, n), memo="new")),
        lambda c, r: c.memories.UpdateMemory(UpdateMemoryRequest(memory=Memory(name=r.memory.name, memo="newer"))),
    ),
    "DeleteMemory": Case(
        lambda c, n: DeleteMemoryRequest(name=_memory(c, n)),
        lambda c, r: c.memories.UndeleteMemory(UndeleteMemoryRequest(name=r.name)),
    ),
    "UndeleteMemory": Case(
        lambda c, n: UndeleteMemoryRequest(name=_deleted_memory(c, n)),
        lambda c, r: c.memories.DeleteMemory(DeleteMemoryRequest(name=r.name)),
    ),
}

OF_NO_SESSION = {
    "PurgeSessions",
    *(f"{verb}Namespace" for verb in ("Create", "Update", "Delete", "Undelete")),
    *(f"{verb}Participant" for verb in ("Create", "Ensure", "Update", "Delete", "Undelete")),
}


@pytest.fixture
def client(request: pytest.FixtureRequest, client: Client, system: Client) -> Client:
    """One with the default role, but for the call that takes another one."""
    parameters = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    return system if parameters.get("name") == "ImportEvents" else client


every_rpc = pytest.mark.parametrize("name", CASES)


def prepared(client: Client, namespace: str, name: str, request_id: str) -> Any:
    """Return a request of an RPC that will take effect, with that request id."""
    request: Any = CASES[name].request(client, namespace)
    request.request_id = request_id
    return request


def altered(request: Any) -> Any:
    """Return another request with the same request id, which would fail if it were carried out."""
    other = type(request)()
    other.CopyFrom(request)
    if alter := ALTERED.get(request.DESCRIPTOR.name):
        alter(other)
        return other
    resource = next((field.name for field in request.DESCRIPTOR.fields if _is_resource(field)), "")
    if resource and request.DESCRIPTOR.name.startswith("Update"):
        getattr(other, resource).etag = "stale"
    elif resource == "session":
        other.session.participants.add(participant=f"{request.parent}/participants/missing")
    elif resource:
        getattr(other, resource).managed = True
    elif "etag" in request.DESCRIPTOR.fields_by_name:
        other.etag = "stale"
    else:
        other.participant += "-missing"
    return other


def _with_a_missing_agent(request: Any) -> None:
    request.memory.agent += "-missing"


def _with_a_missing_member(request: Any) -> None:
    request.participants.add(participant=f"{request.name.partition('/sessions/')[0]}/participants/missing")


def _of_a_deleted_participant(request: Any) -> None:
    request.participant_id = "gone"


def _of_a_missing_memory(request: Any) -> None:
    request.name += "-missing"


def _behind_another_event(request: Any) -> None:
    request.expected_last_sequence = 99


def _of_a_missing_event(request: Any) -> None:
    request.names[0] += "-missing"


def _under_another_number(request: Any) -> None:
    request.events[0].sequence = 99


def _with_another_filter(request: Any) -> None:
    request.filter = "no_such_field = 1"


def _in_another_turn(request: Any) -> None:
    request.turn_token = 99


def _of_another_revision(request: Any) -> None:
    request.updates[0].expected_revision = 99


# Those that fail for reasons of their own.
ALTERED: dict[str, Callable[[Any], None]] = {
    "AppendEventsRequest": _behind_another_event,
    "SupersedeEventsRequest": _behind_another_event,
    "PopEventsRequest": _in_another_turn,
    "RedactEventsRequest": _of_a_missing_event,
    "ImportEventsRequest": _under_another_number,
    "PurgeSessionsRequest": _with_another_filter,
    "RewindSessionRequest": _behind_another_event,
    "ForkSessionRequest": _with_a_missing_member,
    "CreateParticipantRequest": _of_a_deleted_participant,
    "EnsureParticipantRequest": _of_a_deleted_participant,
    "UpdateStateRequest": _of_another_revision,
    "CreateMemoryRequest": _with_a_missing_agent,
    "BatchCreateMemoriesRequest": lambda request: _with_a_missing_agent(request.requests[0]),
    "GetMemoryRequest": _of_a_missing_memory,
}


def another_of_its_resource(client: Client, name: str, request: Any) -> tuple[Any, Any]:
    """Return a call about the same resource, with the same request id, and its RPC."""
    if isinstance(request, GetMemoryRequest):
        return client.memories.DeleteMemory, DeleteMemoryRequest(name=request.name, request_id=request.request_id)
    other = altered(request)
    if isinstance(request, PurgeSessionsRequest):
        other.filter = "enabled = true"
    if isinstance(request, CreateParticipantRequest | EnsureParticipantRequest):
        other.CopyFrom(request)
        other.participant.description = "another"
    return WITH_REQUEST_ID[name].on(client.channel), other


def _is_resource(field: Any) -> bool:
    return field.message_type is not None and "uid" in field.message_type.fields_by_name


def scope(namespace: str, request: Any) -> str:
    """Return the namespace that a request changes."""
    return f"namespaces/{request.namespace_id}" if isinstance(request, CreateNamespaceRequest) else namespace


def everything(client: Client, namespace: str) -> list[Message]:
    """Read a namespace with everything in it, or return nothing if there is none."""
    itself = ListNamespacesRequest(filter=f'namespace_id="{namespace.partition("/")[2]}"', show_deleted=True)
    owners = client.namespaces.ListNamespaces(itself)
    if not owners.namespaces:
        return []
    participants = ListParticipantsRequest(parent=namespace, show_deleted=True)
    sessions = ListSessionsRequest(parent=namespace, show_deleted=True, view=SESSION_VIEW_FULL)
    found = client.sessions.ListSessions(sessions)
    return [
        owners,
        client.participants.ListParticipants(participants),
        found,
        client.memories.ListMemories(ListMemoriesRequest(parent=f"{namespace}/sessions/-", show_deleted=True)),
        *(client.events.ListEvents(ListEventsRequest(parent=session.name)) for session in found.sessions),
        *(client.events.GetState(GetStateRequest(name=session.name)) for session in found.sessions),
    ]


def test_every_rpc_that_takes_one_has_a_case() -> None:
    assert set(CASES) == set(WITH_REQUEST_ID)


@every_rpc
def test_the_same_request_gets_the_first_answer_and_takes_effect_once(
    client: Client, namespace: str, name: str
) -> None:
    request = prepared(client, namespace, name, unique("request"))
    where, call = scope(namespace, request), WITH_REQUEST_ID[name].raw_on(client.channel)
    raw = request.SerializeToString()
    before = everything(client, where)
    first = call(raw)
    after = everything(client, where)
    assert after != before
    assert call(raw) == first
    assert everything(client, where) == after
    CASES[name].undo(client, request)
    undone = everything(client, where)
    assert undone != after
    if name == "AcquireTurn":
        # A turn that is over is not given back: test_turns shows what comes instead.
        return
    assert call(raw) == first
    assert everything(client, where) == undone


@every_rpc
def test_another_request_with_the_same_id_is_refused(client: Client, namespace: str, name: str) -> None:
    request = prepared(client, namespace, name, unique("request"))
    call = WITH_REQUEST_ID[name].on(client.channel)
    first = call(request)
    after = everything(client, scope(namespace, request))
    refusal = refused(*another_of_its_resource(client, name, request), "REQUEST_ID_REUSED", "request_id")
    assert refusal.info.metadata == {"request_id": request.request_id}
    assert everything(client, scope(namespace, request)) == after
    assert call(request) == first


@every_rpc
def test_a_failed_call_leaves_the_id_free(client: Client, namespace: str, name: str) -> None:
    request = prepared(client, namespace, name, unique("request"))
    call = WITH_REQUEST_ID[name].on(client.channel)
    assert failure(call, altered(request)).reason not in ("REQUEST_ID_REUSED", "INVALID_FIELD")
    before = everything(client, scope(namespace, request))
    call(request)
    assert everything(client, scope(namespace, request)) != before


@every_rpc
def test_one_id_in_two_namespaces_is_two_ids(client: Client, name: str) -> None:
    request_id = unique("request")
    for _ in range(2):
        namespace = Namespace()
        created = client.namespaces.CreateNamespace(
            CreateNamespaceRequest(namespace=namespace, namespace_id=unique("namespace"))
        )
        request = prepared(client, created.name, name, request_id)
        before = everything(client, scope(created.name, request))
        WITH_REQUEST_ID[name].on(client.channel)(request)
        assert everything(client, scope(created.name, request)) != before


@pytest.mark.parametrize("name", [name for name in CASES if name != "ExpungeSession" and name not in OF_NO_SESSION])
def test_a_session_that_is_gone_is_acknowledged_no_more(client: Client, namespace: str, name: str) -> None:
    request = prepared(client, namespace, name, unique("request"))
    call = WITH_REQUEST_ID[name].on(client.channel)
    session = _fork_of(request) or session_of(request)
    before = session_or_none(client, session)
    call(request)
    gone = before or get_session(client, session)
    assert replaced(client, gone).uid != gone.uid
    untouched = everything(client, namespace)
    refusal = refused(call, request, "SESSION_NOT_FOUND")
    assert refusal.info.metadata == {"resource": resource_of(request), "uid": gone.uid}
    assert everything(client, namespace) == untouched


def test_the_removal_of_a_session_is_acknowledged_again_after_another_one_has_its_name(
    client: Client, namespace: str
) -> None:
    request = prepared(client, namespace, "ExpungeSession", unique("request"))
    client.sessions.ExpungeSession(request)
    later = new_session(client, namespace, request.name.rpartition("/")[2])
    client.sessions.ExpungeSession(request)
    assert get_session(client, request.name) == later


def test_one_id_in_two_sessions_is_two_ids(client: Client, namespace: str) -> None:
    delivery = unique("delivery")
    for session_id in ("a", "b"):
        ensured = EnsureSessionRequest(parent=namespace, session_id=session_id, request_id=delivery)
        session = client.sessions.EnsureSession(ensured).session
        assert session.name == f"{namespace}/sessions/{session_id}"
        member = new_participant(client, namespace)
        bound = BindParticipantRequest(session=session.name, participant=member, request_id=delivery)
        refused(client.sessions.BindParticipant, bound, "REQUEST_ID_REUSED", "request_id")
        appended = append(client, session.name, Event(text=session_id), request_id=unique("delivery"))
        assert list(appended.written) == [True]
    for session_id in ("c", "d"):
        name = new_session(client, namespace, session_id).name
        append(client, name, session_id, request_id=delivery)
        assert [event.text for event in list_events(client, name)] == [session_id]


def test_one_id_for_two_generated_namespaces_is_two_ids(client: Client) -> None:
    delivery = unique("delivery")
    requests = [
        CreateNamespaceRequest(namespace=Namespace(description=tenant), request_id=delivery)
        for tenant in (unique("tenant"), unique("tenant"))
    ]
    first, second = map(client.namespaces.CreateNamespace, requests)
    assert first.name != second.name
    assert [client.namespaces.CreateNamespace(request) for request in requests] == [first, second]


def test_names_that_are_too_long_for_the_key_have_ids_of_their_own(client: Client) -> None:
    long = "n" * 255
    delivery = unique("delivery")
    namespace = make_namespace(client, unique(long)[-255:])
    names = [new_session(client, namespace.name, long[:-1] + end).name for end in "ab"]
    for name in names:
        append(client, name, name[-1], request_id=delivery)
        append(client, name, name[-1], request_id=delivery)
        assert [event.text for event in list_events(client, name)] == [name[-1]]


@every_rpc
def test_parallel_calls_with_one_id_take_effect_once(client: Client, namespace: str, name: str) -> None:
    request = prepared(client, namespace, name, unique("request"))
    raw, call = request.SerializeToString(), WITH_REQUEST_ID[name].raw_on(client.channel)
    answers = at_once([lambda: call(raw)] * CALLERS)
    assert all(isinstance(answer, bytes) for answer in answers)
    assert len(set(answers)) == 1
    assert call(raw) == answers[0]


@every_rpc
def test_is_one_to_128_printable_ascii_characters(client: Client, namespace: str, name: str) -> None:
    call = WITH_REQUEST_ID[name].on(client.channel)
    request = prepared(client, namespace, name, "")
    before = everything(client, scope(namespace, request))
    for request_id in ("a b", " ", "ä", "a\n", "\0", "\x7f", "👩"):
        request.request_id = request_id
        refused(call, request, "INVALID_FIELD", "request_id")
    request.request_id = "x" * 129
    refused(call, request, "LIMIT_EXCEEDED", "request_id")
    assert everything(client, scope(namespace, request)) == before
    request.request_id = unique("!~" * 60)
    call(request)
    assert everything(client, scope(namespace, request)) != before


def test_ids_that_differ_in_case_are_two_ids(client: Client, namespace: str) -> None:
    names = set()
    for request_id in ("abc", "ABC", "abC"):
        request = CreateSessionRequest(parent=namespace, session=Session(), request_id=request_id)
        names.add(client.sessions.CreateSession(request).name)
    assert len(names) == 3


def test_a_generated_name_is_answered_again(client: Client, namespace: str) -> None:
    request = CreateSessionRequest(parent=namespace, session=Session(), request_id="again")
    first = client.sessions.CreateSession(request)
    assert client.sessions.CreateSession(request) == first
    assert len(client.sessions.ListSessions(ListSessionsRequest(parent=namespace)).sessions) == 1
    created = CreateNamespaceRequest(namespace=Namespace(), request_id=unique("again"))
    assert client.namespaces.CreateNamespace(created) == client.namespaces.CreateNamespace(created)


def test_one_id_for_two_methods_is_refused(client: Client, namespace: str) -> None:
    name = new_session(client, namespace).name
    client.sessions.DeleteSession(DeleteSessionRequest(name=name, request_id="one"))
    request = UndeleteSessionRequest(name=name, request_id="one")
    refused(client.sessions.UndeleteSession, request, "REQUEST_ID_REUSED")


def test_the_first_answer_tells_of_members_that_have_left_since(client: Client, namespace: str) -> None:
    session, participant = _session_with_member(client, namespace)
    ensured = EnsureSessionRequest(parent=namespace, session_id=session.rpartition("/")[2], request_id="one")
    first = client.sessions.EnsureSession(ensured)
    assert not first.created
    client.sessions.UnbindParticipant(UnbindParticipantRequest(session=session, participant=participant))
    assert client.sessions.EnsureSession(ensured) == first
    assert member_names(first.session) == [participant]
    assert member_names(get_session(client, session)) == []


def test_a_call_that_failed_for_want_of_a_participant_succeeds_when_it_is_there(client: Client, namespace: str) -> None:
    wanted = f"{namespace}/participants/late"
    request = CreateSessionRequest(
        parent=namespace, session=Session(participants=members(wanted)), request_id="patient"
    )
    refused(client.sessions.CreateSession, request, "PARTICIPANT_NOT_FOUND")
    new_participant(client, namespace, "late")
    assert member_names(client.sessions.CreateSession(request)) == [wanted]


class TestWithoutOne:
    """Calls that do the same however often they are made; every response is like the first."""

    @pytest.fixture
    def session(self, client: Client, namespace: str) -> str:
        """A session with an event, whose turn has the token 1 and belongs to its member."""
        participant = new_participant(client, namespace, "member")
        name = new_session(client, namespace, participants=members(participant)).name
        append(client, name, "hello")
        acquire_turn(client, name, participant)
        return name

    def said(self, session: str) -> dict[str, Message]:
        member = f"{session.partition('/sessions/')[0]}/participants/member"
        return {
            "MarkRead": MarkReadRequest(session=session, participant=member, sequence=1),
            "RenewTurn": RenewTurnRequest(session=session, token=1),
            "ReleaseTurn": ReleaseTurnRequest(session=session, token=1),
        }

    def test_are_all_here(self) -> None:
        assert set(self.said("")) == IDEMPOTENT

    @pytest.mark.parametrize("name", sorted(IDEMPOTENT))
    def test_twice_is_once(self, client: Client, session: str, name: str) -> None:
        call, request = getattr(client.sessions, name), self.said(session)[name]
        first = timeless(call(request))
        after = timeless(get_session(client, session))
        assert timeless(call(request)) == first
        assert timeless(get_session(client, session)) == after


def timeless(answer: Any) -> Any:
    """Return a response without the end of the turn, which counts from the last call."""
    turn = answer.turn if isinstance(answer, Session) else answer
    if "expire_time" in turn.DESCRIPTOR.fields_by_name:
        turn.ClearField("expire_time")
    return answer
