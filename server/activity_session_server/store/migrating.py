"""Migrations: one Alembic tree for all backends, driven from here. There is no other way to a schema.

A migration that is broken off is undone where DDL can be rolled back; on MariaDB and MySQL the next run continues it
(`backends.mysql.continuing`).
"""

import logging
from pathlib import Path
from typing import TextIO

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from activity_session_server.store.backends import backend_of
from activity_session_server.store.revisions import NEWEST, SchemaError, revision

_FOLDER = Path(__file__).parent / "migrations"
_log = logging.getLogger("activity_session.schema")


def upgrade(connection: Connection) -> None:
    """Bring a database to the newest schema.

    Raises:
        SchemaError: when it has a schema of a newer version, or others migrate it for too long.
    """
    with backend_of(connection.engine).migrating(connection):
        # Another process may have migrated it while this one waited.
        before = revision(connection)
        refuse_unknown(before)
        try:
            command.upgrade(config_on(connection), "head")
        except CommandError as error:
            raise SchemaError(f"the schema was changed by others meanwhile: {error}") from error
        _log.info("migrated", extra={"before": before or "empty", "after": NEWEST})


def refuse_unknown(found: str | None) -> None:
    """Refuse a schema that this version does not know.

    Raises:
        SchemaError: when a newer version has made it.
    """
    if found is not None and found not in known_revisions():
        raise SchemaError(
            f"the schema {found} is of a newer version of activity-session than this one, which knows {NEWEST}:"
            " install that one, or restore a backup from before its migration (docs/operations.md, Upgrades)"
        )


def known_revisions() -> list[str]:
    """All revisions, the newest first."""
    return [script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()]


def config_on(connection: Connection) -> Config:
    """What Alembic needs to run migrations on a connection."""
    found = config()
    found.attributes["connection"] = connection
    return found


def config(output: TextIO | None = None) -> Config:
    """What Alembic needs to find the migrations; SQL that is asked for goes to `output`."""
    made = Config(output_buffer=output)
    # Alembic reads % as the start of a variable.
    made.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return made
