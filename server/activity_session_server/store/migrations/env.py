"""How Alembic runs the migrations: always on the connection that `store.schema` hands over."""

from alembic import context
from sqlalchemy import Connection

from activity_session_server.orm import Base
from activity_session_server.store.backends.mysql import continuing  # noqa: F401 - being imported is what it is for
from activity_session_server.store.revisions import VERSION_TABLE


def run(connection: Connection) -> None:
    """Run the migrations that are due."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        version_table=VERSION_TABLE,
        # SQLite changes a table by copying it.
        render_as_batch=True,
        # Each step is there whole or, where DDL can be rolled back, not at all.
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
