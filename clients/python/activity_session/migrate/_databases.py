"""Databases that are read from, by SQLAlchemy, and nothing is written to."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

from sqlalchemy import URL, Engine, Select, create_engine, func, make_url, select
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from activity_session.migrate._copying import SourceError
from activity_session.migrate._files import read_only

ERRORS = (SQLAlchemyError,)
"""What reading can raise."""

_ROWS = 200  # held at a time
# Drivers for asyncio, which the frameworks use, and those that are used here in their place.
_DRIVERS = {"asyncpg": "psycopg", "aiomysql": "pymysql", "asyncmy": "pymysql"}


def url_of(source: str) -> URL:
    """Return the URL that a source is; a path is that of an SQLite file.

    Raises:
        SourceError: it is none.
    """
    try:
        return make_url(source) if "://" in source else URL.create("sqlite", database=source)
    except ArgumentError as error:
        raise SourceError(str(error)) from error


def opened(url: URL) -> Engine:
    """Open a database, an SQLite file for reading only.

    Raises:
        SourceError: there is no such file, or no driver.
    """
    if url.get_backend_name() == "sqlite":
        read_only(url.database or "").close()
        return create_engine("sqlite://", creator=lambda: read_only(url.database or ""), poolclass=NullPool)
    backend, _, driver = url.drivername.partition("+")
    try:
        return create_engine(url.set(drivername="+".join(filter(None, (backend, _DRIVERS.get(driver, driver))))))
    except (ImportError, SQLAlchemyError) as error:
        raise SourceError(f"no driver for {backend}: {error}") from error


def rows(engine: Engine, statement: Select[Any]) -> Iterator[Any]:
    """Yield the rows of a statement, some at a time, by a connection of its own."""
    with (
        Session(engine) as session,
        closing(session.execute(statement.execution_options(yield_per=_ROWS))) as result,
    ):
        yield from result


def count(engine: Engine, table: Any) -> int:
    """Return how many rows a table has."""
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0
