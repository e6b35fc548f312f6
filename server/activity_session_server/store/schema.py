"""Migrations: one Alembic tree for all backends, driven from here. There is no other way to a schema."""

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from activity_session_server.calls import Call
from activity_session_server.orm import Namespace
from activity_session_server.store.engine import EngineOptions, is_memory, open_engine
from activity_session_server.store.transactions import Store

_log = logging.getLogger("activity_session.schema")

VERSION_TABLE = "activity_session_alembic_version"
_STEP_TIMEOUT = 3600
_FOLDER = Path(__file__).parent / "migrations"


class SchemaError(Exception):
    """A database that cannot be used as it is; the text says what to do."""


def migrate_url(database_url: str) -> tuple[str, str | None, str]:
    """Bring the database of a URL to the newest schema; answers the safe URL and the revisions before and after.

    Raises:
        SchemaError: when the database cannot be reached, or has a schema of a newer version.
    """
    engine = _engine(database_url)
    with _reachable(engine), engine.connect() as connection:
        before = _revision(connection)
    migrate(engine)
    engine.dispose()
    return safe_url(engine), before, newest()


def migrate(engine: Engine) -> None:
    """Bring a database to the newest schema; does nothing where it is there.

    Raises:
        SchemaError: when the database cannot be reached, or has a schema of a newer version.
    """
    with _reachable(engine), engine.connect() as connection:
        if _revision(connection) == newest():
            return
        with _transaction(connection):
            # Another process may have done it while this one waited.
            before = _revision(connection)
            _refuse_unknown(before)
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            _log.info("migrated", extra={"before": before or "empty", "after": newest()})


def check(engine: Engine) -> None:
    """Refuse a database whose schema is not the newest.

    Raises:
        SchemaError: with the command that helps.
    """
    with _reachable(engine), engine.connect() as connection:
        revision = _revision(connection)
    _refuse_unknown(revision)
    if revision != newest():
        url = safe_url(engine)
        raise SchemaError(
            f"the schema of {url} is {revision or 'empty'}, this version needs {newest()}; run:\n"
            f"  activity-session migrate --database-url '{url}'"
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
    yield f"schema: {newest()}"


def check_readable(store: Store, call: Call) -> None:
    """Read from a table; SELECT 1 also succeeds on a Galera node that has lost its cluster."""
    store.read(call, lambda reader: reader.row(select(Namespace.pkid).limit(1)))


def newest() -> str:
    """The revision that this version needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None  # noqa: S101 - the folder is ours
    return head


def safe_url(engine: Engine) -> str:
    """The URL of an engine without its password."""
    return engine.url.render_as_string(hide_password=True)


def _engine(database_url: str) -> Engine:
    # A step over a large table takes its time.
    options = EngineOptions(connections=1, timeout=_STEP_TIMEOUT, synchronous="FULL")
    try:
        return open_engine(database_url, options)
    except ArgumentError as error:
        raise SchemaError(f"database_url: {error}") from None


@contextlib.contextmanager
def _transaction(connection: Connection) -> Iterator[None]:
    """All steps or none on SQLite, which can roll back DDL; elsewhere each statement is its own."""
    if connection.dialect.name != "sqlite":
        yield
        return
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


def _config() -> Config:
    config = Config()
    # Alembic reads % as the start of a variable.
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return config


def _revision(connection: Connection) -> str | None:
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    return context.get_current_revision()


def _refuse_unknown(revision: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if revision is not None and revision not in known:
        raise SchemaError(f"the schema {revision} is of a newer version of activity-session: install that one")


def _version(connection: Connection) -> str:
    function = "sqlite_version()" if connection.dialect.name == "sqlite" else "version()"
    return str(connection.scalar(text(f"SELECT {function}")))


def _check_packet_size(connection: Connection, request_bytes: int) -> None:
    """A statement holds a request's values, escaped; past max_allowed_packet the server hangs up."""
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
