"""Many callers at one moment: nothing is lost, and exactly the calls are refused that must be."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import grpc
import pytest

from activity_session.v1.namespace_pb2 import Namespace
from activity_session.v1.namespace_service_pb2 import (
    CreateNamespaceRequest,
    DeleteNamespaceRequest,
    GetNamespaceRequest,
)
from activity_session.v1.participant_pb2 import Participant
from activity_session.v1.participant_service_pb2 import (
    DeleteParticipantRequest,
    EnsureParticipantRequest,
    EnsureParticipantResponse,
    GetParticipantRequest,
    UpdateParticipantRequest,
)
from activity_session.v1.session_pb2 import Session, SessionParticipant
from activity_session.v1.session_service_pb2 import (
    BindParticipantRequest,
    EnsureSessionRequest,
    EnsureSessionResponse,
    ExpungeSessionRequest,
    ListSessionsRequest,
    UnbindParticipantRequest,
)
from activity_session_testing.servers import Client, Failure, unique
from activity_session_testing.steps import (
    USER,
    at_once,
    delete_session,
    get_session,
    member_names,
    members,
    new_participant,
    new_session,
    update_session,
)

CALLERS = 32
ROUNDS = 5

T = TypeVar("T")


def split(answers: list[T | Failure], *reasons: str) -> tuple[list[T], list[Failure]]:
    """Return responses and refusals; each refusal must have one of the reasons."""
    refusals = [answer for answer in answers if isinstance(answer, Failure)]
    assert {refusal.reason for refusal in refusals} <= set(reasons)
    return [answer for answer in answers if not isinstance(answer, Failure)], refusals


def all_answered(calls: Sequence[Callable[[], T]]) -> list[T]:
    answers, _ = split(at_once(calls))
    return answers


@pytest.fixture
def session(client: Client, namespace: str) -> Session:
    return new_session(client, namespace)


@pytest.fixture
def participants(client: Client, namespace: str) -> list[str]:
    """Create as many participants as there are callers, and return their names."""
    return [new_participant(client, namespace, f"p{number:02}") for number in range(CALLERS)]


def bind(client: Client, session: str, participant: str) -> SessionParticipant:
    request = BindParticipantRequest(session=session, participant=participant)
    return client.sessions.BindParticipant(request)


def unbind(client: Client, session: str, participant: str) -> None:
    client.sessions.UnbindParticipant(UnbindParticipantRequest(session=session, participant=participant))


def ensure(client: Client, namespace: str, session_id: str, participant: str) -> EnsureSessionResponse:
    session = Session(participants=members(participant))
    request = EnsureSessionRequest(parent=namespace, session_id=session_id, session=session)
    return client.sessions.EnsureSession(request)


def ensure_participant(client: Client, namespace: str, participant_id: str, **fields: Any) -> EnsureParticipantResponse:
    """Ensure a participant; a person, since nobody says otherwise."""
    request = EnsureParticipantRequest(
        parent=namespace, participant_id=participant_id, participant=Participant(participant_type=USER), **fields
    )
    return client.participants.EnsureParticipant(request)


class TestEnsure:
    def test_creates_one_session_and_binds_the_members_of_all(
        self, client: Client, namespace: str, participants: list[str]
    ) -> None:
        for _ in range(ROUNDS):
            session_id = unique("session")
            answers = all_answered([partial(ensure, client, namespace, session_id, name) for name in participants])
            assert sum(answer.created for answer in answers) == 1
            now = get_session(client, f"{namespace}/sessions/{session_id}")
            assert {answer.session.uid for answer in answers} == {now.uid}
            assert sorted(member_names(now)) == participants
            assert all(name in member_names(answer.session) for name, answer in zip(participants, answers, strict=True))

    def test_agrees_on_a_session_without_members(self, client: Client, namespace: str) -> None:
        for _ in range(ROUNDS):
            request = EnsureSessionRequest(parent=namespace, session_id=unique("session"))
            answers = all_answered([partial(client.sessions.EnsureSession, request)] * CALLERS)
            assert sum(answer.created for answer in answers) == 1
            assert len({answer.session.SerializeToString(deterministic=True) for answer in answers}) == 1

    def test_of_different_sessions_creates_each(self, client: Client, namespace: str) -> None:
        participant = new_participant(client, namespace)
        ids = [unique("session") for _ in range(CALLERS)]
        answers = all_answered([partial(ensure, client, namespace, session_id, participant) for session_id in ids])
        assert all(answer.created for answer in answers)
        assert [answer.session.name.rpartition("/")[2] for answer in answers] == ids

    def test_creates_one_participant(self, client: Client, namespace: str) -> None:
        for _ in range(ROUNDS):
            participant_id = unique("participant")
            # With a request id, of each client's own, a call looks only while it writes.
            calls = [
                partial(ensure_participant, client, namespace, participant_id, request_id=unique("id") * (number % 2))
                for number in range(CALLERS)
            ]
            answers = all_answered(calls)
            assert sum(answer.created for answer in answers) == 1
            now = client.participants.GetParticipant(
                GetParticipantRequest(name=f"{namespace}/participants/{participant_id}")
            )
            assert [answer.participant for answer in answers] == [now] * CALLERS


class TestUpdate:
    def test_with_one_etag_is_won_by_one_caller_a_round(self, client: Client, session: Session) -> None:
        current = session
        for _ in range(ROUNDS):
            won, refusals = split(at_once(self.updates(client, current)), "ETAG_MISMATCH")
            assert len(won) == 1
            assert len(refusals) == CALLERS - 1
            assert {refusal.code for refusal in refusals} == {grpc.StatusCode.ABORTED}
            assert {refusal.info.metadata["etag"] for refusal in refusals} == {won[0].etag}
            current = get_session(client, session.name)
            assert current == won[0]

    @staticmethod
    def updates(client: Client, current: Session) -> list[Callable[[], Session]]:
        given = [Session(name=current.name, etag=current.etag, data=f"caller {number}") for number in range(CALLERS)]
        return [partial(update_session, client, one, "data") for one in given]

    def test_of_different_labels_loses_none(self, client: Client, session: Session) -> None:
        for round_ in range(ROUNDS):
            keys = [f"key-{number}" for number in range(CALLERS)]
            given = [Session(name=session.name, labels={key: f"{key} {round_}"}) for key in keys]
            calls = [
                partial(update_session, client, one, f"labels.{key}") for one, key in zip(given, keys, strict=True)
            ]
            answers = all_answered(calls)
            assert len({answer.etag for answer in answers}) == CALLERS
            assert dict(get_session(client, session.name).labels) == {key: f"{key} {round_}" for key in keys}

    def test_beside_reads_shows_no_halves(self, client: Client, session: Session) -> None:
        given = [
            Session(name=session.name, description=str(number), data=str(number)) for number in range(CALLERS // 2)
        ]
        update_session(client, Session(name=session.name, description="x", data="x"))
        updates = [partial(update_session, client, one, "description", "data") for one in given]
        reads = [partial(get_session, client, session.name)] * (CALLERS // 2)
        for seen in all_answered([*updates, *reads]):
            assert seen.description == seen.data


class TestMemberships:
    def test_of_different_participants_are_all_there(
        self, client: Client, session: Session, participants: list[str]
    ) -> None:
        bound = all_answered([partial(bind, client, session.name, name) for name in participants])
        assert [member.participant for member in bound] == participants
        assert sorted(member_names(get_session(client, session.name))) == participants

    def test_of_one_participant_is_one(self, client: Client, namespace: str, session: Session) -> None:
        name = new_participant(client, namespace)
        bound = all_answered([partial(bind, client, session.name, name)] * CALLERS)
        assert len({member.create_time.ToNanoseconds() for member in bound}) == 1
        assert member_names(get_session(client, session.name)) == [name]

    def test_come_and_go_without_touching_each_other(
        self, client: Client, session: Session, participants: list[str]
    ) -> None:
        leaving, coming = participants[: CALLERS // 2], participants[CALLERS // 2 :]
        for _ in range(ROUNDS):
            for name in leaving:
                bind(client, session.name, name)
            calls: list[Callable[[], object]] = [partial(bind, client, session.name, name) for name in coming]
            calls += [partial(unbind, client, session.name, name) for name in leaving]
            all_answered(calls)
            assert sorted(member_names(get_session(client, session.name))) == coming
            leaving, coming = coming, leaving

    def test_of_one_participant_bound_and_unbound_is_whole_or_gone(
        self, client: Client, namespace: str, session: Session
    ) -> None:
        name = new_participant(client, namespace)
        calls: list[Callable[[], object]] = [partial(bind, client, session.name, name)] * (CALLERS // 2)
        calls += [partial(unbind, client, session.name, name)] * (CALLERS // 2)
        for _ in range(ROUNDS):
            all_answered(calls)
            assert member_names(get_session(client, session.name)) in ([], [name])

    def test_are_not_made_with_a_participant_that_was_deleted_before(self, client: Client, namespace: str) -> None:
        for _ in range(ROUNDS):
            name, sessions = new_participant(client, namespace), [new_session(client, namespace) for _ in range(8)]
            calls: list[Callable[[], object]] = [partial(bind, client, session.name, name) for session in sessions]
            calls.append(
                partial(client.participants.DeleteParticipant, DeleteParticipantRequest(name=name)),
            )
            answers = at_once(calls)
            split(answers, "PARTICIPANT_DELETED")
            assert not isinstance(answers[-1], Failure)
            for session, answer in zip(sessions, answers, strict=False):
                bound = [] if isinstance(answer, Failure) else [name]
                assert member_names(get_session(client, session.name)) == bound


class TestCreate:
    def test_of_one_id_is_won_by_one_caller(self, client: Client, namespace: str) -> None:
        for _ in range(ROUNDS):
            session_id = unique("session")
            calls = [partial(new_session, client, namespace, session_id, data=str(n)) for n in range(CALLERS)]
            won, refusals = split(at_once(calls), "SESSION_ALREADY_EXISTS")
            assert len(won) == 1
            assert len(refusals) == CALLERS - 1
            assert get_session(client, won[0].name) == won[0]

    def test_of_a_name_that_is_being_expunged_succeeds_or_is_refused(self, client: Client, namespace: str) -> None:
        for _ in range(ROUNDS):
            old = delete_session(client, new_session(client, namespace).name)
            session_id = old.name.rpartition("/")[2]
            expunge = partial(client.sessions.ExpungeSession, ExpungeSessionRequest(name=old.name, etag=old.etag))
            creates = [partial(new_session, client, namespace, session_id)] * 7
            calls: list[Callable[[], object]] = [expunge, *creates]
            answers = at_once(calls)
            won, _ = split(answers[1:], "SESSION_ALREADY_EXISTS")
            assert not isinstance(answers[0], Failure)
            assert len(won) <= 1
            if won:
                assert get_session(client, old.name) == won[0]

    def test_of_participants_and_updates_of_one_end_well(self, client: Client, namespace: str) -> None:
        name = new_participant(client, namespace)
        calls: list[Callable[[], Participant]] = [
            partial(
                client.participants.UpdateParticipant,
                UpdateParticipantRequest(participant=Participant(name=name, description=str(number))),
            )
            for number in range(CALLERS)
        ]
        assert len({answer.etag for answer in all_answered(calls)}) == CALLERS


class TestNamespaceDeletion:
    def test_leaves_no_live_session_unless_forced(self, client: Client) -> None:
        for round_ in range(2 * ROUNDS):
            namespace = self.new_namespace(client)
            delete = partial(client.namespaces.DeleteNamespace, DeleteNamespaceRequest(name=namespace))
            creates = [partial(new_session, client, namespace, f"s{number}") for number in range(8)]
            calls: list[Callable[[], object]] = [*creates]
            calls.insert(round_ % len(calls), delete)
            answers = at_once(calls)
            split(answers, "NAMESPACE_DELETED", "NAMESPACE_NOT_EMPTY")
            was_deleted = not isinstance(answers[round_ % len(creates)], Failure)
            live = client.sessions.ListSessions(ListSessionsRequest(parent=namespace)).sessions
            assert was_deleted == self.is_deleted(client, namespace)
            assert len(live) == (0 if was_deleted else len(creates))

    def test_by_force_stops_all_that_comes_later(self, client: Client) -> None:
        for _ in range(ROUNDS):
            namespace = self.new_namespace(client)
            request = DeleteNamespaceRequest(name=namespace, force=True)
            creates = [partial(new_session, client, namespace, f"s{number}") for number in range(8)]
            calls: list[Callable[[], object]] = [partial(client.namespaces.DeleteNamespace, request), *creates]
            answers = at_once(calls)
            won, _ = split(answers[1:], "NAMESPACE_DELETED")
            assert not isinstance(answers[0], Failure)
            live = client.sessions.ListSessions(ListSessionsRequest(parent=namespace)).sessions
            assert len(live) == len(won)

    @staticmethod
    def new_namespace(client: Client) -> str:
        request = CreateNamespaceRequest(namespace=Namespace(), namespace_id=unique("namespace"))
        return client.namespaces.CreateNamespace(request).name

    @staticmethod
    def is_deleted(client: Client, namespace: str) -> bool:
        return client.namespaces.GetNamespace(GetNamespaceRequest(name=namespace)).HasField("delete_time")
