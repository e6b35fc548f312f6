"""google-adk: its DatabaseSessionService."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from google.adk.events import Event
from google.adk.sessions import BaseSessionService, DatabaseSessionService, Session
from google.genai.types import Content, Part
from sqlalchemy import URL

from activity_session.adk import ActivitySessionService
from activity_session_benchmarks.adapters.plan import APPEND, CREATE, GET, LIST, Plan
from activity_session_benchmarks.adapters.turns import Work
from activity_session_benchmarks.figures import STATE, TEXT, USER

STORE = "google-adk DatabaseSessionService"
DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
APP, LIST_APP = "bench", "list"


@asynccontextmanager
async def ours(address: str) -> AsyncIterator[ActivitySessionService]:
    async with ActivitySessionService(address) as service:
        yield service


@asynccontextmanager
async def theirs(url: URL) -> AsyncIterator[DatabaseSessionService]:
    database = url.set(drivername=DRIVERS[url.get_backend_name()])
    async with DatabaseSessionService(database.render_as_string(hide_password=False)) as service:
        yield service


async def works(service: BaseSessionService, plan: Plan) -> dict[str, Work]:
    """Return the calls of a service, which has what they read."""
    grown = await new_session(service)
    for size in plan.events:
        session = await new_session(service, f"events-{size}")
        for _ in range(size):
            await service.append_event(session, event())
    for _ in range(plan.sessions):
        await service.create_session(app_name=LIST_APP, user_id=USER, state=STATE)
    return {
        CREATE: Work(lambda: new_session(service), plan.calls),
        **{GET.format(size): Work(partial(read, service, size), plan.few_calls) for size in plan.events},
        APPEND: Work(lambda: service.append_event(grown, event()), plan.calls),
        LIST.format(plan.sessions): Work(lambda: list_all(service, plan.sessions), 1),
    }


async def new_session(service: BaseSessionService, session_id: str | None = None) -> Session:
    return await service.create_session(app_name=APP, user_id=USER, state=STATE, session_id=session_id)


def event() -> Event:
    return Event(author=USER, content=Content(role="user", parts=[Part(text=TEXT)]))


async def read(service: BaseSessionService, size: int) -> None:
    session = await service.get_session(app_name=APP, user_id=USER, session_id=f"events-{size}")
    assert session is not None
    assert (len(session.events), session.state) == (size, STATE)


async def list_all(service: BaseSessionService, count: int) -> None:
    found = (await service.list_sessions(app_name=LIST_APP, user_id=USER)).sessions
    assert len(found) == count
    assert all(session.state == STATE for session in found)
