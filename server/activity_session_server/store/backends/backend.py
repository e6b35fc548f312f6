"""What differs between databases: a class for each family of them, with what most have in common in this one.

Errors are told apart by their codes, never by their texts.
"""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Container, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError

from activity_session_server.store.backends.engines import EngineOptions
from activity_session_server.store.backends.files import DatabaseFile, FileError
from activity_session_server.store.revisions import SchemaError

Code = int | str


class Failure(Enum):
    """What an error of the database means for the transaction it happened in."""

    CONTENTION = "others were in the way: undone, run it again"
    INTERRUPTED = "somebody ended the statement: run it again; a commit may have happened"
    UNREACHABLE = "the database or the connection is gone: undone, unless it was the commit"
    AWAY = "the database was gone before: nothing was done"
    TIMEOUT = "a statement took too long: undone"
    DAMAGED = "the file has pages that cannot be read: undone"
    OTHER = "a bug"


class Signals:
    """Tells other servers on the same database which sessions were written to, so that they need not wait for a tick.

    This one tells nothing. A signal may be lost; it says nothing that a tick would not find.
    """

    def start(self) -> None:
        """Start what it needs."""

    def stop(self) -> None:
        """End that."""

    def ask(self) -> None:
        """Ask the other servers for signals in the next seconds."""

    def send(self, uids: Collection[str]) -> None:
        """Tell the other servers of sessions that were written to, if one has asked for it."""


@dataclass(frozen=True)
class Errors:
    """The codes of errors, by what they mean.

    `away`: on a new connection, the database serves nobody. `cut`: a connection that was there is found closed.
    `denied`: a right on a table is missing. `sentences` tell callers why they are not served now.
    """

    contention: Container[Code]
    unreachable: Container[Code]
    timeout: Container[Code]
    sentences: Mapping[Code, str]
    interrupted: Container[Code] = frozenset()
    away: Container[Code] = frozenset()
    cut: Container[Code] = frozenset()
    damaged: Container[Code] = frozenset()
    duplicate: Container[Code] = frozenset()
    denied: Container[Code] = frozenset()
    otherwise: str = field(default="the database cannot be reached")


@dataclass(frozen=True)
class Scripts:
    """What a script of migrations needs beside their statements.

    `client` runs one and stops at the first error. `copies_tables`: most changes of a table make another one, from what
    the table is, so that its statements cannot be known without a database.
    """

    client: str
    begin: str = ""
    end: str = ""
    copies_tables: bool = False


class Backend(ABC):
    """The database of an engine.

    `one_writer`: it admits one writer at a time, so those of this process wait for each other. `is_remote`: a network
    lies between, so that the response to a COMMIT can be lost, and connections can be closed from outside; what is not
    remote is made and migrated by `serve`. `reads_before_it_locks`: a statement that locks rows and waits for that has
    read all other rows before. `index_hint`, in SQL, has a list read by an index. `scripts`: what those of migrations
    need. `dump` is the database's own command for backups. `snapshot` begins a transaction that sees one moment, and
    may be idle between two statements for as long as it likes. `driver` is its module (PEP 249).
    """

    one_writer: ClassVar[bool] = False
    is_remote: ClassVar[bool] = True
    reads_before_it_locks: ClassVar[bool] = False
    index_hint: ClassVar[str] = ""
    version: ClassVar[str] = "version()"
    scripts: ClassVar[Scripts]
    dump: ClassVar[str] = ""
    snapshot: ClassVar[tuple[str, ...]] = ("BEGIN",)
    errors: ClassVar[Errors]

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.driver: Any = engine.dialect.loaded_dbapi

    @staticmethod
    @abstractmethod
    def open_engine(url: URL, options: EngineOptions) -> Engine:
        """An engine for a URL; nothing is connected yet."""

    @property
    def file(self) -> DatabaseFile:
        """The file that the database is, if it is one."""
        return DatabaseFile()

    @property
    def is_missing(self) -> bool:
        """Whether there is no database yet, and `serve` makes it.

        Raises:
            SchemaError: when it could not be made either.
        """
        return False

    def warning(self) -> str:
        """A sentence about what endangers the data; mostly empty."""
        return ""

    # Errors.

    @abstractmethod
    def code(self, error: Any) -> Code:
        """The code of an error; -1, or nothing, for one of the driver's own."""

    def failure(self, error: Exception) -> Failure:
        """What an error of SQLAlchemy or the driver means."""
        code, errors = self.code(error), self.errors
        if code in errors.contention:
            return Failure.CONTENTION
        if code in errors.interrupted:
            return Failure.INTERRUPTED
        if code in errors.damaged:
            return Failure.DAMAGED
        if code in errors.unreachable or self.breaks_connection(error):
            return Failure.UNREACHABLE
        return Failure.TIMEOUT if code in errors.timeout else Failure.OTHER

    def is_away(self, error: Exception) -> bool:
        """Whether an error on a new connection says that the database is away."""
        return self.code(error) in self.errors.away

    def is_cut(self, error: Exception) -> bool:
        """Whether an error says that a connection which was there has been closed from outside."""
        return self.code(error) in self.errors.cut

    def is_duplicate(self, error: Exception) -> bool:
        """Whether an error says that there is a row with that key already."""
        return self.code(error) in self.errors.duplicate

    def is_denied(self, error: Exception) -> bool:
        """Whether an error says that a right on a table is missing."""
        return self.code(error) in self.errors.denied

    def breaks_connection(self, error: Exception) -> bool:
        """Whether a connection must not be used any more after an error: it is not one of those known to be harmless.

        The errors of a Galera node that has lost its cluster are among these: there even ROLLBACK fails.
        """
        # An error without a code is about the protocol: what comes next on the connection cannot be understood.
        is_out_of_step = self.code(error) in (-1, "") and isinstance(
            driver_error(error), (self.driver.InterfaceError, self.driver.InternalError)
        )
        return self.is_remote and (self.code(error) in self.errors.unreachable or is_out_of_step)

    def sentence(self, error: BaseException) -> str:
        """Why a database that would serve the call later does not serve it now."""
        if isinstance(error, FileError):
            return str(error)
        return self.errors.sentences.get(self.code(error), self.errors.otherwise)

    def cause(self, error: BaseException) -> str:
        """The code and the text of an error of the driver, for the log; of another one, its type and text.

        The text holds no statement and no value of one: those are in the errors that are mistakes of the server's own.
        """
        found = driver_error(error)
        if isinstance(found, FileError):
            return str(found)
        return self._said(found) or f"{type(found).__name__}: {found}"

    @abstractmethod
    def _said(self, error: Any) -> str:
        """The code and the text of an error of the database itself; empty for others."""

    # Connections.

    def prepare(self, connection: Any, remaining: Callable[[], float]) -> Any:
        """A cursor of a new connection of the driver; `remaining` are the seconds that what it runs may take still."""
        del remaining
        return connection.cursor()

    def begin_write(self, run: Callable[[str], object], seconds: float | None, timeout: float) -> None:
        """Begin a transaction that writes, in so many seconds where they are fewer than the timeout."""
        del seconds, timeout
        run("BEGIN")

    def commit(self, cursor: Any) -> None:
        """Commit, and see that it has happened."""
        cursor.execute("COMMIT")

    def within(self, statement: str, seconds: float) -> str:
        """A statement that the database ends after so many seconds, where SQL says so."""
        del seconds
        return statement

    @contextlib.contextmanager
    def written_at_once(self, cursor: Any) -> Iterator[None]:
        """Have changes inside the block reach the database, and what keeps it, before the commit."""
        del cursor
        yield

    def signals(self, receive: Callable[[Collection[str]], None]) -> Signals:
        """The signals between servers; `receive` is called with the uids of sessions that others have written to."""
        del receive
        return Signals()

    # The schema.

    def check_settings(self, connection: Connection, request_bytes: int) -> None:
        """Refuse settings that a connection cannot change for itself.

        Raises:
            SchemaError: with what to set.
        """
        del connection, request_bytes

    def inspect(self, connection: Connection) -> Iterator[str]:
        """Look for damage, and say so a line at a time.

        Raises:
            SchemaError: for the first damage.
        """
        del connection
        yield from ()

    @abstractmethod
    def migrating(self, connection: Connection) -> contextlib.AbstractContextManager[None]:
        """Keep other processes from migrating the same database.

        Raises:
            SchemaError: another process did so for too long.
        """

    def back_up(self, path: str) -> int:
        """Copy the database to a file while it is served; returns the size of the file in bytes.

        Raises:
            SchemaError: it cannot be done, or is done by a program of the database; the text says by which.
        """
        del path
        raise SchemaError(
            f"backup copies SQLite's files alone; for this database run {self.dump}, as docs/operations.md says"
        )

    @abstractmethod
    def grant(self, connection: Connection, rights: Collection[str]) -> str:
        """The statement that gives the connection's user rights on the tables."""


def driver_error(error: Any) -> Any:
    """The driver's error, also where SQLAlchemy has wrapped it."""
    return error.orig if isinstance(error, DBAPIError) else error
