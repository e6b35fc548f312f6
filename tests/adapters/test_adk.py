"""ADK's session service keeps what runners give it, as its base class promises, also for several processes at once."""

import asyncio
import json
import re
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from google.adk.agents import LlmAgent, ParallelAgent
from google.adk.auth.auth_tool import AuthConfig
from google.adk.errors import StaleSessionError
from google.adk.errors.already_exists_error import AlreadyExistsError
from google.adk.errors.session_not_found_error import SessionNotFoundError
from google.adk.events.event import Event
from google.adk.events.event_actions import EventActions, EventCompaction
from google.adk.models import BaseLlm
from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from google.adk.runners import Runner
from google.adk.sessions import Session
from google.adk.sessions.base_session_service import GetSessionConfig
from google.genai import types

from activity_session import aio, content, names, v1
from activity_session.adk import ActivitySessionService, from_uri
from activity_session_testing.ports import free_port
from activity_session_testing.servers import Client

Processes = Callable[..., list[str]]
PAGE = Path(__file__).parents[2] / "docs/adapters/adk.md"


@pytest.fixture
async def service(address: str) -> AsyncIterator[ActivitySessionService]:
    async with ActivitySessionService(address) as service:
        yield service


@pytest.fixture
def app() -> str:
    """The name of an app that no other test has."""
    return f"app/{uuid.uuid4()}"


def said(text: str, timestamp: float = 0.0, author: str = "user", **actions: Any) -> Event:
    words = types.Content(role="user", parts=[types.Part(text=text)])
    event = Event(author=author, invocation_id="i", content=words, actions=EventActions(**actions))
    return event.model_copy(update={"timestamp": timestamp}) if timestamp else event


def texts(session: Session | None) -> list[str | None]:
    assert session is not None
    return [event.content.parts[0].text for event in session.events if event.content and event.content.parts]


PARTS: list[types.Part] = [
    types.Part(text="京都 🏯 \u0000"),
    types.Part(text="Hm.", thought=True, thought_signature=b"\xff\x00"),
    types.Part(function_call=types.FunctionCall(id="c1", name="weather", args={"city": "京都", "n": None, "x": 1.5})),
    types.Part(function_response=types.FunctionResponse(id="c1", name="weather", response={"result": [None]})),
    types.Part(function_response=types.FunctionResponse(id="c2", name="weather", response={"error": "no"})),
    types.Part(inline_data=types.Blob(data=b"\x89PNG\xff", mime_type="image/png")),
    types.Part(file_data=types.FileData(file_uri="gs://a/b.pdf", mime_type="application/pdf", display_name="b")),
    types.Part(executable_code=types.ExecutableCode(code="1 + 1", language=types.Language.PYTHON)),
    types.Part(code_execution_result=types.CodeExecutionResult(outcome=types.Outcome.OUTCOME_OK, output="2")),
]
BEARER = AuthConfig.model_validate({"authScheme": {"type": "http", "scheme": "bearer"}})
EVENTS: list[Event] = [
    *(Event(author="planner", content=types.Content(role="model", parts=[part])) for part in PARTS),
    Event(author="planner", content=types.Content(role="model", parts=PARTS), long_running_tool_ids={"c1", "c2"}),
    Event(
        author="planner",
        invocation_id="inv",
        branch="a.b",
        turn_complete=True,
        interrupted=False,
        error_code="STOP",
        error_message="it broke",
        finish_reason=types.FinishReason.MAX_TOKENS,
        output={"of": ["a node", 2**60]},
        custom_metadata={"a": [1, 1.0, True, None]},
        usage_metadata=types.GenerateContentResponseUsageMetadata(prompt_token_count=7, candidates_token_count=1),
        grounding_metadata=types.GroundingMetadata(web_search_queries=["rain"]),
        citation_metadata=types.CitationMetadata(citations=[types.Citation(uri="https://example.org")]),
        input_transcription=types.Transcription(text="hello", finished=True),
        output_transcription=types.Transcription(text="hi"),
        avg_logprobs=-0.25,
        model_version="m",
    ),
    Event(
        author="planner",
        actions=EventActions(
            skip_summarization=True,
            state_delta={"k": {"deep": [None, 0.1]}, "app:k": 2**53 + 1, "user:k": None},
            artifact_delta={"a.txt": 3},
            transfer_to_agent="writer",
            escalate=True,
            requested_auth_configs={
                "c1": AuthConfig.model_validate({"authScheme": {"type": "http", "scheme": "bearer"}})
            },
            compaction=EventCompaction(
                start_timestamp=1.0, end_timestamp=2.0, compacted_content=types.Content(parts=[types.Part(text="sum")])
            ),
            end_of_agent=True,
            agent_state={"at": "step 2"},
            rewind_before_invocation_id="inv",
        ),
    ),
    Event(author="writer with / and ~", id="id/with\n~" + "x" * 300),
    Event(author="system"),
    Event(author=""),
    Event(author="user", timestamp=0.000001),
]


async def test_nothing_of_an_event_is_lost(service: ActivitySessionService, app: str) -> None:
    session = await service.create_session(app_name=app, user_id="ada", session_id="s")
    for event in EVENTS:
        assert await service.append_event(session, event) is event
    found = await service.get_session(app_name=app, user_id="ada", session_id="s")
    assert found is not None
    assert found.events == EVENTS
    assert found == session, "so does what the caller has, with the private marker"


async def test_an_event_with_what_is_no_json_is_kept_all_the_same(service: ActivitySessionService, app: str) -> None:
    session = await service.create_session(app_name=app, user_id="ada", state={"of": object, "inf": float("inf")})
    await service.append_event(session, said("x", state_delta={"f": print, "s": {1}, "n": float("nan")}))
    found = await service.get_session(app_name=app, user_id="ada", session_id=session.id)
    assert found is not None
    assert found.state == {"of": str(object), "inf": None, "f": str(print), "s": [1], "n": None}


async def test_others_read_what_is_said_and_called(service: ActivitySessionService, stubs: Client, app: str) -> None:
    session = await service.create_session(app_name=app, user_id="ada")
    await service.append_event(session, said("Hello"))
    await service.append_event(session, Event(author="planner", content=types.Content(role="model", parts=PARTS)))
    (ours,) = stubs.sessions.ListSessions(v1.ListSessionsRequest(parent=names.namespace(names.escape(app)))).sessions
    hello, called = stubs.events.ListEvents(v1.ListEventsRequest(parent=ours.name)).events
    assert [names.parse(event.author).participant for event in (hello, called)] == ["ada", "planner"]
    assert content.read(hello).parts == (content.Text("Hello"),)
    assert content.read(called).parts == (
        content.Text("京都 🏯 \u0000"),
        content.ToolCall("c1", "weather", {"city": "京都", "n": None, "x": 1.5}),
        content.ToolResult("c1", {"result": [None]}),
        content.ToolResult("c2", {"error": "no"}, is_error=True),
        content.File("gs://a/b.pdf", "application/pdf", "b"),
    )


async def test_what_others_have_written_is_an_event(service: ActivitySessionService, stubs: Client, app: str) -> None:
    session = await service.create_session(app_name=app, user_id="ada")
    (ours,) = stubs.sessions.ListSessions(v1.ListSessionsRequest(parent=names.namespace(names.escape(app)))).sessions
    foreign = [
        v1.Event(author=ours.participants[0].participant, text="by hand"),
        content.write(v1.Event(), [content.Text("of the future")], content.Native("adk", b'{"timestamp": "no"}')),
        v1.Event(blob=b"\xff"),
    ]
    stubs.events.AppendEvents(v1.AppendEventsRequest(parent=ours.name, events=foreign))
    found = await service.get_session(app_name=app, user_id="ada", session_id=session.id)
    assert found is not None
    assert [(event.author, text) for event, text in zip(found.events, texts(found), strict=True)] == [
        ("ada", "by hand"),
        ("user", "of the future"),
    ]
    with pytest.raises(StaleSessionError):
        # One of them looks like one of another runner.
        await service.append_event(session, said("too late"))


async def test_state_is_of_three_scopes(service: ActivitySessionService, app: str) -> None:
    state = {"app:a": 1, "user:u": {"x": [None]}, "s": 0.1, "temp:t": 1}
    created = await service.create_session(app_name=app, user_id="ada", session_id="1", state=state)
    assert created.state == {"app:a": 1, "user:u": {"x": [None]}, "s": 0.1}
    again = await service.create_session(app_name=app, user_id="ada", session_id="2")
    assert again.state == {"app:a": 1, "user:u": {"x": [None]}}
    other = await service.create_session(app_name=app, user_id="bob", session_id="1")
    assert other.state == {"app:a": 1}
    assert await service.get_user_state(app_name=app, user_id="ada") == {"u": {"x": [None]}}
    assert await service.get_user_state(app_name=app, user_id="nobody") == {}
    assert await service.get_user_state(app_name=f"no {app}", user_id="ada") == {}


async def test_a_delta_replaces_keys_keeps_null_and_forgets_temp(service: ActivitySessionService, app: str) -> None:
    session = await service.create_session(app_name=app, user_id="ada", state={"k": {"a": 1}, "n": 1})
    event = said("x", state_delta={"k": {"b": 2}, "n": None, "temp:t": 3, "app:big": 2**70, "user:f": 1e300})
    await service.append_event(session, event)
    kept = {"k": {"b": 2}, "n": None, "app:big": 2**70, "user:f": 1e300}
    assert session.state == kept | {"temp:t": 3}
    assert "temp:t" not in event.actions.state_delta
    found = await service.get_session(app_name=app, user_id="ada", session_id=session.id)
    assert found is not None
    assert found.state == kept
    assert list(found.events[0].actions.state_delta) == ["k", "n", "app:big", "user:f"]


@pytest.mark.parametrize("key", ["", " a ", "a/b", "~", "-", "line\nbreak", "é", "x" * 300, "ü" * 200, "app:app:a"])
async def test_a_key_may_be_any_text(service: ActivitySessionService, app: str, key: str) -> None:
    state = {key: [key, 1], f"user:{key}": 2}
    created = await service.create_session(app_name=app, user_id="ada", state=state)
    assert created.state == state


async def test_a_large_state_is_created_whole(service: ActivitySessionService, app: str) -> None:
    state = {f"{scope}{number}": number for scope in ("", "app:", "user:") for number in range(150)}
    created = await service.create_session(app_name=app, user_id="ada", state=state)
    assert created.state == state


async def test_a_partial_event_leaves_no_trace(service: ActivitySessionService, app: str) -> None:
    session = await service.create_session(app_name=app, user_id="ada")
    event = Event(author="a", partial=True, actions=EventActions(state_delta={"k": 1, "temp:t": 1}))
    assert await service.append_event(session, event) is event
    assert (session.state, session.events) == ({}, [])
    assert "temp:t" in event.actions.state_delta


@pytest.mark.parametrize("id_", ["a/b", "-", "line\nbreak", "ü" * 300, "..", "~", "x" * 5000, '"*\\', "é"])
async def test_names_may_be_any_text(service: ActivitySessionService, app: str, id_: str) -> None:
    app = f"{app} {id_}"
    created = await service.create_session(app_name=app, user_id=id_, session_id=id_)
    await service.append_event(created, said("Hello"))
    assert (created.app_name, created.user_id, created.id) == (app, id_, id_)
    assert await service.get_session(app_name=app, user_id=id_, session_id=id_) == created
    for user_id in (id_, None):
        (listed,) = (await service.list_sessions(app_name=app, user_id=user_id)).sessions
        assert (listed.user_id, listed.id, listed.events) == (id_, id_, [])
    await service.delete_session(app_name=app, user_id=id_, session_id=id_)
    assert (await service.list_sessions(app_name=app)).sessions == []


async def test_users_do_not_see_each_other(service: ActivitySessionService, app: str) -> None:
    pairs = [("a", "b/c"), ("a/b", "c"), ("", "a"), ("a~2Fb", "c"), ("a", "c"), ("b", "c")]
    for user_id, id_ in pairs:
        session = await service.create_session(app_name=app, user_id=user_id, session_id=id_)
        await service.append_event(session, said(f"{user_id} {id_}"))
    for user_id, id_ in pairs:
        found = await service.get_session(app_name=app, user_id=user_id, session_id=id_)
        assert texts(found) == [f"{user_id} {id_}"]
    assert [one.id for one in (await service.list_sessions(app_name=app, user_id="")).sessions] == ["a"]
    assert len((await service.list_sessions(app_name=app)).sessions) == len(pairs)
    await service.delete_session(app_name=app, user_id="b", session_id="b/c")
    assert await service.get_session(app_name=app, user_id="a", session_id="b/c") is not None


async def test_an_id_is_made_where_none_is_given(service: ActivitySessionService, app: str) -> None:
    made = [await service.create_session(app_name=app, user_id="u", session_id=id_) for id_ in (None, "", "  ")]
    assert len({session.id for session in made if session.id.strip()}) == 3
    assert (await service.create_session(app_name=app, user_id="u", session_id=" s ")).id == "s"


async def test_an_id_is_taken_once(service: ActivitySessionService, app: str) -> None:
    results = await asyncio.gather(
        *(service.create_session(app_name=app, user_id="u", session_id="s", state={"n": n}) for n in range(5)),
        return_exceptions=True,
    )
    (created,) = [result for result in results if isinstance(result, Session)]
    assert sum(isinstance(result, AlreadyExistsError) for result in results) == 4
    assert await service.get_session(app_name=app, user_id="u", session_id="s") == created


async def test_what_is_not_there_is_none_and_can_be_deleted(service: ActivitySessionService, app: str) -> None:
    assert await service.get_session(app_name=app, user_id="u", session_id="s") is None
    assert (await service.list_sessions(app_name=app)).sessions == []
    session = await service.create_session(app_name=app, user_id="u", state={"app:a": 1, "user:u": 2, "s": 3})
    for _ in range(2):
        await service.delete_session(app_name=app, user_id="u", session_id=session.id)
    assert await service.get_session(app_name=app, user_id="u", session_id=session.id) is None
    with pytest.raises(SessionNotFoundError):
        await service.append_event(session, said("too late"))
    again = await service.create_session(app_name=app, user_id="u", session_id=session.id)
    assert again.state == {"app:a": 1, "user:u": 2}
    with pytest.raises(SessionNotFoundError):
        await service.append_event(session, said("in another one of that name"))


async def test_the_newest_events_and_those_from_a_time_on(service: ActivitySessionService, app: str) -> None:
    session = await service.create_session(app_name=app, user_id="u", session_id="s", state={"k": 1})
    for number in range(1, 6):
        await service.append_event(session, said(str(number), timestamp=number + 0.5))

    async def found(**config: Any) -> list[str | None]:
        got = await service.get_session(
            app_name=app, user_id="u", session_id="s", config=GetSessionConfig.model_validate(config)
        )
        assert got is not None
        assert (got.state, got.last_update_time) == ({"k": 1}, 5.5)
        return texts(got)

    assert await found() == ["1", "2", "3", "4", "5"]
    assert await found(num_recent_events=2) == ["4", "5"]
    assert await found(num_recent_events=0) == []
    assert await found(num_recent_events=9) == ["1", "2", "3", "4", "5"]
    assert await found(after_timestamp=4.5) == ["4", "5"]
    assert await found(after_timestamp=0.0) == ["1", "2", "3", "4", "5"]
    assert await found(after_timestamp=2.0, num_recent_events=2) == ["4", "5"]


async def test_the_time_of_the_newest_event_is_that_of_the_session(service: ActivitySessionService, app: str) -> None:
    created = [await service.create_session(app_name=app, user_id=u, session_id="s") for u in ("a", "b", "c")]
    for session, timestamp in zip(created, (3.0, 1.0, 2.000001), strict=True):
        await service.append_event(session, said("x", timestamp=9.0))
        await service.append_event(session, said("y", timestamp=timestamp))
        assert session.last_update_time == pytest.approx(timestamp, abs=1e-6)
    listed = (await service.list_sessions(app_name=app)).sessions
    assert [(one.user_id, one.last_update_time) for one in listed] == [("b", 1.0), ("c", 2.000001), ("a", 3.0)]


async def test_a_session_that_others_have_written_to_is_stale(service: ActivitySessionService, app: str) -> None:
    first = await service.create_session(app_name=app, user_id="u", session_id="s")
    second = await service.get_session(app_name=app, user_id="u", session_id="s")
    assert second == first
    await service.append_event(first, said("1", timestamp=5.0))
    with pytest.raises(StaleSessionError):
        # At the same moment, and without an event that would tell.
        await service.append_event(second, said("2", timestamp=5.0))
    assert texts(second) == []
    third = await service.get_session(app_name=app, user_id="u", session_id="s")
    assert third is not None
    await service.append_event(third, said("3"))
    assert texts(await service.get_session(app_name=app, user_id="u", session_id="s")) == ["1", "3"]


async def test_a_session_without_a_marker_is_judged_by_its_last_event(
    service: ActivitySessionService, app: str
) -> None:
    stored = await service.create_session(app_name=app, user_id="u", session_id="s")
    await service.append_event(stored, said("1"))
    has_all = Session(id="s", app_name=app, user_id="u", events=list(stored.events))
    await service.append_event(has_all, said("2"))
    with pytest.raises(StaleSessionError):
        await service.append_event(Session(id="s", app_name=app, user_id="u", events=list(stored.events)), said("3"))
    with pytest.raises(SessionNotFoundError):
        await service.append_event(Session(id="none", app_name=app, user_id="u"), said("3"))


async def test_an_event_is_appended_once(service: ActivitySessionService, app: str) -> None:
    session = await service.create_session(app_name=app, user_id="u", session_id="s")
    event = said("1", state_delta={"k": 1})
    await service.append_event(session, event)
    await service.append_event(session, event)
    assert texts(session) == ["1"]
    assert await service.get_session(app_name=app, user_id="u", session_id="s") == session
    other = event.model_copy(deep=True)
    other.error_message = "another one"
    with pytest.raises(AlreadyExistsError):
        await service.append_event(session, other)


async def test_a_retry_succeeds_and_hides_nothing_of_others(service: ActivitySessionService, app: str) -> None:
    first = await service.create_session(app_name=app, user_id="u", session_id="s")
    # As if its response had been lost, it does not know of the event.
    unaware = await service.get_session(app_name=app, user_id="u", session_id="s")
    assert unaware is not None
    event = said("1")
    await service.append_event(first, event.model_copy(deep=True))
    await service.append_event(first, said("2"))
    await service.append_event(unaware, event)
    assert texts(unaware) == ["1"]
    with pytest.raises(StaleSessionError):
        await service.append_event(unaware, said("3"))


async def test_coroutines_share_a_session(service: ActivitySessionService, app: str) -> None:
    session = await service.create_session(app_name=app, user_id="u", session_id="s")
    events = [said(str(number), state_delta={f"k{number}": number}) for number in range(20)]
    await asyncio.gather(*(service.append_event(session, event) for event in events))
    found = await service.get_session(app_name=app, user_id="u", session_id="s")
    assert found == session
    assert sorted(found.state) == sorted(f"k{number}" for number in range(20))


async def test_a_cancelled_append_has_ended_when_that_is_raised(service: ActivitySessionService, app: str) -> None:
    session = await service.create_session(app_name=app, user_id="u", session_id="s")
    task = asyncio.create_task(service.append_event(session, said("1")))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert texts(session) == ["1"]
    assert await service.get_session(app_name=app, user_id="u", session_id="s") == session


async def test_an_append_is_all_or_nothing(service: ActivitySessionService, app: str) -> None:
    session = await service.create_session(app_name=app, user_id="u", session_id="s")
    with pytest.raises(Exception, match="LIMIT_EXCEEDED"):
        await service.append_event(session, said("1", state_delta={"k": 1, "large": "x" * 300_000}))
    with pytest.raises(Exception, match="LIMIT_EXCEEDED"):
        await service.create_session(app_name=app, user_id="u", session_id="t", state={"large": "x" * 300_000})
    assert (session.state, session.events) == ({}, [])
    assert await service.get_session(app_name=app, user_id="u", session_id="s") == session
    assert await service.get_session(app_name=app, user_id="u", session_id="t") is None


async def test_a_channel_for_asyncio_and_a_namespace_can_be_given(address: str, app: str) -> None:
    async with aio.connect(address) as channel:
        service = ActivitySessionService(channel, namespace="default")
        session = await service.create_session(app_name=app, user_id=app, session_id="s")
        await service.append_event(session, said("1"))
        assert texts(await service.get_session(app_name="another", user_id=app, session_id="s")) == ["1"]
        await service.close()
        assert (await service.list_sessions(app_name=app, user_id=app)).sessions[0].app_name == app


class Scripted(BaseLlm):
    """In the place of a model: it says what it was told, and how many messages it has heard."""

    async def generate_content_async(
        self, llm_request: LlmRequest, *_: Any, **__: Any
    ) -> AsyncGenerator[LlmResponse, None]:
        text = f"{len(llm_request.contents)} heard"
        yield LlmResponse(content=types.Content(role="model", parts=[types.Part(text=text)]))


async def run(runner: Runner, text: str) -> list[str | None]:
    message = types.Content(role="user", parts=[types.Part(text=text)])
    events = [event async for event in runner.run_async(user_id="u", session_id="s", new_message=message)]
    return [event.content.parts[0].text for event in events if event.content and event.content.parts]


async def test_a_runner_goes_on_where_another_has_ended(address: str) -> None:
    app = f"app_{uuid.uuid4().hex}"
    agent = LlmAgent(name="planner", model=Scripted(model="none"), output_key="plan")
    for expected in ("1 heard", "3 heard"):
        async with ActivitySessionService(address) as service:
            runner = Runner(app_name=app, agent=agent, session_service=service, auto_create_session=True)
            assert await run(runner, "Hello") == [expected]
            found = await service.get_session(app_name=app, user_id="u", session_id="s")
            assert found is not None
            assert found.state == {"plan": expected}


async def test_parallel_agents_and_a_rewind(service: ActivitySessionService) -> None:
    app = f"app_{uuid.uuid4().hex}"
    both = [LlmAgent(name=name, model=Scripted(model="none"), output_key=name) for name in ("left", "right")]
    agent = ParallelAgent(name="both", sub_agents=[*both])
    runner = Runner(app_name=app, agent=agent, session_service=service, auto_create_session=True)
    await run(runner, "Hello")
    found = await service.get_session(app_name=app, user_id="u", session_id="s")
    assert found is not None
    assert set(found.state) >= {"left", "right"}
    first = found.events[0].invocation_id
    await runner.rewind_async(user_id="u", session_id="s", rewind_before_invocation_id=first)
    rewound = await service.get_session(app_name=app, user_id="u", session_id="s")
    assert rewound is not None
    assert [rewound.state["left"], rewound.state["right"]] == [None, None]


def test_one_service_serves_the_threads_of_runners(address: str) -> None:
    app = f"app_{uuid.uuid4().hex}"
    service = ActivitySessionService(address)
    agent = LlmAgent(name="planner", model=Scripted(model="none"))
    runner = Runner(app_name=app, agent=agent, session_service=service, auto_create_session=True)
    message = types.Content(role="user", parts=[types.Part(text="Hello")])
    for _ in range(2):  # each in a loop of its own
        assert list(runner.run(user_id="u", session_id="s", new_message=message))


async def test_processes_that_race_lose_nothing(
    service: ActivitySessionService, processes: Processes, app: str
) -> None:
    await service.create_session(app_name=app, user_id="u", session_id="s", state={"count": 0})
    program = f"""
        from google.adk.errors import StaleSessionError
        from google.adk.events.event import Event
        from google.adk.events.event_actions import EventActions
        from activity_session.adk import ActivitySessionService

        async def main(number, address, together):
            key = dict(app_name={app!r}, user_id="u", session_id="s")
            async with ActivitySessionService(address) as service:
                together()
                done = 0
                while done < 10:
                    session = await service.get_session(**key)
                    delta = {{"count": session.state["count"] + 1}}
                    event = Event(author=f"agent{{number}}", actions=EventActions(state_delta=delta))
                    try:
                        await service.append_event(session, event)
                        done += 1
                    except StaleSessionError:
                        print("stale")
        """
    processes(program, 3)
    found = await service.get_session(app_name=app, user_id="u", session_id="s")
    assert found is not None
    assert found.state == {"count": 30}
    assert [event.actions.state_delta["count"] for event in found.events] == list(range(1, 31))


def test_adk_loads_it_by_its_uri(address: str, tmp_path: Path) -> None:
    (services,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    agents, port, app = tmp_path / "agents", free_port(), f"app_{uuid.uuid4().hex}"
    (agents / app).mkdir(parents=True)
    (agents / "services.yaml").write_text(services)
    (agents / app / "__init__.py").write_text("from . import agent\n")
    (agents / app / "agent.py").write_text("from google.adk.agents import Agent\nroot_agent = Agent(name='a')\n")
    options = ["--port", str(port), "--session_service_uri", f"activity-session://{address}"]
    command = [str(Path(sys.executable).parent / "adk"), "api_server", *options, str(agents)]
    url = f"http://127.0.0.1:{port}/apps/{app}/users/ada/sessions/s"
    request = urllib.request.Request(url, b'{"k": 1}', {"Content-Type": "application/json"}, method="POST")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            assert process.stdout is not None
            assert any("Uvicorn running" in line for line in process.stdout)
            with urllib.request.urlopen(request, timeout=20) as response:
                assert json.load(response)["state"] == {"k": 1}
        finally:
            process.terminate()
    found = asyncio.run(ActivitySessionService(address).get_session(app_name=app, user_id="ada", session_id="s"))
    assert found is not None
    assert found.state == {"k": 1}


def test_a_uri_needs_an_address() -> None:
    with pytest.raises(ValueError, match="no address"):
        from_uri("activity-session:///namespace")
