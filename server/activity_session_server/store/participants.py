"""The queries of participants."""

from collections.abc import Collection
from functools import partial
from typing import Any

from sqlalchemy import Select, bindparam, select

from activity_session.v1.namespace_pb2 import Namespace
from activity_session.v1.participant_pb2 import Participant as ParticipantMessage
from activity_session_server.errors import Kind, not_found
from activity_session_server.filters import Node
from activity_session_server.names import format_name
from activity_session_server.orm import Namespace as NamespaceTable
from activity_session_server.orm import Participant
from activity_session_server.orm.base import table_of
from activity_session_server.paging import Page, Position
from activity_session_server.store import namespaces, resources
from activity_session_server.store.codec import participant_message, participant_type_text
from activity_session_server.store.filters import condition
from activity_session_server.store.pages import fetch_page, keys_of
from activity_session_server.store.readers import Reader, Writer
from activity_session_server.store.resources import Locked

LockedParticipant = Locked[ParticipantMessage, None]

_TABLE = table_of(Participant)
_OWNER = select(NamespaceTable.pkid).where(NamespaceTable.name == bindparam("namespace")).scalar_subquery()
_OF_NAMESPACE = select(_TABLE).where(Participant.namespace_pkid == _OWNER)
_GET = _OF_NAMESPACE.where(Participant.name == bindparam("id"))
_HOLD = _GET.with_for_update(read=True)
_LOCK = _GET.with_for_update()
_HOLD_ALL = _OF_NAMESPACE.where(Participant.name.in_(bindparam("ids", expanding=True))).with_for_update(read=True)
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


def hold_participant(writer: Writer, namespace_id: str, participant_id: str) -> ParticipantMessage:
    """A participant that others can read but not change until the transaction ends.

    Raises:
        ServiceError: NAMESPACE_NOT_FOUND, PARTICIPANT_NOT_FOUND.
    """
    return _get(writer, _HOLD, namespace_id, participant_id).message


def lock_participant(writer: Writer, namespace_id: str, participant_id: str) -> LockedParticipant:
    """A participant for a change.

    Raises:
        ServiceError: NAMESPACE_NOT_FOUND, PARTICIPANT_NOT_FOUND.
    """
    return _get(writer, _LOCK, namespace_id, participant_id)


def hold_participants(
    writer: Writer, namespace_id: str, participant_ids: Collection[str]
) -> dict[str, ParticipantMessage]:
    """Those of the participants that exist, by id; nobody else can change them until the transaction ends."""
    if not participant_ids:
        return {}
    values = {"namespace": namespace_id, "ids": sorted(participant_ids)}
    rows = writer.rows(_HOLD_ALL, values)
    return {row.name: participant_message(row, namespace_id) for row in rows}


def list_participants(
    reader: Reader,
    namespace_id: str,
    page: Page,
    where: Node | None,
    *,
    show_deleted: bool,
    most_bytes: int,
) -> tuple[list[ParticipantMessage], Position | None]:
    """One page of the participants of a namespace, and where the next one starts.

    Raises:
        ServiceError: NAMESPACE_NOT_FOUND.
    """
    owner = namespaces.get_namespace(reader, namespace_id)
    statement = select(_TABLE).where(Participant.namespace_pkid == owner.uid)
    if where is not None:
        statement = statement.where(condition(where, _COLUMNS))
    if not show_deleted:
        statement = statement.where(Participant.deleted.is_(False))
    to_message = partial(participant_message, namespace_id=namespace_id)
    return fetch_page(reader, statement, keys_of(Participant, page.order), page, to_message, most_bytes=most_bytes)


def create_participant(
    writer: Writer, namespace: Namespace, participant_id: str, participant: ParticipantMessage
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
    return resources.set_deleted(writer, Participant, locked, deleted=True)


def undelete_participant(writer: Writer, locked: LockedParticipant) -> ParticipantMessage:
    """Bring a participant back."""
    return resources.set_deleted(writer, Participant, locked, deleted=False)


def _get(reader: Reader, statement: Select[Any], namespace_id: str, participant_id: str) -> LockedParticipant:
    row = reader.row(statement, {"namespace": namespace_id, "id": participant_id})
    if row is None:
        namespaces.get_namespace(reader, namespace_id)
        raise not_found(Kind.PARTICIPANT, format_name(Kind.PARTICIPANT, namespace_id, participant_id))
    return Locked(participant_message(row, namespace_id), row.revision, None)


def _values(message: ParticipantMessage) -> dict[str, Any]:
    return {
        "description": message.description or None,
        "enabled": message.enabled,
        "managed": message.managed,
    }
