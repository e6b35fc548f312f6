"""What is held for a legal reason does not expire, and nothing of it is removed for good; all else goes on."""

from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from activity_session.v1.namespace_pb2 import Namespace
from activity_session.v1.namespace_service_pb2 import (
    DeleteNamespaceRequest,
    ListNamespacesRequest,
    UpdateNamespaceRequest,
)
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import (
    EnsureSessionRequest,
    ExpungeSessionRequest,
    ListSessionsRequest,
    UndeleteSessionRequest,
    UpdateSessionRequest,
    WatchSessionRequest,
)
from activity_session_testing.servers import Client
from activity_session_testing.steps import (
    append,
    delete_session,
    get_session,
    new_session,
    refused,
    session_or_none,
    update_session,
)

PAST = Timestamp(seconds=1)


def hold_namespace(client: Client, name: str, *, held: bool) -> Namespace:
    request = UpdateNamespaceRequest(namespace=Namespace(name=name, legal_hold=held))
    request.update_mask.paths.append("legal_hold")
    return client.namespaces.UpdateNamespace(request)


def hold_session(client: Client, name: str, *, held: bool) -> Session:
    return update_session(client, Session(name=name, legal_hold=held), "legal_hold")


@pytest.fixture(params=["session", "namespace"])
def hold(request: pytest.FixtureRequest, client: Client, namespace: str) -> Any:
    """A function that holds a session, or lifts the hold, and returns the name of what is held."""

    def change(session: str, *, held: bool = True) -> str:
        if request.param == "namespace":
            return hold_namespace(client, namespace, held=held).name
        return hold_session(client, session, held=held).name

    return change


def test_no_caller_expunges_what_is_held(client: Client, namespace: str, hold: Any) -> None:
    name = new_session(client, namespace).name
    held = hold(name)
    delete_session(client, name)
    for force in False, True:
        expunge = ExpungeSessionRequest(name=name, force=force)
        refusal = refused(client.sessions.ExpungeSession, expunge, "RESOURCE_HELD")
        assert refusal.info.metadata["resource"] == held
    client.sessions.UndeleteSession(UndeleteSessionRequest(name=name))
    append(client, name, "goes on")
    hold(name, held=False)
    delete_session(client, name)
    client.sessions.ExpungeSession(expunge)
    assert session_or_none(client, name) is None


def test_what_is_held_does_not_expire_until_the_hold_is_lifted(client: Client, namespace: str, hold: Any) -> None:
    name = new_session(client, namespace).name
    hold(name)
    kept = update_session(client, Session(name=name, expire_time=PAST))
    assert not kept.HasField("delete_time")
    append(client, name, "lives")
    watch = client.sessions.WatchSession(WatchSessionRequest(name=name))
    assert next(watch).event.text == "lives"
    watch.cancel()
    listed = client.sessions.ListSessions(ListSessionsRequest(parent=namespace)).sessions
    assert [(session.name, session.HasField("delete_time")) for session in listed] == [(name, False)]
    hold(name, held=False)
    gone = get_session(client, name)
    assert gone.delete_time == gone.update_time


def test_holds_are_seen_and_found(client: Client, namespace: str) -> None:
    held = new_session(client, namespace, "held", legal_hold=True)
    other = new_session(client, namespace, "other")
    assert (held.legal_hold, get_session(client, held.name).legal_hold, other.legal_hold) == (True, True, False)
    request = ListSessionsRequest(parent=namespace, filter="legal_hold = true")
    assert [session.name for session in client.sessions.ListSessions(request).sessions] == [held.name]
    # An update of all fields lifts it, one of others does not.
    assert update_session(client, Session(name=held.name, description="x")).legal_hold
    assert not update_session(client, Session(name=held.name), "*").legal_hold
    assert hold_namespace(client, namespace, held=True).legal_hold
    namespaces = client.namespaces.ListNamespaces(ListNamespacesRequest(filter="legal_hold = true")).namespaces
    assert namespace in [one.name for one in namespaces]
    hold_namespace(client, namespace, held=False)


@pytest.mark.parametrize("is_expired", [False, True])
def test_what_is_gone_can_be_held_and_stays_gone(client: Client, namespace: str, *, is_expired: bool) -> None:
    name = new_session(client, namespace).name
    gone = update_session(client, Session(name=name, expire_time=PAST)) if is_expired else delete_session(client, name)
    held = hold_session(client, name, held=True)
    assert (held.delete_time, held.purge_time) == (gone.delete_time, gone.purge_time)
    assert get_session(client, name) == held
    refused(client.sessions.ExpungeSession, ExpungeSessionRequest(name=name), "RESOURCE_HELD")
    beside = UpdateSessionRequest(session=Session(name=name, legal_hold=False, description="x"))
    beside.update_mask.paths.extend(["legal_hold", "description"])
    refused(client.sessions.UpdateSession, beside, "SESSION_DELETED")
    hold_session(client, name, held=False)
    client.sessions.ExpungeSession(ExpungeSessionRequest(name=name))


def test_a_namespace_that_is_held_can_be_deleted_softly(client: Client, namespace: str) -> None:
    new_session(client, namespace)
    hold_namespace(client, namespace, held=True)
    refused(client.namespaces.DeleteNamespace, DeleteNamespaceRequest(name=namespace), "NAMESPACE_NOT_EMPTY")
    client.namespaces.DeleteNamespace(DeleteNamespaceRequest(name=namespace, force=True))


def test_ensuring_a_session_leaves_its_hold(client: Client, namespace: str) -> None:
    held = new_session(client, namespace, "held", legal_hold=True)
    ensure = EnsureSessionRequest(parent=namespace, session_id="held", session=Session())
    assert client.sessions.EnsureSession(ensure).session == held
