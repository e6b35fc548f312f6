"""Lists and batches of the largest rows that there can be: a page reads little more than it returns."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from google.protobuf.message import Message

from activity_session import v1
from activity_session_testing.backends import MariaDB
from activity_session_testing.processes import ServerProcess
from activity_session_testing.rpcs import RPCS
from activity_session_testing.servers import Client, connected
from activity_session_testing.steps import (
    AGENT,
    append,
    list_events,
    make_namespace,
    make_participant,
    members,
    new_memory,
    new_participant,
    new_session,
    refused,
    update_state,
)

KIB, MIB = 1024, 1024 * 1024
RESPONSE_BYTES = 4 * MIB
# A part of each row, then a page, and the row that does not fit any more.
MOST_READ = 2 * RESPONSE_BYTES + 3 * MIB
TOGETHER = 8
# An idle server has some 90 MiB. A call holds what it reads, as the driver gives it and as messages, and its response.
MOST_RESIDENT = 300 * MIB


def events(client: Client, namespace: str) -> v1.ListEventsRequest:
    session = new_session(client, namespace).name
    for _ in range(25):
        append(client, session, *[v1.Event(blob=bytes(MIB))] * 2)
    return v1.ListEventsRequest(parent=session)


def sessions(client: Client, namespace: str) -> Message:
    for _ in range(25):
        new_session(client, namespace, data="x" * 3 * MIB)
    return v1.ListSessionsRequest(parent=namespace, view=v1.SESSION_VIEW_FULL)


def crowded_sessions(client: Client, namespace: str) -> Message:
    crowd = [new_participant(client, namespace, f"{number:03}{'🫖' * 252}") for number in range(256)]
    for _ in range(50):
        new_session(client, namespace, participants=members(*crowd, role="🫖" * 64))
    return v1.ListSessionsRequest(parent=namespace)


def described_sessions(client: Client, namespace: str) -> Message:
    for _ in range(200):
        new_session(client, namespace, description="x" * 64 * KIB)
    return v1.ListSessionsRequest(parent=namespace)


def memories(client: Client, namespace: str) -> Message:
    session, agent = new_session(client, namespace).name, new_participant(client, namespace, participant_type=AGENT)
    for _ in range(50):
        new_memory(client, session, agent, content="x" * 256 * KIB, memo="x" * 64 * KIB)
    return v1.ListMemoriesRequest(parent=session)


def state(client: Client, namespace: str) -> Message:
    session = new_session(client, namespace).name
    for number in range(50):
        value = v1.StateUpdate(key=str(number), value_json=f'"{"x" * (256 * KIB - 2)}"')
        update_state(client, session, value)
    return v1.GetStateRequest(name=session)


def participants(client: Client, namespace: str) -> Message:
    for number in range(200):
        make_participant(client, namespace, str(number), description="x" * 64 * KIB)
    return v1.ListParticipantsRequest(parent=namespace, page_size=200)


def namespaces(client: Client, namespace: str) -> Message:
    for number in range(200):
        make_namespace(client, f"{namespace.rpartition('/')[2]}-{number}", description="x" * 64 * KIB)
    return v1.ListNamespacesRequest(page_size=200)


# What fills each list, by RPC.
LISTS: dict[str, list[Callable[[Client, str], Message]]] = {
    "GetState": [state],
    "ListEvents": [events],
    "ListMemories": [memories],
    "ListNamespaces": [namespaces],
    "ListParticipants": [participants],
    "ListSessions": [sessions, crowded_sessions],
}
CASES = [pytest.param(name, fill, id=fill.__name__) for name, fills in LISTS.items() for fill in fills]


def test_every_list_is_here() -> None:
    # Of what it looks at, a purge returns names: it has a test of its own.
    assert {*LISTS, "PurgeSessions"} == {
        name for name, rpc in RPCS.items() if "page_token" in rpc.request_class.DESCRIPTOR.fields_by_name
    }


@pytest.fixture
def client(process: ServerProcess) -> Iterator[Client]:
    with connected(process.address) as client:
        yield client


def all_pages(call: Any, request: Any) -> Iterator[Message]:
    while True:
        page = call(request)
        yield page
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


@pytest.mark.parametrize(("name", "fill"), CASES)
def test_a_page_reads_and_holds_little_more_than_it_returns(
    process: ServerProcess, client: Client, request: pytest.FixtureRequest, name: str, fill: Any
) -> None:
    wanted = fill(client, make_namespace(client).name)
    call = RPCS[name].on(client.channel)
    process.most_resident_bytes()
    with ThreadPoolExecutor(TOGETHER) as pool:
        pages = list(pool.map(call, [wanted] * 2 * TOGETHER))
    resident = process.most_resident_bytes()
    assert all(RESPONSE_BYTES // 4 < page.ByteSize() <= RESPONSE_BYTES for page in pages)
    assert resident < MOST_RESIDENT, f"{resident // MIB} MiB"
    if "mariadb" in request.node.name:
        read = bytes_read(request.getfixturevalue("mariadb"), lambda: call(wanted))
        assert read < MOST_READ, f"{read / MIB:.1f} MiB"
    assert sum(page.ByteSize() for page in all_pages(call, wanted)) > MOST_READ


def test_a_batch_of_large_events_holds_little_more_than_a_response(
    process: ServerProcess, client: Client, request: pytest.FixtureRequest
) -> None:
    listed = events(client, make_namespace(client).name)
    names = [event.name for event in list_events(client, listed.parent, omit_content=True)]
    wanted = v1.BatchGetEventsRequest(parent=listed.parent, names=names, omit_content=True)
    process.most_resident_bytes()
    with ThreadPoolExecutor(TOGETHER) as pool:
        found = list(pool.map(client.events.BatchGetEvents, [wanted] * 2 * TOGETHER))
    resident = process.most_resident_bytes()
    assert [[event.name for event in one.events] for one in found] == [names] * 2 * TOGETHER
    assert resident < MOST_RESIDENT, f"{resident // MIB} MiB"
    wanted.omit_content = False
    if "mariadb" in request.node.name:
        act = partial(refused, client.events.BatchGetEvents, wanted, "LIMIT_EXCEEDED", "names")
        assert bytes_read(request.getfixturevalue("mariadb"), act) < MIB


@pytest.mark.parametrize("fill", [crowded_sessions, described_sessions])
def test_a_purge_reads_and_holds_little_more_than_a_response(
    process: ServerProcess, client: Client, request: pytest.FixtureRequest, fill: Any
) -> None:
    parent = make_namespace(client).name
    fill(client, parent)
    wanted = v1.PurgeSessionsRequest(parent=parent, filter="*", page_size=1000)
    process.most_resident_bytes()
    with ThreadPoolExecutor(TOGETHER) as pool:
        pages = list(pool.map(client.sessions.PurgeSessions, [wanted] * 2 * TOGETHER))
    resident = process.most_resident_bytes()
    assert all(page.kept.live and page.next_page_token for page in pages)
    assert resident < MOST_RESIDENT, f"{resident // MIB} MiB"
    if "mariadb" in request.node.name:
        read = bytes_read(request.getfixturevalue("mariadb"), lambda: client.sessions.PurgeSessions(wanted))
        assert read < MOST_READ, f"{read / MIB:.1f} MiB"


def bytes_read(mariadb: MariaDB, act: Callable[[], object]) -> int:
    """What the database has sent meanwhile."""
    before = bytes_sent(mariadb)
    act()
    return bytes_sent(mariadb) - before


def bytes_sent(mariadb: MariaDB) -> int:
    return int(str(mariadb.execute("SHOW GLOBAL STATUS LIKE 'Bytes_sent'")[0][1]))
