"""A mark says how much of the log a member has read, and only moves forward."""

import grpc
import pytest

from activity_session.v1.session_pb2 import Session, SessionParticipant
from activity_session.v1.session_service_pb2 import (
    BindParticipantRequest,
    EnsureSessionRequest,
    MarkReadRequest,
    UnbindParticipantRequest,
)
from activity_session_testing.logs import numbered_ids
from activity_session_testing.servers import Client, unique
from activity_session_testing.steps import (
    append,
    get_session,
    make_namespace,
    members,
    new_participant,
    new_session,
    refused,
)


class TestMarkRead:
    @pytest.fixture
    def read(self, client: Client, namespace: str, author: str) -> str:
        """A session with five events, of which `author` is a member."""
        session = new_session(client, namespace, participants=members(author, role="reader")).name
        append(client, session, *numbered_ids(5))
        return session

    def test_moves_forward_only(self, client: Client, read: str, author: str) -> None:
        for sequence, mark in ((2, 2), (2, 2), (1, 2), (4, 4), (3, 4), (5, 5), (1, 5)):
            assert self.mark(client, read, author, sequence).last_read_sequence == mark
            assert get_session(client, read).participants[0].last_read_sequence == mark
        append(client, read, "more")
        assert self.mark(client, read, author, 6).last_read_sequence == 6

    def test_answers_the_member(self, client: Client, read: str, author: str) -> None:
        (before,) = get_session(client, read).participants
        answer = self.mark(client, read, author, 3)
        assert list(get_session(client, read).participants) == [answer]
        assert (answer.participant, answer.role) == (author, "reader")
        answer.last_read_sequence = 0
        assert answer == before

    def test_of_one_member_leaves_the_others(self, client: Client, namespace: str, read: str, author: str) -> None:
        other = new_participant(client, namespace)
        bind = BindParticipantRequest(session=read, participant=other)
        client.sessions.BindParticipant(bind)
        self.mark(client, read, author, 3)
        self.mark(client, read, other, 1)
        marks = {member.participant: member.last_read_sequence for member in get_session(client, read).participants}
        assert marks == {author: 3, other: 1}

    def test_changes_nothing_else_of_the_session(self, client: Client, read: str, author: str) -> None:
        before = get_session(client, read)
        self.mark(client, read, author, 3)
        after = get_session(client, read)
        assert after.participants[0].last_read_sequence == 3
        after.participants[0].last_read_sequence = 0
        assert after == before

    @pytest.mark.parametrize("sequence", [-1, 0, 6, 2**63 - 1])
    def test_beyond_the_log_is_refused(self, client: Client, read: str, author: str, sequence: int) -> None:
        self.mark(client, read, author, 2)
        request = MarkReadRequest(session=read, participant=author, sequence=sequence)
        refused(client.sessions.MarkRead, request, "INVALID_FIELD", "sequence")
        assert get_session(client, read).participants[0].last_read_sequence == 2

    def test_by_who_is_no_member_is_refused(self, client: Client, namespace: str, read: str) -> None:
        stranger = new_participant(client, namespace)
        request = MarkReadRequest(session=read, participant=stranger, sequence=1)
        refusal = refused(client.sessions.MarkRead, request, "PARTICIPANT_NOT_BOUND")
        assert refusal.code is grpc.StatusCode.FAILED_PRECONDITION
        assert refusal.info.metadata == {"resource": stranger, "session": read}

    def test_by_or_of_what_is_not_there_is_refused(
        self, client: Client, namespace: str, read: str, author: str
    ) -> None:
        elsewhere = new_participant(client, make_namespace(client, unique("elsewhere")).name)
        for session, participant, reason in (
            (read, f"{namespace}/participants/missing", "PARTICIPANT_NOT_FOUND"),
            (read, elsewhere, "INVALID_FIELD"),
            (read, "", "INVALID_FIELD"),
            (f"{namespace}/sessions/missing", author, "SESSION_NOT_FOUND"),
            (f"{namespace}-missing/sessions/a", author, "NAMESPACE_NOT_FOUND"),
        ):
            request = MarkReadRequest(session=session, participant=participant, sequence=1)
            refused(client.sessions.MarkRead, request, reason)

    def test_goes_on_when_a_participant_comes_back(self, client: Client, read: str, author: str) -> None:
        self.mark(client, read, author, 5)
        client.sessions.UnbindParticipant(UnbindParticipantRequest(session=read, participant=author))
        request = MarkReadRequest(session=read, participant=author, sequence=5)
        refused(client.sessions.MarkRead, request, "PARTICIPANT_NOT_BOUND")
        for role in ("guest", "guide"):
            bind = BindParticipantRequest(session=read, participant=author, role=role)
            assert client.sessions.BindParticipant(bind).last_read_sequence == 5
        (member,) = [each for each in get_session(client, read).participants if each.participant == author]
        assert (member.role, member.last_read_sequence) == ("guide", 5)

    def test_goes_on_where_it_was_at_the_last_time(self, client: Client, read: str, author: str) -> None:
        namespace, _, session_id = read.partition("/sessions/")
        for sequence in (3, 5):
            self.mark(client, read, author, sequence)
            client.sessions.UnbindParticipant(UnbindParticipantRequest(session=read, participant=author))
            again = Session(participants=members(author))
            request = EnsureSessionRequest(parent=namespace, session_id=session_id, session=again)
            ensured = client.sessions.EnsureSession(request).session
            assert [m.last_read_sequence for m in ensured.participants if m.participant == author] == [sequence]
        assert self.mark(client, read, author, 1).last_read_sequence == 5

    @staticmethod
    def mark(client: Client, session: str, participant: str, sequence: int) -> SessionParticipant:
        request = MarkReadRequest(session=session, participant=participant, sequence=sequence)
        return client.sessions.MarkRead(request)
