"""The use cases of sessions, one function per RPC; `memberships` has those of their participants."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.empty_pb2 import Empty
from google.protobuf.timestamp_pb2 import Timestamp

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session.v1.session_pb2 import SESSION_VIEW_BASIC, SESSION_VIEW_FULL, Session, SessionParticipant
from activity_session.v1.session_service_pb2 import (
    BatchGetSessionsRequest,
    BatchGetSessionsResponse,
    CreateSessionRequest,
    DeleteSessionRequest,
    EnsureSessionRequest,
    EnsureSessionResponse,
    ExpungeSessionRequest,
    GetSessionRequest,
    ListSessionsRequest,
    ListSessionsResponse,
    UndeleteSessionRequest,
    UpdateSessionRequest,
)
from activity_session_server.rules import etags, filters, flags, masks, paging
from activity_session_server.rules.access import permissions
from activity_session_server.rules.access.roles import Role
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import (
    ServiceError,
    about,
    already_exists,
    invalid,
    not_found,
    quota_exceeded,
)
from activity_session_server.rules.names import Kind, format_name, ids_of, new_id
from activity_session_server.rules.problems import Violation, too_large
from activity_session_server.store import Raced, Reader, Store, Writer
from activity_session_server.store.codec import encoded
from activity_session_server.store.codec.encoded import Encoded
from activity_session_server.store.queries import namespaces, sessions
from activity_session_server.store.queries.memberships import bound_sessions
from activity_session_server.store.queries.namespaces import HeldNamespace
from activity_session_server.usecases import access, batch_reads, memberships, retention
from activity_session_server.usecases.kept_sessions import ensured_without_data, without_data

MUTABLE = ("description", "enabled", "managed", "data", "settings", "labels", "expire_time", "legal_hold")
# What is deleted or disabled can be held too, and be let go.
HOLD_ALONE = ("legal_hold",)
# What is said of a session; the rest is how it works, and for how long.
_SAID = ("description", "data", "labels")
_SMALLER = "for the view BASIC"


def create_session(store: Store, call: Call, request: CreateSessionRequest) -> Session:
    """Create a session with its members; its id is generated when none is given."""
    session_id = request.session_id or new_id()
    new = _new(call, request.parent, session_id, request.session)

    def create(writer: Writer) -> Session:
        namespace = namespaces.hold_namespace(writer, *ids_of(request.parent))
        created = insert(writer, call, namespace, new, request.session.participants)
        if created is None:
            raise _taken(writer, call, new.name)
        return created

    return store.write(call, create, request, without_data(request.session))


def ensure_session(store: Store, call: Call, request: EnsureSessionRequest) -> EnsureSessionResponse:
    """Get a session or create it; members that are missing are bound either way."""
    (namespace_id,) = ids_of(request.parent)
    wanted = request.session.participants
    name = f"{request.parent}/sessions/{request.session_id}"
    # Checked before the caller can learn whether the session exists (AIP-211).
    flags.check_permission(call, Kind.SESSION, Session(name=name, managed=request.session.managed))

    def look(reader: Reader) -> Session | None:
        found = sessions.find_session(reader, namespace_id, request.session_id, view=SESSION_VIEW_FULL)
        if found is None:
            return None
        session = Session.FromString(found)
        memberships.check_bound(call, session)
        return session

    def ensure(writer: Writer) -> EnsureSessionResponse:
        namespace = namespaces.hold_namespace(writer, namespace_id)
        locked = sessions.find_session_to_lock(writer, namespace, request.session_id, full=True)
        if locked:
            session = memberships.bind_missing(writer, call, namespace, locked, wanted)
            return EnsureSessionResponse(session=session)
        new = _new(call, request.parent, request.session_id, request.session)
        new.auto_created = True
        created = insert(writer, call, namespace, new, wanted)
        if created is None:
            raise Raced
        return EnsureSessionResponse(session=created, created=True)

    if not request.request_id:
        session = store.read(call, look)
        if session and not flags.is_deleted(session) and not memberships.missing(session, wanted):
            return EnsureSessionResponse(session=session)
    return store.write(call, ensure, request, ensured_without_data(request.session))


def get_session(store: Store, call: Call, request: GetSessionRequest) -> Encoded[Session]:
    """Read a session, also a deleted one."""
    view = request.view or SESSION_VIEW_FULL
    return Encoded(store.read(call, lambda reader: sessions.get_session(reader, *ids_of(request.name), view=view)))


def batch_get_sessions(store: Store, call: Call, request: BatchGetSessionsRequest) -> Encoded[BatchGetSessionsResponse]:
    """Read several sessions of one moment, in the order asked for: all of them, or none."""
    (namespace_id,) = ids_of(request.parent)
    view = request.view or SESSION_VIEW_FULL
    ids = batch_reads.ids_under(request)

    def read(reader: Reader) -> dict[str, bytes]:
        namespaces.get_namespace(reader, namespace_id)
        sizes = sessions.batch_bytes(reader, namespace_id, set(ids), full=view == SESSION_VIEW_FULL)
        batch_reads.check_size(call, _SMALLER, sum(sizes.get(session_id, 0) for session_id in ids))
        return sessions.batch_get_sessions(reader, namespace_id, set(ids), view=view)

    found = store.read(call, read)
    for session_id in ids:
        if session_id not in found:
            raise not_found(Kind.SESSION, format_name(Kind.SESSION, namespace_id, session_id))
    return batch_reads.response(call, [found[session_id] for session_id in ids], _SMALLER)


def list_sessions(store: Store, call: Call, request: ListSessionsRequest) -> Encoded[ListSessionsResponse]:
    """List one page of the sessions of a namespace."""
    page = paging.page_of(request, call.limits, paging.SESSION_ORDER_FIELDS)
    where = filters.parse(request.filter, filters.SESSION_FIELDS, call.limits)
    found, next_position = store.read(
        call,
        lambda reader: sessions.list_sessions(
            reader,
            ids_of(request.parent)[0],
            page,
            where,
            call.acts_as,
            view=request.view or SESSION_VIEW_BASIC,
            show_deleted=request.show_deleted,
            most_bytes=paging.most_bytes(call.limits),
        ),
    )
    return Encoded(encoded.page(found, paging.next_token(request, next_position)))


def update_session(store: Store, call: Call, request: UpdateSessionRequest) -> Session:
    """Change the masked fields of a session; returns the whole session as it is then."""
    paths = masks.resolve(request.update_mask, request.session, MUTABLE)
    _check_paths(call, paths)
    flags.check_managed_flag(call, Kind.SESSION, request.session, paths)

    def update(writer: Writer) -> Session:
        locked = access.lock_session(writer, call, request.session.name, full=True)
        updated = masks.updated(locked.message, request.session, paths)
        _cut_to_microseconds(updated)
        if updated.legal_hold != locked.message.legal_hold:
            permissions.check_role_for(call, "session.legal_hold", Role.ADMIN)
        if paths != HOLD_ALONE:
            flags.check_change(Kind.SESSION, locked.message, updated)
        etags.check(Kind.SESSION, locked.message, request.session.etag)
        masks.check_immutable(request.update_mask, request.session, locked.message, "session")
        _check_counts(call, updated)
        if _times(updated) != _times(locked.message):
            sessions.move_expiry(updated, writer.now)
        # As by the sweep: a session that is held from now on cannot expire, but this one has.
        sessions.expire_session(writer, locked)
        return sessions.update_session(writer, locked, updated)

    record = without_data(request.session if "data" in paths else None)
    return store.write(call, update, request, record)


def delete_session(store: Store, call: Call, request: DeleteSessionRequest) -> Session:
    """Delete a session softly; it is expunged when the purge age is over."""

    def delete(writer: Writer) -> Session:
        locked = access.lock_session(writer, call, request.name, full=True)
        flags.check_usable(Kind.SESSION, locked.message)
        etags.check(Kind.SESSION, locked.message, request.etag)
        return sessions.delete_session(writer, locked)

    return store.write(call, delete, request, without_data())


def undelete_session(store: Store, call: Call, request: UndeleteSessionRequest) -> Session:
    """Bring a deleted session back."""

    def undelete(writer: Writer) -> Session:
        locked = access.lock_session(writer, call, request.name, full=True)
        flags.check_undeletable(Kind.SESSION, locked.message)
        etags.check(Kind.SESSION, locked.message, request.etag)
        return sessions.undelete_session(writer, locked)

    return store.write(call, undelete, request, without_data())


def expunge_session(store: Store, call: Call, request: ExpungeSessionRequest) -> Empty:
    """Remove a deleted session for good, one with memories only by force: at once out of reach, then row by row."""
    uids: list[str] = []

    def expunge(writer: Writer) -> Empty:
        locked = access.lock_session(writer, call, request.name, full=False)
        if not flags.is_deleted(locked.message):
            message = f"{request.name} is not deleted: delete it first"
            raise about(Kind.SESSION, ErrorReason.ERROR_REASON_SESSION_NOT_DELETED, request.name, message)
        etags.check(Kind.SESSION, locked.message, request.etag)
        flags.check_not_held(request.name, sessions.holder(locked))
        if not request.force and sessions.has_memories(writer, locked.message.uid):
            message = f"{request.name} has memories; force removes them with it"
            raise about(Kind.SESSION, ErrorReason.ERROR_REASON_SESSION_HAS_MEMORIES, request.name, message)
        sessions.expunge_session(writer, locked.message.uid)
        uids.append(locked.message.uid)
        return Empty()

    response = store.write(call, expunge, request)
    for uid in uids[-1:]:
        retention.try_to_remove_rest(store, call, uid)
    return response


def _new(call: Call, parent: str, session_id: str, given: Session) -> Session:
    """A session as it was given, for a caller who may make it."""
    session = Session(name=f"{parent}/sessions/{session_id}", enabled=True, created_by=call.caller.subject)
    masks.apply(session, given, masks.populated(given, MUTABLE))
    _cut_to_microseconds(session)
    flags.check_permission(call, Kind.SESSION, session)
    if session.legal_hold:
        permissions.check_role_for(call, "session.legal_hold", Role.ADMIN)
    return session


def insert(
    writer: Writer,
    call: Call,
    namespace: HeldNamespace,
    new: Session,
    members: Sequence[SessionParticipant],
    *,
    read: Mapping[str, int] = MappingProxyType({}),
    log: Mapping[str, Any] = sessions.NO_LOG,
) -> Session | None:
    """Insert a copy of a new session and bind its members; None when its name is taken.

    `read` is how far participants have read, by name; they begin at 0 otherwise. `log` has the columns of a session
    that begins with events.
    """
    flags.check_usable(Kind.NAMESPACE, namespace)
    session = Session()
    session.CopyFrom(new)
    _set_expiry(session, namespace, writer.now)
    session_id = ids_of(new.name)[1]
    created = sessions.create_session(writer, namespace, session_id, session, log)
    if created is not None:
        _check_count(writer, call, namespace)
        memberships.bind_all(writer, call, created, members, read=read)
    return created


def _check_count(writer: Writer, call: Call, namespace: HeldNamespace) -> None:
    """Refuse a session that makes them too many. Judged after all else: one that is there already is not refused.

    Those that others create at the same moment are not seen on every database, so there can be as many too many.
    """
    own = namespace.settings.quotas
    most = call.limits.namespace_sessions if own is None or own.sessions is None else own.sessions
    if most and sessions.has_more_sessions(writer, namespace, most):
        raise quota_exceeded("namespace", namespace.name, "sessions", most)


def _taken(writer: Writer, call: Call, name: str) -> ServiceError:
    """The error for a name that is taken, by a session of which a participant may know nothing."""
    if not call.acts_as or bound_sessions(writer, {name}, call.acts_as):
        return already_exists(Kind.SESSION, name)
    return permissions.denied(call, name)


def _check_paths(call: Call, paths: Collection[str]) -> None:
    """Refuse a participant's change of how a session works."""
    for path in paths:
        if call.acts_as and path.partition(".")[0] not in _SAID:
            raise permissions.not_as(call, f"session.{path}")


def _set_expiry(session: Session, namespace: HeldNamespace, now: datetime) -> None:
    """Give a new session the expiry that it has; the namespace decides where the session says nothing of it."""
    if not session.HasField("expire_time"):
        ttl, idle_ttl = namespace.settings.default_session_ttl, namespace.settings.default_session_idle_ttl
        if ttl is not None:
            session.expire_time.FromDatetime(now + ttl)
        if idle_ttl is not None and not session.settings.HasField("idle_ttl"):
            session.settings.idle_ttl.FromTimedelta(idle_ttl)
    sessions.move_expiry(session, now)


def _times(session: Session) -> tuple[Timestamp, Duration]:
    """What says when a session expires."""
    return session.expire_time, session.settings.idle_ttl


def _cut_to_microseconds(session: Session) -> None:
    """Cut an expiry to what the database can hold, so that this response and later ones agree."""
    if session.HasField("expire_time"):
        session.expire_time.nanos -= session.expire_time.nanos % 1000


def _check_counts(call: Call, session: Session) -> None:
    """Refuse an update after which there are too many labels or overrides."""
    for field, entries, limit in (
        ("session.labels", session.labels, call.limits.labels),
        (
            "session.settings.collection_overrides",
            session.settings.collection_overrides,
            call.limits.collection_overrides,
        ),
    ):
        if len(entries) > limit:
            raise invalid([Violation(field, too_large("it", limit, len(entries), "entries"))])
