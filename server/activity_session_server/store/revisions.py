"""The revision of a database's schema, and the one that this version needs."""

from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, inspect, select

VERSION_TABLE = "activity_session_alembic_version"
# The revision that this version needs: the newest of `migrations`.
NEWEST = "0004"
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
    """The URL of an engine without its password."""
    return engine.url.render_as_string(hide_password=True)
