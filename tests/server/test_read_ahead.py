"""What a feed reads ahead for its followers: few events at a time, and few bytes, but always the next event."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from activity_session.v1.event_pb2 import Event
from activity_session_server.app import App
from activity_session_server.live.feeds import BYTES_AT_A_TIME, EVENTS_AT_A_TIME, EventMessage, Feed
from activity_session_server.rules.names import ids_of
from activity_session_server.store.queries import heads
from activity_session_testing.backends import KEEPING_BACKENDS
from activity_session_testing.moments import before
from activity_session_testing.servers import Client, connected, serving
from activity_session_testing.steps import append, new_session

KIB = 1024
# Of an event: its name, numbers and times.
ROOM = 512
SMALL, MEDIUM, LARGE = "s", "m" * 30 * KIB, "l" * 200 * KIB
LARGEST = "x" * 1024 * KIB
LABELS = {f"label-{number}": "ü" * 255 for number in range(64)}


@pytest.fixture(params=KEEPING_BACKENDS)
def server(request: pytest.FixtureRequest, new_database: Callable[[str], str]) -> Iterator[App]:
    with serving(new_database(request.param)) as server:
        yield server


@pytest.fixture
def client(server: App) -> Iterator[Client]:
    with connected(server.address) as client:
        yield client


def new_feed(server: App, client: Client, *events: Event | str) -> Feed:
    """The feed of a session with such events."""
    session = new_session(client, "namespaces/default").name
    for event in events:
        append(client, session, event)
    head = server.store.read(server._own_call("test"), lambda reader: heads.get_head(reader, *ids_of(session)))  # noqa: SLF001
    return Feed(head, server.feeds)


def read_through(feed: Feed, last: int) -> list[list[EventMessage]]:
    """All that is read at a time, up to the last event of a session."""
    found: list[list[EventMessage]] = []
    while not found or found[-1][-1].sequence < last:
        found.append(feed.events_after(found[-1][-1].sequence if found else 0, show_superseded=False))
    assert [message.sequence for part in found for message in part] == list(range(1, last + 1))
    return found


@pytest.mark.parametrize(
    "events",
    [
        [LARGEST] * 5,
        [LARGE] * 20,
        [MEDIUM] * 40,
        [SMALL, LARGEST, SMALL, SMALL, LARGE, LARGE, MEDIUM, LARGEST, SMALL],
        [Event(blob=b"\0" * 1024 * KIB), Event(blob=b"\0")] * 3,
        [Event(text="text", labels=LABELS)] * 40,
    ],
    ids=["largest", "large", "medium", "mixed", "blobs", "labels"],
)
def test_is_bounded_in_bytes(server: App, client: Client, events: list[Any]) -> None:
    feed = new_feed(server, client, *events)
    for part in read_through(feed, len(events)):
        assert len(part) == 1 or sum(len(message.raw) - ROOM for message in part) <= BYTES_AT_A_TIME
        tail = feed._tails[False]  # noqa: SLF001
        assert sum(len(message.raw) for message in tail.messages) <= BYTES_AT_A_TIME + len(part) * ROOM


def test_of_small_events_takes_one_query_for_many(server: App, client: Client) -> None:
    feed = new_feed(server, client, *[SMALL] * 2 * EVENTS_AT_A_TIME)
    with before(server, "SELECT event.", lambda: None, most=1000) as queries:
        parts = read_through(feed, 2 * EVENTS_AT_A_TIME)
    assert [len(part) for part in parts] == [EVENTS_AT_A_TIME] * 2
    assert queries.count == 2


def test_of_large_events_asks_for_sizes_no_more_than_once(server: App, client: Client) -> None:
    feed = new_feed(server, client, *[LARGE] * 10, *[SMALL] * 10)
    with before(server, "SELECT event.", lambda: None, most=1000) as queries:
        parts = read_through(feed, 20)
    # The first large one is asked for twice, and the first small one alone.
    assert [len(part) for part in parts] == [1] * 11 + [9]
    assert queries.count == 13
