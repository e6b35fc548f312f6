"""Sessions and namespaces can be held for a legal reason.

A migration says what was true at its time, so it shares nothing with the mapped classes, nor with other migrations.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_COMMENTS = {
    "namespace": "whether nothing of its sessions may be removed for good",
    "activity_session": "whether nothing of it may be removed for good",
}


def upgrade() -> None:
    """Add the columns; no database writes the rows anew for them, and servers of the release before do without."""
    for table, comment in _COMMENTS.items():
        op.add_column(
            table, sa.Column("legal_hold", sa.Boolean(), nullable=False, server_default=sa.false(), comment=comment)
        )
