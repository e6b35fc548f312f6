"""What tests start from, made through stubs alone."""

from typing import Any

from activity_session.v1.namespace_pb2 import Namespace
from activity_session.v1.namespace_service_pb2 import CreateNamespaceRequest, DeleteNamespaceRequest
from activity_session.v1.participant_pb2 import Participant, ParticipantType
from activity_session.v1.participant_service_pb2 import CreateParticipantRequest, DeleteParticipantRequest
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import CreateSessionRequest, DeleteSessionRequest
from servers import Client

USER, AGENT = ParticipantType.PARTICIPANT_TYPE_USER, ParticipantType.PARTICIPANT_TYPE_AGENT


def make_namespace(client: Client, namespace_id: str = "", **fields: Any) -> Namespace:
    request = CreateNamespaceRequest(namespace=Namespace(**fields), namespace_id=namespace_id)
    return client.namespaces.CreateNamespace(request)


def make_participant(client: Client, parent: str, participant_id: str = "", **fields: Any) -> Participant:
    """A participant; a USER where no type is given."""
    participant = Participant(**{"participant_type": USER, **fields})
    request = CreateParticipantRequest(parent=parent, participant=participant, participant_id=participant_id)
    return client.participants.CreateParticipant(request)


def make_session(client: Client, parent: str, session_id: str = "", **fields: Any) -> Session:
    request = CreateSessionRequest(parent=parent, session=Session(**fields), session_id=session_id)
    return client.sessions.CreateSession(request)


def delete_namespace(client: Client, name: str, *, force: bool = False) -> Namespace:
    return client.namespaces.DeleteNamespace(DeleteNamespaceRequest(name=name, force=force))


def delete_participant(client: Client, name: str) -> Participant:
    return client.participants.DeleteParticipant(DeleteParticipantRequest(name=name))


def delete_session(client: Client, name: str) -> Session:
    return client.sessions.DeleteSession(DeleteSessionRequest(name=name))
