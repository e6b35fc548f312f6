"""What users of session stores suffer from, by the issues in which they say so: none of it happens here."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import grpc
import pytest
from agents import Agent, RunConfig
from agents import Runner as OpenAIRunner
from google.adk.agents import LlmAgent
from google.adk.errors import StaleSessionError
from google.adk.events.event import Event
from google.adk.events.event_actions import EventActions
from google.adk.runners import Runner
from google.adk.sessions import Session
from google.adk.sessions.base_session_service import GetSessionConfig
from google.adk.tools.tool_context import ToolContext
from google.genai import types
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.base.id import uuid6
from pydantic_ai import Conversation
from pydantic_ai.conversation_store import ConversationConflict
from pydantic_ai.messages import ModelRequest

import activity_session
from activity_session import names, v1
from activity_session.adk import ActivitySessionService
from activity_session.claude import ActivitySessionStore
from activity_session.langgraph import ActivitySessionSaver
from activity_session.openai_agents import ActivitySession
from activity_session.pydantic_ai import ActivityConversationStore
from activity_session_testing.moments import eventually
from activity_session_testing.proxies import proxying
from activity_session_testing.servers import Client, unique
from adapters.gemini import Gemini
from adapters.gpt import Gpt, message

Handles = Callable[..., Any]


@pytest.fixture(scope="module")
def channel(address: str) -> Iterator[grpc.Channel]:
    with activity_session.connect(address) as channel:
        yield channel


@pytest.fixture
def service(channel: grpc.Channel) -> ActivitySessionService:
    return ActivitySessionService(channel)


@pytest.fixture
def session(channel: grpc.Channel) -> ActivitySession:
    return ActivitySession(unique("session"), channel)


def said(text: str, timestamp: float = 1.0, **delta: Any) -> Event:
    words = types.Content(role="user", parts=[types.Part(text=text)])
    return Event(author="user", content=words, timestamp=timestamp, actions=EventActions(state_delta=delta))


def texts(session: Session | None) -> list[str | None]:
    assert session is not None
    return [event.content.parts[-1].text for event in session.events if event.content and event.content.parts]


def item(text: str) -> Any:
    return {"role": "user", "content": text}


def ours(app: str, user: str = "u", id_: str = "s") -> str:
    """The name of the session that the server has for one of ADK's."""
    return names.session(names.escape(app), names.escape(f"{names.escape(user)}/{id_}"))


class Counting(grpc.UnaryUnaryClientInterceptor):
    """Counts calls, and the rows that they return."""

    def __init__(self) -> None:
        self.calls = self.events = self.sessions = 0

    def intercept_unary_unary(self, continuation: Callable[..., Any], client_call_details: Any, request: Any) -> Any:
        done = continuation(client_call_details, request)
        response = done.result()
        self.calls += 1
        self.events += len(getattr(response, "events", ()))
        self.sessions += len(getattr(response, "sessions", ()))
        return done


class Meanwhile(grpc.UnaryUnaryClientInterceptor):
    """Does something when a session has been read, and its events have not."""

    def __init__(self, act: Callable[[], object]) -> None:
        self._act = act

    def intercept_unary_unary(self, continuation: Callable[..., Any], client_call_details: Any, request: Any) -> Any:
        done = continuation(client_call_details, request)
        if client_call_details.method.endswith("/GetSession"):
            done.result()
            self._act()
        return done


class TestOneSessionHasSeveralWriters:
    """google/adk-python#537, #917, #1733, #3717, #4751, #5244, #1153, #5190, ag-ui-protocol/ag-ui#957."""

    async def test_what_a_middleware_writes_in_the_middle_of_a_run_does_not_kill_it(
        self, service: ActivitySessionService, stubs: Client
    ) -> None:
        """ag-ui-protocol/ag-ui#957, #1652, #1732; google/adk-python#537, #917."""
        app = unique("app")

        def look() -> str:
            """Look, while something else writes to the session."""
            note = v1.Event(text="[pending calls are noted]")
            stubs.events.AppendEvents(v1.AppendEventsRequest(parent=ours(app), events=[note]))
            return "seen"

        def script(parts: list[types.Part]) -> types.Part:
            result = any(part.function_response for part in parts)
            call = types.FunctionCall(name="look", args={})
            return types.Part(text="Done.") if result else types.Part(function_call=call)

        agent = LlmAgent(name="planner", model=Gemini(model="none", script=script), tools=[look])
        runner = Runner(app_name=app, agent=agent, session_service=service, auto_create_session=True)
        asked = types.Content(role="user", parts=[types.Part(text="Look")])
        _ = [event async for event in runner.run_async(user_id="u", session_id="s", new_message=asked)]
        found = await service.get_session(app_name=app, user_id="u", session_id="s")
        assert texts(found) == ["Look", None, "[pending calls are noted]", None, "Done."]

    async def test_what_comes_while_a_session_is_read_is_there_once(
        self, service: ActivitySessionService, stubs: Client, channel: grpc.Channel
    ) -> None:
        """google/adk-python#4751: what was read is of no one moment, and later writes build on it."""
        app = unique("app")
        await service.create_session(app_name=app, user_id="u", session_id="s")
        late = v1.AppendEventsRequest(parent=ours(app), events=[v1.Event(text="late")])
        reading = grpc.intercept_channel(channel, Meanwhile(lambda: stubs.events.AppendEvents(late)))
        found = await ActivitySessionService(reading).get_session(app_name=app, user_id="u", session_id="s")
        assert texts(found) == []
        assert found is not None
        await service.append_event(found, said("mine"))
        assert texts(found) == ["late", "mine"]
        assert await service.get_session(app_name=app, user_id="u", session_id="s") == found

    async def test_two_servers_that_append_at_the_same_instant_are_told_apart(
        self, service: ActivitySessionService
    ) -> None:
        """google/adk-python#3717 and #1733: equal times; #4751: without a check the two interleave for good."""
        app = unique("app")
        first = await service.create_session(app_name=app, user_id="u", session_id="s")
        for number in range(5):  # one writer is never stale, whatever its clock says
            await service.append_event(first, said(str(number), timestamp=1.0 if number % 2 else 0.5))
        second = await service.get_session(app_name=app, user_id="u", session_id="s")
        assert second is not None
        both = (service.append_event(first, said("a")), service.append_event(second, said("b")))
        done = await asyncio.gather(*both, return_exceptions=True)
        assert sorted(isinstance(each, StaleSessionError) for each in done) == [False, True]

    async def test_parallel_tools_lose_no_change_of_state(self, service: ActivitySessionService) -> None:
        """google/adk-python#1153, #5190, #5244."""
        app = unique("app")

        async def note(key: str, tool_context: ToolContext) -> str:
            """Note a key, while the other tools do."""
            before = tool_context.state.get(key, [])
            await asyncio.sleep(0)
            tool_context.state[key] = [*before, key]
            return key

        def script(parts: list[types.Part]) -> types.Part | list[types.Part]:
            if parts[-1].function_response:
                return types.Part(text="Done.")
            keys = ("k0", "k1", "k2")
            return [types.Part(function_call=types.FunctionCall(name="note", args={"key": key})) for key in keys]

        agent = LlmAgent(name="planner", model=Gemini(model="none", script=script), tools=[note])
        runner = Runner(app_name=app, agent=agent, session_service=service, auto_create_session=True)
        asked = types.Content(role="user", parts=[types.Part(text="Note")])
        for _ in range(2):
            _ = [event async for event in runner.run_async(user_id="u", session_id="s", new_message=asked)]
        found = await service.get_session(app_name=app, user_id="u", session_id="s")
        assert found is not None
        assert found.state == {"k0": ["k0", "k0"], "k1": ["k1", "k1"], "k2": ["k2", "k2"]}
        events = [said(str(n), **{f"n{n}": n}) for n in range(10)]
        await asyncio.gather(*(service.append_event(found, event) for event in events))
        again = await service.get_session(app_name=app, user_id="u", session_id="s")
        assert again is not None
        assert again.state == found.state
        assert len(again.state) == 13

    async def test_batches_of_several_writers_stay_together(
        self, channel: grpc.Channel, session: ActivitySession
    ) -> None:
        """langgenius/dify#16450: concurrent use breaks a conversation for good; openai conversation_locked."""
        handles = [ActivitySession(session.session_id, channel) for _ in range(4)]
        pairs = [
            [{"type": "function_call", "call_id": f"{n}"}, {"type": "function_call_output", "call_id": f"{n}"}]
            for n in range(12)
        ]
        await asyncio.gather(*(handles[n % 4].add_items(pair) for n, pair in enumerate(pairs)))  # type: ignore[arg-type]
        found: Any = await session.get_items()
        assert all(found[at]["call_id"] == found[at + 1]["call_id"] for at in range(0, 24, 2))


class TestReadsAreUnbounded:
    """google/adk-python#4621, #4871, #3643, #4917, #3039, #4673; openai/openai-agents-python#4757."""

    @pytest.fixture
    def counting(self) -> Counting:
        return Counting()

    @pytest.fixture
    def counted(self, channel: grpc.Channel, counting: Counting) -> grpc.Channel:
        return grpc.intercept_channel(channel, counting)

    async def test_the_newest_events_of_a_long_session_are_all_that_is_read(
        self, service: ActivitySessionService, stubs: Client, counted: grpc.Channel, counting: Counting
    ) -> None:
        """google/adk-python#4917: 8 s for 3,000 events; #3039, #2854, #4673."""
        app = unique("app")
        await service.create_session(app_name=app, user_id="u", session_id="s")
        for _ in range(12):
            events = [v1.Event(text="x") for _ in range(100)]
            stubs.events.AppendEvents(v1.AppendEventsRequest(parent=ours(app), events=events))
        few = GetSessionConfig(num_recent_events=2)
        found = await ActivitySessionService(counted).get_session(app_name=app, user_id="u", session_id="s", config=few)
        assert texts(found) == ["x", "x"]
        assert counting.events == 2
        items = await ActivitySession("u/s", counted, namespace=app).get_items(3)
        assert (len(items), counting.events) == (3, 2 + 3)

    async def test_a_list_reads_no_events_and_the_sessions_of_one_user_only(
        self, service: ActivitySessionService, counted: grpc.Channel, counting: Counting
    ) -> None:
        """google/adk-python#4621: 74 s for 10,000 sessions; #4871, #3643."""
        app = unique("app")
        users = ["ada"] * 6 + ["bob"] * 6
        await asyncio.gather(*(service.create_session(app_name=app, user_id=user, state={"k": 1}) for user in users))
        listed = (await ActivitySessionService(counted).list_sessions(app_name=app, user_id="ada")).sessions
        assert [one.state for one in listed] == [{"k": 1}] * 6
        assert (counting.sessions, counting.events) == (6, 0)
        assert counting.calls == 1 + 6 + 2, "the list, each session's state, those of the app and of the user"

    async def test_the_latest_checkpoint_of_a_long_thread_is_not_looked_for_in_all_of_it(
        self, channel: grpc.Channel, counted: grpc.Channel, counting: Counting
    ) -> None:
        """google/adk-python#4917 and aws/bedrock-agentcore-sdk-python#283, for checkpoints."""
        config: Any = {"configurable": {"thread_id": unique("thread"), "checkpoint_ns": ""}}
        saver, new = ActivitySessionSaver(channel), config
        for number in range(40):
            checkpoint: Any = {**empty_checkpoint(), "id": str(uuid6())}
            new = await saver.aput(new, checkpoint, {"step": number}, {})
        found = await ActivitySessionSaver(counted).aget_tuple(config)
        assert found is not None
        assert found.metadata["step"] == 39
        assert counting.events <= 10

    async def test_a_list_of_transcripts_reads_no_entries(
        self, channel: grpc.Channel, counted: grpc.Channel, counting: Counting
    ) -> None:
        """google/adk-js#324 and google/adk-python#5300, for transcripts."""
        store, project = ActivitySessionStore(channel), unique("project")
        for number in range(5):
            entries: Any = [{"type": "user", "uuid": f"{n}", "message": {"content": "Hi"}} for n in range(20)]
            await store.append({"project_key": project, "session_id": f"{number}"}, entries)
        counting.calls = 0
        assert len(await ActivitySessionStore(counted).list_session_summaries(project)) == 5
        assert (counting.calls, counting.events) == (1, 0)


LONG = "京都 🏯 " * 40_000


class TestMySQLCutsShortensAndFolds:
    """google/adk-python#124, #333, #370, #2821, #3351, #4993, #941; openai/openai-agents-python#4740, PR#4741."""

    async def test_a_long_text_with_characters_of_four_bytes_kills_no_run(
        self, service: ActivitySessionService, session: ActivitySession, channel: grpc.Channel
    ) -> None:
        """google/adk-python#2821, #3351, #4993: a text that is too long for its column, and the turn is lost."""
        app = unique("app")
        created = await service.create_session(app_name=app, user_id="u", session_id="s", state={"k": LONG[:50_000]})
        await service.append_event(created, said(LONG, of="🏯"))
        assert await service.get_session(app_name=app, user_id="u", session_id="s") == created
        await session.add_items([item(LONG)])
        assert await session.get_items() == [item(LONG)]
        store, conversation = ActivityConversationStore(channel), Conversation(conversation_id=unique("c"))
        conversation.messages.append(ModelRequest.user_text_prompt(LONG * 5))
        await store.save(conversation)
        assert await ActivityConversationStore(channel).load(conversation.conversation_id) == conversation

    @pytest.mark.parametrize("other", ["Tenant", "tenant ", "ténant", "tenant🏯", "tenant" + "x" * 250])
    async def test_ids_that_a_collation_takes_for_one_are_two(
        self, service: ActivitySessionService, channel: grpc.Channel, other: str
    ) -> None:
        """openai/openai-agents-python PR#4741: case, trailing spaces, accents and the length of keys."""
        app = unique("app")
        for user in ("tenant", other):
            created = await service.create_session(app_name=app, user_id=user, session_id="s", state={"user:of": user})
            await service.append_event(created, said(user))
        for user in ("tenant", other):
            found = await service.get_session(app_name=app, user_id=user, session_id="s")
            assert texts(found) == [user]
            assert found is not None
            assert found.state == {"user:of": user}
            (listed,) = (await service.list_sessions(app_name=app, user_id=user)).sessions
            assert listed.user_id == user
        for id_ in ("tenant", other):
            await ActivitySession(f"{app} {id_}", channel).add_items([item(id_)])
        for id_ in ("tenant", other):
            assert await ActivitySession(f"{app} {id_}", channel).get_items() == [item(id_)]

    async def test_times_within_one_second_stay_apart_and_in_order(self, service: ActivitySessionService) -> None:
        """google/adk-python#941: a history out of order, since times were whole seconds."""
        app = unique("app")
        created = await service.create_session(app_name=app, user_id="u", session_id="s")
        times = [5.000001, 5.000002, 5.5, 5.999999]
        for time in times:
            await service.append_event(created, said(str(time), timestamp=time))
        found = await service.get_session(
            app_name=app, user_id="u", session_id="s", config=GetSessionConfig(after_timestamp=5.5)
        )
        assert texts(found) == ["5.5", "5.999999"]
        assert found is not None
        assert found.last_update_time == 5.999999


class TestNobodyCanTellWhoSaidWhat:
    """google/adk-python#2946, #1793; anomalyco/opencode#14930; langgenius/dify#3006."""

    async def test_an_agent_is_told_which_of_two_people_speaks(self, channel: grpc.Channel) -> None:
        """google/adk-python#2946: users inject names into texts; anomalyco/opencode#14930."""
        id_ = unique("session")
        heard: list[Any] = []

        def script(items: list[Any]) -> Any:
            heard[:] = [each["content"] for each in items if each["role"] == "user"]
            return message("Hm.")

        for user in ("ada", "bob", "ada"):
            session = ActivitySession(id_, channel, user=user)
            agent, config = Agent("a", model=Gpt(script)), RunConfig(tracing_disabled=True)
            await OpenAIRunner.run(agent, f"I am {user}", session=session, run_config=config)
        assert heard == ["I am ada", "bob: I am bob", "I am ada"]
        look: Any = [{"role": "user", "content": [{"type": "input_text", "text": "Look"}]}]
        bob = ActivitySession(id_, channel, user="bob")
        await bob.add_items(look * 150)  # several in one event
        assert (await bob.get_items(1)) == look
        newest = (await ActivitySession(id_, channel, user="ada").get_items(1))[0]
        assert newest.get("content") == [{"type": "input_text", "text": "bob: "}, *look[0]["content"]]
        assert await ActivitySession(id_, channel, user="ada").pop_item() == newest
        assert (await bob.get_items(1)) == look, "what is left of an event has its author still"

    async def test_two_people_share_a_session_of_adk_each_with_a_state_of_their_own(
        self, channel: grpc.Channel
    ) -> None:
        """google/adk-python#1793: one user id is hard-coded for all; #3658."""
        service = ActivitySessionService(channel, session=names.session("default", unique("session")))
        for user in ("ada", "bob"):
            joined = await service.create_session(app_name="any", user_id=user, state={"user:name": user})
            await service.append_event(joined, said(f"I am {user}"))
        found = await service.get_session(app_name="any", user_id="ada", session_id="any")
        assert found is not None
        assert [event.author for event in found.events] == ["user", "bob"]
        assert found.state == {"user:name": "ada"}


class TestCreationRaces:
    """google/adk-python#4954, #6823; openai/openai-agents-python#2722; langchain-ai/langgraph#8136."""

    async def test_many_first_writers_all_succeed(self, channel: grpc.Channel) -> None:
        """openai/openai-agents-python#2722, PR#2854; langchain-ai/langgraph#8136."""
        id_, count = unique("session"), 6
        user, agent = unique("user"), unique("agent")
        sessions = [ActivitySession(id_, channel, user=user, agent=agent) for _ in range(count)]
        await asyncio.gather(*(each.add_items([item(str(n))]) for n, each in enumerate(sessions)))
        assert len(await sessions[0].get_items()) == count
        store, key = ActivitySessionStore(channel), {"project_key": "p", "session_id": unique("s")}
        entries: list[Any] = [{"type": "user", "uuid": str(n), "message": {"content": "Hi"}} for n in range(count)]
        await asyncio.gather(*(store.append(key, [entry]) for entry in entries))  # type: ignore[arg-type]
        assert len(await store.load(key) or []) == count  # type: ignore[arg-type]
        saver, thread = ActivitySessionSaver(channel), unique("thread")
        config: Any = {"configurable": {"thread_id": thread, "checkpoint_ns": ""}}
        made: list[Any] = [{**empty_checkpoint(), "id": str(uuid6())} for _ in range(count)]
        await asyncio.gather(*(saver.aput(config, checkpoint, {}, {}) for checkpoint in made))
        assert len([each async for each in saver.alist(config)]) == count

    async def test_of_many_that_create_the_same_each_succeeds_or_is_told(self, channel: grpc.Channel) -> None:
        """google/adk-python#4954, #6823: a raw IntegrityError, or two sessions."""
        service, app = ActivitySessionService(channel), unique("app")
        every = (service.create_session(app_name=app, user_id="u", session_id="s", state={"n": n}) for n in range(6))
        done = await asyncio.gather(*every, return_exceptions=True)
        (created,) = [each for each in done if isinstance(each, Session)]
        assert {type(each).__name__ for each in done} == {"Session", "AlreadyExistsError"}
        assert await service.get_session(app_name=app, user_id="u", session_id="s") == created
        store, id_ = ActivityConversationStore(channel), unique("c")
        saved = await asyncio.gather(
            *(
                store.save(Conversation(messages=[ModelRequest.user_text_prompt(f"{n}")], conversation_id=id_))
                for n in range(4)
            ),
            return_exceptions=True,
        )
        assert sum(isinstance(each, ConversationConflict) for each in saved) == 3


class TestOrderOfWhatCameAtOnce:
    """openai/openai-agents-python#1900, google/adk-python#911."""

    async def test_items_of_one_millisecond_keep_their_order(self, session: ActivitySession) -> None:
        """openai/openai-agents-python#1900: a reasoning item after its message, and the API refuses the next turn."""
        items: list[Any] = []
        for number in range(20):
            pair = [
                {"type": "reasoning", "id": f"r{number}", "summary": []},
                {"role": "assistant", "content": f"{number}"},
            ]
            items += pair
            await session.add_items(pair)  # type: ignore[arg-type]
        assert await session.get_items() == items
        assert await session.get_items(3) == items[-3:]

    async def test_a_limit_takes_the_newest_and_a_time_is_inclusive(self, service: ActivitySessionService) -> None:
        """google/adk-python#911: a limit took the oldest, and the event at the time itself was left out."""
        app = unique("app")
        created = await service.create_session(app_name=app, user_id="u", session_id="s")
        for number in range(6):
            await service.append_event(created, said(str(number), timestamp=7.0))

        async def found(**config: Any) -> list[str | None]:
            wanted = GetSessionConfig.model_validate(config)
            return texts(await service.get_session(app_name=app, user_id="u", session_id="s", config=wanted))

        assert await found(num_recent_events=2) == ["4", "5"]
        assert await found(after_timestamp=7.0) == ["0", "1", "2", "3", "4", "5"]
        assert await found(after_timestamp=7.000001) == []


class TestGetOrCreate:
    """google/adk-python#4071, #828, #836; PR#2151."""

    async def test_one_call_joins_or_creates_however_many_make_it(self, channel: grpc.Channel) -> None:
        """google/adk-python#4071, PR#4072, #828: get, then create, and in between somebody else has."""
        service = ActivitySessionService(channel, session=names.session("default", unique("session")))
        joined = await asyncio.gather(*(service.create_session(app_name="a", user_id=f"u{n}") for n in range(6)))
        assert len({one._storage_update_marker for one in joined}) == 1  # noqa: SLF001
        await service.append_event(joined[0], said("Hello"))
        again = await service.create_session(app_name="a", user_id="u9")
        assert texts(again) == ["Hello"]

    async def test_a_runner_creates_what_is_not_there_and_a_read_does_not(
        self, service: ActivitySessionService, channel: grpc.Channel, stubs: Client
    ) -> None:
        """google/adk-python#836, PR#5351; openai/openai-agents-python#3960: a read leaves nothing behind."""
        app, id_ = unique("app"), unique("session")
        assert await service.get_session(app_name=app, user_id="u", session_id="s") is None
        assert await ActivitySession(id_, channel).get_items() == []
        assert await ActivityConversationStore(channel).load(id_) is None
        assert await ActivitySessionSaver(channel).aget_tuple({"configurable": {"thread_id": id_}}) is None
        assert await ActivitySessionStore(channel).load({"project_key": "p", "session_id": id_}) is None
        listed = stubs.sessions.ListSessions(v1.ListSessionsRequest(parent="namespaces/default", page_size=1000))
        assert not any(id_ in one.name for one in listed.sessions)
        agent = LlmAgent(name="a", model=Gemini(model="none", script=lambda _: types.Part(text="Hm.")))
        runner = Runner(app_name=app, agent=agent, session_service=service, auto_create_session=True)
        asked = types.Content(role="user", parts=[types.Part(text="Hi")])
        _ = [event async for event in runner.run_async(user_id="u", session_id="s", new_message=asked)]
        assert texts(await service.get_session(app_name=app, user_id="u", session_id="s")) == ["Hi", "Hm."]


class TestARetryWritesTwice:
    """google/adk-python#4506, PR#4526."""

    async def test_a_write_whose_response_was_lost_is_there_once(self, address: str, stubs: Client) -> None:
        """google/adk-python#4506: the client tries again what has taken effect."""
        app, id_ = unique("app"), unique("c")
        key: Any = {"project_key": "p", "session_id": id_}
        config: Any = {"configurable": {"thread_id": f"t-{id_}", "checkpoint_ns": ""}}
        # The first checkpoint of a thread is two calls, of which the response of the first would be lost.
        after_x: Any = {"configurable": {**config["configurable"], "checkpoint_id": "x"}}
        with proxying(address) as proxy, activity_session.connect(proxy.address) as channel:
            service, session = ActivitySessionService(channel), ActivitySession(id_, channel)
            store, saver = ActivitySessionStore(channel), ActivitySessionSaver(channel)
            created = await service.create_session(app_name=app, user_id="u", session_id="s")
            await session.add_items([item("first")])
            writes: dict[str, Callable[[], Awaitable[Any]]] = {
                ours(app): lambda: service.append_event(created, said("second", n=1)),
                names.session("default", id_): lambda: session.add_items([item("second")]),
                names.session("default", names.escape(f"p/{id_}")): lambda: store.append(
                    key,
                    [{"type": "title", "title": "second"}],  # type: ignore[typeddict-unknown-key]
                ),
                names.session("default", f"t-{id_}"): lambda: saver.aput(after_x, empty_checkpoint(), {"step": 1}, {}),
            }
            await store.append(key, [{"type": "title"}])
            await saver.aput_writes(after_x, [], "task")
            for name, write in writes.items():
                await losing_the_response(proxy, write, lambda name=name: newest(stubs, name))  # type: ignore[misc]
            found = await service.get_session(app_name=app, user_id="u", session_id="s")
            assert texts(found) == texts(created) == ["second"]
            assert [each["content"] for each in await session.get_items()] == ["first", "second"]  # type: ignore[typeddict-item]
            assert len(await store.load(key) or []) == 2
            assert len([each async for each in saver.alist(config)]) == 1


def newest(stubs: Client, name: str) -> int:
    return stubs.sessions.GetSession(v1.GetSessionRequest(name=name)).last_sequence


async def losing_the_response(proxy: Any, write: Callable[[], Awaitable[Any]], sequence: Callable[[], int]) -> None:
    """Write, cut the connection when that has taken effect and its response is on the way, and wait for the write."""
    before = sequence()
    proxy.hold_answers()
    with contextlib.ExitStack() as released:
        released.callback(proxy.release)
        writing = asyncio.ensure_future(write())
        await asyncio.to_thread(eventually, lambda: sequence() > before)
        assert proxy.cut() == 1
    await writing
    assert sequence() == before + 1
