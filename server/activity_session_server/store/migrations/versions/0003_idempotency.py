"""The table of requests is named after what it is for: idempotency.

A migration says what was true at its time, so it shares nothing with the mapped classes, nor with other migrations.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_OLD_INDEX, _INDEX = "idx__request__expire_ts", "idx__idempotency__expire_ts"


def upgrade() -> None:
    """Rename the table with all that is named after it.

    On MySQL and MariaDB each statement is committed by itself: where a run was broken off, the next one continues.
    """
    bind = op.get_bind()
    if sa.inspect(bind).has_table("request"):
        op.rename_table("request", "idempotency")
    if bind.dialect.name == "sqlite":  # elsewhere a primary key has no name of its own
        _rename_key()
    indexes = {index["name"] for index in sa.inspect(bind).get_indexes("idempotency")}
    if _INDEX not in indexes:
        op.create_index(_INDEX, "idempotency", ["expire_ts"])
    if _OLD_INDEX in indexes:
        op.drop_index(_OLD_INDEX, "idempotency")


def _rename_key() -> None:
    with op.batch_alter_table("idempotency") as table:
        table.drop_constraint("pk__request", type_="primary")
        table.create_primary_key("pk__idempotency", ["scope", "request_id"])
