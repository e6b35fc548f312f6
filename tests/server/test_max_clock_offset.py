"""A turn is held for `max_clock_offset` after its end, by whatever it is judged; on one clock here, as any node has."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from google.protobuf.duration_pb2 import Duration

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import AppendEventsRequest
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import (
    AcquireTurnRequest,
    ListSessionsRequest,
    RenewTurnRequest,
    WatchSessionRequest,
)
from activity_session.v1.turn_pb2 import TurnLease
from activity_session_testing.backends import BACKENDS
from activity_session_testing.moments import eventually
from activity_session_testing.servers import Client, connected, serving
from activity_session_testing.steps import (
    acquire_turn,
    append,
    get_session,
    new_participant,
    new_session,
    refused,
    release_turn,
    waiting_for_turn,
)

PARENT = "namespaces/default"
TTL = 0.1
# Longer than a test takes, and so short that a test can wait for it.
LONG, SHORT = 60.0, 1.0
SLACK = 2.0


@pytest.fixture(params=BACKENDS)
def database_url(request: pytest.FixtureRequest, new_database: Callable[[str], str]) -> str:
    return new_database(request.param)


@contextmanager
def client_of(database_url: str, offset: float) -> Iterator[Client]:
    with serving(database_url, max_clock_offset=offset) as server, connected(server.address) as client:
        yield client


def ended_turn(client: Client, session: str, holder: str) -> TurnLease:
    """Return a turn whose end has passed. The database runs on this machine, and has its clock."""
    lease = acquire_turn(client, session, holder, TTL)
    eventually(lambda: time.time_ns() > lease.expire_time.ToNanoseconds())
    return lease


def shown_sessions(client: Client, name: str) -> list[Session]:
    """Return a session as each way to read it shows it."""
    listed = client.sessions.ListSessions(ListSessionsRequest(parent=PARENT)).sessions
    watch = client.sessions.WatchSession(WatchSessionRequest(name=name), timeout=20)
    watched = next(message.session for message in watch if message.HasField("session"))
    watch.cancel()
    return [get_session(client, name), *(found for found in listed if found.name == name), watched]


def test_a_turn_that_has_ended_is_still_that_of_its_holder(database_url: str) -> None:
    with client_of(database_url, LONG) as client:
        session = new_session(client, PARENT).name
        alice, bob = (new_participant(client, PARENT) for _ in range(2))
        lease = ended_turn(client, session, alice)
        refusal = refused(
            client.sessions.AcquireTurn, AcquireTurnRequest(session=session, participant=bob), "TURN_HELD"
        )
        # The time that callers are shown is the end that the holder was told.
        assert refusal.info.metadata["expire_time"] == lease.expire_time.ToJsonString()
        assert append(client, session, "still mine", turn_token=lease.token).last_sequence == 1
        assert all(shown.turn == lease for shown in shown_sessions(client, session))
        waiting = waiting_for_turn(client, session, bob)
        renewed = client.sessions.RenewTurn(
            RenewTurnRequest(session=session, token=lease.token, ttl=Duration(seconds=1))
        )
        assert renewed.token == lease.token
        assert renewed.expire_time.ToNanoseconds() > lease.expire_time.ToNanoseconds()
        assert not waiting.done()
        release_turn(client, lease)
        assert waiting.result().holder == bob


def test_it_is_over_after_the_offset(database_url: str) -> None:
    with client_of(database_url, SHORT) as client:
        session = new_session(client, PARENT).name
        alice, bob = (new_participant(client, PARENT) for _ in range(2))
        lease = ended_turn(client, session, alice)
        given = acquire_turn(client, session, bob, wait=True)
        # When it was given, by the database's clock.
        waited = given.expire_time.ToDatetime() - timedelta(seconds=30) - lease.expire_time.ToDatetime()
        assert SHORT <= waited.total_seconds() <= SHORT + SLACK
        late = AppendEventsRequest(parent=session, events=[Event(text="late")], turn_token=lease.token)
        refused(client.events.AppendEvents, late, "TURN_LOST")


def test_without_an_offset_it_is_over_at_its_end(database_url: str) -> None:
    with client_of(database_url, 0) as client:
        session = new_session(client, PARENT).name
        alice, bob = (new_participant(client, PARENT) for _ in range(2))
        ended_turn(client, session, alice)
        assert not any(shown.HasField("turn") for shown in shown_sessions(client, session))
        assert acquire_turn(client, session, bob).holder == bob
