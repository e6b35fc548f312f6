"""Serves EventService."""

from activity_session.v1 import event_service_pb2 as pb
from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2_grpc import EventServiceServicer
from activity_session.v1.state_pb2 import State
from activity_session_server.rules.calls import Call
from activity_session_server.store import Store
from activity_session_server.usecases import events, state


class EventService(EventServiceServicer):
    """Each method is the use case of the same name."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def AppendEvents(self, request: pb.AppendEventsRequest, call: Call) -> pb.AppendEventsResponse:
        return events.append_events(self._store, call, request)

    def GetEvent(self, request: pb.GetEventRequest, call: Call) -> Event:
        return events.get_event(self._store, call, request)

    def ListEvents(self, request: pb.ListEventsRequest, call: Call) -> pb.ListEventsResponse:
        return events.list_events(self._store, call, request)

    def GetState(self, request: pb.GetStateRequest, call: Call) -> State:
        return state.get_state(self._store, call, request)

    def UpdateState(self, request: pb.UpdateStateRequest, call: Call) -> State:
        return state.update_state(self._store, call, request)
