"""What all measurements share: the databases, and rows that are written without the service."""

import tempfile
from collections.abc import Generator, Iterable
from pathlib import Path

from sqlalchemy import Engine, create_engine, insert
from sqlalchemy.orm import DeclarativeBase

from activity_session_benchmarks.targets import MARIADB, POSTGRESQL, SQLITE
from activity_session_testing.backends import MariaDB, find_mariadb
from activity_session_testing.postgresql import PostgreSQL

BATCH = 1000
DATABASES = (SQLITE, MARIADB, POSTGRESQL)


def databases(names: Iterable[str] = DATABASES) -> Generator[tuple[str, str]]:
    """Yield the name and URL of an empty database of each of these backends that this machine has.

    The server of each runs until the next one is asked for.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if SQLITE in names:
            yield SQLITE, f"sqlite:///{folder / 'bench.db'}"
        if MARIADB in names and find_mariadb() is None:
            print("MariaDB: skipped, it is not installed; to measure it: apt-get install mariadb-server")
        elif MARIADB in names:
            with MariaDB.running(folder) as mariadb:
                yield MARIADB, mariadb.new_database()
        if POSTGRESQL in names:
            with PostgreSQL.running() as postgresql:
                yield POSTGRESQL, postgresql.new_database()


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
