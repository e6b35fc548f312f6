"""A call that waited for a lock sees what is there after the wait, not what was there before it.

A plain read inside a locking statement can be older than the row that the statement locks.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from google.protobuf.duration_pb2 import Duration
from sqlalchemy import Connection, create_engine, insert, select

from activity_session.v1.participant_pb2 import Participant, ParticipantType
from activity_session.v1.participant_service_pb2 import CreateParticipantRequest, GetParticipantRequest
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import (
    AcquireTurnRequest,
    CreateSessionRequest,
    GetSessionRequest,
    UnbindParticipantRequest,
    UpdateSessionRequest,
)
from activity_session_server.orm import ActivitySession, ActivitySessionParticipant
from activity_session_server.store import schema
from activity_session_testing.backends import FIXTURES, MariaDB
from activity_session_testing.moments import eventually
from activity_session_testing.postgresql import PostgreSQL
from activity_session_testing.servers import Client, connected, serving
from activity_session_testing.steps import new_participant

PARENT = "namespaces/default"
SESSION = f"{PARENT}/sessions/talk"
ADA = f"{PARENT}/participants/ada"
Database = MariaDB | PostgreSQL


@pytest.fixture(params=FIXTURES)
def database(request: pytest.FixtureRequest) -> Database:
    server: Database = request.getfixturevalue(FIXTURES[request.param])
    return server


@pytest.fixture
def url(database: Database) -> str:
    return database.new_database()


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    """A server with a session and a participant that is not bound to it."""
    schema.migrate_url(url)
    with serving(url) as server, connected(server.address) as client:
        ada = Participant(participant_type=ParticipantType.PARTICIPANT_TYPE_USER)
        client.participants.CreateParticipant(
            CreateParticipantRequest(parent=PARENT, participant=ada, participant_id="ada")
        )
        client.sessions.CreateSession(CreateSessionRequest(parent=PARENT, session=Session(), session_id="talk"))
        yield client


def test_an_update_that_waited_answers_the_members_of_after_the_wait(
    client: Client, url: str, database: Database
) -> None:
    request = UpdateSessionRequest(session=Session(name=SESSION, description="updated"))
    with ThreadPoolExecutor(1) as pool, bound_behind_a_lock(client, url):
        update = pool.submit(client.sessions.UpdateSession, request)
        eventually(database.waiting)
    assert [member.participant for member in update.result().participants] == [ADA]


def test_an_unbind_that_waited_ends_a_membership_made_meanwhile(client: Client, url: str, database: Database) -> None:
    request = UnbindParticipantRequest(session=SESSION, participant=ADA)
    with ThreadPoolExecutor(1) as pool, bound_behind_a_lock(client, url):
        unbind = pool.submit(client.sessions.UnbindParticipant, request)
        eventually(database.waiting)
    unbind.result()
    assert not client.sessions.GetSession(GetSessionRequest(name=SESSION)).participants


def test_a_turn_that_ended_during_the_wait_is_free(client: Client, url: str, database: Database) -> None:
    """Nobody changes the row meanwhile, so that no database has to read it again."""
    people = [ADA, new_participant(client, PARENT)]
    ada, other = (AcquireTurnRequest(session=SESSION, participant=name, ttl=Duration(seconds=3)) for name in people)
    lease = client.sessions.AcquireTurn(ada)
    with ThreadPoolExecutor(1) as pool, locked(client, url):
        turn = pool.submit(client.sessions.AcquireTurn, other)
        eventually(database.waiting)
        assert time.time() < lease.expire_time.ToMicroseconds() / 1e6, "it began to wait while the turn was held"
        eventually(lambda: time.time() > lease.expire_time.ToMicroseconds() / 1e6)
    assert turn.result().token == lease.token + 1


@contextmanager
def locked(client: Client, url: str) -> Iterator[tuple[Connection, str]]:
    """Hold the session's row while the block runs, in a transaction that is committed after it."""
    engine = create_engine(url)
    session = client.sessions.GetSession(GetSessionRequest(name=SESSION))
    with engine.begin() as connection:
        connection.execute(select(ActivitySession.pkid).where(ActivitySession.pkid == session.uid).with_for_update())
        yield connection, session.uid
    engine.dispose()


@contextmanager
def bound_behind_a_lock(client: Client, url: str) -> Iterator[None]:
    """Hold the session's row while the block runs, and then bind the participant and commit."""
    with locked(client, url) as (connection, session_uid):
        yield
        values = {"activity_session_pkid": session_uid, "participant_pkid": participant_uid(client)}
        connection.execute(insert(ActivitySessionParticipant), values)


def participant_uid(client: Client) -> str:
    return client.participants.GetParticipant(GetParticipantRequest(name=ADA)).uid
