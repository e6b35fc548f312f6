"""A page of a list with a filter looks at a bounded number of rows: it can be short, and the list still is complete."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from activity_session import v1
from activity_session_testing.backends import BACKENDS
from activity_session_testing.servers import Client, connected, serving
from activity_session_testing.steps import AGENT, append, delete_session, new_memory, new_participant, new_session

ROWS, EVERY, COUNT = 5, 4, 23
PARENT = "namespaces/default"
NONE = "no such description"


@pytest.fixture(params=BACKENDS)
def client(request: pytest.FixtureRequest, new_database: Callable[[str], str]) -> Iterator[Client]:
    with (
        serving(new_database(request.param), filter_rows=ROWS, health_interval=300) as server,
        connected(server.address) as client,
    ):
        yield client


def is_marked(number: int) -> bool:
    return number % EVERY == 0


def text_of(number: int) -> str:
    return "marked" if is_marked(number) else ""


def make_sessions(client: Client) -> str:
    for number in range(COUNT):
        new_session(client, PARENT, description=text_of(number))
    return PARENT


def make_participants(client: Client) -> str:
    for number in range(COUNT):
        new_participant(client, PARENT, description=text_of(number))
    return PARENT


def make_namespaces(client: Client) -> str:
    for number in range(COUNT):
        request = v1.CreateNamespaceRequest(
            namespace_id=f"n{number}", namespace=v1.Namespace(description=text_of(number))
        )
        client.namespaces.CreateNamespace(request)
    return ""


def make_memories(client: Client) -> str:
    session, agent = new_session(client, PARENT).name, new_participant(client, PARENT, participant_type=AGENT)
    append(client, session, "first")
    for number in range(COUNT):
        importance = 9 if is_marked(number) else 1
        new_memory(client, session, agent, first_sequence=1, last_sequence=1, importance=importance)
    return session


def make_events(client: Client) -> str:
    session = new_session(client, PARENT).name
    for number in range(COUNT):
        event = v1.Event(text="x", type=text_of(number) or "other")
        client.events.AppendEvents(v1.AppendEventsRequest(parent=session, events=[event]))
    return session


MAKE: dict[str, tuple[Callable[[Client], str], str, str]] = {
    "sessions": (make_sessions, 'description="marked"', f'description="{NONE}"'),
    "participants": (make_participants, 'description="marked"', f'description="{NONE}"'),
    "namespaces": (make_namespaces, 'description="marked"', f'description="{NONE}"'),
    "memories": (make_memories, "importance=9", "importance=77"),
    "events": (make_events, "type=marked", f'type="{NONE}"'),
}
ORDERS = {"events": ["sequence", "sequence desc"]}
REQUESTS: dict[str, tuple[Any, str]] = {
    "sessions": (v1.ListSessionsRequest, "ListSessions"),
    "participants": (v1.ListParticipantsRequest, "ListParticipants"),
    "namespaces": (v1.ListNamespacesRequest, "ListNamespaces"),
    "memories": (v1.ListMemoriesRequest, "ListMemories"),
    "events": (v1.ListEventsRequest, "ListEvents"),
}


def pages(client: Client, kind: str, parent: str, text: str, order: str) -> list[list[str]]:
    """The names in each page of a list."""
    make, method = REQUESTS[kind]
    request = make(filter=text, order_by=order, **({"parent": parent} if parent else {}))
    found = []
    while True:
        page = getattr(getattr(client, kind), method)(request)
        found.append([resource.name for resource in getattr(page, kind)])
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token


@pytest.mark.parametrize("kind", MAKE)
def test_a_page_is_short_and_the_list_complete(client: Client, kind: str) -> None:
    make, marked, none = MAKE[kind]
    parent = make(client)
    for order in ORDERS.get(kind, ["name", "create_time desc"]):
        (everything,) = pages(client, kind, parent, "", order)
        found = pages(client, kind, parent, marked, order)
        # As many as there are rows to look at, and maybe one more for the end.
        assert len(everything) // ROWS <= len(found) <= len(everything) // ROWS + 1
        assert all(len(page) <= ROWS for page in found)
        names = [name for page in found for name in page]
        assert len(names) == len([number for number in range(COUNT) if is_marked(number)])
        assert names == [name for name in everything if name in set(names)]
        assert len(pages(client, kind, parent, none, order)) == len(found)


def test_deleted_sessions_count_among_the_rows_that_a_page_looks_at(client: Client) -> None:
    for _ in range(COUNT):
        delete_session(client, new_session(client, PARENT).name)
    wanted = new_session(client, PARENT, description="marked").name
    found = pages(client, "sessions", PARENT, 'description="marked"', "create_time")
    assert found == [[]] * (COUNT // ROWS) + [[wanted]]


def test_a_purge_looks_at_as_many_rows(client: Client) -> None:
    make_sessions(client)
    listed = [name for page in pages(client, "sessions", PARENT, 'description="marked"', "name") for name in page]
    for name in listed[1:]:
        delete_session(client, name)
    request = v1.PurgeSessionsRequest(parent=PARENT, filter='description="marked"', force=True)
    found: list[str] = []
    looks = live = 0
    while not looks or request.page_token:
        page = client.sessions.PurgeSessions(request)
        found += page.expunged
        looks, live, request.page_token = looks + 1, live + page.kept.live, page.next_page_token
    assert (found, live) == (listed[1:], 1)
    assert looks >= COUNT // ROWS
