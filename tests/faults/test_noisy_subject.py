"""A subject that calls ten times as often as its share: another one is served in twice the time at most.

Each call takes its thread a fixed time, as with a database that is slow, so that the machine does not set the pace.
"""

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import grpc
import pytest

from activity_session.v1.session_service_pb2 import GetSessionRequest
from activity_session_server.rules.access.callers import Grant
from activity_session_server.rules.access.roles import Role
from activity_session_testing.access import serving_callers
from activity_session_testing.backends import KEEPING_BACKENDS
from activity_session_testing.moments import before
from activity_session_testing.servers import Client, Failure
from activity_session_testing.steps import get_session, new_session

# So long that what else this machine does is little beside it.
THREADS, CALL_SECONDS = 8, 0.4
# Of two subjects.
SHARE = THREADS / CALL_SECONDS / 2
TIMES_ITS_SHARE = 10
QUIET_PER_SECOND, SECONDS, LONGEST = 10, 10.0, 20.0
LONGER, ROUNDS = 2.0, 5
# How a query starts: SELECT, or on MariaDB, where it has to end in time, SET STATEMENT ... FOR SELECT.
QUERY = "SE"
GRANTS = [Grant(subject, "", Role.ADMIN) for subject in ("noisy", "quiet")]


def p99(client: Client, name: str) -> float:
    """The seconds in which 99 of 100 calls are served that come at a fixed pace."""
    seconds: list[float] = []

    def note(started: float, _call: object) -> None:
        seconds.append(time.monotonic() - started)

    calls, begun = [], time.monotonic()
    for number in range(int(QUIET_PER_SECOND * SECONDS)):
        time.sleep(max(0.0, begun + number / QUIET_PER_SECOND - time.monotonic()))
        call = client.sessions.GetSession.future(GetSessionRequest(name=name), timeout=LONGEST)
        call.add_done_callback(partial(note, time.monotonic()))
        calls.append(call)
    assert {call.result().name for call in calls} == {name}
    return statistics.quantiles(seconds, n=100)[98]


@contextmanager
def noise(clients: list[Client], name: str) -> Iterator[list[Any]]:
    """Call at a fixed pace inside the block, whatever becomes of the calls, which have all ended after it."""
    calls: list[Any] = []
    is_over = threading.Event()

    def call() -> None:
        begun = time.monotonic()
        while not is_over.wait(0.01):
            due = int((time.monotonic() - begun) * SHARE * TIMES_ITS_SHARE) - len(calls)
            for _ in range(due):
                client = clients[len(calls) % len(clients)]
                calls.append(client.sessions.GetSession.future(GetSessionRequest(name=name), timeout=1))

    thread = threading.Thread(target=call)
    thread.start()
    try:
        yield calls
    finally:
        is_over.set()
        thread.join()
        for one in calls:
            one.exception()


@pytest.mark.parametrize("backend", KEEPING_BACKENDS)
def test_ten_times_its_share_makes_calls_of_another_take_twice_as_long_at_most(
    new_database: Callable[[str], str], backend: str
) -> None:
    url = new_database(backend)
    with (
        serving_callers(url, GRANTS, threads=THREADS, health_interval=300.0, poll_interval=60) as access,
        access.client("quiet") as quiet,
        access.client("noisy") as one,
        access.client("noisy") as two,
        access.client("noisy") as three,
    ):
        name = new_session(quiet, "namespaces/default").name
        noisy = [one, two, three]
        for client in (quiet, *noisy):
            get_session(client, name)
        with before(access.server, QUERY, lambda: time.sleep(CALL_SECONDS), most=100_000):
            # What else this machine does may spoil a round; a server that is unfair spoils each.
            for _ in range(ROUNDS):
                alone = p99(quiet, name)
                with noise(noisy, name) as calls:
                    beside = p99(quiet, name)
                print(f"{backend}: p99 {alone * 1000:.0f} ms alone, {beside * 1000:.0f} ms beside the noise")
                if beside <= LONGER * alone:
                    break
    assert beside <= LONGER * alone
    # There was more than the server could serve.
    refused = [Failure(call.exception()) for call in calls if call.exception() is not None]
    assert len(refused) > len(calls) / 2
    assert {failed.code for failed in refused} <= {
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
    }
