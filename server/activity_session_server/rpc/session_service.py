"""Serves SessionService."""

from google.protobuf.empty_pb2 import Empty

from activity_session.v1 import session_service_pb2 as pb
from activity_session.v1.session_pb2 import Session, SessionParticipant
from activity_session.v1.session_service_pb2_grpc import SessionServiceServicer
from activity_session.v1.turn_pb2 import TurnLease
from activity_session_server.live.turn_queues import Turns
from activity_session_server.live.watches import Watches
from activity_session_server.rpc.streams import answers_later
from activity_session_server.rules.calls import Call, Stream
from activity_session_server.store import Store
from activity_session_server.usecases import memberships, sessions, turns


class SessionService(SessionServiceServicer):
    """Each method is the use case of the same name."""

    def __init__(self, store: Store, turns_: Turns, watches: Watches) -> None:
        self._store = store
        self._turns = turns_
        self._watches = watches

    def CreateSession(self, request: pb.CreateSessionRequest, call: Call) -> Session:
        return sessions.create_session(self._store, call, request)

    def EnsureSession(self, request: pb.EnsureSessionRequest, call: Call) -> pb.EnsureSessionResponse:
        return sessions.ensure_session(self._store, call, request)

    def GetSession(self, request: pb.GetSessionRequest, call: Call) -> Session:
        return sessions.get_session(self._store, call, request)

    def BatchGetSessions(self, request: pb.BatchGetSessionsRequest, call: Call) -> pb.BatchGetSessionsResponse:
        return sessions.batch_get_sessions(self._store, call, request)

    def ListSessions(self, request: pb.ListSessionsRequest, call: Call) -> pb.ListSessionsResponse:
        return sessions.list_sessions(self._store, call, request)

    def UpdateSession(self, request: pb.UpdateSessionRequest, call: Call) -> Session:
        return sessions.update_session(self._store, call, request)

    def DeleteSession(self, request: pb.DeleteSessionRequest, call: Call) -> Session:
        return sessions.delete_session(self._store, call, request)

    def UndeleteSession(self, request: pb.UndeleteSessionRequest, call: Call) -> Session:
        return sessions.undelete_session(self._store, call, request)

    def ExpungeSession(self, request: pb.ExpungeSessionRequest, call: Call) -> Empty:
        return sessions.expunge_session(self._store, call, request)

    def BindParticipant(self, request: pb.BindParticipantRequest, call: Call) -> SessionParticipant:
        return memberships.bind_participant(self._store, call, request)

    def UnbindParticipant(self, request: pb.UnbindParticipantRequest, call: Call) -> Empty:
        return memberships.unbind_participant(self._store, call, request)

    def MarkRead(self, request: pb.MarkReadRequest, call: Call) -> SessionParticipant:
        return memberships.mark_read(self._store, call, request)

    @answers_later
    def AcquireTurn(self, request: pb.AcquireTurnRequest, call: Call, stream: Stream) -> None:
        self._turns.acquire_turn(call, request, stream)

    def RenewTurn(self, request: pb.RenewTurnRequest, call: Call) -> TurnLease:
        return turns.renew_turn(self._store, call, request)

    def ReleaseTurn(self, request: pb.ReleaseTurnRequest, call: Call) -> Empty:
        return turns.release_turn(self._store, call, request)

    @answers_later
    def WatchSession(self, request: pb.WatchSessionRequest, call: Call, stream: Stream) -> None:
        self._watches.watch_session(call, request, stream)
