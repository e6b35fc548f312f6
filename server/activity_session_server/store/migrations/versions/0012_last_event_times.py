"""Sessions know when their newest event was appended, and are found in that order.

Servers of the release before append without these columns. So a session also knows which event the time is of: where
that is not its newest one, the time is read from the event.

A migration says what was true at its time, so it shares nothing with the mapped classes, nor with other migrations.
"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_TABLE = "activity_session"
_MYSQL = ("mysql", "mariadb")
_TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), *_MYSQL)
# Sessions that are filled by one statement: servers of the release before append meanwhile. On MariaDB and MySQL each
# is committed by itself.
_SESSIONS = 1000
# The newest event of a session: a column of it.
_NEWEST = (
    "(SELECT e.{} FROM event e WHERE e.activity_session_pkid = activity_session.pkid"
    " AND e.sequence = activity_session.last_sequence)"
)
_FILL = (
    f"UPDATE {_TABLE} SET last_event_ts = COALESCE({_NEWEST.format('create_ts')}, create_ts),"  # noqa: S608 - no value comes from outside
    f" last_event_sequence = COALESCE({_NEWEST.format('sequence')}, 0)"
)


def upgrade() -> None:
    """Add the columns, fill them, and have the index."""
    time = "when the newest event was appended, or else the session made, UTC"
    number = "number of the event of that time"
    long_ago = sa.text("'1970-01-01 00:00:00.000000'")
    for column in (
        sa.Column("last_event_ts", _TIME, nullable=False, server_default=long_ago, comment=time),
        sa.Column("last_event_sequence", sa.BigInteger(), nullable=False, server_default="0", comment=number),
    ):
        op.add_column(_TABLE, column)
    for fill in _fills():
        op.execute(fill)
    columns = ["namespace_pkid", "last_event_ts", "pkid"]
    op.create_index("idx__activity_session__namespace_pkid__last_event_ts", _TABLE, columns)


def _fills() -> Iterator[sa.TextClause]:
    """Statements that fill so many sessions each; one for all of them in a script, which knows no keys."""
    low = ""
    while high := _key_after(low):
        yield sa.text(f"{_FILL} WHERE pkid > :low AND pkid <= :high").bindparams(low=low, high=high)
        low = high
    yield sa.text(f"{_FILL} WHERE pkid > :low").bindparams(low=low) if low else sa.text(_FILL)


def _key_after(low: str) -> str | None:
    """The key of the last of the next sessions; none where there are fewer."""
    if op.get_context().as_sql:
        return None
    pkid = sa.column("pkid", sa.String())
    keys = sa.select(pkid).select_from(sa.table(_TABLE)).where(pkid > low).order_by(pkid)
    found: str | None = op.get_bind().scalar(keys.limit(1).offset(_SESSIONS - 1))
    return found
