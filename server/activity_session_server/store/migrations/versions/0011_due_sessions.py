"""Sessions that have expired are found without those that the sweep has been at before.

The index of the expiry alone stays for servers of the release before, which name it.

A migration says what was true at its time, so it shares nothing with the mapped classes, nor with other migrations.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    op.create_index("idx__activity_session__deleted__expire_ts", "activity_session", ["deleted", "expire_ts"])
