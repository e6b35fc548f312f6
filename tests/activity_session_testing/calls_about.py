"""A call for each row of docs/permissions.md, about what is the caller's own, somebody else's, or not there."""

from collections.abc import Callable
from typing import Any, NamedTuple

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from activity_session.v1 import event_service_pb2 as events
from activity_session.v1 import info_service_pb2 as info
from activity_session.v1 import memory_service_pb2 as memories
from activity_session.v1 import namespace_service_pb2 as namespaces
from activity_session.v1 import participant_service_pb2 as participants
from activity_session.v1 import session_service_pb2 as sessions
from activity_session.v1.event_pb2 import Event
from activity_session.v1.memory_pb2 import Memory, MemoryType
from activity_session.v1.namespace_pb2 import Namespace
from activity_session.v1.participant_pb2 import Participant
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_settings_pb2 import SessionSettings
from activity_session.v1.state_pb2 import STATE_SCOPE_NAMESPACE, STATE_SCOPE_PARTICIPANT, StateUpdate
from activity_session_testing.servers import Client, unique
from activity_session_testing.steps import (
    AGENT,
    acquire_turn,
    append,
    delete_namespace,
    delete_participant,
    delete_session,
    imported,
    members,
    new_memory,
    new_participant,
    new_session,
)

MISSING = "missing"


class About(NamedTuple):
    """What a call is about: names that are there, or of which the last one is not; `system` may do anything."""

    system: Client
    namespace: str
    session: str
    me: str
    other: str
    exists: bool

    @property
    def parent(self) -> str:
        """The namespace that the session is in."""
        return self.session.partition("/sessions/")[0]

    def participant(self) -> str:
        """A participant of whom nothing else is known; of the caller it is the caller."""
        return self.me if self.exists else f"{self.parent}/participants/{MISSING}"

    def token(self, holder: str) -> int:
        """The token of a turn that somebody holds."""
        return acquire_turn(self.system, self.session, holder).token if self.exists else 1

    def memory(self, agent: str) -> str:
        """A memory of an agent."""
        if not self.exists:
            return f"{self.session}/memories/{MISSING}"
        return new_memory(self.system, self.session, agent).name


def _of_memory(agent: str, **fields: Any) -> Memory:
    return Memory(agent=agent, memory_type=MemoryType.MEMORY_TYPE_OBSERVATION, content="tea", **fields)


def _batch(about: About, agent: str) -> Message:
    one = memories.CreateMemoryRequest(parent=about.session, memory=_of_memory(agent))
    return memories.BatchCreateMemoriesRequest(parent=about.session, requests=[one])


def _deleted(about: About) -> About:
    if about.exists:
        delete_session(about.system, about.session)
    return about


def _deleted_memory(about: About, agent: str) -> Message:
    name = about.memory(agent)
    if about.exists:
        about.system.memories.DeleteMemory(memories.DeleteMemoryRequest(name=name))
    return memories.UndeleteMemoryRequest(name=name)


def _deleted_namespace(about: About) -> Message:
    if not about.namespace.endswith(MISSING):
        delete_namespace(about.system, about.namespace, force=True)
    return namespaces.UndeleteNamespaceRequest(name=about.namespace)


def _new_participant(about: About) -> str:
    if not about.exists:
        return f"{about.parent}/participants/{MISSING}"
    return new_participant(about.system, about.parent)


def _deleted_participant(about: About) -> Message:
    name = _new_participant(about)
    if about.exists:
        delete_participant(about.system, name)
    return participants.UndeleteParticipantRequest(name=name)


def _new_session(about: About, *, may: bool, by: str = "me") -> sessions.CreateSessionRequest:
    if not about.namespace.endswith(MISSING):
        _set_participants_create(about, allowed=may)
    session = Session(participants=members(f"{about.namespace}/participants/{about_id(getattr(about, by))}"))
    return sessions.CreateSessionRequest(parent=about.namespace, session_id=unique("new"), session=session)


def _held_session(about: About) -> Message:
    request = _new_session(about, may=True)
    request.session.legal_hold = True
    return request


def about_id(name: str) -> str:
    """The last id of a name."""
    return name.rpartition("/")[2]


def _set_participants_create(about: About, *, allowed: bool) -> None:
    namespace = Namespace(name=about.namespace)
    namespace.settings.participants_create_sessions = allowed
    mask = FieldMask(paths=["settings.participants_create_sessions"])
    about.system.namespaces.UpdateNamespace(namespaces.UpdateNamespaceRequest(namespace=namespace, update_mask=mask))


def _ensured(about: About, *also: str) -> Message:
    if not about.exists:
        # A name that is not there is made, if its namespace is.
        parent, member, id_ = about.namespace, f"{about.namespace}/participants/{about_id(about.me)}", "new"
        return sessions.EnsureSessionRequest(
            parent=parent, session_id=id_, session=Session(participants=members(member))
        )
    wanted = Session(participants=members(about.me, *also))
    return sessions.EnsureSessionRequest(parent=about.parent, session_id=about_id(about.session), session=wanted)


def _batch_get(about: About) -> Message:
    seen = new_session(about.system, about.parent, participants=members(about.me)).name
    return sessions.BatchGetSessionsRequest(parent=about.parent, names=[seen, about.session])


def _appending(about: About, *updates: StateUpdate, author: str | None = None, token: int = 0) -> Message:
    event = Event(author=about.me if author is None else author, text="hello")
    return events.AppendEventsRequest(parent=about.session, events=[event], state_updates=updates, turn_token=token)


def _update(scope: Any = None, participant: str = "") -> StateUpdate:
    return StateUpdate(scope=scope, participant=participant, key="key", value_json="1")


def _event(about: About) -> str:
    if not about.exists:
        return f"{about.session}/events/{MISSING}"
    return append(about.system, about.session, "hello").events[0].name


def _bind(about: About) -> Message:
    name = new_participant(about.system, about.parent)
    return sessions.BindParticipantRequest(session=about.session, participant=name)


CALLS: dict[str, Callable[[About], Message]] = {
    "CreateNamespace": lambda _: namespaces.CreateNamespaceRequest(namespace=Namespace(), namespace_id=unique("new")),
    "GetNamespace": lambda about: namespaces.GetNamespaceRequest(name=about.namespace),
    "ListNamespaces": lambda _: namespaces.ListNamespacesRequest(),
    "UpdateNamespace": lambda about: namespaces.UpdateNamespaceRequest(
        namespace=Namespace(name=about.namespace, description="new"), update_mask=FieldMask(paths=["description"])
    ),
    "DeleteNamespace": lambda about: namespaces.DeleteNamespaceRequest(name=about.namespace, force=True),
    "UndeleteNamespace": _deleted_namespace,
    "CreateParticipant": lambda about: participants.CreateParticipantRequest(
        parent=about.namespace, participant=Participant(participant_type=AGENT)
    ),
    "EnsureParticipant": lambda about: participants.EnsureParticipantRequest(
        parent=about.namespace, participant_id=unique("new"), participant=Participant(participant_type=AGENT)
    ),
    "GetParticipant": lambda about: participants.GetParticipantRequest(name=about.participant()),
    "ListParticipants": lambda about: participants.ListParticipantsRequest(parent=about.namespace),
    "UpdateParticipant": lambda about: participants.UpdateParticipantRequest(
        participant=Participant(name=about.participant(), description="new"),
        update_mask=FieldMask(paths=["description"]),
    ),
    "DeleteParticipant": lambda about: participants.DeleteParticipantRequest(name=_new_participant(about)),
    "UndeleteParticipant": _deleted_participant,
    "CreateSession": lambda about: _new_session(about, may=False),
    "CreateSession, where participants may": lambda about: _new_session(about, may=True),
    "CreateSession, without itself where participants may": lambda about: _new_session(about, may=True, by="other"),
    "CreateSession, held": _held_session,
    "EnsureSession": _ensured,
    "EnsureSession, with another member": lambda about: _ensured(about, new_participant(about.system, about.parent)),
    "GetSession": lambda about: sessions.GetSessionRequest(name=about.session),
    "BatchGetSessions": _batch_get,
    "ListSessions": lambda about: sessions.ListSessionsRequest(parent=about.namespace),
    "UpdateSession": lambda about: sessions.UpdateSessionRequest(
        session=Session(name=about.session, data="new"), update_mask=FieldMask(paths=["data"])
    ),
    "UpdateSession, of its settings": lambda about: sessions.UpdateSessionRequest(
        session=Session(name=about.session, settings=SessionSettings(require_turn=True)),
        update_mask=FieldMask(paths=["settings.require_turn"]),
    ),
    "UpdateSession, of its legal hold": lambda about: sessions.UpdateSessionRequest(
        session=Session(name=about.session, legal_hold=True), update_mask=FieldMask(paths=["legal_hold"])
    ),
    "DeleteSession": lambda about: sessions.DeleteSessionRequest(name=about.session),
    "UndeleteSession": lambda about: sessions.UndeleteSessionRequest(name=_deleted(about).session),
    "ExpungeSession": lambda about: sessions.ExpungeSessionRequest(name=_deleted(about).session),
    "PurgeSessions": lambda about: sessions.PurgeSessionsRequest(parent=about.namespace, filter="*"),
    "PurgeSessions, by force": lambda about: sessions.PurgeSessionsRequest(
        parent=about.namespace, filter="*", force=True
    ),
    "ForkSession": lambda about: sessions.ForkSessionRequest(name=about.session),
    "RewindSession": lambda about: sessions.RewindSessionRequest(name=about.session, expected_last_sequence=1),
    "BindParticipant": _bind,
    "UnbindParticipant": lambda about: sessions.UnbindParticipantRequest(session=about.session, participant=about.me),
    "UnbindParticipant, of another": lambda about: sessions.UnbindParticipantRequest(
        session=about.session, participant=about.other
    ),
    "MarkRead": lambda about: sessions.MarkReadRequest(session=about.session, participant=about.me, sequence=1),
    "MarkRead, for another": lambda about: sessions.MarkReadRequest(
        session=about.session, participant=about.other, sequence=1
    ),
    "AcquireTurn": lambda about: sessions.AcquireTurnRequest(session=about.session, participant=about.me),
    "AcquireTurn, for another": lambda about: sessions.AcquireTurnRequest(
        session=about.session, participant=about.other
    ),
    "RenewTurn": lambda about: sessions.RenewTurnRequest(session=about.session, token=about.token(about.me)),
    "RenewTurn, of another": lambda about: sessions.RenewTurnRequest(
        session=about.session, token=about.token(about.other)
    ),
    "ReleaseTurn": lambda about: sessions.ReleaseTurnRequest(session=about.session, token=about.token(about.me)),
    "ReleaseTurn, of another": lambda about: sessions.ReleaseTurnRequest(
        session=about.session, token=about.token(about.other)
    ),
    "WatchSession": lambda about: sessions.WatchSessionRequest(name=about.session),
    "AppendEvents": _appending,
    "AppendEvents, by another": lambda about: _appending(about, author=about.other),
    "AppendEvents, by nobody": lambda about: _appending(about, author=""),
    "AppendEvents, in the turn of another": lambda about: _appending(about, token=about.token(about.other)),
    "AppendEvents, with state of the session": lambda about: _appending(about, _update()),
    "AppendEvents, with its own state": lambda about: _appending(about, _update(STATE_SCOPE_PARTICIPANT, about.me)),
    "AppendEvents, with state of another": lambda about: _appending(
        about, _update(STATE_SCOPE_PARTICIPANT, about.other)
    ),
    "AppendEvents, with state of the namespace": lambda about: _appending(about, _update(STATE_SCOPE_NAMESPACE)),
    "SupersedeEvents": lambda about: events.SupersedeEventsRequest(
        parent=about.session, from_sequence=1, to_sequence=1
    ),
    "PopEvents": lambda about: events.PopEventsRequest(parent=about.session),
    "RedactEvents": lambda about: events.RedactEventsRequest(parent=about.session, names=[_event(about)]),
    "ImportEvents": lambda about: events.ImportEventsRequest(parent=about.session, events=[imported("once")]),
    "GetEvent": lambda about: events.GetEventRequest(name=_event(about)),
    "BatchGetEvents": lambda about: events.BatchGetEventsRequest(parent=about.session, names=[_event(about)]),
    "ListEvents": lambda about: events.ListEventsRequest(parent=about.session),
    "GetState": lambda about: events.GetStateRequest(name=about.session),
    "GetState, of a participant": lambda about: events.GetStateRequest(name=about.participant()),
    "GetState, of a namespace": lambda about: events.GetStateRequest(name=about.namespace),
    "UpdateState": lambda about: events.UpdateStateRequest(name=about.session, updates=[_update()]),
    "UpdateState, of a participant": lambda about: events.UpdateStateRequest(
        name=about.participant(), updates=[_update()]
    ),
    "UpdateState, of a namespace": lambda about: events.UpdateStateRequest(name=about.namespace, updates=[_update()]),
    "CreateMemory": lambda about: memories.CreateMemoryRequest(parent=about.session, memory=_of_memory(about.me)),
    "CreateMemory, of another": lambda about: memories.CreateMemoryRequest(
        parent=about.session, memory=_of_memory(about.other)
    ),
    "BatchCreateMemories": lambda about: _batch(about, about.me),
    "BatchCreateMemories, of another": lambda about: _batch(about, about.other),
    "GetMemory": lambda about: memories.GetMemoryRequest(name=about.memory(about.me)),
    "GetMemory, of another": lambda about: memories.GetMemoryRequest(name=about.memory(about.other)),
    "GetMemory, counted": lambda about: memories.GetMemoryRequest(name=about.memory(about.me), touch=True),
    "GetMemory, of another and counted": lambda about: memories.GetMemoryRequest(
        name=about.memory(about.other), touch=True
    ),
    "ListMemories": lambda about: memories.ListMemoriesRequest(parent=about.session),
    "ListMemories, of all sessions": lambda about: memories.ListMemoriesRequest(parent=f"{about.namespace}/sessions/-"),
    "UpdateMemory": lambda about: _changed_memory(about, about.me),
    "UpdateMemory, of another": lambda about: _changed_memory(about, about.other),
    "DeleteMemory": lambda about: memories.DeleteMemoryRequest(name=about.memory(about.me)),
    "DeleteMemory, of another": lambda about: memories.DeleteMemoryRequest(name=about.memory(about.other)),
    "UndeleteMemory": lambda about: _deleted_memory(about, about.me),
    "UndeleteMemory, of another": lambda about: _deleted_memory(about, about.other),
    "GetServerInfo": lambda _: info.GetServerInfoRequest(),
}


def _changed_memory(about: About, agent: str) -> Message:
    memory = Memory(name=about.memory(agent), content="coffee")
    return memories.UpdateMemoryRequest(memory=memory, update_mask=FieldMask(paths=["content"]))
