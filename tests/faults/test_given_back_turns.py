"""A turn is given back by one server, and asked for again by the same request on another one, at the same moment."""

from collections.abc import Callable
from functools import partial

import pytest

from activity_session.v1.session_service_pb2 import AcquireTurnRequest
from activity_session.v1.turn_pb2 import TurnLease
from activity_session_testing.backends import FIXTURES, GALERA
from activity_session_testing.servers import connected, serving, unique
from activity_session_testing.steps import at_once, get_session, new_participant, new_session

PARENT = "namespaces/default"
ROUNDS = 60


@pytest.fixture(params=[*FIXTURES, GALERA])
def urls(request: pytest.FixtureRequest, new_shared_database: Callable[[str], tuple[str, str]]) -> tuple[str, str]:
    """A database, by its URL for each of two servers."""
    return new_shared_database(request.param)


def test_what_the_second_call_gets_is_a_turn_that_it_keeps(urls: tuple[str, str]) -> None:
    with (
        serving(urls[0]) as server,
        serving(urls[1]) as other,
        connected(server.address) as client,
        connected(other.address) as other_client,
    ):
        queues = server.live.turn_queues
        alice = new_participant(client, PARENT)
        for _ in range(ROUNDS):
            session = new_session(client, PARENT).name
            request = AcquireTurnRequest(session=session, participant=alice, request_id=unique("request"))
            first = client.sessions.AcquireTurn(request)
            hand_back = partial(queues._hand_back, server._own_call("test"), request, first)  # noqa: SLF001
            calls: list[Callable[[], object]] = [hand_back, partial(other_client.sessions.AcquireTurn, request)]
            _, again = at_once(calls)
            assert isinstance(again, TurnLease)
            assert get_session(client, session).turn == again
