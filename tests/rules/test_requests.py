"""Which session a request is about: told for each RPC, through the descriptors, so that a new one joins by itself."""

from typing import Any

import pytest
from google.protobuf.message import Message

from activity_session import v1
from activity_session_server.rules.requests import resource_of, session_of
from activity_session_testing.messages import kind_of
from activity_session_testing.rpcs import RPCS

SESSION = "namespaces/n/sessions/s"
NAMES = {
    "Namespace": "namespaces/n",
    "Participant": "namespaces/n/participants/p",
    "Session": SESSION,
    "Event": f"{SESSION}/events/e",
    "Memory": f"{SESSION}/memories/m",
    "*": SESSION,
}
IN_SESSIONS = {"Session", "Event", "Memory", "*"}


def named(request_class: type[Message]) -> tuple[Any, set[str]]:
    """A request with all names that it can have, alone or in a resource, and the kinds of those."""
    request: Any = request_class()
    kinds = set()
    for field in request.DESCRIPTOR.fields:
        if field.is_repeated:
            continue
        inner = field.message_type and field.message_type.fields_by_name.get("name")
        if field.message_type is None and (kind := kind_of(field)):
            setattr(request, field.name, NAMES[kind])
            kinds.add(kind)
        elif inner and kind_of(inner) and not request.DESCRIPTOR.fields_by_name.get("parent"):
            getattr(request, field.name).name = NAMES[kind_of(inner)]
            kinds.add(kind_of(inner))
    return request, kinds


@pytest.mark.parametrize("rpc", RPCS.values(), ids=RPCS)
def test_a_request_with_the_name_of_a_session_or_of_something_in_it_is_about_that_session(rpc: Any) -> None:
    request, kinds = named(rpc.request_class)
    assert session_of(request) == (SESSION if kinds & IN_SESSIONS else "")


def test_what_is_made_under_a_given_id_is_told_by_its_parent_and_its_id() -> None:
    ensured = v1.EnsureSessionRequest(parent="namespaces/n", session_id="s")
    assert (resource_of(ensured), session_of(ensured)) == (SESSION, SESSION)
    created = v1.CreateMemoryRequest(parent=SESSION, memory_id="m")
    assert (resource_of(created), session_of(created)) == (NAMES["Memory"], SESSION)


def test_what_is_made_under_a_generated_id_is_told_by_its_parent_alone() -> None:
    session = v1.CreateSessionRequest(parent="namespaces/n", session=v1.Session(name="another"))
    assert (resource_of(session), session_of(session)) == ("namespaces/n", "")
    namespace = v1.CreateNamespaceRequest(namespace=v1.Namespace(name=SESSION))
    assert (resource_of(namespace), session_of(namespace)) == ("", "")


@pytest.mark.parametrize("name", ["namespaces/n", "namespaces/n/participants/sessions", "namespaces/sessions"])
def test_a_state_of_others_is_about_no_session(name: str) -> None:
    request = v1.UpdateStateRequest(name=name)
    assert (resource_of(request), session_of(request)) == (name, "")
