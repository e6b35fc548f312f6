"""What a run of a benchmark is: its options, the databases one after the other, and where the figures go."""

import argparse
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from activity_session_benchmarks.figures import CLIENT_CORE, cpu_seconds
from activity_session_benchmarks.measure import DATABASES, databases
from activity_session_benchmarks.places import place
from activity_session_server.store import schema
from activity_session_testing.processes import COMMAND


class Run(NamedTuple):
    """One database, with the newest schema, and whether a quick run is wanted.

    SQLite has no processes of its own: its work is done in the server.
    """

    database: str
    url: str
    is_quick: bool
    database_pids: tuple[int, ...] = ()

    @property
    def command(self) -> tuple[str, ...]:
        """The command that serves the database on a free port."""
        return (*COMMAND, "serve", "--address", "127.0.0.1:0", "--database-url", self.url)


class Figure(NamedTuple):
    """Something measured on a database."""

    database: str
    what: str
    value: float
    unit: str

    def __str__(self) -> str:
        return f"{self.database:<12} {self.what:<62} {self.value:9,.2f} {self.unit}"


def measure_all(
    name: str,
    description: str | None,
    measure: Callable[[Run], Iterator[Any]],
    on: Sequence[str] = DATABASES,
) -> None:
    """Print the figures, which are named tuples, as they come, and write them to a file of that name."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="less of everything, in seconds")
    parser.add_argument("--database", choices=on, nargs="+", default=on, help="only these")
    options = parser.parse_args()
    # What this process starts, such as MariaDB, runs there too; only servers run on the other core.
    os.sched_setaffinity(0, {CLIENT_CORE})
    figures = []
    with closing(databases(options.database)) as found:
        for database, url in found:
            schema.migrate_url(url)
            for figure in measure(Run(database, url, options.quick, children(os.getpid()))):
                print(figure, flush=True)
                figures.append(figure._asdict())
    place(is_quick=options.quick).save_rows(name, figures)


def children(pid: int) -> tuple[int, ...]:
    """Return the processes that a process has started, and that run."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return tuple(int(child) for found in lists for child in found.read_text().split())


def spent(pids: Iterable[int]) -> float:
    """Return the CPU time of processes so far, in seconds, with that of those that they have started and that run."""
    return sum(cpu_seconds(pid) + spent(children(pid)) for pid in pids)
