"""Serves ParticipantService."""

from activity_session.v1 import participant_service_pb2 as pb
from activity_session.v1.participant_pb2 import Participant
from activity_session.v1.participant_service_pb2_grpc import ParticipantServiceServicer
from activity_session_server.rules.calls import Call
from activity_session_server.store import Store
from activity_session_server.usecases import participants


class ParticipantService(ParticipantServiceServicer):
    """Each method is the use case of the same name."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def CreateParticipant(self, request: pb.CreateParticipantRequest, call: Call) -> Participant:
        return participants.create_participant(self._store, call, request)

    def GetParticipant(self, request: pb.GetParticipantRequest, call: Call) -> Participant:
        return participants.get_participant(self._store, call, request)

    def ListParticipants(self, request: pb.ListParticipantsRequest, call: Call) -> pb.ListParticipantsResponse:
        return participants.list_participants(self._store, call, request)

    def UpdateParticipant(self, request: pb.UpdateParticipantRequest, call: Call) -> Participant:
        return participants.update_participant(self._store, call, request)

    def DeleteParticipant(self, request: pb.DeleteParticipantRequest, call: Call) -> Participant:
        return participants.delete_participant(self._store, call, request)

    def UndeleteParticipant(self, request: pb.UndeleteParticipantRequest, call: Call) -> Participant:
        return participants.undelete_participant(self._store, call, request)
