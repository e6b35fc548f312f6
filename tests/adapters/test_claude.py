"""The store of transcripts keeps what the SDK gives it, also for several processes at once."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from claude_agent_sdk import (
    delete_session_via_store,
    fork_session_via_store,
    get_session_messages_from_store,
    list_sessions_from_store,
    project_key_for_directory,
    rename_session_via_store,
    tag_session_via_store,
)
from claude_agent_sdk.testing import run_session_store_conformance

import activity_session
from activity_session import aio, content, names, v1
from activity_session.claude import ActivitySessionStore
from activity_session_testing.servers import Client, unique

# One of each kind of content that Claude Code writes, and some that it might.
KINDS: list[Any] = [
    {"type": "user", "message": {"role": "user", "content": "Will it rain in 京都?"}},
    {"type": "assistant", "message": {"content": [{"type": "thinking", "thinking": "Hm.", "signature": "x"}]}},
    {
        "type": "assistant",
        "message": {
            "content": [
                {"type": "text", "text": "I look."},
                {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"n": 1.0, "big": 2**70}},
            ]
        },
    },
    {
        "type": "user",
        "message": {
            "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "no such file", "is_error": True}]
        },
        "toolUseResult": {"stdout": "", "code": None},
    },
    {
        "type": "user",
        "message": {
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "t2",
                    "content": [{"type": "text", "text": "a"}, {"type": "image"}],
                },
                {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
            ]
        },
    },
    {"type": "system", "subtype": "compact_boundary", "content": "Compacted", "timestamp": "2026-11-28T09:00:00.123Z"},
    {"type": "summary", "summary": "Rain", "leafUuid": "x"},
    {"type": "custom-title", "customTitle": "Rain \x00 \ud83d"},
    {"type": "x" * 300, "uuid": "", "timestamp": "not a time", "nan": float("inf")},
    {"type": "user", "uuid": "a/b\n" + "c" * 300, "message": {"content": ["?", {"type": "text"}]}, "deep": [[[{}]]]},
    {"type": "user", "uuid": 7, "timestamp": "1960-01-01T00:00:00Z", "message": None},
]
KEY: Any = {"project_key": '-home-ada/trip * "1" 京都', "session_id": "s/1"}


@pytest.fixture
def namespace(stubs: Client) -> str:
    """The id of a fresh namespace."""
    id_ = unique("claude")
    stubs.namespaces.CreateNamespace(v1.CreateNamespaceRequest(namespace_id=id_, namespace=v1.Namespace()))
    return id_


@pytest.fixture
async def store(address: str, namespace: str) -> AsyncIterator[ActivitySessionStore]:
    store = ActivitySessionStore(address, namespace=namespace)
    yield store
    await store.close()


def said(n: int, **more: Any) -> Any:
    return {"type": "user", "uuid": f"u{n}", "message": {"role": "user", "content": f"Line {n}"}, **more}


async def test_the_suite_of_the_sdk_passes_whole(address: str, stubs: Client) -> None:
    made = []

    def make_store() -> ActivitySessionStore:
        id_ = unique("claude")
        stubs.namespaces.CreateNamespace(v1.CreateNamespaceRequest(namespace_id=id_, namespace=v1.Namespace()))
        made.append(ActivitySessionStore(address, namespace=id_))
        return made[-1]

    await run_session_store_conformance(make_store)
    assert len(made) == 15, "one for each contract, and one to see what the store has"
    for each in made:
        await each.close()


async def test_each_kind_of_entry_comes_back_as_it_was(store: ActivitySessionStore) -> None:
    await store.append(KEY, KINDS)
    assert await store.load(KEY) == KINDS


async def test_others_read_what_was_said(store: ActivitySessionStore, stubs: Client, namespace: str) -> None:
    await store.append(KEY, KINDS)
    (session,) = stubs.sessions.ListSessions(v1.ListSessionsRequest(parent=names.namespace(namespace))).sessions
    events = stubs.events.ListEvents(v1.ListEventsRequest(parent=session.name)).events
    shown = [content.as_text(event, with_author=True) for event in events]
    assert shown[:5] == [
        "user: Will it rain in 京都?",
        "",
        'claude: I look.\n[call t1 of Bash: {"n":1.0,"big":1180591620717411303424}]',
        "claude: [error of call t1: no such file]",
        "claude: [result of call t2: a]\n[file https://example.org/a.png]",
    ]
    assert [event.type for event in events[:7]] == ["message"] * 5 + ["system", "summary"]
    assert events[5].event_time.ToMilliseconds() == 1795856400123


async def test_an_entry_comes_once_also_with_other_bytes(store: ActivitySessionStore) -> None:
    title: Any = {"type": "custom-title", "customTitle": "T"}
    await store.append(KEY, [said(1), said(2), said(1, again=True), title, title])
    await store.append(KEY, [said(2, late=True), said(3), said(1)])
    assert await store.load(KEY) == [said(1), said(2), title, title, said(3)]


async def test_entries_of_any_size_and_number_are_kept(store: ActivitySessionStore) -> None:
    large = [said(0, image="京" * 1_500_000), said(1, text="x" * 5_000_000), said(2, text="y" * 700_000)]
    many = [said(n) for n in range(3, 350)]
    await store.append(KEY, large + many)
    await store.append(KEY, large)
    assert await store.load(KEY) == large + many


async def test_processes_append_each_entry_once(store: ActivitySessionStore, processes: Any, namespace: str) -> None:
    processes(
        f"""
        from activity_session.claude import ActivitySessionStore

        async def main(number, address, together):
            store = ActivitySessionStore(address, namespace={namespace!r})
            together()
            for n in range(8):
                entries = [dict(type="user", uuid=f"u{{n}}-{{m}}", message=dict(content=f"{{n}}")) for m in range(3)]
                own = dict(type="tag", tag=f"{{number}} {{n}}")
                await store.append(dict(project_key="p", session_id="s"), [*entries, own])
        """,
        3,
    )
    entries: Any = await store.load({"project_key": "p", "session_id": "s"})
    uuids = [entry["uuid"] for entry in entries if "uuid" in entry]
    assert sorted(uuids) == sorted(f"u{n}-{m}" for n in range(8) for m in range(3))
    for number in range(3):
        own = [entry["tag"] for entry in entries if entry.get("tag", "").startswith(f"{number} ")]
        assert own == [f"{number} {n}" for n in range(8)]
    (summary,) = await store.list_session_summaries("p")
    assert summary["data"]["first_prompt"] == "0"
    assert summary["data"]["tag"] == [entry["tag"] for entry in entries if "tag" in entry][-1]


async def test_a_summary_that_was_not_kept_is_made_up_for(
    store: ActivitySessionStore, stubs: Client, namespace: str
) -> None:
    await store.append(KEY, [said(1)])
    (session,) = stubs.sessions.ListSessions(v1.ListSessionsRequest(parent=names.namespace(namespace))).sessions
    title = (
        '{"parts": [], "native": {"format": "claude", "text": "{\\"type\\": \\"x\\", \\"customTitle\\": \\"Rain\\"}"}}'
    )
    event = v1.Event(text=title, media_type=content.MEDIA_TYPE)
    stubs.events.AppendEvents(v1.AppendEventsRequest(parent=session.name, events=[event]))
    for _ in range(2):
        (summary,) = await store.list_session_summaries(KEY["project_key"])
        assert (summary["data"]["first_prompt"], summary["data"]["custom_title"]) == ("Line 1", "Rain")
        (listed,) = await store.list_sessions(KEY["project_key"])
        assert summary["mtime"] == listed["mtime"]


async def test_a_fork_by_others_is_no_session_of_the_project(
    store: ActivitySessionStore, stubs: Client, namespace: str
) -> None:
    await store.append(KEY, [said(1)])
    (session,) = stubs.sessions.ListSessions(v1.ListSessionsRequest(parent=names.namespace(namespace))).sessions
    stubs.sessions.ForkSession(v1.ForkSessionRequest(name=session.name, session_id="fork"))
    assert [listed["session_id"] for listed in await store.list_sessions(KEY["project_key"])] == ["s/1"]


async def test_a_deleted_session_is_not_loaded_and_its_name_is_free(
    store: ActivitySessionStore, stubs: Client, namespace: str
) -> None:
    await store.append(KEY, [said(1)])
    (session,) = stubs.sessions.ListSessions(v1.ListSessionsRequest(parent=names.namespace(namespace))).sessions
    stubs.sessions.DeleteSession(v1.DeleteSessionRequest(name=session.name))
    assert await store.load(KEY) is None
    assert await store.list_sessions(KEY["project_key"]) == []
    await store.delete(KEY)
    await store.append(KEY, [said(2)])
    assert await store.load(KEY) == [said(2)]


async def test_a_session_that_is_held_is_not_removed(
    store: ActivitySessionStore, stubs: Client, namespace: str
) -> None:
    await store.append(KEY, [said(1)])
    (session,) = stubs.sessions.ListSessions(v1.ListSessionsRequest(parent=names.namespace(namespace))).sessions
    held = v1.UpdateSessionRequest(session=v1.Session(name=session.name, legal_hold=True))
    stubs.sessions.UpdateSession(held)
    with pytest.raises(activity_session.Error) as raised:
        await store.delete(KEY)
    assert raised.value.reason == v1.ERROR_REASON_RESOURCE_HELD
    assert await store.load(KEY) is None


async def test_the_functions_of_the_sdk_work_on_it(store: ActivitySessionStore, tmp_path: Path) -> None:
    directory, id_ = str(tmp_path), str(uuid.uuid4())
    key: Any = {"project_key": project_key_for_directory(directory), "session_id": id_}
    entries = [said(n, uuid=str(uuid.uuid4()), sessionId=id_, timestamp="2026-11-28T09:00:00Z") for n in range(3)]
    for before, entry in zip([None, *entries], entries, strict=False):
        entry["parentUuid"] = before and before["uuid"]
    await store.append(key, entries)
    await rename_session_via_store(store, id_, "Rain", directory)
    await tag_session_via_store(store, id_, "weather", directory)
    fork = await fork_session_via_store(store, id_, directory, title="Sun")
    listed = {info.session_id: info for info in await list_sessions_from_store(store, directory)}
    assert (listed[id_].custom_title, listed[id_].tag) == ("Rain", "weather")
    assert listed[fork.session_id].custom_title == "Sun"
    messages = await get_session_messages_from_store(store, fork.session_id, directory)
    assert [message.message["content"] for message in messages] == ["Line 0", "Line 1", "Line 2"]
    await delete_session_via_store(store, id_, directory)
    assert [info.session_id for info in await list_sessions_from_store(store, directory)] == [fork.session_id]


async def test_a_channel_of_its_caller_is_used_and_stays_open(address: str, namespace: str) -> None:
    async with aio.connect(address) as channel:
        store = ActivitySessionStore(channel, namespace=namespace)
        await asyncio.gather(*(store.append(KEY, [said(n)]) for n in range(10)))
        await store.close()
        loaded: Any = await ActivitySessionStore(channel, namespace=namespace).load(KEY)
        assert sorted(entry["uuid"] for entry in loaded) == [f"u{n}" for n in range(10)]


async def test_errors_of_the_server_are_raised(store: ActivitySessionStore, stubs: Client, namespace: str) -> None:
    stubs.namespaces.DeleteNamespace(v1.DeleteNamespaceRequest(name=names.namespace(namespace)))
    with pytest.raises(activity_session.Error) as raised:
        await store.append(KEY, [said(1)])
    assert raised.value.reason == v1.ERROR_REASON_NAMESPACE_DELETED
    with pytest.raises(TypeError):
        await store.append(KEY, [{"type": "x", "value": object()}])  # type: ignore[typeddict-unknown-key]
