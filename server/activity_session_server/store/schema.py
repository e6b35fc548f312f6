"""The schema of a database, and whether it is the one this version needs. `store.migrating` brings it there."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from activity_session_server.rules.database_urls import FILES
from activity_session_server.store import rights
from activity_session_server.store.backends import EngineOptions, backend_of, open_engine
from activity_session_server.store.backends.files import FileError
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


def script_for(database_url: str, before: str | None) -> str:
    """SQL that brings the database of a URL to the newest schema; the database is left as it is.

    `before` is the revision that it has, or "empty"; None has the database asked.

    Raises:
        SchemaError: when the database cannot be reached, or SQL cannot bring it there.
    """
    from activity_session_server.store import scripts  # as below

    engine = _engine(database_url)
    if before is None and not backend_of(engine).is_missing:
        with _reachable(engine), engine.connect() as connection:
            before = revision(connection)
        engine.dispose()
    return scripts.script(engine, None if before == scripts.EMPTY else before)


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
    if backend_of(engine).is_missing:
        raise SchemaError(f"there is no {engine.url.database}; serve makes it")
    with _reachable(engine), engine.connect() as connection:
        backend_of(engine).check_settings(connection, request_bytes)
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
    backend = backend_of(engine)
    if backend.is_missing:
        yield f"database: {engine.url.database} is not there yet; serve makes it"
        return
    with _reachable(engine), engine.connect() as connection:
        version = connection.scalar(text(f"SELECT {backend.version}"))
        yield f"database: {engine.dialect.name} {version}"
        yield from backend.inspect(connection)
        found = revision(connection)
    if not backend.is_remote and found != NEWEST:
        yield f"schema: {_older(found)}; serve brings it to {NEWEST}"
        return
    check(engine, request_bytes)
    yield f"schema: {NEWEST}"
    with _reachable(engine), engine.connect() as connection:
        rights.check(connection)
    engine.dispose()
    try_out()
    yield "reads and writes: ok"


def back_up(database_url: str, path: str) -> str:
    """Copy the database of a URL to a file while it is served; returns a line that says so.

    Raises:
        SchemaError: it cannot be done; the text says why, or by which program it is.
    """
    engine = _engine(database_url)
    with _reachable(engine):
        size = backend_of(engine).back_up(path)
    return f"{safe_url(engine)}: copied to {path}, {size / 2**20:.1f} MiB, and checked"


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


@contextlib.contextmanager
def _reachable(engine: Engine) -> Iterator[None]:
    """Say in one line why a database cannot be used."""
    try:
        yield
    # Beside its own errors, a driver raises what it likes where an option is wrong or a package is missing.
    except (SQLAlchemyError, FileError, OSError, TypeError, ValueError, RuntimeError) as error:
        cause = backend_of(engine).cause(error)
        raise SchemaError(f"the database {safe_url(engine)} cannot be used: {cause}") from error
