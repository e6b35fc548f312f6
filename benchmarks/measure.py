"""What all measurements share: the databases, and calls that are compared in turn.

Two sides are called one after the other in one run, so that whatever else the machine does befalls both alike. What is
printed are medians and their ratios; on a shared machine only the ratios mean something.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Engine, create_engine, insert
from sqlalchemy.orm import DeclarativeBase

from backends import MariaDB, find_mariadb

BATCH = 1000
# A call that is told its number.
Call = Callable[[int], object]


class Row(NamedTuple):
    """One line of the result: what was called, and the milliseconds of each side."""

    what: str
    first: float
    second: float

    def __str__(self) -> str:
        ratio = self.second / self.first
        return f"  {self.what:<60} {self.first:7.3f} ms {self.second:7.3f} ms  ratio {ratio:.2f}"


def databases(stack: ExitStack) -> Iterator[tuple[str, str]]:
    """The name and URL of an empty database of each backend that this machine has."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    yield "SQLite file", f"sqlite:///{folder / 'bench.db'}"
    if find_mariadb() is None:
        print("MariaDB: skipped, it is not installed; to measure it: apt-get install mariadb-server")
        return
    server = stack.enter_context(MariaDB.running(folder))
    yield "MariaDB", server.new_database()


def write_rows(database_url: str, table: type[DeclarativeBase], rows: Iterable[dict[str, object]]) -> None:
    """Rows by the thousand; past the service, which would take minutes."""
    engine = create_engine(database_url)
    batch: list[dict[str, object]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            _insert(engine, table, batch)
            batch = []
    if batch:
        _insert(engine, table, batch)
    engine.dispose()


def in_turn(what: str, first: Call, second: Call, calls: int) -> Row:
    """The medians of two calls that are made in turn, after a tenth of them for warming up."""
    taken: tuple[list[float], list[float]] = ([], [])
    for turn in range(-calls // 10, calls):
        for call, times in zip((first, second), taken, strict=True):
            started = time.perf_counter()
            call(abs(turn))
            if turn >= 0:
                times.append((time.perf_counter() - started) * 1000)
    return Row(what, statistics.median(taken[0]), statistics.median(taken[1]))


def _insert(engine: Engine, table: type[DeclarativeBase], rows: list[dict[str, object]]) -> None:
    with engine.begin() as connection:
        connection.execute(insert(table), rows)
