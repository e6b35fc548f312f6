"""The queries of sessions.

A session and its members are read by one statement, so that they are of one moment: the members come as a JSON text
beside the session's own columns.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, bindparam, delete, exists, func, null, select

from activity_session.v1.session_pb2 import Session
from activity_session_server.orm import (
    ActivitySession,
    ActivitySessionParticipant,
    Expunged,
    FormerMember,
    Memory,
    Namespace,
    Participant,
    StateOwner,
)
from activity_session_server.orm.base import table_of
from activity_session_server.orm.types import utc_now
from activity_session_server.rules import session_settings
from activity_session_server.rules.errors import not_found
from activity_session_server.rules.filters import Node
from activity_session_server.rules.names import Kind, format_name, ids_of
from activity_session_server.rules.paging import Page, Position
from activity_session_server.rules.session_settings import SessionResourceSettings
from activity_session_server.store.codec.resources import set_time, to_datetime
from activity_session_server.store.codec.sessions import encode_session, session_to_change
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.expressions import byte_length, is_held, json_columns
from activity_session_server.store.pages import fetch_page, keys_of
from activity_session_server.store.queries import former_sessions, namespaces, node_locks, resources, state_owners
from activity_session_server.store.queries.namespaces import HeldNamespace
from activity_session_server.store.queries.own_sessions import IS_OWN, OWN, own_keys
from activity_session_server.store.queries.resources import Listed, Locked
from activity_session_server.store.readers import Reader, Writer

LockedSession = Locked[Session, SessionResourceSettings]

_TABLE = table_of(ActivitySession)
_NO_SETTINGS = SessionResourceSettings()
_MEMBERS = (
    select(
        json_columns(
            Participant.name,
            Participant.participant_type,
            ActivitySessionParticipant.role,
            ActivitySessionParticipant.create_ts,
            ActivitySessionParticipant.last_read_sequence,
        )
    )
    .join_from(ActivitySessionParticipant, Participant)
    .where(ActivitySessionParticipant.activity_session_pkid == ActivitySession.pkid)
    .correlate(ActivitySession)
    .scalar_subquery()
    .label("members")
)
_HELD = is_held(ActivitySession.turn_expire_ts).label("turn_is_held")
_BASIC = select(*(column for column in _TABLE.c if column.name != "data"), null().label("data"), _MEMBERS, _HELD)
_FULL = select(*_TABLE.c, _MEMBERS, _HELD)
_OWNER = select(Namespace.pkid).where(Namespace.name == bindparam("namespace")).scalar_subquery()
_IS_OF_NAMESPACE = ActivitySession.namespace_pkid == _OWNER
_IS_THIS = _IS_OF_NAMESPACE & (ActivitySession.name == bindparam("id"))
_IS_AMONG = _IS_OF_NAMESPACE & ActivitySession.name.in_(bindparam("ids", expanding=True))
_GET = {True: Statement(_FULL.where(_IS_THIS)), False: Statement(_BASIC.where(_IS_THIS))}
# By the namespace's uid, not by a subquery that finds it: the first plain read of a locking statement fixes what all
# its plain reads see. It must come after the lock, or the members would be those from before the wait. Where all of a
# statement sees what was there when it began, another one takes the lock before.
_IS_OF_LOCKED = (ActivitySession.namespace_pkid == bindparam("owner")) & (ActivitySession.name == bindparam("id"))
_LOCK_ALONE = Statement(select(ActivitySession.pkid).where(_IS_OF_LOCKED).with_for_update())
_LOCK = {
    True: Statement(_FULL.where(_IS_OF_LOCKED).with_for_update()),
    False: Statement(_BASIC.where(_IS_OF_LOCKED).with_for_update()),
}
_BATCH_GET = {
    True: Statement(_FULL.where(_IS_AMONG), many="ids"),
    False: Statement(_BASIC.where(_IS_AMONG), many="ids"),
}
# What a member takes besides the fixed part of its name.
_MEMBER_BYTES = byte_length(Participant.name) + func.coalesce(byte_length(ActivitySessionParticipant.role), 0)
_MEMBERS_BYTES = (
    select(func.coalesce(func.sum(_MEMBER_BYTES + bindparam("prefix_bytes", type_=Integer())), 0))
    .join_from(ActivitySessionParticipant, Participant)
    .where(ActivitySessionParticipant.activity_session_pkid == ActivitySession.pkid)
    .correlate(ActivitySession)
    .scalar_subquery()
)
_DATA_BYTES = func.coalesce(byte_length(ActivitySession.data), 0)
_BASIC_BYTES = func.coalesce(byte_length(ActivitySession.description), 0) + _MEMBERS_BYTES
_BATCH_BYTES = {
    True: Statement(select(ActivitySession.name, (_DATA_BYTES + _BASIC_BYTES)).where(_IS_AMONG), many="ids"),
    False: Statement(select(ActivitySession.name, _BASIC_BYTES).where(_IS_AMONG), many="ids"),
}
# By whether data is asked for.
_LIST = {full: Listed((_FULL if full else _BASIC).where(_IS_OF_NAMESPACE), ActivitySession) for full in (True, False)}
# Found by the memberships of the participant alone, so that nobody else's sessions are in the way.
_LIST_BOUND = {
    full: Listed(
        (_FULL if full else _BASIC)
        .add_columns(OWN.c.session_name, OWN.c.session_create_ts, OWN.c.activity_session_pkid)
        .join_from(OWN, ActivitySession, ActivitySession.pkid == OWN.c.activity_session_pkid)
        .where(IS_OWN),
        ActivitySession,
    )
    for full in (True, False)
}
_EXISTS = Statement(select(ActivitySession.pkid).where(_IS_THIS))
# By an index alone, and no more of it than matters.
_BEYOND = Statement(
    select(ActivitySession.name)
    .where(ActivitySession.namespace_pkid == bindparam("owner"))
    .limit(1)
    .offset(bindparam("most"))
)


def _has_member(name: str) -> ColumnElement[bool]:
    namespace_id, participant_id = ids_of(name)
    return exists(
        select(ActivitySessionParticipant.participant_pkid)
        .join_from(ActivitySessionParticipant, Participant)
        .join(Namespace, Namespace.pkid == Participant.namespace_pkid)
        .where(ActivitySessionParticipant.activity_session_pkid == ActivitySession.pkid)
        .where(Participant.name == participant_id, Namespace.name == namespace_id)
        .correlate(ActivitySession)
    )


_COLUMNS = {
    **resources.common_columns(ActivitySession, "session_id"),
    "auto_created": ActivitySession.auto_created,
    "expire_time": ActivitySession.expire_ts,
    "last_sequence": ActivitySession.last_sequence,
    "labels": ActivitySession.labels,
    "participants": _has_member,
}
_HAS_MEMORIES = Statement(select(exists().where(Memory.activity_session_pkid == bindparam("uid"))))
_EXPUNGE = [
    Statement(delete(table_of(table)).where(column == bindparam("its_uid")))
    for table, column in (
        (ActivitySessionParticipant, ActivitySessionParticipant.activity_session_pkid),
        (FormerMember, FormerMember.activity_session_pkid),
        (StateOwner, StateOwner.owner_pkid),
        (ActivitySession, ActivitySession.pkid),
    )
]
_EXPIRED = Statement(
    select(Namespace.name, ActivitySession.name)
    .join_from(ActivitySession, Namespace)
    .where(ActivitySession.expire_ts <= utc_now(), ActivitySession.deleted.is_(False))
    .order_by(ActivitySession.expire_ts)
    .limit(bindparam("most"))
)
_PURGEABLE = Statement(
    select(Namespace.name, ActivitySession.name)
    .join_from(ActivitySession, Namespace)
    .where(ActivitySession.purge_ts <= utc_now(), ActivitySession.deleted.is_(True))
    .where(~exists().where(Memory.activity_session_pkid == ActivitySession.pkid))
    .order_by(ActivitySession.purge_ts)
    .limit(bindparam("most"))
)


def has_more_sessions(writer: Writer, namespace: HeldNamespace, most: int) -> bool:
    """Whether a namespace has more than so many sessions, with those that are deleted."""
    return writer.row(_BEYOND, {"owner": namespace.uid, "most": most}) is not None


def get_session(reader: Reader, namespace_id: str, session_id: str, *, full: bool) -> bytes:
    """A session, also a deleted one.

    Raises:
        ServiceError: NAMESPACE_NOT_FOUND, SESSION_NOT_FOUND.
    """
    found = find_session(reader, namespace_id, session_id, full=full)
    if found is None:
        namespaces.get_namespace(reader, namespace_id)
        raise not_found(Kind.SESSION, format_name(Kind.SESSION, namespace_id, session_id))
    return found


def exists_session(reader: Reader, namespace_id: str, session_id: str) -> bool:
    """Whether there is a session, maybe deleted."""
    return reader.row(_EXISTS, {"namespace": namespace_id, "id": session_id}) is not None


def find_session(reader: Reader, namespace_id: str, session_id: str, *, full: bool) -> bytes | None:
    """A session, or None where there is none."""
    row = reader.row(_GET[full], {"namespace": namespace_id, "id": session_id})
    return None if row is None else encode_session(row, namespace_id)


def batch_get_sessions(
    reader: Reader, namespace_id: str, session_ids: Collection[str], *, full: bool
) -> dict[str, bytes]:
    """The sessions with those ids that exist, by id, all of one moment."""
    values = {"namespace": namespace_id, "ids": list(session_ids)}
    rows = reader.rows(_BATCH_GET[full], values)
    return {row.name: encode_session(row, namespace_id) for row in rows}


def batch_bytes(reader: Reader, namespace_id: str, session_ids: Collection[str], *, full: bool) -> dict[str, int]:
    """How many bytes each of the sessions takes at least, by id: its data, its description and its members."""
    prefix_bytes = len(format_name(Kind.PARTICIPANT, namespace_id, "").encode())
    values = {"namespace": namespace_id, "ids": list(session_ids), "prefix_bytes": prefix_bytes}
    return {row[0]: int(row[1]) for row in reader.rows(_BATCH_BYTES[full], values)}


def list_sessions(
    reader: Reader,
    namespace_id: str,
    page: Page,
    where: Node | None,
    participant: str,
    *,
    full: bool,
    show_deleted: bool,
    most_bytes: int,
) -> tuple[list[bytes], Position | None]:
    """One page of the sessions of a namespace, or of one of its participants, and where the next one starts.

    Raises:
        ServiceError: NAMESPACE_NOT_FOUND.
    """
    values = {"namespace": namespace_id}
    keys, listed = keys_of(ActivitySession, page.order), _LIST
    if participant:
        values["participant"] = ids_of(participant)[1]
        keys, listed = own_keys(page.order), _LIST_BOUND
    query = listed[full].query(values, where, _COLUMNS, show_deleted=show_deleted)
    found = fetch_page(
        reader,
        query,
        keys,
        page,
        lambda row: encode_session(row, namespace_id),
        most_bytes=most_bytes,
    )
    if not found[0]:
        namespaces.get_namespace(reader, namespace_id)
    return found


def lock_session(writer: Writer, namespace: HeldNamespace, session_id: str, *, full: bool) -> LockedSession:
    """A session of a held namespace for a change, with its settings as they were set.

    Raises:
        ServiceError: SESSION_NOT_FOUND.
    """
    locked = find_session_to_lock(writer, namespace, session_id, full=full)
    if locked is None:
        raise not_found(Kind.SESSION, format_name(Kind.SESSION, *ids_of(namespace.name), session_id))
    return locked


def find_session_to_lock(
    writer: Writer, namespace: HeldNamespace, session_id: str, *, full: bool
) -> LockedSession | None:
    """A session of a held namespace for a change, or None where there is none."""
    this = {"owner": namespace.uid, "id": session_id}
    if writer.reads_before_it_locks and writer.row(_LOCK_ALONE, this) is None:
        return None
    row = writer.row(_LOCK[full], this)
    if row is None:
        return None
    writer.session_uid = row.pkid
    return Locked(session_to_change(row, *ids_of(namespace.name)), row.revision, row.settings)


def create_session(writer: Writer, namespace: HeldNamespace, session_id: str, session: Session) -> Session | None:
    """Insert a session without its members; None when its name is taken."""
    settings = _NO_SETTINGS.replaced_by(session.settings)
    node_locks.share(writer, [namespace.uid])
    values = {
        "namespace_pkid": namespace.uid,
        "name": session_id,
        "auto_created": session.auto_created,
        "created_by": session.created_by or None,
        **_values(session, settings),
    }
    session.settings.CopyFrom(settings.to_message())
    created = resources.create(writer, ActivitySession, session, values)
    if created is None:
        return None
    writer.session_uid = created.uid
    former_sessions.go_on(writer, namespace.uid, session_id, created.uid)
    return _with_defaults(created)


def update_session(writer: Writer, locked: LockedSession, session: Session) -> Session:
    """Write what a caller can change of a session; data and settings only where they have changed."""
    settings = locked.settings.replaced_by(session.settings)
    values = _values(session, settings)
    if session.data == locked.message.data:
        del values["data"]
    if session.settings == locked.message.settings:
        del values["settings"]
    session.settings.CopyFrom(settings.to_message())
    return _save(writer, locked, session, values)


def touch_session(writer: Writer, locked: LockedSession) -> Session:
    """Count a change of the session's members."""
    return _save(writer, locked, locked.message, {})


def delete_session(writer: Writer, locked: LockedSession, purge_time: datetime) -> Session:
    """Delete a session softly, to be expunged at `purge_time`."""
    session = locked.message
    set_time(session.delete_time, writer.now)
    set_time(session.purge_time, purge_time)
    values = {"deleted": True, "delete_ts": writer.now, "purge_ts": purge_time}
    return _save(writer, locked, session, values)


def undelete_session(writer: Writer, namespace: HeldNamespace, locked: LockedSession) -> Session:
    """Bring a session of a held namespace back; an expiry that has passed is cleared."""
    node_locks.share(writer, [namespace.uid])
    session = locked.message
    session.ClearField("delete_time")
    session.ClearField("purge_time")
    values: dict[str, Any] = {"deleted": False, "delete_ts": None, "purge_ts": None}
    if session.HasField("expire_time") and to_datetime(session.expire_time) <= writer.now:
        session.ClearField("expire_time")
        values["expire_ts"] = None
    return _save(writer, locked, session, values)


def expunge_session(writer: Writer, locked: LockedSession) -> None:
    """Remove a session with its memberships; all else of it is out of reach then, and is removed by `expunged`."""
    uid = locked.message.uid
    writer.changed.add(uid)
    writer.session_uid = ""
    former_sessions.remember(writer, uid)
    writer.insert(table_of(Expunged), {"activity_session_pkid": uid, "create_ts": writer.now})
    if writer.is_on_cluster:
        # Whoever adds a key on another node meets this row, and no key is left behind.
        state_owners.begin_addition(writer, uid)
    for statement in _EXPUNGE:
        writer.change(statement, {"its_uid": uid})
    node_locks.remove(writer, uid)


def has_memories(writer: Writer, session: Session) -> bool:
    """Whether a locked session has memories, deleted ones included; none can be made until the transaction ends."""
    node_locks.exclude(writer, session.uid)
    row = writer.row(_HAS_MEMORIES, {"uid": session.uid})
    return row is not None and bool(row[0])


def expired_sessions(reader: Reader, most: int) -> list[tuple[str, str]]:
    """The namespace and id of live sessions that have expired by the database's clock, oldest first."""
    return [(row[0], row[1]) for row in reader.rows(_EXPIRED, {"most": most})]


def purgeable_sessions(reader: Reader, most: int) -> list[tuple[str, str]]:
    """The namespace and id of deleted sessions without memories whose purge time has come, oldest first."""
    return [(row[0], row[1]) for row in reader.rows(_PURGEABLE, {"most": most})]


def as_it_is(locked: LockedSession) -> Session:
    """A locked session that was not changed, as callers see it."""
    return _with_defaults(locked.message)


def _save(writer: Writer, locked: LockedSession, session: Session, values: dict[str, Any]) -> Session:
    writer.changed.add(session.uid)
    return _with_defaults(resources.save(writer, ActivitySession, locked, session, values))


def _with_defaults(session: Session) -> Session:
    session_settings.fill_in_defaults(session.settings)
    return session


def _values(session: Session, settings: SessionResourceSettings) -> dict[str, Any]:
    return {
        "description": session.description or None,
        "enabled": session.enabled,
        "managed": session.managed,
        "data": session.data or None,
        "settings": settings,
        "labels": dict(session.labels),
        "expire_ts": to_datetime(session.expire_time) if session.HasField("expire_time") else None,
    }
