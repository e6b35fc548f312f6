"""What a participant is shown of lists: its own, in the same order and pages as anybody, and nothing of the rest."""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain
from typing import Any, NamedTuple

import pytest

from activity_session.v1.memory_service_pb2 import ListMemoriesRequest
from activity_session.v1.session_pb2 import SESSION_VIEW_FULL, Session
from activity_session.v1.session_service_pb2 import ListSessionsRequest, UnbindParticipantRequest
from activity_session_server.rules.access.callers import Grant
from activity_session_server.rules.access.roles import Role
from activity_session_testing.access import serving_callers
from activity_session_testing.servers import Client, unique
from activity_session_testing.steps import (
    AGENT,
    delete_session,
    make_namespace,
    members,
    new_memory,
    new_participant,
    new_session,
    refused,
)

pytestmark = pytest.mark.one_node
SESSIONS = 12
FILTER_ROWS = 4
ORDERS = ["", "name desc", "create_time", "create_time desc", "update_time", "update_time desc"]
# More than a response holds of half of them.
LONG = "x" * 1024 * 1024


class Place(NamedTuple):
    """A namespace in which every third session is Alice's, and every second Bobby's."""

    system: Client
    alice: Client
    bobby: Client
    namespace: str
    sessions: list[Session]

    def of(self, *names: str) -> list[str]:
        """The sessions of which one of those is a member."""
        return [
            session.name
            for session in self.sessions
            if any(member.participant.endswith(names) for member in session.participants)
        ]


@pytest.fixture(scope="module")
def place(database_url: str) -> Iterator[Place]:
    namespace_id = unique("lists")
    grants = [
        Grant("system", "", Role.SYSTEM),
        Grant("alice", namespace_id, participant="alice"),
        Grant("bobby", namespace_id, participant="bobby"),
    ]
    with ExitStack() as stack:
        access = stack.enter_context(serving_callers(database_url, grants, filter_rows=FILTER_ROWS))
        system, alice, bobby = (stack.enter_context(access.client(who)) for who in ("system", "alice", "bobby"))
        namespace = make_namespace(system, namespace_id).name
        people = {
            id_: new_participant(system, namespace, id_, participant_type=AGENT) for id_ in ("alice", "bobby", "carol")
        }
        sessions = []
        for number in range(SESSIONS):
            names = [people["carol"]]
            names += [people["alice"]] if number % 3 == 0 else []
            names += [people["bobby"]] if number % 2 == 0 else []
            # Names in another order than that in which they are made.
            session_id = f"in-order-{number * 5 % SESSIONS:02}"
            sessions.append(
                new_session(
                    system, namespace, session_id, participants=members(*names), data=LONG, labels={"n": str(number)}
                )
            )
        yield Place(system, alice, bobby, namespace, sessions)


def _pages(client: Client, namespace: str, size: int, **fields: Any) -> list[list[str]]:
    request = ListSessionsRequest(parent=namespace, page_size=size, **fields)
    pages = []
    while True:
        page = client.sessions.ListSessions(request)
        pages.append([session.name for session in page.sessions])
        if not page.next_page_token:
            return pages
        request.page_token = page.next_page_token


def _all(client: Client, namespace: str, **fields: Any) -> list[str]:
    return list(chain(*_pages(client, namespace, 1000, **fields)))


@pytest.mark.parametrize("order_by", ORDERS)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_only_its_own_are_listed_in_any_order(place: Place, order_by: str, size: int) -> None:
    for client, own in (place.alice, place.of("alice")), (place.bobby, place.of("bobby")):
        everybody = _all(place.system, place.namespace, order_by=order_by)
        pages = _pages(client, place.namespace, size, order_by=order_by)
        assert list(chain(*pages)) == [name for name in everybody if name in own]
        # Neither an empty page nor one that is too short tells of others.
        assert all(len(page) == size for page in pages[:-1])
        assert pages[-1]


def test_pages_end_early_by_the_size_of_its_own_only(place: Place) -> None:
    pages = _pages(place.bobby, place.namespace, 1000, view=SESSION_VIEW_FULL)
    assert list(chain(*pages)) == sorted(place.of("bobby"))
    assert [len(page) for page in pages] == [3, 3]


@pytest.mark.parametrize("number", range(SESSIONS))
def test_a_filter_finds_only_its_own(place: Place, number: int) -> None:
    found = _all(place.alice, place.namespace, filter=f'labels.n = "{number}"')
    assert found == ([place.sessions[number].name] if number % 3 == 0 else [])


def test_a_filter_looks_at_its_own_only(place: Place) -> None:
    """Else a page would end where many sessions of others lie between."""
    own = sorted(place.of("bobby"))
    pages = _pages(place.bobby, place.namespace, 1000, filter='labels.n = "*"')
    assert pages[:2] == [own[:FILTER_ROWS], own[FILTER_ROWS:]]
    assert list(chain(*pages[2:])) == []


def test_a_page_token_of_others_leads_to_its_own(place: Place) -> None:
    request = ListSessionsRequest(parent=place.namespace, page_size=2)
    request.page_token = place.system.sessions.ListSessions(request).next_page_token
    after = sorted(session.name for session in place.sessions)[1]
    found = [session.name for session in place.alice.sessions.ListSessions(request).sessions]
    assert found == [name for name in sorted(place.of("alice")) if name > after][:2]


def test_a_session_that_it_has_left_is_not_listed(place: Place) -> None:
    session = new_session(place.system, place.namespace, participants=members(f"{place.namespace}/participants/alice"))
    assert session.name in _all(place.alice, place.namespace)
    place.alice.sessions.UnbindParticipant(
        UnbindParticipantRequest(session=session.name, participant=session.participants[0].participant)
    )
    assert session.name not in _all(place.alice, place.namespace, show_deleted=True)
    delete_session(place.system, session.name)


def test_deleted_sessions_of_its_own_are_shown_where_asked_for(place: Place) -> None:
    mine, other = (
        new_session(place.system, place.namespace, participants=members(f"{place.namespace}/participants/{who}")).name
        for who in ("alice", "carol")
    )
    delete_session(place.system, mine)
    delete_session(place.system, other)
    assert mine not in _all(place.alice, place.namespace)
    shown = _all(place.alice, place.namespace, show_deleted=True)
    assert mine in shown
    assert other not in shown


def _memories(client: Client, namespace: str, where: str) -> list[str]:
    request = ListMemoriesRequest(parent=f"{namespace}/sessions/-", filter=where)
    found: list[str] = []
    while True:
        page = client.memories.ListMemories(request)
        found += [memory.name for memory in page.memories]
        request.page_token = page.next_page_token
        if not request.page_token:
            return found


def test_memories_of_its_own_sessions_are_listed(place: Place) -> None:
    for session in place.sessions:
        new_memory(place.system, session.name, f"{place.namespace}/participants/carol", "memory")
    for client, names in (place.alice, ("alice",)), (place.bobby, ("bobby",)):
        for where in "", "importance = 0":
            found = [name.partition("/memories/")[0] for name in _memories(client, place.namespace, where)]
            assert sorted(found) == sorted(place.of(*names))
    foreign = next(session.name for session in place.sessions if session.name not in place.of("alice"))
    refused(place.alice.memories.ListMemories, ListMemoriesRequest(parent=foreign), "PERMISSION_DENIED")
