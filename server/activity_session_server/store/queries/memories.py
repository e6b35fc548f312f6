"""The queries of memories."""

from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, bindparam, select, update

from activity_session.v1.memory_pb2 import Memory as MemoryMessage
from activity_session_server.orm import ActivitySession, Memory, Namespace, Participant
from activity_session_server.orm.base import table_of
from activity_session_server.rules import names
from activity_session_server.rules.errors import not_found
from activity_session_server.rules.filters import Node
from activity_session_server.rules.names import Kind, format_name
from activity_session_server.rules.paging import Page, Position
from activity_session_server.store.codec.resources import memory_message, memory_type_text, set_time
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.lists.conditions import Columns
from activity_session_server.store.lists.pages import fetch_owned_page, keys_of
from activity_session_server.store.queries import heads, namespaces, resources
from activity_session_server.store.queries.heads import Head
from activity_session_server.store.queries.own_sessions import IS_OWN, OWN
from activity_session_server.store.queries.participants import HeldParticipant
from activity_session_server.store.queries.resources import Listed, Locked
from activity_session_server.store.readers import Reader, Writer

LockedMemory = Locked[MemoryMessage, None]


def _is_agent(name: str) -> ColumnElement[bool]:
    """Whether a memory is of the agent of that name."""
    if not name:
        return Memory.agent_pkid == ""
    namespace_id, participant_id = names.ids_of(name)
    found = select(Participant.pkid).join_from(Participant, Namespace)
    found = found.where(Namespace.name == namespace_id, Participant.name == participant_id)
    return Memory.agent_pkid.in_(found)


_TABLE = table_of(Memory)
_SELECT = (
    select(*_TABLE.c, ActivitySession.name.label("session_id"), Participant.name.label("agent_id"))
    .join_from(Memory, ActivitySession, Memory.activity_session_pkid == ActivitySession.pkid)
    .join(Participant, Participant.pkid == Memory.agent_pkid)
)
_GET = Statement(
    _SELECT.join(Namespace, Namespace.pkid == ActivitySession.namespace_pkid).where(
        Namespace.name == bindparam("namespace"),
        ActivitySession.name == bindparam("session"),
        Memory.name == bindparam("id"),
    )
)
_OF_HEAD = (Memory.activity_session_pkid == bindparam("session")) & (Memory.name == bindparam("id"))
# Only the memory is locked, and a second read joins the other tables: locks on those would stop their writers.
_LOCK = Statement(select(Memory.pkid).where(_OF_HEAD).with_for_update())
_GET_LOCKED = Statement(_SELECT.where(_OF_HEAD))
_IS_OWNERS = {
    True: Memory.namespace_pkid == bindparam("owner"),
    False: Memory.activity_session_pkid == bindparam("owner"),
}
_IS_LIVE = Memory.deleted.is_(False)
# By whether those of all sessions are asked for.
_LIST = {of_all: Listed(_SELECT.where(is_owners), _IS_LIVE) for of_all, is_owners in _IS_OWNERS.items()}
# Sorted, since no index has the memories of the sessions of one participant in an order.
_LIST_BOUND = Listed(
    _SELECT.join(OWN, OWN.c.activity_session_pkid == Memory.activity_session_pkid).where(IS_OWN), _IS_LIVE
)
_TOUCH = Statement(
    update(_TABLE)
    .where(Memory.pkid == bindparam("its_uid"))
    .values(access_count=Memory.access_count + 1, accessed=bindparam("its_time"))
)
_COLUMNS: Columns = {
    "memory_id": _TABLE.c.name,
    "agent": _is_agent,
    "memory_type": _TABLE.c.memory_type,
    "importance": _TABLE.c.importance,
    "access_count": _TABLE.c.access_count,
    "create_time": _TABLE.c.create_ts,
    "update_time": _TABLE.c.update_ts,
}


def get_memory(reader: Reader, namespace_id: str, session_id: str, memory_id: str) -> MemoryMessage:
    """A memory, also a deleted one.

    Raises:
        ServiceError: NAMESPACE_NOT_FOUND, SESSION_NOT_FOUND, MEMORY_NOT_FOUND.
    """
    row = reader.row(_GET, {"namespace": namespace_id, "session": session_id, "id": memory_id})
    if row is None:
        heads.get_head(reader, namespace_id, session_id)
        raise not_found(Kind.MEMORY, format_name(Kind.MEMORY, namespace_id, session_id, memory_id))
    return memory_message(row, namespace_id)


def list_memories(
    reader: Reader,
    parent: str,
    page: Page,
    where: Node | None,
    participant: str,
    *,
    show_deleted: bool,
    most_bytes: int,
) -> tuple[list[bytes], Position | None]:
    """One page of the memories of a session, or of all sessions of a namespace, and where the next one starts.

    Of all sessions those only to which a participant is bound, if one is given.

    Raises:
        ServiceError: NAMESPACE_NOT_FOUND, SESSION_NOT_FOUND.
    """
    namespace_id, session_id = names.ids_of(parent)
    owner_uid = partial(_owner_uid, reader, namespace_id, session_id)
    of_all = session_id == names.WILDCARD
    values: dict[str, Any] = {"owner": owner_uid()}
    keys, listed = keys_of(Memory, page.order, "namespace_pkid" if of_all else "activity_session_pkid"), _LIST[of_all]
    if of_all and participant:
        values = {"namespace": namespace_id, "participant": names.ids_of(participant)[1]}
        keys, listed = keys._replace(index_name=""), _LIST_BOUND
    query = listed.query(values, where, _COLUMNS, show_deleted=show_deleted)
    return fetch_owned_page(
        reader,
        query,
        keys,
        page,
        lambda row: memory_message(row, namespace_id).SerializeToString(),
        most_bytes=most_bytes,
        owner_uid=owner_uid,
    )


def lock_memory(writer: Writer, head: Head, memory_id: str) -> LockedMemory:
    """A memory of a held session for a change.

    Raises:
        ServiceError: MEMORY_NOT_FOUND.
    """
    values = {"session": head.uid, "id": memory_id}
    row = writer.row(_GET_LOCKED, values) if writer.row(_LOCK, values) else None
    namespace_id, session_id = names.ids_of(head.name)
    if row is None:
        raise not_found(Kind.MEMORY, format_name(Kind.MEMORY, namespace_id, session_id, memory_id))
    return Locked(memory_message(row, namespace_id), row.revision, None)


def create_memory(
    writer: Writer, head: Head, agent: HeldParticipant, memory_id: str, memory: MemoryMessage
) -> MemoryMessage | None:
    """Insert a memory; None when its name is taken."""
    values = {
        "namespace_pkid": head.namespace_uid,
        "activity_session_pkid": head.uid,
        "agent_pkid": agent.uid,
        "name": memory_id,
        "memory_type": memory_type_text(memory.memory_type),
        "first_sequence": memory.first_sequence,
        "last_sequence": memory.last_sequence,
        "created_by": memory.created_by or None,
        **_values(memory),
    }
    return resources.create(writer, Memory, memory, values)


def touch_memory(writer: Writer, locked: LockedMemory) -> MemoryMessage:
    """Count an access of a memory."""
    memory = locked.message
    writer.change(_TOUCH, {"its_uid": memory.uid, "its_time": writer.now})
    memory.access_count += 1
    set_time(memory.access_time, writer.now)
    return memory


def update_memory(writer: Writer, locked: LockedMemory, memory: MemoryMessage) -> MemoryMessage:
    """Write what a caller can change of a memory."""
    return resources.save(writer, Memory, locked, memory, _values(memory))


def delete_memory(writer: Writer, locked: LockedMemory) -> MemoryMessage:
    """Delete a memory softly."""
    return resources.set_deleted(writer, Memory, locked, deleted=True)


def undelete_memory(writer: Writer, locked: LockedMemory) -> MemoryMessage:
    """Bring a memory back."""
    return resources.set_deleted(writer, Memory, locked, deleted=False)


def _owner_uid(reader: Reader, namespace_id: str, session_id: str) -> str:
    if session_id == names.WILDCARD:
        return namespaces.get_namespace(reader, namespace_id).uid
    return heads.get_head(reader, namespace_id, session_id).uid


def _values(memory: MemoryMessage) -> dict[str, Any]:
    return {"content": memory.content, "memo": memory.memo or None, "importance": memory.importance}
