"""Ranges of a log can be superseded: marks say which, and ranges of numbers say what lists leave out.

A migration says what was true at its time, so it shares nothing with the mapped classes, nor with other migrations.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0014"
down_revision = "0013"
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
    """Add the tables, and to each session the number of its newest mark: no log has one yet."""
    op.add_column(
        "activity_session",
        _number("history_revision", "number up to which its log has marks, or is not its own alone; 0 for none"),
    )
    _create(
        "event_mark",
        "Marks: events that take others out of view, a row for each range that one covers.",
        ("activity_session_pkid", "sequence", "first_sequence"),
        _session(),
        _number("sequence", "the number of the mark", default=None),
        _number("first_sequence", "the first number that it covers", default=None),
        _number("last_sequence", "the last number of that range", default=None),
        _holds(),
    )
    _create(
        "hidden_range",
        "Numbers of events that lists leave out, as ranges that neither meet nor touch.",
        ("activity_session_pkid", "last_sequence"),
        _session(),
        _number("last_sequence", "the last number of the range", default=None),
        _number("first_sequence", "the first number of the range", default=None),
    )


def _create(name: str, comment: str, key: tuple[str, ...], *columns: sa.Column[Any]) -> None:
    op.create_table(name, *columns, sa.PrimaryKeyConstraint(*key, name=f"pk__{name}"), comment=comment, **_TABLE)


def _session() -> sa.Column[Any]:
    variant = sa.String(64).with_variant(mysql.VARCHAR(64, **_TEXT), *_MYSQL)
    type_ = variant.with_variant(sa.String(64, collation="C"), "postgresql")
    return sa.Column("activity_session_pkid", type_, nullable=False, comment="the session it belongs to")


def _number(name: str, comment: str, default: str | None = "0") -> sa.Column[Any]:
    # No key counts up by itself.
    return sa.Column(
        name, sa.BigInteger(), nullable=False, server_default=default, comment=comment, autoincrement=False
    )


def _holds() -> sa.Column[Any]:
    comment = "whether the mark is not superseded itself"
    return sa.Column("holds", sa.Boolean(), nullable=False, server_default=sa.false(), comment=comment)
