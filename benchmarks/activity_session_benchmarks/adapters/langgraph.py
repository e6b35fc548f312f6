"""langgraph: its SqliteSaver and PostgresSaver. An event is a message in the state, and a list is of checkpoints."""

import itertools
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from langchain_core.messages import HumanMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver, Checkpoint, CheckpointMetadata, empty_checkpoint
from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.checkpoint.sqlite import SqliteSaver
from sqlalchemy import URL

from activity_session.langgraph import ActivitySessionSaver
from activity_session_benchmarks.adapters.plan import APPEND, CREATE, GET, LIST, Plan
from activity_session_benchmarks.adapters.turns import Work
from activity_session_benchmarks.figures import TEXT

STORE = "langgraph SqliteSaver, PostgresSaver"
Saver = BaseCheckpointSaver[str]


@asynccontextmanager
async def ours(address: str) -> AsyncIterator[Saver]:
    saver = ActivitySessionSaver(address)
    yield saver
    saver.close()


@asynccontextmanager
async def theirs(url: URL) -> AsyncIterator[Saver]:
    if url.get_backend_name() == "sqlite":
        with SqliteSaver.from_conn_string(str(url.database)) as saver:
            yield saver
    else:
        plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
        with PostgresSaver.from_conn_string(plain) as saver:
            saver.setup()
            yield saver


async def works(saver: Saver, plan: Plan) -> dict[str, Work]:
    """Return the calls of a saver, which has what they read."""
    numbers = itertools.count()
    grown = put(saver, "grown", 0)
    for size in plan.events:
        put(saver, f"events-{size}", size)
    for _ in range(plan.sessions):
        put(saver, "list", 1)

    async def create() -> None:
        put(saver, f"new-{next(numbers)}", 1)

    async def get(size: int) -> None:
        found = saver.get_tuple(config_of(f"events-{size}"))
        assert found is not None
        assert len(found.checkpoint["channel_values"]["messages"]) == size

    async def append() -> None:
        saver.put_writes(grown, [("messages", HumanMessage(TEXT))], str(uuid.uuid4()))
        put(saver, "grown", 50)

    async def list_all() -> None:
        assert len(list(saver.list(config_of("list")))) == plan.sessions

    return {
        CREATE: Work(create, plan.calls),
        **{GET.format(size): Work(partial(get, size), plan.few_calls) for size in plan.events},
        APPEND: Work(append, plan.calls),
        LIST.format(plan.sessions): Work(list_all, 1),
    }


def put(saver: Saver, thread: str, messages: int) -> RunnableConfig:
    """Store a checkpoint with some messages."""
    version = saver.get_next_version(None, None)
    checkpoint: Checkpoint = {
        **empty_checkpoint(),
        "channel_values": {"messages": [HumanMessage(TEXT, id=str(number)) for number in range(messages)]},
        "channel_versions": {"messages": version},
    }
    metadata: CheckpointMetadata = {"source": "loop", "step": 1, "parents": {}}
    return saver.put(config_of(thread), checkpoint, metadata, {"messages": version})


def config_of(thread: str) -> RunnableConfig:
    return {"configurable": {"thread_id": thread, "checkpoint_ns": ""}}
