"""What the calls of openai-agents' sessions cost, in the process that makes them."""

# mypy: disable-error-code="import-not-found, import-untyped"

import asyncio
import time
from argparse import Namespace
from collections.abc import Callable

from agents import Session, SQLiteSession
from agents.extensions.memory import SQLAlchemySession
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from activity_session_benchmarks.figures import TEXT, Meter, peer_options

ITEM = {"role": "user", "content": TEXT}
# Its own `create_tables` fails on MariaDB, where a VARCHAR needs a length; these are its tables with one.
MARIADB_TABLES = (
    """CREATE TABLE agent_sessions (
        session_id VARCHAR(255) PRIMARY KEY,
        created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
        updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)""",
    """CREATE TABLE agent_messages (
        id INTEGER PRIMARY KEY AUTO_INCREMENT,
        session_id VARCHAR(255) NOT NULL REFERENCES agent_sessions (session_id) ON DELETE CASCADE,
        message_data TEXT NOT NULL,
        created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
        INDEX idx_agent_messages_session_time (session_id, created_at))""",
)


def main() -> None:
    options = peer_options()
    asyncio.run(measure_all(options))


async def measure_all(options: Namespace) -> None:
    engine = create_async_engine(options.url)
    sqlite = engine.dialect.name == "sqlite"
    if not sqlite:
        await create_tables(engine)
    await measure(
        "openai-agents SQLAlchemySession",
        lambda session_id: SQLAlchemySession(session_id, engine=engine, create_tables=sqlite),
        options,
    )
    if sqlite:
        path = f"{engine.url.database}.plain"
        await measure("openai-agents SQLiteSession", lambda session_id: SQLiteSession(session_id, path), options)
    await engine.dispose()


async def create_tables(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        for statement in MARIADB_TABLES:
            await connection.exec_driver_sql(statement)


async def measure(system: str, session_of: Callable[[str], Session], options: Namespace) -> None:
    meter = Meter({system: time.process_time}, options.seconds)
    session = session_of("append")
    for _ in meter.calls("append", 1):
        await session.add_items([ITEM])
    for size in options.events:
        session = session_of(f"items-{size}")
        await session.add_items([ITEM] * size)
        for _ in meter.calls("items", size):
            items = await session.get_items()
        assert len(items) == size
    meter.tell()


if __name__ == "__main__":
    main()
