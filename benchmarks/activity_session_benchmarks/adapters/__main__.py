"""Each adapter beside the framework's own SQL store, in turns: what the same call costs all that takes part in it.

Ours is the process that calls, the server and the database's; theirs the process that calls, with the store in it, and
the database's. SQLite has no processes of its own.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from sqlalchemy import URL, create_engine, make_url

from activity_session_benchmarks.adapters import adk, langgraph, openai_agents
from activity_session_benchmarks.adapters.plan import FULL, QUICK
from activity_session_benchmarks.adapters.turns import compare
from activity_session_benchmarks.loads import Server, serving
from activity_session_benchmarks.runs import Run, measure_all
from activity_session_benchmarks.targets import POSTGRESQL, SQLITE

FRAMEWORKS = (adk, langgraph, openai_agents)


class Row(NamedTuple):
    """What a call costs, in microseconds; the ratio is that of all of theirs to all of ours."""

    database: str
    store: str
    call: str
    client_us: float
    server_us: float
    database_us: float
    ours_us: float
    theirs_us: float
    ratio: float

    def __str__(self) -> str:
        ours = f"{self.ours_us:9,.0f} ({self.client_us:,.0f} + {self.server_us:,.0f} + {self.database_us:,.0f})"
        what = f"{self.store}: {self.call}"
        return f"{self.database:<12} {what:<58} {ours:<42} {self.theirs_us:9,.0f} µs {self.ratio:6.2f}"


def main() -> None:
    measure_all("adapters", __doc__, measure, (SQLITE, POSTGRESQL))


def measure(run: Run) -> Iterator[Row]:
    with serving(*run.command) as server:
        for framework in FRAMEWORKS:
            yield from asyncio.run(of_framework(framework, run, server))


async def of_framework(framework: ModuleType, run: Run, server: Server) -> list[Row]:
    plan = QUICK if run.is_quick else FULL
    name = framework.__name__.rpartition(".")[2]
    url = new_database(run.url, name)
    async with framework.ours(server.address) as ours, framework.theirs(url) as theirs:
        rows = []
        of_theirs = await framework.works(theirs, plan)
        for call, work in (await framework.works(ours, plan)).items():
            our, their = await compare(work, of_theirs[call], server.pid, run.database_pids, plan.turns)
            whole, theirs_us = sum(our), their.client + their.database
            rows.append(Row(run.database, framework.STORE, call, *our, whole, theirs_us, theirs_us / whole))
        return rows


def new_database(url: str, name: str) -> URL:
    """Return an empty database beside another one."""
    other = make_url(url)
    if other.get_backend_name() == "sqlite":
        return other.set(database=str(Path(str(other.database)).with_name(f"{name}.db")))
    engine = create_engine(other, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return other.set(database=name)


if __name__ == "__main__":
    main()
