"""The table of requests is named after what it is for: idempotency.

A migration says what was true at its time, so it shares nothing with the mapped classes, nor with other migrations.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Rename the table with all that is named after it."""
    op.rename_table("request", "idempotency")
    if op.get_bind().dialect.name not in ("mysql", "mariadb"):  # there a primary key has no name of its own
        _rename_key()
    op.create_index("idx__idempotency__expire_ts", "idempotency", ["expire_ts"])
    op.drop_index("idx__request__expire_ts", "idempotency")


def _rename_key() -> None:
    with op.batch_alter_table("idempotency") as table:
        table.drop_constraint("pk__request", type_="primary")
        table.create_primary_key("pk__idempotency", ["scope", "request_id"])
