"""Runners of frameworks from end to end: tools, what comes later from another process, and a server that is killed."""

import operator
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, TypedDict

import pytest
from agents import Agent, RunConfig, function_tool
from agents import Runner as OpenAIRunner
from google.adk.agents import LlmAgent, ParallelAgent
from google.adk.apps.app import App, ResumabilityConfig
from google.adk.events.event import Event
from google.adk.runners import Runner
from google.adk.sessions import Session
from google.adk.tools.long_running_tool import LongRunningFunctionTool
from google.adk.tools.tool_context import ToolContext
from google.genai import types
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt

import activity_session
from activity_session.adk import ActivitySessionService
from activity_session.langgraph import ActivitySessionSaver
from activity_session.openai_agents import ActivitySession
from activity_session_testing.backends import FIXTURES, SQLITE_FILE
from activity_session_testing.processes import ServerProcess, serving_process
from activity_session_testing.servers import serving, unique
from adapters.gemini import Gemini
from adapters.gpt import Gpt, call, message

Processes = Callable[..., list[str]]
# A call that finds no server fails at once, and not after some retries.
AT_ONCE = [("grpc.enable_retries", 0)]


@pytest.fixture(scope="module", params=[SQLITE_FILE, *FIXTURES])
def urls(request: pytest.FixtureRequest, new_shared_database: Callable[[str], tuple[str, str]]) -> tuple[str, str]:
    """By which two servers use one database."""
    return new_shared_database(request.param)


@pytest.fixture(scope="module")
def address(urls: tuple[str, str]) -> Iterator[str]:
    """Where the server is that is there all the time."""
    with serving(urls[1]) as server:
        yield server.address


@pytest.fixture
def doomed(urls: tuple[str, str], address: str, tmp_path: Path) -> Iterator[ServerProcess]:
    """Another server on the same database, in a process that can be killed."""
    del address  # which has made the schema
    with serving_process(tmp_path / "log", "--database-url", urls[0]) as server:
        yield server


def asked(text: str) -> types.Content:
    return types.Content(role="user", parts=[types.Part(text=text)])


def text_of(event: Event) -> str | None:
    return event.content.parts[-1].text if event.content and event.content.parts else None


async def run(runner: Runner, **options: Any) -> list[Event]:
    return [event async for event in runner.run_async(user_id="u", session_id="s", **options)]


async def stored(service: ActivitySessionService, app: str) -> Session:
    found = await service.get_session(app_name=app, user_id="u", session_id="s")
    assert found is not None
    return found


def tool_then_text(name: str) -> Callable[[list[types.Part]], types.Part]:
    """Call a tool, unless it has returned just now, and then say what it has."""

    def script(parts: list[types.Part]) -> types.Part:
        result = parts[-1].function_response
        if result is not None:
            return types.Part(text=str((result.response or {})["result"]))
        return types.Part(function_call=types.FunctionCall(name=name, args={}))

    return script


async def test_parallel_agents_of_adk_call_tools_and_a_rewind_takes_it_all_back(address: str) -> None:
    app = unique("app")

    def note(tool_context: ToolContext) -> str:
        """Note who was here."""
        name = tool_context.agent_name
        tool_context.state[name] = tool_context.state.get(name, 0) + 1
        return f"{name} {tool_context.state[name]}"

    def agents() -> ParallelAgent:
        both = [
            LlmAgent(name=name, model=Gemini(model="none", script=tool_then_text("note")), tools=[note])
            for name in ("left", "right", "middle")
        ]
        return ParallelAgent(name="all", sub_agents=[*both])

    for count in (1, 2):
        async with ActivitySessionService(address) as service:
            runner = Runner(app_name=app, agent=agents(), session_service=service, auto_create_session=True)
            events = await run(runner, new_message=asked("Hello"))
            assert sorted(filter(None, map(text_of, events))) == [f"{n} {count}" for n in ("left", "middle", "right")]
            last = await stored(service, app)
    assert len(last.events) >= 2 * (1 + 3 * 3)
    assert {author: last.state[author] for author in ("left", "right", "middle")} == {
        "left": 2,
        "right": 2,
        "middle": 2,
    }
    async with ActivitySessionService(address) as service:
        runner = Runner(app_name=app, agent=agents(), session_service=service)
        second = last.events[-1].invocation_id
        await runner.rewind_async(user_id="u", session_id="s", rewind_before_invocation_id=second)
        rewound = await stored(service, app)
        assert [rewound.state[name] for name in ("left", "right", "middle")] == [1, 1, 1]
        events = await run(runner, new_message=asked("Again"))
        assert sorted(filter(None, map(text_of, events))) == ["left 2", "middle 2", "right 2"]


def approve() -> dict[str, str]:
    """Ask somebody, who is in no hurry."""
    return {"status": "pending"}


def script_of_a_clerk(parts: list[types.Part]) -> types.Part:
    result = parts[-1].function_response
    if result is None:
        return types.Part(function_call=types.FunctionCall(name="approve", args={}))
    return types.Part(text=f"It is {(result.response or {})['status']}.")


async def test_a_long_running_tool_of_adk_is_answered_from_another_process(address: str, processes: Processes) -> None:
    app = unique("app")
    model = Gemini(model="none", script=script_of_a_clerk)
    agent = LlmAgent(name="clerk", model=model, tools=[LongRunningFunctionTool(approve)])
    async with ActivitySessionService(address) as service:
        runner = Runner(app_name=app, agent=agent, session_service=service, auto_create_session=True)
        await run(runner, new_message=asked("May I?"))
    (line,) = processes(
        f"""
        from google.adk.agents import LlmAgent
        from google.adk.runners import Runner
        from google.genai import types
        from activity_session.adk import ActivitySessionService
        from adapters.gemini import Gemini

        def script(parts):
            return types.Part(text=f"It is {{parts[-1].function_response.response['status']}}.")

        async def main(number, address, together):
            agent = LlmAgent(name="clerk", model=Gemini(model="none", script=script))
            async with ActivitySessionService(address) as service:
                runner = Runner(app_name={app!r}, agent=agent, session_service=service)
                key = dict(user_id="u", session_id="s")
                found = await service.get_session(app_name={app!r}, **key)
                (asked,) = [call for event in found.events for call in event.get_function_calls()]
                assert asked.id in found.events[1].long_running_tool_ids
                answer = types.FunctionResponse(id=asked.id, name="approve", response=dict(status="granted"))
                message = types.Content(role="user", parts=[types.Part(function_response=answer)])
                async for event in runner.run_async(**key, new_message=message):
                    print(event.content.parts[-1].text)
        """,
        1,
    )
    assert line == "It is granted."


async def test_a_run_of_adk_goes_on_at_another_server_when_its_own_is_killed(
    address: str, doomed: ServerProcess
) -> None:
    name, calls = unique("app"), 0

    def deliver() -> str:
        """Deliver it; in the middle of the first call the server is killed."""
        nonlocal calls
        calls += 1
        if calls == 1:
            doomed.kill()
        return f"delivered {calls}"

    agent = LlmAgent(name="clerk", model=Gemini(model="none", script=tool_then_text("deliver")), tools=[deliver])
    app = App(name=name, root_agent=agent, resumability_config=ResumabilityConfig(is_resumable=True))
    with activity_session.connect(doomed.address, options=AT_ONCE) as channel:
        service = ActivitySessionService(channel)
        runner = Runner(app=app, session_service=service, auto_create_session=True)
        with pytest.raises(activity_session.Error):
            await run(runner, new_message=asked("Deliver it"))
    async with ActivitySessionService(address) as service:
        broken = await stored(service, name)
        assert [bool(event.get_function_calls()) for event in broken.events] == [False, True]
        runner = Runner(app=app, session_service=service)
        events = await run(runner, invocation_id=broken.events[-1].invocation_id)
        assert [text for text in map(text_of, events) if text] == ["delivered 2"]
        whole = await stored(service, name)
        assert len([event for event in whole.events if event.get_function_responses()]) == 1
        assert whole.events[: len(broken.events)] == broken.events
        events = await run(runner, new_message=asked("And again"))
        assert [text for text in map(text_of, events) if text] == ["delivered 3"]


async def test_a_run_of_openai_goes_on_at_another_server_when_its_own_is_killed(
    address: str, doomed: ServerProcess
) -> None:
    id_, calls = unique("session"), 0

    @function_tool
    def deliver() -> str:
        """Deliver it; in the middle of the second call the server is killed."""
        nonlocal calls
        calls += 1
        if calls == 2:
            doomed.kill()
        return f"delivered {calls}"

    def script(items: list[Any]) -> Any:
        if items[-1].get("type") == "function_call_output":
            return message(items[-1]["output"])
        return call(f"c-{uuid.uuid4()}", "deliver")

    agent, config = Agent("clerk", model=Gpt(script), tools=[deliver]), RunConfig(tracing_disabled=True)
    with activity_session.connect(doomed.address, options=AT_ONCE) as channel:
        session = ActivitySession(id_, channel)
        done = await OpenAIRunner.run(agent, "First", session=session, run_config=config)
        assert done.final_output == "delivered 1"
        with pytest.raises(activity_session.Error):
            await OpenAIRunner.run(agent, "Second", session=session, run_config=config)
    with activity_session.connect(address) as channel:
        session = ActivitySession(id_, channel)
        kinds = [item.get("type", "message") for item in await session.get_items()]
        assert kinds[:4] == ["message", "function_call", "function_call_output", "message"]
        assert kinds.count("function_call") == kinds.count("function_call_output"), "no call without its result"
        done = await OpenAIRunner.run(agent, "Third", session=session, run_config=config)
        assert done.final_output == "delivered 3"
        whole: Any = await session.get_items()
        assert [item["content"] for item in whole if item.get("role") == "user"] == ["First", "Second", "Third"]
        assert [item["output"] for item in whole if "output" in item] == ["delivered 1", "delivered 3"]


class State(TypedDict):
    """What a graph has done."""

    steps: Annotated[list[str], operator.add]


def graph(saver: ActivitySessionSaver, before_sending: Callable[[], None]) -> Any:
    """A graph that packs, asks whether it may send, and sends."""

    def pack(_: State) -> Any:
        return {"steps": ["packed"]}

    def ask(_: State) -> Any:
        return {"steps": [interrupt("May I?")]}

    def send(_: State) -> Any:
        before_sending()
        return {"steps": ["sent"]}

    made: Any = StateGraph(State)
    made.add_node("pack", pack).add_node("ask", ask).add_node("send", send)
    made.add_edge(START, "pack").add_edge("pack", "ask").add_edge("ask", "send").add_edge("send", END)
    return made.compile(checkpointer=saver)


@pytest.mark.parametrize("durability", ["sync", "async"])
def test_a_graph_goes_on_at_another_server_when_its_own_is_killed(
    address: str, doomed: ServerProcess, durability: Any
) -> None:
    thread: Any = {"configurable": {"thread_id": unique("thread")}}
    with activity_session.connect(doomed.address, options=AT_ONCE) as channel:
        broken = graph(ActivitySessionSaver(channel), doomed.kill)
        assert "__interrupt__" in broken.invoke({"steps": []}, thread, durability=durability)
        with pytest.raises(activity_session.Error):
            broken.invoke(Command(resume="yes"), thread, durability=durability)
    with closing(ActivitySessionSaver(address)) as saver:
        mended = graph(saver, lambda: None)
        has_asked = mended.get_state(thread).values["steps"] == ["packed", "yes"]
        assert has_asked or durability == "async", "each step is stored before the next one begins"
        rest: Any = None if has_asked else Command(resume="yes")
        assert mended.invoke(rest, thread, durability=durability) == {"steps": ["packed", "yes", "sent"]}
        assert mended.get_state(thread).next == ()
