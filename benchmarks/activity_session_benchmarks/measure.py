"""What all measurements share: the databases, and rows that are written without the service."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import Engine, create_engine, insert
from sqlalchemy.orm import DeclarativeBase

from activity_session_testing.backends import MariaDB, find_mariadb

BATCH = 1000


def databases(stack: ExitStack) -> Iterator[tuple[str, str]]:
    """Yield the name and URL of an empty database of each backend that this machine has."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    yield "SQLite file", f"sqlite:///{folder / 'bench.db'}"
    if find_mariadb() is None:
        print("MariaDB: skipped, it is not installed; to measure it: apt-get install mariadb-server")
        return
    server = stack.enter_context(MariaDB.running(folder))
    yield "MariaDB", server.new_database()


def write_rows(database_url: str, table: type[DeclarativeBase], rows: Iterable[dict[str, object]]) -> None:
    """Write rows by the thousand, without the service, which would take minutes."""
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


def _insert(engine: Engine, table: type[DeclarativeBase], rows: list[dict[str, object]]) -> None:
    with engine.begin() as connection:
        connection.execute(insert(table), rows)
