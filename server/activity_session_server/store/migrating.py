"""Migrations: one Alembic tree for all backends, driven from here. There is no other way to a schema."""

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from activity_session_server.store.revisions import NEWEST, SchemaError, revision

_FOLDER = Path(__file__).parent / "migrations"
_log = logging.getLogger("activity_session.schema")


def upgrade(connection: Connection) -> None:
    """Bring a database to the newest schema.

    Raises:
        SchemaError: when it has a schema of a newer version.
    """
    with _transaction(connection):
        # Another process may have migrated it while this one waited.
        before = revision(connection)
        refuse_unknown(before)
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
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
