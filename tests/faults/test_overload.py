"""A server that gets twice the calls that it can serve: it serves about as many in time as it does with half of them.

Each call takes its thread a fixed time, as with a database that is slow, so that the machine does not set the pace.
"""

import time
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo

from activity_session.v1.session_service_pb2 import GetSessionRequest
from activity_session_testing.backends import KEEPING_BACKENDS
from activity_session_testing.moments import before
from activity_session_testing.servers import Client, Failure, connected, serving
from activity_session_testing.steps import new_session

THREADS, CALL_SECONDS = 8, 0.08
CAPACITY = THREADS / CALL_SECONDS
DEADLINE, SECONDS = 1.0, 6.0
GOODPUT, ROUNDS = 0.8, 3
# How a query starts: SELECT, or on MariaDB, where it has to end in time, SET STATEMENT ... FOR SELECT.
QUERY = "SE"


def offer(client: Client, name: str, per_second: float) -> list[Any]:
    """Call at a fixed pace, whatever becomes of the calls, each with a deadline; returns them when all have ended."""
    begun = time.monotonic()
    calls: list[Any] = []
    get = client.sessions.GetSession.future
    while (elapsed := time.monotonic() - begun) < SECONDS:
        due = int(elapsed * per_second) - len(calls)
        calls.extend(get(GetSessionRequest(name=name), timeout=DEADLINE) for _ in range(due))
        time.sleep(0.005)
    for call in calls:
        call.exception()
    return calls


def served_per_second(calls: list[Any]) -> float:
    return sum(call.code() is grpc.StatusCode.OK for call in calls) / SECONDS


@pytest.mark.parametrize("backend", KEEPING_BACKENDS)
def test_twice_the_capacity_leaves_most_of_the_goodput(new_database: Callable[[str], str], backend: str) -> None:
    with (
        serving(new_database(backend), threads=THREADS, health_interval=300.0) as server,
        connected(server.address) as client,
    ):
        name = new_session(client, "namespaces/default").name
        with before(server, QUERY, lambda: time.sleep(CALL_SECONDS), most=100_000):
            # What else this machine does may spoil a round; a server that wastes its time spoils each.
            for _ in range(ROUNDS):
                peak = served_per_second(offer(client, name, 0.9 * CAPACITY))
                calls = offer(client, name, 2 * CAPACITY)
                if served_per_second(calls) >= GOODPUT * peak:
                    break
    refused = [Failure(call.exception()) for call in calls if call.code() is grpc.StatusCode.RESOURCE_EXHAUSTED]
    assert served_per_second(calls) >= GOODPUT * peak
    assert {refusal.reason for refusal in refused} == {"SERVER_FULL"}
    assert all(len(refusal.details(RetryInfo)) == 1 for refusal in refused)
    assert all(float(refusal.info.metadata["limit"]) < DEADLINE for refusal in refused)
