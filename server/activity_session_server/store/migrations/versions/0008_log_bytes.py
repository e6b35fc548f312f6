"""Sessions know how many bytes their events have.

A migration says what was true at its time, so it shares nothing with the mapped classes, nor with other migrations.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, and fill it."""
    comment = "bytes of the events of the session"
    op.add_column(
        "activity_session",
        sa.Column("log_bytes", sa.BigInteger(), nullable=False, server_default="0", comment=comment),
    )
    op.execute(
        "UPDATE activity_session SET log_bytes = COALESCE((SELECT SUM(LENGTH(e.message)) FROM event e"
        " WHERE e.activity_session_pkid = activity_session.pkid), 0)"
    )
