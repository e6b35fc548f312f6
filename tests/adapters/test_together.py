"""Agents of several frameworks and a program in Go in one session: each is told what the others say, and by whom."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from agents import Agent, RunConfig, function_tool
from agents import Runner as OpenAIRunner
from claude_agent_sdk import ClaudeAgentOptions, ResultMessage, get_session_messages_from_store, query
from claude_agent_sdk.types import SessionKey
from google.adk.agents import LlmAgent
from google.adk.errors import StaleSessionError
from google.adk.events.event import Event
from google.adk.events.event_actions import EventActions
from google.adk.runners import Runner
from google.genai import types
from langgraph.graph import START, MessagesState, StateGraph

import activity_session
from activity_session import content, names, v1
from activity_session.adk import ActivitySessionService
from activity_session.claude import SharedSessionStore
from activity_session.langgraph import ActivitySessionSaver
from activity_session.openai_agents import ActivitySession
from activity_session_testing.servers import Client
from adapters.gemini import Gemini
from adapters.gpt import Gpt, call, message

ROOT = Path(__file__).parents[2]
CLAUDE_CODE = Path(__file__).parent / "claude_code.py"


@pytest.fixture
def session() -> str:
    """The name of a session that is not there yet."""
    return names.session("default", f"weather-{uuid.uuid4().hex}")


def said_in(stubs: Client, session: str) -> list[str]:
    """What anybody can read there, a text for each event that says something."""
    request = v1.ListEventsRequest(parent=session, page_size=1000)
    shown = (content.as_text(event, with_author=True) for event in stubs.events.ListEvents(request).events)
    return [text for text in shown if text]


@pytest.fixture(scope="session")
def say(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[str]]:
    """Runs a program in Go that prints what was said in a session, and says something there."""
    if shutil.which("go") is None:
        pytest.skip("go is not installed; to test adapters beside a program in Go: Go 1.23 or newer")
    program = tmp_path_factory.mktemp("go") / "say"
    subprocess.run(["go", "build", "-o", str(program), "./examples/say"], cwd=ROOT / "clients/go", check=True)

    def run(address: str, session: str, author: str, *text: str) -> list[str]:
        done = subprocess.run([program, address, session, author, *text], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return run


def temperature(city: str) -> str:
    """Return the temperature in a city."""
    return f"7 degrees in {city}."


async def adk(address: str, session: str, text: str, *, user: str = "ada") -> list[str]:
    """Have an agent of ADK say something, and return what its model has heard."""
    heard: list[str] = []

    def script(parts: list[types.Part]) -> types.Part:
        heard[:] = [part.text for part in parts if part.text]
        result = parts[-1].function_response
        if result is not None:
            return types.Part(text=str((result.response or {})["result"]))
        return types.Part(function_call=types.FunctionCall(name="temperature", args={"city": "Kyoto"}))

    agent = LlmAgent(name="planner", model=Gemini(model="none", script=script), tools=[temperature])
    async with ActivitySessionService(address, session=session) as service:
        runner = Runner(app_name="any", agent=agent, session_service=service, auto_create_session=True)
        asked = types.Content(role="user", parts=[types.Part(text=text)])
        said = [event async for event in runner.run_async(user_id=user, session_id="any", new_message=asked)]
    assert said[-1].content is not None
    return heard


@function_tool
def wind(city: str) -> str:
    """Return the wind in a city."""
    return f"A breeze in {city}."


async def openai(address: str, session: str, text: str) -> list[str]:
    """Have an agent of the OpenAI SDK say something, and return what its model has heard."""
    heard: list[str] = []

    def script(items: list[Any]) -> Any:
        heard[:] = [item["content"] for item in items if isinstance(item.get("content"), str)]
        if items[-1].get("type") == "function_call_output":
            return message(items[-1]["output"])
        return call(f"c-{uuid.uuid4()}", "wind", '{"city": "Nara"}')

    name = names.parse(session)
    ours = ActivitySession(name.session, address, namespace=name.namespace, user="bob", agent="sailor")
    agent = Agent("sailor", model=Gpt(script), tools=[wind])
    done = await OpenAIRunner.run(agent, text, session=ours, run_config=RunConfig(tracing_disabled=True))
    assert done.final_output == "A breeze in Nara."
    await ours.close()
    return heard


async def claude(address: str, session: str, text: str, folder: Path) -> list[str]:
    """Have Claude say something, as its SDK runs it, and return what it has heard."""
    store = SharedSessionStore(address, session, user="eve", agent="claude")
    options = ClaudeAgentOptions(
        session_store=store,
        continue_conversation=True,
        cli_path=CLAUDE_CODE,
        cwd=folder,
        env={"CLAUDE_CONFIG_DIR": str(folder), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )
    (result,) = [one async for one in query(prompt=text, options=options) if isinstance(one, ResultMessage)]
    assert not result.is_error
    key: SessionKey = {"project_key": "any", "session_id": store.session_id}
    own = [entry for entry in await store.load(key) or [] if entry["type"] == "assistant"]
    await store.close()
    last: Any = own[-1]
    before: list[Any] = json.loads(last["message"]["content"][0]["text"].removeprefix("Grey. I had heard "))
    return [said for said in before if isinstance(said, str)]


async def test_each_is_told_what_the_others_have_said_and_by_whom(
    address: str, stubs: Client, session: str, say: Callable[..., list[str]], tmp_path: Path
) -> None:
    assert say(address, session, "gopher", "I am here.") == []
    heard = await adk(address, session, "How warm is it?")
    assert any("[gopher] said:" in text for text in heard)
    assert any("I am here." in text for text in heard)
    assert heard[-1] == "How warm is it?"

    asked, result, last = said_in(stubs, session)[-3:]
    assert asked.startswith("planner: [call ")
    assert result.startswith("planner: [result of call ")
    assert last == "planner: 7 degrees in Kyoto."
    heard = await openai(address, session, "And the wind?")
    assert heard == ["gopher: I am here.", "ada: How warm is it?", asked, result, last, "And the wind?"]

    heard = await claude(address, session, "Is it grey?", tmp_path)
    assert heard[:3] == ["gopher: I am here.", "ada: How warm is it?", asked]
    assert heard[-1] == "sailor: A breeze in Nara."
    assert heard == said_in(stubs, session)[: len(heard)]

    heard = await adk(address, session, "So?")
    for author, words in (("bob", "And the wind?"), ("sailor", "A breeze in Nara."), ("claude", "Grey. I had heard")):
        assert any(f"[{author}] said:" in text and words in text for text in heard), (author, heard)
    # Their own calls are calls to them, and no text.
    assert "planner: 7 degrees in Kyoto." not in heard

    lines = say(address, session, "gopher")
    assert [line.partition(":")[0] for line in lines] == [
        *("gopher", "ada", "planner", "planner", "planner", "bob", "sailor", "sailor", "sailor"),
        *("eve", "claude", "claude", "claude", "ada", "planner", "planner", "planner"),
    ]
    assert lines[7] == 'sailor: "A breeze in Nara."'


async def test_claude_goes_on_after_what_was_said_since_its_last_turn(
    address: str, stubs: Client, session: str, tmp_path: Path
) -> None:
    assert await claude(address, session, "First", tmp_path) == []
    await openai(address, session, "Second")
    heard = await claude(address, session, "Third", tmp_path)
    assert (heard[0], heard[1], heard[-1]) == ("First", "bob: Second", "sailor: A breeze in Nara.")
    await adk(address, session, "Fourth")
    heard = await claude(address, session, "Fifth", tmp_path)
    told = [text for text in heard if not text.startswith(("sailor: [", "planner: ["))]
    assert told == [
        *("First", "bob: Second", "sailor: A breeze in Nara.", "Third", "ada: Fourth", "planner: 7 degrees in Kyoto.")
    ]
    store = SharedSessionStore(address, session, user="eve", agent="claude")
    shown = await get_session_messages_from_store(store, store.session_id)
    assert len(shown) == len(said_in(stubs, session)), "to the functions of the SDK it is one chain too"
    (summary,) = await store.list_session_summaries("any")
    assert summary["data"]["first_prompt"] == "First"
    await store.close()


async def test_what_came_within_a_turn_of_claude_does_not_break_it(address: str, session: str, stubs: Client) -> None:
    store = SharedSessionStore(address, session)
    use = {"type": "tool_use", "id": "t", "name": "Read", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "t", "content": "grey"}

    def entry(id_: str, parent: str | None, role: str, said: Any) -> Any:
        return {"type": role, "uuid": id_, "parentUuid": parent, "message": {"role": role, "content": said}}

    key: SessionKey = {"project_key": "any", "session_id": store.session_id}
    await store.append(key, [entry("1", None, "user", "Look"), entry("2", "1", "assistant", [use])])
    stubs.events.AppendEvents(v1.AppendEventsRequest(parent=session, events=[v1.Event(text="Me too")]))
    await store.append(key, [entry("3", "2", "user", [result]), entry("4", "3", "assistant", "Grey.")])
    await store.append(key, [entry("5", "4", "user", "Again"), entry("6", "4", "user", "Another way")])
    loaded: Any = await store.load(key)
    told = loaded[4]["uuid"]
    assert [(each["uuid"], each["parentUuid"]) for each in loaded] == [
        *(("1", None), ("2", "1"), ("3", "2"), ("4", "3"), (told, "4"), ("5", told), ("6", told))
    ]
    assert loaded[4]["message"] == {"role": "user", "content": "Me too"}
    # A transcript that is imported again brings nothing of others, and nothing twice.
    await store.append(key, loaded)
    assert await store.load(key) == loaded
    await store.delete(key)
    assert await store.load(key) is None
    assert await store.list_sessions("any") == []
    await store.close()


STRANGE = [
    v1.Event(blob=b"\xff\x00", media_type="image/png"),
    v1.Event(text='{"parts": [{"of the future": 1}]}', media_type=content.MEDIA_TYPE),
    v1.Event(text='{"parts": [', media_type=content.MEDIA_TYPE),
    v1.Event(text="[1]", media_type="application/json"),
    v1.Event(type="state"),
    v1.Event(blob=b"x", labels={"pieces": f"{'0' * 64}.2"}),
    *(
        content.write(v1.Event(), [], content.Native(framework, data))
        for framework in ("adk", "openai-agents", "claude", "pydantic-ai", "of the future")
        for data in (b"{", b"7", b"\xff")
    ),
]


async def test_what_is_not_known_is_skipped_and_stays(
    address: str, stubs: Client, session: str, say: Callable[..., list[str]], tmp_path: Path
) -> None:
    say(address, session, "gopher", "before")
    stubs.events.AppendEvents(v1.AppendEventsRequest(parent=session, events=STRANGE))
    say(address, session, "gopher", "after")
    assert await openai(address, session, "Hello") == ["gopher: before", "gopher: after", "Hello"]
    assert (await claude(address, session, "Hello", tmp_path))[:3] == ["gopher: before", "gopher: after", "bob: Hello"]
    heard = " ".join(await adk(address, session, "Hello"))
    assert heard.index("before") < heard.index("after") < heard.rindex("Hello")
    assert say(address, session, "gopher")[:3] == ["gopher: before", "gopher: after", "bob: Hello"]
    kept = stubs.events.ListEvents(v1.ListEventsRequest(parent=session, page_size=1000)).events
    assert [event.blob for event in kept[1:6]] == [event.blob for event in STRANGE[:5]]
    assert [event.text for event in kept[1:22]] == [event.text for event in STRANGE]


async def test_all_at_once_nobody_is_stopped_and_nothing_is_lost(
    address: str, stubs: Client, session: str, say: Callable[..., list[str]], tmp_path: Path
) -> None:
    saver = ActivitySessionSaver(address)
    node: Any = StateGraph(MessagesState).add_node("node", lambda _: {"messages": ["A node."]})
    graph: Any = node.add_edge(START, "node").compile(saver)
    thread: Any = {"configurable": {"thread_id": names.parse(session).session}}
    await graph.ainvoke({"messages": ["Hello"]}, thread)
    say(address, session, "gopher", "Go!")
    for _ in range(2):
        await asyncio.gather(
            adk(address, session, "adk"),
            openai(address, session, "openai"),
            claude(address, session, "claude", tmp_path),
            graph.ainvoke({"messages": ["again"]}, thread),
            *(asyncio.to_thread(say, address, session, "gopher", f"go {number}") for number in range(5)),
        )
    lines = said_in(stubs, session)
    for line, count in {
        "ada: adk": 2,
        "planner: 7 degrees in Kyoto.": 2,
        "bob: openai": 2,
        "sailor: A breeze in Nara.": 2,
        "eve: claude": 2,
        **{f"gopher: go {number}": 2 for number in range(5)},
    }.items():
        assert lines.count(line) == count, line
    assert sum(line.startswith("claude: Grey.") for line in lines) == 2
    assert len(graph.get_state(thread).values["messages"]) == 6
    saver.close()


def said(text: str, author: str = "user", **delta: Any) -> Event:
    words = types.Content(role="user", parts=[types.Part(text=text)])
    return Event(author=author, content=words, actions=EventActions(state_delta=delta))


async def test_two_users_of_adk_are_told_apart_in_one_session(address: str, session: str) -> None:
    async with ActivitySessionService(address, session=session) as service:
        ada = await service.create_session(app_name="one", user_id="ada/1", session_id="a", state={"user:of": "ada"})
        await service.append_event(ada, said("I am Ada", seen=True))
        bob = await service.create_session(app_name="two", user_id="bob", session_id="b", state={"user:of": "bob"})
        assert [event.author for event in bob.events] == ["ada/1"]
        assert bob.state == {"seen": True, "user:of": "bob"}
        await service.append_event(bob, said("I am Bob"))
        with pytest.raises(StaleSessionError):
            await service.append_event(ada, said("too late"))
        again = await service.get_session(app_name="one", user_id="ada/1", session_id="a")
        assert again is not None
        assert [event.author for event in again.events] == ["user", "bob"]
        for user in ("ada/1", "bob", None):
            (listed,) = (await service.list_sessions(app_name="one", user_id=user)).sessions
            assert (listed.id, listed.user_id) == (names.parse(session).session, user or "user")
        await service.delete_session(app_name="one", user_id="bob", session_id="any")
        assert (await service.list_sessions(app_name="one")).sessions == []


async def test_what_others_say_meanwhile_stops_no_runner_but_a_change_of_the_same_state_does(
    address: str, stubs: Client, session: str
) -> None:
    async with ActivitySessionService(address, session=session) as service:
        mine = await service.create_session(app_name="any", user_id="ada", session_id="any", state={"count": 1})
        meanwhile = v1.AppendEventsRequest(parent=session, events=[v1.Event(text="Hello"), v1.Event(blob=b"x")])
        stubs.events.AppendEvents(meanwhile)
        await service.append_event(mine, said("first", count=2))
        assert [event.content.parts[0].text for event in mine.events if event.content and event.content.parts] == [
            *("Hello", "first")
        ]
        assert mine == await service.get_session(app_name="any", user_id="ada", session_id="any")
        update = v1.StateUpdate(key="count", value_json="7")
        changed = v1.AppendEventsRequest(parent=session, events=[v1.Event(text="mine")], state_updates=[update])
        stubs.events.AppendEvents(changed)
        with pytest.raises(StaleSessionError):
            await service.append_event(mine, said("second", count=3))
        stubs.events.PopEvents(v1.PopEventsRequest(parent=session))
        with pytest.raises(StaleSessionError):
            await service.append_event(mine, said("third"))


@pytest.mark.parametrize("name", ["", "weather", "namespaces/default", "namespaces/default/sessions/s/events/e"])
def test_a_session_is_named_in_full(address: str, name: str) -> None:
    with activity_session.connect(address) as channel:
        with pytest.raises(ValueError, match=r"."):
            ActivitySessionService(channel, session=name)
        with pytest.raises(ValueError, match=r"."):
            SharedSessionStore(channel, name)
