"""Events, state, turns, and all that memories need.

A migration says what was true at its time, so it shares nothing with the mapped classes, nor with other migrations.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0002"
down_revision = "0001"
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
    """Make the tables, and add the columns."""
    _events()
    _state()
    _expunged()
    _turns()
    _memories()


def _events() -> None:
    op.create_table(
        "event",
        _column("activity_session_pkid", _string(64), "the session it belongs to"),
        _column("sequence", sa.BigInteger(), "its number in the session: 1, 2, 3 without gaps"),
        _column("event_id", _string(255), "resource name: its last segment, the id"),
        _column("author", _string(535), "a participant's name, or empty", "''"),
        _column("event_type", _string(255), "what kind of event it is", "''"),
        _optional("content_text", _long_text(), "the content, where it is text"),
        _optional("content_blob", _long_binary(), "the content, where it is bytes"),
        _column("media_type", _string(255), "the media type of the content", "''"),
        _column("labels", sa.JSON(), "labels of the caller's own", "('{}')"),
        _optional("event_ts", _time(), "when it happened, UTC"),
        _column("create_ts", _time(), "when it was appended, UTC"),
        sa.PrimaryKeyConstraint("activity_session_pkid", "sequence", name="pk__event"),
        sa.UniqueConstraint("activity_session_pkid", "event_id", name="uc__event__activity_session_pkid__event_id"),
        comment="Logs of sessions: what was said and done, in order.",
        **_TABLE,
    )


def _state() -> None:
    op.create_table(
        "state",
        _column("owner_pkid", _string(64), "the namespace, participant or session it belongs to"),
        _column("key", _string(255), "the key"),
        _optional("value_json", _long_text(), "JSON text; none for a deleted key"),
        _column("revision", sa.BigInteger(), "counts the changes of the key", "1"),
        _column("update_ts", _time(), "when it was last changed, UTC"),
        _optional("delete_ts", _time(), "when it was deleted, UTC"),
        sa.PrimaryKeyConstraint("owner_pkid", "key", name="pk__state"),
        comment="Shared state of namespaces, participants and sessions, a row per key.",
        **_TABLE,
    )
    op.create_index("idx__state__owner_pkid__delete_ts", "state", ["owner_pkid", "delete_ts"])
    op.create_index("idx__state__delete_ts", "state", ["delete_ts"])


def _expunged() -> None:
    op.create_table(
        "expunged",
        _column("activity_session_pkid", _string(64), "the session that is gone"),
        _column("create_ts", _time(), "when it was expunged, UTC"),
        sa.PrimaryKeyConstraint("activity_session_pkid", name="pk__expunged"),
        comment="Sessions that are gone, and whose events, state and memories are still being removed.",
        **_TABLE,
    )


def _turns() -> None:
    for column in (
        _optional("turn_holder", _string(535), "name of the participant whose turn it is, or was"),
        _column("turn_token", sa.BigInteger(), "token of the newest turn; it only grows", "0"),
        _optional("turn_expire_ts", _time(), "when the turn ends, UTC; none for a turn that was handed back"),
    ):
        op.add_column("activity_session", column)


def _memories() -> None:
    # Until now nothing could make memories; those that somebody made all the same are kept, under ids of their own.
    with op.batch_alter_table("memory") as memory:
        memory.add_column(_optional("namespace_pkid", _string(64), "the session's namespace"))
        memory.add_column(_column("first_sequence", sa.BigInteger(), "number of the first event it came from", "0"))
        memory.add_column(_column("last_sequence", sa.BigInteger(), "number of the last event it came from", "0"))
    owner = "SELECT namespace_pkid FROM activity_session WHERE pkid = memory.activity_session_pkid"
    op.execute(f"UPDATE memory SET namespace_pkid = ({owner}), name = pkid")  # noqa: S608 - no value comes from outside
    with op.batch_alter_table("memory") as memory:
        memory.drop_constraint("fk__memory__activity_session_pkid", type_="foreignkey")
        memory.drop_index("idx__memory__activity_session_pkid")
        memory.alter_column(
            "namespace_pkid", nullable=False, existing_type=_string(64), existing_comment="the session's namespace"
        )
        memory.create_foreign_key("fk__memory__namespace_pkid", "namespace", ["namespace_pkid"], ["pkid"])
        memory.create_unique_constraint("uc__memory__activity_session_pkid__name", ["activity_session_pkid", "name"])
        for owner, columns in (
            ("activity_session_pkid", ("create_ts", "update_ts")),
            ("namespace_pkid", ("name", "create_ts", "update_ts")),
        ):
            for column in columns:
                memory.create_index(f"idx__memory__{owner}__{column}", [owner, column, "pkid"])


def _column(name: str, type_: Any, comment: str, default: str | None = None) -> sa.Column[Any]:
    server_default = None if default is None else sa.text(default)
    return sa.Column(name, type_, nullable=False, server_default=server_default, comment=comment)


def _optional(name: str, type_: Any, comment: str) -> sa.Column[Any]:
    return sa.Column(name, type_, nullable=True, comment=comment)


def _string(length: int) -> Any:
    variant = sa.String(length).with_variant(mysql.VARCHAR(length, **_TEXT), *_MYSQL)
    return variant.with_variant(sa.String(length, collation="C"), "postgresql")


def _long_text() -> Any:
    variant = sa.Text().with_variant(mysql.LONGTEXT(**_TEXT), *_MYSQL)
    return variant.with_variant(sa.Text(collation="C"), "postgresql")


def _long_binary() -> Any:
    return sa.LargeBinary().with_variant(mysql.LONGBLOB(), *_MYSQL)


def _time() -> Any:
    return sa.DateTime().with_variant(mysql.DATETIME(fsp=6), *_MYSQL)
