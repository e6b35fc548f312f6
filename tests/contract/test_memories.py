"""Memories: their life, which agents can have them, what they come from, how they are recalled and found again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from activity_session.v1.info_service_pb2 import GetServerInfoRequest, ServerLimits
from activity_session.v1.memory_pb2 import Memory, MemoryType
from activity_session.v1.memory_service_pb2 import (
    BatchCreateMemoriesRequest,
    CreateMemoryRequest,
    DeleteMemoryRequest,
    GetMemoryRequest,
    ListMemoriesRequest,
    UndeleteMemoryRequest,
    UpdateMemoryRequest,
)
from activity_session.v1.namespace_pb2 import Namespace
from activity_session.v1.namespace_service_pb2 import UpdateNamespaceRequest
from activity_session.v1.participant_pb2 import Participant
from activity_session.v1.participant_service_pb2 import UpdateParticipantRequest
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import ExpungeSessionRequest, UndeleteSessionRequest
from activity_session.v1.session_settings_pb2 import SessionSettings
from activity_session_testing.servers import Client, Failure, failure, unique
from activity_session_testing.steps import (
    AGENT,
    append,
    at_once,
    delete_namespace,
    delete_participant,
    delete_session,
    get_session,
    make_namespace,
    new_memory,
    new_participant,
    new_session,
    refused,
    update_session,
)

CALLERS = 32
OBSERVATION, INTEGRATION = MemoryType.MEMORY_TYPE_OBSERVATION, MemoryType.MEMORY_TYPE_INTEGRATION
NOT_FOUND, REFUSED = grpc.StatusCode.NOT_FOUND, grpc.StatusCode.FAILED_PRECONDITION
LARGEST = 2**31 - 1
MOST_PAGES = 100


@dataclass(frozen=True)
class World:
    """The names of a namespace, of an agent in it, and of a session with three events."""

    namespace: str
    agent: str
    session: str


@pytest.fixture
def world(client: Client, namespace: str) -> World:
    agent = new_participant(client, namespace, participant_type=AGENT)
    session = new_session(client, namespace).name
    append(client, session, "first", "second", "third")
    return World(namespace, agent, session)


@pytest.fixture
def memory(client: Client, world: World) -> Memory:
    return new_memory(client, world.session, world.agent, memo="overheard", importance=3)


@pytest.fixture(scope="module")
def limits(client: Client) -> ServerLimits:
    return client.info.GetServerInfo(GetServerInfoRequest()).limits


def get(client: Client, name: str, *, touch: bool = False, request_id: str = "") -> Memory:
    return client.memories.GetMemory(GetMemoryRequest(name=name, touch=touch, request_id=request_id))


def update(client: Client, memory: Memory, *paths: str) -> Memory:
    return client.memories.UpdateMemory(UpdateMemoryRequest(memory=memory, update_mask=FieldMask(paths=paths)))


def delete(client: Client, name: str) -> Memory:
    return client.memories.DeleteMemory(DeleteMemoryRequest(name=name))


def listed(client: Client, parent: str, **fields: Any) -> list[Memory]:
    """Return all memories that a query finds, from all pages."""
    request = ListMemoriesRequest(parent=parent, **fields)
    found: list[Memory] = []
    for _ in range(MOST_PAGES):
        page = client.memories.ListMemories(request)
        found += page.memories
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token
    raise AssertionError("the list does not end")


def creating(world: World, memory_id: str = "", **fields: Any) -> CreateMemoryRequest:
    given = {"agent": world.agent, "memory_type": OBSERVATION, "content": "likes tea", **fields}
    return CreateMemoryRequest(parent=world.session, memory_id=memory_id, memory=Memory(**given))


def batch(world: World, *requests: CreateMemoryRequest, **fields: Any) -> BatchCreateMemoriesRequest:
    return BatchCreateMemoriesRequest(parent=world.session, requests=requests, **fields)


def call_of(client: Client, request: Message) -> Any:
    return getattr(client.memories, request.DESCRIPTOR.name.removesuffix("Request"))


def changes_of(name: str) -> list[Message]:
    """Return requests for all calls that change an existing memory."""
    return [
        GetMemoryRequest(name=name, touch=True),
        UpdateMemoryRequest(memory=Memory(name=name, memo="new")),
        DeleteMemoryRequest(name=name),
        UndeleteMemoryRequest(name=name),
    ]


def new_ones_of(world: World) -> list[Message]:
    return [creating(world), batch(world, creating(world), creating(world))]


def check_all_refused(client: Client, requests: Sequence[Message], reason: str, resource: str) -> None:
    for request in requests:
        refusal = refused(call_of(client, request), request, reason)
        assert refusal.info.metadata["resource"] == resource, request.DESCRIPTOR.name


class TestLife:
    def test_begins_with_what_was_given(self, client: Client, world: World) -> None:
        given: dict[str, Any] = {
            "content": "e\u0301 🚀\n\t ",
            "memo": " \n🫖",
            "importance": LARGEST,
            "memory_type": INTEGRATION,
        }
        given |= {"first_sequence": 1, "last_sequence": 3}
        created = new_memory(client, world.session, world.agent, "Tëa 🫖", **given)
        assert created.name == f"{world.session}/memories/Tëa 🫖"
        assert created.uid
        assert created.etag
        assert created.create_time == created.update_time
        own = {field: getattr(created, field) for field in ("name", "uid", "etag", "create_time", "update_time")}
        assert created == Memory(agent=world.agent, **given, **own)
        assert get(client, created.name) == created
        assert listed(client, world.session) == [created]

    def test_begins_without_what_is_not_the_callers(self, client: Client, world: World) -> None:
        request = creating(world, "mine", name="x", uid="x", etag="x", access_count=7)
        for field in ("access_time", "create_time", "update_time", "delete_time"):
            getattr(request.memory, field).seconds = 1
        created = client.memories.CreateMemory(request)
        assert created.name == f"{world.session}/memories/mine"
        assert (created.access_count, created.memo, created.importance) == (0, "", 0)
        assert not created.HasField("access_time")
        assert not created.HasField("delete_time")
        assert created.create_time.seconds > 1
        assert "x" not in (created.uid, created.etag)

    def test_gets_an_id_where_none_is_given(self, client: Client, world: World) -> None:
        created = [new_memory(client, world.session, world.agent) for _ in range(2)]
        assert len({memory.name for memory in created}) == len({memory.uid for memory in created}) == 2
        assert {memory.name for memory in listed(client, world.session)} == {memory.name for memory in created}

    def test_does_not_change_the_session(self, client: Client, world: World) -> None:
        before = get_session(client, world.session)
        created = new_memory(client, world.session, world.agent)
        delete(client, update(client, Memory(name=created.name, memo="new")).name)
        assert get_session(client, world.session) == before

    def test_goes_through_deletion_and_back(self, client: Client, world: World, memory: Memory) -> None:
        deleted = delete(client, memory.name)
        assert deleted.HasField("delete_time")
        assert deleted.etag != memory.etag
        assert get(client, memory.name) == deleted
        assert listed(client, world.session) == []
        assert listed(client, world.session, show_deleted=True) == [deleted]
        back = client.memories.UndeleteMemory(UndeleteMemoryRequest(name=memory.name))
        assert not back.HasField("delete_time")
        assert back.etag not in (memory.etag, deleted.etag)
        assert listed(client, world.session) == [get(client, memory.name)] == [back]
        assert (back.uid, back.content, back.memo, back.importance) == (memory.uid, "likes tea", "overheard", 3)

    def test_is_refused_changes_while_deleted(self, client: Client, world: World, memory: Memory) -> None:
        deleted = delete(client, memory.name)
        *changes, _ = changes_of(memory.name)
        check_all_refused(client, changes, "MEMORY_DELETED", memory.name)
        memory_id = memory.name.rpartition("/")[2]
        refusal = refused(client.memories.CreateMemory, creating(world, memory_id), "MEMORY_ALREADY_EXISTS")
        assert refusal.code is grpc.StatusCode.ALREADY_EXISTS
        assert get(client, memory.name) == deleted

    def test_is_not_brought_back_twice(self, client: Client, memory: Memory) -> None:
        request = UndeleteMemoryRequest(name=memory.name)
        refusal = refused(client.memories.UndeleteMemory, request, "MEMORY_ALREADY_EXISTS")
        assert refusal.info.metadata["resource"] == memory.name
        assert get(client, memory.name) == memory

    def test_has_an_id_of_its_own_in_each_session(self, client: Client, world: World) -> None:
        other = World(world.namespace, world.agent, new_session(client, world.namespace).name)
        for memory_id in ("a", "A", "á", "a b"):
            client.memories.CreateMemory(creating(world, memory_id))
            client.memories.CreateMemory(creating(other, memory_id))
            refused(client.memories.CreateMemory, creating(world, memory_id), "MEMORY_ALREADY_EXISTS")
        assert len(listed(client, world.session)) == len(listed(client, other.session)) == 4


class TestErrors:
    def test_tell_what_is_missing(self, client: Client, world: World) -> None:
        for session, name, missing, reason in (
            ("namespaces/none/sessions/x", "", "namespaces/none", "NAMESPACE_NOT_FOUND"),
            (f"{world.namespace}/sessions/none", "", f"{world.namespace}/sessions/none", "SESSION_NOT_FOUND"),
            (world.session, f"{world.session}/memories/none", f"{world.session}/memories/none", "MEMORY_NOT_FOUND"),
        ):
            wanted = name or f"{session}/memories/x"
            requests = [*changes_of(wanted), GetMemoryRequest(name=wanted)]
            if not name:
                agent = f"{session.partition('/sessions')[0]}/participants/x"
                elsewhere = World(world.namespace, agent, session)
                requests += [*new_ones_of(elsewhere), ListMemoriesRequest(parent=session)]
            check_all_refused(client, requests, reason, missing)
        nowhere = ListMemoriesRequest(parent="namespaces/none/sessions/-")
        assert refused(client.memories.ListMemories, nowhere, "NAMESPACE_NOT_FOUND").code is NOT_FOUND

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"agent": ""}, "agent"),
            ({"agent": "x"}, "agent"),
            ({"agent": "namespaces/default/sessions/x"}, "agent"),
            ({"agent": "namespaces/default/participants/x"}, "agent"),
            ({"memory_type": 0}, "memory_type"),
            ({"memory_type": 3}, "memory_type"),
            ({"content": ""}, "content"),
            ({"content": "a\0"}, "content"),
            ({"memo": "a\0"}, "memo"),
            ({"importance": -1}, "importance"),
            ({"first_sequence": -1, "last_sequence": 1}, "first_sequence"),
            ({"first_sequence": 1, "last_sequence": -1}, "last_sequence"),
            ({"first_sequence": 2, "last_sequence": 1}, "first_sequence"),
            ({"first_sequence": 1}, "first_sequence"),
            ({"last_sequence": 1}, "first_sequence"),
            ({"first_sequence": 1, "last_sequence": 4}, "last_sequence"),
            ({"first_sequence": 4, "last_sequence": 4}, "last_sequence"),
            ({"first_sequence": 1, "last_sequence": 2**63 - 1}, "last_sequence"),
        ],
        ids=str,
    )
    def test_name_the_field_that_is_wrong(
        self, client: Client, world: World, fields: dict[str, Any], field: str
    ) -> None:
        refused(client.memories.CreateMemory, creating(world, **fields), "INVALID_FIELD", f"memory.{field}")
        requests = batch(world, creating(world), creating(world, **fields))
        refused(client.memories.BatchCreateMemories, requests, "INVALID_FIELD", f"requests[1].memory.{field}")
        assert listed(client, world.session) == []

    def test_name_the_id_or_name_that_is_wrong(self, client: Client, world: World) -> None:
        for memory_id in ("-", "a/b", " a", "a ", "a\n", "e\u0301"):
            refused(client.memories.CreateMemory, creating(world, memory_id), "INVALID_FIELD", "memory_id")
        for name in ("", "x", world.session, f"{world.session}/memories/-", f"{world.session}/events/x"):
            refused(client.memories.GetMemory, GetMemoryRequest(name=name), "INVALID_FIELD", "name")
            request = UpdateMemoryRequest(memory=Memory(name=name, memo="x"))
            refused(client.memories.UpdateMemory, request, "INVALID_FIELD", "memory.name")
        for parent in ("", "x", world.namespace, "namespaces/-/sessions/-", f"{world.namespace}/participants/-"):
            refused(client.memories.ListMemories, ListMemoriesRequest(parent=parent), "INVALID_FIELD", "parent")
        wildcard = World(world.namespace, world.agent, f"{world.namespace}/sessions/-")
        refused(client.memories.CreateMemory, creating(wildcard), "INVALID_FIELD", "parent")


class TestAgents:
    def test_must_be_agents_of_the_namespace(self, client: Client, world: World) -> None:
        person = new_participant(client, world.namespace)
        elsewhere = new_participant(client, make_namespace(client).name, participant_type=AGENT)
        for agent in (person, elsewhere):
            refused(client.memories.CreateMemory, creating(world, agent=agent), "INVALID_FIELD", "memory.agent")
        missing = creating(world, agent=f"{world.namespace}/participants/none")
        refusal = refused(client.memories.CreateMemory, missing, "PARTICIPANT_NOT_FOUND")
        assert refusal.info.metadata["resource"] == missing.memory.agent
        assert listed(client, world.session) == []

    def test_must_be_usable_for_new_memories_alone(self, client: Client, world: World, memory: Memory) -> None:
        self.set_enabled(client, world.agent, enabled=False)
        check_all_refused(client, new_ones_of(world), "PARTICIPANT_DISABLED", world.agent)
        self.check_is_changed(client, memory)
        self.set_enabled(client, world.agent, enabled=True)
        delete_participant(client, world.agent)
        check_all_refused(client, new_ones_of(world), "PARTICIPANT_DELETED", world.agent)
        self.check_is_changed(client, memory)
        assert [one.agent for one in listed(client, world.session)] == [world.agent]

    @staticmethod
    def set_enabled(client: Client, agent: str, *, enabled: bool) -> None:
        participant = Participant(name=agent, enabled=enabled)
        client.participants.UpdateParticipant(UpdateParticipantRequest(participant=participant))

    @staticmethod
    def check_is_changed(client: Client, memory: Memory) -> None:
        count = get(client, memory.name).access_count
        assert get(client, memory.name, touch=True).access_count == count + 1
        memo = unique("memo")
        assert update(client, Memory(name=memory.name, memo=memo)).memo == memo

    def test_need_not_be_members(self, client: Client, world: World, memory: Memory) -> None:
        assert not get_session(client, world.session).participants
        assert get(client, memory.name).agent == world.agent


class TestSequences:
    @pytest.mark.parametrize(("first", "last"), [(0, 0), (1, 1), (1, 3), (2, 3), (3, 3)])
    def test_of_events_that_are_there_are_kept(self, client: Client, world: World, first: int, last: int) -> None:
        created = new_memory(client, world.session, world.agent, first_sequence=first, last_sequence=last)
        assert (created.first_sequence, created.last_sequence) == (first, last)
        assert get(client, created.name) == created

    def test_follow_the_log(self, client: Client, world: World) -> None:
        request = creating(world, first_sequence=4, last_sequence=4)
        refused(client.memories.CreateMemory, request, "INVALID_FIELD", "memory.last_sequence")
        append(client, world.session, "fourth")
        assert client.memories.CreateMemory(request).last_sequence == 4


class TestImportance:
    def test_is_that_of_the_session_where_it_says_one(self, client: Client, world: World, memory: Memory) -> None:
        self.override(client, world, 9)
        assert new_memory(client, world.session, world.agent, importance=2).importance == 9
        assert new_memory(client, world.session, world.agent).importance == 9
        made = client.memories.BatchCreateMemories(batch(world, creating(world, importance=1), creating(world)))
        assert [one.importance for one in made.memories] == [9, 9]
        assert get(client, memory.name, touch=True).importance == 3
        assert update(client, Memory(name=memory.name, importance=5), "importance").importance == 9
        self.override(client, world, 4)
        assert update(client, Memory(name=memory.name, memo="new"), "memo").importance == 4
        assert get(client, memory.name).importance == 4

    def test_is_the_memory_s_own_again_without_it(self, client: Client, world: World) -> None:
        self.override(client, world, 9)
        created = new_memory(client, world.session, world.agent, importance=2)
        self.override(client, world, 0)
        assert update(client, Memory(name=created.name, memo="new"), "memo").importance == 9
        assert update(client, Memory(name=created.name), "importance").importance == 0
        assert new_memory(client, world.session, world.agent, importance=2).importance == 2

    @staticmethod
    def override(client: Client, world: World, importance: int) -> None:
        settings = SessionSettings(override_importance=importance)
        update_session(client, Session(name=world.session, settings=settings), "settings.override_importance")


class TestUpdates:
    def test_change_what_the_mask_names(self, client: Client, memory: Memory) -> None:
        given = Memory(name=memory.name, content="likes coffee", memo="", importance=8)
        first = update(client, given, "content")
        assert (first.content, first.memo, first.importance) == ("likes coffee", "overheard", 3)
        assert first.etag != memory.etag
        assert first.update_time.ToNanoseconds() > memory.update_time.ToNanoseconds()
        assert first.create_time == memory.create_time
        second = update(client, given, "memo", "importance")
        assert (second.content, second.memo, second.importance) == ("likes coffee", "", 8)
        assert get(client, memory.name) == second

    def test_change_what_is_populated_without_a_mask_and_all_with_a_star(self, client: Client, memory: Memory) -> None:
        changed = update(client, Memory(name=memory.name, importance=8))
        assert (changed.content, changed.memo, changed.importance) == ("likes tea", "overheard", 8)
        changed = update(client, Memory(name=memory.name, content="likes coffee"), "*")
        assert (changed.content, changed.memo, changed.importance) == ("likes coffee", "", 0)

    def test_pass_over_what_is_not_the_callers(self, client: Client, memory: Memory) -> None:
        given = Memory(name=memory.name, memo="new", uid="x", access_count=7)
        given.create_time.seconds = given.delete_time.seconds = 1
        for paths in ((), ("memo", "uid", "access_count", "create_time", "delete_time", "name", "etag")):
            changed = update(client, given, *paths)
            assert (changed.uid, changed.access_count, changed.memo) == (memory.uid, 0, "new")
            assert changed.create_time == memory.create_time
            assert not changed.HasField("delete_time")

    @pytest.mark.parametrize(
        "fields",
        [{"agent": "other"}, {"memory_type": INTEGRATION}, {"first_sequence": 1}, {"last_sequence": 3}],
        ids="".join,
    )
    def test_refuse_what_is_immutable_unless_it_stays(
        self, client: Client, world: World, fields: dict[str, Any]
    ) -> None:
        created = new_memory(client, world.session, world.agent, first_sequence=2, last_sequence=2)
        (field,) = fields
        other = new_participant(client, world.namespace, participant_type=AGENT)
        given = Memory(name=created.name, memo="new", **{"agent": other} if field == "agent" else fields)
        for paths in ((), ("*",), (field,), ("memo", field)):
            request = UpdateMemoryRequest(memory=given, update_mask=FieldMask(paths=paths))
            refused(client.memories.UpdateMemory, request, "INVALID_FIELD", f"memory.{field}")
        assert get(client, created.name) == created
        unchanged = Memory(name=created.name, memo="new", **{field: getattr(created, field)})
        assert update(client, unchanged, "memo", field).memo == "new"

    def test_refuse_what_no_memory_can_be(self, client: Client, memory: Memory) -> None:
        for given, paths, field in (
            (Memory(), ["content"], "memory.content"),
            (Memory(memo="x"), ["*"], "memory.content"),
            (Memory(importance=-1), ["importance"], "memory.importance"),
            (Memory(memo="x"), ["nonsense"], "update_mask"),
            (Memory(memo="x"), ["memo.x"], "update_mask"),
        ):
            given.name = memory.name
            request = UpdateMemoryRequest(memory=given, update_mask=FieldMask(paths=paths))
            refused(client.memories.UpdateMemory, request, "INVALID_FIELD", field)
        assert get(client, memory.name) == memory

    def test_are_made_only_with_the_current_etag(self, client: Client, memory: Memory) -> None:
        current = update(client, Memory(name=memory.name, memo="new", etag=memory.etag))
        for request in (
            UpdateMemoryRequest(memory=Memory(name=memory.name, memo="newer", etag=memory.etag)),
            DeleteMemoryRequest(name=memory.name, etag=memory.etag),
        ):
            refusal = refused(call_of(client, request), request, "ETAG_MISMATCH")
            assert refusal.code is grpc.StatusCode.ABORTED
            assert refusal.info.metadata == {"resource": memory.name, "etag": current.etag}
        assert get(client, memory.name) == current
        deleted = client.memories.DeleteMemory(DeleteMemoryRequest(name=memory.name, etag=current.etag))
        undeleting = UndeleteMemoryRequest(name=memory.name, etag=current.etag)
        refused(client.memories.UndeleteMemory, undeleting, "ETAG_MISMATCH")
        undeleting.etag = deleted.etag
        assert not client.memories.UndeleteMemory(undeleting).HasField("delete_time")

    def test_of_one_etag_are_won_by_one_of_many(self, client: Client, memory: Memory) -> None:
        given = [Memory(name=memory.name, etag=memory.etag, memo=str(number)) for number in range(CALLERS)]
        answers = at_once([partial(update, client, one) for one in given])
        refusals = [answer for answer in answers if isinstance(answer, Failure)]
        assert {refusal.reason for refusal in refusals} == {"ETAG_MISMATCH"}
        assert [answer for answer in answers if not isinstance(answer, Failure)] == [get(client, memory.name)]


class TestTouch:
    def test_counts_and_leaves_the_rest(self, client: Client, memory: Memory) -> None:
        first = get(client, memory.name, touch=True)
        assert first.access_count == 1
        assert first.access_time.ToNanoseconds() >= memory.create_time.ToNanoseconds()
        second = get(client, memory.name, touch=True)
        assert second.access_time.ToNanoseconds() >= first.access_time.ToNanoseconds()
        assert get(client, memory.name) == second
        expected = Memory(access_count=2, access_time=second.access_time)
        expected.MergeFrom(memory)
        assert second == expected

    def test_counts_exactly_under_parallel_calls(self, client: Client, memory: Memory) -> None:
        answers = at_once([partial(get, client, memory.name, touch=True)] * CALLERS)
        touched = [answer for answer in answers if isinstance(answer, Memory)]
        assert sorted(one.access_count for one in touched) == list(range(1, CALLERS + 1))
        assert {one.etag for one in touched} == {memory.etag}
        assert {one.update_time.ToNanoseconds() for one in touched} == {memory.update_time.ToNanoseconds()}
        assert get(client, memory.name).access_count == CALLERS

    def test_beside_updates_loses_neither(self, client: Client, memory: Memory) -> None:
        calls: list[Callable[[], Memory]] = [partial(get, client, memory.name, touch=True)] * (CALLERS // 2)
        given = [Memory(name=memory.name, memo=str(number)) for number in range(CALLERS // 2)]
        calls += [partial(update, client, one, "memo") for one in given]
        answers = at_once(calls)
        assert [answer for answer in answers if isinstance(answer, Failure)] == []
        etags = {answer.etag for answer in answers[CALLERS // 2 :] if isinstance(answer, Memory)}
        assert len(etags) == CALLERS // 2
        now = get(client, memory.name)
        assert now.access_count == CALLERS // 2
        assert now.etag in etags

    def test_counts_once_by_a_request_id(self, client: Client, memory: Memory) -> None:
        answers = at_once([partial(get, client, memory.name, touch=True, request_id="once")] * 8)
        assert answers == [get(client, memory.name)] * 8
        assert get(client, memory.name).access_count == 1
        get(client, memory.name, touch=True, request_id="twice")
        assert get(client, memory.name).access_count == 2


class TestBatches:
    def test_are_made_in_their_order(self, client: Client, world: World, limits: ServerLimits) -> None:
        ids = [f"{number:03}" for number in range(limits.batch_memories)][::-1]
        request = batch(world, *(creating(world, id_, content=f"content {id_}") for id_ in ids))
        made = client.memories.BatchCreateMemories(request).memories
        assert [one.name for one in made] == [f"{world.session}/memories/{id_}" for id_ in ids]
        assert [one.content for one in made] == [f"content {id_}" for id_ in ids]
        assert listed(client, world.session) == sorted(made, key=lambda one: one.name)

    def test_give_ids_where_none_are_given(self, client: Client, world: World) -> None:
        made = client.memories.BatchCreateMemories(batch(world, *[creating(world)] * 3)).memories
        assert len({one.name for one in made}) == len({one.uid for one in made}) == 3

    def test_with_a_taken_id_in_the_middle_make_none(self, client: Client, world: World, memory: Memory) -> None:
        taken = memory.name.rpartition("/")[2]
        for is_deleted in (False, True):
            if is_deleted:
                delete(client, memory.name)
            before = listed(client, world.session, show_deleted=True)
            request = batch(world, creating(world, "a"), creating(world, taken), creating(world, "b"))
            refusal = refused(client.memories.BatchCreateMemories, request, "MEMORY_ALREADY_EXISTS")
            assert refusal.info.metadata["resource"] == memory.name
            assert listed(client, world.session, show_deleted=True) == before

    @pytest.mark.parametrize(
        ("bad", "field"),
        [
            ({"memory_id": "a"}, "memory_id"),
            ({"memory_id": "-"}, "memory_id"),
            ({"parent": "{namespace}/sessions/other"}, "parent"),
            ({"parent": ""}, "parent"),
            ({"request_id": "mine"}, "request_id"),
            ({"memory": None}, "memory"),
        ],
        ids=str,
    )
    def test_with_a_bad_request_make_none(self, client: Client, world: World, bad: dict[str, Any], field: str) -> None:
        good = creating(world)
        fields = {"parent": world.session, "memory": good.memory, **bad}
        if bad.get("parent"):
            fields["parent"] = new_session(client, world.namespace, "other").name
        request = batch(world, creating(world, "a"), good, CreateMemoryRequest(**fields))
        refused(client.memories.BatchCreateMemories, request, "INVALID_FIELD", f"requests[2].{field}")
        assert listed(client, f"{world.namespace}/sessions/-") == []

    def test_with_an_agent_that_is_none_make_none(self, client: Client, world: World) -> None:
        gone = new_participant(client, world.namespace, participant_type=AGENT)
        delete_participant(client, gone)
        for agent, reason in ((f"{world.namespace}/participants/none", "NOT_FOUND"), (gone, "DELETED")):
            request = batch(world, creating(world), creating(world, agent=agent), creating(world))
            refusal = refused(client.memories.BatchCreateMemories, request, f"PARTICIPANT_{reason}")
            assert refusal.info.metadata["resource"] == agent
        assert listed(client, world.session) == []

    def test_can_be_of_several_agents(self, client: Client, world: World) -> None:
        other = new_participant(client, world.namespace, participant_type=AGENT)
        made = client.memories.BatchCreateMemories(batch(world, creating(world), creating(world, agent=other))).memories
        assert [one.agent for one in made] == [world.agent, other]

    def test_of_the_same_ids_at_once_are_made_by_one_whole(self, client: Client, world: World) -> None:
        ids = [f"{number:02}" for number in range(10)]
        requests = [
            batch(world, *(creating(world, id_, memo=str(number)) for id_ in (ids if number % 2 else ids[::-1])))
            for number in range(8)
        ]
        answers = at_once([partial(client.memories.BatchCreateMemories, request) for request in requests])
        refusals = [answer for answer in answers if isinstance(answer, Failure)]
        assert [refusal.reason for refusal in refusals] == ["MEMORY_ALREADY_EXISTS"] * 7
        assert len({one.memo for one in listed(client, world.session)}) == 1
        assert len(listed(client, world.session)) == len(ids)

    def test_are_made_once_by_a_request_id(self, client: Client, world: World) -> None:
        request = batch(world, creating(world), creating(world), request_id="once")
        first = client.memories.BatchCreateMemories(request)
        assert client.memories.BatchCreateMemories(request) == first
        assert len(listed(client, world.session)) == 2
        single = creating(world)
        single.request_id = "single"
        assert client.memories.CreateMemory(single) == client.memories.CreateMemory(single)
        assert len(listed(client, world.session)) == 3

    def test_need_a_request(self, client: Client, world: World) -> None:
        refused(client.memories.BatchCreateMemories, batch(world), "INVALID_FIELD", "requests")


def check_past(refusal: Failure, field: str, limit: int, size: int) -> None:
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "LIMIT_EXCEEDED")
    assert refusal.info.metadata == {"field": field, "limit": str(limit), "size": str(size)}
    assert field in refusal.fields


class TestLimits:
    def test_of_texts_are_kept_and_past_them_refused(self, client: Client, world: World, limits: ServerLimits) -> None:
        sizes = {"content": limits.memory_content_bytes, "memo": limits.description_bytes}
        fields: dict[str, Any] = {field: "🚀" * (size // 4 - 1) + "full" for field, size in sizes.items()}
        id_ = "🚀" * limits.id_characters
        created = client.memories.CreateMemory(creating(world, id_, **fields))
        assert get(client, created.name) == created
        assert (created.content, created.memo) == (fields["content"], fields["memo"])
        assert update(client, Memory(name=created.name, **fields)).memo == fields["memo"]
        for field, size in sizes.items():
            long: dict[str, Any] = {field: fields[field] + "x"}
            check_past(
                failure(client.memories.CreateMemory, creating(world, **long)), f"memory.{field}", size, size + 1
            )
            request = UpdateMemoryRequest(memory=Memory(name=created.name, **long))
            check_past(failure(client.memories.UpdateMemory, request), f"memory.{field}", size, size + 1)
        refusal = failure(client.memories.CreateMemory, creating(world, id_ + "x"))
        check_past(refusal, "memory_id", limits.id_characters, limits.id_characters + 1)
        assert len(listed(client, world.session)) == 1

    def test_of_a_batch_are_kept_and_past_them_refused(
        self, client: Client, world: World, limits: ServerLimits
    ) -> None:
        most = limits.batch_memories
        refusal = failure(client.memories.BatchCreateMemories, batch(world, *[creating(world)] * (most + 1)))
        check_past(refusal, "requests", most, most + 1)
        content = "x" * (limits.memory_content_bytes // 2)
        count = limits.batch_bytes // creating(world, content=content).ByteSize()
        requests = [creating(world, content=content) for _ in range(count)]
        requests[-1].memory.memo = "x"
        requests[-1].memory.content += "x" * (limits.batch_bytes - sum(request.ByteSize() for request in requests))
        request = batch(world, *requests)
        assert sum(one.ByteSize() for one in request.requests) == limits.batch_bytes
        assert len(client.memories.BatchCreateMemories(request).memories) == count
        request.requests[-1].memory.memo += "x"
        refusal = failure(client.memories.BatchCreateMemories, request)
        check_past(refusal, "requests", limits.batch_bytes, limits.batch_bytes + 1)
        assert len(listed(client, world.session)) == count


@dataclass(frozen=True)
class Library:
    """A namespace with two agents and two sessions, and the names of all memories in the order of their creation."""

    namespace: str
    agents: tuple[str, str]
    sessions: tuple[str, str]
    names: list[str]


# Not in the order of their code points.
IDS = ["m", "Z", "a", "é", "B", "😀", "b"]
ORDERS = ["", "name", "name desc", "create_time", "create_time desc", "update_time", "update_time desc"]


@pytest.fixture(scope="module")
def library(client: Client) -> Library:
    namespace = make_namespace(client).name
    first, second = (new_participant(client, namespace, participant_type=AGENT) for _ in range(2))
    sessions = new_session(client, namespace).name, new_session(client, namespace).name
    names = []
    for session in sessions:
        for number, id_ in enumerate(IDS):
            fields = {"importance": number, "memory_type": INTEGRATION if number % 3 == 0 else OBSERVATION}
            agent = second if number % 2 else first
            names.append(new_memory(client, session, agent, id_, **fields).name)
    for name in sorted(names, reverse=True):
        update(client, Memory(name=name, memo="read again"))
    delete(client, new_memory(client, sessions[0], first, "deleted").name)
    return Library(namespace, (first, second), sessions, names)


def sorting(order_by: str) -> Callable[[Memory], Any]:
    field = (order_by or "name").split()[0]
    return lambda one: one.name.rpartition("/")[2] if field == "name" else getattr(one, field).ToNanoseconds()


class TestLists:
    @pytest.mark.parametrize("order_by", ORDERS)
    @pytest.mark.parametrize("scope", ["session", "all"])
    def test_come_in_pages_of_any_size(self, client: Client, library: Library, scope: str, order_by: str) -> None:
        parent = library.sessions[0] if scope == "session" else f"{library.namespace}/sessions/-"
        whole = listed(client, parent, order_by=order_by, page_size=1000)
        assert {one.name for one in whole} == {name for name in library.names if scope == "all" or parent in name}
        keys = list(map(sorting(order_by), whole))
        assert keys == sorted(keys, reverse=order_by.endswith("desc"))
        for page_size in (1, 3, len(whole) - 1, len(whole), len(whole) + 1):
            assert listed(client, parent, order_by=order_by, page_size=page_size) == whole

    @pytest.mark.parametrize(
        ("text", "is_wanted"),
        [
            ('agent="{first}"', lambda number: number % 2 == 0),
            ('agent!="{first}"', lambda number: number % 2 == 1),
            ("memory_type=INTEGRATION", lambda number: number % 3 == 0),
            ("memory_type!=INTEGRATION", lambda number: number % 3 != 0),
            ("importance>=4", lambda number: number >= 4),
            ("importance=0", lambda number: number == 0),
            ("importance<2 OR importance>5", lambda number: not 2 <= number <= 5),
            ('agent="{second}" AND memory_type=OBSERVATION AND importance>1', lambda number: number == 5),
            ('NOT agent="{second}" AND -memory_type=OBSERVATION', lambda number: number in (0, 6)),
            ("access_count=0", lambda _: True),
            ("access_count>0", lambda _: False),
            ('memory_id="a"', lambda number: IDS[number] == "a"),
            ('memory_id="A"', lambda _: False),
            ('agent="{namespace}/participants/none"', lambda _: False),
            ('create_time>"2026-01-01T00:00:00Z"', lambda _: True),
            ('update_time<"2026-01-01T00:00:00Z"', lambda _: False),
        ],
    )
    def test_are_filtered(self, client: Client, library: Library, text: str, is_wanted: Callable[[int], bool]) -> None:
        first, second = library.agents
        where = text.format(first=first, second=second, namespace=library.namespace)
        wanted = {id_ for number, id_ in enumerate(IDS) if is_wanted(number)}
        for session in library.sessions:
            found = [one.name for one in listed(client, session, filter=where, page_size=2)]
            assert found == sorted(f"{session}/memories/{id_}" for id_ in wanted)
        found = [one.name for one in listed(client, f"{library.namespace}/sessions/-", filter=where, page_size=3)]
        assert sorted(found) == sorted(name for name in library.names if name.rpartition("/")[2] in wanted)

    def test_show_deleted_ones_when_asked(self, client: Client, library: Library) -> None:
        for parent, count in ((library.sessions[0], len(IDS)), (f"{library.namespace}/sessions/-", 2 * len(IDS))):
            assert len(listed(client, parent)) == count
            shown = listed(client, parent, show_deleted=True)
            assert len(shown) == count + 1
            assert [one.name for one in shown if one.HasField("delete_time")] == [
                f"{library.sessions[0]}/memories/deleted"
            ]

    def test_take_a_token_for_the_same_query_alone(self, client: Client, library: Library) -> None:
        query: dict[str, Any] = {"parent": library.sessions[0], "filter": "importance>0", "order_by": "name"}
        token = client.memories.ListMemories(ListMemoriesRequest(**query, page_size=2)).next_page_token
        for change in (
            {"parent": library.sessions[1]},
            {"parent": f"{library.namespace}/sessions/-"},
            {"filter": ""},
            {"order_by": "name desc"},
            {"show_deleted": True},
        ):
            request = ListMemoriesRequest(page_token=token, **{**query, **change})
            refused(client.memories.ListMemories, request, "INVALID_PAGE_TOKEN", "page_token")
        assert client.memories.ListMemories(ListMemoriesRequest(page_token=token, page_size=9, **query)).memories

    def test_refuse_what_they_do_not_know(self, client: Client, library: Library) -> None:
        for where in ("content=x", "memory_type=DREAM", "importance=many", "agent:x", "agent=x", "importance"):
            request = ListMemoriesRequest(parent=library.sessions[0], filter=where)
            refused(client.memories.ListMemories, request, "INVALID_FILTER", "filter")
        for field, value in (("order_by", "importance"), ("page_size", -1)):
            request = ListMemoriesRequest(parent=library.sessions[0])
            setattr(request, field, value)
            refused(client.memories.ListMemories, request, "INVALID_FIELD", field)

    def test_end_a_page_early_to_fit_the_size_of_an_answer(
        self, client: Client, world: World, limits: ServerLimits
    ) -> None:
        content = "x" * limits.memory_content_bytes
        ids = [f"{number:02}" for number in range(20)]
        for start in (0, 10):
            requests = [creating(world, id_, content=content) for id_ in ids[start : start + 10]]
            client.memories.BatchCreateMemories(batch(world, *requests))
        for parent in (world.session, f"{world.namespace}/sessions/-"):
            page = client.memories.ListMemories(ListMemoriesRequest(parent=parent))
            assert limits.response_bytes // 2 < page.ByteSize() <= limits.response_bytes
            assert [one.name.rpartition("/")[2] for one in listed(client, parent)] == ids

    def test_of_nothing_are_empty(self, client: Client, world: World) -> None:
        assert listed(client, world.session) == listed(client, f"{world.namespace}/sessions/-") == []


class TestSessions:
    def test_that_are_deleted_keep_their_memories_and_take_no_new_ones(
        self, client: Client, world: World, memory: Memory
    ) -> None:
        delete_session(client, world.session)
        check_all_refused(client, new_ones_of(world), "SESSION_DELETED", world.session)
        assert get(client, memory.name) == memory
        assert listed(client, world.session) == listed(client, f"{world.namespace}/sessions/-") == [memory]
        assert get(client, memory.name, touch=True).access_count == 1
        assert update(client, Memory(name=memory.name, memo="new")).memo == "new"
        assert delete(client, memory.name).HasField("delete_time")
        back = client.memories.UndeleteMemory(UndeleteMemoryRequest(name=memory.name))
        client.sessions.UndeleteSession(UndeleteSessionRequest(name=world.session))
        assert listed(client, world.session) == [back]
        assert new_memory(client, world.session, world.agent).name

    def test_that_are_disabled_refuse_all_changes(self, client: Client, world: World, memory: Memory) -> None:
        update_session(client, Session(name=world.session, enabled=False), "enabled")
        check_all_refused(client, new_ones_of(world), "SESSION_DISABLED", world.session)
        check_all_refused(client, changes_of(memory.name), "SESSION_DISABLED", world.session)
        assert listed(client, world.session) == [get(client, memory.name)] == [memory]

    def test_of_a_disabled_or_deleted_namespace_refuse_all_changes(
        self, client: Client, world: World, memory: Memory
    ) -> None:
        for reason in ("NAMESPACE_DISABLED", "NAMESPACE_DELETED"):
            if reason == "NAMESPACE_DISABLED":
                self.set_enabled(client, world.namespace, enabled=False)
            else:
                self.set_enabled(client, world.namespace, enabled=True)
                delete_namespace(client, world.namespace, force=True)
            check_all_refused(client, [*new_ones_of(world), *changes_of(memory.name)], reason, world.namespace)
            assert listed(client, f"{world.namespace}/sessions/-") == [get(client, memory.name)] == [memory]

    @staticmethod
    def set_enabled(client: Client, name: str, *, enabled: bool) -> None:
        client.namespaces.UpdateNamespace(UpdateNamespaceRequest(namespace=Namespace(name=name, enabled=enabled)))

    def test_with_memories_are_expunged_only_by_force(self, client: Client, world: World, memory: Memory) -> None:
        delete_session(client, world.session)
        request = ExpungeSessionRequest(name=world.session)
        for _ in range(2):
            refusal = refused(client.sessions.ExpungeSession, request, "SESSION_HAS_MEMORIES")
            assert (refusal.code, refusal.info.metadata["resource"]) == (REFUSED, world.session)
            assert [one.name for one in listed(client, world.session, show_deleted=True)] == [memory.name]
            if not get(client, memory.name).HasField("delete_time"):
                delete(client, memory.name)
        client.sessions.ExpungeSession(ExpungeSessionRequest(name=world.session, force=True))
        requests = [*changes_of(memory.name), *new_ones_of(world), GetMemoryRequest(name=memory.name)]
        requests.append(ListMemoriesRequest(parent=world.session, show_deleted=True))
        check_all_refused(client, requests, "SESSION_NOT_FOUND", world.session)
        assert listed(client, f"{world.namespace}/sessions/-", show_deleted=True) == []
