"""How Alembic runs the migrations: on the connection that `store.migrating` hands over, or only as SQL.

`store.scripts` asks for the SQL, with a URL that names the dialect; nothing is connected then.
"""

from alembic import context

from activity_session_server.orm import Base
from activity_session_server.store.backends.mysql import continuing  # noqa: F401 - being imported is what it is for
from activity_session_server.store.revisions import VERSION_TABLE


def run() -> None:
    """Run the migrations that are due."""
    attributes = context.config.attributes
    context.configure(
        connection=attributes.get("connection"),
        url=attributes.get("url"),
        target_metadata=Base.metadata,
        version_table=VERSION_TABLE,
        # SQLite changes a table by copying it.
        render_as_batch=True,
        # Each step is there whole or, where DDL can be rolled back, not at all. A script is one transaction, since a
        # client may go on after an error.
        transaction_per_migration=not context.is_offline_mode(),
    )
    with context.begin_transaction():
        context.run_migrations()


run()
