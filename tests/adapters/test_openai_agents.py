"""The sessions of the OpenAI Agents SDK keep what its runner gives them, also for several processes at once."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

import pytest
from agents import OpenAIResponsesCompactionSession
from agents.memory import Session, SessionSettings

import activity_session
from activity_session import aio, content, names, v1
from activity_session.openai_agents import ActivitySession
from activity_session_testing.servers import Client
from activity_session_testing.steps import refused

Processes = Callable[..., list[str]]
# One of each shape that the SDK's own items have.
KINDS: list[Any] = [
    {"role": "user", "content": "Will it rain in 京都?"},
    {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Look:"}]},
    {"role": "user", "content": [{"type": "input_image", "image_url": "https://example.org/a.png", "detail": "auto"}]},
    {"role": "user", "content": [{"type": "input_image", "image_url": "data:image/png;base64,AAAA"}]},
    {"role": "user", "content": [{"type": "input_file", "file_id": "file-1", "filename": "a.pdf"}]},
    {"role": "system", "content": "Be brief."},
    {"role": "developer", "content": "Be kind."},
    {"id": "rs_1", "type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}], "encrypted_content": "x"},
    {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [
            {"type": "output_text", "text": "Perhaps.", "annotations": [], "logprobs": []},
            {"type": "refusal", "refusal": "No."},
        ],
    },
    {
        "type": "function_call",
        "call_id": "c1",
        "name": "weather",
        "arguments": '{"city": "京都", "at": 1.0}',
        "id": "f",
    },
    {"type": "function_call", "call_id": "c2", "name": "weather", "arguments": "not JSON"},
    {"type": "function_call_output", "call_id": "c1", "output": "rain"},
    {"type": "function_call_output", "call_id": "c2", "output": [{"type": "input_text", "text": "sun"}]},
    {"type": "custom_tool_call", "call_id": "c3", "name": "sql", "input": "SELECT 1"},
    {"type": "custom_tool_call_output", "call_id": "c3", "output": "1"},
    {"type": "web_search_call", "id": "w1", "status": "completed", "action": {"type": "search", "query": "rain"}},
    {"type": "file_search_call", "id": "s1", "status": "completed", "queries": ["rain"], "results": None},
    {"type": "code_interpreter_call", "id": "i1", "code": "1 + 1", "container_id": "x", "outputs": None},
    {"type": "computer_call", "call_id": "c4", "id": "m1", "action": {"type": "wait"}, "pending_safety_checks": []},
    {"type": "computer_call_output", "call_id": "c4", "output": {"type": "computer_screenshot", "file_id": "f"}},
    {"type": "local_shell_call", "call_id": "c5", "id": "l1", "action": {"command": ["ls"]}, "status": "completed"},
    {"type": "local_shell_call_output", "id": "c5", "output": "{}"},
    {"type": "shell_call", "call_id": "c6", "action": {"commands": ["ls"]}},
    {"type": "shell_call_output", "call_id": "c6", "output": [{"stdout": "a", "stderr": ""}]},
    {"type": "apply_patch_call", "call_id": "c7", "operation": {"type": "delete_file", "path": "a"}, "status": "done"},
    {"type": "apply_patch_call_output", "call_id": "c7", "status": "completed"},
    {"type": "mcp_call", "id": "p1", "name": "now", "server_label": "clock", "arguments": "{}", "output": "12:00"},
    {"type": "mcp_list_tools", "id": "p2", "server_label": "clock", "tools": []},
    {"type": "mcp_approval_request", "id": "p3", "name": "now", "server_label": "clock", "arguments": "{}"},
    {"type": "mcp_approval_response", "approval_request_id": "p3", "approve": True},
    {"type": "image_generation_call", "id": "g1", "result": "AAAA", "status": "completed"},
    {"type": "item_reference", "id": "msg_1"},
    {"type": "compaction", "id": "k1", "encrypted_content": "x"},
    {"type": "of the future", "id": 7, "nested": {"b": [1, 2.0, None, True], "a": 2**70}},
]


def said(text: str) -> Any:
    return {"role": "user", "content": text}


def texts(items: list[Any]) -> list[str]:
    return [item["content"] for item in items]


def numbered(count: int) -> list[Any]:
    return [said(str(number)) for number in range(count)]


@pytest.fixture
async def session(address: str) -> AsyncIterator[ActivitySession]:
    session = ActivitySession(f"test/{uuid.uuid4()}", address)
    yield session
    await session.close()


def test_it_is_a_session_of_the_sdk(address: str) -> None:
    assert isinstance(ActivitySession("any", address), Session)


async def test_each_kind_of_item_comes_back_as_it_was(session: ActivitySession) -> None:
    await session.add_items(KINDS)
    found = await session.get_items()
    # The order of names too, and that 1.0 is not 1.
    assert [json.dumps(item) for item in found] == [json.dumps(item) for item in KINDS]


@pytest.mark.parametrize("text", ["half \ud83d", "\u0000", "a\r\nb\u2028", '"\\', "👩‍👩‍👧", "x" * 500_000])
async def test_each_text_comes_back_as_it_was(session: ActivitySession, text: str) -> None:
    items: list[Any] = [said(text), {"role": "assistant", "content": text, "of": float("inf")}]
    await session.add_items(items)
    assert await session.get_items() == items


async def test_others_read_messages_calls_and_results(stubs: Client, session: ActivitySession) -> None:
    await session.add_items(KINDS)
    name = names.session("default", names.escape(session.session_id))
    events = stubs.events.ListEvents(v1.ListEventsRequest(parent=name)).events
    shown = {event.sequence: (event.author.rpartition("/")[2], content.read(event).parts) for event in events}
    assert shown[1] == ("user", (content.Text("Will it rain in 京都?"),))
    assert shown[3] == ("user", (content.File("https://example.org/a.png"),))
    assert shown[4] == ("user", ())
    assert shown[6] == ("", (content.Text("Be brief."),))
    assert shown[9] == ("agent", (content.Text("Perhaps."), content.Text("No.")))
    assert shown[10] == ("agent", (content.ToolCall("c1", "weather", {"city": "京都", "at": 1.0}),))
    assert shown[12] == ("agent", (content.ToolResult("c1", "rain"),))
    assert shown[14] == ("agent", (content.ToolCall("c3", "sql", "SELECT 1"),))
    members = stubs.sessions.GetSession(v1.GetSessionRequest(name=name)).participants
    assert {member.participant.rpartition("/")[2] for member in members} == {"user", "agent"}


async def test_what_others_have_written_is_said_by_its_author(stubs: Client, session: ActivitySession) -> None:
    await session.add_items([said("Hello")])
    name = names.session("default", names.escape(session.session_id))
    foreign = v1.Event(author=names.participant("default", "agent"), text="To you too")
    stubs.events.AppendEvents(v1.AppendEventsRequest(parent=name, events=[foreign]))
    assert texts(await session.get_items()) == ["Hello", "agent: To you too"]


async def test_the_newest_come_in_their_order(session: ActivitySession) -> None:
    await session.add_items(numbered(5))
    assert texts(await session.get_items(2)) == ["3", "4"]
    assert texts(await session.get_items(9)) == ["0", "1", "2", "3", "4"]
    assert await session.get_items(0) == await session.get_items(-1) == []


async def test_settings_limit_what_no_argument_does(address: str, session: ActivitySession) -> None:
    await session.add_items(numbered(5))
    channel = activity_session.connect(address)
    limited = ActivitySession(session.session_id, channel, session_settings={"limit": 2})
    assert isinstance(limited.session_settings, SessionSettings)
    assert texts(await limited.get_items()) == ["3", "4"]
    assert texts(await limited.get_items(3)) == ["2", "3", "4"]
    with pytest.raises((TypeError, ValueError)):
        ActivitySession("any", channel, session_settings={"limits": 2})
    channel.close()


async def test_a_session_that_is_only_read_is_not_created(stubs: Client, session: ActivitySession) -> None:
    assert await session.get_items() == await session.get_items(3) == []
    assert await session.pop_item() is None
    await session.clear_session()
    await session.add_items([])
    name = names.session("default", names.escape(session.session_id))
    refused(stubs.sessions.GetSession, v1.GetSessionRequest(name=name), "SESSION_NOT_FOUND")


@pytest.mark.parametrize("id_", ["a/b", " padded ", "", "-", "line\nbreak", "ü" * 300, "../..", "~"])
async def test_an_id_may_be_any_text(address: str, id_: str) -> None:
    channel = activity_session.connect(address)
    run, text = uuid.uuid4().hex, f"in {id_}"
    session = ActivitySession(id_, channel, user=f"{run}/{id_}", agent=f"{run} {id_}")
    await session.clear_session()
    await session.add_items([said(text)])
    assert await ActivitySession(id_, channel, user=f"{run}/{id_}").get_items() == [said(text)]
    channel.close()


async def test_pops_return_the_newest_until_there_is_none(session: ActivitySession) -> None:
    await session.add_items(numbered(3))
    assert [await session.pop_item() for _ in range(4)] == [said("2"), said("1"), said("0"), None]
    await session.add_items([said("again")])
    assert await session.get_items() == [said("again")]


async def test_a_long_batch_is_whole_and_can_be_popped_from(session: ActivitySession) -> None:
    await session.add_items(numbered(250))
    assert texts(await session.get_items()) == [str(number) for number in range(250)]
    assert texts(await session.get_items(2)) == ["248", "249"]
    popped = [await session.pop_item() for _ in range(4)]
    assert popped == [said(str(number)) for number in (249, 248, 247, 246)]
    assert texts(await session.get_items(1)) == ["245"]


async def test_more_than_a_page_comes_whole(session: ActivitySession) -> None:
    for _ in range(11):
        await session.add_items(numbered(100))
    assert texts(await session.get_items()) == [str(number) for number in range(100)] * 11
    assert (
        texts(await session.get_items(1050))
        == [str(number) for number in range(100)][50:] + [str(number) for number in range(100)] * 10
    )


async def test_broken_events_are_left_out_do_not_count_and_are_dropped(stubs: Client, session: ActivitySession) -> None:
    await session.add_items([said("good")])
    name = names.session("default", names.escape(session.session_id))
    broken = [
        content.write(v1.Event(), [content.Text("x")], content.Native("openai-agents", data))
        for data in (b"{", b"7", b"\xff", b"[1]")
    ]
    stubs.events.AppendEvents(v1.AppendEventsRequest(parent=name, events=[*broken, v1.Event(blob=b"\xff")]))
    assert await session.get_items() == await session.get_items(1) == [said("good")]
    assert await session.pop_item() == said("good")
    assert await session.pop_item() is None


async def test_a_batch_is_refused_whole(session: ActivitySession) -> None:
    with pytest.raises(activity_session.Error) as error:
        await session.add_items([said("small"), said("x" * 1_100_000)])
    assert error.value.reason == v1.ERROR_REASON_LIMIT_EXCEEDED
    no_json: list[Any] = [said("small"), {"role": "user", "content": object()}]
    with pytest.raises(TypeError):
        await session.add_items(no_json)
    assert await session.get_items() == []


async def test_a_cleared_session_can_be_added_to(session: ActivitySession) -> None:
    await session.add_items(numbered(3))
    await session.pop_item()
    await session.clear_session()
    assert await session.get_items() == []
    await session.clear_session()
    await session.add_items([said("again")])
    assert await session.get_items() == [said("again")]


async def test_a_replacement_is_one_step(session: ActivitySession) -> None:
    await session.add_items(numbered(3))
    seen: set[tuple[str, ...]] = set()
    done = asyncio.Event()

    async def look() -> None:
        while not done.is_set():
            seen.add(tuple(texts(await session.get_items())))

    looking = asyncio.create_task(look())
    for round_ in range(10):
        await session.replace_items([said(f"{round_}a"), said(f"{round_}b")])
    done.set()
    await looking
    assert seen <= {("0", "1", "2"), *((f"{round_}a", f"{round_}b") for round_ in range(10))}
    assert texts(await session.get_items()) == ["9a", "9b"]


class Compacting:
    """A client of OpenAI that compacts all to one message."""

    def __init__(self) -> None:
        self.responses = self

    async def compact(self, **_: Any) -> Any:
        return SimpleNamespace(output=[said("all")], usage=None)


async def test_what_the_sdk_compacts_is_replaced_in_one_step(stubs: Client, session: ActivitySession) -> None:
    await session.add_items(numbered(3))
    client: Any = Compacting()
    compacting = OpenAIResponsesCompactionSession(session.session_id, session, client=client)
    await compacting.run_compaction({"force": True, "compaction_mode": "input"})
    assert await session.get_items() == [said("all")]
    request = v1.ListEventsRequest(parent=names.session("default", names.escape(session.session_id)), marks_only=True)
    assert len(stubs.events.ListEvents(request).events) == 1


@pytest.mark.parametrize("change", ["add", "pop", "clear"])
async def test_a_cancelled_change_has_ended_when_that_is_raised(session: ActivitySession, change: str) -> None:
    await session.add_items(numbered(2))
    changes = {
        "add": lambda: session.add_items(numbered(1)),
        "pop": session.pop_item,
        "clear": session.clear_session,
    }
    task = asyncio.create_task(changes[change]())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert texts(await session.get_items()) == {"add": ["0", "1", "0"], "pop": ["0"], "clear": []}[change]


async def test_a_channel_for_asyncio_does_as_well_and_stays_open(address: str, session: ActivitySession) -> None:
    await session.add_items(numbered(2))
    async with aio.connect(address) as channel:
        for _ in range(2):
            again = ActivitySession(session.session_id, channel)
            assert texts(await again.get_items()) == ["0", "1"]
            await again.close()


def test_one_session_serves_several_event_loops(address: str) -> None:
    session = ActivitySession(uuid.uuid4().hex, address)
    for number in range(3):
        asyncio.run(session.add_items([said(str(number))]))
    assert texts(asyncio.run(session.get_items())) == ["0", "1", "2"]


async def test_processes_lose_no_item_and_pop_none_twice(processes: Processes, session: ActivitySession) -> None:
    program = f"""
        from activity_session.openai_agents import ActivitySession

        async def main(number, address, together):
            session = ActivitySession({session.session_id!r}, address)
            together()
            for batch in range(10):
                words = [f"{{number}}.{{batch}}.{{item}}" for item in range(3)]
                await session.add_items([{{"role": "user", "content": word}} for word in words])
            together()
            if number == 0:
                print(*[item["content"] for item in await session.get_items()])
            together()
            while item := await session.pop_item():
                print(item["content"])
        """
    lines = processes(program, 3)
    (added,) = [line for line in lines if " " in line]
    found, popped = added.split(), [line for line in lines if line != added]
    assert sorted(found) == sorted(f"{n}.{batch}.{item}" for n in range(3) for batch in range(10) for item in range(3))
    batches = [{text.rpartition(".")[0] for text in found[at : at + 3]} for at in range(0, 90, 3)]
    assert all(len(batch) == 1 for batch in batches), "the items of a batch are together"
    assert sorted(popped) == sorted(found)
    assert await session.get_items() == []


async def test_a_long_batch_is_popped_by_many_at_once_and_nothing_twice(session: ActivitySession) -> None:
    await session.add_items(numbered(210))
    popped: list[Any] = []

    async def pop() -> None:
        popped.extend([await session.pop_item() for _ in range(3)])

    await asyncio.gather(pop(), pop(), pop(), session.add_items(numbered(101)))
    left = texts(await session.get_items())
    assert sorted(left + texts(popped)) == sorted(texts(numbered(210) + numbered(101)))
