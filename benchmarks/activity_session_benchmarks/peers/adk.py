"""What the calls of google-adk's DatabaseSessionService cost, in the process that makes them."""

# mypy: disable-error-code="import-not-found, import-untyped"

import asyncio
import time
from argparse import Namespace
from datetime import UTC, datetime

from google.adk.events import Event
from google.adk.sessions import DatabaseSessionService, Session
from google.adk.sessions.schemas.v1 import StorageEvent, StorageSession
from google.genai.types import Content, Part

from activity_session_benchmarks.figures import STATE, TEXT, USER, Meter, peer_options

APP = "bench"


def main() -> None:
    options = peer_options()
    meter = Meter({"google-adk": time.process_time}, options.seconds)
    asyncio.run(measure(meter, options))
    meter.tell()


async def measure(meter: Meter, options: Namespace) -> None:
    async with DatabaseSessionService(options.url) as service:
        for _ in meter.calls("create", 1):
            session = await create(service)
        for _ in meter.calls("append", 1):
            await service.append_event(session, event())
        for size in options.events:
            await write_events(service, await create(service, f"events-{size}"), size)
            for _ in meter.calls("get", size):
                session = await service.get_session(app_name=APP, user_id=USER, session_id=f"events-{size}")
            assert len(session.events) == size
        for size in options.sessions:
            await write_sessions(service, f"list-{size}", size)
            for _ in meter.calls("list", size):
                answer = await service.list_sessions(app_name=f"list-{size}", user_id=USER)
            assert len(answer.sessions) == size


async def create(service: DatabaseSessionService, session_id: str | None = None) -> Session:
    return await service.create_session(app_name=APP, user_id=USER, state=STATE, session_id=session_id)


def event() -> Event:
    return Event(author=USER, content=Content(role="user", parts=[Part(text=TEXT)]))


async def write_events(service: DatabaseSessionService, session: Session, count: int) -> None:
    """Write the rows that the service would write, without the service, which would take minutes."""
    async with service.database_session_factory.begin() as transaction:
        transaction.add_all([StorageEvent.from_event(session, event()) for _ in range(count)])


async def write_sessions(service: DatabaseSessionService, app: str, count: int) -> None:
    """Do the same for sessions; the service makes the first one, since it writes other rows too."""
    await service.create_session(app_name=app, user_id=USER, state=STATE)
    now = datetime.now(UTC).replace(tzinfo=None)
    async with service.database_session_factory.begin() as transaction:
        transaction.add_all(
            StorageSession(app_name=app, user_id=USER, state=STATE, create_time=now, update_time=now)
            for _ in range(count - 1)
        )


if __name__ == "__main__":
    main()
