"""What a caller loses takes effect at once for calls, and within a poll interval for watches and calls that wait."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import NamedTuple

import pytest

from activity_session.v1.event_service_pb2 import ListEventsRequest
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import (
    EnsureSessionRequest,
    GetSessionRequest,
    UnbindParticipantRequest,
    UpdateSessionRequest,
)
from activity_session_server.rules.access.callers import Grant
from activity_session_server.rules.access.roles import Role
from activity_session_testing.access import Access, serving_callers
from activity_session_testing.moments import eventually
from activity_session_testing.servers import Client, unique
from activity_session_testing.steps import (
    acquire_turn,
    append,
    failure_of,
    make_namespace,
    members,
    new_participant,
    new_session,
    refused,
    release_turn,
    waiting_for_turn,
)
from activity_session_testing.watches import Watching

POLL_SECONDS = 0.1


def grants_in(namespace_id: str) -> list[Grant]:
    return [
        Grant("system", "", Role.SYSTEM),
        Grant("alice", namespace_id, participant="alice"),
        Grant("reader", namespace_id, Role.READER),
    ]


class Place(NamedTuple):
    """A namespace with Alice, who acts as herself, a reader, and a session of Alice and Bob."""

    access: Access
    system: Client
    alice: Client
    reader: Client
    namespace: str
    session: str

    @property
    def grants(self) -> list[Grant]:
        return grants_in(self.namespace.removeprefix("namespaces/"))

    def without(self, subject: str) -> list[Grant]:
        """All grants but those of a subject, who keeps one of another namespace, and so its token."""
        return [grant for grant in self.grants if grant.subject != subject] + [Grant(subject, "other", Role.ADMIN)]

    def name(self, participant: str) -> str:
        return f"{self.namespace}/participants/{participant}"

    def unbind(self, participant: str) -> None:
        self.system.sessions.UnbindParticipant(
            UnbindParticipantRequest(session=self.session, participant=self.name(participant))
        )


@pytest.fixture
def place(database_url: str) -> Iterator[Place]:
    id_ = unique("lost")
    with ExitStack() as stack:
        access = stack.enter_context(serving_callers(database_url, grants_in(id_), poll_interval=POLL_SECONDS))
        clients = {who: stack.enter_context(access.client(who)) for who in ("system", "alice", "reader")}
        found = Place(access, **clients, namespace=f"namespaces/{id_}", session=f"namespaces/{id_}/sessions/chat")
        make_namespace(found.system, id_)
        people = [new_participant(found.system, found.namespace, participant) for participant in ("alice", "bobby")]
        new_session(found.system, found.namespace, "chat", participants=members(*people))
        append(found.system, found.session, "first")
        yield found


def _leave(place: Place) -> None:
    place.unbind("alice")


def _lose_grant(place: Place) -> None:
    place.access.set_grants(place.without("alice"))


def _lose_token(place: Place) -> None:
    place.access.revoke("alice")


LOST = [("PERMISSION_DENIED", _leave), ("PERMISSION_DENIED", _lose_grant), ("UNAUTHENTICATED", _lose_token)]


@pytest.mark.parametrize(("reason", "lose"), LOST)
def test_a_participant_that_loses_access_sees_no_more(place: Place, reason: str, lose: Callable[[Place], None]) -> None:
    with Watching.of(place.alice, place.session) as watch:
        watch.wait(lambda watch: watch.sequences == [1] and watch.bookmarks)
        lose(place)
        assert watch.wait_for_end().reason == reason
    append(place.system, place.session, "second")
    assert watch.sequences == [1]
    refused(place.alice.sessions.GetSession, GetSessionRequest(name=place.session), reason)
    refused(place.alice.events.ListEvents, ListEventsRequest(parent=place.session), reason)


def test_a_reader_that_loses_its_grant_watches_no_more(place: Place) -> None:
    with Watching.of(place.reader, place.session) as watch:
        watch.wait_for_start()
        place.access.set_grants(place.without("reader"))
        assert watch.wait_for_end().reason == "PERMISSION_DENIED"


def test_a_watch_goes_on_where_the_role_ends_and_a_membership_stays(place: Place) -> None:
    id_ = place.namespace.removeprefix("namespaces/")
    place.access.set_grants([*place.grants, Grant("alice", id_, Role.READER)])
    with Watching.of(place.alice, place.session) as watch:
        watch.wait_for_start()
        place.access.set_grants(place.grants)
        append(place.system, place.session, "second")
        watch.wait(lambda watch: watch.sequences == [1, 2])
        place.unbind("alice")
        assert watch.wait_for_end().reason == "PERMISSION_DENIED"


def test_the_watch_of_another_member_goes_on(place: Place) -> None:
    with Watching.of(place.alice, place.session) as watch:
        watch.wait_for_start()
        place.unbind("bobby")
        append(place.system, place.session, "second")
        watch.wait(lambda watch: watch.sequences == [1, 2])
        assert watch.failure is None


@pytest.mark.parametrize(("reason", "lose"), LOST)
def test_a_call_that_waits_for_a_turn_does_not_get_it_without_access(
    place: Place, reason: str, lose: Callable[[Place], None]
) -> None:
    lease = acquire_turn(place.system, place.session, place.name("bobby"))
    waiting = waiting_for_turn(place.alice, place.session, place.name("alice"))
    queues = place.access.server.live.turn_queues._queues  # noqa: SLF001 - nothing else tells it
    eventually(lambda: queues)
    lose(place)
    release_turn(place.system, lease)
    assert failure_of(waiting).reason == reason


def test_a_request_id_of_before_shows_nothing_after_it(place: Place) -> None:
    wanted = Session(participants=members(place.name("alice")))
    ensure = EnsureSessionRequest(parent=place.namespace, session_id="chat", session=wanted, request_id="ensure")
    change = UpdateSessionRequest(session=Session(name=place.session, description="ours"), request_id="change")
    place.alice.sessions.EnsureSession(ensure)
    place.alice.sessions.UpdateSession(change)
    place.unbind("alice")
    refused(place.alice.sessions.EnsureSession, ensure, "PERMISSION_DENIED")
    refused(place.alice.sessions.UpdateSession, change, "PERMISSION_DENIED")
