"""The schema of a database, and whether it is the one this version needs. `store.migrating` brings it there."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from activity_session_server.store.driver.engine import EngineOptions, is_memory, open_engine
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


def check(engine: Engine) -> None:
    """Refuse a database whose schema is not the newest.

    Raises:
        SchemaError: with the command that helps.
    """
    with _reachable(engine), engine.connect() as connection:
        found = revision(connection)
    if found != NEWEST:
        from activity_session_server.store import migrating  # as above

        migrating.refuse_unknown(found)
        raise SchemaError(
            f"the schema of {safe_url(engine)} is {found or 'empty'}, this version needs {NEWEST}; run:\n"
            f"  {migrate_command(engine)}"
        )


def inspect_url(database_url: str, request_bytes: int) -> Iterator[str]:
    """What `activity-session check` says of a database, a line at a time.

    Raises:
        SchemaError: for the first thing that is wrong.
    """
    engine = _engine(database_url)
    if engine.dialect.name == "sqlite" and not is_memory(engine.url) and not Path(str(engine.url.database)).exists():
        yield f"database: {engine.url.database} is not there yet; serve makes it"
        return
    with _reachable(engine), engine.connect() as connection:
        yield f"database: {engine.dialect.name} {_version(connection)}"
        _check_packet_size(connection, request_bytes)
    check(engine)
    engine.dispose()
    yield f"schema: {NEWEST}"


def _engine(database_url: str) -> Engine:
    # A step over a large table takes its time.
    options = EngineOptions(timeout=_STEP_TIMEOUT, synchronous="FULL")
    try:
        return open_engine(database_url, options)
    except ArgumentError as error:
        raise SchemaError(f"database_url: {error}") from None


def _version(connection: Connection) -> str:
    function = "sqlite_version()" if connection.dialect.name == "sqlite" else "version()"
    return str(connection.scalar(text(f"SELECT {function}")))


def _check_packet_size(connection: Connection, request_bytes: int) -> None:
    """Statements hold the values of a request, escaped; beyond max_allowed_packet the server closes the connection."""
    if connection.dialect.name == "sqlite":
        return
    packet = int(str(connection.scalar(text("SELECT @@max_allowed_packet"))))
    if packet < 2 * request_bytes:
        raise SchemaError(
            f"max_allowed_packet is {packet}, which is too small for requests of {request_bytes}"
            f" bytes: set it to {2 * request_bytes} at least"
        )


@contextlib.contextmanager
def _reachable(engine: Engine) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", error)
        raise SchemaError(f"the database {safe_url(engine)} cannot be used: {cause}") from error
