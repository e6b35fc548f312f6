"""The engine: how connections are made, and why each setting is what it is. `connections` keeps them.

Connections are in autocommit mode: a read is one statement and costs one round trip, and a write says BEGIN and COMMIT
itself (`store.store`). So nothing is left to roll back when a connection is given back.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import orjson
from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.pool import NullPool, StaticPool

from activity_session_server.rules.database_urls import is_memory
from activity_session_server.store.driver import tls_options, variables
from activity_session_server.store.driver.sqlite_files import FileError


@dataclass(frozen=True)
class EngineOptions:
    """What an engine is made with. `timeout` is in seconds.

    `max_clock_offset` is by how many seconds the clocks of the database's nodes may differ.
    """

    timeout: int
    synchronous: str
    max_clock_offset: float = 0


def open_engine(database_url: str, options: EngineOptions) -> Engine:
    """An engine for a database URL; nothing is connected yet."""
    url = make_url(database_url)
    make = _sqlite_engine if url.get_backend_name() == "sqlite" else _mysql_engine
    engine = make(url, options)
    # All that `expressions` are given of an engine, when they are made into SQL, is its dialect.
    dialect: Any = engine.dialect
    dialect.max_clock_offset = options.max_clock_offset
    return engine


def compact_json(value: Any) -> str:
    """JSON for a column: characters as they are, since MySQL's functions read escapes differently."""
    return orjson.dumps(value).decode()


# The pages that SQLite keeps of a transaction before it writes some, when its cache is full: more than there can be. Of
# what is written before the commit and undone by ROLLBACK TO, SQLite (3.40, at least) leaves a frame without a checksum
# in its log. After a crash it reads the log only up to there: all later commits are lost.
NEVER_BEFORE_THE_COMMIT = 2**31 - 1

# The protocol's number of the type DATETIME.
_DATETIME = 12
# Seconds. That a statement was ended for being slow must arrive as an error, not as a lost connection.
_LONGER_THAN_A_STATEMENT = 3


def _common() -> dict[str, Any]:
    return {
        "poolclass": NullPool,
        "isolation_level": "AUTOCOMMIT",
        # Both save a ROLLBACK when a connection closes: its transactions have all ended.
        "pool_reset_on_return": None,
        "skip_autocommit_rollback": True,
        # Values are conversations of users, which do not belong in logs.
        "hide_parameters": True,
        "json_serializer": compact_json,
        "json_deserializer": orjson.loads,
    }


def _sqlite_engine(url: URL, options: EngineOptions) -> Engine:
    arguments = _common()
    # Connections move between the threads of the server.
    arguments["connect_args"] = {"check_same_thread": False, "timeout": options.timeout}
    if is_memory(str(url)):
        # The database lives and dies with its one connection.
        arguments["poolclass"] = StaticPool
    engine = create_engine(url, **arguments)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        _use_wal(connection, in_memory=is_memory(str(url)))
        # FULL: an acknowledged commit survives a loss of power. NORMAL survives a crash of the process only.
        connection.execute(f"PRAGMA synchronous = {options.synchronous}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA cache_spill = {NEVER_BEFORE_THE_COMMIT}")

    return engine


def _use_wal(connection: Any, *, in_memory: bool) -> None:
    """With a write-ahead log readers do not wait for the writer, nor the writer for them.

    Raises:
        FileError: SQLite cannot have one there.
    """
    try:
        ((mode,),) = connection.execute("PRAGMA journal_mode = WAL")
        refusal = "" if mode == ("memory" if in_memory else "wal") else f"its journal stays {mode}"
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY_DIRECTORY):
            raise
        refusal = str(error)
    if refusal:
        connection.close()
        raise FileError(
            f"SQLite cannot use a write-ahead log there ({refusal}): the file must be on a file system of this machine,"
            " in a folder that can be written to"
        )


def _mysql_engine(url: URL, options: EngineOptions) -> Engine:
    arguments = _common()
    # Parameters by position, as `statements` gives them; by default PyMySQL takes them by name.
    arguments["paramstyle"] = "format"
    arguments["connect_args"] = {
        "charset": "utf8mb4",
        # Literals are compared code point by code point, as columns are.
        "collation": "utf8mb4_bin",
        "connect_timeout": min(3, options.timeout),
        # By default the drivers wait for ever for a frozen server.
        "read_timeout": options.timeout + _LONGER_THAN_A_STATEMENT,
        "write_timeout": options.timeout,
        "autocommit": True,
        **_driver_arguments(url.get_driver_name()),
    }
    engine = create_engine(url, **arguments)
    event.listen(engine, "do_connect", partial(_connect, tls_options.arguments(url)))
    # Before SQLAlchemy, which reads the mode and other settings of the first connection.
    event.listen(engine, "connect", partial(variables.configure, timeout=options.timeout), insert=True)
    return engine


def _connect(tls: dict[str, Any], dialect: Any, _record: Any, arguments: Any, named: dict[str, Any]) -> Any:
    named = {name: value for name, value in named.items() if not name.startswith("ssl")} | tls
    if dialect.driver == "mysqldb":
        return dialect.loaded_dbapi.connect(*arguments, **named)
    from activity_session_server.store.driver.tls import SharingConnection

    return SharingConnection(*arguments, **named)


def _driver_arguments(driver: str) -> dict[str, Any]:
    """The arguments of one driver alone. Drivers are loaded only when they are needed: they take some MiB."""
    # The drivers' own converters of times take several times as long.
    times = {_DATETIME: datetime.fromisoformat}
    if driver == "mysqldb":
        from MySQLdb.converters import conversions

        # No text can smuggle in a second statement.
        return {"conv": conversions | times, "multi_statements": False}
    from pymysql.converters import conversions

    return {"conv": conversions | times}
