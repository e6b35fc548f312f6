"""Memberships know the name and the time of their session, so that a participant's sessions are listed by an index.

A migration says what was true at its time, so it shares nothing with the mapped classes, nor with other migrations.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TABLE = "activity_session_participant"
_MYSQL = ("mysql", "mariadb")
_TEXT = {"charset": "utf8mb4", "collation": "utf8mb4_bin"}


def upgrade() -> None:
    """Add the columns, fill them, and have an index of each order instead of the one of participants."""
    name, created = _columns()
    with op.batch_alter_table(_TABLE) as table:
        table.add_column(sa.Column(name[0], name[1], nullable=True, comment=name[2]))
        table.add_column(sa.Column(created[0], created[1], nullable=True, comment=created[2]))
    for column, source in ((name[0], "name"), (created[0], "create_ts")):
        op.execute(
            f"UPDATE {_TABLE} SET {column} ="  # noqa: S608 - no value comes from outside
            f" (SELECT s.{source} FROM activity_session s WHERE s.pkid = {_TABLE}.activity_session_pkid)"
        )
    with op.batch_alter_table(_TABLE) as table:
        for column, type_, comment in (name, created):
            table.alter_column(column, existing_type=type_, nullable=False, existing_comment=comment)
        for column, suffix in (("session_name", "name"), ("session_create_ts", "create_ts")):
            table.create_index(
                f"idx__{_TABLE}__participant_pkid__{suffix}", ["participant_pkid", column, "activity_session_pkid"]
            )
        table.drop_index(f"idx__{_TABLE}__participant_pkid")


def _columns() -> tuple[tuple[str, Any, str], tuple[str, Any, str]]:
    return (
        ("session_name", _string(255), "the session's name"),
        (
            "session_create_ts",
            sa.DateTime().with_variant(mysql.DATETIME(fsp=6), *_MYSQL),
            "when the session was made, UTC",
        ),
    )


def _string(length: int) -> Any:
    variant = sa.String(length).with_variant(mysql.VARCHAR(length, **_TEXT), *_MYSQL)
    return variant.with_variant(sa.String(length, collation="C"), "postgresql")
