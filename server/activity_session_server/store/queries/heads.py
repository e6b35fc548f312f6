"""The heads of sessions: what is read by writes that do not change the metadata, without data and members.

A write that gives out numbers or turns locks the head; one that only needs the session to stay as it is holds it.
"""

from datetime import datetime
from typing import NamedTuple

from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import bindparam, not_, select

from activity_session.v1.turn_pb2 import TurnLease
from activity_session_server.orm import ActivitySession, Namespace
from activity_session_server.orm.types import AnyRow
from activity_session_server.rules.errors import check_uid, not_found
from activity_session_server.rules.names import Kind, format_name, ids_of
from activity_session_server.rules.session_settings import SessionResourceSettings
from activity_session_server.store.codec.resources import current_turn, to_timestamp
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.expressions import clock, is_held
from activity_session_server.store.queries import expiry, namespaces
from activity_session_server.store.queries.namespaces import HeldNamespace
from activity_session_server.store.readers import Reader, Writer


class Head(NamedTuple):
    """A session's flags, its first and last number, and turn. One that has expired is deleted.

    `history_revision` is 0 for a log that has no marks, and is its own rows and no others; it grows with each mark.
    `inherited_sequence` is the last number that a fork has of its origin.
    From `state_first_sequence` on its state can be read as it was; None where no number of its state has been noted.
    `turn` is the current turn, None where it is free; `turn_token` is that of the newest turn, current or over.
    `holder` is the name of what keeps it from losing anything for good: itself, its namespace, or none.
    `now` is the database's clock.
    """

    uid: str
    name: str
    namespace_uid: str
    enabled: bool
    managed: bool
    delete_time: Timestamp
    settings: SessionResourceSettings
    last_sequence: int
    first_sequence: int
    history_revision: int
    inherited_sequence: int
    state_first_sequence: int | None
    turn: TurnLease | None
    turn_token: int
    expire_ts: datetime | None
    holder: str
    now: datetime


class Pulse(NamedTuple):
    """What changes with each write to a session; its feed compares it with the one before."""

    last_sequence: int
    first_sequence: int
    history_revision: int
    is_deleted: bool
    revision: int
    turn_token: int
    turn_expire_ts: datetime | None
    turn_is_held: bool | None


_ROW = select(
    ActivitySession.pkid,
    ActivitySession.name,
    ActivitySession.namespace_pkid,
    ActivitySession.enabled,
    ActivitySession.managed,
    ActivitySession.delete_ts,
    ActivitySession.settings,
    ActivitySession.last_sequence,
    ActivitySession.first_sequence,
    ActivitySession.history_revision,
    ActivitySession.inherited_sequence,
    ActivitySession.state_first_sequence,
    ActivitySession.turn_holder,
    ActivitySession.turn_token,
    ActivitySession.turn_expire_ts,
    ActivitySession.expire_ts,
    ActivitySession.legal_hold,
)
_NOW = is_held(ActivitySession.turn_expire_ts).label("turn_is_held"), clock().label("now")
_GET = Statement(
    _ROW.add_columns(*_NOW, Namespace.legal_hold.label("namespace_is_held"))
    .join_from(ActivitySession, Namespace)
    .where(Namespace.name == bindparam("namespace"))
    .where(ActivitySession.name == bindparam("id"))
)
_OF_HELD = _ROW.where(ActivitySession.namespace_pkid == bindparam("owner"), ActivitySession.name == bindparam("id"))


def _locking(*, read: bool) -> dict[bool, Statement]:
    """The head for a write, by whether a statement reads all else before it locks rows.

    There the clock is read outside of the query that waits for the lock, or it would be the time before the wait.
    """
    locked = _OF_HELD.with_for_update(read=read)
    row = locked.subquery()
    now = is_held(row.c.turn_expire_ts).label("turn_is_held"), clock().label("now")
    return {False: Statement(locked.add_columns(*_NOW)), True: Statement(select(*row.c, *now))}


_HOLD = _locking(read=True)
_LOCK = _locking(read=False)
_PULSES = select(
    ActivitySession.pkid,
    ActivitySession.last_sequence,
    ActivitySession.first_sequence,
    ActivitySession.history_revision,
    not_(expiry.is_live(clock())),
    ActivitySession.revision,
    ActivitySession.turn_token,
    ActivitySession.turn_expire_ts,
    is_held(ActivitySession.turn_expire_ts),
).where(ActivitySession.pkid.in_(bindparam("uids", expanding=True)))


def get_head(reader: Reader, namespace_id: str, session_id: str, *, uid: str = "") -> Head:
    """The head of a session, also of a deleted one; with a uid, of no other session of that name.

    Raises:
        ServiceError: NAMESPACE_NOT_FOUND, SESSION_NOT_FOUND.
    """
    row = reader.row(_GET, {"namespace": namespace_id, "id": session_id})
    if row is None:
        namespaces.get_namespace(reader, namespace_id)
        raise not_found(Kind.SESSION, format_name(Kind.SESSION, namespace_id, session_id))
    head = _head(row, namespace_id, is_held=row.namespace_is_held)
    check_uid(Kind.SESSION, head.name, head.uid, uid)
    return head


def lock_head(writer: Writer, namespace: HeldNamespace, session_id: str) -> Head:
    """The head of a session of a held namespace; nobody else can change the session until the transaction ends.

    Raises:
        ServiceError: SESSION_NOT_FOUND.
    """
    return _head_of(writer, _LOCK, namespace, session_id)


def find_head_to_lock(writer: Writer, namespace: HeldNamespace, session_id: str) -> Head | None:
    """The same, or None where there is no such session."""
    return _find_head(writer, _LOCK, namespace, session_id)


def hold_head(writer: Writer, namespace: HeldNamespace, session_id: str) -> Head:
    """The head of a session of a held namespace; others can hold it too, but not change it.

    Raises:
        ServiceError: SESSION_NOT_FOUND.
    """
    return _head_of(writer, _HOLD, namespace, session_id)


def head_of(row: AnyRow, namespace: HeldNamespace) -> Head:
    """The head in a row that has all of its columns."""
    return _head(row, ids_of(namespace.name)[0], is_held=namespace.legal_hold)


def pulses(reader: Reader, uids: list[str]) -> dict[str, Pulse]:
    """The pulses of the sessions with those uids that exist, by uid."""
    rows = reader.rows(_PULSES, {"uids": uids})
    return {row.pkid: Pulse(*row[1:]) for row in rows}


def _head_of(writer: Writer, statements: dict[bool, Statement], namespace: HeldNamespace, session_id: str) -> Head:
    head = _find_head(writer, statements, namespace, session_id)
    if head is None:
        raise not_found(Kind.SESSION, format_name(Kind.SESSION, *ids_of(namespace.name), session_id))
    return head


def _find_head(
    writer: Writer, statements: dict[bool, Statement], namespace: HeldNamespace, session_id: str
) -> Head | None:
    (namespace_id,) = ids_of(namespace.name)
    row = writer.row(statements[writer.reads_before_it_locks], {"owner": namespace.uid, "id": session_id})
    if row is None:
        return None
    writer.session_uid = row.pkid
    return _head(row, namespace_id, is_held=namespace.legal_hold)


def _head(row: AnyRow, namespace_id: str, *, is_held: bool) -> Head:
    name = format_name(Kind.SESSION, namespace_id, row.name)
    has_expired = row.expire_ts is not None and row.expire_ts <= row.now and not (is_held or row.legal_hold)
    deleted = row.now if has_expired and row.delete_ts is None else row.delete_ts
    return Head(
        row.pkid,
        name,
        row.namespace_pkid,
        row.enabled,
        row.managed,
        to_timestamp(deleted),
        row.settings,
        row.last_sequence,
        row.first_sequence,
        row.history_revision,
        row.inherited_sequence,
        row.state_first_sequence,
        current_turn(row, name),
        row.turn_token,
        row.expire_ts,
        name if row.legal_hold else format_name(Kind.NAMESPACE, namespace_id) if is_held else "",
        row.now,
    )
