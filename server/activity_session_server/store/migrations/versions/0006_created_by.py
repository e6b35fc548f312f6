"""Who made a session or a memory.

A migration says what was true at its time, so it shares nothing with the mapped classes, nor with other migrations.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TEXT = {"charset": "utf8mb4", "collation": "utf8mb4_bin"}


def upgrade() -> None:
    """Add the columns; no database writes the rows anew for them."""
    for table in ("activity_session", "memory"):
        comment = "the subject of the caller who made it; none without credentials"
        op.add_column(table, sa.Column("created_by", _string(255), nullable=True, comment=comment))


def _string(length: int) -> Any:
    variant = sa.String(length).with_variant(mysql.VARCHAR(length, **_TEXT), "mysql", "mariadb")
    return variant.with_variant(sa.String(length, collation="C"), "postgresql")
