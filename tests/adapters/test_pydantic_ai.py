"""The store of conversations keeps what Pydantic AI gives it, also for several processes at once."""

import asyncio
import dataclasses
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic_ai import Agent, BinaryImage, Conversation, DocumentUrl, ImageUrl
from pydantic_ai.conversation_store import (
    ConversationConflict,
    ConversationEntry,
    ConversationRecord,
    ConversationStore,
    InMemoryConversationStore,
)
from pydantic_ai.messages import (
    FilePart,
    ModelRequest,
    ModelResponse,
    NativeToolCallPart,
    NativeToolReturnPart,
    RetryPromptPart,
    SystemPromptPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models.test import TestModel
from pydantic_ai.tools import DeferredToolRequests
from pydantic_ai.usage import RunUsage

import activity_session
from activity_session import aio, content, names, v1
from activity_session.pydantic_ai import ActivityConversationStore
from activity_session_testing.servers import Client, unique

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
PICTURE = BinaryImage(b"\x00\xff", media_type="image/png")
# One of each part that messages have.
KINDS: list[Any] = [
    ModelRequest(parts=[SystemPromptPart("Be brief.", timestamp=NOW), UserPromptPart("Will it rain in 京都?")]),
    ModelResponse(
        parts=[
            ThinkingPart("Hm.", signature="x"),
            TextPart("I look."),
            ToolCallPart("weather", '{"n": 1.0, "big": 1180591620717411303424}', tool_call_id="c1"),
            ToolCallPart("weather", {"city": "京都"}, tool_call_id="c2"),
            ToolCallPart("weather", "not JSON", tool_call_id="c3"),
        ],
        timestamp=NOW,
        provider_details={"a": 1},
    ),
    ModelRequest(
        parts=[
            ToolReturnPart("weather", {"rain": True}, tool_call_id="c1", metadata={"a": [1]}),
            ToolReturnPart("weather", "none", tool_call_id="c2", outcome="failed"),
            ToolReturnPart("weather", "Again, please.", tool_call_id="c3", outcome="retried"),
        ]
    ),
    ModelRequest(
        parts=[
            UserPromptPart(
                ["Look:", ImageUrl("https://example.org/a.png"), PICTURE, DocumentUrl("https://e.org/a.pdf")]
            )
        ]
    ),
    ModelResponse(
        parts=[
            NativeToolCallPart("search", {"q": "rain"}, tool_call_id="n1", provider_name="x"),
            NativeToolReturnPart("search", [{"title": "Rain"}], tool_call_id="n1", provider_name="x"),
            FilePart(PICTURE),
            TextPart("Perhaps.\x00"),
        ]
    ),
]


@pytest.fixture
def namespace(stubs: Client) -> str:
    """The id of a fresh namespace."""
    id_ = unique("pydantic")
    stubs.namespaces.CreateNamespace(v1.CreateNamespaceRequest(namespace_id=id_, namespace=v1.Namespace()))
    return id_


@pytest.fixture
async def store(address: str, namespace: str) -> AsyncIterator[ActivityConversationStore]:
    store = ActivityConversationStore(address, namespace=namespace)
    yield store
    await store.close()


@pytest.fixture
async def other(address: str, namespace: str) -> AsyncIterator[ActivityConversationStore]:
    """A store of the same conversations that has read nothing yet."""
    other = ActivityConversationStore(address, namespace=namespace)
    yield other
    await other.close()


def asked(*texts: str) -> list[Any]:
    return [ModelRequest(parts=[UserPromptPart(text, timestamp=NOW)]) for text in texts]


async def saved(store: ConversationStore, id_: str, *texts: str, scope: str | None = None) -> Conversation:
    conversation = Conversation(messages=asked(*texts), conversation_id=id_)
    await store.save(conversation, scope=scope)
    return conversation


async def test_each_kind_of_message_comes_back_as_it_was(
    store: ActivityConversationStore, other: ActivityConversationStore
) -> None:
    requests = DeferredToolRequests(calls=[ToolCallPart("ask", {"q": 1}, tool_call_id="d")], metadata={"d": {"a": 1}})
    usage = RunUsage(requests=2, input_tokens=7, tool_calls=3, details={"x": 1})
    whole = Conversation(messages=KINDS, usage=usage, deferred_tool_requests=requests, conversation_id="a/b\n")
    entries = await store.save(whole, scope="")
    loaded = await other.load("a/b\n")
    assert loaded == whole
    assert await other.load_entries("a/b\n") == entries
    assert await other.load("a/b\n", scope="") == whole
    assert await other.load("a/b\n", scope="ada") is None


async def test_others_read_what_was_said(store: ActivityConversationStore, stubs: Client, namespace: str) -> None:
    await store.save(Conversation(messages=KINDS, conversation_id="c"))
    name = names.session(namespace, "c")
    events = stubs.events.ListEvents(v1.ListEventsRequest(parent=name)).events
    assert [content.as_text(event, with_author=True) for event in events] == [
        "user: Will it rain in 京都?",
        """agent: I look.
[call c1 of weather: {"n":1.0,"big":1180591620717411303424}]
[call c2 of weather: {"city":"京都"}]
[call c3 of weather: not JSON]""",
        'agent: [result of call c1: {"rain":true}]\n[error of call c2: none]\n[error of call c3: Again, please.]',
        "user: Look:\n[file image/png https://example.org/a.png]\n[file application/pdf https://e.org/a.pdf]",
        'agent: [call n1 of search: {"q":"rain"}]\n[result of call n1: [{"title":"Rain"}]]\nPerhaps.\x00',
    ]


async def test_others_read_a_retry_as_a_result_that_is_an_error(
    store: ActivityConversationStore, stubs: Client, namespace: str
) -> None:
    with pytest.warns(match="`RetryPromptPart` is deprecated"):
        retry = RetryPromptPart("Again, please.", tool_name="weather", tool_call_id="c1")
    await store.save(Conversation(messages=[ModelRequest(parts=[retry])], conversation_id="c"))
    (event,) = stubs.events.ListEvents(v1.ListEventsRequest(parent=names.session(namespace, "c"))).events
    assert content.as_text(event, with_author=True) == "agent: [error of call c1: Again, please.]"


async def everything(store: ConversationStore, reader: ConversationStore) -> Any:
    """Do with a store all that it is for, some of it through another one of the same conversations."""
    first = await saved(store, "c", "one", "two", "three", scope="ada")
    loaded: Any = await store.load("c", limit=2)
    loaded.messages += asked("four")
    await store.save(loaded)
    with pytest.raises(ConversationConflict):
        await store.save(first)
    rewritten: Any = await store.load("c")
    rewritten.messages, rewritten.new_message_index = asked("one", "zwei"), None
    await store.save(rewritten)
    fork = await store.fork("c", at=1, new_conversation_id="f")
    fork.messages += asked("deux")
    await store.save(fork)
    branched = await store.branch("c", at=1, expected_revision=rewritten.revision)
    with pytest.raises(ConversationConflict):
        await store.fork("c", new_conversation_id="f")
    record: Any = await reader.read_record("c")
    back = await reader.branch("c", from_entry=record.branches[0], expected_revision=branched.revision)
    whole = await reader.fork("c", new_conversation_id="g", scope="bob")
    await store.delete("c", scope="bob")
    await store.delete("c", scope="ada")
    assert await reader.read_record("c") is None
    again = await saved(store, "c", "new")
    assert again.revision != first.revision
    return [texts(each) for each in (fork, branched, back, whole)]


def texts(conversation: Any) -> list[str]:
    return [message.parts[0].content for message in conversation.messages]


async def test_it_does_what_the_store_in_memory_does(
    store: ActivityConversationStore, other: ActivityConversationStore
) -> None:
    memory = InMemoryConversationStore()
    done = await everything(store, other)
    assert done == await everything(memory, memory)
    assert done == [["one", "deux"], ["one"], ["one", "two", "three", "four"], ["one", "two", "three", "four"]]
    for id_ in ("f", "g", "c"):
        assert texts(await other.load(id_)) == texts(await memory.load(id_))
    listed = [
        {(record.conversation_id, record.scope, record.forked_from) for record in await each.list_conversations()}
        for each in (store, other, memory)
    ]
    assert listed[0] == listed[1] == listed[2]


async def test_of_eight_savers_one_wins(store: ActivityConversationStore) -> None:
    await saved(store, "c", "one")
    loaded = [await store.load("c") for _ in range(8)]
    for number, each in enumerate(loaded):
        assert each is not None
        each.messages += asked(f"saver {number}")
    done = await asyncio.gather(*(store.save(each) for each in loaded if each), return_exceptions=True)
    assert sum(isinstance(each, ConversationConflict) for each in done) == 7
    (winner,) = [number for number, each in enumerate(done) if isinstance(each, list)]
    kept = await store.load("c")
    assert kept is not None
    assert kept.messages == asked("one", f"saver {winner}")


async def test_of_eight_that_create_one_wins(store: ActivityConversationStore) -> None:
    done = await asyncio.gather(*(saved(store, "c", str(n)) for n in range(8)), return_exceptions=True)
    assert sum(isinstance(each, ConversationConflict) for each in done) == 7


async def test_processes_that_try_again_lose_nothing(
    store: ActivityConversationStore, processes: Any, namespace: str
) -> None:
    processes(
        f"""
        from pydantic_ai import Conversation
        from pydantic_ai.conversation_store import ConversationConflict
        from pydantic_ai.messages import ModelRequest
        from activity_session.pydantic_ai import ActivityConversationStore

        async def main(number, address, together):
            store = ActivityConversationStore(address, namespace={namespace!r})
            together()
            for n in range(5):
                while True:
                    conversation = await store.load("c") or Conversation(conversation_id="c")
                    conversation.messages.append(ModelRequest.user_text_prompt(f"{{number}} {{n}}"))
                    try:
                        await store.save(conversation)
                        break
                    except ConversationConflict:
                        pass
        """,
        3,
    )
    loaded: Any = await store.load("c")
    texts = [message.parts[0].content for message in loaded.messages]
    assert sorted(texts) == sorted(f"{number} {n}" for number in range(3) for n in range(5))
    for number in range(3):
        assert [text for text in texts if text.startswith(f"{number} ")] == [f"{number} {n}" for n in range(5)]


async def test_a_delete_loses_nothing_that_was_saved_before_it(store: ActivityConversationStore) -> None:
    for n in range(5):
        id_ = f"c{n}"
        first = await saved(store, id_, "one")
        loaded = await store.load(id_)
        assert loaded is not None
        assert first.revision is not None
        loaded.messages += asked("two")
        done = await asyncio.gather(
            store.save(loaded), store.delete_record(id_, expected_revision=first.revision), return_exceptions=True
        )
        assert sorted(isinstance(each, ConversationConflict) for each in done) == [False, True], done
        kept = await store.load(id_)
        assert (kept is None) == isinstance(done[0], ConversationConflict)
        assert kept is None or kept.messages == asked("one", "two")


async def test_messages_of_any_size_and_number_are_kept(
    store: ActivityConversationStore, other: ActivityConversationStore
) -> None:
    large = [ModelRequest(parts=[UserPromptPart([BinaryImage(bytes(3_000_000), media_type="image/png")])])]
    whole = Conversation(messages=large + asked("京" * 1_000_000, *map(str, range(250))), conversation_id="c")
    await store.save(whole)
    assert await other.load("c") == whole
    last = await other.load("c", limit=3)
    assert last is not None
    assert last.messages == asked("247", "248", "249")


async def test_forks_share_their_entries_and_outlive_their_origin(
    store: ActivityConversationStore, other: ActivityConversationStore, stubs: Client, namespace: str
) -> None:
    await saved(store, "c", "one", "two", scope="ada")
    long_id = "fork/" + "x" * 300
    fork = await other.fork("c", new_conversation_id=long_id)
    session = stubs.sessions.GetSession(v1.GetSessionRequest(name=names.session(namespace, names.escape(long_id))))
    assert session.forked_from.session == names.session(namespace, "c")
    assert names.unescape(names.parse(session.name).session, session.labels) == long_id
    await store.delete("c")
    for each in (store, other):
        kept = await each.load(long_id)
        assert kept is not None
        assert kept.messages == fork.messages == asked("one", "two")
        for entry in await each.load_entries(long_id) or []:
            assert await each.read_entry(entry.id) == entry
    with pytest.raises(ConversationConflict):
        await store.write_record(ConversationRecord(conversation_id="new", head_id="gone"), expected_revision=None)


async def test_an_entry_of_another_conversation_is_found_by_its_id(
    store: ActivityConversationStore, other: ActivityConversationStore
) -> None:
    for n in range(20):
        await saved(store, f"c{n}", f"text {n}")
    for n in (3, 19):
        (entry,) = await store.load_entries(f"c{n}") or []
        assert await other.read_entry(entry.id) == entry
        assert await other.read_history(entry.id) == [entry]
    with pytest.raises(LookupError):
        await other.read_entry("none")
    with pytest.raises(LookupError):
        await other.read_history("none")
    assert await other.read_history(None) == []


async def test_records_are_listed_by_scope_and_the_last_saved_first(store: ActivityConversationStore) -> None:
    for n in range(5):
        await saved(store, f"c{n}", "one", scope=("", 'a*"\\/', None)[n % 3])
    listed = [record.conversation_id for record in await store.list_conversations()]
    assert listed == ["c4", "c3", "c2", "c1", "c0"]
    first = await store.load("c0")
    assert first is not None
    await store.branch("c0", at=0, expected_revision=first.revision)
    assert [record.conversation_id for record in await store.list_conversations(limit=2)] == ["c0", "c4"]
    assert [record.conversation_id for record in await store.list_conversations(scope="")] == ["c0", "c3"]
    assert [record.conversation_id for record in await store.list_conversations(scope='a*"\\/')] == ["c4", "c1"]
    assert await store.list_conversations(scope="b") == []
    assert await store.list_conversations(limit=0) == []


async def test_a_record_moves_to_another_scope(store: ActivityConversationStore) -> None:
    await saved(store, "c", "one", scope="ada")
    record = await store.read_record("c")
    assert record is not None
    moved = dataclasses.replace(record, scope="bob", revision=str(uuid.uuid4()))
    await store.write_record(moved, expected_revision=record.revision)
    assert await store.list_conversations(scope="ada") == []
    assert await store.list_conversations(scope="bob") == [moved]


async def test_ids_of_entries_may_be_any_text(
    store: ActivityConversationStore, other: ActivityConversationStore
) -> None:
    ids = ["a/b\n ", "-", "京都~" * 100]
    entries = [
        ConversationEntry(id=id_, parent_id=parent, message=message)
        for id_, parent, message in zip(ids, [None, *ids], asked("1", "2", "3"), strict=False)
    ]
    record = ConversationRecord(conversation_id="c", head_id=ids[-1])
    await store.write_record(record, new_entries=entries, expected_revision=None)
    assert await other.read_record("c") == record
    assert await other.read_history(ids[-1]) == entries


async def test_an_agent_goes_on_where_another_process_has_stopped(
    store: ActivityConversationStore, other: ActivityConversationStore
) -> None:
    agent = Agent(TestModel(custom_output_text="Perhaps."))
    for each, text in ((store, "Will it rain?"), (other, "And now?")):
        conversation = await each.load("c") or Conversation(conversation_id="c")
        await each.save(await agent.run(text, conversation=conversation))
    whole = await store.load("c")
    assert whole is not None
    assert len(whole.messages) == 4
    assert whole.usage.requests == 2


async def test_a_redacted_entry_is_in_no_history(
    store: ActivityConversationStore, stubs: Client, namespace: str
) -> None:
    (entry,) = await store.save(Conversation(messages=asked("secret"), conversation_id="c"))
    name = names.session(namespace, "c")
    event = names.event(namespace, "c", entry.id)
    stubs.events.RedactEvents(v1.RedactEventsRequest(parent=name, names=[event]))
    with pytest.raises(LookupError):
        await store.read_entry(entry.id)


async def test_a_deleted_session_is_not_loaded(store: ActivityConversationStore, stubs: Client, namespace: str) -> None:
    conversation = await saved(store, "c", "one")
    stubs.sessions.DeleteSession(v1.DeleteSessionRequest(name=names.session(namespace, "c")))
    assert await store.load("c") is None
    assert await store.list_conversations() == []
    with pytest.raises(ConversationConflict):
        await store.save(conversation)
    with pytest.raises(ConversationConflict):
        await saved(store, "c", "two")


async def test_errors_of_the_server_are_raised(store: ActivityConversationStore) -> None:
    requests = DeferredToolRequests(calls=[ToolCallPart("ask", {"q": "x" * 300_000}, tool_call_id="d")])
    whole = Conversation(messages=asked("one"), deferred_tool_requests=requests, conversation_id="c")
    with pytest.raises(activity_session.Error) as raised:
        await store.save(whole)
    assert raised.value.reason == v1.ERROR_REASON_LIMIT_EXCEEDED
    assert await store.load("c") is None


async def test_a_channel_of_its_caller_is_used_and_stays_open(address: str, namespace: str) -> None:
    async with aio.connect(address) as channel:
        store = ActivityConversationStore(channel, namespace=namespace)
        await saved(store, "c", "one")
        await store.close()
        assert await ActivityConversationStore(channel, namespace=namespace).load("c") is not None
