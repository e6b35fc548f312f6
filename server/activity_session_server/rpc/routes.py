"""The API on one screen: which use case serves which RPC."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from google.protobuf.message import Message

from activity_session_server.live.turn_queues import TurnQueues
from activity_session_server.live.watches import Watches
from activity_session_server.rules.calls import Call, Stream
from activity_session_server.store import Store
from activity_session_server.store.codec.encoded import Encoded
from activity_session_server.usecases import (
    events,
    info,
    memberships,
    memories,
    namespaces,
    participants,
    session_purges,
    sessions,
    state,
    turns,
)
from activity_session_server.usecases.history import forks, imports, redactions, rewinds, supersessions

# Takes the store, the call and the request; returns the response.
UseCase = Callable[[Store, Call, Any], Message | Encoded[Any]]


class Live(NamedTuple):
    """What serves the calls that outlive their handler."""

    turn_queues: TurnQueues
    watches: Watches


class Streamed(NamedTuple):
    """A use case that responds by a stream, later or many times: which of what is live has it."""

    of: Callable[[Live], Callable[[Call, Any, Stream], None]]


# By the full name of the service, and the name of the RPC.
ROUTES: Mapping[str, Mapping[str, UseCase | Streamed]] = {
    "activity_session.v1.NamespaceService": {
        "CreateNamespace": namespaces.create_namespace,
        "GetNamespace": namespaces.get_namespace,
        "ListNamespaces": namespaces.list_namespaces,
        "UpdateNamespace": namespaces.update_namespace,
        "DeleteNamespace": namespaces.delete_namespace,
        "UndeleteNamespace": namespaces.undelete_namespace,
    },
    "activity_session.v1.ParticipantService": {
        "CreateParticipant": participants.create_participant,
        "EnsureParticipant": participants.ensure_participant,
        "GetParticipant": participants.get_participant,
        "ListParticipants": participants.list_participants,
        "UpdateParticipant": participants.update_participant,
        "DeleteParticipant": participants.delete_participant,
        "UndeleteParticipant": participants.undelete_participant,
    },
    "activity_session.v1.SessionService": {
        "CreateSession": sessions.create_session,
        "EnsureSession": sessions.ensure_session,
        "GetSession": sessions.get_session,
        "BatchGetSessions": sessions.batch_get_sessions,
        "ListSessions": sessions.list_sessions,
        "UpdateSession": sessions.update_session,
        "DeleteSession": sessions.delete_session,
        "UndeleteSession": sessions.undelete_session,
        "ExpungeSession": sessions.expunge_session,
        "PurgeSessions": session_purges.purge_sessions,
        "RewindSession": rewinds.rewind_session,
        "ForkSession": forks.fork_session,
        "BindParticipant": memberships.bind_participant,
        "UnbindParticipant": memberships.unbind_participant,
        "MarkRead": memberships.mark_read,
        "AcquireTurn": Streamed(lambda live: live.turn_queues.acquire_turn),
        "RenewTurn": turns.renew_turn,
        "ReleaseTurn": turns.release_turn,
        "WatchSession": Streamed(lambda live: live.watches.watch_session),
    },
    "activity_session.v1.EventService": {
        "AppendEvents": events.append_events,
        "SupersedeEvents": supersessions.supersede_events,
        "PopEvents": supersessions.pop_events,
        "RedactEvents": redactions.redact_events,
        "ImportEvents": imports.import_events,
        "GetEvent": events.get_event,
        "BatchGetEvents": events.batch_get_events,
        "ListEvents": events.list_events,
        "GetState": state.get_state,
        "UpdateState": state.update_state,
    },
    "activity_session.v1.MemoryService": {
        "CreateMemory": memories.create_memory,
        "BatchCreateMemories": memories.batch_create_memories,
        "GetMemory": memories.get_memory,
        "ListMemories": memories.list_memories,
        "UpdateMemory": memories.update_memory,
        "DeleteMemory": memories.delete_memory,
        "UndeleteMemory": memories.undelete_memory,
    },
    "activity_session.v1.InfoService": {
        "GetServerInfo": info.get_server_info,
    },
}
