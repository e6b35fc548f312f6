"""The use cases of participants, one function per RPC."""

from activity_session.v1.participant_pb2 import Participant
from activity_session.v1.participant_service_pb2 import (
    CreateParticipantRequest,
    DeleteParticipantRequest,
    EnsureParticipantRequest,
    EnsureParticipantResponse,
    GetParticipantRequest,
    ListParticipantsRequest,
    ListParticipantsResponse,
    UndeleteParticipantRequest,
    UpdateParticipantRequest,
)
from activity_session_server.rules import etags, filters, flags, masks, paging
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import already_exists
from activity_session_server.rules.names import Kind, format_name, ids_of, new_id
from activity_session_server.store import Raced, Reader, Store, Writer
from activity_session_server.store.codec import encoded
from activity_session_server.store.codec.encoded import Encoded
from activity_session_server.store.queries import namespaces, participants
from activity_session_server.store.queries.namespaces import HeldNamespace
from activity_session_server.usecases import access

MUTABLE = ("description", "enabled", "managed")


def create_participant(store: Store, call: Call, request: CreateParticipantRequest) -> Participant:
    """Create a participant; its id is generated when none is given."""
    new = _new(call, request.parent, request.participant_id or new_id(), request.participant)

    def create(writer: Writer) -> Participant:
        namespace = namespaces.hold_namespace(writer, *ids_of(request.parent))
        created = _insert(writer, namespace, new)
        if created is None:
            raise already_exists(Kind.PARTICIPANT, new.name)
        return created

    return store.write(call, create, request)


def ensure_participant(store: Store, call: Call, request: EnsureParticipantRequest) -> EnsureParticipantResponse:
    """Get a participant or create it; one that exists stays as it is."""
    (namespace_id,) = ids_of(request.parent)
    # Made, and so judged, before the caller can learn whether the participant exists (AIP-211).
    new = _new(call, request.parent, request.participant_id, request.participant)

    def look(reader: Reader) -> Participant | None:
        return participants.find_participant(reader, namespace_id, request.participant_id)

    def ensure(writer: Writer) -> EnsureParticipantResponse:
        namespace = namespaces.hold_namespace(writer, namespace_id)
        found = look(writer)
        if found:
            _check_not_deleted(call, namespace, found)
            return EnsureParticipantResponse(participant=found)
        created = _insert(writer, namespace, new)
        if created is None:
            raise Raced
        return EnsureParticipantResponse(participant=created, created=True)

    if not request.request_id:
        found = store.read(call, look)
        if found and not flags.is_deleted(found):
            return EnsureParticipantResponse(participant=found)
    return store.write(call, ensure, request)


def get_participant(store: Store, call: Call, request: GetParticipantRequest) -> Participant:
    """Read a participant, also a deleted one."""
    return store.read(call, lambda reader: participants.get_participant(reader, *ids_of(request.name)))


def list_participants(store: Store, call: Call, request: ListParticipantsRequest) -> Encoded[ListParticipantsResponse]:
    """List one page of the participants of a namespace."""
    page = paging.page_of(request, call.limits)
    where = filters.parse(request.filter, filters.PARTICIPANT_FIELDS, call.limits)
    found, next_position = store.read(
        call,
        lambda reader: participants.list_participants(
            reader,
            ids_of(request.parent)[0],
            page,
            where,
            show_deleted=request.show_deleted,
            most_bytes=paging.most_bytes(call.limits),
        ),
    )
    return Encoded(encoded.page(found, paging.next_token(request, next_position)))


def update_participant(store: Store, call: Call, request: UpdateParticipantRequest) -> Participant:
    """Change the masked fields of a participant."""
    paths = masks.resolve(request.update_mask, request.participant, MUTABLE)
    flags.check_managed_flag(call, Kind.PARTICIPANT, request.participant, paths)

    def update(writer: Writer) -> Participant:
        locked = access.lock_participant(writer, call, request.participant.name)
        masks.check_immutable(request.update_mask, request.participant, locked.message, "participant")
        updated = masks.updated(locked.message, request.participant, paths)
        flags.check_change(Kind.PARTICIPANT, locked.message, updated)
        etags.check(Kind.PARTICIPANT, locked.message, request.participant.etag)
        return participants.update_participant(writer, locked, updated)

    return store.write(call, update, request)


def delete_participant(store: Store, call: Call, request: DeleteParticipantRequest) -> Participant:
    """Delete a participant softly; it stays a member of its sessions."""

    def delete(writer: Writer) -> Participant:
        locked = access.lock_participant(writer, call, request.name)
        flags.check_usable(Kind.PARTICIPANT, locked.message)
        etags.check(Kind.PARTICIPANT, locked.message, request.etag)
        return participants.delete_participant(writer, locked)

    return store.write(call, delete, request)


def undelete_participant(store: Store, call: Call, request: UndeleteParticipantRequest) -> Participant:
    """Bring a deleted participant back."""

    def undelete(writer: Writer) -> Participant:
        locked = access.lock_participant(writer, call, request.name)
        flags.check_undeletable(Kind.PARTICIPANT, locked.message)
        etags.check(Kind.PARTICIPANT, locked.message, request.etag)
        return participants.undelete_participant(writer, locked)

    return store.write(call, undelete, request)


def _new(call: Call, parent: str, participant_id: str, given: Participant) -> Participant:
    """A participant as it was given, for a caller who may make it."""
    name = format_name(Kind.PARTICIPANT, *ids_of(parent), participant_id)
    participant = Participant(name=name, enabled=True, participant_type=given.participant_type)
    masks.apply(participant, given, masks.populated(given, MUTABLE))
    flags.check_permission(call, Kind.PARTICIPANT, participant)
    return participant


def _insert(writer: Writer, namespace: HeldNamespace, new: Participant) -> Participant | None:
    """Insert a copy of a new participant; None when its name is taken."""
    flags.check_usable(Kind.NAMESPACE, namespace)
    participant = Participant()
    participant.CopyFrom(new)
    return participants.create_participant(writer, namespace, ids_of(new.name)[1], participant)


def _check_not_deleted(call: Call, namespace: HeldNamespace, found: Participant) -> None:
    """Refuse to ensure a deleted participant, as any write to it is refused."""
    if flags.is_deleted(found):
        flags.check_permission(call, Kind.PARTICIPANT, found)
        flags.check_usable(Kind.NAMESPACE, namespace)
        flags.check_live(Kind.PARTICIPANT, found)
