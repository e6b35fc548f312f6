"""Participants as members of sessions: bound, given other roles, and unbound."""

from collections.abc import Callable

import pytest

from activity_session.v1.namespace_pb2 import Namespace
from activity_session.v1.namespace_service_pb2 import UpdateNamespaceRequest
from activity_session.v1.participant_pb2 import PARTICIPANT_TYPE_AGENT, PARTICIPANT_TYPE_USER, Participant
from activity_session.v1.participant_service_pb2 import DeleteParticipantRequest, UpdateParticipantRequest
from activity_session.v1.session_pb2 import Session, SessionParticipant
from activity_session.v1.session_service_pb2 import (
    BindParticipantRequest,
    CreateSessionRequest,
    EnsureSessionRequest,
    UnbindParticipantRequest,
    UpdateSessionRequest,
)
from activity_session_testing.servers import Client, unique
from activity_session_testing.steps import (
    delete_session,
    get_session,
    member_names,
    members,
    new_participant,
    new_session,
    refused,
)


def bind(client: Client, session: str, participant: str, role: str = "") -> SessionParticipant:
    request = BindParticipantRequest(session=session, participant=participant, role=role)
    return client.sessions.BindParticipant(request)


def unbind(client: Client, session: str, participant: str) -> None:
    client.sessions.UnbindParticipant(UnbindParticipantRequest(session=session, participant=participant))


def disable(client: Client, participant: str) -> None:
    request = UpdateParticipantRequest(participant=Participant(name=participant, enabled=False))
    client.participants.UpdateParticipant(request)


def delete(client: Client, participant: str) -> None:
    client.participants.DeleteParticipant(DeleteParticipantRequest(name=participant))


@pytest.fixture
def alice(client: Client, namespace: str) -> str:
    return new_participant(client, namespace)


@pytest.fixture
def session(client: Client, namespace: str) -> str:
    """The name of a session without members."""
    return new_session(client, namespace).name


class TestBind:
    def test_answers_the_membership(self, client: Client, namespace: str, session: str) -> None:
        for type_ in (PARTICIPANT_TYPE_USER, PARTICIPANT_TYPE_AGENT):
            name = new_participant(client, namespace, participant_type=type_)
            member = bind(client, session, name, "Gäste, 👩‍🚀")
            assert member.participant == name
            assert member.participant_type == type_
            assert member.role == "Gäste, 👩‍🚀"
            assert member.last_read_sequence == 0
            assert member.HasField("create_time")
            assert member in get_session(client, session).participants

    def test_changes_the_etag_of_the_session(self, client: Client, session: str, alice: str) -> None:
        before = get_session(client, session)
        bind(client, session, alice)
        after = get_session(client, session)
        assert after.etag != before.etag
        assert after.update_time.ToNanoseconds() >= before.update_time.ToNanoseconds()
        stale = UpdateSessionRequest(session=Session(name=session, etag=before.etag, description="x"))
        refused(client.sessions.UpdateSession, stale, "ETAG_MISMATCH")

    def test_changes_nothing_when_repeated(self, client: Client, session: str, alice: str) -> None:
        first = bind(client, session, alice, "host")
        before = get_session(client, session)
        assert bind(client, session, alice, "host") == first
        assert get_session(client, session) == before

    def test_gives_a_member_another_role(self, client: Client, session: str, alice: str) -> None:
        first = bind(client, session, alice, "host")
        before = get_session(client, session)
        for role in ("guest", "Guest", ""):
            changed = bind(client, session, alice, role)
            assert changed.role == role
            assert changed.create_time == first.create_time
            after = get_session(client, session)
            assert list(after.participants) == [changed]
            assert after.etag != before.etag
            before = after

    def test_keeps_the_order_of_binding(self, client: Client, namespace: str, session: str) -> None:
        names = [new_participant(client, namespace, participant_id) for participant_id in ("c", "a", "é", "b")]
        for name in names:
            bind(client, session, name)
        bind(client, session, names[0], "changed")
        assert member_names(get_session(client, session)) == names
        unbind(client, session, names[1])
        bind(client, session, names[1])
        assert member_names(get_session(client, session)) == [names[0], *names[2:], names[1]]

    def test_tells_participants_apart_by_each_character(self, client: Client, namespace: str, session: str) -> None:
        names = [new_participant(client, namespace, participant_id) for participant_id in ("bob", "Bob", "böb")]
        for name in names:
            bind(client, session, name, name[-3:])
        unbind(client, session, names[1])
        left = get_session(client, session).participants
        assert [(member.participant, member.role) for member in left] == [(names[0], "bob"), (names[2], "böb")]

    def test_refuses_a_participant_that_cannot_take_part(self, client: Client, namespace: str, session: str) -> None:
        disabled, deleted = new_participant(client, namespace), new_participant(client, namespace)
        disable(client, disabled)
        delete(client, deleted)
        for name, reason in (
            (f"{namespace}/participants/nobody", "PARTICIPANT_NOT_FOUND"),
            (disabled, "PARTICIPANT_DISABLED"),
            (deleted, "PARTICIPANT_DELETED"),
        ):
            request = BindParticipantRequest(session=session, participant=name)
            refusal = refused(client.sessions.BindParticipant, request, reason)
            assert refusal.info.metadata["resource"] == name
        assert member_names(get_session(client, session)) == []

    def test_refuses_a_participant_of_another_namespace(self, client: Client, session: str, alice: str) -> None:
        stranger = new_participant(client, "namespaces/default")
        request = BindParticipantRequest(session=session, participant=stranger)
        refused(client.sessions.BindParticipant, request, "INVALID_FIELD", "participant")
        elsewhere = new_session(client, "namespaces/default")
        request = BindParticipantRequest(session=elsewhere.name, participant=alice)
        refused(client.sessions.BindParticipant, request, "INVALID_FIELD", "participant")

    def test_refuses_a_session_that_is_not_live(self, client: Client, namespace: str, alice: str) -> None:
        disabled, deleted = new_session(client, namespace, enabled=False), new_session(client, namespace)
        delete_session(client, deleted.name)
        for name, reason in (
            (disabled.name, "SESSION_DISABLED"),
            (deleted.name, "SESSION_DELETED"),
            (f"{namespace}/sessions/nothing", "SESSION_NOT_FOUND"),
            ("namespaces/nowhere/sessions/nothing", "NAMESPACE_NOT_FOUND"),
        ):
            request = BindParticipantRequest(session=name, participant=alice)
            refused(client.sessions.BindParticipant, request, reason)

    def test_refuses_a_disabled_namespace(self, client: Client, namespace: str, session: str, alice: str) -> None:
        disabled = UpdateNamespaceRequest(namespace=Namespace(name=namespace, enabled=False))
        client.namespaces.UpdateNamespace(disabled)
        bound = BindParticipantRequest(session=session, participant=alice)
        refused(client.sessions.BindParticipant, bound, "NAMESPACE_DISABLED")
        unbound = UnbindParticipantRequest(session=session, participant=alice)
        refused(client.sessions.UnbindParticipant, unbound, "NAMESPACE_DISABLED")

    @pytest.mark.parametrize("role", ["a\nb", "\0"])
    def test_refuses_a_malformed_role(self, client: Client, session: str, alice: str, role: str) -> None:
        request = BindParticipantRequest(session=session, participant=alice, role=role)
        refused(client.sessions.BindParticipant, request, "INVALID_FIELD", "role")

    def test_takes_roles_up_to_their_limit(self, client: Client, session: str, alice: str) -> None:
        assert bind(client, session, alice, "👩" * 64).role == "👩" * 64
        request = BindParticipantRequest(session=session, participant=alice, role="x" * 65)
        refused(client.sessions.BindParticipant, request, "LIMIT_EXCEEDED", "role")
        assert get_session(client, session).participants[0].role == "👩" * 64

    def test_needs_both_names(self, client: Client) -> None:
        refusal = refused(client.sessions.BindParticipant, BindParticipantRequest(), "INVALID_FIELD")
        assert refusal.fields == ["session", "participant"]


class TestUnbind:
    def test_ends_a_membership(self, client: Client, session: str, alice: str) -> None:
        bind(client, session, alice)
        before = get_session(client, session)
        unbind(client, session, alice)
        after = get_session(client, session)
        assert member_names(after) == []
        assert after.etag != before.etag

    def test_of_no_member_changes_nothing(self, client: Client, namespace: str, session: str, alice: str) -> None:
        bind(client, session, new_participant(client, namespace))
        before = get_session(client, session)
        unbind(client, session, alice)
        assert get_session(client, session) == before

    def test_works_for_participants_that_could_not_be_bound(self, client: Client, namespace: str, session: str) -> None:
        disabled, deleted = new_participant(client, namespace), new_participant(client, namespace)
        for name in (disabled, deleted):
            bind(client, session, name)
        disable(client, disabled)
        delete(client, deleted)
        assert member_names(get_session(client, session)) == [disabled, deleted]
        for name in (disabled, deleted):
            unbind(client, session, name)
        assert member_names(get_session(client, session)) == []

    def test_refuses_what_is_missing_or_elsewhere(self, client: Client, namespace: str, session: str) -> None:
        stranger = new_participant(client, "namespaces/default")
        for name, participant, reason in (
            (session, f"{namespace}/participants/nobody", "PARTICIPANT_NOT_FOUND"),
            (session, stranger, "INVALID_FIELD"),
            (f"{namespace}/sessions/nothing", f"{namespace}/participants/nobody", "SESSION_NOT_FOUND"),
        ):
            request = UnbindParticipantRequest(session=name, participant=participant)
            refused(client.sessions.UnbindParticipant, request, reason)

    def test_refuses_a_session_that_is_not_live(self, client: Client, namespace: str, alice: str) -> None:
        disabled = new_session(client, namespace, enabled=False)
        deleted = new_session(client, namespace, participants=members(alice))
        delete_session(client, deleted.name)
        for name, reason in ((disabled.name, "SESSION_DISABLED"), (deleted.name, "SESSION_DELETED")):
            request = UnbindParticipantRequest(session=name, participant=alice)
            refused(client.sessions.UnbindParticipant, request, reason)
        assert member_names(get_session(client, deleted.name)) == [alice]


class TestManyAtOnce:
    def test_are_bound_up_to_the_limit(self, client: Client, namespace: str) -> None:
        *most, one_more = (new_participant(client, namespace, f"p{number:03}") for number in range(257))
        full = new_session(client, namespace, participants=members(*most))
        assert member_names(full) == most
        assert get_session(client, full.name) == full
        bound = BindParticipantRequest(session=full.name, participant=one_more)
        refused(client.sessions.BindParticipant, bound, "LIMIT_EXCEEDED", "participant")
        assert bind(client, full.name, most[0], "changed").role == "changed"
        before = get_session(client, full.name)
        ensured = EnsureSessionRequest(
            parent=namespace,
            session_id=full.name.rpartition("/")[2],
            session=Session(participants=members(one_more)),
        )
        refused(client.sessions.EnsureSession, ensured, "LIMIT_EXCEEDED", "session.participants")
        assert get_session(client, full.name) == before

    def test_are_refused_past_the_limit(self, client: Client, namespace: str) -> None:
        names = [new_participant(client, namespace, f"p{number:03}") for number in range(257)]
        session, session_id = Session(participants=members(*names)), unique("session")
        for call, request in (
            (client.sessions.CreateSession, CreateSessionRequest),
            (client.sessions.EnsureSession, EnsureSessionRequest),
        ):
            refusal = refused(
                call,
                request(parent=namespace, session_id=session_id, session=session),
                "LIMIT_EXCEEDED",
                "session.participants",
            )
            assert refusal.info.metadata["size"] == "257"
        assert member_names(new_session(client, namespace, session_id)) == []

    def test_are_refused_when_one_is_named_twice(self, client: Client, namespace: str, alice: str) -> None:
        session = Session(participants=members(alice, new_participant(client, namespace), alice))
        created = CreateSessionRequest(parent=namespace, session=session)
        field = "session.participants[2].participant"
        refused(client.sessions.CreateSession, created, "INVALID_FIELD", field)
        ensured = EnsureSessionRequest(parent=namespace, session_id="twice", session=session)
        refused(client.sessions.EnsureSession, ensured, "INVALID_FIELD", field)

    @pytest.mark.parametrize(
        ("member", "field"),
        [
            (SessionParticipant(), "participant"),
            (SessionParticipant(participant="bob"), "participant"),
            (SessionParticipant(participant="namespaces/default/participants/bob", role="a\0"), "role"),
        ],
    )
    def test_are_refused_when_one_is_malformed(
        self, client: Client, namespace: str, alice: str, member: SessionParticipant, field: str
    ) -> None:
        session = Session(participants=[*members(alice), member])
        request = CreateSessionRequest(parent=namespace, session=session)
        path = f"session.participants[1].{field}"
        refused(client.sessions.CreateSession, request, "INVALID_FIELD", path)

    def test_are_refused_when_one_is_of_another_namespace(self, client: Client, namespace: str, alice: str) -> None:
        stranger, session_id = new_participant(client, "namespaces/default"), unique("session")
        session = Session(participants=members(alice, stranger))
        request = CreateSessionRequest(parent=namespace, session_id=session_id, session=session)
        refused(client.sessions.CreateSession, request, "INVALID_FIELD", "session.participants")
        assert member_names(new_session(client, namespace, session_id)) == []

    @pytest.mark.parametrize("leave", [disable, delete])
    def test_are_refused_when_one_cannot_take_part(
        self, client: Client, namespace: str, alice: str, leave: Callable[[Client, str], None]
    ) -> None:
        leave(client, alice)
        request = CreateSessionRequest(parent=namespace, session=Session(participants=members(alice)))
        reason = "PARTICIPANT_DISABLED" if leave is disable else "PARTICIPANT_DELETED"
        refused(client.sessions.CreateSession, request, reason)
