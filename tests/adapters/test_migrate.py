"""The stores of frameworks are copied whole, may be copied again, and what differs is refused."""

import asyncio
import contextlib
import json
import re
import shlex
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, TypedDict

import pytest
import trustme
from agents import SQLiteSession
from agents.extensions.memory.sqlalchemy_session import SQLAlchemySession
from google.adk.events.event import Event
from google.adk.events.event_actions import EventActions
from google.adk.sessions import BaseSessionService, DatabaseSessionService
from google.adk.sessions.sqlite_session_service import SqliteSessionService
from google.genai import types
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage
from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple, empty_checkpoint
from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, StateGraph, add_messages
from langgraph.types import Command, interrupt

from activity_session import names, v1
from activity_session.adk import ActivitySessionService
from activity_session.langgraph import ActivitySessionSaver
from activity_session.migrate.__main__ import main
from activity_session.migrate._progress import Progress
from activity_session.openai_agents import ActivitySession
from activity_session_testing.backends import FIXTURES
from activity_session_testing.callers import new_token
from activity_session_testing.servers import connected, serving, unique

PAGES = Path(__file__).parents[2] / "docs/adapters"
SQLITE = "sqlite:///:memory:"
# Ends after it has added 14 events, before it is told of anything.
BROKEN_OFF = """
import os, signal, sys
from activity_session import _pieces
from activity_session.migrate import __main__, _progress

_pieces._CALL_EVENTS = 7
added = _progress.Progress.added

def counting(self, events):
    added(self, events)
    if self.events >= 14:
        os.kill(os.getpid(), signal.SIGKILL)

_progress.Progress.added = counting
sys.exit(__main__.main(sys.argv[1:]))
"""
WITHOUT = """
import sys
sys.modules[sys.argv.pop(1)] = None
from activity_session.migrate.__main__ import main

sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def target() -> Iterator[str]:
    """The address of a server that takes times of the past."""
    with serving(SQLITE, anonymous_role="system") as server:
        yield server.address


@pytest.fixture
def migrate(target: str, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs the command, and returns its exit code, and what it prints to stdout and to stderr."""

    def run(*arguments: str, address: str = target) -> tuple[int, str, str]:
        code = main([*arguments, "--target", address, "--quiet"])
        return code, *capsys.readouterr()

    return run


def said(text: str, author: str = "user", **more: Any) -> Event:
    return Event(author=author, content=types.Content(role="user", parts=[types.Part(text=text)]), **more)


def adk_service(kind: str, path: Path) -> BaseSessionService:
    if kind == "sqlite":
        return SqliteSessionService(str(path))
    return DatabaseSessionService(f"sqlite+aiosqlite:///{path}")


def adk_store(service: BaseSessionService, *apps: str, events: int = 4, text: str = "\0") -> None:
    """Make a store with two users in each app, whose ids are any texts, and with states of all scopes."""

    async def make() -> None:
        for app in apps:
            for user, id_ in (("ada", "1"), ("ada", "a/b ~2F"), ("bob/\u0001é", "1")):
                state = {
                    "n": 1.0,
                    "big": 2**60,
                    "user:": {"nested": [True, 1, None]},
                    f"app:{user}": "京都",
                    "temp:x": 1,
                }
                session = await service.create_session(app_name=app, user_id=user, session_id=id_, state=state)
                for number in range(events):
                    delta = {"n": number, "user:seen": None, f"k/{number}": [0.1 + 0.2]}
                    event = said(
                        f"{number} {text}", ["user", "planner"][number % 2], actions=EventActions(state_delta=delta)
                    )
                    # Some at one time: their order is that of the framework.
                    await service.append_event(session, event.model_copy(update={"timestamp": 1.7e9 + number // 3}))
            await service.create_session(app_name=app, user_id="eve", session_id="empty")
            await service.create_session(app_name=app, user_id="gone", session_id="g", state={"user:left": 1})
            await service.delete_session(app_name=app, user_id="gone", session_id="g")

    asyncio.run(make())


async def adk_read(service: BaseSessionService, app: str) -> tuple[Any, ...]:
    """What a service has of an app; times of sessions only of those that have events."""
    listed = (await service.list_sessions(app_name=app)).sessions
    keys = sorted((session.user_id, session.id) for session in listed)
    found = {key: await service.get_session(app_name=app, user_id=key[0], session_id=key[1]) for key in keys}
    return (
        {key: json.dumps(session.state, sort_keys=True) for key, session in found.items() if session},
        {
            key: (session.events, session.events and session.last_update_time)
            for key, session in found.items()
            if session
        },
        {user: await service.get_user_state(app_name=app, user_id=user) for user in [*dict(keys), "gone"]},
    )


async def adk_there(address: str, app: str, namespace: str | None = None) -> tuple[Any, ...]:
    async with ActivitySessionService(address, namespace=namespace) as service:
        return await adk_read(service, app)


@pytest.mark.parametrize("kind", ["sqlite", "database"])
def test_all_apps_of_adk_read_the_same_with_all_three_states(
    kind: str, tmp_path: Path, target: str, migrate: Any
) -> None:
    path, apps = tmp_path / "adk store.db", [unique("trips/é"), unique("x" * 100)]
    service = adk_service(kind, path)
    adk_store(service, *apps)
    url = f"sqlite+aiosqlite:///{path}" if kind == "database" else str(path)
    assert migrate("adk", url) == (0, "copied 8 sessions with 24 events, 0 there already, 0 refused\n", "")
    assert migrate("adk", url) == (0, "copied 0 sessions with 0 events, 8 there already, 0 refused\n", "")
    for app in apps:
        there = asyncio.run(adk_there(target, app))
        assert there == asyncio.run(adk_read(service, app))
        assert len(there[1]["bob/\u0001é", "1"][0]) == 4


def test_events_of_adk_have_the_times_that_they_had_and_the_agents_go_on(
    tmp_path: Path, target: str, migrate: Any
) -> None:
    app = unique("trips")
    adk_store(SqliteSessionService(str(tmp_path / "adk.db")), app)
    assert migrate("adk", str(tmp_path / "adk.db"))[0] == 0
    with connected(target) as stubs:
        session = names.session(app, names.escape("ada/1"))
        events = stubs.events.ListEvents(v1.ListEventsRequest(parent=session)).events
        assert [event.create_time.seconds for event in events] == [1_700_000_000] * 3 + [1_700_000_001]
        stubs.participants.GetParticipant(v1.GetParticipantRequest(name=names.participant(app, "planner")))

    async def go_on() -> list[str]:
        async with ActivitySessionService(target) as service:
            session = await service.get_session(app_name=app, user_id="ada", session_id="1")
            assert session is not None
            await service.append_event(session, said("more", actions=EventActions(state_delta={"n": 99})))
            again = await service.get_session(app_name=app, user_id="ada", session_id="1")
            assert again is not None
            assert again.state["n"] == 99
            return [event.id for event in again.events]

    assert len(asyncio.run(go_on())) == 5
    code, out, err = migrate("adk", str(tmp_path / "adk.db"))
    assert (code, out) == (1, "copied 0 sessions with 0 events, 3 there already, 1 refused\n")
    assert (
        err == f"refused: the session '1' of the user 'ada' of the app {app!r}: it goes on there after its 4 events\n"
    )


ITEMS: list[Any] = [
    {"role": "user", "content": "京都 \0?"},
    {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": '{"city": "Kyoto"}'},
    {"type": "function_call_output", "call_id": "c1", "output": "rain", "z": 1, "a": 1.0},
]


def openai_store(path: Path, sessions: dict[str, int]) -> None:
    async def make() -> None:
        for id_, count in sessions.items():
            session = SQLiteSession(id_, path)
            items: list[Any] = [{**ITEMS[number % 3], "id": f"{number}"} for number in range(count)]
            await session.add_items(items)
            session.close()

    asyncio.run(make())


def openai_read(path: Path, id_: str) -> str:
    session = SQLiteSession(id_, path)
    with closing(session):
        return json.dumps(asyncio.run(session.get_items()))


def openai_there(address: str, id_: str, namespace: str = "default") -> str:
    async def read() -> str:
        session = ActivitySession(id_, address, namespace=namespace)
        items = await session.get_items()
        await session.close()
        return json.dumps(items)

    return asyncio.run(read())


def test_a_thousand_items_of_openai_come_in_their_order_and_once(tmp_path: Path, target: str, migrate: Any) -> None:
    path, long, other = tmp_path / "a?b#c.db", unique("long"), unique("any/\u0001é~ ")
    openai_store(path, {long: 1000, other: 3})
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE agent_messages SET created_at = '2024-02-03 04:05:06'")
        connection.execute("INSERT INTO agent_messages (session_id, message_data) VALUES (?, 'broken')", [long])
        connection.commit()
    assert migrate("openai", str(path)) == (0, "copied 2 sessions with 1,003 events, 0 there already, 0 refused\n", "")
    for id_ in (long, other):
        assert openai_there(target, id_) == openai_read(path, id_)
    with connected(target) as stubs:
        found = stubs.sessions.GetSession(v1.GetSessionRequest(name=names.session("default", long)))
    assert (found.last_sequence, found.last_event_time.seconds) == (1000, 1_706_933_106)
    openai_store(path, {other: 2})
    assert migrate("openai", str(path)) == (0, "copied 1 session with 2 events, 1 there already, 0 refused\n", "")
    assert openai_there(target, other) == openai_read(path, other)


def test_a_database_of_openai_is_read_in_the_order_of_its_times(tmp_path: Path, target: str, migrate: Any) -> None:
    id_, url = unique("chat"), f"sqlite+aiosqlite:///{tmp_path / 'openai.db'}"

    async def make() -> str:
        session = SQLAlchemySession.from_url(id_, url=url, create_tables=True)
        await session.add_items([*ITEMS])
        with closing(sqlite3.connect(tmp_path / "openai.db")) as connection:
            connection.execute("UPDATE agent_messages SET created_at = '2020-01-01 00:00:00' WHERE id = 3")
            connection.commit()
        items = await session.get_items()
        await session.engine.dispose()
        return json.dumps(items)

    expected = asyncio.run(make())
    assert json.loads(expected)[0] == ITEMS[2]
    assert migrate("openai", url)[0] == 0
    assert openai_there(target, id_) == expected


class Talk(TypedDict):
    messages: Annotated[list[AnyMessage], add_messages]
    seen: set[str]
    picture: bytes


def talking(saver: BaseCheckpointSaver[Any]) -> Any:
    """A graph with a graph within, that asks, and keeps a picture of more than an event may have."""

    def greet(_: Talk) -> Any:
        return {"messages": [AIMessage("Hello")], "seen": {"a", "b", "京都"}}

    def ask(_: Talk) -> Any:
        return {"messages": [AIMessage(interrupt("Where?"))], "picture": b"\x89PNG" * 300_000}

    inner: Any = StateGraph(Talk)
    inner = inner.add_node(greet).add_edge(START, "greet").compile(checkpointer=True)
    graph: Any = StateGraph(Talk)
    graph.add_node("inner", inner).add_node(ask).add_node("also", lambda _: {"seen": {"c"}})
    graph.add_edge(START, "inner").add_edge("inner", "ask").add_edge("ask", "also").add_edge("also", END)
    return graph.compile(checkpointer=saver)


def langgraph_store(saver: BaseCheckpointSaver[Any], *threads: str) -> None:
    graph = talking(saver)
    for at, thread in enumerate(threads):
        config = {"configurable": {"thread_id": thread}}
        for _ in range(2):
            graph.invoke({"messages": [HumanMessage("Will it rain?")]}, config)
            if at:
                graph.invoke(Command(resume="Kyoto"), config)


def plain(found: CheckpointTuple) -> list[Any]:
    configs = [config and config["configurable"] for config in (found.config, found.parent_config)]
    return [configs, found.checkpoint, found.metadata, found.pending_writes]


def threads_of(saver: BaseCheckpointSaver[Any], thread: str) -> Any:
    config: Any = {"configurable": {"thread_id": thread}}
    found, latest = [plain(each) for each in saver.list(config)], saver.get_tuple(config)
    return sorted(found, key=lambda each: each[1]["id"]), latest and plain(latest)


def test_threads_of_langgraph_read_the_same_and_go_on(tmp_path: Path, target: str, migrate: Any) -> None:
    path, threads = str(tmp_path / "graphs.db"), [unique("any/\u0001é~ "), unique("thread")]
    there = ActivitySessionSaver(target)
    with SqliteSaver.from_conn_string(path) as saver:
        langgraph_store(saver, *threads)
        code, out, err = migrate("langgraph", path)
        assert (code, err) == (0, "")
        assert re.fullmatch(r"copied 2 sessions with \d\d events, 0 there already, 0 refused\n", out)
        assert migrate("langgraph", f"sqlite:///{path}")[1].startswith(
            "copied 0 sessions with 0 events, 2 there already"
        )
        for thread in threads:
            assert threads_of(there, thread) == threads_of(saver, thread)
        config = {"configurable": {"thread_id": threads[0]}}
        (task,) = talking(there).get_state(config).tasks
        assert [each.value for each in task.interrupts] == ["Where?"]
        ended = talking(there).invoke(Command(resume="Kyoto"), config)
        assert ended["messages"] == [*talking(saver).get_state(config).values["messages"], ended["messages"][-1]]
        assert ended["messages"][-1].content == "Kyoto"
    there.close()


@dataclass
class Mine:
    text: str


def test_a_thread_with_a_class_that_cannot_be_imported_is_refused(
    tmp_path: Path, target: str, migrate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, thread, module = str(tmp_path / "graphs.db"), unique("mine"), ModuleType("of_the_user")
    monkeypatch.setattr(Mine, "__module__", module.__name__)
    with SqliteSaver.from_conn_string(path) as saver:
        checkpoint: Any = {**empty_checkpoint(), "channel_values": {"mine": Mine("Hello")}}
        config: Any = {"configurable": {"thread_id": thread, "checkpoint_ns": ""}}
        saver.put(config, checkpoint, {}, {})
    code, out, err = migrate("langgraph", path)
    assert (code, out) == (1, "copied 0 sessions with 0 events, 0 there already, 1 refused\n")
    assert err.endswith(" has what cannot be imported here: of_the_user.Mine\n")
    module.Mine = Mine  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    assert migrate("langgraph", path)[::2] == (0, "")
    there = ActivitySessionSaver(target)
    found = there.get_tuple(config)
    there.close()
    assert found is not None
    assert found.checkpoint["channel_values"]["mine"] == Mine("Hello")


@pytest.mark.postgresql
def test_threads_come_from_postgresql_too(
    target: str, migrate: Any, new_shared_database: Callable[[str], tuple[str, str]]
) -> None:
    url, thread = new_shared_database("postgresql")[0].replace("+psycopg", ""), unique("thread")
    there = ActivitySessionSaver(target)
    with PostgresSaver.from_conn_string(url) as saver:
        saver.setup()
        langgraph_store(saver, unique("asking"), thread)
        assert migrate("langgraph", url)[::2] == (0, "")
        assert threads_of(there, thread) == threads_of(saver, thread)
    there.close()


def events_in(address: str, namespace: str) -> int:
    with connected(address) as stubs:
        request = v1.ListSessionsRequest(parent=names.namespace(namespace), page_size=1000)
        return sum(session.last_sequence for session in stubs.sessions.ListSessions(request).sessions)


@pytest.fixture
def fresh() -> Iterator[str]:
    """The address of a server that has nothing."""
    with serving(SQLITE, anonymous_role="system") as server:
        yield server.address


def store(framework: str, path: Path) -> Callable[[str], bool]:
    """Make the store of a framework, and return what says whether a server has all of it."""
    if framework == "adk":
        service = SqliteSessionService(str(path))
        adk_store(service, "trips", events=10)
        return lambda address: asyncio.run(adk_there(address, "trips")) == asyncio.run(adk_read(service, "trips"))
    if framework == "openai":
        openai_store(path, {"1": 10, "2": 10, "3": 10})
        return lambda address: all(openai_there(address, id_) == openai_read(path, id_) for id_ in "123")
    with SqliteSaver.from_conn_string(str(path)) as saver:
        langgraph_store(saver, "1", "2")
        expected = {id_: threads_of(saver, id_) for id_ in "12"}

    def is_whole(address: str) -> bool:
        there = ActivitySessionSaver(address)
        with closing(there):
            return {id_: threads_of(there, id_) for id_ in "12"} == expected

    return is_whole


@pytest.mark.postgresql
def test_sessions_of_adk_and_openai_come_from_postgresql_too(
    target: str, migrate: Any, new_shared_database: Callable[[str], tuple[str, str]]
) -> None:
    app, id_, url = unique("trips"), unique("chat"), new_shared_database("postgresql")[0]

    async def read() -> tuple[Any, ...]:
        async with DatabaseSessionService(url) as service:
            return await adk_read(service, app)

    async def conversation() -> str:
        session = SQLAlchemySession.from_url(id_, url=url, create_tables=True)
        await session.add_items([*ITEMS[1:]])
        items = await session.get_items()
        await session.engine.dispose()
        return json.dumps(items)

    adk_store(DatabaseSessionService(url), app, text="京都")
    expected = asyncio.run(conversation())
    assert migrate("adk", url.replace("+psycopg", "+asyncpg"))[::2] == (0, "")
    assert asyncio.run(adk_there(target, app)) == asyncio.run(read())
    assert migrate("openai", url)[::2] == (0, "")
    assert openai_there(target, id_) == expected


@pytest.mark.parametrize("backend", [*FIXTURES])
def test_the_target_may_be_any_database(
    backend: str, tmp_path: Path, migrate: Any, new_shared_database: Callable[[str], tuple[str, str]]
) -> None:
    with serving(new_shared_database(backend)[0], anonymous_role="system") as server:
        for framework in ("adk", "openai"):
            path = tmp_path / f"{framework}.db"
            is_whole = store(framework, path)
            for again in (False, True):
                code, out, err = migrate(framework, str(path), address=server.address)
                assert (code, err, out.startswith("copied 0 sessions")) == (0, "", again)
            assert is_whole(server.address)


@pytest.mark.parametrize("framework", ["adk", "langgraph", "openai"])
def test_one_that_was_killed_in_the_middle_goes_on(framework: str, tmp_path: Path, fresh: str, migrate: Any) -> None:
    path = tmp_path / "source.db"
    is_whole = store(framework, path)
    command = [sys.executable, "-c", BROKEN_OFF, framework, str(path), "--target", fresh]
    killed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (killed.returncode, killed.stdout) == (-signal.SIGKILL, "")
    namespace = "trips" if framework == "adk" else "default"
    broken_off = events_in(fresh, namespace)
    assert broken_off >= 14
    code, out, err = migrate(framework, str(path), address=fresh)
    assert (code, err) == (0, "")
    assert re.fullmatch(r"copied [123] sessions? with \d\d events, [01] there already, 0 refused\n", out)
    assert is_whole(fresh)
    whole = events_in(fresh, namespace)
    assert migrate(framework, str(path), address=fresh)[1].startswith("copied 0 sessions with 0 events")
    assert events_in(fresh, namespace) == whole > broken_off


def test_ctrl_c_ends_it_and_it_goes_on(
    tmp_path: Path, fresh: str, migrate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_whole = store("openai", tmp_path / "openai.db")
    with monkeypatch.context() as patched:
        patched.setattr(Progress, "added", lambda *_: signal.raise_signal(signal.SIGINT))
        broken_off = (130, "", "broken off: run it again to go on\n")
        assert migrate("openai", str(tmp_path / "openai.db"), address=fresh) == broken_off
    out = "copied 2 sessions with 20 events, 1 there already, 0 refused\n"
    assert migrate("openai", str(tmp_path / "openai.db"), address=fresh) == (0, out, "")
    assert is_whole(fresh)


def test_it_shows_the_token_of_a_file_over_tls(tmp_path: Path, migrate: Any) -> None:
    openai_store(tmp_path / "openai.db", {"1": 3})
    tokens, grants, token = (tmp_path / name for name in ("tokens.json", "grants.toml", "token"))
    token.write_text(f"{new_token(tokens, 'mover')}\n")
    grants.write_text('[[grant]]\nsubject = "mover"\nnamespace = "*"\nrole = "system"\n')
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    own = authority.issue_cert("127.0.0.1")
    own.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "own.pem"))
    paths = dict.fromkeys(("tls_certificate_file", "tls_key_file"), str(tmp_path / "own.pem"))
    with serving(SQLITE, tokens_file=str(tokens), grants_file=str(grants), **paths) as server:
        trusting = [str(tmp_path / "openai.db"), "--ca-file", str(tmp_path / "ca.pem")]
        without = migrate("openai", *trusting, address=server.address)
        assert without[:2] == (1, "")
        assert "UNAUTHENTICATED" in without[2]
        assert migrate("openai", *trusting, "--token-file", str(token), address=server.address)[::2] == (0, "")
    code, out, err = migrate("openai", *trusting, "--token-file", "none")
    assert (code, out) == (1, "")
    assert err.endswith("No such file or directory: 'none'\n")


def test_all_apps_may_go_to_one_namespace(tmp_path: Path, fresh: str, migrate: Any) -> None:
    service = SqliteSessionService(str(tmp_path / "adk.db"))
    adk_store(service, "trips")
    assert migrate("adk", str(tmp_path / "adk.db"), "--namespace", "default", address=fresh)[::2] == (0, "")
    assert asyncio.run(adk_there(fresh, "trips", "default")) == asyncio.run(adk_read(service, "trips"))


def test_what_differs_is_refused_by_name_and_the_rest_is_copied(tmp_path: Path, fresh: str, migrate: Any) -> None:
    openai_store(tmp_path / "openai.db", {"1": 3, "2": 3, "3": 3, "4": 3})

    async def others() -> None:
        for id_, items in (("1", [*ITEMS[:1]]), ("3", [{"role": "user", "content": "0"}])):
            session = ActivitySession(id_, fresh)
            mine: list[Any] = [{**item, "id": "0"} for item in items]
            await session.add_items(mine)
            await session.close()

    asyncio.run(others())
    with connected(fresh) as stubs:
        gone = v1.CreateSessionRequest(parent="namespaces/default", session_id="4", session=v1.Session())
        stubs.sessions.DeleteSession(v1.DeleteSessionRequest(name=stubs.sessions.CreateSession(gone).name))
    code, out, err = migrate("openai", str(tmp_path / "openai.db"), address=fresh)
    # What begins as the source does is taken for its beginning.
    assert (code, out) == (1, "copied 2 sessions with 5 events, 0 there already, 2 refused\n")
    differs, deleted = err.splitlines()
    assert differs == "refused: the session '3': the item 7 is another one there"
    assert re.match(r"refused: the session '4': FAILED_PRECONDITION SESSION_DELETED: ", deleted)
    assert json.loads(openai_there(fresh, "3")) == [{"role": "user", "content": "0", "id": "0"}]
    assert openai_there(fresh, "1") == openai_read(tmp_path / "openai.db", "1")


def test_states_and_checkpoints_that_differ_are_refused(tmp_path: Path, fresh: str, migrate: Any) -> None:
    adk_store(SqliteSessionService(str(tmp_path / "adk.db")), "trips")

    async def others() -> None:
        async with ActivitySessionService(fresh) as service:
            state = {"app:own": 1, "user:seen": 0}
            await service.create_session(app_name="trips", user_id="ada", session_id="other", state=state)
            await service.create_session(app_name="trips", user_id="eve", session_id="empty", state={"x": 1})
            await service.create_session(app_name="trips", user_id="ada", session_id="1", state={"n": 1})

    asyncio.run(others())
    code, out, err = migrate("adk", str(tmp_path / "adk.db"), address=fresh)
    assert (code, out) == (1, "copied 2 sessions with 8 events, 0 there already, 4 refused\n")
    assert err.splitlines() == [
        "refused: the state of the app 'trips': the key 'own' of the state differs",
        "refused: the state of the user 'ada' of the app 'trips': the key 'seen' of the state differs",
        "refused: the session '1' of the user 'ada' of the app 'trips': the key 'n' of the state differs",
        "refused: the session 'empty' of the user 'eve' of the app 'trips': the key 'x' of the state differs",
    ]
    assert events_in(fresh, "trips") == 8
    with SqliteSaver.from_conn_string(str(tmp_path / "langgraph.db")) as saver:
        langgraph_store(saver, "1", "2")
        assert migrate("langgraph", str(tmp_path / "langgraph.db"), address=fresh)[0] == 0
        saver.conn.execute("UPDATE checkpoints SET metadata = '{}' WHERE thread_id = '1'")
        saver.conn.commit()
        code, out, err = migrate("langgraph", str(tmp_path / "langgraph.db"), address=fresh)
        assert (code, out) == (1, "copied 0 sessions with 0 events, 1 there already, 1 refused\n")
        assert re.fullmatch(r"refused: the thread '1': the checkpoint '[0-9a-f-]+' is another one there\n", err)
        saver.conn.execute("UPDATE checkpoints SET type = 'msgpack+aes' WHERE thread_id = '1'")
        saver.conn.commit()
        code, out, err = migrate("langgraph", str(tmp_path / "langgraph.db"), address=fresh)
        assert (code, out) == (1, "copied 0 sessions with 0 events, 1 there already, 1 refused\n")
        assert re.match(r"refused: the thread '1': the checkpoint '[0-9a-f-]+' cannot be read: .*msgpack.aes", err)


@pytest.mark.parametrize(
    ("module", "framework", "advice"),
    [
        ("google.adk", "adk", 'pip install "activity-session[adk,migrate]"'),
        ("sqlalchemy", "openai", 'pip install "activity-session[migrate,openai-agents]"'),
        ("langgraph.checkpoint.base", "langgraph", 'pip install "activity-session[langgraph]"'),
        ("langgraph.checkpoint.sqlite", "langgraph", "install langgraph-checkpoint-sqlite"),
    ],
)
def test_what_is_not_installed_is_named(module: str, framework: str, advice: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", WITHOUT, module, framework, str(tmp_path / "x.db")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert module in line
    assert line.endswith(advice)


def test_a_source_that_is_none_is_named(tmp_path: Path, migrate: Any) -> None:
    old = tmp_path / "old.db"
    with closing(sqlite3.connect(old)) as connection:
        connection.execute("CREATE TABLE events (id TEXT, actions BLOB)")
    expected = {
        ("adk", str(tmp_path / "none.db")): "there is no file",
        ("adk", str(old)): "the schema is an old one: run `adk migrate session` first",
        ("openai", str(old)): "it has no sessions of the OpenAI Agents SDK",
        ("langgraph", str(old)): "no such table: checkpoints",
        ("openai", "no url://"): "Could not parse",
    }
    for arguments, why in expected.items():
        code, out, err = migrate(*arguments)
        assert (code, out) == (1, "")
        assert err.startswith(f"activity-session-migrate: the source: {why}")
    assert not (tmp_path / "none.db").exists()


def test_a_namespace_that_is_not_there_and_a_role_that_is_too_low_end_it(tmp_path: Path, migrate: Any) -> None:
    openai_store(tmp_path / "openai.db", {"1": 1, "2": 1})
    with serving(SQLITE) as server:
        code, out, err = migrate("openai", str(tmp_path / "openai.db"), "--namespace", "no", address=server.address)
        assert (code, out) == (1, "")
        assert "NOT_FOUND NAMESPACE_NOT_FOUND" in err
        code, out, err = migrate("openai", str(tmp_path / "openai.db"), address=server.address)
        assert (code, out, len(err.splitlines())) == (1, "", 1)
        assert err.endswith("times of the past take the role system: docs/adapters\n")


@pytest.mark.parametrize(
    ("page", "framework"), [("adk", "adk"), ("openai_agents", "openai"), ("langgraph", "langgraph")]
)
def test_the_command_on_the_page_copies(
    page: str, framework: str, fresh: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        (line,) = re.findall(r"^activity-session-migrate .*", (PAGES / f"{page}.md").read_text(), re.MULTILINE)
        arguments = shlex.split(line)[1:]
        is_whole = store(framework, Path(arguments[1].rpartition("/")[2]))
        assert main([*arguments, "--target", fresh]) == 0
        out, err = capsys.readouterr()
        assert re.fullmatch(r"copied \d sessions with \d+ events, 0 there already, 0 refused\n", out)
        assert re.fullmatch(r"copied: (\d) of \1 sessions, \d+ events\n", err)
        assert is_whole(fresh)
