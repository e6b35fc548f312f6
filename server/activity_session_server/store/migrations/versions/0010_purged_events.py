"""Sessions know which of their events have been purged, and when to look for more.

A migration says what was true at its time, so it shares nothing with the mapped classes, nor with other migrations.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TABLE = "activity_session"
_TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def upgrade() -> None:
    """Add the columns, with values that hold for each session as it is, and the index."""
    first, since = "number of the oldest event that was not purged", "no event of the session is older, UTC"
    due = "when events may be due by the age of the session itself, UTC; none if it has none"
    long_ago = sa.text("'1970-01-01 00:00:00.000000'")
    for column in (
        sa.Column("first_sequence", sa.BigInteger(), nullable=False, server_default="1", comment=first),
        sa.Column("events_from_ts", _TIME, nullable=False, server_default=long_ago, comment=since),
        sa.Column("events_due_ts", _TIME, comment=due),
    ):
        op.add_column(_TABLE, column)
    columns = ["events_due_ts", "namespace_pkid", "events_from_ts"]
    op.create_index("idx__activity_session__events_due_ts", _TABLE, columns)
