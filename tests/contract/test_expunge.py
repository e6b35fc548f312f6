"""The end of a session: once soft-deleted, it can still be read; once expunged, all of it is gone at one moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from threading import Barrier
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import (
    AppendEventsRequest,
    GetEventRequest,
    GetStateRequest,
    ListEventsRequest,
    UpdateStateRequest,
)
from activity_session.v1.memory_pb2 import Memory, MemoryType
from activity_session.v1.memory_service_pb2 import (
    BatchCreateMemoriesRequest,
    CreateMemoryRequest,
    GetMemoryRequest,
    ListMemoriesRequest,
)
from activity_session.v1.session_service_pb2 import ExpungeSessionRequest, UndeleteSessionRequest
from activity_session.v1.state_pb2 import StateScope, StateUpdate
from activity_session_testing.servers import Client, Failure, unique
from activity_session_testing.steps import (
    AGENT,
    START_SECONDS,
    append,
    at_once,
    delete_session,
    get_session,
    list_events,
    new_memory,
    new_participant,
    new_session,
    read_state,
    refused,
    update_state,
)

EVENTS, KEYS, MEMORIES = 1000, 50, 10
BATCH = 100
MOST_READS = 10_000


@dataclass(frozen=True)
class World:
    """A namespace with an agent."""

    namespace: str
    agent: str

    def session(self, session_id: str) -> str:
        return f"{self.namespace}/sessions/{session_id}"


@pytest.fixture
def world(client: Client, namespace: str) -> World:
    return World(namespace, new_participant(client, namespace, participant_type=AGENT))


def put(key: str, value_json: str = "1") -> StateUpdate:
    return StateUpdate(key=key, value_json=value_json)


def fill(client: Client, session: str, *, events: int = EVENTS, keys: int = KEYS) -> None:
    """Give a session events and keys."""
    for start in range(0, events, BATCH):
        append(client, session, *(Event(event_id=str(number)) for number in range(start, start + BATCH)))
    for start in range(0, keys, BATCH):
        update_state(client, session, *(put(f"{number:04}") for number in range(start, min(start + BATCH, keys))))


def remember(client: Client, session: str, agent: str, count: int) -> None:
    """Give a session memories."""
    memory = Memory(agent=agent, memory_type=MemoryType.MEMORY_TYPE_OBSERVATION, content="likes tea")
    requests = [CreateMemoryRequest(parent=session, memory=memory)] * count
    client.memories.BatchCreateMemories(BatchCreateMemoriesRequest(parent=session, requests=requests))


def expunge(client: Client, name: str, *, force: bool = False) -> None:
    client.sessions.ExpungeSession(ExpungeSessionRequest(name=name, force=force))


def delete_and_expunge(client: Client, name: str) -> None:
    delete_session(client, name)
    expunge(client, name, force=True)


def call_of(client: Client, request: Message) -> Any:
    method = request.DESCRIPTOR.name.removesuffix("Request")
    return next(getattr(stub, method) for stub in (client.events, client.memories) if hasattr(stub, method))


def memories_of(client: Client, parent: str) -> list[str]:
    request = ListMemoriesRequest(parent=parent, page_size=1000, show_deleted=True)
    return [memory.name for memory in client.memories.ListMemories(request).memories]


def test_a_deleted_session_keeps_log_and_state(client: Client, world: World) -> None:
    name = new_session(client, world.namespace).name
    fill(client, name, events=BATCH)
    events, state = list_events(client, name), read_state(client, name)
    assert (len(events), len(state)) == (BATCH, KEYS)
    deleted = delete_session(client, name)
    assert deleted.last_sequence == BATCH
    assert (list_events(client, name), read_state(client, name)) == (events, state)
    assert list_events(client, name, after_sequence=BATCH - 1) == events[-1:]
    assert client.events.GetEvent(GetEventRequest(name=events[0].name)) == events[0]
    append_more = AppendEventsRequest(parent=name, events=[Event()])
    refused(client.events.AppendEvents, append_more, "SESSION_DELETED")
    client.sessions.UndeleteSession(UndeleteSessionRequest(name=name))
    assert append(client, name, "one more").last_sequence == BATCH + 1
    assert (list_events(client, name)[:-1], read_state(client, name)) == (events, state)


class TestExpunge:
    def test_puts_all_out_of_reach_at_once(self, client: Client, world: World) -> None:
        name = new_session(client, world.namespace).name
        fill(client, name)
        memories = [new_memory(client, name, world.agent).name for _ in range(MEMORIES)]
        delete_and_expunge(client, name)
        requests: list[Message] = [
            ListEventsRequest(parent=name),
            ListEventsRequest(parent=name, after_sequence=EVENTS // 2, order_by="sequence desc"),
            GetEventRequest(name=f"{name}/events/0"),
            GetEventRequest(name=f"{name}/events/{EVENTS - 1}"),
            GetStateRequest(name=name),
            GetStateRequest(name=name, keys=["0001"]),
            ListMemoriesRequest(parent=name, show_deleted=True),
            *(GetMemoryRequest(name=memory) for memory in memories),
            AppendEventsRequest(parent=name, events=[Event()]),
            UpdateStateRequest(name=name, updates=[put("key")]),
        ]
        for request in requests:
            refusal = refused(call_of(client, request), request, "SESSION_NOT_FOUND")
            assert refusal.info.metadata["resource"] == name
        assert memories_of(client, world.session("-")) == []

    def test_makes_room_for_a_new_session_that_is_empty(self, client: Client, world: World) -> None:
        name = world.session("again")
        uids = set()
        for number in range(3):
            uids.add(new_session(client, world.namespace, "again").uid)
            assert get_session(client, name).last_sequence == 0
            assert (list_events(client, name), read_state(client, name)) == ([], {})
            assert memories_of(client, name) == []
            (event,) = append(client, name, Event(event_id="first", text=str(number))).events
            assert event.sequence == 1
            # It goes on from one session to the next, so that it fences.
            assert update_state(client, name, put("key")).entries["key"].revision == number + 1
            new_memory(client, name, world.agent, "first")
            fill(client, name, events=BATCH)
            delete_and_expunge(client, name)
        assert len(uids) == 3

    def test_ends_the_pages_of_what_was_there(self, client: Client, world: World) -> None:
        name = world.session("paged")
        log, state = ListEventsRequest(parent=name, page_size=2), GetStateRequest(name=name, page_size=2)
        new_session(client, world.namespace, "paged")
        fill(client, name, events=3, keys=3)
        log.page_token = client.events.ListEvents(log).next_page_token
        state.page_token = client.events.GetState(state).next_page_token
        delete_and_expunge(client, name)
        new_session(client, world.namespace, "paged")
        fill(client, name, events=3, keys=3)
        # The last event and key exist again, but they are new ones.
        refused(client.events.ListEvents, log, "INVALID_PAGE_TOKEN")
        refused(client.events.GetState, state, "INVALID_PAGE_TOKEN")

    def test_spares_all_else(self, client: Client, world: World) -> None:
        gone, kept = (new_session(client, world.namespace, id_).name for id_ in ("a", "A"))
        for name in (gone, kept):
            fill(client, name, events=BATCH, keys=3)
            new_memory(client, name, world.agent, "memory")
        scopes = StateScope.STATE_SCOPE_NAMESPACE, StateScope.STATE_SCOPE_PARTICIPANT
        updates = [StateUpdate(scope=scope, key="key", value_json="1") for scope in scopes]
        updates[1].participant = world.agent
        append(client, gone, "event", state_updates=updates)
        before = self.everything(client, world, kept)
        delete_and_expunge(client, gone)
        assert self.everything(client, world, kept) == before

    @staticmethod
    def everything(client: Client, world: World, session: str) -> list[Any]:
        states = [read_state(client, name) for name in (session, world.agent, world.namespace)]
        return [get_session(client, session), list_events(client, session), memories_of(client, session), *states]

    def test_that_is_refused_takes_nothing(self, client: Client, world: World) -> None:
        name = new_session(client, world.namespace).name
        fill(client, name, events=BATCH)
        new_memory(client, name, world.agent)
        request = ExpungeSessionRequest(name=name, force=True)
        refused(client.sessions.ExpungeSession, request, "SESSION_NOT_DELETED")
        delete_session(client, name)
        refused(client.sessions.ExpungeSession, ExpungeSessionRequest(name=name), "SESSION_HAS_MEMORIES")
        request.etag = "stale"
        refused(client.sessions.ExpungeSession, request, "ETAG_MISMATCH")
        assert (len(list_events(client, name)), len(read_state(client, name))) == (BATCH, KEYS)
        assert len(memories_of(client, name)) == 1

    def test_beside_writers_leaves_nothing_of_them_behind(self, client: Client, world: World) -> None:
        session_id = unique("raced")
        name = new_session(client, world.namespace, session_id).name
        calls: list[Callable[[], object]] = [partial(append, client, name, "late") for _ in range(8)]
        calls += [partial(update_state, client, name, put(str(number))) for number in range(8)]
        calls += [partial(new_memory, client, name, world.agent) for _ in range(8)]
        calls.append(partial(delete_and_expunge, client, name))
        answers = at_once(calls)
        assert answers[-1] is None
        reasons = {answer.reason for answer in answers if isinstance(answer, Failure)}
        assert reasons <= {"SESSION_DELETED", "SESSION_NOT_FOUND"}
        new_session(client, world.namespace, session_id)
        assert (list_events(client, name), read_state(client, name)) == ([], {})
        assert memories_of(client, world.session("-")) == []


@dataclass(frozen=True)
class Reading:
    """One way to read a part of a session again and again: how it is counted, and how much there is."""

    count: Callable[[Client, str], int]
    whole: int


# More keys than a page reads at a time from the database.
READINGS = {
    "events in one page": Reading(lambda c, name: len(list_events(c, name, page_size=EVENTS)), EVENTS),
    "events from the end": Reading(
        lambda c, name: len(list_events(c, name, page_size=EVENTS, order_by="sequence desc", omit_content=True)),
        EVENTS,
    ),
    "events in pages": Reading(lambda c, name: len(list_events(c, name, page_size=90)), EVENTS),
    "memories": Reading(lambda c, name: len(memories_of(c, name)), BATCH),
    "state in one page": Reading(lambda c, name: len(read_state(c, name, page_size=1000)), 4 * BATCH),
    "state in pages": Reading(lambda c, name: len(read_state(c, name, page_size=90)), 4 * BATCH),
}


def read_until_gone(client: Client, name: str, reading: Reading, has_read: Barrier) -> set[int]:
    """Return the counts that a reader sees until the session is gone; after its first, it waits for the others."""
    seen = {reading.count(client, name)}
    has_read.wait()
    for _ in range(MOST_READS):
        try:
            seen.add(reading.count(client, name))
        except grpc.RpcError as error:
            if Failure(error).reason == "SESSION_NOT_FOUND":
                return seen
            raise
    raise AssertionError("it is still there")


def test_readers_see_all_of_a_session_or_that_it_is_gone(client: Client, world: World) -> None:
    for _ in range(3):
        name = new_session(client, world.namespace).name
        fill(client, name, keys=4 * BATCH)
        remember(client, name, world.agent, BATCH)
        delete_session(client, name)
        has_read = Barrier(len(READINGS) + 1, timeout=START_SECONDS)
        with ThreadPoolExecutor(len(READINGS)) as pool:
            running = {
                kind: pool.submit(read_until_gone, client, name, reading, has_read)
                for kind, reading in READINGS.items()
            }
            has_read.wait()
            expunge(client, name, force=True)
            # Reads that are under way may finish; those that begin from now on find nothing.
            seen = {kind: future.result(timeout=START_SECONDS) for kind, future in running.items()}
        assert seen == {kind: {reading.whole} for kind, reading in READINGS.items()}
