"""The steps that many tests take, each in one call, and how they judge a refusal."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any, TypeVar

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from grpc import RpcError

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import (
    AppendEventsRequest,
    AppendEventsResponse,
    GetStateRequest,
    ImportedEvent,
    ListEventsRequest,
    PopEventsRequest,
    SupersedeEventsRequest,
    SupersedeEventsResponse,
    UpdateStateRequest,
)
from activity_session.v1.memory_pb2 import Memory, MemoryType
from activity_session.v1.memory_service_pb2 import CreateMemoryRequest
from activity_session.v1.namespace_pb2 import Namespace
from activity_session.v1.namespace_service_pb2 import CreateNamespaceRequest, DeleteNamespaceRequest
from activity_session.v1.participant_pb2 import Participant, ParticipantType
from activity_session.v1.participant_service_pb2 import CreateParticipantRequest, DeleteParticipantRequest
from activity_session.v1.session_pb2 import Session, SessionParticipant
from activity_session.v1.session_service_pb2 import (
    AcquireTurnRequest,
    CreateSessionRequest,
    DeleteSessionRequest,
    ExpungeSessionRequest,
    GetSessionRequest,
    ReleaseTurnRequest,
    UpdateSessionRequest,
)
from activity_session.v1.state_pb2 import State, StateEntry, StateUpdate
from activity_session.v1.turn_pb2 import TurnLease
from activity_session_testing import planted
from activity_session_testing.servers import Client, Failure, failure, unique

USER, AGENT = ParticipantType.PARTICIPANT_TYPE_USER, ParticipantType.PARTICIPANT_TYPE_AGENT
T = TypeVar("T")
START_SECONDS = 30


def make_namespace(client: Client, namespace_id: str = "", **fields: Any) -> Namespace:
    request = CreateNamespaceRequest(namespace=Namespace(**fields), namespace_id=namespace_id)
    return client.namespaces.CreateNamespace(request)


def make_participant(client: Client, parent: str, participant_id: str = "", **fields: Any) -> Participant:
    """Create a participant; a USER if no type is given."""
    participant = Participant(**{"participant_type": USER, **fields})
    request = CreateParticipantRequest(parent=parent, participant=participant, participant_id=participant_id)
    return client.participants.CreateParticipant(request)


def delete_namespace(client: Client, name: str, *, force: bool = False) -> Namespace:
    return client.namespaces.DeleteNamespace(DeleteNamespaceRequest(name=name, force=force))


def delete_participant(client: Client, name: str) -> Participant:
    return client.participants.DeleteParticipant(DeleteParticipantRequest(name=name))


def new_participant(client: Client, namespace: str, participant_id: str = "", **fields: Any) -> str:
    """Create a participant, a person unless the fields say otherwise, and return its name."""
    return make_participant(client, namespace, participant_id or unique("participant"), **fields).name


def new_session(client: Client, namespace: str, session_id: str = "", **fields: Any) -> Session:
    planted.plant_content(fields.get("data", ""))
    request = CreateSessionRequest(
        parent=namespace, session_id=session_id or unique("session"), session=Session(**fields)
    )
    return client.sessions.CreateSession(request)


def get_session(client: Client, name: str) -> Session:
    return client.sessions.GetSession(GetSessionRequest(name=name))


def update_session(client: Client, session: Session, *paths: str) -> Session:
    request = UpdateSessionRequest(session=session, update_mask=FieldMask(paths=paths))
    return client.sessions.UpdateSession(request)


def end_of(session: Session) -> Timestamp:
    """When a session expired: its expiry, unless that had passed when it was set, as on a machine that is busy."""
    return max(session.expire_time, session.update_time, key=Timestamp.ToNanoseconds)


def delete_session(client: Client, name: str) -> Session:
    return client.sessions.DeleteSession(DeleteSessionRequest(name=name))


def session_or_none(client: Client, name: str) -> Session | None:
    try:
        return get_session(client, name)
    except RpcError as error:
        assert Failure(error).reason == "SESSION_NOT_FOUND"  # noqa: PT017 - any other error fails the test
        return None


def expunge_session(client: Client, name: str) -> None:
    """Remove a session for good, with its memories; one that is not deleted yet is deleted first."""
    if not get_session(client, name).HasField("delete_time"):
        delete_session(client, name)
    client.sessions.ExpungeSession(ExpungeSessionRequest(name=name, force=True))


def replaced(client: Client, session: Session, **fields: Any) -> Session:
    """Expunge a session, and return a new one of the same name."""
    expunge_session(client, session.name)
    namespace, _, session_id = session.name.partition("/sessions/")
    return new_session(client, namespace, session_id, **fields)


def append(client: Client, session: str, *events: Event | str, **fields: Any) -> AppendEventsResponse:
    """Append events to a session; a text means an event with only that text."""
    made = [Event(text=event) if isinstance(event, str) else event for event in events]
    for event in made:
        planted.plant_content(event.text)
    return client.events.AppendEvents(AppendEventsRequest(parent=session, events=made, **fields))


def supersede(
    client: Client, session: str, first: int, last: int, *events: Event | str, **fields: Any
) -> SupersedeEventsResponse:
    """Supersede a range of a session's events; a text means an event with only that text."""
    made = [Event(text=event) if isinstance(event, str) else event for event in events]
    request = SupersedeEventsRequest(parent=session, from_sequence=first, to_sequence=last, events=made, **fields)
    return client.events.SupersedeEvents(request)


def imported(event: Event | str, sequence: int = 0, seconds: int = 1_000_000_000) -> ImportedEvent:
    """Return an event as it was in another store, so many seconds after 1970; a text means one with only that text."""
    made = Event(text=event) if isinstance(event, str) else event
    planted.plant_content(made.text)
    return ImportedEvent(event=made, sequence=sequence, create_time=Timestamp(seconds=seconds))


def pop(client: Client, session: str, count: int = 1, **fields: Any) -> list[Event]:
    """Take the newest events of a session out of view."""
    return list(client.events.PopEvents(PopEventsRequest(parent=session, count=count, **fields)).events)


def list_events(client: Client, session: str, **fields: Any) -> list[Event]:
    """Return all events of a session, or those that the fields ask for, from all pages."""
    request = ListEventsRequest(parent=session, **fields)
    found: list[Event] = []
    while True:
        page = client.events.ListEvents(request)
        found += page.events
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token


def acquire_turn(client: Client, session: str, participant: str, seconds: float = 0, **fields: Any) -> TurnLease:
    """Take the turn of a session, for the default time if none is given."""
    request = AcquireTurnRequest(session=session, participant=participant, **fields)
    if seconds:
        request.ttl.FromTimedelta(timedelta(seconds=seconds))
    return client.sessions.AcquireTurn(request)


def waiting_for_turn(client: Client, session: str, participant: str, timeout: float = 15) -> Any:
    """Start a call that waits for the turn of a session, and return its future."""
    request = AcquireTurnRequest(session=session, participant=participant, wait=True)
    return client.sessions.AcquireTurn.future(request, timeout=timeout)


def failure_of(call: Any) -> Failure:
    """Return the error of a future; one that succeeds fails the test."""
    try:
        answer = call.result()
    except RpcError as error:
        return Failure(error)
    raise AssertionError(f"it succeeded: {answer}")


def release_turn(client: Client, lease: TurnLease) -> None:
    client.sessions.ReleaseTurn(ReleaseTurnRequest(session=lease.session, token=lease.token))


def update_state(client: Client, name: str, *updates: StateUpdate, **fields: Any) -> State:
    for update in updates:
        planted.plant_content(update.value_json)
    return client.events.UpdateState(UpdateStateRequest(name=name, updates=updates, **fields))


def read_state(client: Client, name: str, **fields: Any) -> dict[str, StateEntry]:
    """Return the state of a resource, or the keys that the fields ask for, from all pages."""
    request = GetStateRequest(name=name, **fields)
    found: dict[str, StateEntry] = {}
    while True:
        page = client.events.GetState(request)
        found |= dict(page.entries)
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token


def new_memory(client: Client, session: str, agent: str, memory_id: str = "", **fields: Any) -> Memory:
    """Create a memory of a session, an observation unless the fields say otherwise."""
    given = {"memory_type": MemoryType.MEMORY_TYPE_OBSERVATION, "content": "likes tea", **fields}
    planted.plant_content(given["content"])
    request = CreateMemoryRequest(parent=session, memory_id=memory_id, memory=Memory(agent=agent, **given))
    return client.memories.CreateMemory(request)


def members(*names: str, role: str = "") -> list[SessionParticipant]:
    return [SessionParticipant(participant=name, role=role) for name in names]


def member_names(session: Session) -> list[str]:
    return [member.participant for member in session.participants]


def refused(call: Any, request: Message, reason: str, field: str | None = None) -> Failure:
    """Return the error of a call, which must have that reason, and if a field is given, a violation of it."""
    refusal = failure(call, request)
    assert refusal.reason == reason, f"{refusal.code}: {refusal.message}"
    if field is not None:
        assert field in refusal.fields
    return refusal


def at_once(calls: Iterable[Callable[[], T]]) -> list[T | Failure]:
    """Start several calls at one moment, and return the response or error of each, in their order."""
    waiting = list(calls)
    barrier = Barrier(len(waiting), timeout=START_SECONDS)

    def run(call: Callable[[], T]) -> T | Failure:
        barrier.wait()
        try:
            return call()
        except RpcError as error:
            return Failure(error)

    with ThreadPoolExecutor(len(waiting)) as pool:
        return list(pool.map(run, waiting))
