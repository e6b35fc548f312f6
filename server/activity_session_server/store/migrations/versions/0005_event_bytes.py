"""The log holds events as the bytes that are sent.

A migration says what was true at its time, so it shares nothing with the mapped classes, nor with other migrations.
"""

import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import accumulate, takewhile
from typing import Any

import sqlalchemy as sa
from alembic import op
from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy.dialects import mysql

from activity_session.v1.event_pb2 import Event

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_MYSQL = ("mysql", "mariadb")
_TEXT = {"charset": "utf8mb4", "collation": "utf8mb4_bin"}
_TABLE: dict[str, Any] = {
    f"{dialect}_{option}": value
    for dialect in _MYSQL
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}
# From these revisions on there can be events to copy, which no SQL can do; `store.scripts` reads this.
copies_rows_since = ("0002", "0003", "0004")
# Of a batch; an event of more bytes is one by itself.
_MOST_ROWS, _MOST_BYTES = 1000, 4 * 1024 * 1024
# Seconds between two lines that say how far the copy is.
_PACE = 5.0
_log = logging.getLogger("activity_session.schema")


def upgrade() -> None:
    """Copy the log into a table of the new form.

    The old table gets another name first, so that a server of an older version can write to it no more. Where changes
    of tables are not rolled back, all of this can be done again: the copy goes on after its last row.
    """
    if op.get_context().as_sql:
        # It was made in the same script, and so is empty.
        op.drop_table("event")
        _create_event()
        return
    if "content_text" in _columns("event"):
        _set_aside()
    _create_event()
    if _columns("former_event"):
        _copy(op.get_bind())
        op.drop_table("former_event")


def _set_aside() -> None:
    op.rename_table("event", "former_event")
    if op.get_bind().dialect.name == "postgresql":  # where no other table may have a constraint of the same name
        for key in ("pk__event", "uc__event__activity_session_pkid__event_id"):
            op.execute(f"ALTER TABLE former_event RENAME CONSTRAINT {key} TO former_{key}")


def _columns(table: str) -> set[str]:
    """The names of the columns of a table; none where there is no such table."""
    found = sa.inspect(op.get_bind())
    return {column["name"] for column in found.get_columns(table)} if found.has_table(table) else set()


def _create_event() -> None:
    op.create_table(
        "event",
        _column("activity_session_pkid", _string(64), "the session it belongs to"),
        _column("sequence", sa.BigInteger(), "its number in the session: 1, 2, 3 without gaps"),
        _column("event_id", _string(255), "resource name: its last segment, the id"),
        _column("author", _string(535), "a participant's name, or empty", "''"),
        _column("event_type", _string(255), "what kind of event it is", "''"),
        _column("labels", sa.JSON(), "labels of the caller's own", "('{}')"),
        sa.Column("event_ts", _time(), nullable=True, comment="when it happened, UTC"),
        _column("create_ts", _time(), "when it was appended, UTC"),
        _column("message", _long_binary(), "the event in Protocol Buffers, without its name"),
        sa.PrimaryKeyConstraint("activity_session_pkid", "sequence", name="pk__event"),
        sa.UniqueConstraint("activity_session_pkid", "event_id", name="uc__event__activity_session_pkid__event_id"),
        comment="Logs of sessions: what was said and done, in order.",
        **_TABLE,
    )


def _copy(connection: sa.Connection) -> None:
    former, event = _former_event(), _event()
    done = connection.scalars(sa.select(sa.func.count()).select_from(event)).one()
    total = connection.scalars(sa.select(sa.func.count()).select_from(former)).one()
    due = time.monotonic()
    for rows in _batches(connection, former, _last(connection, event)):
        connection.execute(sa.insert(event), [_converted(row) for row in rows])
        done += len(rows)
        if time.monotonic() >= due:
            _log.info("migrating the log: %d of %d events", done, total)
            due = time.monotonic() + _PACE


def _batches(connection: sa.Connection, former: sa.TableClause, last: tuple[str, int]) -> Iterator[list[Any]]:
    """The rows after a place, so many at a time that memory and packets hold them."""
    columns = former.c
    content = sa.func.length(columns.content_text) * 4, sa.func.length(columns.content_blob)
    size = sum(
        (sa.func.coalesce(part, 0) for part in content), start=sa.func.length(sa.cast(columns.labels, sa.Text())) * 4
    )
    while True:
        rest = (
            former.select()
            .where(
                columns.activity_session_pkid >= last[0],
                sa.or_(columns.activity_session_pkid > last[0], columns.sequence > last[1]),
            )
            .order_by(columns.activity_session_pkid, columns.sequence)
        )
        sizes = connection.scalars(rest.with_only_columns(size).limit(_MOST_ROWS))
        fitting = sum(1 for _ in takewhile(lambda used: used <= _MOST_BYTES, accumulate(sizes)))
        rows = list(connection.execute(rest.limit(max(fitting, 1))))
        if not rows:
            return
        yield rows
        last = (rows[-1].activity_session_pkid, rows[-1].sequence)


def _last(connection: sa.Connection, event: sa.TableClause) -> tuple[str, int]:
    """The place of the last event that is copied."""
    keys = event.c.activity_session_pkid, event.c.sequence
    row = connection.execute(sa.select(*keys).order_by(*(key.desc() for key in keys)).limit(1)).first()
    return ("", 0) if row is None else (row[0], row[1])


def _converted(row: Any) -> dict[str, Any]:
    message = Event(
        event_id=row.event_id,
        sequence=row.sequence,
        author=row.author,
        type=row.event_type,
        text=row.content_text,
        blob=row.content_blob,
        media_type=row.media_type,
        labels=row.labels,
        event_time=_timestamp(row.event_ts),
        create_time=_timestamp(row.create_ts),
    )
    kept = ("activity_session_pkid", "sequence", "event_id", "author", "event_type", "labels", "event_ts", "create_ts")
    return {**{name: getattr(row, name) for name in kept}, "message": message.SerializeToString()}


def _timestamp(moment: datetime | None) -> Timestamp | None:
    if moment is None:
        return None
    timestamp = Timestamp()
    timestamp.FromDatetime(moment.replace(tzinfo=UTC))
    return timestamp


def _former_event() -> sa.TableClause:
    content = sa.column("content_text", sa.Text()), sa.column("content_blob", sa.LargeBinary())
    return sa.table("former_event", *_common(), *content, sa.column("media_type", sa.String()))


def _event() -> sa.TableClause:
    return sa.table("event", *_common(), sa.column("message", sa.LargeBinary()))


def _common() -> tuple[sa.ColumnClause[Any], ...]:
    return (
        sa.column("activity_session_pkid", sa.String()),
        sa.column("sequence", sa.BigInteger()),
        sa.column("event_id", sa.String()),
        sa.column("author", sa.String()),
        sa.column("event_type", sa.String()),
        sa.column("labels", sa.JSON()),
        sa.column("event_ts", _time()),
        sa.column("create_ts", _time()),
    )


def _column(name: str, type_: Any, comment: str, default: str | None = None) -> sa.Column[Any]:
    server_default = None if default is None else sa.text(default)
    return sa.Column(name, type_, nullable=False, server_default=server_default, comment=comment)


def _string(length: int) -> Any:
    variant = sa.String(length).with_variant(mysql.VARCHAR(length, **_TEXT), *_MYSQL)
    return variant.with_variant(sa.String(length, collation="C"), "postgresql")


def _long_binary() -> Any:
    return sa.LargeBinary().with_variant(mysql.LONGBLOB(), *_MYSQL)


def _time() -> Any:
    return sa.DateTime().with_variant(mysql.DATETIME(fsp=6), *_MYSQL)
