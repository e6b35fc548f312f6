"""Turns: which participant may drive a session, for how long, and how a late one is told that its turn is over."""

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import AppendEventsRequest, GetStateRequest
from activity_session.v1.participant_pb2 import Participant
from activity_session.v1.participant_service_pb2 import UpdateParticipantRequest
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import (
    AcquireTurnRequest,
    ExpungeSessionRequest,
    GetSessionRequest,
    ListSessionsRequest,
    ReleaseTurnRequest,
    RenewTurnRequest,
    UndeleteSessionRequest,
)
from activity_session.v1.session_settings_pb2 import SessionSettings
from activity_session.v1.state_pb2 import StateUpdate
from activity_session.v1.turn_pb2 import TurnLease
from activity_session_testing.moments import eventually
from activity_session_testing.servers import Client, Failure, failure, unique
from activity_session_testing.steps import (
    acquire_turn,
    append,
    at_once,
    delete_participant,
    delete_session,
    failure_of,
    get_session,
    list_events,
    make_namespace,
    new_participant,
    new_session,
    refused,
    release_turn,
    update_session,
    waiting_for_turn,
)

CONTENDERS = 16
MANY = 100
SHORT = 0.2
# Long enough for a call on a busy machine.
LATER = 2
POLL_INTERVAL = timedelta(seconds=0.25)
# A loaded machine may be late by this much.
SLACK = timedelta(seconds=2)
LONGEST = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)
NOT_GIVEN = 10**6


def renew(client: Client, lease: TurnLease, seconds: float = 30) -> TurnLease:
    request = RenewTurnRequest(session=lease.session, token=lease.token)
    request.ttl.FromTimedelta(timedelta(seconds=seconds))
    return client.sessions.RenewTurn(request)


def wait_until_over(client: Client, session: str) -> None:
    eventually(lambda: not get_session(client, session).HasField("turn"))


def expired_turn(client: Client, session: str, participant: str) -> TurnLease:
    lease = acquire_turn(client, session, participant, SHORT)
    wait_until_over(client, session)
    return lease


def as_duration(time_: timedelta) -> Duration:
    duration = Duration()
    duration.FromTimedelta(time_)
    return duration


def disable(client: Client, participant: str) -> None:
    request = UpdateParticipantRequest(participant=Participant(name=participant, enabled=False))
    client.participants.UpdateParticipant(request)


@contextmanager
def many_waiting(client: Client, session: str, participant: str) -> Iterator[list[Any]]:
    """Run calls that wait for a turn inside the block."""
    calls = [waiting_for_turn(client, session, participant) for _ in range(MANY)]
    try:
        yield calls
    finally:
        for call in calls:
            call.cancel()


@pytest.fixture
def session(client: Client, namespace: str) -> str:
    return new_session(client, namespace).name


@pytest.fixture
def alice(client: Client, namespace: str) -> str:
    return new_participant(client, namespace, "alice")


@pytest.fixture
def bob(client: Client, namespace: str) -> str:
    return new_participant(client, namespace, "bob")


class TestAcquire:
    def test_gives_a_lease_that_the_session_shows(self, client: Client, session: str, alice: str) -> None:
        assert not get_session(client, session).HasField("turn")
        lease = acquire_turn(client, session, alice)
        assert (lease.session, lease.holder) == (session, alice)
        assert lease.token > 0
        assert get_session(client, session).turn == lease

    def test_shows_in_lists(self, client: Client, namespace: str, session: str, alice: str) -> None:
        free = new_session(client, namespace).name
        lease = acquire_turn(client, session, alice)
        listed = client.sessions.ListSessions(ListSessionsRequest(parent=namespace)).sessions
        turns = {found.name: found.turn if found.HasField("turn") else None for found in listed}
        assert turns == {session: lease, free: None}

    @pytest.mark.parametrize(("seconds", "given"), [(0, 30), (0.1, 0.1), (7.5, 7.5), (3600, 3600)])
    def test_gives_the_time_asked_for_or_30_seconds(
        self, client: Client, session: str, alice: str, seconds: float, given: float
    ) -> None:
        # The database runs on this machine, so its clock is this one, to a millisecond.
        earliest = time.time() - 0.001
        lease = acquire_turn(client, session, alice, seconds)
        latest = time.time() + 0.001
        assert earliest <= lease.expire_time.ToNanoseconds() / 1e9 - given <= latest

    @pytest.mark.parametrize(
        "ttl",
        [
            Duration(),
            Duration(seconds=-30),
            Duration(seconds=1, nanos=-1),
            Duration(nanos=99_999_000),
            as_duration(LONGEST + MICROSECOND),
            Duration(seconds=2**62),
        ],
        ids=str,
    )
    def test_refuses_a_time_out_of_bounds(self, client: Client, session: str, alice: str, ttl: Duration) -> None:
        acquire = AcquireTurnRequest(session=session, participant=alice, ttl=ttl)
        refused(client.sessions.AcquireTurn, acquire, "INVALID_FIELD", "ttl")
        lease = acquire_turn(client, session, alice)
        renewal = RenewTurnRequest(session=session, token=lease.token, ttl=ttl)
        refused(client.sessions.RenewTurn, renewal, "INVALID_FIELD", "ttl")
        assert get_session(client, session).turn == lease

    def test_refuses_another_participant_with_the_holder(
        self, client: Client, session: str, alice: str, bob: str
    ) -> None:
        lease = acquire_turn(client, session, alice)
        request = AcquireTurnRequest(session=session, participant=bob)
        refusal = refused(client.sessions.AcquireTurn, request, "TURN_HELD")
        assert refusal.code is grpc.StatusCode.FAILED_PRECONDITION
        expected = {"resource": session, "holder": alice, "expire_time": lease.expire_time.ToJsonString()}
        assert dict(refusal.info.metadata) == expected
        assert get_session(client, session).turn == lease

    def test_gives_it_to_its_holder_anew(self, client: Client, session: str, alice: str) -> None:
        first = acquire_turn(client, session, alice, 60)
        second = acquire_turn(client, session, alice, 1)
        assert second.token > first.token
        assert second.expire_time.ToNanoseconds() < first.expire_time.ToNanoseconds()
        assert get_session(client, session).turn == second

    def test_lets_tokens_only_grow(self, client: Client, session: str, alice: str, bob: str) -> None:
        leases = [acquire_turn(client, session, alice), acquire_turn(client, session, alice)]
        release_turn(client, leases[-1])
        leases.append(acquire_turn(client, session, bob))
        release_turn(client, leases[-1])
        leases += [expired_turn(client, session, alice), expired_turn(client, session, alice)]
        leases.append(acquire_turn(client, session, bob))
        delete_session(client, session)
        client.sessions.UndeleteSession(UndeleteSessionRequest(name=session))
        leases.append(acquire_turn(client, session, bob))
        tokens = [lease.token for lease in leases]
        assert tokens == sorted(set(tokens))

    def test_of_two_sessions_do_not_meet(self, client: Client, namespace: str, alice: str, bob: str) -> None:
        sessions = [new_session(client, namespace).name for _ in range(2)]
        leases = [acquire_turn(client, *pair) for pair in zip(sessions, (alice, bob), strict=True)]
        assert [get_session(client, name).turn for name in sessions] == leases

    def test_at_one_moment_is_won_by_one(self, client: Client, namespace: str, session: str) -> None:
        people = [new_participant(client, namespace) for _ in range(CONTENDERS)]
        for _ in range(3):
            answers = at_once([partial(acquire_turn, client, session, person) for person in people])
            refusals = [answer for answer in answers if isinstance(answer, Failure)]
            (won,) = [answer for answer in answers if isinstance(answer, TurnLease)]
            assert {refusal.reason for refusal in refusals} == {"TURN_HELD"}
            assert {refusal.info.metadata["holder"] for refusal in refusals} == {won.holder}
            release_turn(client, won)

    def test_answers_the_same_request_id_with_the_same_lease(self, client: Client, session: str, alice: str) -> None:
        request_id = unique("request")
        first = acquire_turn(client, session, alice, request_id=request_id)
        assert acquire_turn(client, session, alice, request_id=request_id) == first
        assert get_session(client, session).turn == first
        longer = AcquireTurnRequest(session=session, participant=alice, ttl=Duration(seconds=5), request_id=request_id)
        refused(client.sessions.AcquireTurn, longer, "REQUEST_ID_REUSED")

    @pytest.mark.parametrize("way", ["released", "expired", "taken anew", "taken over"])
    def test_answers_the_same_request_id_with_a_new_lease_when_the_first_is_over(
        self, client: Client, session: str, alice: str, bob: str, way: str
    ) -> None:
        request_id = unique("request")
        first = acquire_turn(client, session, alice, SHORT, request_id=request_id)
        if way == "taken anew":
            release_turn(client, acquire_turn(client, session, alice))
        elif way == "released":
            release_turn(client, first)
        else:
            wait_until_over(client, session)
        if way == "taken over":
            other = acquire_turn(client, session, bob)
            request = AcquireTurnRequest(session=session, participant=alice, request_id=request_id)
            request.ttl.FromTimedelta(timedelta(seconds=SHORT))
            refused(client.sessions.AcquireTurn, request, "TURN_HELD")
            release_turn(client, other)
        second = acquire_turn(client, session, alice, SHORT, request_id=request_id)
        assert second.token > first.token
        assert acquire_turn(client, session, alice).token == second.token + 1

    def test_keeps_the_new_lease_of_a_request_id_in_place_of_the_first(
        self, client: Client, session: str, alice: str
    ) -> None:
        request_id = unique("request")
        release_turn(client, acquire_turn(client, session, alice, request_id=request_id))
        second = acquire_turn(client, session, alice, request_id=request_id)
        assert acquire_turn(client, session, alice, request_id=request_id) == second
        assert get_session(client, session).turn == second
        # Also when it was renewed: it is the same turn.
        renew(client, second, 60)
        assert acquire_turn(client, session, alice, request_id=request_id) == second

    def test_refuses_a_participant_that_cannot_take_it(self, client: Client, namespace: str, session: str) -> None:
        disabled, deleted = (new_participant(client, namespace) for _ in range(2))
        disable(client, disabled)
        delete_participant(client, deleted)
        missing = f"{namespace}/participants/missing"
        foreign = new_participant(client, make_namespace(client).name)
        reasons = {
            disabled: "PARTICIPANT_DISABLED",
            deleted: "PARTICIPANT_DELETED",
            missing: "PARTICIPANT_NOT_FOUND",
            foreign: "INVALID_FIELD",
            "": "INVALID_FIELD",
        }
        for participant, reason in reasons.items():
            for wait in (False, True):
                request = AcquireTurnRequest(session=session, participant=participant, wait=wait)
                refusal = refused(client.sessions.AcquireTurn, request, reason)
                assert refusal.fields == (["participant"] if reason == "INVALID_FIELD" else [])
        assert not get_session(client, session).HasField("turn")


class TestSession:
    """What a turn does not change in its session, and what it depends on there."""

    def test_keeps_its_etag(self, client: Client, session: str, alice: str) -> None:
        before = get_session(client, session)
        lease = acquire_turn(client, session, alice)
        renew(client, lease)
        release_turn(client, lease)
        expired_turn(client, session, alice)
        assert get_session(client, session) == before
        update_session(client, Session(name=session, etag=before.etag, description="new"), "description")

    @pytest.mark.parametrize("change", ["missing", "disabled", "deleted", "expunged"])
    def test_that_is_not_usable_refuses_all_of_it(
        self, client: Client, session: str, alice: str, bob: str, change: str
    ) -> None:
        lease = acquire_turn(client, session, alice)
        name = f"{session}-x" if change == "missing" else session
        if change == "disabled":
            update_session(client, Session(name=session, enabled=False), "enabled")
        if change in ("deleted", "expunged"):
            delete_session(client, session)
        if change == "expunged":
            client.sessions.ExpungeSession(ExpungeSessionRequest(name=session))
        reason = f"SESSION_{'NOT_FOUND' if change in ('missing', 'expunged') else change.upper()}"
        for wait in (False, True):
            request = AcquireTurnRequest(session=name, participant=bob, wait=wait)
            refused(client.sessions.AcquireTurn, request, reason)
        refused(client.sessions.RenewTurn, RenewTurnRequest(session=name, token=lease.token), reason)
        refused(client.sessions.ReleaseTurn, ReleaseTurnRequest(session=name, token=lease.token), reason)


class TestLateHolder:
    @pytest.mark.parametrize("way", ["released", "expired", "taken anew", "taken over", "never given"])
    def test_is_told_that_the_turn_is_lost(self, client: Client, session: str, alice: str, bob: str, way: str) -> None:
        lease = acquire_turn(client, session, alice, SHORT if way in ("expired", "taken over") else 30)
        if way == "released":
            release_turn(client, lease)
        elif way == "taken anew":
            acquire_turn(client, session, alice)
        elif way == "never given":
            lease.token = NOT_GIVEN
        else:
            wait_until_over(client, session)
        if way == "taken over":
            acquire_turn(client, session, bob)
        event = AppendEventsRequest(parent=session, events=[Event(text="late")], turn_token=lease.token)
        renewal = RenewTurnRequest(session=session, token=lease.token)
        for call, request in ((client.events.AppendEvents, event), (client.sessions.RenewTurn, renewal)):
            refusal = refused(call, request, "TURN_LOST")
            assert refusal.code is grpc.StatusCode.FAILED_PRECONDITION
            assert dict(refusal.info.metadata) == {"resource": session, "token": str(lease.token)}
        assert list_events(client, session) == []

    def test_cannot_release_the_turn_of_the_next_one(self, client: Client, session: str, alice: str, bob: str) -> None:
        late = expired_turn(client, session, alice)
        for next_holder in (bob, bob):
            current = acquire_turn(client, session, next_holder)
            request = ReleaseTurnRequest(session=session, token=late.token)
            refusal = refused(client.sessions.ReleaseTurn, request, "TURN_LOST")
            assert dict(refusal.info.metadata) == {"resource": session, "token": str(late.token)}
            assert get_session(client, session).turn == current
            late = current

    def test_may_release_as_often_as_it_likes_while_nobody_took_the_turn(
        self, client: Client, session: str, alice: str
    ) -> None:
        for take in (acquire_turn, expired_turn):
            lease = take(client, session, alice)
            for _ in range(3):
                release_turn(client, lease)
                assert not get_session(client, session).HasField("turn")

    def test_writes_neither_events_nor_state(self, client: Client, session: str, alice: str) -> None:
        late = expired_turn(client, session, alice)
        update = StateUpdate(key="k", value_json="1")
        request = AppendEventsRequest(
            parent=session, events=[Event(text="late")], state_updates=[update], turn_token=late.token
        )
        refused(client.events.AppendEvents, request, "TURN_LOST")
        assert get_session(client, session).last_sequence == 0
        assert not client.events.GetState(GetStateRequest(name=session)).entries

    def test_may_repeat_what_it_appended_in_time(self, client: Client, session: str, alice: str) -> None:
        lease = acquire_turn(client, session, alice)
        first = append(client, session, Event(event_id="e", text="in time"), turn_token=lease.token)
        release_turn(client, lease)
        again = append(client, session, Event(event_id="e", text="in time"), turn_token=lease.token)
        assert again.events == first.events
        assert list_events(client, session) == list(first.events)

    @pytest.mark.parametrize("token", [0, -1])
    def test_needs_a_token(self, client: Client, session: str, token: int) -> None:
        refused(client.sessions.RenewTurn, RenewTurnRequest(session=session, token=token), "INVALID_FIELD", "token")
        refused(client.sessions.ReleaseTurn, ReleaseTurnRequest(session=session, token=token), "INVALID_FIELD", "token")


class TestHolder:
    def test_appends_with_its_token(self, client: Client, session: str, alice: str, bob: str) -> None:
        lease = acquire_turn(client, session, alice)
        appended = append(client, session, Event(author=bob, text="a"), "b", turn_token=lease.token)
        assert list_events(client, session) == list(appended.events)

    def test_does_not_keep_others_from_appending(self, client: Client, session: str, alice: str) -> None:
        acquire_turn(client, session, alice)
        assert append(client, session, "no turn needed").last_sequence == 1

    def test_keeps_its_turn_by_renewing(self, client: Client, session: str, alice: str, bob: str) -> None:
        lease = acquire_turn(client, session, alice, SHORT)
        renewed = renew(client, lease, 30)
        assert (renewed.session, renewed.holder, renewed.token) == (session, alice, lease.token)
        assert renewed.expire_time.ToNanoseconds() > lease.expire_time.ToNanoseconds()
        assert get_session(client, session).turn == renewed
        eventually(lambda: time.time_ns() > lease.expire_time.ToNanoseconds())
        refused(client.sessions.AcquireTurn, AcquireTurnRequest(session=session, participant=bob), "TURN_HELD")
        append(client, session, "still there", turn_token=lease.token)

    def test_renews_from_now_for_30_seconds_or_as_it_says(self, client: Client, session: str, alice: str) -> None:
        lease = acquire_turn(client, session, alice, 3600)
        usual = client.sessions.RenewTurn(RenewTurnRequest(session=session, token=lease.token))
        shorter = renew(client, lease, 10)
        ends = [turn.expire_time.ToDatetime() for turn in (lease, usual, shorter)]
        assert timedelta(seconds=3570) - SLACK < ends[0] - ends[1] <= timedelta(seconds=3570)
        assert timedelta(seconds=20) - SLACK < ends[1] - ends[2] <= timedelta(seconds=20)


class TestRequireTurn:
    @pytest.fixture
    def session(self, client: Client, namespace: str) -> str:
        return new_session(client, namespace, settings=SessionSettings(require_turn=True)).name

    def test_refuses_appends_without_a_token(self, client: Client, session: str, alice: str) -> None:
        request = AppendEventsRequest(parent=session, events=[Event(author=alice, text="x")])
        for _ in range(2):
            refusal = refused(client.events.AppendEvents, request, "TURN_REQUIRED")
            assert refusal.code is grpc.StatusCode.FAILED_PRECONDITION
            assert dict(refusal.info.metadata) == {"resource": session}
            # Holding the turn is not enough.
            acquire_turn(client, session, alice)
        assert list_events(client, session) == []

    def test_takes_those_of_the_current_turn_alone(self, client: Client, session: str, alice: str) -> None:
        lease = acquire_turn(client, session, alice)
        assert append(client, session, "mine", turn_token=lease.token).last_sequence == 1
        release_turn(client, lease)
        late = AppendEventsRequest(parent=session, events=[Event(text="late")], turn_token=lease.token)
        refused(client.events.AppendEvents, late, "TURN_LOST")
        assert [event.text for event in list_events(client, session)] == ["mine"]

    def test_can_be_switched_off(self, client: Client, session: str) -> None:
        update_session(client, Session(name=session), "settings.require_turn")
        assert append(client, session, "free again").last_sequence == 1


class TestWaiting:
    def test_gives_it_to_all_one_after_the_other(self, client: Client, namespace: str, session: str) -> None:
        people = [new_participant(client, namespace) for _ in range(CONTENDERS)]

        def take_part(person: str) -> None:
            lease = acquire_turn(client, session, person, wait=True)
            assert lease.holder == person
            append(client, session, Event(author=person, text=str(lease.token)), turn_token=lease.token)
            release_turn(client, lease)

        assert at_once([partial(take_part, person) for person in people]) == [None] * CONTENDERS
        events = list_events(client, session)
        tokens = [int(event.text) for event in events]
        assert tokens == sorted(set(tokens))
        assert sorted(event.author for event in events) == sorted(people)

    def test_takes_a_free_turn_at_once(self, client: Client, session: str, alice: str) -> None:
        lease = acquire_turn(client, session, alice, wait=True)
        again = acquire_turn(client, session, alice, wait=True)
        assert again.token > lease.token
        assert get_session(client, session).turn == again

    def test_gets_a_turn_that_expires(self, client: Client, session: str, alice: str, bob: str) -> None:
        first = acquire_turn(client, session, alice, SHORT)
        second = acquire_turn(client, session, bob, 30, wait=True)
        # When it was given, by the database's clock.
        waited = second.expire_time.ToDatetime() - timedelta(seconds=30) - first.expire_time.ToDatetime()
        assert timedelta(0) <= waited <= POLL_INTERVAL + SLACK
        assert second.token > first.token

    def test_ends_at_its_deadline_and_takes_nothing(
        self, client: Client, namespace: str, session: str, alice: str, bob: str
    ) -> None:
        lease = acquire_turn(client, session, alice)
        calls = [waiting_for_turn(client, session, new_participant(client, namespace), 0.3) for _ in range(3)]
        calls.append(waiting_for_turn(client, session, bob))
        assert {failure_of(call).code for call in calls[:3]} == {grpc.StatusCode.DEADLINE_EXCEEDED}
        assert get_session(client, session).turn == lease
        release_turn(client, lease)
        # One of the others would keep it for 30 seconds.
        assert calls[3].result().holder == bob

    def test_of_one_that_goes_away_leaves_the_turn_to_the_next(
        self, client: Client, namespace: str, session: str, alice: str
    ) -> None:
        lease = acquire_turn(client, session, alice)
        people = [new_participant(client, namespace) for _ in range(CONTENDERS)]
        calls = {person: waiting_for_turn(client, session, person) for person in people}
        gone = set(random.Random(5).sample(people, CONTENDERS // 2))
        for person in gone:
            calls[person].cancel()
        release_turn(client, lease)
        # A turn that is given to a caller that has gone would last 30 seconds, longer than the others wait.
        with ThreadPoolExecutor(CONTENDERS) as pool:
            staying = [calls[person] for person in people if person not in gone]
            tokens = list(pool.map(partial(self._pass_on, client), staying))
        assert len(set(tokens)) == CONTENDERS - len(gone)
        eventually(lambda: not get_session(client, session).HasField("turn"))

    def test_of_many_does_not_keep_others_from_being_served(
        self, client: Client, session: str, alice: str, bob: str
    ) -> None:
        lease = acquire_turn(client, session, alice)
        with many_waiting(client, session, bob) as calls:
            assert client.sessions.GetSession(GetSessionRequest(name=session), timeout=5).turn == lease
            request = AcquireTurnRequest(session=session, participant=bob)
            assert failure(client.sessions.AcquireTurn, request, timeout=5).reason == "TURN_HELD"
            assert append(client, session, "still answering", turn_token=lease.token).last_sequence == 1
            assert not any(call.done() for call in calls)
            client.sessions.ReleaseTurn(ReleaseTurnRequest(session=session, token=lease.token), timeout=5)
            given = eventually(lambda: [call for call in calls if call.done()])[0].result()
            assert given.holder == bob
            assert given.token > lease.token

    @pytest.mark.parametrize("change", ["session deleted", "session disabled", "participant disabled"])
    def test_ends_with_what_has_come_in_between(
        self, client: Client, session: str, alice: str, bob: str, change: str
    ) -> None:
        acquire_turn(client, session, alice, 30)
        call = waiting_for_turn(client, session, bob)
        if change != "session deleted":
            # Only now: the change must come before its end.
            acquire_turn(client, session, alice, LATER)
        if change == "session deleted":
            delete_session(client, session)
        elif change == "session disabled":
            update_session(client, Session(name=session, enabled=False), "enabled")
        else:
            disable(client, bob)
        assert failure_of(call).reason == change.upper().replace(" ", "_")
        assert get_session(client, session).turn.holder != bob

    @staticmethod
    def _pass_on(client: Client, call: Any) -> int:
        lease: TurnLease = call.result()
        release_turn(client, lease)
        return lease.token
