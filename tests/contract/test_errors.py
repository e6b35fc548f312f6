"""Every error reason: it has the status that the protos name, a caller can provoke it, and it has all its details."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from google.rpc import error_details_pb2

from activity_session.v1.conflict_pb2 import Conflict
from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import AppendEventsRequest, GetEventRequest, UpdateStateRequest
from activity_session.v1.memory_pb2 import Memory
from activity_session.v1.memory_service_pb2 import DeleteMemoryRequest, GetMemoryRequest, UndeleteMemoryRequest
from activity_session.v1.namespace_pb2 import Namespace, NamespaceQuotas, NamespaceSettings
from activity_session.v1.namespace_service_pb2 import (
    CreateNamespaceRequest,
    DeleteNamespaceRequest,
    GetNamespaceRequest,
    UndeleteNamespaceRequest,
    UpdateNamespaceRequest,
)
from activity_session.v1.participant_pb2 import PARTICIPANT_TYPE_AGENT, Participant
from activity_session.v1.participant_service_pb2 import (
    CreateParticipantRequest,
    DeleteParticipantRequest,
    GetParticipantRequest,
    UpdateParticipantRequest,
)
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import (
    AcquireTurnRequest,
    CreateSessionRequest,
    DeleteSessionRequest,
    ExpungeSessionRequest,
    GetSessionRequest,
    ListSessionsRequest,
    MarkReadRequest,
    RenewTurnRequest,
    UndeleteSessionRequest,
    UpdateSessionRequest,
    WatchSessionRequest,
)
from activity_session.v1.session_settings_pb2 import SessionSettings
from activity_session.v1.state_pb2 import StateUpdate
from activity_session_server.rpc import status
from activity_session_testing.backends import SHARED_BACKENDS
from activity_session_testing.rpcs import RPCS
from activity_session_testing.servers import Client, Failure, connected, failure, serving, unique
from activity_session_testing.steps import (
    AGENT,
    acquire_turn,
    append,
    delete_session,
    get_session,
    make_namespace,
    new_memory,
    new_participant,
    new_session,
    refused,
    update_session,
)
from activity_session_testing.watches import Watching

# These need a database in trouble, or a bug.
NOT_FOR_CALLERS = {
    "DATABASE_BUSY",
    "DATABASE_UNAVAILABLE",
    "COMMIT_OUTCOME_UNKNOWN",
    "DEADLINE_EXCEEDED",
    "INTERNAL",
}
# These have fixtures and tests of their own below.
MANAGED = {"NAMESPACE_MANAGED", "PARTICIPANT_MANAGED", "SESSION_MANAGED"}
OF_ONE_SERVER = {"SERVER_DRAINING", "SERVER_FULL"}
# Shown by tests/server/test_event_purge.py: it takes time, and a sweep.
OF_THE_SWEEP = {"EVENTS_PURGED", "STATE_PURGED"}
# Shown by tests/server/test_followers.py: it takes a client that reads nothing.
OF_SLOW_CLIENTS = {"WATCH_TOO_SLOW"}
# Shown by tests/contract/test_permissions.py and tests/server/test_authentication.py, for callers who are told apart.
OF_CALLERS = {"UNAUTHENTICATED", "PERMISSION_DENIED"}
WITH_CONFLICT = {"SEQUENCE_MISMATCH", "REVISION_MISMATCH"}
PROTO = Path(__file__).parents[2] / "protos" / "activity_session" / "v1" / "error_reason.proto"
DETAILS: dict[grpc.StatusCode, Any] = {
    grpc.StatusCode.INVALID_ARGUMENT: error_details_pb2.BadRequest,
    grpc.StatusCode.FAILED_PRECONDITION: error_details_pb2.PreconditionFailure,
    grpc.StatusCode.ABORTED: error_details_pb2.PreconditionFailure,
    grpc.StatusCode.NOT_FOUND: error_details_pb2.ResourceInfo,
    grpc.StatusCode.ALREADY_EXISTS: error_details_pb2.ResourceInfo,
    grpc.StatusCode.PERMISSION_DENIED: error_details_pb2.ResourceInfo,
    grpc.StatusCode.UNAVAILABLE: error_details_pb2.RetryInfo,
    grpc.StatusCode.RESOURCE_EXHAUSTED: error_details_pb2.RetryInfo,
}

Provocation = Callable[[Client, str], Failure]


def invalid_field(client: Client, _namespace: str) -> Failure:
    return failure(client.sessions.GetSession, GetSessionRequest())


def limit_exceeded(client: Client, namespace: str) -> Failure:
    session = Session(description="x" * 65_537)
    return failure(client.sessions.CreateSession, CreateSessionRequest(parent=namespace, session=session))


def invalid_filter(client: Client, namespace: str) -> Failure:
    return failure(client.sessions.ListSessions, ListSessionsRequest(parent=namespace, filter="enabled=maybe"))


def invalid_page_token(client: Client, namespace: str) -> Failure:
    return failure(client.sessions.ListSessions, ListSessionsRequest(parent=namespace, page_token="made-up"))


def request_id_reused(client: Client, namespace: str) -> Failure:
    request = CreateSessionRequest(parent=namespace, session=Session(), request_id="once")
    client.sessions.CreateSession(request)
    request.session.description = "another"
    return failure(client.sessions.CreateSession, request)


def namespace_not_found(client: Client, namespace: str) -> Failure:
    return failure(client.namespaces.GetNamespace, GetNamespaceRequest(name=f"{namespace}-missing"))


def namespace_already_exists(client: Client, namespace: str) -> Failure:
    request = CreateNamespaceRequest(namespace=Namespace(), namespace_id=namespace.partition("/")[2])
    return failure(client.namespaces.CreateNamespace, request)


def namespace_deleted(client: Client, namespace: str) -> Failure:
    client.namespaces.DeleteNamespace(DeleteNamespaceRequest(name=namespace))
    return failure(client.sessions.CreateSession, CreateSessionRequest(parent=namespace, session=Session()))


def namespace_disabled(client: Client, namespace: str) -> Failure:
    request = UpdateNamespaceRequest(namespace=Namespace(name=namespace, enabled=False))
    client.namespaces.UpdateNamespace(request)
    return failure(client.sessions.CreateSession, CreateSessionRequest(parent=namespace, session=Session()))


def namespace_not_empty(client: Client, namespace: str) -> Failure:
    new_session(client, namespace)
    return failure(client.namespaces.DeleteNamespace, DeleteNamespaceRequest(name=namespace))


def participant_not_found(client: Client, namespace: str) -> Failure:
    request = GetParticipantRequest(name=f"{namespace}/participants/missing")
    return failure(client.participants.GetParticipant, request)


def participant_already_exists(client: Client, namespace: str) -> Failure:
    new_participant(client, namespace, "bot")
    agent = Participant(participant_type=PARTICIPANT_TYPE_AGENT)
    request = CreateParticipantRequest(parent=namespace, participant_id="bot", participant=agent)
    return failure(client.participants.CreateParticipant, request)


def participant_deleted(client: Client, namespace: str) -> Failure:
    request = DeleteParticipantRequest(name=new_participant(client, namespace))
    client.participants.DeleteParticipant(request)
    return failure(client.participants.DeleteParticipant, request)


def participant_disabled(client: Client, namespace: str) -> Failure:
    request = DeleteParticipantRequest(name=new_participant(client, namespace, enabled=False))
    return failure(client.participants.DeleteParticipant, request)


def session_not_found(client: Client, namespace: str) -> Failure:
    return failure(client.sessions.GetSession, GetSessionRequest(name=f"{namespace}/sessions/missing"))


def session_already_exists(client: Client, namespace: str) -> Failure:
    request = UndeleteSessionRequest(name=new_session(client, namespace).name)
    return failure(client.sessions.UndeleteSession, request)


def session_deleted(client: Client, namespace: str) -> Failure:
    request = DeleteSessionRequest(name=new_session(client, namespace).name)
    client.sessions.DeleteSession(request)
    return failure(client.sessions.DeleteSession, request)


def session_disabled(client: Client, namespace: str) -> Failure:
    request = DeleteSessionRequest(name=new_session(client, namespace, enabled=False).name)
    return failure(client.sessions.DeleteSession, request)


def session_not_deleted(client: Client, namespace: str) -> Failure:
    request = ExpungeSessionRequest(name=new_session(client, namespace).name)
    return failure(client.sessions.ExpungeSession, request)


def etag_mismatch(client: Client, namespace: str) -> Failure:
    request = DeleteSessionRequest(name=new_session(client, namespace).name, etag='"stale"')
    return failure(client.sessions.DeleteSession, request)


def participant_not_bound(client: Client, namespace: str) -> Failure:
    session, stranger = new_session(client, namespace).name, new_participant(client, namespace)
    append(client, session, "hello")
    request = MarkReadRequest(session=session, participant=stranger, sequence=1)
    return failure(client.sessions.MarkRead, request)


def session_has_memories(client: Client, namespace: str) -> Failure:
    request = ExpungeSessionRequest(name=remembered(client, namespace).name)
    return failure(client.sessions.ExpungeSession, request)


def sequence_mismatch(client: Client, namespace: str) -> Failure:
    session = new_session(client, namespace).name
    append(client, session, "first")
    request = AppendEventsRequest(parent=session, events=[Event(text="late")], expected_last_sequence=0)
    return failure(client.events.AppendEvents, request)


def revision_mismatch(client: Client, namespace: str) -> Failure:
    update = StateUpdate(key="plan", value_json="1", expected_revision=7)
    return failure(client.events.UpdateState, UpdateStateRequest(name=namespace, updates=[update]))


def event_not_found(client: Client, namespace: str) -> Failure:
    request = GetEventRequest(name=f"{new_session(client, namespace).name}/events/missing")
    return failure(client.events.GetEvent, request)


def event_already_exists(client: Client, namespace: str) -> Failure:
    session = new_session(client, namespace).name
    append(client, session, Event(event_id="one", text="first"))
    request = AppendEventsRequest(parent=session, events=[Event(event_id="one", text="other")])
    return failure(client.events.AppendEvents, request)


def memory_not_found(client: Client, namespace: str) -> Failure:
    request = GetMemoryRequest(name=f"{new_session(client, namespace).name}/memories/missing")
    return failure(client.memories.GetMemory, request)


def memory_already_exists(client: Client, namespace: str) -> Failure:
    request = UndeleteMemoryRequest(name=memory_of_a_session(client, namespace).name)
    return failure(client.memories.UndeleteMemory, request)


def memory_deleted(client: Client, namespace: str) -> Failure:
    request = DeleteMemoryRequest(name=memory_of_a_session(client, namespace).name)
    client.memories.DeleteMemory(request)
    return failure(client.memories.DeleteMemory, request)


def turn_held(client: Client, namespace: str) -> Failure:
    session, first, second = new_session(client, namespace).name, *(new_participant(client, namespace) for _ in "ab")
    acquire_turn(client, session, first)
    return failure(client.sessions.AcquireTurn, AcquireTurnRequest(session=session, participant=second))


def turn_lost(client: Client, namespace: str) -> Failure:
    session, holder = new_session(client, namespace).name, new_participant(client, namespace)
    late = acquire_turn(client, session, holder)
    acquire_turn(client, session, holder)
    return failure(client.sessions.RenewTurn, RenewTurnRequest(session=session, token=late.token))


def turn_required(client: Client, namespace: str) -> Failure:
    session = new_session(client, namespace, settings=SessionSettings(require_turn=True)).name
    request = AppendEventsRequest(parent=session, events=[Event(text="out of turn")])
    return failure(client.events.AppendEvents, request)


def memory_of_a_session(client: Client, namespace: str) -> Memory:
    agent = new_participant(client, namespace, participant_type=AGENT)
    return new_memory(client, new_session(client, namespace).name, agent)


def remembered(client: Client, namespace: str) -> Session:
    """A deleted session that has a memory."""
    memory = memory_of_a_session(client, namespace)
    return delete_session(client, memory.name.partition("/memories/")[0])


def resource_held(client: Client, namespace: str) -> Failure:
    held = delete_session(client, new_session(client, namespace, legal_hold=True).name)
    return failure(client.sessions.ExpungeSession, ExpungeSessionRequest(name=held.name))


def quota_exceeded(client: Client, _namespace: str) -> Failure:
    namespace = make_namespace(client, settings=NamespaceSettings(quotas=NamespaceQuotas(sessions=1))).name
    new_session(client, namespace)
    return failure(client.sessions.CreateSession, CreateSessionRequest(parent=namespace, session=Session()))


PROVOKED: dict[str, Provocation] = {
    provocation.__name__.upper(): provocation
    for provocation in (
        invalid_field,
        limit_exceeded,
        invalid_filter,
        invalid_page_token,
        quota_exceeded,
        request_id_reused,
        namespace_not_found,
        namespace_already_exists,
        namespace_deleted,
        namespace_disabled,
        namespace_not_empty,
        participant_not_found,
        participant_already_exists,
        participant_deleted,
        participant_disabled,
        session_not_found,
        session_already_exists,
        session_deleted,
        session_disabled,
        session_not_deleted,
        etag_mismatch,
        participant_not_bound,
        session_has_memories,
        resource_held,
        sequence_mismatch,
        revision_mismatch,
        event_not_found,
        event_already_exists,
        memory_not_found,
        memory_already_exists,
        memory_deleted,
        turn_held,
        turn_lost,
        turn_required,
    )
}


def documented() -> dict[str, tuple[str, set[str], set[str]]]:
    """Return, for each reason, the status and metadata keys that its comment in the protos names.

    The last keys are those that are there in a second case only.
    """
    # Each comment is joined into one line.
    text = re.sub(r"\s*\n\s*//\s*", " ", PROTO.read_text())
    found = re.findall(r" ([A-Z_]+): (.*)\n\s*ERROR_REASON_([A-Z_]+) =", text)
    parts = {
        reason: (code, *comment.partition("Metadata")[2].partition("and in the second case")[::2])
        for code, comment, reason in found
    }
    return {reason: (code, _keys(always), _keys(at_times)) for reason, (code, always, at_times) in parts.items()}


def _keys(text: str) -> set[str]:
    return set(re.findall(r"`([a-z_]+)`", text))


REASONS = documented()


def check_refusal(refusal: Failure, reason: str) -> None:
    """Check that a refusal has the status, the metadata and the details that its reason promises."""
    code, always, at_times = REASONS[reason]
    assert refusal.reason == reason, refusal.message
    assert refusal.code.name == code
    assert refusal.info.domain == "activity-session"
    assert always <= set(refusal.info.metadata) <= always | at_times
    assert all(refusal.info.metadata.values())
    assert refusal.status.message == refusal.message
    assert refusal.status.code == refusal.code.value[0]
    assert len(refusal.details(Conflict)) == (reason in WITH_CONFLICT)
    second = DETAILS.get(refusal.code)
    assert len(refusal.status.details) == 1 + (second is not None) + (reason in WITH_CONFLICT)
    assert "x-call-id" in refusal.metadata
    if second is not None:
        (detail,) = refusal.details(second)
        check_detail(refusal, detail)


def check_detail(refusal: Failure, detail: Any) -> None:
    """Check that the second detail says the same as the ErrorInfo, in the form of its type."""
    metadata = dict(refusal.info.metadata)
    if isinstance(detail, error_details_pb2.BadRequest):
        expected = metadata.get("field", "request_id")
        assert detail.field_violations[0].field == expected
        assert detail.field_violations[0].description
    elif isinstance(detail, error_details_pb2.PreconditionFailure):
        (violation,) = detail.violations
        assert (violation.type, violation.subject) == (refusal.reason, metadata["resource"])
        assert violation.description == refusal.message
    elif isinstance(detail, error_details_pb2.RetryInfo):
        assert detail.retry_delay.seconds > 0
    else:
        kind = refusal.reason.partition("_")[0].title()
        assert detail.resource_type == f"activity-session/{kind}"
        assert detail.resource_name == metadata["resource"]


def test_every_reason_has_the_status_that_the_protos_tell() -> None:
    names = {name.removeprefix("ERROR_REASON_") for name, number in ErrorReason.items() if number}
    assert set(REASONS) == names
    table = {ErrorReason.Name(reason).removeprefix("ERROR_REASON_"): code for reason, code in status.CODES.items()}
    assert table == {reason: getattr(grpc.StatusCode, code) for reason, (code, *_) in REASONS.items()}


def test_every_reason_is_provoked_here_or_is_none_of_the_callers() -> None:
    parts = [set(PROVOKED), MANAGED, OF_ONE_SERVER, OF_THE_SWEEP, OF_SLOW_CLIENTS, OF_CALLERS, NOT_FOR_CALLERS]
    assert set.union(*parts) == set(REASONS)
    assert sum(map(len, parts)) == len(REASONS)


@pytest.mark.parametrize("reason", PROVOKED)
def test_provoked(client: Client, namespace: str, reason: str) -> None:
    check_refusal(PROVOKED[reason](client, namespace), reason)


def test_missing_deleted_and_disabled_are_told_apart(client: Client, namespace: str) -> None:
    missing = f"{namespace}/sessions/missing"
    deleted = delete_session(client, new_session(client, namespace).name).name
    disabled = new_session(client, namespace, enabled=False).name
    reasons = {
        failure(client.sessions.UpdateSession, UpdateSessionRequest(session=Session(name=name, data="x"))).reason
        for name in (missing, deleted, disabled)
    }
    assert reasons == {"SESSION_NOT_FOUND", "SESSION_DELETED", "SESSION_DISABLED"}


def test_force_expunges_a_session_that_has_memories(client: Client, namespace: str) -> None:
    name = remembered(client, namespace).name
    client.sessions.ExpungeSession(ExpungeSessionRequest(name=name, force=True))
    refused(client.sessions.GetSession, GetSessionRequest(name=name), "SESSION_NOT_FOUND")


def test_a_filters_error_has_the_position_in_characters(client: Client, namespace: str) -> None:
    request = ListSessionsRequest(parent=namespace, filter='description="👩‍🚀" AND nothing=1')
    refusal = failure(client.sessions.ListSessions, request)
    position = int(refusal.info.metadata["position"])
    assert request.filter[position:] == "nothing=1"


def setting_managed(
    client: Client, namespace: str, participant: str, session: str
) -> list[tuple[str, Callable[[Any], Any], Message]]:
    """Every call that would make a resource managed, and the reason for which it is refused."""
    agent = Participant(participant_type=PARTICIPANT_TYPE_AGENT, managed=True)
    return [
        (
            "NAMESPACE_MANAGED",
            client.namespaces.CreateNamespace,
            CreateNamespaceRequest(namespace=Namespace(managed=True), namespace_id=unique("managed")),
        ),
        (
            "NAMESPACE_MANAGED",
            client.namespaces.UpdateNamespace,
            UpdateNamespaceRequest(namespace=Namespace(name=namespace, managed=True)),
        ),
        (
            "PARTICIPANT_MANAGED",
            client.participants.CreateParticipant,
            CreateParticipantRequest(parent=namespace, participant=agent, participant_id="managed"),
        ),
        (
            "PARTICIPANT_MANAGED",
            client.participants.UpdateParticipant,
            UpdateParticipantRequest(participant=Participant(name=participant, managed=True)),
        ),
        (
            "SESSION_MANAGED",
            client.sessions.CreateSession,
            CreateSessionRequest(parent=namespace, session=Session(managed=True), session_id="managed"),
        ),
        (
            "SESSION_MANAGED",
            client.sessions.UpdateSession,
            UpdateSessionRequest(session=Session(name=session, managed=True)),
        ),
    ]


class TestManaged:
    """A server for the system on a database, and one for all other callers if the database can be shared."""

    @pytest.fixture
    def system(self, database_url: str) -> Iterator[Client]:
        with serving(database_url, anonymous_role="system") as server, connected(server.address) as client:
            yield client

    @pytest.fixture
    def managed(self, system: Client) -> str:
        """Create a managed namespace with a managed participant and session, and return its name."""
        request = CreateNamespaceRequest(namespace=Namespace(managed=True), namespace_id=unique("managed"))
        name = system.namespaces.CreateNamespace(request).name
        new_participant(system, name, "bot", managed=True)
        new_session(system, name, "chat", managed=True)
        return name

    def test_is_not_for_callers_to_set(self, client: Client, namespace: str) -> None:
        participant, session = new_participant(client, namespace), new_session(client, namespace)
        for reason, call, request in setting_managed(client, namespace, participant, session.name):
            check_refusal(failure(call, request), reason)
        assert get_session(client, session.name) == session
        created = new_session(client, namespace, "managed")
        assert not created.managed

    def test_can_be_made_and_changed_by_the_system(self, system: Client, managed: str) -> None:
        session = get_session(system, f"{managed}/sessions/chat")
        assert session.managed
        assert update_session(system, Session(name=session.name, description="new")).description == "new"
        participant = Participant(name=f"{managed}/participants/bot", description="new")
        updated = system.participants.UpdateParticipant(UpdateParticipantRequest(participant=participant))
        assert updated.managed
        deleted = system.namespaces.DeleteNamespace(DeleteNamespaceRequest(name=managed, force=True))
        assert deleted.managed
        system.namespaces.UndeleteNamespace(UndeleteNamespaceRequest(name=managed))

    @pytest.mark.parametrize("database_urls", SHARED_BACKENDS, indirect=True)
    def test_is_not_for_callers_to_change(self, client: Client, managed: str) -> None:
        session, participant = f"{managed}/sessions/chat", f"{managed}/participants/bot"
        before = get_session(client, session)
        assert before.managed
        calls: list[tuple[str, Callable[[Any], Any], Message]] = [
            ("NAMESPACE_MANAGED", client.namespaces.DeleteNamespace, DeleteNamespaceRequest(name=managed)),
            (
                "NAMESPACE_MANAGED",
                client.namespaces.UpdateNamespace,
                UpdateNamespaceRequest(namespace=Namespace(name=managed, description="x")),
            ),
            ("PARTICIPANT_MANAGED", client.participants.DeleteParticipant, DeleteParticipantRequest(name=participant)),
            ("SESSION_MANAGED", client.sessions.DeleteSession, DeleteSessionRequest(name=session, etag="stale")),
            ("SESSION_MANAGED", client.sessions.ExpungeSession, ExpungeSessionRequest(name=session)),
        ]
        for reason, call, request in calls:
            check_refusal(failure(call, request), reason)
        assert get_session(client, session) == before


class TestOfOneServer:
    """What depends on the number of other calls, or on the shutdown of a server; each test has a server of its own."""

    def test_more_watches_than_it_takes(self) -> None:
        with serving("sqlite:///:memory:", watches=1) as server, connected(server.address) as client:
            session = new_session(client, "namespaces/default").name
            with Watching.of(client, session) as watching:
                watching.wait_for_start()
                refusal = failure(RPCS["WatchSession"].on(client.channel), WatchSessionRequest(name=session))
            check_refusal(refusal, "SERVER_FULL")
            assert refusal.info.metadata["limit"] == "1"

    def test_a_watch_on_one_that_goes_away(self) -> None:
        with serving("sqlite:///:memory:") as server:
            client = Client(server.address)
            session = new_session(client, "namespaces/default").name
            watching = Watching(client, session).wait_for_start()
        check_refusal(watching.wait_for_end(), "SERVER_DRAINING")
        client.channel.close()
