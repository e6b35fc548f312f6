"""Callers that pop at the same moment, thousands of times: each event is returned once, and none is left."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from activity_session.v1.event_service_pb2 import PopEventsRequest
from activity_session_testing.backends import KEEPING_BACKENDS
from activity_session_testing.servers import connected, serving
from activity_session_testing.steps import append, list_events, new_session

CALLERS, EACH = 16, 125


@pytest.mark.parametrize("backend", KEEPING_BACKENDS)
def test_no_event_is_popped_twice(new_database: Callable[[str], str], backend: str) -> None:
    count = CALLERS * EACH
    with serving(new_database(backend)) as server, connected(server.address) as client:
        session = new_session(client, "namespaces/default").name
        for first in range(1, count + 1, 100):
            append(client, session, *(str(number) for number in range(first, min(first + 100, count + 1))))

        def pop_again_and_again(_: int) -> list[int]:
            with connected(server.address) as caller:
                popped = [caller.events.PopEvents(PopEventsRequest(parent=session)).events for _ in range(EACH)]
                return [event.sequence for (event,) in popped]

        with ThreadPoolExecutor(CALLERS) as pool:
            numbers = [number for of_one in pool.map(pop_again_and_again, range(CALLERS)) for number in of_one]
        assert sorted(numbers) == list(range(1, count + 1))
        assert list_events(client, session) == []
