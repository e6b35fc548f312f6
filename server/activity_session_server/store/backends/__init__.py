"""The databases that the store can use, one module for each family; all else asks these, and no name of a database.

A `Backend` says what its databases can do and how, and makes the engines for them. Its module `sql` says how they spell
the expressions of `store.expressions`, and an INSERT of rows that may be there. docs/backends.md tells how to add one.
"""

from typing import Any

from sqlalchemy import Engine, Select, Table, make_url

from activity_session_server.rules.database_urls import with_driver
from activity_session_server.store.backends.backend import Backend, Failure, Signals
from activity_session_server.store.backends.engines import EngineOptions
from activity_session_server.store.backends.mysql import MySQL
from activity_session_server.store.backends.postgresql import PostgreSQL
from activity_session_server.store.backends.sqlite import SQLite

__all__ = ["Backend", "EngineOptions", "Failure", "Signals", "backend_of", "by_index", "open_engine"]

# By the names of SQLAlchemy's dialects.
_BACKENDS: dict[str, type[Backend]] = {"sqlite": SQLite, "mysql": MySQL, "mariadb": MySQL, "postgresql": PostgreSQL}


def open_engine(database_url: str, options: EngineOptions) -> Engine:
    """An engine for a database URL; nothing is connected yet."""
    url = make_url(with_driver(database_url))
    engine = _BACKENDS[url.get_backend_name()].open_engine(url, options)
    # All that `expressions` are given of an engine, when they are made into SQL, is its dialect.
    dialect: Any = engine.dialect
    dialect.max_clock_offset = options.max_clock_offset
    return engine


def backend_of(engine: Engine) -> Backend:
    """The backend that an engine talks to."""
    return _BACKENDS[engine.dialect.name](engine)


def by_index(statement: Select[Any], table: Table, index_name: str) -> Select[Any]:
    """A query that reads a table by an index, also where a backend would not by itself."""
    for dialect, backend in _BACKENDS.items():
        if backend.index_hint:
            statement = statement.with_hint(table, backend.index_hint.format(index_name), dialect)
    return statement
