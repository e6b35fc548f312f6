"""The queries of namespaces."""

from collections.abc import Collection
from typing import Any, NamedTuple

from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import ColumnElement, Text, bindparam, cast, exists, func, select

from activity_session.v1.namespace_pb2 import Namespace as NamespaceMessage
from activity_session_server.orm import ActivitySession, Memory, Namespace, Participant, PastState, State
from activity_session_server.orm.base import table_of
from activity_session_server.orm.types import AnyRow, utc_now
from activity_session_server.rules.errors import not_found
from activity_session_server.rules.filters import Node
from activity_session_server.rules.names import Kind, format_name, ids_of
from activity_session_server.rules.namespace_settings import NamespaceResourceQuotas, NamespaceResourceSettings
from activity_session_server.rules.paging import Page, Position
from activity_session_server.store.codec.resources import namespace_message, to_timestamp
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.expressions import byte_length
from activity_session_server.store.lists.pages import fetch_page, keys_of
from activity_session_server.store.queries import expiry, node_locks, resources
from activity_session_server.store.queries.resources import Listed, Locked
from activity_session_server.store.readers import Reader, Writer


class HeldNamespace(NamedTuple):
    """A namespace's flags and settings, which nobody else can change until the transaction ends."""

    uid: str
    name: str
    enabled: bool
    managed: bool
    delete_time: Timestamp
    settings: NamespaceResourceSettings
    legal_hold: bool


LockedNamespace = Locked[NamespaceMessage, NamespaceResourceSettings]

_TABLE = table_of(Namespace)
_THIS = select(_TABLE).where(Namespace.name == bindparam("id"))
_GET = Statement(_THIS)
# No more than writes beneath it need: on MariaDB each column of a result has its cost.
_HOLD = Statement(
    _THIS.with_only_columns(
        Namespace.pkid,
        Namespace.name,
        Namespace.enabled,
        Namespace.managed,
        Namespace.delete_ts,
        Namespace.settings,
        Namespace.legal_hold,
    ).with_for_update(read=True)
)
_LOCK = Statement(_THIS.with_for_update())
_IS_LIVE = Namespace.deleted.is_(False)
_LIST = Listed(select(_TABLE), _IS_LIVE)
_LIST_SOME = Listed(
    select(_TABLE).where(Namespace.name.in_(bindparam("among", expanding=True))), _IS_LIVE, many="among"
)
_HAS_LIVE_SESSIONS = Statement(
    select(exists().where(ActivitySession.namespace_pkid == bindparam("uid"), expiry.is_live(utc_now())))
)
# Few have some, and all of the table is no more than a scan of small rows.
_QUOTAS = Statement(
    select(Namespace.name, Namespace.settings).where(cast(Namespace.settings, Text).contains('"quotas"'))
)


def _stored(size: ColumnElement[int], *conditions: ColumnElement[bool]) -> ColumnElement[int]:
    return select(func.coalesce(func.sum(size), 0)).where(*conditions).scalar_subquery()


def _state_of(
    owner: type[ActivitySession] | type[Participant], state: type[State] | type[PastState] = State
) -> ColumnElement[int]:
    uids = select(owner.pkid).where(owner.namespace_pkid == Namespace.pkid)
    return _stored(byte_length(state.value_json), state.owner_pkid.in_(uids.correlate(Namespace)))


_STORED = Statement(
    select(
        _stored(
            ActivitySession.log_bytes + func.coalesce(byte_length(ActivitySession.data), 0),
            ActivitySession.namespace_pkid == Namespace.pkid,
        )
        + _stored(
            byte_length(Memory.content) + func.coalesce(byte_length(Memory.memo), 0),
            Memory.namespace_pkid == Namespace.pkid,
        )
        + _stored(byte_length(State.value_json), State.owner_pkid == Namespace.pkid)
        + _state_of(Participant)
        + _state_of(ActivitySession)
        + _state_of(ActivitySession, PastState)
    ).where(Namespace.name == bindparam("id"))
)
_COLUMNS = {**resources.common_columns(Namespace, "namespace_id"), "legal_hold": Namespace.legal_hold}
# The id of the namespace of a session, for queries of sessions.
ID_OF_SESSION = (
    select(Namespace.name)
    .where(Namespace.pkid == ActivitySession.namespace_pkid)
    .correlate(ActivitySession)
    .scalar_subquery()
    .label("namespace")
)


def get_namespace(reader: Reader, namespace_id: str) -> NamespaceMessage:
    """A namespace, also a deleted one.

    Raises:
        ServiceError: NAMESPACE_NOT_FOUND.
    """
    return _get(reader, _GET, namespace_id).message


def find_namespace(reader: Reader, namespace_id: str) -> NamespaceMessage | None:
    """A namespace, also a deleted one, or None where there is none."""
    row = reader.row(_GET, {"id": namespace_id})
    return None if row is None else namespace_message(row)


def own_quotas(reader: Reader) -> dict[str, NamespaceResourceQuotas]:
    """The quotas of all namespaces that have some of their own, by their names."""
    rows = reader.rows(_QUOTAS, {})
    return {format_name(Kind.NAMESPACE, row.name): row.settings.quotas for row in rows if row.settings.quotas}


def stored_bytes(reader: Reader, name: str) -> int:
    """The bytes of events, of the data of sessions, of memories and of state that are stored in a namespace.

    Former values of state are among them. Each event has its size in its session; the rest is measured, row by row.
    """
    row = reader.row(_STORED, {"id": ids_of(name)[0]})
    return 0 if row is None else int(row[0])


def hold_namespace(writer: Writer, namespace_id: str) -> HeldNamespace:
    """A namespace's flags and settings; others can read it but not change it until the transaction ends.

    Raises:
        ServiceError: NAMESPACE_NOT_FOUND.
    """
    row = _row(writer, _HOLD, namespace_id)
    name = format_name(Kind.NAMESPACE, row.name)
    deleted = to_timestamp(row.delete_ts)
    return HeldNamespace(row.pkid, name, row.enabled, row.managed, deleted, row.settings, row.legal_hold)


def lock_namespace(writer: Writer, namespace_id: str) -> LockedNamespace:
    """A namespace for a change.

    Raises:
        ServiceError: NAMESPACE_NOT_FOUND.
    """
    return _get(writer, _LOCK, namespace_id)


def has_live_sessions(writer: Writer, namespace: NamespaceMessage) -> bool:
    """Whether a locked namespace has sessions that are not deleted; none can come until the transaction ends."""
    node_locks.exclude(writer, namespace.uid)
    row = writer.row(_HAS_LIVE_SESSIONS, {"uid": namespace.uid})
    return row is not None and bool(row[0])


def list_namespaces(
    reader: Reader,
    page: Page,
    where: Node | None,
    among: Collection[str] | None,
    *,
    show_deleted: bool,
    most_bytes: int,
) -> tuple[list[bytes], Position | None]:
    """One page of namespaces, of all or only those `among` some ids, and where the next one starts."""
    if among is None:
        query = _LIST.query({}, where, _COLUMNS, show_deleted=show_deleted)
    else:
        query = _LIST_SOME.query({"among": sorted(among)}, where, _COLUMNS, show_deleted=show_deleted)
    return fetch_page(
        reader,
        query,
        keys_of(Namespace, page.order, owner=""),
        page,
        lambda row: namespace_message(row).SerializeToString(),
        most_bytes=most_bytes,
    )


def create_namespace(writer: Writer, namespace_id: str, namespace: NamespaceMessage) -> NamespaceMessage | None:
    """Insert a namespace; None when its name is taken."""
    settings = NamespaceResourceSettings().replaced_by(namespace.settings)
    values = {"name": namespace_id, **_values(namespace, settings)}
    namespace.settings.CopyFrom(settings.to_message())
    return resources.create(writer, Namespace, namespace, values)


def update_namespace(writer: Writer, locked: LockedNamespace, namespace: NamespaceMessage) -> NamespaceMessage:
    """Write what a caller can change of a namespace."""
    settings = locked.settings.replaced_by(namespace.settings)
    namespace.settings.CopyFrom(settings.to_message())
    return resources.save(writer, Namespace, locked, namespace, _values(namespace, settings))


def delete_namespace(writer: Writer, locked: LockedNamespace) -> NamespaceMessage:
    """Delete a namespace softly."""
    return resources.set_deleted(writer, Namespace, locked, deleted=True)


def undelete_namespace(writer: Writer, locked: LockedNamespace) -> NamespaceMessage:
    """Bring a namespace back."""
    return resources.set_deleted(writer, Namespace, locked, deleted=False)


def _get(reader: Reader, statement: Statement, namespace_id: str) -> LockedNamespace:
    row = _row(reader, statement, namespace_id)
    return Locked(namespace_message(row), row.revision, row.settings)


def _row(reader: Reader, statement: Statement, namespace_id: str) -> AnyRow:
    row = reader.row(statement, {"id": namespace_id})
    if row is None:
        raise not_found(Kind.NAMESPACE, format_name(Kind.NAMESPACE, namespace_id))
    return row


def _values(message: NamespaceMessage, settings: NamespaceResourceSettings) -> dict[str, Any]:
    return {
        "description": message.description or None,
        "enabled": message.enabled,
        "managed": message.managed,
        "settings": settings,
        "legal_hold": message.legal_hold,
    }
