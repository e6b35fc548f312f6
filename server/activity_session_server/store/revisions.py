"""The revision of a database's schema, and the one that this version needs."""

import shlex

from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, inspect, select

from activity_session_server.rules import database_urls

VERSION_TABLE = "activity_session_alembic_version"
# The revision that this version needs: the newest of `migrations`.
NEWEST = "0015"
_VERSION = Table(VERSION_TABLE, MetaData(), Column("version_num", String(32)))


class SchemaError(Exception):
    """A database that cannot be used as it is; the text says what to do."""


def revision(connection: Connection) -> str | None:
    """The revision of a database's schema; None where there is none."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found: str | None = connection.scalar(select(_VERSION.c.version_num))
    return found


def safe_url(engine: Engine) -> str:
    """The URL of an engine without its passwords."""
    return database_urls.shown(engine.url.render_as_string(hide_password=False))


def migrate_command(engine: Engine) -> str:
    """What to run for a database, as a line for a shell; a URL that holds a secret comes from the variable."""
    url = engine.url.render_as_string(hide_password=False)
    argument = shlex.quote(url) if database_urls.shown(url) == url else '"$ACTIVITY_SESSION_DATABASE_URL"'
    return f"activity-session migrate --database-url {argument}"
