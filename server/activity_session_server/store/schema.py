"""The schema of a database, and whether it is the one this version needs. `store.migrating` brings it there."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from activity_session_server.rules.database_urls import FILES, is_memory
from activity_session_server.store import rights
from activity_session_server.store.driver.backends import path_of
from activity_session_server.store.driver.causes import cause
from activity_session_server.store.driver.engine import EngineOptions, open_engine
from activity_session_server.store.driver.sqlite_files import MOUNTS, FileError, is_mounted_alone
from activity_session_server.store.revisions import NEWEST, SchemaError, migrate_command, revision, safe_url

_STEP_TIMEOUT = 3600


def migrate_url(database_url: str) -> tuple[str, str | None, str]:
    """Bring the database of a URL to the newest schema; returns the safe URL and the revisions before and after.

    Raises:
        SchemaError: when the database cannot be reached, or has a schema of a newer version.
    """
    engine = _engine(database_url)
    with _reachable(engine), engine.connect() as connection:
        before = revision(connection)
    migrate(engine)
    engine.dispose()
    return safe_url(engine), before, NEWEST


def migrate(engine: Engine) -> None:
    """Bring a database to the newest schema; does nothing if it has that already.

    Raises:
        SchemaError: when the database cannot be reached, or has a schema of a newer version.
    """
    with _reachable(engine), engine.connect() as connection:
        if revision(connection) != NEWEST:
            # Loaded only when it is needed: Alembic takes a tenth of an idle server's memory and of its start.
            from activity_session_server.store import migrating

            migrating.upgrade(connection)


def check(engine: Engine, request_bytes: int) -> None:
    """Refuse a database whose schema is not the newest, or whose settings do not allow what `serve` does.

    Raises:
        SchemaError: with the command that helps; also where an SQLite file is not there.
    """
    if engine.dialect.name == "sqlite" and not _exists(engine.url):
        raise SchemaError(f"there is no {engine.url.database}; serve makes it")
    with _reachable(engine), engine.connect() as connection:
        _check_settings(connection, request_bytes)
        found = revision(connection)
    if found != NEWEST:
        raise SchemaError(
            f"the schema of {safe_url(engine)} is {_older(found)}, this version needs {NEWEST}; run:\n"
            f"  {migrate_command(engine)}"
        )


def inspect_url(database_url: str, request_bytes: int, try_out: Callable[[], None]) -> Iterator[str]:
    """What `activity-session check` says of a database, a line at a time; `try_out` reads and writes as a server does.

    Raises:
        SchemaError: for the first thing that is wrong.
    """
    engine = _engine(database_url)
    if engine.dialect.name == "sqlite" and not _exists(engine.url):
        yield f"database: {engine.url.database} is not there yet; serve makes it"
        return
    with _reachable(engine), engine.connect() as connection:
        yield f"database: {engine.dialect.name} {_version(connection)}"
        yield from _inspect_file(connection)
        found = revision(connection)
    if engine.dialect.name == "sqlite" and found != NEWEST:
        yield f"schema: {_older(found)}; serve brings it to {NEWEST}"
        return
    check(engine, request_bytes)
    yield f"schema: {NEWEST}"
    with _reachable(engine), engine.connect() as connection:
        rights.check(connection)
    engine.dispose()
    try_out()
    yield "reads and writes: ok"


def _inspect_file(connection: Connection) -> Iterator[str]:
    """Read all of an SQLite file, for as long as that takes.

    Raises:
        SchemaError: for the first damage.
    """
    if not path_of(connection.engine):
        return
    if warning := mount_warning(connection.engine):
        yield f"warning: {warning}"
    size = Path(path_of(connection.engine)).stat().st_size
    yield f"file: reading all of it, {size / 2**20:.1f} MiB"
    found = str(connection.scalar(text("PRAGMA quick_check(1)")))
    if found != "ok":
        raise SchemaError(f"the file {path_of(connection.engine)} is damaged: {' '.join(found.split())}")
    yield "file: ok"


def mount_warning(engine: Engine) -> str:
    """A sentence about an SQLite file that is mounted without its folder; empty for others."""
    path = path_of(engine)
    with contextlib.suppress(OSError):  # other systems have no such list
        if path and is_mounted_alone(path, Path(MOUNTS).read_text(encoding="utf-8", errors="replace").splitlines()):
            return (
                f"the file {path} is mounted by itself: its log, {path}-wal, which holds what was written last, stays"
                " outside of the mount; mount the folder"
            )
    return ""


def _exists(url: URL) -> bool:
    """Whether there is a file, or it is memory, which is always there.

    Raises:
        SchemaError: when it could not be made either.
    """
    if is_memory(str(url)):
        return True
    path = Path(str(url.database))
    if not path.absolute().parent.is_dir():
        raise SchemaError(f"the database {path} cannot be made: its folder is not there")
    return path.exists()


def _older(found: str | None) -> str:
    from activity_session_server.store import migrating  # as above

    migrating.refuse_unknown(found)
    return found or "empty"


def open_checked(database_url: str, options: EngineOptions) -> Engine:
    """An engine for a URL; nothing is connected yet.

    Raises:
        SchemaError: when the URL cannot be used, or names a file that is not there.
    """
    try:
        engine = open_engine(database_url, options)
    except (ArgumentError, ImportError) as error:
        raise SchemaError(f"database_url: {error}") from None
    for option in FILES:
        path = engine.url.query.get(option)
        if path and not Path(str(path)).exists():
            raise SchemaError(f"database_url: {option}: there is no {path}")
    return engine


def _engine(database_url: str) -> Engine:
    # A step over a large table takes its time.
    return open_checked(database_url, EngineOptions(timeout=_STEP_TIMEOUT, synchronous="FULL"))


def _version(connection: Connection) -> str:
    function = "sqlite_version()" if connection.dialect.name == "sqlite" else "version()"
    return str(connection.scalar(text(f"SELECT {function}")))


def _check_settings(connection: Connection, request_bytes: int) -> None:
    """Refuse settings of MariaDB and MySQL that a connection cannot change for itself."""
    if connection.dialect.name == "sqlite":
        return
    (settings,) = connection.execute(text("SELECT @@max_allowed_packet, @@log_bin, @@binlog_format"))
    packet, has_log, log_format = settings
    # Statements hold the values of a request, escaped; beyond it the server closes the connection.
    if packet < 2 * request_bytes:
        raise SchemaError(
            f"max_allowed_packet is {packet}, which is too small for requests of {request_bytes}"
            f" bytes: set it to {2 * request_bytes} at least"
        )
    if has_log and log_format == "STATEMENT":
        raise SchemaError(
            "binlog_format is STATEMENT, with which no transaction in READ COMMITTED can write:"
            " set it to ROW or MIXED, or grant the user BINLOG ADMIN (SYSTEM_VARIABLES_ADMIN on MySQL)"
        )


@contextlib.contextmanager
def _reachable(engine: Engine) -> Iterator[None]:
    """Say in one line why a database cannot be used."""
    try:
        yield
    # Beside its own errors, a driver raises what it likes where an option is wrong or a package is missing.
    except (SQLAlchemyError, FileError, OSError, TypeError, ValueError, RuntimeError) as error:
        raise SchemaError(f"the database {safe_url(engine)} cannot be used: {cause(error)}") from error
