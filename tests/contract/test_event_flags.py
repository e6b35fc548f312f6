"""The log and its session: what flags and deletions forbid, and what an append changes of a session."""

from collections.abc import Callable
from typing import Any

import grpc
import pytest

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import (
    AppendEventsRequest,
    BatchGetEventsRequest,
    GetEventRequest,
    ListEventsRequest,
)
from activity_session.v1.namespace_pb2 import Namespace
from activity_session.v1.namespace_service_pb2 import UpdateNamespaceRequest
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import (
    BindParticipantRequest,
    ExpungeSessionRequest,
    ListSessionsRequest,
    MarkReadRequest,
    UndeleteSessionRequest,
)
from activity_session_testing.backends import SHARED_BACKENDS
from activity_session_testing.logs import get_event, last_sequence, set_state, state, texts
from activity_session_testing.servers import Client, connected, serving
from activity_session_testing.steps import (
    append,
    delete_namespace,
    delete_session,
    get_session,
    list_events,
    members,
    new_session,
    refused,
    update_session,
)


@pytest.fixture
def session(client: Client, namespace: str) -> str:
    """The name of a session without events."""
    return new_session(client, namespace).name


def disable_session(client: Client, session: str) -> None:
    update_session(client, Session(name=session, enabled=False))


def disable_namespace(client: Client, session: str) -> None:
    namespace = Namespace(name=session.rpartition("/sessions/")[0], enabled=False)
    client.namespaces.UpdateNamespace(UpdateNamespaceRequest(namespace=namespace))


def delete_whole_namespace(client: Client, session: str) -> None:
    delete_namespace(client, session.rpartition("/sessions/")[0], force=True)


FATES: dict[str, Callable[[Client, str], object]] = {
    "SESSION_DISABLED": disable_session,
    "SESSION_DELETED": delete_session,
    "NAMESPACE_DISABLED": disable_namespace,
    "NAMESPACE_DELETED": delete_whole_namespace,
}


class TestFlags:
    @pytest.mark.parametrize("reason", FATES)
    def test_that_forbid_writes_leave_the_log_readable(
        self, client: Client, namespace: str, author: str, reason: str
    ) -> None:
        session = new_session(client, namespace, participants=members(author)).name
        given = Event(event_id="a", author=author, text="hello")
        events = list(append(client, session, given, "b").events)
        FATES[reason](client, session)
        append_again = AppendEventsRequest(parent=session, events=[Event()], state_updates=[set_state("a", "1")])
        mark = MarkReadRequest(session=session, participant=author, sequence=1)
        for call, request in ((client.events.AppendEvents, append_again), (client.sessions.MarkRead, mark)):
            refusal = refused(call, request, reason)
            assert refusal.code is grpc.StatusCode.FAILED_PRECONDITION
            named = session if reason.startswith("SESSION") else namespace
            assert refusal.info.metadata == {"resource": named}
        assert list_events(client, session) == events
        assert [get_event(client, event.name) for event in events] == events
        assert state(client, session) == {}
        assert get_session(client, session).participants[0].last_read_sequence == 0

    def test_that_are_lifted_let_the_numbers_go_on(self, client: Client, session: str) -> None:
        append(client, session, "a")
        delete_session(client, session)
        client.sessions.UndeleteSession(UndeleteSessionRequest(name=session))
        append(client, session, "b")
        disable_session(client, session)
        update_session(client, Session(name=session, enabled=True))
        assert append(client, session, "c").last_sequence == 3
        assert texts(client, session) == ["a", "b", "c"]

    def test_an_expunged_session_has_no_log(self, client: Client, namespace: str) -> None:
        session = new_session(client, namespace).name
        (event,) = append(client, session, Event(event_id="a", text="first life")).events
        delete_session(client, session)
        client.sessions.ExpungeSession(ExpungeSessionRequest(name=session))
        for call, request in self.reads(client, event.name):
            refused(call, request, "SESSION_NOT_FOUND")
        new_session(client, namespace, session.rpartition("/")[2])
        refused(client.events.GetEvent, GetEventRequest(name=event.name), "EVENT_NOT_FOUND")
        assert list_events(client, session) == []
        again = append(client, session, Event(event_id="a", text="second life"))
        assert [(one.sequence, one.text) for one in again.events] == [(1, "second life")]

    def test_reads_of_what_is_not_there_say_what_is_missing(self, client: Client, namespace: str, session: str) -> None:
        cases = [
            (f"{namespace}-missing/sessions/a/events/b", "NAMESPACE_NOT_FOUND", f"{namespace}-missing"),
            (f"{namespace}/sessions/missing/events/b", "SESSION_NOT_FOUND", f"{namespace}/sessions/missing"),
        ]
        for event, reason, resource in cases:
            for call, request in self.reads(client, event):
                refusal = refused(call, request, reason)
                assert refusal.code is grpc.StatusCode.NOT_FOUND
                assert refusal.info.metadata == {"resource": resource}
        append(client, session, Event(event_id="a"))
        for event_id in ("b", "A", "a.", "1"):
            name = f"{session}/events/{event_id}"
            refusal = refused(client.events.GetEvent, GetEventRequest(name=name), "EVENT_NOT_FOUND")
            assert refusal.info.metadata == {"resource": name}

    @pytest.mark.parametrize(
        "name", ["", "events/a", "namespaces/default/sessions/a", "namespaces/a/sessions/b/events/"]
    )
    def test_reads_need_names_of_events(self, client: Client, name: str) -> None:
        refused(client.events.GetEvent, GetEventRequest(name=name), "INVALID_FIELD", "name")
        parent = name if name.startswith("events") else f"{name}/x"
        refused(client.events.ListEvents, ListEventsRequest(parent=parent), "INVALID_FIELD", "parent")

    @staticmethod
    def reads(client: Client, event: str) -> list[tuple[Any, Any]]:
        parent = event.rpartition("/events/")[0]
        return [
            (client.events.GetEvent, GetEventRequest(name=event)),
            (client.events.BatchGetEvents, BatchGetEventsRequest(parent=parent, names=[event])),
            (client.events.ListEvents, ListEventsRequest(parent=parent)),
        ]


# Two servers can share a database unless it is in memory.
@pytest.mark.parametrize("database_urls", SHARED_BACKENDS, indirect=True, scope="session")
def test_a_managed_session_is_appended_to_by_the_system_alone(
    client: Client, database_url: str, session: str, author: str
) -> None:
    with serving(database_url, anonymous_role="system") as server, connected(server.address) as system:
        update_session(system, Session(name=session, managed=True), "managed")
        bind = BindParticipantRequest(session=session, participant=author)
        system.sessions.BindParticipant(bind)
        assert append(system, session, "by the system").last_sequence == 1
        mark = MarkReadRequest(session=session, participant=author, sequence=1)
        append_request = AppendEventsRequest(parent=session, events=[Event()])
        for call, request in ((client.events.AppendEvents, append_request), (client.sessions.MarkRead, mark)):
            refusal = refused(call, request, "SESSION_MANAGED")
            assert refusal.code is grpc.StatusCode.PERMISSION_DENIED
        assert system.sessions.MarkRead(mark).last_read_sequence == 1
    assert texts(client, session) == ["by the system"]


class TestSession:
    def test_tells_the_last_number(self, client: Client, namespace: str, session: str) -> None:
        empty = new_session(client, namespace).name
        for last in (1, 2):
            append(client, session, "next")
            assert last_sequence(client, session) == last
        for text, names in (
            ("last_sequence = 2", {session}),
            ("last_sequence > 0", {session}),
            ("last_sequence < 2", {empty}),
            ("last_sequence >= 0", {session, empty}),
            ("last_sequence > 2", set()),
        ):
            listed = client.sessions.ListSessions(ListSessionsRequest(parent=namespace, filter=text)).sessions
            assert {found.name for found in listed} == names
            assert all(found.last_sequence == last_sequence(client, found.name) for found in listed)

    def test_keeps_all_else_when_events_are_appended(self, client: Client, namespace: str, author: str) -> None:
        before = new_session(client, namespace, description="d", data="x", participants=members(author))
        append(client, before.name, Event(author=author, text="a"), "b", state_updates=[set_state("a", "1")])
        after = get_session(client, before.name)
        assert after.last_sequence == 2
        after.last_sequence = 0
        after.ClearField("last_event_time")
        assert after == before

    def test_is_updated_by_the_etag_from_before_an_append(self, client: Client, session: str) -> None:
        etag = get_session(client, session).etag
        append(client, session, "a")
        updated = update_session(client, Session(name=session, description="new", etag=etag), "description")
        assert (updated.description, updated.last_sequence) == ("new", 1)
        assert append(client, session, "b", expected_last_sequence=1).last_sequence == 2
