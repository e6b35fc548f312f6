"""The state of a session can be read as it was.

Servers of the release before write values without a number; so those are told by the revision that has none.

A migration says what was true at its time, so it shares nothing with the mapped classes, nor with other migrations.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0013"
down_revision = "0012"
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
    """Add the columns, with values that hold for each row as it is, and make the table."""
    _add("state", "sequence", "number of the session's newest event when it was last changed", "0")
    _add("state", "noted_revision", "the revision that the number belongs to; of another one none is known", "0")
    first = "the first number at which its state can be read; none: only the newest"
    op.add_column("activity_session", sa.Column("state_first_sequence", sa.BigInteger(), comment=first))
    op.create_table(
        "past_state",
        _column("owner_pkid", _string(64), "the session it belongs to"),
        _column("key", _string(255), "the key"),
        _column("sequence", sa.BigInteger(), "number of the newest event when it was written", autoincrement=False),
        _column("until_sequence", sa.BigInteger(), "the same when it was replaced, which is larger"),
        _column("revision", sa.BigInteger(), "that of the key with this value"),
        _column("value_json", _text(), "JSON text"),
        _column("replace_ts", _time(), "when it was replaced, UTC"),
        sa.PrimaryKeyConstraint("owner_pkid", "key", "sequence", name=op.f("pk__past_state")),
        comment=("Values in the state of sessions that were replaced or deleted, with the numbers at which they held."),
        **_TABLE,
    )
    op.create_index("idx__past_state__replace_ts", "past_state", ["replace_ts"])


def _add(table: str, name: str, comment: str, default: str) -> None:
    op.add_column(table, sa.Column(name, sa.BigInteger(), nullable=False, server_default=default, comment=comment))


def _column(name: str, type_: Any, comment: str, **options: Any) -> "sa.Column[Any]":
    return sa.Column(name, type_, nullable=False, comment=comment, **options)


def _string(length: int) -> Any:
    type_ = sa.String(length).with_variant(mysql.VARCHAR(length, **_TEXT), *_MYSQL)
    return type_.with_variant(sa.String(length, collation="C"), "postgresql")


def _text() -> Any:
    return sa.Text().with_variant(mysql.LONGTEXT(**_TEXT), *_MYSQL).with_variant(sa.Text(collation="C"), "postgresql")


def _time() -> Any:
    return sa.DateTime().with_variant(mysql.DATETIME(fsp=6), *_MYSQL)
