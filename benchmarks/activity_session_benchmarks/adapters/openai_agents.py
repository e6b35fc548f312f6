"""openai-agents: its SQLAlchemySession. It has no list of sessions."""

import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from agents import Session
from agents.extensions.memory import SQLAlchemySession
from agents.items import TResponseInputItem
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import create_async_engine

from activity_session import connect
from activity_session.openai_agents import ActivitySession
from activity_session_benchmarks.adapters.plan import APPEND, CREATE, GET, Plan
from activity_session_benchmarks.adapters.turns import Work
from activity_session_benchmarks.figures import TEXT

STORE = "openai-agents SQLAlchemySession"
DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
ITEM: TResponseInputItem = {"role": "user", "content": TEXT}
BATCH = 10  # of a run with a few calls of tools
Sessions = Callable[[str], Session]


@asynccontextmanager
async def ours(address: str) -> AsyncIterator[Sessions]:
    with connect(address) as channel:
        yield lambda session_id: ActivitySession(session_id, channel)


@asynccontextmanager
async def theirs(url: URL) -> AsyncIterator[Sessions]:
    engine = create_async_engine(url.set(drivername=DRIVERS[url.get_backend_name()]))
    # Once: each session that is told to looks for the tables.
    await SQLAlchemySession("first", engine=engine, create_tables=True).get_items()
    yield lambda session_id: SQLAlchemySession(session_id, engine=engine)
    await engine.dispose()


async def works(sessions: Sessions, plan: Plan) -> dict[str, Work]:
    """Return the calls of sessions, which have what they read."""
    grown, numbers = sessions("grown-conversation"), itertools.count()
    await grown.add_items([ITEM])
    read = {size: sessions(f"conversation-{size}") for size in plan.events}
    for size, session in read.items():
        for _ in range(0, size, BATCH):
            await session.add_items([ITEM] * BATCH)
    return {
        CREATE: Work(lambda: sessions(f"new-conversation-{next(numbers)}").add_items([ITEM]), plan.calls),
        **{GET.format(size): Work(partial(get, read[size], size), plan.few_calls) for size in plan.events},
        APPEND: Work(lambda: grown.add_items([ITEM]), plan.calls),
    }


async def get(session: Session, size: int) -> None:
    assert await session.get_items() == [ITEM] * size
