"""The use cases of memories, one function per RPC.

A deleted session keeps its memories: they can be read, recalled, changed and deleted, but none can be created.
"""

from operator import attrgetter
from typing import NamedTuple

from activity_session.v1.memory_pb2 import Memory
from activity_session.v1.memory_service_pb2 import (
    BatchCreateMemoriesRequest,
    BatchCreateMemoriesResponse,
    CreateMemoryRequest,
    DeleteMemoryRequest,
    GetMemoryRequest,
    ListMemoriesRequest,
    ListMemoriesResponse,
    UndeleteMemoryRequest,
    UpdateMemoryRequest,
)
from activity_session.v1.participant_pb2 import ParticipantType
from activity_session_server.rules import etags, filters, flags, masks, paging
from activity_session_server.rules.access import permissions
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import already_exists, invalid_field
from activity_session_server.rules.names import Kind, format_name, ids_of, new_id, parent_of
from activity_session_server.store import Store, Writer
from activity_session_server.store.codec import encoded
from activity_session_server.store.codec.encoded import Encoded
from activity_session_server.store.queries import memories, node_locks
from activity_session_server.store.queries.heads import Head
from activity_session_server.store.queries.memories import LockedMemory
from activity_session_server.store.queries.participants import HeldParticipant
from activity_session_server.usecases import access

MUTABLE = ("content", "memo", "importance")


class _New(NamedTuple):
    """A memory to create, and the field of the request that it was given in."""

    memory_id: str
    memory: Memory
    field: str


def create_memory(store: Store, call: Call, request: CreateMemoryRequest) -> Memory:
    """Create a memory; its id is generated when none is given."""
    memory_id = request.memory_id or new_id()
    access.check_namespace(request.parent, request.memory.agent, "memory.agent")

    def create(writer: Writer) -> Memory:
        head, agents = _hold(writer, call, request, [request.memory.agent])
        new = _New(memory_id, request.memory, "memory")
        _check(head, agents, new)
        return _create(writer, call, head, agents, new)

    return store.write(call, create, request)


def batch_create_memories(store: Store, call: Call, request: BatchCreateMemoriesRequest) -> BatchCreateMemoriesResponse:
    """Create several memories, all or none."""
    asked = [
        _New(one.memory_id or new_id(), one.memory, f"requests[{index}].memory")
        for index, one in enumerate(request.requests)
    ]
    _check_batch(request)

    def create(writer: Writer) -> BatchCreateMemoriesResponse:
        named = dict.fromkeys(one.memory.agent for one in request.requests)
        head, agents = _hold(writer, call, request, list(named))
        for new in asked:
            _check(head, agents, new)
        # In an order of ours: of two batches with the same ids in opposite orders, each would wait for the other.
        in_order = sorted(asked, key=attrgetter("memory_id"))
        created = {new.memory_id: _create(writer, call, head, agents, new) for new in in_order}
        return BatchCreateMemoriesResponse(memories=[created[new.memory_id] for new in asked])

    return store.write(call, create, request)


def get_memory(store: Store, call: Call, request: GetMemoryRequest) -> Memory:
    """Read a memory; with `touch`, count the access."""
    if not request.touch:
        return store.read(call, lambda reader: memories.get_memory(reader, *ids_of(request.name)))

    def touch(writer: Writer) -> Memory:
        locked = _lock_memory(writer, call, request.name)
        flags.check_live(Kind.MEMORY, locked.message)
        return memories.touch_memory(writer, locked)

    return store.write(call, touch, request)


def list_memories(store: Store, call: Call, request: ListMemoriesRequest) -> Encoded[ListMemoriesResponse]:
    """List one page of the memories of a session, or of all sessions of a namespace."""
    page = paging.page_of(request, call.limits)
    where = filters.parse(request.filter, filters.MEMORY_FIELDS, call.limits)
    found, next_position = store.read(
        call,
        lambda reader: memories.list_memories(
            reader,
            request.parent,
            page,
            where,
            call.acts_as,
            show_deleted=request.show_deleted,
            most_bytes=paging.most_bytes(call.limits),
        ),
    )
    return Encoded(encoded.page(found, paging.next_token(request, next_position)))


def update_memory(store: Store, call: Call, request: UpdateMemoryRequest) -> Memory:
    """Change the masked fields of a memory."""
    paths = masks.resolve(request.update_mask, request.memory, MUTABLE)

    def update(writer: Writer) -> Memory:
        head, locked = _lock_with_head(writer, call, request.memory.name)
        flags.check_live(Kind.MEMORY, locked.message)
        masks.check_immutable(request.update_mask, request.memory, locked.message, "memory")
        etags.check(Kind.MEMORY, locked.message, request.memory.etag)
        updated = masks.updated(locked.message, request.memory, paths)
        if not updated.content:
            raise invalid_field("memory.content", "must be set")
        updated.importance = head.settings.override_importance or updated.importance
        return memories.update_memory(writer, locked, updated)

    return store.write(call, update, request)


def delete_memory(store: Store, call: Call, request: DeleteMemoryRequest) -> Memory:
    """Delete a memory softly."""

    def delete(writer: Writer) -> Memory:
        locked = _lock_memory(writer, call, request.name)
        flags.check_live(Kind.MEMORY, locked.message)
        etags.check(Kind.MEMORY, locked.message, request.etag)
        return memories.delete_memory(writer, locked)

    return store.write(call, delete, request)


def undelete_memory(store: Store, call: Call, request: UndeleteMemoryRequest) -> Memory:
    """Bring a memory back."""

    def undelete(writer: Writer) -> Memory:
        locked = _lock_memory(writer, call, request.name)
        flags.check_undeletable(Kind.MEMORY, locked.message)
        etags.check(Kind.MEMORY, locked.message, request.etag)
        return memories.undelete_memory(writer, locked)

    return store.write(call, undelete, request)


def _hold(
    writer: Writer, call: Call, request: CreateMemoryRequest | BatchCreateMemoriesRequest, agents: list[str]
) -> tuple[Head, dict[str, HeldParticipant]]:
    """The session that is to have new memories, which cannot be expunged meanwhile, and the agents of those."""
    head = access.hold_usable_head(writer, call, request.parent, request.uid)
    node_locks.share(writer, [head.uid])
    return head, access.hold_usable_participants(writer, request.parent, agents)


def _lock_with_head(writer: Writer, call: Call, name: str) -> tuple[Head, LockedMemory]:
    """A memory for a change, and its session, which may be deleted."""
    head = access.hold_head(writer, call, parent_of(name))
    flags.check_enabled(Kind.SESSION, head)
    locked = memories.lock_memory(writer, head, ids_of(name)[2])
    permissions.check_acts_as(call, "name", locked.message.agent)
    return head, locked


def _lock_memory(writer: Writer, call: Call, name: str) -> LockedMemory:
    return _lock_with_head(writer, call, name)[1]


def _create(writer: Writer, call: Call, head: Head, agents: dict[str, HeldParticipant], new: _New) -> Memory:
    given, agent = new.memory, agents[new.memory.agent]
    name = format_name(Kind.MEMORY, *ids_of(head.name), new.memory_id)
    subject = call.caller.subject
    memory = Memory(name=name, agent=given.agent, memory_type=given.memory_type, created_by=subject)
    masks.apply(memory, given, (*MUTABLE, "first_sequence", "last_sequence"))
    memory.importance = head.settings.override_importance or given.importance
    created = memories.create_memory(writer, head, agent, new.memory_id, memory)
    if created is None:
        raise already_exists(Kind.MEMORY, name)
    return created


def _check(head: Head, agents: dict[str, HeldParticipant], new: _New) -> None:
    """Refuse a memory of somebody who is no agent, or of events that do not exist."""
    if agents[new.memory.agent].participant_type != ParticipantType.PARTICIPANT_TYPE_AGENT:
        raise invalid_field(f"{new.field}.agent", f"{new.memory.agent} is not an agent")
    _check_sequences(head, new.memory, new.field)


def _check_sequences(head: Head, given: Memory, field: str) -> None:
    """Refuse numbers of events that do not exist."""
    first, last, newest = given.first_sequence, given.last_sequence, head.last_sequence
    if (first or last) and not 1 <= first <= last:
        raise invalid_field(f"{field}.first_sequence", f"must be from 1 to last_sequence, which is {last}")
    if last > newest:
        raise invalid_field(f"{field}.last_sequence", f"{last} is beyond the session's last, which is {newest}")


def _check_batch(request: BatchCreateMemoriesRequest) -> None:
    for index, one in enumerate(request.requests):
        if one.parent != request.parent:
            raise invalid_field(f"requests[{index}].parent", f"{one.parent[:120]} is not {request.parent[:120]}")
        for field in ("request_id", "uid"):
            if getattr(one, field):
                raise invalid_field(f"requests[{index}].{field}", "must be empty: the batch has one")
        access.check_namespace(request.parent, one.memory.agent, f"requests[{index}].memory.agent")
