"""The first schema, with `namespaces/default`.

A migration says what was true at its time, so it shares nothing with the mapped classes.
"""

import os
import time
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_MYSQL = ("mysql", "mariadb")
_TEXT = {"charset": "utf8mb4", "collation": "utf8mb4_bin"}
_TABLE: dict[str, Any] = {
    f"{dialect}_{option}": value
    for dialect in _MYSQL
    for option, value in (
        ("engine", "InnoDB"),
        ("charset", "utf8mb4"),
        ("collate", "utf8mb4_bin"),
    )
}
_OF_NOW = {
    "sqlite": "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))",
    "postgresql": "timezone('utc', statement_timestamp())",
}


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "namespace",
        *_resource("namespace"),
        _column("settings", sa.JSON(), "what holds for all sessions of the namespace", "('{}')"),
        sa.UniqueConstraint("name", name="uc__namespace__name"),
        comment="Owners of participants and sessions.",
        **_TABLE,
    )
    op.create_index("idx__namespace__create_ts", "namespace", ["create_ts", "pkid"])
    op.create_index("idx__namespace__update_ts", "namespace", ["update_ts", "pkid"])
    _participants()
    _sessions()
    _memberships()
    _memories()
    _requests()
    _default_namespace()


def _participants() -> None:
    op.create_table(
        "participant",
        *_resource("participant"),
        _reference("participant", "namespace_pkid", "namespace", "owner"),
        _column("participant_type", _string(16), "USER or AGENT"),
        _column("participant_create_ts", _time(), "when the participant came to be, UTC", _now()),
        sa.UniqueConstraint("namespace_pkid", "name", name="uc__participant__namespace_pkid__name"),
        comment="People and agents that can take part in sessions.",
        **_TABLE,
    )
    _owned_indexes("participant")


def _sessions() -> None:
    table = "activity_session"
    op.create_table(
        table,
        *_resource(table),
        _reference(table, "namespace_pkid", "namespace", "owner"),
        _column("auto_created", sa.Boolean(), "whether EnsureSession made it", _bool(is_on=False)),
        _optional("data", _long_text(), "session data"),
        _column(
            "settings",
            sa.JSON(),
            "how agent runtimes treat the session; only what was set",
            "('{}')",
        ),
        _column("labels", sa.JSON(), "labels of the caller's own", "('{}')"),
        _column("last_sequence", sa.BigInteger(), "number of the newest event", "0"),
        _optional("expire_ts", _time(), "when it expires, UTC"),
        _optional("purge_ts", _time(), "when the deleted session is expunged, UTC"),
        sa.UniqueConstraint("namespace_pkid", "name", name="uc__activity_session__namespace_pkid__name"),
        comment="Scoped interactions among participants.",
        **_TABLE,
    )
    op.create_index(f"idx__{table}__namespace_pkid__name", table, ["namespace_pkid", "name"])
    op.create_index(f"idx__{table}__expire_ts", table, ["expire_ts"])
    op.create_index(f"idx__{table}__purge_ts", table, ["purge_ts"])
    _owned_indexes(table)


def _memberships() -> None:
    table = "activity_session_participant"
    op.create_table(
        table,
        _reference(table, "activity_session_pkid", "activity_session", "the session"),
        _reference(table, "participant_pkid", "participant", "the participant"),
        _column("role", _string(64), "what it does in the session", "''"),
        _column("create_ts", _time(), "when it was bound, UTC", _now()),
        _column("last_read_sequence", sa.BigInteger(), "number of the last event it has read", "0"),
        sa.PrimaryKeyConstraint("activity_session_pkid", "participant_pkid", name=f"pk__{table}"),
        comment="Memberships of participants in sessions.",
        **_TABLE,
    )
    op.create_index(f"idx__{table}__participant_pkid", table, ["participant_pkid"])


def _memories() -> None:
    op.create_table(
        "memory",
        *_resource("memory"),
        _reference("memory", "activity_session_pkid", "activity_session", "the session it came from"),
        _reference("memory", "agent_pkid", "participant", "the agent it belongs to"),
        _column("memory_type", _string(16), "OBSERVATION or INTEGRATION"),
        _column("importance", sa.Integer(), "its weight", "0"),
        _column("access_count", sa.BigInteger(), "how often it was recalled", "0"),
        _optional("accessed", _time(), "when it was last recalled, UTC"),
        _optional("memo", _long_text(), "a note beside the content"),
        _column("content", _long_text(), "what is remembered"),
        comment="What agents took away from sessions.",
        **_TABLE,
    )
    op.create_index("idx__memory__activity_session_pkid", "memory", ["activity_session_pkid"])
    op.create_index("idx__memory__agent_pkid", "memory", ["agent_pkid"])


def _requests() -> None:
    op.create_table(
        "request",
        _column("scope", _string(255), "the namespace it is about"),
        _column("request_id", _string(128), "the caller's id, or the server's own"),
        _column("fingerprint", _string(64), "SHA-256 of the method and the request, in hex"),
        _optional(
            "answer",
            sa.LargeBinary().with_variant(mysql.LONGBLOB(), *_MYSQL),
            "a google.protobuf.Any of the answer; none for the server's own ids",
        ),
        _column("create_ts", _time(), "when it was carried out, UTC", _now()),
        _column("expire_ts", _time(), "when it may be forgotten, UTC"),
        sa.PrimaryKeyConstraint("scope", "request_id", name="pk__request"),
        comment="Requests that were carried out, each written in the transaction of its effect (AIP-155).",
        **_TABLE,
    )
    op.create_index("idx__request__expire_ts", "request", ["expire_ts"])


def _default_namespace() -> None:
    pkid = f"namespace-{time.time_ns() // 1_000_000:012x}7000b{os.urandom(8).hex()[1:]}"
    # Once, also where a run was broken off after it.
    op.execute(
        "INSERT INTO namespace (pkid, name)"  # noqa: S608 - no value comes from outside
        f" SELECT pkid, name FROM (SELECT '{pkid}' AS pkid, 'default' AS name) AS made"
        " WHERE NOT EXISTS (SELECT 1 FROM namespace WHERE name = 'default')"
    )


def _resource(table: str) -> list[sa.schema.SchemaItem]:
    return [
        _column("pkid", _string(64), "unique id"),
        _column("name", _string(255), "resource name: its last segment, the id"),
        _optional("description", _long_text(), "what it is for"),
        _column("enabled", sa.Boolean(), "whether writes are allowed", _bool(is_on=True)),
        _column("managed", sa.Boolean(), "whether it belongs to the system", _bool(is_on=False)),
        _column("deleted", sa.Boolean(), "whether it is softly deleted", _bool(is_on=False)),
        _column("revision", sa.BigInteger(), "counts the changes; the etag follows it", "1"),
        _column("create_ts", _time(), "when it was created, UTC", _now()),
        _column("update_ts", _time(), "when it was last changed, UTC", _now()),
        _optional("delete_ts", _time(), "when it was softly deleted, UTC"),
        sa.PrimaryKeyConstraint("pkid", name=f"pk__{table}"),
    ]


def _owned_indexes(table: str) -> None:
    for column in ("create_ts", "update_ts"):
        name = f"idx__{table}__namespace_pkid__{column}"
        op.create_index(name, table, ["namespace_pkid", column, "pkid"])


def _column(name: str, type_: Any, comment: str, default: str | None = None) -> sa.Column[Any]:
    server_default = None if default is None else sa.text(default)
    return sa.Column(name, type_, nullable=False, server_default=server_default, comment=comment)


def _optional(name: str, type_: Any, comment: str) -> sa.Column[Any]:
    return sa.Column(name, type_, nullable=True, comment=comment)


def _reference(table: str, name: str, other: str, comment: str) -> sa.Column[Any]:
    key = sa.ForeignKey(f"{other}.pkid", name=f"fk__{table}__{name}")
    return sa.Column(name, _string(64), key, nullable=False, comment=comment)


def _string(length: int) -> Any:
    variant = sa.String(length).with_variant(mysql.VARCHAR(length, **_TEXT), *_MYSQL)
    return variant.with_variant(sa.String(length, collation="C"), "postgresql")


def _long_text() -> Any:
    variant = sa.Text().with_variant(mysql.LONGTEXT(**_TEXT), *_MYSQL)
    return variant.with_variant(sa.Text(collation="C"), "postgresql")


def _time() -> Any:
    return sa.DateTime().with_variant(mysql.DATETIME(fsp=6), *_MYSQL)


def _bool(*, is_on: bool) -> str:
    return str(is_on).lower() if op.get_bind().dialect.name == "postgresql" else str(int(is_on))


def _now() -> str:
    return _OF_NOW.get(op.get_bind().dialect.name, "CURRENT_TIMESTAMP(6)")
