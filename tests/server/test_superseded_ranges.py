"""How many ranges of a log can be superseded, and that those which touch are one."""

from collections.abc import Iterator

import pytest

from activity_session.v1.event_service_pb2 import SupersedeEventsRequest
from activity_session_testing.servers import Client, connected, serving
from activity_session_testing.steps import append, list_events, new_session, pop, refused, supersede

RANGES = 3


@pytest.fixture
def client() -> Iterator[Client]:
    with (
        serving("sqlite:///:memory:", limits={"superseded_ranges": RANGES}) as server,
        connected(server.address) as client,
    ):
        yield client


def test_are_as_many_as_the_limit_says(client: Client) -> None:
    session = new_session(client, "namespaces/default").name
    append(client, session, *map(str, range(1, 11)))
    # The marks at the end are one range.
    supersede(client, session, 2, 2)
    supersede(client, session, 4, 4)
    request = SupersedeEventsRequest(parent=session, from_sequence=6, to_sequence=6)
    refusal = refused(client.events.SupersedeEvents, request, "LIMIT_EXCEEDED", "parent")
    assert refusal.info.metadata == {"field": "parent", "limit": str(RANGES), "size": str(RANGES + 1)}
    assert len(list_events(client, session, show_superseded=True)) == 12
    supersede(client, session, 3, 3)
    supersede(client, session, 6, 6)
    assert [event.sequence for event in list_events(client, session)] == [1, 5, 7, 8, 9, 10]


def test_of_events_that_were_popped_one_by_one_are_one(client: Client) -> None:
    session = new_session(client, "namespaces/default").name
    append(client, session, *map(str, range(1, 21)))
    assert [pop(client, session)[0].text for _ in range(15)] == [str(number) for number in range(20, 5, -1)]
    assert [event.sequence for event in list_events(client, session)] == [1, 2, 3, 4, 5]
