"""What a database says of its schema, to be compared; and databases of older schemas."""

from typing import Any

from alembic import command
from sqlalchemy import Engine, inspect

from activity_session_server.store import migrating, revisions


def migrate_to(engine: Engine, revision: str) -> None:
    """Bring an empty database to an older schema."""
    with engine.begin() as connection:
        command.upgrade(migrating.config_on(connection), revision)


def described(engine: Engine) -> dict[str, Any]:
    """Return everything a database reports about its tables, except for Alembic's own table."""
    inspector = inspect(engine)
    return {
        table: {
            "columns": sorted(map(described_column, inspector.get_columns(table))),
            "primary key": inspector.get_pk_constraint(table),
            "foreign keys": sorted(map(repr, inspector.get_foreign_keys(table))),
            "unique constraints": sorted(map(repr, inspector.get_unique_constraints(table))),
            "indexes": sorted(map(repr, inspector.get_indexes(table))),
        }
        for table in inspector.get_table_names()
        if table != revisions.VERSION_TABLE
    }


def described_column(column: Any) -> str:
    # For a column of numbers, the defaults 0 and '0' are the same; PostgreSQL says the type of the latter.
    default = column["default"] and column["default"].removesuffix("::bigint").strip("'")
    return f"{column['name']}: {column['type']!r} {column['nullable']} {default} {column.get('comment')}"
