"""What outlives a session or a membership, so that nothing taken from it counts for a later one of the same name.

A migration says what was true at its time, so it shares nothing with the mapped classes, nor with other migrations.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0004"
down_revision = "0003"
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
    """Make the tables, and add a column."""
    _idempotency()
    _former_session()
    _former_member()
    _state_owner()
    _node_lock()


def _idempotency() -> None:
    # Until it is forgotten, claims can have the namespace as their scope.
    op.execute(
        "INSERT INTO idempotency (scope, request_id, fingerprint, create_ts, expire_ts)"
        " SELECT '', 'scoped by namespace', '', MAX(create_ts), MAX(expire_ts) FROM idempotency WHERE scope <> ''"
        " HAVING COUNT(*) > 0"
        " AND NOT EXISTS (SELECT 1 FROM idempotency WHERE scope = '' AND request_id = 'scoped by namespace')"
    )
    comment = "the session that it was about, where it was about one"
    op.add_column("idempotency", sa.Column("activity_session_pkid", _string(64), nullable=True, comment=comment))
    if op.get_bind().dialect.name != "sqlite":  # which keeps no comments
        for column, length, comment in (
            ("scope", 255, "the resource it is about; nothing for the server's own ids"),
            (
                "fingerprint",
                64,
                "SHA-256 of the method and the request, in hex; for the server's own ids, the number of the run",
            ),
        ):
            type_ = _string(length)
            op.alter_column("idempotency", column, existing_type=type_, existing_nullable=False, comment=comment)


def _former_session() -> None:
    _create(
        "former_session",
        "Names whose sessions were expunged, with numbers that those of a later session must exceed.",
        ("namespace_pkid", "name"),
        _column("namespace_pkid", _string(64), "the namespace that it belonged to"),
        _column("name", _string(255), "resource name: its last segment, the id; empty for all older ones"),
        _column("turn_token", sa.BigInteger(), "no turn has had it, but all turns had smaller ones"),
        _column("revision", sa.BigInteger(), "no key of its state has had a larger one"),
        _column("create_ts", _time(), "when it was expunged, UTC"),
    )
    op.create_index("idx__former_session__create_ts", "former_session", ["create_ts"])


def _former_member() -> None:
    _create(
        "former_member",
        "Participants that have left sessions, with what is theirs again when they are bound again.",
        ("activity_session_pkid", "participant_pkid"),
        _column("activity_session_pkid", _string(64), "the session"),
        _column("participant_pkid", _string(64), "the participant"),
        _column("last_read_sequence", sa.BigInteger(), "number of the last event it has read"),
    )


def _state_owner() -> None:
    _create(
        "state_owner",
        "Resources that have state: a row that the writers of new keys meet in.",
        ("owner_pkid",),
        _column("owner_pkid", _string(64), "the namespace, participant or session"),
        _column("additions", sa.BigInteger(), "counts the writes that have added keys", "0"),
        _column("revision", sa.BigInteger(), "new keys have larger ones", "0"),
    )


def _node_lock() -> None:
    _create(
        "node_lock",
        "Locks between the nodes of a cluster: rows that calls write which exclude each other.",
        ("owner_pkid", "stripe"),
        _column("owner_pkid", _string(64), "the namespace, participant or session that the calls are about"),
        _column("stripe", sa.Integer(), "one of several rows, so that those who share the lock seldom meet"),
        _column("writes", sa.BigInteger(), "counts the writes", "0"),
    )


def _create(name: str, comment: str, key: tuple[str, ...], *columns: sa.Column[Any]) -> None:
    constraint = sa.PrimaryKeyConstraint(*key, name=f"pk__{name}")
    op.create_table(name, *columns, constraint, comment=comment, **_TABLE)


def _column(name: str, type_: Any, comment: str, default: str | None = None) -> sa.Column[Any]:
    server_default = None if default is None else sa.text(default)
    # No key counts up by itself.
    return sa.Column(name, type_, nullable=False, server_default=server_default, comment=comment, autoincrement=False)


def _string(length: int) -> Any:
    variant = sa.String(length).with_variant(mysql.VARCHAR(length, **_TEXT), *_MYSQL)
    return variant.with_variant(sa.String(length, collation="C"), "postgresql")


def _time() -> Any:
    return sa.DateTime().with_variant(mysql.DATETIME(fsp=6), *_MYSQL)
