"""Rows are locked and inserted in an order of the server's, so that no two calls wait for each other."""

import contextlib
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from activity_session.v1.memory_pb2 import Memory, MemoryType
from activity_session.v1.memory_service_pb2 import BatchCreateMemoriesRequest, CreateMemoryRequest
from activity_session_server.app import App
from activity_session_server.store import schema
from activity_session_testing.backends import FIXTURES
from activity_session_testing.moments import errors_of
from activity_session_testing.servers import Client, Failure, connected, serving
from activity_session_testing.steps import AGENT, at_once, make_participant, new_session

PARENT = "namespaces/default"
NO_UPKEEP = 300.0
CALLERS, IDS, ROUNDS = 8, 10, 3
DEADLOCK = {1213, "40P01"}


@pytest.fixture(params=FIXTURES)
def servers(request: pytest.FixtureRequest, new_database: Callable[[str], str]) -> Iterator[list[App]]:
    """Two servers on one database: in one alone, writers of a session wait for each other before they reach it."""
    url = new_database(request.param)
    schema.migrate_url(url)
    with serving(url, health_interval=NO_UPKEEP) as first, serving(url, health_interval=NO_UPKEEP) as second:
        yield [first, second]


@pytest.fixture
def clients(servers: list[App]) -> Iterator[list[Client]]:
    with connected(servers[0].address) as first, connected(servers[1].address) as second:
        yield [first, second]


def test_batches_of_the_same_memories_in_opposite_orders_do_not_block_each_other(
    servers: list[App], clients: list[Client]
) -> None:
    agent = make_participant(clients[0], PARENT, participant_type=AGENT).name
    session = new_session(clients[0], PARENT).name
    for turn in range(ROUNDS):
        ids = [f"{turn}-{number}" for number in range(IDS)]
        requests = [batch(session, agent, ids), batch(session, agent, ids[::-1])]
        calls = [partial(clients[one % 2].memories.BatchCreateMemories, requests[one % 2]) for one in range(CALLERS)]
        with contextlib.ExitStack() as stack:
            errors = [stack.enter_context(errors_of(server)) for server in servers]
            answers = at_once(calls)
        assert not DEADLOCK & {queue.get() for queue in errors for _ in range(queue.qsize())}
        refusals = [answer.reason for answer in answers if isinstance(answer, Failure)]
        assert refusals == ["MEMORY_ALREADY_EXISTS"] * (CALLERS - 1)
        (created,) = [answer.memories for answer in answers if not isinstance(answer, Failure)]
        assert [memory.name.rpartition("/")[2] for memory in created] in (ids, ids[::-1])


def batch(session: str, agent: str, ids: list[str]) -> BatchCreateMemoriesRequest:
    memory = Memory(agent=agent, memory_type=MemoryType.MEMORY_TYPE_OBSERVATION, content="x")
    requests = [CreateMemoryRequest(parent=session, memory_id=one, memory=memory) for one in ids]
    return BatchCreateMemoriesRequest(parent=session, requests=requests)
