"""The queries of participants."""

from collections.abc import Collection
from typing import Any, NamedTuple

from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import bindparam, select

from activity_session.v1.participant_pb2 import Participant as ParticipantMessage
from activity_session.v1.participant_pb2 import ParticipantType
from activity_session_server.orm import Namespace as NamespaceTable
from activity_session_server.orm import Participant
from activity_session_server.orm.base import table_of
from activity_session_server.orm.types import AnyRow
from activity_session_server.rules.errors import not_found
from activity_session_server.rules.filters import Node
from activity_session_server.rules.names import Kind, format_name
from activity_session_server.rules.paging import Page, Position
from activity_session_server.store.codec.resources import (
    participant_message,
    participant_type_text,
    participant_type_value,
    to_timestamp,
)
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.lists.pages import fetch_page, keys_of
from activity_session_server.store.queries import namespaces, node_locks, resources
from activity_session_server.store.queries.namespaces import HeldNamespace
from activity_session_server.store.queries.resources import Listed, Locked
from activity_session_server.store.readers import Reader, Writer


class HeldParticipant(NamedTuple):
    """A participant's type and flags, which nobody else can change until the transaction ends."""

    uid: str
    name: str
    participant_type: ParticipantType.ValueType
    enabled: bool
    managed: bool
    delete_time: Timestamp


LockedParticipant = Locked[ParticipantMessage, None]

_TABLE = table_of(Participant)
_OWNER = select(NamespaceTable.pkid).where(NamespaceTable.name == bindparam("namespace")).scalar_subquery()
_OF_NAMESPACE = select(_TABLE).where(Participant.namespace_pkid == _OWNER)
_THIS = _OF_NAMESPACE.where(Participant.name == bindparam("id"))
_GET = Statement(_THIS)
_LOCK = Statement(_THIS.with_for_update())
# No more than writes about them need: on MariaDB each column of a result has its cost. In an order, so that nobody who
# locks several waits for another who does.
_HOLD = Statement(
    _OF_NAMESPACE.where(Participant.name.in_(bindparam("ids", expanding=True)))
    .with_only_columns(
        Participant.pkid,
        Participant.name,
        Participant.participant_type,
        Participant.enabled,
        Participant.managed,
        Participant.delete_ts,
    )
    .order_by(Participant.name)
    .with_for_update(read=True),
    many="ids",
)
_LIST = Listed(_OF_NAMESPACE, Participant.deleted.is_(False))
_COLUMNS = {
    **resources.common_columns(Participant, "participant_id"),
    "participant_type": Participant.participant_type,
}


def get_participant(reader: Reader, namespace_id: str, participant_id: str) -> ParticipantMessage:
    """A participant, also a deleted one.

    Raises:
        ServiceError: NAMESPACE_NOT_FOUND, PARTICIPANT_NOT_FOUND.
    """
    return _get(reader, _GET, namespace_id, participant_id).message


def find_participant(reader: Reader, namespace_id: str, participant_id: str) -> ParticipantMessage | None:
    """A participant, also a deleted one, or None where there is none."""
    row = reader.row(_GET, {"namespace": namespace_id, "id": participant_id})
    return None if row is None else participant_message(row, namespace_id)


def hold_participant(writer: Writer, namespace_id: str, participant_id: str) -> HeldParticipant:
    """A participant's type and flags; others can read it but not change it until the transaction ends.

    Raises:
        ServiceError: PARTICIPANT_NOT_FOUND.
    """
    held = hold_participants(writer, namespace_id, [participant_id])
    if not held:
        raise not_found(Kind.PARTICIPANT, format_name(Kind.PARTICIPANT, namespace_id, participant_id))
    return held[participant_id]


def lock_participant(writer: Writer, namespace_id: str, participant_id: str) -> LockedParticipant:
    """A participant for a change.

    Raises:
        ServiceError: NAMESPACE_NOT_FOUND, PARTICIPANT_NOT_FOUND.
    """
    return _get(writer, _LOCK, namespace_id, participant_id)


def hold_participants(
    writer: Writer, namespace_id: str, participant_ids: Collection[str]
) -> dict[str, HeldParticipant]:
    """Types and flags of the participants with those ids that exist, by id, held until the transaction ends."""
    if not participant_ids:
        return {}
    values = {"namespace": namespace_id, "ids": sorted(participant_ids)}
    rows = writer.rows(_HOLD, values)
    return {row.name: _held(row, namespace_id) for row in rows}


def list_participants(
    reader: Reader,
    namespace_id: str,
    page: Page,
    where: Node | None,
    *,
    show_deleted: bool,
    most_bytes: int,
) -> tuple[list[bytes], Position | None]:
    """One page of the participants of a namespace, and where the next one starts.

    Raises:
        ServiceError: NAMESPACE_NOT_FOUND.
    """
    query = _LIST.query({"namespace": namespace_id}, where, _COLUMNS, show_deleted=show_deleted)
    found = fetch_page(
        reader,
        query,
        keys_of(Participant, page.order),
        page,
        lambda row: participant_message(row, namespace_id).SerializeToString(),
        most_bytes=most_bytes,
    )
    if not found[0]:
        namespaces.get_namespace(reader, namespace_id)
    return found


def create_participant(
    writer: Writer, namespace: HeldNamespace, participant_id: str, participant: ParticipantMessage
) -> ParticipantMessage | None:
    """Insert a participant; None when its name is taken."""
    values = {
        "namespace_pkid": namespace.uid,
        "name": participant_id,
        "participant_type": participant_type_text(participant.participant_type),
        "participant_create_ts": writer.now,
        **_values(participant),
    }
    return resources.create(writer, Participant, participant, values)


def update_participant(
    writer: Writer, locked: LockedParticipant, participant: ParticipantMessage
) -> ParticipantMessage:
    """Write what a caller can change of a participant."""
    return resources.save(writer, Participant, locked, participant, _values(participant))


def delete_participant(writer: Writer, locked: LockedParticipant) -> ParticipantMessage:
    """Delete a participant softly."""
    node_locks.exclude(writer, locked.message.uid)
    return resources.set_deleted(writer, Participant, locked, deleted=True)


def undelete_participant(writer: Writer, locked: LockedParticipant) -> ParticipantMessage:
    """Bring a participant back."""
    return resources.set_deleted(writer, Participant, locked, deleted=False)


def _get(reader: Reader, statement: Statement, namespace_id: str, participant_id: str) -> LockedParticipant:
    row = reader.row(statement, {"namespace": namespace_id, "id": participant_id})
    if row is None:
        namespaces.get_namespace(reader, namespace_id)
        raise not_found(Kind.PARTICIPANT, format_name(Kind.PARTICIPANT, namespace_id, participant_id))
    return Locked(participant_message(row, namespace_id), row.revision, None)


def _held(row: AnyRow, namespace_id: str) -> HeldParticipant:
    return HeldParticipant(
        row.pkid,
        format_name(Kind.PARTICIPANT, namespace_id, row.name),
        participant_type_value(row.participant_type),
        row.enabled,
        row.managed,
        to_timestamp(row.delete_ts),
    )


def _values(message: ParticipantMessage) -> dict[str, Any]:
    return {
        "description": message.description or None,
        "enabled": message.enabled,
        "managed": message.managed,
    }
