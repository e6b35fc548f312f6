"""A call that waited for a lock sees the members as they are after the wait, not as they were before it.

On MariaDB a plain read inside a locking statement can be older than the row that the statement locks.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine, insert, select

from activity_session.v1.participant_pb2 import Participant, ParticipantType
from activity_session.v1.participant_service_pb2 import CreateParticipantRequest, GetParticipantRequest
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import (
    CreateSessionRequest,
    GetSessionRequest,
    UnbindParticipantRequest,
    UpdateSessionRequest,
)
from activity_session_server.orm import ActivitySession, ActivitySessionParticipant
from activity_session_testing.backends import MariaDB
from activity_session_testing.servers import Client, connected, serving

PARENT = "namespaces/default"
SESSION = f"{PARENT}/sessions/talk"
ADA = f"{PARENT}/participants/ada"
WAIT_SECONDS = 10
_WAITING = "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"


@pytest.fixture
def url(mariadb: MariaDB) -> str:
    return mariadb.new_database()


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    """A server with a session and a participant that is not bound to it."""
    with serving(url) as server, connected(server.address) as client:
        ada = Participant(participant_type=ParticipantType.PARTICIPANT_TYPE_USER)
        client.participants.CreateParticipant(
            CreateParticipantRequest(parent=PARENT, participant=ada, participant_id="ada")
        )
        client.sessions.CreateSession(CreateSessionRequest(parent=PARENT, session=Session(), session_id="talk"))
        yield client


def test_an_update_that_waited_answers_the_members_of_after_the_wait(
    client: Client, url: str, mariadb: MariaDB
) -> None:
    request = UpdateSessionRequest(session=Session(name=SESSION, description="updated"))
    with ThreadPoolExecutor(1) as pool, bound_behind_a_lock(client, url):
        update = pool.submit(client.sessions.UpdateSession, request)
        wait_until_it_waits(mariadb)
    assert [member.participant for member in update.result().participants] == [ADA]


def test_an_unbind_that_waited_ends_a_membership_made_meanwhile(client: Client, url: str, mariadb: MariaDB) -> None:
    request = UnbindParticipantRequest(session=SESSION, participant=ADA)
    with ThreadPoolExecutor(1) as pool, bound_behind_a_lock(client, url):
        unbind = pool.submit(client.sessions.UnbindParticipant, request)
        wait_until_it_waits(mariadb)
    unbind.result()
    assert not client.sessions.GetSession(GetSessionRequest(name=SESSION)).participants


@contextmanager
def bound_behind_a_lock(client: Client, url: str) -> Iterator[None]:
    """Hold the session's row while the block runs, and then bind the participant and commit."""
    engine = create_engine(url)
    session = client.sessions.GetSession(GetSessionRequest(name=SESSION))
    with engine.begin() as connection:
        connection.execute(select(ActivitySession.pkid).where(ActivitySession.pkid == session.uid).with_for_update())
        yield
        values = {"activity_session_pkid": session.uid, "participant_pkid": participant_uid(client)}
        connection.execute(insert(ActivitySessionParticipant), values)
    engine.dispose()


def participant_uid(client: Client) -> str:
    return client.participants.GetParticipant(GetParticipantRequest(name=ADA)).uid


def wait_until_it_waits(mariadb: MariaDB) -> None:
    """Wait until a transaction waits for a lock: this proves that the call reached the row while it was held."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if mariadb.execute(_WAITING)[0][0]:
            return
        time.sleep(0.02)
    raise AssertionError("no transaction waits for a lock")
