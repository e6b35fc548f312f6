"""Version 1 of the API: each message, enum, value of an enum, and stub by its name, such as `v1.Event`.

A name is loaded when it is first used: messages and enums load no gRPC, stubs do.
"""
# Generated from the protos by tools/python_names.py. DO NOT EDIT!

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from activity_session.v1.conflict_pb2 import Conflict as Conflict
    from activity_session.v1.conflict_pb2 import StateConflict as StateConflict
    from activity_session.v1.error_reason_pb2 import ErrorReason as ErrorReason
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_UNSPECIFIED as ERROR_REASON_UNSPECIFIED
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_INVALID_FIELD as ERROR_REASON_INVALID_FIELD
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_LIMIT_EXCEEDED as ERROR_REASON_LIMIT_EXCEEDED
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_INVALID_FILTER as ERROR_REASON_INVALID_FILTER
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_INVALID_PAGE_TOKEN as ERROR_REASON_INVALID_PAGE_TOKEN
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_REQUEST_ID_REUSED as ERROR_REASON_REQUEST_ID_REUSED
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_UNAUTHENTICATED as ERROR_REASON_UNAUTHENTICATED
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_PERMISSION_DENIED as ERROR_REASON_PERMISSION_DENIED
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_QUOTA_EXCEEDED as ERROR_REASON_QUOTA_EXCEEDED
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_NAMESPACE_NOT_FOUND as ERROR_REASON_NAMESPACE_NOT_FOUND
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_NAMESPACE_ALREADY_EXISTS as ERROR_REASON_NAMESPACE_ALREADY_EXISTS
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_NAMESPACE_DELETED as ERROR_REASON_NAMESPACE_DELETED
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_NAMESPACE_DISABLED as ERROR_REASON_NAMESPACE_DISABLED
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_NAMESPACE_MANAGED as ERROR_REASON_NAMESPACE_MANAGED
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_NAMESPACE_NOT_EMPTY as ERROR_REASON_NAMESPACE_NOT_EMPTY
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_PARTICIPANT_NOT_FOUND as ERROR_REASON_PARTICIPANT_NOT_FOUND
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_PARTICIPANT_ALREADY_EXISTS as ERROR_REASON_PARTICIPANT_ALREADY_EXISTS
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_PARTICIPANT_DELETED as ERROR_REASON_PARTICIPANT_DELETED
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_PARTICIPANT_DISABLED as ERROR_REASON_PARTICIPANT_DISABLED
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_PARTICIPANT_MANAGED as ERROR_REASON_PARTICIPANT_MANAGED
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_PARTICIPANT_NOT_BOUND as ERROR_REASON_PARTICIPANT_NOT_BOUND
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_SESSION_NOT_FOUND as ERROR_REASON_SESSION_NOT_FOUND
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_SESSION_ALREADY_EXISTS as ERROR_REASON_SESSION_ALREADY_EXISTS
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_SESSION_DELETED as ERROR_REASON_SESSION_DELETED
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_SESSION_DISABLED as ERROR_REASON_SESSION_DISABLED
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_SESSION_MANAGED as ERROR_REASON_SESSION_MANAGED
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_SESSION_NOT_DELETED as ERROR_REASON_SESSION_NOT_DELETED
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_SESSION_HAS_MEMORIES as ERROR_REASON_SESSION_HAS_MEMORIES
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_RESOURCE_HELD as ERROR_REASON_RESOURCE_HELD
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_ETAG_MISMATCH as ERROR_REASON_ETAG_MISMATCH
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_SEQUENCE_MISMATCH as ERROR_REASON_SEQUENCE_MISMATCH
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_REVISION_MISMATCH as ERROR_REASON_REVISION_MISMATCH
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_DATABASE_BUSY as ERROR_REASON_DATABASE_BUSY
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_DATABASE_UNAVAILABLE as ERROR_REASON_DATABASE_UNAVAILABLE
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_COMMIT_OUTCOME_UNKNOWN as ERROR_REASON_COMMIT_OUTCOME_UNKNOWN
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_DEADLINE_EXCEEDED as ERROR_REASON_DEADLINE_EXCEEDED
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_INTERNAL as ERROR_REASON_INTERNAL
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_SERVER_DRAINING as ERROR_REASON_SERVER_DRAINING
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_SERVER_FULL as ERROR_REASON_SERVER_FULL
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_EVENT_NOT_FOUND as ERROR_REASON_EVENT_NOT_FOUND
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_EVENT_ALREADY_EXISTS as ERROR_REASON_EVENT_ALREADY_EXISTS
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_EVENTS_PURGED as ERROR_REASON_EVENTS_PURGED
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_STATE_PURGED as ERROR_REASON_STATE_PURGED
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_MEMORY_NOT_FOUND as ERROR_REASON_MEMORY_NOT_FOUND
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_MEMORY_ALREADY_EXISTS as ERROR_REASON_MEMORY_ALREADY_EXISTS
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_MEMORY_DELETED as ERROR_REASON_MEMORY_DELETED
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_TURN_HELD as ERROR_REASON_TURN_HELD
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_TURN_LOST as ERROR_REASON_TURN_LOST
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_TURN_REQUIRED as ERROR_REASON_TURN_REQUIRED
    from activity_session.v1.error_reason_pb2 import ERROR_REASON_WATCH_TOO_SLOW as ERROR_REASON_WATCH_TOO_SLOW
    from activity_session.v1.event_pb2 import Event as Event
    from activity_session.v1.event_pb2 import Redaction as Redaction
    from activity_session.v1.event_pb2 import RedactedEvents as RedactedEvents
    from activity_session.v1.event_pb2 import Supersession as Supersession
    from activity_session.v1.event_pb2 import SequenceRange as SequenceRange
    from activity_session.v1.event_service_pb2 import AppendEventsRequest as AppendEventsRequest
    from activity_session.v1.event_service_pb2 import AppendEventsResponse as AppendEventsResponse
    from activity_session.v1.event_service_pb2 import SupersedeEventsRequest as SupersedeEventsRequest
    from activity_session.v1.event_service_pb2 import SupersedeEventsResponse as SupersedeEventsResponse
    from activity_session.v1.event_service_pb2 import PopEventsRequest as PopEventsRequest
    from activity_session.v1.event_service_pb2 import PopEventsResponse as PopEventsResponse
    from activity_session.v1.event_service_pb2 import RedactEventsRequest as RedactEventsRequest
    from activity_session.v1.event_service_pb2 import RedactEventsResponse as RedactEventsResponse
    from activity_session.v1.event_service_pb2 import ImportEventsRequest as ImportEventsRequest
    from activity_session.v1.event_service_pb2 import ImportedEvent as ImportedEvent
    from activity_session.v1.event_service_pb2 import ImportEventsResponse as ImportEventsResponse
    from activity_session.v1.event_service_pb2 import GetEventRequest as GetEventRequest
    from activity_session.v1.event_service_pb2 import BatchGetEventsRequest as BatchGetEventsRequest
    from activity_session.v1.event_service_pb2 import BatchGetEventsResponse as BatchGetEventsResponse
    from activity_session.v1.event_service_pb2 import ListEventsRequest as ListEventsRequest
    from activity_session.v1.event_service_pb2 import ListEventsResponse as ListEventsResponse
    from activity_session.v1.event_service_pb2 import GetStateRequest as GetStateRequest
    from activity_session.v1.event_service_pb2 import UpdateStateRequest as UpdateStateRequest
    from activity_session.v1.event_service_pb2_grpc import EventServiceStub as EventServiceStub
    from activity_session.v1.info_service_pb2 import GetServerInfoRequest as GetServerInfoRequest
    from activity_session.v1.info_service_pb2 import ServerInfo as ServerInfo
    from activity_session.v1.info_service_pb2 import ServerLimits as ServerLimits
    from activity_session.v1.info_service_pb2_grpc import InfoServiceStub as InfoServiceStub
    from activity_session.v1.memory_pb2 import Memory as Memory
    from activity_session.v1.memory_pb2 import MemoryType as MemoryType
    from activity_session.v1.memory_pb2 import MEMORY_TYPE_UNSPECIFIED as MEMORY_TYPE_UNSPECIFIED
    from activity_session.v1.memory_pb2 import MEMORY_TYPE_OBSERVATION as MEMORY_TYPE_OBSERVATION
    from activity_session.v1.memory_pb2 import MEMORY_TYPE_INTEGRATION as MEMORY_TYPE_INTEGRATION
    from activity_session.v1.memory_service_pb2 import CreateMemoryRequest as CreateMemoryRequest
    from activity_session.v1.memory_service_pb2 import BatchCreateMemoriesRequest as BatchCreateMemoriesRequest
    from activity_session.v1.memory_service_pb2 import BatchCreateMemoriesResponse as BatchCreateMemoriesResponse
    from activity_session.v1.memory_service_pb2 import GetMemoryRequest as GetMemoryRequest
    from activity_session.v1.memory_service_pb2 import ListMemoriesRequest as ListMemoriesRequest
    from activity_session.v1.memory_service_pb2 import ListMemoriesResponse as ListMemoriesResponse
    from activity_session.v1.memory_service_pb2 import UpdateMemoryRequest as UpdateMemoryRequest
    from activity_session.v1.memory_service_pb2 import DeleteMemoryRequest as DeleteMemoryRequest
    from activity_session.v1.memory_service_pb2 import UndeleteMemoryRequest as UndeleteMemoryRequest
    from activity_session.v1.memory_service_pb2_grpc import MemoryServiceStub as MemoryServiceStub
    from activity_session.v1.namespace_pb2 import Namespace as Namespace
    from activity_session.v1.namespace_pb2 import NamespaceSettings as NamespaceSettings
    from activity_session.v1.namespace_pb2 import NamespaceQuotas as NamespaceQuotas
    from activity_session.v1.namespace_service_pb2 import CreateNamespaceRequest as CreateNamespaceRequest
    from activity_session.v1.namespace_service_pb2 import GetNamespaceRequest as GetNamespaceRequest
    from activity_session.v1.namespace_service_pb2 import ListNamespacesRequest as ListNamespacesRequest
    from activity_session.v1.namespace_service_pb2 import ListNamespacesResponse as ListNamespacesResponse
    from activity_session.v1.namespace_service_pb2 import UpdateNamespaceRequest as UpdateNamespaceRequest
    from activity_session.v1.namespace_service_pb2 import DeleteNamespaceRequest as DeleteNamespaceRequest
    from activity_session.v1.namespace_service_pb2 import UndeleteNamespaceRequest as UndeleteNamespaceRequest
    from activity_session.v1.namespace_service_pb2_grpc import NamespaceServiceStub as NamespaceServiceStub
    from activity_session.v1.participant_pb2 import Participant as Participant
    from activity_session.v1.participant_pb2 import ParticipantType as ParticipantType
    from activity_session.v1.participant_pb2 import PARTICIPANT_TYPE_UNSPECIFIED as PARTICIPANT_TYPE_UNSPECIFIED
    from activity_session.v1.participant_pb2 import PARTICIPANT_TYPE_USER as PARTICIPANT_TYPE_USER
    from activity_session.v1.participant_pb2 import PARTICIPANT_TYPE_AGENT as PARTICIPANT_TYPE_AGENT
    from activity_session.v1.participant_service_pb2 import CreateParticipantRequest as CreateParticipantRequest
    from activity_session.v1.participant_service_pb2 import EnsureParticipantRequest as EnsureParticipantRequest
    from activity_session.v1.participant_service_pb2 import EnsureParticipantResponse as EnsureParticipantResponse
    from activity_session.v1.participant_service_pb2 import GetParticipantRequest as GetParticipantRequest
    from activity_session.v1.participant_service_pb2 import ListParticipantsRequest as ListParticipantsRequest
    from activity_session.v1.participant_service_pb2 import ListParticipantsResponse as ListParticipantsResponse
    from activity_session.v1.participant_service_pb2 import UpdateParticipantRequest as UpdateParticipantRequest
    from activity_session.v1.participant_service_pb2 import DeleteParticipantRequest as DeleteParticipantRequest
    from activity_session.v1.participant_service_pb2 import UndeleteParticipantRequest as UndeleteParticipantRequest
    from activity_session.v1.participant_service_pb2_grpc import ParticipantServiceStub as ParticipantServiceStub
    from activity_session.v1.session_pb2 import Session as Session
    from activity_session.v1.session_pb2 import SessionOrigin as SessionOrigin
    from activity_session.v1.session_pb2 import SessionParticipant as SessionParticipant
    from activity_session.v1.session_pb2 import SessionView as SessionView
    from activity_session.v1.session_pb2 import SESSION_VIEW_UNSPECIFIED as SESSION_VIEW_UNSPECIFIED
    from activity_session.v1.session_pb2 import SESSION_VIEW_BASIC as SESSION_VIEW_BASIC
    from activity_session.v1.session_pb2 import SESSION_VIEW_FULL as SESSION_VIEW_FULL
    from activity_session.v1.session_pb2 import SESSION_VIEW_PREVIEW as SESSION_VIEW_PREVIEW
    from activity_session.v1.session_service_pb2 import CreateSessionRequest as CreateSessionRequest
    from activity_session.v1.session_service_pb2 import EnsureSessionRequest as EnsureSessionRequest
    from activity_session.v1.session_service_pb2 import EnsureSessionResponse as EnsureSessionResponse
    from activity_session.v1.session_service_pb2 import GetSessionRequest as GetSessionRequest
    from activity_session.v1.session_service_pb2 import BatchGetSessionsRequest as BatchGetSessionsRequest
    from activity_session.v1.session_service_pb2 import BatchGetSessionsResponse as BatchGetSessionsResponse
    from activity_session.v1.session_service_pb2 import ListSessionsRequest as ListSessionsRequest
    from activity_session.v1.session_service_pb2 import ListSessionsResponse as ListSessionsResponse
    from activity_session.v1.session_service_pb2 import UpdateSessionRequest as UpdateSessionRequest
    from activity_session.v1.session_service_pb2 import DeleteSessionRequest as DeleteSessionRequest
    from activity_session.v1.session_service_pb2 import UndeleteSessionRequest as UndeleteSessionRequest
    from activity_session.v1.session_service_pb2 import ExpungeSessionRequest as ExpungeSessionRequest
    from activity_session.v1.session_service_pb2 import PurgeSessionsRequest as PurgeSessionsRequest
    from activity_session.v1.session_service_pb2 import PurgeSessionsResponse as PurgeSessionsResponse
    from activity_session.v1.session_service_pb2 import KeptSessions as KeptSessions
    from activity_session.v1.session_service_pb2 import RewindSessionRequest as RewindSessionRequest
    from activity_session.v1.session_service_pb2 import RewindSessionResponse as RewindSessionResponse
    from activity_session.v1.session_service_pb2 import ForkSessionRequest as ForkSessionRequest
    from activity_session.v1.session_service_pb2 import BindParticipantRequest as BindParticipantRequest
    from activity_session.v1.session_service_pb2 import UnbindParticipantRequest as UnbindParticipantRequest
    from activity_session.v1.session_service_pb2 import MarkReadRequest as MarkReadRequest
    from activity_session.v1.session_service_pb2 import AcquireTurnRequest as AcquireTurnRequest
    from activity_session.v1.session_service_pb2 import RenewTurnRequest as RenewTurnRequest
    from activity_session.v1.session_service_pb2 import ReleaseTurnRequest as ReleaseTurnRequest
    from activity_session.v1.session_service_pb2 import WatchSessionRequest as WatchSessionRequest
    from activity_session.v1.session_service_pb2 import WatchSessionResponse as WatchSessionResponse
    from activity_session.v1.session_service_pb2 import Bookmark as Bookmark
    from activity_session.v1.session_service_pb2_grpc import SessionServiceStub as SessionServiceStub
    from activity_session.v1.session_settings_pb2 import SessionSettings as SessionSettings
    from activity_session.v1.session_settings_pb2 import MemorySettings as MemorySettings
    from activity_session.v1.session_settings_pb2 import MaxMemoryStrategy as MaxMemoryStrategy
    from activity_session.v1.session_settings_pb2 import MAX_MEMORY_STRATEGY_UNSPECIFIED as MAX_MEMORY_STRATEGY_UNSPECIFIED
    from activity_session.v1.session_settings_pb2 import MAX_MEMORY_STRATEGY_HARD_LIMIT as MAX_MEMORY_STRATEGY_HARD_LIMIT
    from activity_session.v1.state_pb2 import State as State
    from activity_session.v1.state_pb2 import StateEntry as StateEntry
    from activity_session.v1.state_pb2 import StateUpdate as StateUpdate
    from activity_session.v1.state_pb2 import StateScope as StateScope
    from activity_session.v1.state_pb2 import STATE_SCOPE_UNSPECIFIED as STATE_SCOPE_UNSPECIFIED
    from activity_session.v1.state_pb2 import STATE_SCOPE_SESSION as STATE_SCOPE_SESSION
    from activity_session.v1.state_pb2 import STATE_SCOPE_PARTICIPANT as STATE_SCOPE_PARTICIPANT
    from activity_session.v1.state_pb2 import STATE_SCOPE_NAMESPACE as STATE_SCOPE_NAMESPACE
    from activity_session.v1.turn_pb2 import TurnLease as TurnLease
else:
    from activity_session._lazy import lazy
    from activity_session._texts import naming

    _HOMES = {
        "Conflict": "conflict_pb2",
        "StateConflict": "conflict_pb2",
        "ErrorReason": "error_reason_pb2",
        "ERROR_REASON_UNSPECIFIED": "error_reason_pb2",
        "ERROR_REASON_INVALID_FIELD": "error_reason_pb2",
        "ERROR_REASON_LIMIT_EXCEEDED": "error_reason_pb2",
        "ERROR_REASON_INVALID_FILTER": "error_reason_pb2",
        "ERROR_REASON_INVALID_PAGE_TOKEN": "error_reason_pb2",
        "ERROR_REASON_REQUEST_ID_REUSED": "error_reason_pb2",
        "ERROR_REASON_UNAUTHENTICATED": "error_reason_pb2",
        "ERROR_REASON_PERMISSION_DENIED": "error_reason_pb2",
        "ERROR_REASON_QUOTA_EXCEEDED": "error_reason_pb2",
        "ERROR_REASON_NAMESPACE_NOT_FOUND": "error_reason_pb2",
        "ERROR_REASON_NAMESPACE_ALREADY_EXISTS": "error_reason_pb2",
        "ERROR_REASON_NAMESPACE_DELETED": "error_reason_pb2",
        "ERROR_REASON_NAMESPACE_DISABLED": "error_reason_pb2",
        "ERROR_REASON_NAMESPACE_MANAGED": "error_reason_pb2",
        "ERROR_REASON_NAMESPACE_NOT_EMPTY": "error_reason_pb2",
        "ERROR_REASON_PARTICIPANT_NOT_FOUND": "error_reason_pb2",
        "ERROR_REASON_PARTICIPANT_ALREADY_EXISTS": "error_reason_pb2",
        "ERROR_REASON_PARTICIPANT_DELETED": "error_reason_pb2",
        "ERROR_REASON_PARTICIPANT_DISABLED": "error_reason_pb2",
        "ERROR_REASON_PARTICIPANT_MANAGED": "error_reason_pb2",
        "ERROR_REASON_PARTICIPANT_NOT_BOUND": "error_reason_pb2",
        "ERROR_REASON_SESSION_NOT_FOUND": "error_reason_pb2",
        "ERROR_REASON_SESSION_ALREADY_EXISTS": "error_reason_pb2",
        "ERROR_REASON_SESSION_DELETED": "error_reason_pb2",
        "ERROR_REASON_SESSION_DISABLED": "error_reason_pb2",
        "ERROR_REASON_SESSION_MANAGED": "error_reason_pb2",
        "ERROR_REASON_SESSION_NOT_DELETED": "error_reason_pb2",
        "ERROR_REASON_SESSION_HAS_MEMORIES": "error_reason_pb2",
        "ERROR_REASON_RESOURCE_HELD": "error_reason_pb2",
        "ERROR_REASON_ETAG_MISMATCH": "error_reason_pb2",
        "ERROR_REASON_SEQUENCE_MISMATCH": "error_reason_pb2",
        "ERROR_REASON_REVISION_MISMATCH": "error_reason_pb2",
        "ERROR_REASON_DATABASE_BUSY": "error_reason_pb2",
        "ERROR_REASON_DATABASE_UNAVAILABLE": "error_reason_pb2",
        "ERROR_REASON_COMMIT_OUTCOME_UNKNOWN": "error_reason_pb2",
        "ERROR_REASON_DEADLINE_EXCEEDED": "error_reason_pb2",
        "ERROR_REASON_INTERNAL": "error_reason_pb2",
        "ERROR_REASON_SERVER_DRAINING": "error_reason_pb2",
        "ERROR_REASON_SERVER_FULL": "error_reason_pb2",
        "ERROR_REASON_EVENT_NOT_FOUND": "error_reason_pb2",
        "ERROR_REASON_EVENT_ALREADY_EXISTS": "error_reason_pb2",
        "ERROR_REASON_EVENTS_PURGED": "error_reason_pb2",
        "ERROR_REASON_STATE_PURGED": "error_reason_pb2",
        "ERROR_REASON_MEMORY_NOT_FOUND": "error_reason_pb2",
        "ERROR_REASON_MEMORY_ALREADY_EXISTS": "error_reason_pb2",
        "ERROR_REASON_MEMORY_DELETED": "error_reason_pb2",
        "ERROR_REASON_TURN_HELD": "error_reason_pb2",
        "ERROR_REASON_TURN_LOST": "error_reason_pb2",
        "ERROR_REASON_TURN_REQUIRED": "error_reason_pb2",
        "ERROR_REASON_WATCH_TOO_SLOW": "error_reason_pb2",
        "Event": "event_pb2",
        "Redaction": "event_pb2",
        "RedactedEvents": "event_pb2",
        "Supersession": "event_pb2",
        "SequenceRange": "event_pb2",
        "AppendEventsRequest": "event_service_pb2",
        "AppendEventsResponse": "event_service_pb2",
        "SupersedeEventsRequest": "event_service_pb2",
        "SupersedeEventsResponse": "event_service_pb2",
        "PopEventsRequest": "event_service_pb2",
        "PopEventsResponse": "event_service_pb2",
        "RedactEventsRequest": "event_service_pb2",
        "RedactEventsResponse": "event_service_pb2",
        "ImportEventsRequest": "event_service_pb2",
        "ImportedEvent": "event_service_pb2",
        "ImportEventsResponse": "event_service_pb2",
        "GetEventRequest": "event_service_pb2",
        "BatchGetEventsRequest": "event_service_pb2",
        "BatchGetEventsResponse": "event_service_pb2",
        "ListEventsRequest": "event_service_pb2",
        "ListEventsResponse": "event_service_pb2",
        "GetStateRequest": "event_service_pb2",
        "UpdateStateRequest": "event_service_pb2",
        "EventServiceStub": "event_service_pb2_grpc",
        "GetServerInfoRequest": "info_service_pb2",
        "ServerInfo": "info_service_pb2",
        "ServerLimits": "info_service_pb2",
        "InfoServiceStub": "info_service_pb2_grpc",
        "Memory": "memory_pb2",
        "MemoryType": "memory_pb2",
        "MEMORY_TYPE_UNSPECIFIED": "memory_pb2",
        "MEMORY_TYPE_OBSERVATION": "memory_pb2",
        "MEMORY_TYPE_INTEGRATION": "memory_pb2",
        "CreateMemoryRequest": "memory_service_pb2",
        "BatchCreateMemoriesRequest": "memory_service_pb2",
        "BatchCreateMemoriesResponse": "memory_service_pb2",
        "GetMemoryRequest": "memory_service_pb2",
        "ListMemoriesRequest": "memory_service_pb2",
        "ListMemoriesResponse": "memory_service_pb2",
        "UpdateMemoryRequest": "memory_service_pb2",
        "DeleteMemoryRequest": "memory_service_pb2",
        "UndeleteMemoryRequest": "memory_service_pb2",
        "MemoryServiceStub": "memory_service_pb2_grpc",
        "Namespace": "namespace_pb2",
        "NamespaceSettings": "namespace_pb2",
        "NamespaceQuotas": "namespace_pb2",
        "CreateNamespaceRequest": "namespace_service_pb2",
        "GetNamespaceRequest": "namespace_service_pb2",
        "ListNamespacesRequest": "namespace_service_pb2",
        "ListNamespacesResponse": "namespace_service_pb2",
        "UpdateNamespaceRequest": "namespace_service_pb2",
        "DeleteNamespaceRequest": "namespace_service_pb2",
        "UndeleteNamespaceRequest": "namespace_service_pb2",
        "NamespaceServiceStub": "namespace_service_pb2_grpc",
        "Participant": "participant_pb2",
        "ParticipantType": "participant_pb2",
        "PARTICIPANT_TYPE_UNSPECIFIED": "participant_pb2",
        "PARTICIPANT_TYPE_USER": "participant_pb2",
        "PARTICIPANT_TYPE_AGENT": "participant_pb2",
        "CreateParticipantRequest": "participant_service_pb2",
        "EnsureParticipantRequest": "participant_service_pb2",
        "EnsureParticipantResponse": "participant_service_pb2",
        "GetParticipantRequest": "participant_service_pb2",
        "ListParticipantsRequest": "participant_service_pb2",
        "ListParticipantsResponse": "participant_service_pb2",
        "UpdateParticipantRequest": "participant_service_pb2",
        "DeleteParticipantRequest": "participant_service_pb2",
        "UndeleteParticipantRequest": "participant_service_pb2",
        "ParticipantServiceStub": "participant_service_pb2_grpc",
        "Session": "session_pb2",
        "SessionOrigin": "session_pb2",
        "SessionParticipant": "session_pb2",
        "SessionView": "session_pb2",
        "SESSION_VIEW_UNSPECIFIED": "session_pb2",
        "SESSION_VIEW_BASIC": "session_pb2",
        "SESSION_VIEW_FULL": "session_pb2",
        "SESSION_VIEW_PREVIEW": "session_pb2",
        "CreateSessionRequest": "session_service_pb2",
        "EnsureSessionRequest": "session_service_pb2",
        "EnsureSessionResponse": "session_service_pb2",
        "GetSessionRequest": "session_service_pb2",
        "BatchGetSessionsRequest": "session_service_pb2",
        "BatchGetSessionsResponse": "session_service_pb2",
        "ListSessionsRequest": "session_service_pb2",
        "ListSessionsResponse": "session_service_pb2",
        "UpdateSessionRequest": "session_service_pb2",
        "DeleteSessionRequest": "session_service_pb2",
        "UndeleteSessionRequest": "session_service_pb2",
        "ExpungeSessionRequest": "session_service_pb2",
        "PurgeSessionsRequest": "session_service_pb2",
        "PurgeSessionsResponse": "session_service_pb2",
        "KeptSessions": "session_service_pb2",
        "RewindSessionRequest": "session_service_pb2",
        "RewindSessionResponse": "session_service_pb2",
        "ForkSessionRequest": "session_service_pb2",
        "BindParticipantRequest": "session_service_pb2",
        "UnbindParticipantRequest": "session_service_pb2",
        "MarkReadRequest": "session_service_pb2",
        "AcquireTurnRequest": "session_service_pb2",
        "RenewTurnRequest": "session_service_pb2",
        "ReleaseTurnRequest": "session_service_pb2",
        "WatchSessionRequest": "session_service_pb2",
        "WatchSessionResponse": "session_service_pb2",
        "Bookmark": "session_service_pb2",
        "SessionServiceStub": "session_service_pb2_grpc",
        "SessionSettings": "session_settings_pb2",
        "MemorySettings": "session_settings_pb2",
        "MaxMemoryStrategy": "session_settings_pb2",
        "MAX_MEMORY_STRATEGY_UNSPECIFIED": "session_settings_pb2",
        "MAX_MEMORY_STRATEGY_HARD_LIMIT": "session_settings_pb2",
        "State": "state_pb2",
        "StateEntry": "state_pb2",
        "StateUpdate": "state_pb2",
        "StateScope": "state_pb2",
        "STATE_SCOPE_UNSPECIFIED": "state_pb2",
        "STATE_SCOPE_SESSION": "state_pb2",
        "STATE_SCOPE_PARTICIPANT": "state_pb2",
        "STATE_SCOPE_NAMESPACE": "state_pb2",
        "TurnLease": "turn_pb2",
    }
    __all__, __getattr__, __dir__ = lazy(__name__, _HOMES, naming)
