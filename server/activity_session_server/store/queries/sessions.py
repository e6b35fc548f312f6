"""The queries of sessions.

A session and its members are read by one statement, so that they are of one moment: the members come as a JSON text
beside the session's own columns.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Integer, Select, bindparam, delete, exists, func, null, select, update

from activity_session.v1.session_pb2 import (
    SESSION_VIEW_BASIC,
    SESSION_VIEW_FULL,
    SESSION_VIEW_PREVIEW,
    Session,
    SessionView,
)
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
from activity_session_server.orm.types import AnyRow, utc_now
from activity_session_server.rules import session_settings
from activity_session_server.rules.errors import not_found
from activity_session_server.rules.filters import Node
from activity_session_server.rules.history.ranges import END
from activity_session_server.rules.names import Kind, format_name, ids_of
from activity_session_server.rules.paging import Page, Position
from activity_session_server.rules.session_settings import SessionResourceSettings
from activity_session_server.store.codec.previews import newest_event
from activity_session_server.store.codec.resources import set_time, to_datetime
from activity_session_server.store.codec.sessions import encode_session, session_to_change
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.expressions import byte_length, clock, is_held, json_columns
from activity_session_server.store.lists.pages import fetch_page, keys_of
from activity_session_server.store.queries import (
    expiry,
    former_sessions,
    namespaces,
    node_locks,
    resources,
    state_owners,
)
from activity_session_server.store.queries.history import inherited
from activity_session_server.store.queries.namespaces import HeldNamespace
from activity_session_server.store.queries.newest_events import LAST_EVENT_TIME, with_newest
from activity_session_server.store.queries.own_sessions import IS_OWN, OWN, own_keys
from activity_session_server.store.queries.resources import Listed
from activity_session_server.store.readers import Reader, Writer

_TABLE = table_of(ActivitySession)
_NO_SETTINGS = SessionResourceSettings()
NO_LOG: Mapping[str, Any] = MappingProxyType({})
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
_TURN_IS_HELD = is_held(ActivitySession.turn_expire_ts).label("turn_is_held")
# Each column of a list has its cost: these are of no message, and the last one not of each.
_NOT_READ = {
    "history_revision",
    "log_bytes",
    "state_first_sequence",
    "events_from_ts",
    "events_due_ts",
    "last_event_sequence",
    "data",
}


def _select(now: ColumnElement[datetime]) -> dict[bool, Select[Any]]:
    """Sessions as they are at a time of the database's clock, by whether they are whole: with their data."""
    rest = (_MEMBERS, _TURN_IS_HELD, LAST_EVENT_TIME.label("last_event_time"), expiry.expired_under(now))
    basic = [column for column in _TABLE.c if column.name not in _NOT_READ]
    return {full: select(*basic, _TABLE.c.data if full else null().label("data"), *rest) for full in (True, False)}


_READ = _select(utc_now())


def _views(select_of: Callable[[Select[Any]], Select[Any]]) -> dict[SessionView.ValueType, Select[Any]]:
    """A query of sessions in each view, made of what all have."""
    full, basic = select_of(_READ[True]), select_of(_READ[False])
    return {SESSION_VIEW_FULL: full, SESSION_VIEW_BASIC: basic, SESSION_VIEW_PREVIEW: with_newest(basic)}


_OWNER = select(Namespace.pkid).where(Namespace.name == bindparam("namespace")).scalar_subquery()
_IS_OF_NAMESPACE = ActivitySession.namespace_pkid == _OWNER
_IS_THIS = _IS_OF_NAMESPACE & (ActivitySession.name == bindparam("id"))
_IS_AMONG = _IS_OF_NAMESPACE & ActivitySession.name.in_(bindparam("ids", expanding=True))
_GET = {view: Statement(read) for view, read in _views(lambda read: read.where(_IS_THIS)).items()}
# By the namespace's uid, not by a subquery that finds it: the first plain read of a locking statement fixes what all
# its plain reads see. It must come after the lock, or the members would be those from before the wait. Where all of a
# statement sees what was there when it began, another one takes the lock before.
_IS_OF_LOCKED = (ActivitySession.namespace_pkid == bindparam("owner")) & (ActivitySession.name == bindparam("id"))
_LOCK_ALONE = Statement(select(ActivitySession.pkid).where(_IS_OF_LOCKED).with_for_update())
# With what else its head has.
_HEAD = (_TABLE.c.history_revision, _TABLE.c.state_first_sequence, _TABLE.c.events_from_ts, clock().label("now"))
_LOCK = {
    full: Statement(read.add_columns(*_HEAD).where(_IS_OF_LOCKED).with_for_update())
    for full, read in _select(clock()).items()
}
_BATCH_GET = {view: Statement(read, many="ids") for view, read in _views(lambda read: read.where(_IS_AMONG)).items()}
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
_IS_LIVE = expiry.is_live(utc_now())
_LIST = {view: Listed(read, _IS_LIVE) for view, read in _views(lambda read: read.where(_IS_OF_NAMESPACE)).items()}
# Found by the memberships of the participant alone, so that nobody else's sessions are in the way.
_LIST_BOUND = {
    view: Listed(read, _IS_LIVE)
    for view, read in _views(
        lambda read: (
            read.add_columns(OWN.c.session_name, OWN.c.session_create_ts, OWN.c.activity_session_pkid)
            .join_from(OWN, ActivitySession, ActivitySession.pkid == OWN.c.activity_session_pkid)
            .where(IS_OWN)
        )
    ).items()
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
    "legal_hold": ActivitySession.legal_hold,
    "last_sequence": ActivitySession.last_sequence,
    "last_event_time": LAST_EVENT_TIME,
    "labels": ActivitySession.labels,
    "participants": _has_member,
}
_HAS_MEMORIES = Statement(select(exists().where(Memory.activity_session_pkid == bindparam("uid"))))
_WITH_MEMORIES = Statement(
    select(ActivitySession.pkid).where(
        ActivitySession.pkid.in_(bindparam("uids", expanding=True)),
        exists().where(Memory.activity_session_pkid == ActivitySession.pkid),
    ),
    many="uids",
)
# Sessions that a statement looks for: each number of them is a statement of its own to the database.
_AT_A_TIME = 100
_EXPUNGE = [
    Statement(delete(table_of(table)).where(column == bindparam("its_uid")))
    for table, column in (
        (ActivitySessionParticipant, ActivitySessionParticipant.activity_session_pkid),
        (FormerMember, FormerMember.activity_session_pkid),
        (StateOwner, StateOwner.owner_pkid),
        (ActivitySession, ActivitySession.pkid),
    )
]
_EXPIRE = Statement(
    update(_TABLE).where(ActivitySession.pkid == bindparam("its_uid"), ActivitySession.deleted.is_(False))
)


class LockedSession(NamedTuple):
    """A session that nobody else can change until the transaction ends, with its settings as they were set.

    Its namespace is held. One that has expired is deleted, whether the sweep has been there or not. `row` has what its
    head has too, and the time before which it has no events.
    """

    message: Session
    revision: int
    settings: SessionResourceSettings
    namespace: HeldNamespace
    row: AnyRow


def has_more_sessions(writer: Writer, namespace: HeldNamespace, most: int) -> bool:
    """Whether a namespace has more than so many sessions, with those that are deleted."""
    return writer.row(_BEYOND, {"owner": namespace.uid, "most": most}) is not None


def get_session(reader: Reader, namespace_id: str, session_id: str, *, view: SessionView.ValueType) -> bytes:
    """A session, also a deleted one.

    Raises:
        ServiceError: NAMESPACE_NOT_FOUND, SESSION_NOT_FOUND.
    """
    found = find_session(reader, namespace_id, session_id, view=view)
    if found is None:
        namespaces.get_namespace(reader, namespace_id)
        raise not_found(Kind.SESSION, format_name(Kind.SESSION, namespace_id, session_id))
    return found


def exists_session(reader: Reader, namespace_id: str, session_id: str) -> bool:
    """Whether there is a session, maybe deleted."""
    return reader.row(_EXISTS, {"namespace": namespace_id, "id": session_id}) is not None


def find_session(reader: Reader, namespace_id: str, session_id: str, *, view: SessionView.ValueType) -> bytes | None:
    """A session, or None where there is none."""
    row = reader.row(_GET[view], {"namespace": namespace_id, "id": session_id})
    return None if row is None else _encode(reader, row, namespace_id, view)


def batch_get_sessions(
    reader: Reader, namespace_id: str, session_ids: Collection[str], view: SessionView.ValueType
) -> dict[str, bytes]:
    """The sessions with those ids that exist, by id, all of one moment."""
    values = {"namespace": namespace_id, "ids": list(session_ids)}
    rows = reader.rows(_BATCH_GET[view], values)
    return {row.name: _encode(reader, row, namespace_id, view) for row in rows}


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
    view: SessionView.ValueType,
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
    query = listed[view].query(values, where, _COLUMNS, show_deleted=show_deleted)
    found = fetch_page(
        reader,
        query,
        keys,
        page,
        lambda row: _encode(reader, row, namespace_id, view),
        most_bytes=most_bytes,
    )
    if not found[0]:
        namespaces.get_namespace(reader, namespace_id)
    return found


def _encode(reader: Reader, row: AnyRow, namespace_id: str, view: SessionView.ValueType) -> bytes:
    session = encode_session(row, namespace_id, reader.purge_age)
    if view != SESSION_VIEW_PREVIEW:
        return session
    return session + newest_event(row, format_name(Kind.SESSION, namespace_id, row.name))


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
    session = session_to_change(row, ids_of(namespace.name)[0], writer.purge_age)
    return LockedSession(session, row.revision, row.settings, namespace, row)


def create_session(
    writer: Writer, namespace: HeldNamespace, session_id: str, session: Session, log: Mapping[str, Any] = NO_LOG
) -> Session | None:
    """Insert a session without its members; None when its name is taken. `log` has the columns of one with events."""
    settings = _NO_SETTINGS.replaced_by(session.settings)
    node_locks.share(writer, [namespace.uid])
    values = {
        "namespace_pkid": namespace.uid,
        "name": session_id,
        "auto_created": session.auto_created,
        "created_by": session.created_by or None,
        "events_from_ts": writer.now,
        "last_event_ts": writer.now,
        **_values(writer, session, settings),
        **log,
    }
    session.settings.CopyFrom(settings.to_message())
    created = resources.create(writer, ActivitySession, session, values)
    if created is None:
        return None
    created.first_sequence = created.first_sequence or 1
    writer.session_uid = created.uid
    former_sessions.go_on(writer, namespace.uid, session_id, created.uid)
    return _as_seen(writer, namespace, created)


def update_session(writer: Writer, locked: LockedSession, session: Session) -> Session:
    """Write what a caller can change of a session; data and settings only where they have changed."""
    settings = locked.settings.replaced_by(session.settings)
    values = _values(writer, session, settings)
    if session.data == locked.message.data:
        del values["data"]
    if session.settings == locked.message.settings:
        del values["settings"], values["events_due_ts"]
    session.settings.CopyFrom(settings.to_message())
    return _save(writer, locked, session, values)


def touch_session(writer: Writer, locked: LockedSession) -> Session:
    """Count a change of the session's members."""
    return _save(writer, locked, locked.message, {})


def delete_session(writer: Writer, locked: LockedSession) -> Session:
    """Delete a session softly, to be expunged when its purge age is over."""
    session = locked.message
    purge_time = writer.now + locked.namespace.settings.purge_age_or(writer.purge_age)
    set_time(session.delete_time, writer.now)
    set_time(session.purge_time, purge_time)
    values = {"deleted": True, "delete_ts": writer.now, "purge_ts": purge_time}
    return _save(writer, locked, session, values)


def expire_session(writer: Writer, locked: LockedSession) -> bool:
    """Keep with a locked session that it has expired; returns False where it has not, or was deleted before.

    Callers see no change: it has been deleted for them since it expired, so etag and update time stay.
    """
    session = locked.message
    if not session.HasField("delete_time"):
        return False
    times = {"delete_ts": to_datetime(session.delete_time), "purge_ts": to_datetime(session.purge_time)}
    if writer.change(_EXPIRE, {"its_uid": session.uid, "deleted": True, **times}) != 1:
        return False
    writer.changed.add(session.uid)
    return True


def undelete_session(writer: Writer, locked: LockedSession) -> Session:
    """Bring a session back; an expiry that has passed is cleared, and `idle_ttl` begins anew."""
    node_locks.share(writer, [locked.namespace.uid])
    session = locked.message
    session.ClearField("delete_time")
    session.ClearField("purge_time")
    if session.HasField("expire_time") and to_datetime(session.expire_time) <= writer.now:
        session.ClearField("expire_time")
    move_expiry(session, writer.now)
    values = {"deleted": False, "delete_ts": None, "purge_ts": None, "expire_ts": _expire_ts(session)}
    return _save(writer, locked, session, values)


def move_expiry(session: Session, now: datetime) -> None:
    """Move the expiry of a session on as its `idle_ttl` says, if it has one."""
    idle_ttl = session.settings.idle_ttl.ToTimedelta() if session.settings.HasField("idle_ttl") else None
    set_time(session.expire_time, session_settings.moved_on(_expire_ts(session), idle_ttl, now))


def expunge_session(writer: Writer, uid: str) -> None:
    """Remove a locked session and its memberships; all else of it is out of reach then, and removed by `expunged`."""
    writer.changed.add(uid)
    writer.session_uid = ""
    former_sessions.remember(writer, uid)
    writer.insert(table_of(Expunged), {"activity_session_pkid": uid, "create_ts": writer.now})
    # Whoever forks it on another node meets these rows.
    node_locks.exclude(writer, uid)
    if writer.is_on_cluster:
        # Whoever adds a key on another node meets this row, and no key is left behind.
        state_owners.begin_addition(writer, uid)
    inherited.let_go(writer, uid, END)
    for statement in _EXPUNGE:
        writer.change(statement, {"its_uid": uid})
    node_locks.remove(writer, uid)


def has_memories(writer: Writer, uid: str) -> bool:
    """Whether a locked session has memories, deleted ones included; none can be made until the transaction ends."""
    node_locks.exclude(writer, uid)
    row = writer.row(_HAS_MEMORIES, {"uid": uid})
    return row is not None and bool(row[0])


def locked_with_memories(writer: Writer, uids: Collection[str]) -> set[str]:
    """Those of several locked sessions that have memories, deleted ones included; none can be made meanwhile."""
    for uid in uids:
        node_locks.exclude(writer, uid)
    return with_memories(writer, list(uids))


def with_memories(reader: Reader, uids: Sequence[str]) -> set[str]:
    """Those of several sessions that have memories, deleted ones included."""
    few = (list(uids[start : start + _AT_A_TIME]) for start in range(0, len(uids), _AT_A_TIME))
    return {row[0] for some in few for row in reader.rows(_WITH_MEMORIES, {"uids": some})}


def holder(locked: LockedSession) -> str:
    """The name of what keeps a locked session from being removed for good: its own, its namespace's, or none."""
    if locked.message.legal_hold:
        return locked.message.name
    return locked.namespace.name if locked.namespace.legal_hold else ""


def as_it_is(locked: LockedSession) -> Session:
    """A locked session that was not changed, as callers see it."""
    return _with_defaults(locked.message)


def _save(writer: Writer, locked: LockedSession, session: Session, values: dict[str, Any]) -> Session:
    writer.changed.add(session.uid)
    return _as_seen(writer, locked.namespace, resources.save(writer, ActivitySession, locked, session, values))


def _as_seen(writer: Writer, namespace: HeldNamespace, session: Session) -> Session:
    """A session that was written, as callers see it from then on: deleted, if its expiry has passed already."""
    expires = _expire_ts(session)
    is_held = session.legal_hold or namespace.legal_hold
    if expires and expires <= writer.now and not is_held and not session.HasField("delete_time"):
        set_time(session.delete_time, writer.now)
        set_time(session.purge_time, writer.now + namespace.settings.purge_age_or(writer.purge_age))
    return _with_defaults(session)


def _with_defaults(session: Session) -> Session:
    session_settings.fill_in_defaults(session.settings)
    return session


def _values(writer: Writer, session: Session, settings: SessionResourceSettings) -> dict[str, Any]:
    return {
        "description": session.description or None,
        "enabled": session.enabled,
        "managed": session.managed,
        "data": session.data or None,
        "settings": settings,
        # The sweep looks then, and finds out when to look again.
        "events_due_ts": None if settings.event_purge_age is None else writer.now,
        "labels": dict(session.labels),
        "expire_ts": _expire_ts(session),
        "legal_hold": session.legal_hold,
    }


def _expire_ts(session: Session) -> datetime | None:
    return to_datetime(session.expire_time) if session.HasField("expire_time") else None
