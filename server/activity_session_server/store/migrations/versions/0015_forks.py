"""Sessions can be forked: ranges of numbers say which events of a fork are rows of other sessions.

A migration says what was true at its time, so it shares nothing with the mapped classes, nor with other migrations.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_MYSQL = ("mysql", "mariadb")
_TEXT = {"charset": "utf8mb4", "collation": "utf8mb4_bin"}
_TABLE: dict[str, Any] = {
    f"{dialect}_{option}": value
    for dialect in _MYSQL
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}


def upgrade() -> None:
    """Add the table, and to each session what it is a fork of: none is one yet."""
    for column in (
        _number("inherited_sequence", "last number that a fork has of its origin; 0 for none", default="0"),
        sa.Column("origin_pkid", _string(64), comment="the session it is a fork of"),
        sa.Column("origin_name", _string(255), comment="the id of that session"),
    ):
        op.add_column("activity_session", column)
    op.create_table(
        "inherited_range",
        sa.Column("activity_session_pkid", _string(64), nullable=False, comment="the fork"),
        _number("last_sequence", "the last number of the range"),
        _number("first_sequence", "the first number of the range"),
        sa.Column("source_pkid", _string(64), nullable=False, comment="the session whose rows they are"),
        sa.PrimaryKeyConstraint("activity_session_pkid", "last_sequence", name="pk__inherited_range"),
        comment="Numbers of forks whose events are rows of other sessions.",
        **_TABLE,
    )
    op.create_index("idx__inherited_range__source_pkid", "inherited_range", ["source_pkid"])


def _number(name: str, comment: str, default: str | None = None) -> sa.Column[Any]:
    # No key counts up by itself.
    return sa.Column(
        name, sa.BigInteger(), nullable=False, server_default=default, comment=comment, autoincrement=False
    )


def _string(length: int) -> Any:
    variant = sa.String(length).with_variant(mysql.VARCHAR(length, **_TEXT), *_MYSQL)
    return variant.with_variant(sa.String(length, collation="C"), "postgresql")
