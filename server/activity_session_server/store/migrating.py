"""Migrations: one Alembic tree for all backends, driven from here. There is no other way to a schema.

A migration that is broken off is undone on SQLite; elsewhere the next run continues it (`store.continuing`).
"""

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text

from activity_session_server.store.revisions import NEWEST, SchemaError, revision

_FOLDER = Path(__file__).parent / "migrations"
# Seconds; a step over a large table takes its time.
_LONGEST_WAIT = 600
# The name of the lock, in SQL. Locks have names of at most 64 characters, and are of the whole server.
LOCK = "LEFT(CONCAT('activity-session migrates ', DATABASE()), 64)"
_log = logging.getLogger("activity_session.schema")


def upgrade(connection: Connection) -> None:
    """Bring a database to the newest schema.

    Raises:
        SchemaError: when it has a schema of a newer version, or others migrate it for too long.
    """
    with _alone(connection):
        # Another process may have migrated it while this one waited.
        before = revision(connection)
        refuse_unknown(before)
        config = _config()
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise SchemaError(f"the schema was changed by others meanwhile: {error}") from error
        _log.info("migrated", extra={"before": before or "empty", "after": NEWEST})


def refuse_unknown(found: str | None) -> None:
    """Refuse a schema that this version does not know.

    Raises:
        SchemaError: when a newer version has made it.
    """
    if found is not None and found not in known_revisions():
        raise SchemaError(f"the schema {found} is of a newer version of activity-session: install that one")


def known_revisions() -> list[str]:
    """All revisions, the newest first."""
    return [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()]


def _alone(connection: Connection) -> contextlib.AbstractContextManager[None]:
    """Keep other processes from migrating the same database."""
    return _transaction(connection) if connection.dialect.name == "sqlite" else _lock(connection)


@contextlib.contextmanager
def _lock(connection: Connection) -> Iterator[None]:
    """A lock that the connection keeps for as long as it lasts; on Galera it is of one node.

    Raises:
        SchemaError: another process had it for too long.
    """
    if not _locked(connection, 0):
        _log.warning("another process migrates the database; waiting for it for up to %d s", _LONGEST_WAIT)
        if not _locked(connection, _LONGEST_WAIT):
            holder = connection.scalar(text(f"SELECT IS_USED_LOCK({LOCK})"))
            raise SchemaError(
                f"another process has been migrating the database for {_LONGEST_WAIT} s, on its connection {holder}:"
                " run this again when it is done"
            )
    yield
    # After an error the connection is closed.
    connection.execute(text(f"DO RELEASE_LOCK({LOCK})"))


def _locked(connection: Connection, seconds: int) -> bool:
    return bool(connection.scalar(text(f"SELECT GET_LOCK({LOCK}, {seconds})")))


@contextlib.contextmanager
def _transaction(connection: Connection) -> Iterator[None]:
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


def _config() -> Config:
    config = Config()
    # Alembic reads % as the start of a variable.
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return config
