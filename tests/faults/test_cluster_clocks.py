"""Turns on a cluster whose clocks differ: granted by the clock of one node, judged by that of another."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import AppendEventsRequest
from activity_session.v1.session_service_pb2 import AcquireTurnRequest, RenewTurnRequest
from activity_session_testing.galera import Galera
from activity_session_testing.servers import Client, connected, serving
from activity_session_testing.steps import (
    acquire_turn,
    append,
    get_session,
    new_participant,
    new_session,
    refused,
)

PARENT = "namespaces/default"
# By how many seconds the clocks of the nodes are ahead.
AHEAD = (0, 30, -30)
# A second more than the clocks of a pair differ, so that no call is late that begins in time.
OFFSET = 31.0
TTL = 3.0
# From the node that grants a turn to the one that judges it; the clock of the latter is 30 s ahead, or 30 s behind.
TO_ONE_AHEAD = [(0, 1), (2, 0)]
TO_ONE_BEHIND = [(1, 0), (0, 2)]


@pytest.fixture(scope="module")
def urls(galera_whose_clocks_differ: Galera) -> list[str]:
    """A database, by its URL on each node."""
    return galera_whose_clocks_differ.new_database()


@contextmanager
def clients_of(urls: list[str], pair: tuple[int, int], offset: float) -> Iterator[tuple[Client, Client]]:
    """Run a server on each of two nodes."""
    here, there = (urls[number] for number in pair)
    with (
        serving(here, max_clock_offset=offset) as first,
        serving(there, max_clock_offset=offset) as second,
        connected(first.address) as first_client,
        connected(second.address) as second_client,
    ):
        yield first_client, second_client


def test_the_clocks_differ(galera_whose_clocks_differ: Galera) -> None:
    for node, ahead in zip(galera_whose_clocks_differ.nodes, AHEAD, strict=True):
        ((clock,),) = node.execute("SELECT UNIX_TIMESTAMP(SYSDATE(6))")
        assert float(str(clock)) - time.time() == pytest.approx(ahead, abs=1)


@pytest.mark.parametrize("pair", TO_ONE_AHEAD)
def test_without_an_offset_a_turn_is_lost_before_its_end(urls: list[str], pair: tuple[int, int]) -> None:
    with clients_of(urls, pair, 0) as (here, there):
        session = new_session(here, PARENT).name
        alice, bob = (new_participant(here, PARENT) for _ in range(2))
        lease = acquire_turn(here, session, alice, 20)
        assert get_session(here, session).turn == lease
        late = AppendEventsRequest(parent=session, events=[Event(text="x")], turn_token=lease.token)
        refused(there.events.AppendEvents, late, "TURN_LOST")
        assert acquire_turn(there, session, bob).token > lease.token
        # The token keeps the log right, also where the former holder's turn would be current.
        refused(here.events.AppendEvents, late, "TURN_LOST")


@pytest.mark.parametrize("pair", TO_ONE_AHEAD + TO_ONE_BEHIND)
def test_with_an_offset_it_is_its_holders_until_its_end(urls: list[str], pair: tuple[int, int]) -> None:
    with clients_of(urls, pair, OFFSET) as (here, there):
        session = new_session(here, PARENT).name
        alice, bob = (new_participant(here, PARENT) for _ in range(2))
        asked = time.time()
        lease = acquire_turn(here, session, alice, TTL)
        end = lease.expire_time.ToNanoseconds() / 1e9 - AHEAD[pair[0]]
        assert end >= asked + TTL
        appended = 0
        while time.time() < end:
            for client in (there, here):
                refused(client.sessions.AcquireTurn, AcquireTurnRequest(session=session, participant=bob), "TURN_HELD")
                append(client, session, "mine", turn_token=lease.token)
                assert get_session(client, session).turn == lease
                appended += 1
            time.sleep(0.2)
        assert appended == get_session(there, session).last_sequence > 2
        renewed = there.sessions.RenewTurn(RenewTurnRequest(session=session, token=lease.token))
        assert here.sessions.RenewTurn(RenewTurnRequest(session=session, token=lease.token)).token == renewed.token


@pytest.mark.parametrize("pair", TO_ONE_AHEAD)
def test_with_an_offset_it_is_free_soon_after_its_end(urls: list[str], pair: tuple[int, int]) -> None:
    with clients_of(urls, pair, OFFSET) as (here, there):
        session = new_session(here, PARENT).name
        alice, bob = (new_participant(here, PARENT) for _ in range(2))
        lease = acquire_turn(here, session, alice, 1)
        end = lease.expire_time.ToNanoseconds() / 1e9 - AHEAD[pair[0]]
        assert acquire_turn(there, session, bob, wait=True).holder == bob
        assert end <= time.time() <= end + OFFSET
