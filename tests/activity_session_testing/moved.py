"""A server with a bit of everything that a database can hold, for tests of what is moved to another one."""

from google.protobuf.duration_pb2 import Duration

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import RedactEventsRequest
from activity_session.v1.namespace_pb2 import Namespace, NamespaceQuotas, NamespaceSettings
from activity_session.v1.namespace_service_pb2 import UpdateNamespaceRequest
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import (
    ForkSessionRequest,
    MarkReadRequest,
    RewindSessionRequest,
    UnbindParticipantRequest,
)
from activity_session.v1.session_settings_pb2 import MemorySettings, SessionSettings
from activity_session.v1.state_pb2 import StateUpdate
from activity_session_testing.logs import BLOBS, TEXTS
from activity_session_testing.servers import Client
from activity_session_testing.steps import (
    AGENT,
    acquire_turn,
    append,
    delete_namespace,
    delete_participant,
    delete_session,
    expunge_session,
    get_session,
    list_events,
    make_namespace,
    members,
    new_memory,
    new_participant,
    new_session,
    pop,
    supersede,
    update_session,
    update_state,
)

NAMESPACE = "namespaces/会社"
CHAT = f"{NAMESPACE}/sessions/chat 🏯"


def fill(client: Client) -> None:
    """Make all of it, as a caller with the role system does."""
    make_namespace(
        client,
        "会社",
        description='with "settings"',
        settings=NamespaceSettings(purge_age=Duration(seconds=86_400), quotas=NamespaceQuotas(watches=7)),
    )
    ada = new_participant(client, NAMESPACE, "ada", description="a person")
    planner = new_participant(client, NAMESPACE, "planner", participant_type=AGENT, managed=True)
    gone = new_participant(client, NAMESPACE, "gone")
    _fill_chat(client, ada, planner)
    delete_participant(client, gone)
    former = new_session(client, NAMESPACE, "expunged").name
    update_state(client, former, StateUpdate(key="k", value_json="1"))
    expunge_session(client, former)
    _fill_namespace(client, ada)
    delete_session(client, new_session(client, NAMESPACE, "deleted", data="a\nb").name)
    new_session(client, NAMESPACE, "managed", managed=True, participants=members(ada))
    append(client, new_session(client, "namespaces/default", "plain").name, "hello")
    _fill_forks(client)
    delete_namespace(client, make_namespace(client, "deleted").name)


def _fill_chat(client: Client, ada: str, planner: str) -> None:
    settings = SessionSettings(idle_ttl=Duration(seconds=90_000), memory=MemorySettings(get_min_score=0.1))
    labels = {"z": "1", "a": "ж"}
    session = new_session(
        client, NAMESPACE, "chat 🏯", settings=settings, labels=labels, participants=members(ada, planner, role="r")
    )
    append(client, CHAT, *(Event(text=text, author=ada, labels=labels) for text in TEXTS))
    append(client, CHAT, *(Event(blob=blob, media_type="a/b", type="bytes") for blob in BLOBS))
    update_state(client, CHAT, StateUpdate(key="plan", value_json="1"), StateUpdate(key="old", value_json="[ 1.50 ]"))
    append(client, CHAT, "more", state_updates=[StateUpdate(key="plan", value_json='{"b": 1, "a": 2}')])
    update_state(client, CHAT, StateUpdate(key="old", delete=True))
    supersede(client, CHAT, 2, 4, Event(text="a summary", type="summary"), reason="too long")
    pop(client, CHAT)
    last = get_session(client, CHAT).last_sequence
    client.sessions.RewindSession(RewindSessionRequest(name=CHAT, sequence=5, expected_last_sequence=last))
    shown = list_events(client, CHAT)
    client.events.RedactEvents(RedactEventsRequest(parent=CHAT, names=[shown[0].name], reason="a secret"))
    new_memory(client, CHAT, planner, "tea", memo="of 京都", importance=3)
    acquire_turn(client, CHAT, planner, seconds=3600)
    client.sessions.MarkRead(MarkReadRequest(session=CHAT, participant=ada, sequence=3))
    client.sessions.UnbindParticipant(UnbindParticipantRequest(session=CHAT, participant=ada))
    update_session(client, Session(name=session.name, legal_hold=True), "legal_hold")


def _fill_forks(client: Client) -> None:
    """A fork with marks, and one of a fork whose origin is gone, each with events of its own."""
    append(client, client.sessions.ForkSession(ForkSessionRequest(name=CHAT, session_id="fork")).name, "its own")
    origin = new_session(client, "namespaces/default", "origin").name
    append(client, origin, "one", "two", "three", state_updates=[StateUpdate(key="k", value_json="1")])
    middle = client.sessions.ForkSession(ForkSessionRequest(name=origin, session_id="middle"))
    append(client, middle.name, "four")
    supersede(client, middle.name, 2, 2)
    client.sessions.ForkSession(ForkSessionRequest(name=middle.name, up_to_sequence=4, session_id="last"))
    expunge_session(client, origin)


def _fill_namespace(client: Client, ada: str) -> None:
    for owner in (NAMESPACE, ada):
        update_state(client, owner, StateUpdate(key="n", value_json="true"), StateUpdate(key="gone", value_json="0"))
        update_state(client, owner, StateUpdate(key="gone", delete=True))
    request = UpdateNamespaceRequest(namespace=Namespace(name=NAMESPACE, legal_hold=True))
    request.update_mask.paths.append("legal_hold")
    client.namespaces.UpdateNamespace(request)
