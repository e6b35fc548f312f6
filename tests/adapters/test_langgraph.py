"""The checkpointer keeps what graphs give it, with and without asyncio, also for several processes at once."""

import asyncio
import operator
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, pairwise
from typing import Annotated, Any, TypedDict

import pytest
from langgraph.channels.delta import DeltaChannel
from langgraph.checkpoint.base import BaseCheckpointSaver, empty_checkpoint
from langgraph.checkpoint.base.id import uuid6
from langgraph.checkpoint.conformance import checkpointer_test, validate
from langgraph.checkpoint.conformance.report import CapabilityReport
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt

import activity_session
from activity_session import aio, names, v1
from activity_session.langgraph import ActivitySessionSaver
from activity_session_testing.servers import Client, serving, unique


class Counted(TypedDict):
    steps: Annotated[list[str], operator.add]


@pytest.fixture
def saver(address: str) -> Iterator[ActivitySessionSaver]:
    saver = ActivitySessionSaver(address)
    yield saver
    saver.close()


def thread(id_: str | None = None, **more: Any) -> Any:
    return {"configurable": {"thread_id": id_ or unique("thread"), "checkpoint_ns": "", **more}}


def put(saver: ActivitySessionSaver, config: Any, **values: Any) -> Any:
    """Store a checkpoint with these channels."""
    checkpoint = {**empty_checkpoint(), "id": str(uuid6()), "channel_values": values}
    checkpoint["channel_versions"] = dict.fromkeys(values, 1)
    return saver.put(config, checkpoint, {"source": "loop"}, dict.fromkeys(values, 1))  # type: ignore[arg-type]


def counting(saver: BaseCheckpointSaver[Any], most: int = 3) -> Any:
    """A graph that takes some steps, and asks before the last."""

    def step(state: Counted) -> Any:
        return {"steps": [f"step {len(state['steps'])}"]}

    def ask(state: Counted) -> Any:
        assert len(state["steps"]) == most
        return {"steps": [interrupt("Go on?")]}

    graph = StateGraph(Counted).add_node("step", step).add_node("ask", ask).add_edge(START, "step")
    graph.add_conditional_edges("step", lambda state: "step" if len(state["steps"]) < most else "ask")
    return graph.add_edge("ask", END).compile(checkpointer=saver)


async def suite(address: str, *, is_asyncio: bool) -> CapabilityReport:
    @checkpointer_test(name="ActivitySessionSaver")
    async def registered() -> AsyncIterator[Any]:
        if not is_asyncio:
            saver = ActivitySessionSaver(address)
            yield saver
            saver.close()
            return
        async with aio.connect(address) as channel:
            yield ActivitySessionSaver(channel)

    report: CapabilityReport = await validate(registered)
    return report


async def test_the_suite_of_langgraph_passes_whole(address: str) -> None:
    report = await suite(address, is_asyncio=False)
    assert {name: result.failures for name, result in report.results.items() if result.passed is not True} == {}
    assert sum(result.tests_passed for result in report.results.values()) == 81


async def test_it_passes_on_a_channel_for_asyncio() -> None:
    with serving("sqlite:///:memory:") as server:
        report = await suite(server.address, is_asyncio=True)
    assert {name: result.failures for name, result in report.results.items() if result.passed is not True} == {}


def test_a_graph_goes_on_in_another_checkpointer(saver: ActivitySessionSaver, address: str) -> None:
    config = thread()
    assert "__interrupt__" in counting(saver).invoke({"steps": ["start"]}, config)
    other = ActivitySessionSaver(address)
    done = counting(other).invoke(Command(resume="yes"), config)
    assert done == {"steps": ["start", "step 1", "step 2", "yes"]}
    other.close()


async def test_a_graph_runs_as_in_memory(saver: ActivitySessionSaver) -> None:
    ours, theirs = thread(), thread()
    memory = InMemorySaver()
    for graph, config in ((counting(saver, 8), ours), (counting(memory, 8), theirs)):
        await graph.ainvoke({"steps": ["start"]}, config)
        await graph.ainvoke(Command(resume="yes"), config)
    kept = [each async for each in counting(saver).aget_state_history(ours)]
    wanted = [each async for each in counting(memory).aget_state_history(theirs)]
    assert [(each.values, each.next, each.metadata) for each in kept] == [
        (each.values, each.next, each.metadata) for each in wanted
    ]
    assert [[task.result for task in each.tasks] for each in kept] == [
        [task.result for task in each.tasks] for each in wanted
    ]


@pytest.mark.parametrize("durability", ["sync", "async", "exit"])
def test_writes_are_found_wherever_they_are_in_the_log(saver: ActivitySessionSaver, durability: Any) -> None:
    config = thread()
    graph = counting(saver, 6)
    graph.invoke({"steps": []}, config, durability=durability)
    assert [task.interrupts[0].value for task in graph.get_state(config).tasks] == ["Go on?"]
    history = list(graph.get_state_history(config))
    for each in history:
        assert graph.get_state(each.config).values == each.values
    for newer, older in pairwise(history):
        assert newer.parent_config["configurable"]["checkpoint_id"] == older.config["configurable"]["checkpoint_id"]


def test_writes_that_come_before_their_checkpoint_are_found(saver: ActivitySessionSaver, address: str) -> None:
    config = put(saver, thread(), n=0)
    checkpoint = {**empty_checkpoint(), "id": str(uuid6())}
    named = thread(config["configurable"]["thread_id"], checkpoint_id=checkpoint["id"])
    saver.put_writes(named, [("a", 1)], "task 1")
    saver.put_writes(named, [("b", 2)], "task 2")
    saver.put(config, checkpoint, {}, {})  # type: ignore[arg-type]
    saver.put_writes(named, [("c", 3)], "task 3")
    other = ActivitySessionSaver(address)
    for each in (saver, other):
        for found in (each.get_tuple(named), each.get_tuple(thread(named["configurable"]["thread_id"]))):
            assert found is not None
            assert found.pending_writes == [("task 1", "a", 1), ("task 2", "b", 2), ("task 3", "c", 3)]
        assert [len(listed.pending_writes or []) for listed in each.list(config)] == [0]
    other.close()


def test_a_task_that_writes_again_changes_errors_only(saver: ActivitySessionSaver) -> None:
    config = put(saver, thread())
    saver.put_writes(config, [("a", 1), ("__error__", "first")], "task", "path")
    saver.put_writes(config, [("a", 2), ("__error__", "second"), ("b", 3)], "task", "path")
    found = saver.get_tuple(config)
    assert found is not None
    assert found.pending_writes == [("task", "__error__", "second"), ("task", "a", 1), ("task", "b", 3)]


def test_the_same_id_again_replaces_a_checkpoint(saver: ActivitySessionSaver) -> None:
    config = thread()
    checkpoint: Any = empty_checkpoint()
    saver.put(config, checkpoint, {"step": 1}, {})
    saver.put(config, checkpoint, {"step": 2}, {})
    assert [each.metadata["step"] for each in saver.list(config)] == [2]


def test_the_latest_is_the_one_that_was_stored_last(saver: ActivitySessionSaver) -> None:
    config = thread()
    ahead, behind = "2" + str(uuid6())[1:], "0" + str(uuid6())[1:]
    for id_ in (ahead, behind):
        checkpoint: Any = {**empty_checkpoint(), "id": id_}
        config = saver.put(config, checkpoint, {}, {})
    latest = saver.get_tuple(thread(config["configurable"]["thread_id"]))
    assert latest is not None
    assert latest.checkpoint["id"] == behind


def test_ids_may_be_any_text(address: str, stubs: Client) -> None:
    namespace = unique("langgraph")
    stubs.namespaces.CreateNamespace(v1.CreateNamespaceRequest(namespace_id=namespace, namespace=v1.Namespace()))
    saver = ActivitySessionSaver(address, namespace=namespace)
    for id_ in (f"{unique('a')}/b\n ", unique("京都~") + "x" * 400, unique("c") + '*"\\'):
        ns = f"{id_}|child:1"
        stored = saver.put(thread(id_, checkpoint_ns=ns), empty_checkpoint(), {"run_id": id_}, {})
        found = saver.get_tuple(stored)
        assert found is not None
        assert found.config == stored
        assert stored["configurable"]["checkpoint_ns"] == ns
        (listed,) = [each for each in saver.list(None) if each.config["configurable"]["thread_id"] == id_]
        assert listed.config == stored
        saver.copy_thread(id_, f"{id_} again")
        copies = {each.config["configurable"]["thread_id"] for each in saver.list(None)}
        assert f"{id_} again" in copies
        saver.delete_for_runs([id_])
        assert saver.get_tuple(stored) is None
    with pytest.raises(ValueError, match="too long: 5000 characters"):
        put(saver, thread(checkpoint_ns="x" * 5000))
    saver.close()


def test_a_large_state_is_kept(saver: ActivitySessionSaver) -> None:
    config = put(saver, thread(), text="京" * 1_000_000, blob=bytes(5_000_000))
    saver.put_writes(config, [("blob", bytes(2_000_000))], "task")
    found = saver.get_tuple(config)
    assert found is not None
    assert found.checkpoint["channel_values"] == {"text": "京" * 1_000_000, "blob": bytes(5_000_000)}
    assert found.pending_writes == [("task", "blob", bytes(2_000_000))]


def joined(state: list[str], writes: list[list[str]]) -> list[str]:
    return [*state, *chain.from_iterable(writes)]


class Delta(TypedDict):
    log: Annotated[list[str], DeltaChannel(joined, snapshot_frequency=5)]


def logging_graph(saver: BaseCheckpointSaver[Any]) -> Any:
    def note(state: Delta) -> Any:
        return {"log": [f"note {len(state['log'])}"]}

    return StateGraph(Delta).add_node("note", note).add_edge(START, "note").add_edge("note", END).compile(saver)


def test_delta_channels_are_rebuilt_also_from_what_is_left_when_pruned(saver: ActivitySessionSaver) -> None:
    graph, memory = logging_graph(saver), logging_graph(InMemorySaver())
    config, copy = thread(), unique("copy")
    for n in range(8):
        assert graph.invoke({"log": [f"in {n}"]}, config) == memory.invoke({"log": [f"in {n}"]}, config)
    whole = graph.get_state(config).values
    assert len(whole["log"]) == 16
    latest = saver.get_tuple(config)
    assert latest is not None
    assert "log" not in latest.checkpoint["channel_values"], "the last snapshot is some checkpoints before"
    saver.copy_thread(config["configurable"]["thread_id"], copy)
    before = len(list(saver.list(config)))
    for _ in range(2):
        saver.prune([config["configurable"]["thread_id"]])
        assert 1 < len(list(saver.list(config))) < before
        assert graph.get_state(config).values == whole
    for each in (config, thread(copy)):
        assert graph.invoke({"log": ["more"]}, each) == {"log": [*whole["log"], "more", "note 17"]}


def test_pruned_again_and_again_nothing_comes_back(saver: ActivitySessionSaver) -> None:
    config = thread()
    id_ = config["configurable"]["thread_id"]
    for n in range(1, 5):
        config = put(saver, thread(id_), n=n)
        saver.put_writes(config, [("n", n)], "task")
        put(saver, thread(id_, checkpoint_ns="child"), n=n)
        saver.prune([id_])
        assert [each.checkpoint["channel_values"] for each in saver.list(thread(id_))] == [{"n": n}]
        assert len(list(saver.list({"configurable": {"thread_id": id_}}))) == 2
    with pytest.raises(ValueError, match="no strategy"):
        saver.prune([id_], strategy="all")


def test_a_long_thread_is_listed_in_pages(saver: ActivitySessionSaver) -> None:
    config = thread()
    id_ = config["configurable"]["thread_id"]
    for n in range(25):
        config = put(saver, config, n=n)
        for task in range(3):
            saver.put_writes(config, [("n", task)], f"task {task}")
    listed = [each.checkpoint["channel_values"]["n"] for each in saver.list(thread(id_), limit=20)]
    assert listed == list(range(24, 4, -1))
    assert all(len(each.pending_writes or []) == 3 for each in saver.list(thread(id_), limit=7))
    assert list(saver.list(thread(id_), limit=0)) == []


async def test_processes_store_in_one_thread_at_once(saver: ActivitySessionSaver, processes: Any) -> None:
    id_ = unique("thread")
    processes(
        f"""
        from langgraph.checkpoint.base import empty_checkpoint
        from langgraph.checkpoint.base.id import uuid6
        from activity_session.langgraph import ActivitySessionSaver

        async def main(number, address, together):
            saver = ActivitySessionSaver(address)
            config = dict(configurable=dict(thread_id={id_!r}, checkpoint_ns=f"{{number % 2}}"))
            together()
            for n in range(10):
                checkpoint = dict(empty_checkpoint(), id=str(uuid6()), channel_values=dict(n=n))
                config = await saver.aput(config, checkpoint, dict(step=n, writer=number), dict(n=n + 1))
                await saver.aput_writes(config, [("n", n)], f"task {{number}}")
        """,
        3,
    )
    for number in range(3):
        wanted = {"writer": number}
        kept = [each async for each in saver.alist({"configurable": {"thread_id": id_}}, filter=wanted)]
        assert [each.metadata["step"] for each in kept] == list(range(9, -1, -1))
        assert [each.pending_writes for each in kept] == [[(f"task {number}", "n", n)] for n in range(9, -1, -1)]
        for newer, older in pairwise(kept):
            assert newer.parent_config == older.config


def test_threads_of_one_process_share_a_checkpointer(saver: ActivitySessionSaver) -> None:
    with ThreadPoolExecutor(8) as pool:
        configs = [thread() for _ in range(8)]
        done = list(pool.map(lambda config: counting(saver).invoke({"steps": []}, config), configs))
    assert [each["steps"] for each in done] == [["step 0", "step 1", "step 2"]] * 8


def test_one_checkpointer_serves_several_event_loops(saver: ActivitySessionSaver) -> None:
    config = put(saver, thread(), n=1)
    for _ in range(2):
        found = asyncio.run(saver.aget_tuple(config))
        assert found is not None
        assert found.checkpoint["channel_values"] == {"n": 1}


def test_its_own_serializer_makes_the_bytes(address: str, stubs: Client) -> None:
    class Reversed(JsonPlusSerializer):
        def dumps_typed(self, obj: Any) -> tuple[str, bytes]:
            kind, data = super().dumps_typed(obj)
            return f"reversed {kind}", data[::-1]

        def loads_typed(self, data: tuple[str, bytes]) -> Any:
            return super().loads_typed((data[0].removeprefix("reversed "), data[1][::-1]))

    saver = ActivitySessionSaver(address, serde=Reversed())
    config = put(saver, thread(), secret="desrever")
    found = saver.get_tuple(config)
    assert found is not None
    assert found.checkpoint["channel_values"] == {"secret": "desrever"}
    name = names.session("default", config["configurable"]["thread_id"])
    (event,) = stubs.events.ListEvents(v1.ListEventsRequest(parent=name)).events
    assert b"reversed" in event.blob
    saver.close()


async def test_a_channel_for_asyncio_has_no_blocking_calls(address: str) -> None:
    async with aio.connect(address) as channel:
        with pytest.raises(TypeError, match="methods for asyncio"):
            ActivitySessionSaver(channel).get_tuple(thread())


def test_errors_of_the_server_are_raised(saver: ActivitySessionSaver, stubs: Client) -> None:
    config = put(saver, thread(), n=1)
    with pytest.raises(activity_session.Error) as raised:
        saver.copy_thread(config["configurable"]["thread_id"], config["configurable"]["thread_id"])
    assert raised.value.reason == v1.ERROR_REASON_SESSION_ALREADY_EXISTS
    name = names.session("default", config["configurable"]["thread_id"])
    stubs.sessions.DeleteSession(v1.DeleteSessionRequest(name=name))
    with pytest.raises(activity_session.Error) as raised:
        put(saver, config, n=2)
    assert raised.value.reason == v1.ERROR_REASON_SESSION_DELETED


def test_a_thread_of_another_checkpointer_goes_on(saver: ActivitySessionSaver) -> None:
    id_, other = unique("thread"), InMemorySaver()
    graph = counting(other)
    graph.invoke({"steps": ["start"]}, thread(id_))
    for old in reversed(list(other.list(thread(id_)))):
        config = old.parent_config or thread(id_)
        new = saver.put(config, old.checkpoint, old.metadata, old.checkpoint["channel_versions"])
        for task, channel, value in old.pending_writes or []:
            saver.put_writes(new, [(channel, value)], task)
    resumed = [each.invoke(Command(resume="yes"), thread(id_)) for each in (counting(saver), graph)]
    assert resumed[0] == resumed[1] == {"steps": ["start", "step 1", "step 2", "yes"]}
