"""SQLite: in a file of this machine, or in memory."""

import contextlib
import sqlite3
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.pool import StaticPool

from activity_session_server.rules.database_urls import is_memory
from activity_session_server.store.backends.backend import Backend, Code, Errors, Scripts, driver_error
from activity_session_server.store.backends.engines import EngineOptions, common_arguments
from activity_session_server.store.backends.files import MOUNTS, DatabaseFile, FileError, is_mounted_alone
from activity_session_server.store.backends.sqlite import (
    copies,
    sql,  # noqa: F401 - being imported is what it is for
)
from activity_session_server.store.revisions import SchemaError

# SQLite asks whether it is late each time it has done so many steps, some 10 ms of work.
_STEPS = 500_000
# The pages that SQLite keeps of a transaction before it writes some, when its cache is full: more than there can be. Of
# what is written before the commit and undone by ROLLBACK TO, SQLite (3.40, at least) leaves a frame without a checksum
# in its log. After a crash it reads the log only up to there: all later commits are lost.
_NEVER_BEFORE_THE_COMMIT = 2**31 - 1
_DAMAGED = "the database's file is damaged"
_SENTENCES: dict[Code, str] = {
    sqlite3.SQLITE_READONLY: "the database is read-only",
    sqlite3.SQLITE_FULL: "the database's disk is full",
    sqlite3.SQLITE_IOERR: "the database's file cannot be read or written",
    sqlite3.SQLITE_CANTOPEN: "the database's file cannot be opened",
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: f"{_DAMAGED}, or no database",
}


class SQLite(Backend):
    """The database of one file, or of one connection."""

    one_writer = True
    is_remote = False
    version = "sqlite_version()"
    scripts = Scripts(
        "sqlite3 -bail FILE",
        begin="PRAGMA foreign_keys = OFF;\nBEGIN IMMEDIATE;",
        end="COMMIT;\nPRAGMA foreign_keys = ON;",
        copies_tables=True,
    )
    errors = Errors(
        contention={sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED},
        unreachable={
            sqlite3.SQLITE_CANTOPEN,
            sqlite3.SQLITE_FULL,
            sqlite3.SQLITE_IOERR,
            sqlite3.SQLITE_READONLY,
        },
        timeout={sqlite3.SQLITE_INTERRUPT},
        damaged={sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB},
        sentences=_SENTENCES,
    )

    @staticmethod
    def open_engine(url: URL, options: EngineOptions) -> Engine:
        """An engine for a URL; nothing is connected yet."""
        arguments = common_arguments()
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
            connection.execute(f"PRAGMA cache_spill = {_NEVER_BEFORE_THE_COMMIT}")

        return engine

    @property
    def file(self) -> DatabaseFile:
        """Its file; none for a database in memory."""
        return DatabaseFile(self._path)

    @property
    def _path(self) -> str:
        return "" if is_memory(str(self.engine.url)) else str(self.engine.url.database)

    @property
    def is_missing(self) -> bool:
        """Whether there is no file; memory is always there."""
        if not self._path:
            return False
        path = Path(self._path)
        if not path.absolute().parent.is_dir():
            raise SchemaError(f"the database {path} cannot be made: its folder is not there")
        return not path.exists()

    def warning(self) -> str:
        """A sentence about a file that is mounted without its folder."""
        path = self._path
        with contextlib.suppress(OSError):  # other systems have no such list
            if path and is_mounted_alone(path, Path(MOUNTS).read_text(encoding="utf-8", errors="replace").splitlines()):
                return (
                    f"the file {path} is mounted by itself: its log, {path}-wal, which holds what was written last,"
                    " stays outside of the mount; mount the folder"
                )
        return ""

    def code(self, error: Any) -> Code:
        """The primary code of an error."""
        found = driver_error(error)
        if not isinstance(found, sqlite3.Error):
            return -1
        code: int = getattr(found, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        return code & 0xFF

    def _said(self, error: Any) -> str:
        if not isinstance(error, sqlite3.Error):
            return ""
        return f"{getattr(error, 'sqlite_errorname', 'sqlite3')}: {error}"

    def prepare(self, connection: Any, remaining: Callable[[], float]) -> Any:
        """A cursor; SQLite breaks off what it does when it is late."""
        connection.set_progress_handler(lambda: remaining() < 0, _STEPS)
        return connection.cursor()

    def begin_write(self, run: Callable[[str], object], seconds: float | None, timeout: float) -> None:
        """Begin with the write lock; wait for that of other processes, no longer than it may take.

        A transaction that first reads and then writes is refused without waiting (SQLITE_BUSY_SNAPSHOT) when another
        one has written in between.
        """
        if seconds is None:
            run("BEGIN IMMEDIATE")
            return
        run(f"PRAGMA busy_timeout = {max(1, int(seconds * 1000))}")
        try:
            run("BEGIN IMMEDIATE")
        finally:
            run(f"PRAGMA busy_timeout = {int(timeout * 1000)}")

    @contextlib.contextmanager
    def written_at_once(self, cursor: Any) -> Iterator[None]:
        """Write to the file inside the block: without a cache SQLite keeps no change.

        Only in a transaction of its own, which is rolled back as a whole: see above on the cache.
        """
        ((size,),) = cursor.execute("PRAGMA cache_size").fetchall()
        cursor.execute("PRAGMA cache_spill = 1")
        cursor.execute("PRAGMA cache_size = 0")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA cache_size = {size}")
            cursor.execute(f"PRAGMA cache_spill = {_NEVER_BEFORE_THE_COMMIT}")

    def inspect(self, connection: Connection) -> Iterator[str]:
        """Read all of the file, for as long as that takes."""
        if not self._path:
            return
        if warning := self.warning():
            yield f"warning: {warning}"
        size = Path(self._path).stat().st_size
        yield f"file: reading all of it, {size / 2**20:.1f} MiB"
        found = str(connection.scalar(text("PRAGMA quick_check(1)")))
        if found != "ok":
            raise SchemaError(f"the file {self._path} is damaged: {' '.join(found.split())}")
        yield "file: ok"

    def back_up(self, path: str) -> int:
        """Copy the file while it is served."""
        if not self._path:
            raise SchemaError("a database in memory is in the process of its server, where nothing else can reach it")
        if self.is_missing:
            raise SchemaError(f"there is no {self._path}")
        return copies.copy(self._path, path)

    @contextlib.contextmanager
    def migrating(self, connection: Connection) -> Iterator[None]:
        """All steps or none: SQLite can roll back DDL. Other writers wait."""
        # Alembic changes a table by copying it; with foreign keys on, dropping the old one would empty its children.
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA foreign_keys = ON")

    def grant(self, connection: Connection, rights: Collection[str]) -> str:
        """Nothing: it has no users."""
        del connection, rights
        return ""


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
