"""What differs between SQLite and MySQL or MariaDB. Only this module and `engine` ask which database it is.

Errors are told apart by number, never by text.
"""

import re
import sqlite3
from collections.abc import Container
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from activity_session_server.rules.database_urls import is_memory


class Failure(Enum):
    """What an error of the database means for the transaction it happened in."""

    CONTENTION = "others were in the way: undone, run it again"
    INTERRUPTED = "somebody ended the statement: run it again; a commit may have happened"
    UNREACHABLE = "the database or the connection is gone: undone, unless it was the commit"
    AWAY = "the database was gone before: nothing was done"
    TIMEOUT = "a statement took too long: undone"
    DAMAGED = "the file has pages that cannot be read: undone"
    OTHER = "a bug"


class _AllBut:
    """All numbers of errors but some."""

    def __init__(self, *some: Container[int]) -> None:
        self._some = some

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and number >= 0 and not any(number in numbers for numbers in self._some)


# MariaDB and MySQL error numbers: 1213 deadlock, also a lost certification on Galera; 3101 the same in Group
# Replication; 1205 lock wait; 1020 the row changed under a snapshot (the default from MariaDB 11.8 on); 3572 a lock
# that others have; 8002, 8005, 8022 and 9007 write conflicts of TiDB; 1040, 1203 and 1226 all connections are in use,
# or all that the user may have.
_MYSQL_CONTENTION = {1020, 1040, 1203, 1205, 1213, 1226, 3101, 3572, 8002, 8005, 8022, 9007}
_MYSQL_INTERRUPTED = {1317}
_MYSQL_TIMEOUT = {1969, 3024}
_MYSQL_DUPLICATE = {1062}
# What is wrong with a statement or its values: mistakes of ours, which stay what they are. All other errors are a
# condition of the database, or of a proxy before it, also those that nobody has heard of yet.
_MYSQL_MISTAKES = {1046, 1048, 1050, 1051, 1052, 1091, 1093, 1096, 1099, 1100, 1115, 1172, 1176, 1179, 1193, 1210, 1221}
_MYSQL_MISTAKES |= {*range(1054, 1076), *range(1101, 1104), *range(1106, 1114), *range(1117, 1123)}
_MYSQL_MISTAKES |= {1136, 1138, 1139, 1140, 1146, 1149, 1166, 1222, 1239, 1241, 1242, 1247, 1248, 1250, 1253, 1267}
_MYSQL_MISTAKES |= {*range(1215, 1218), *range(1228, 1236), *range(1262, 1266), *range(1270, 1274), *range(1364, 1368)}
_MYSQL_MISTAKES |= {1292, 1300, 1305, 1318, 1390, 1406, 1411, 1425, 1426, 1439, 1441, 1451, 1452, 1463}
_MYSQL_MISTAKES |= {1582, 1583, 1584, 1690, 3819, 4025}
# JSON, of MySQL and of MariaDB.
_MYSQL_MISTAKES |= {*range(3140, 3159), *range(4035, 4045)}
# Those that say that this database, or this node of it, serves nobody: 1047 not in the primary component, 1053 shutting
# down, 2xxx no connection.
_MYSQL_AWAY = {1047, 1053, 2002, 2003, 2006, 2013}
# Those by which a connection that was there is found closed: 1053 what MySQL says of a KILL too, 1927 a KILL, 4031 idle
# for too long.
_MYSQL_CUT = {1053, 1927, 2006, 2013, 4031}

_SQLITE_CONTENTION = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_SQLITE_UNREACHABLE = {
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
}
_SQLITE_TIMEOUT = {sqlite3.SQLITE_INTERRUPT}
_SQLITE_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_SQLITE_DUPLICATE = {sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE}


@dataclass(frozen=True)
class Backend:
    """One family of databases.

    `one_writer`: the database admits one writer at a time, so those of this process wait for each other. `is_remote`: a
    network lies between, so that the response to a COMMIT can be lost, and connections can be closed from outside.
    `driver` is the module of the driver (PEP 249).
    """

    begin_write: str
    one_writer: bool
    is_remote: bool
    contention: frozenset[int]
    interrupted: frozenset[int]
    unreachable: Container[int]
    away: frozenset[int]
    cut: frozenset[int]
    timeout: frozenset[int]
    damaged: frozenset[int]
    duplicate: frozenset[int]
    driver: Any = None

    def failure(self, error: Exception) -> Failure:
        """What an error of SQLAlchemy or the driver means."""
        number = error_number(error)
        if number in self.contention:
            return Failure.CONTENTION
        if number in self.interrupted:
            return Failure.INTERRUPTED
        if number in self.damaged:
            return Failure.DAMAGED
        if number in self.unreachable or self.breaks_connection(error):
            return Failure.UNREACHABLE
        return Failure.TIMEOUT if number in self.timeout else Failure.OTHER

    def is_away(self, error: Exception) -> bool:
        """Whether an error on a new connection says that the database is away."""
        return error_number(error) in self.away

    def is_cut(self, error: Exception) -> bool:
        """Whether an error says that a connection which was there has been closed from outside."""
        return error_number(error) in self.cut

    def is_duplicate(self, error: Exception) -> bool:
        """Whether an error says that there is a row with that key already."""
        return error_number(error, extended=True) in self.duplicate

    def breaks_connection(self, error: Exception) -> bool:
        """Whether a connection must not be used any more after an error: it is not one of those known to be harmless.

        The errors of a Galera node that has lost its cluster are among these: there even ROLLBACK fails.
        """
        number = error_number(error)
        # An error without a number is about the protocol: what comes next on the connection cannot be understood.
        is_out_of_step = number == -1 and isinstance(
            driver_error(error), (self.driver.InterfaceError, self.driver.InternalError)
        )
        return self.is_remote and (number in self.unreachable or is_out_of_step)


SQLITE = Backend(
    # Takes the write lock at once: a transaction that first reads and then writes is refused without waiting
    # (SQLITE_BUSY_SNAPSHOT) when another one has written in between.
    begin_write="BEGIN IMMEDIATE",
    one_writer=True,
    is_remote=False,
    contention=frozenset(_SQLITE_CONTENTION),
    interrupted=frozenset(),
    unreachable=frozenset(_SQLITE_UNREACHABLE),
    away=frozenset(),
    cut=frozenset(),
    timeout=frozenset(_SQLITE_TIMEOUT),
    damaged=frozenset(_SQLITE_DAMAGED),
    duplicate=frozenset(_SQLITE_DUPLICATE),
)
MYSQL = Backend(
    begin_write="BEGIN",
    one_writer=False,
    is_remote=True,
    contention=frozenset(_MYSQL_CONTENTION),
    interrupted=frozenset(_MYSQL_INTERRUPTED),
    unreachable=_AllBut(_MYSQL_CONTENTION, _MYSQL_INTERRUPTED, _MYSQL_TIMEOUT, _MYSQL_DUPLICATE, _MYSQL_MISTAKES),
    away=frozenset(_MYSQL_AWAY),
    cut=frozenset(_MYSQL_CUT),
    timeout=frozenset(_MYSQL_TIMEOUT),
    damaged=frozenset(),
    duplicate=frozenset(_MYSQL_DUPLICATE),
)


def backend_of(engine: Engine) -> Backend:
    """The backend that an engine talks to."""
    backend = SQLITE if engine.dialect.name == "sqlite" else MYSQL
    return replace(backend, driver=engine.dialect.loaded_dbapi)


def path_of(engine: Engine) -> str:
    """The path of a database that is a file; empty for all others."""
    return str(engine.url.database) if engine.dialect.name == "sqlite" and not is_memory(str(engine.url)) else ""


def within(sql: str, seconds: float, dialect: Any) -> str:
    """A statement that MariaDB ends after so many seconds; MySQL can do so with queries only."""
    # 0 would mean no limit.
    milliseconds = max(1, int(seconds * 1000))
    if dialect.is_mariadb:
        return f"SET STATEMENT max_statement_time={milliseconds / 1000} FOR {sql}"
    return re.sub(r"^SELECT\b", f"SELECT /*+ MAX_EXECUTION_TIME({milliseconds}) */", sql)


def error_number(error: Any, *, extended: bool = False) -> int:
    """The number of a driver's error; SQLite's primary code unless the extended one is asked for."""
    error = driver_error(error)
    if isinstance(error, sqlite3.Error):
        code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        return code if extended else code & 0xFF
    arguments = getattr(error, "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], int) else -1


def driver_error(error: Any) -> Any:
    """The driver's error, also where SQLAlchemy has wrapped it."""
    return error.orig if isinstance(error, DBAPIError) else error
