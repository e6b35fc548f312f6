"""The use cases of namespaces, one function per RPC."""

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session.v1.namespace_pb2 import Namespace
from activity_session.v1.namespace_service_pb2 import (
    CreateNamespaceRequest,
    DeleteNamespaceRequest,
    GetNamespaceRequest,
    ListNamespacesRequest,
    ListNamespacesResponse,
    UndeleteNamespaceRequest,
    UpdateNamespaceRequest,
)
from activity_session_server.rules import etags, filters, flags, masks, paging
from activity_session_server.rules.access import permissions
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import about, already_exists
from activity_session_server.rules.names import Kind, format_name, ids_of, new_id
from activity_session_server.store import Store, Writer
from activity_session_server.store.codec import encoded
from activity_session_server.store.codec.encoded import Encoded
from activity_session_server.store.queries import namespaces

MUTABLE = ("description", "enabled", "managed", "settings", "legal_hold")
# What is deleted or disabled can be held too, and be let go.
HOLD_ALONE = ("legal_hold",)


def create_namespace(store: Store, call: Call, request: CreateNamespaceRequest) -> Namespace:
    """Create a namespace; its id is generated when none is given."""
    namespace_id = request.namespace_id or new_id()
    name = format_name(Kind.NAMESPACE, namespace_id)

    def create(writer: Writer) -> Namespace:
        namespace = Namespace(name=name, enabled=True)
        masks.apply(namespace, request.namespace, masks.populated(request.namespace, MUTABLE))
        flags.check_permission(call, Kind.NAMESPACE, namespace)
        created = namespaces.create_namespace(writer, namespace_id, namespace)
        if created is None:
            raise already_exists(Kind.NAMESPACE, name)
        return created

    return store.write(call, create, request)


def get_namespace(store: Store, call: Call, request: GetNamespaceRequest) -> Namespace:
    """Read a namespace, also a deleted one."""
    return store.read(call, lambda reader: namespaces.get_namespace(reader, *ids_of(request.name)))


def list_namespaces(store: Store, call: Call, request: ListNamespacesRequest) -> Encoded[ListNamespacesResponse]:
    """List one page of the namespaces of which the caller is a reader, at least."""
    page = paging.page_of(request, call.limits)
    where = filters.parse(request.filter, filters.NAMESPACE_FIELDS, call.limits)
    found, next_position = store.read(
        call,
        lambda reader: namespaces.list_namespaces(
            reader,
            page,
            where,
            call.caller.namespaces,
            show_deleted=request.show_deleted,
            most_bytes=paging.most_bytes(call.limits),
        ),
    )
    return Encoded(encoded.page(found, paging.next_token(request, next_position)))


def update_namespace(store: Store, call: Call, request: UpdateNamespaceRequest) -> Namespace:
    """Change the masked fields of a namespace."""
    paths = masks.resolve(request.update_mask, request.namespace, MUTABLE)
    flags.check_managed_flag(call, Kind.NAMESPACE, request.namespace, paths)

    def update(writer: Writer) -> Namespace:
        locked = namespaces.lock_namespace(writer, *ids_of(request.namespace.name))
        flags.check_permission(call, Kind.NAMESPACE, locked.message)
        updated = masks.updated(locked.message, request.namespace, paths)
        if updated.settings.quotas != locked.message.settings.quotas:
            permissions.check_of_all(call, "namespace.settings.quotas")
        if paths != HOLD_ALONE:
            flags.check_change(Kind.NAMESPACE, locked.message, updated)
        etags.check(Kind.NAMESPACE, locked.message, request.namespace.etag)
        return namespaces.update_namespace(writer, locked, updated)

    return store.write(call, update, request)


def delete_namespace(store: Store, call: Call, request: DeleteNamespaceRequest) -> Namespace:
    """Delete a namespace softly; one with live sessions only by force."""

    def delete(writer: Writer) -> Namespace:
        locked = namespaces.lock_namespace(writer, *ids_of(request.name))
        flags.check_permission(call, Kind.NAMESPACE, locked.message)
        flags.check_usable(Kind.NAMESPACE, locked.message)
        etags.check(Kind.NAMESPACE, locked.message, request.etag)
        if not request.force and namespaces.has_live_sessions(writer, locked.message):
            message = f"{request.name} has sessions that are not deleted; force deletes it with them"
            raise about(Kind.NAMESPACE, ErrorReason.ERROR_REASON_NAMESPACE_NOT_EMPTY, request.name, message)
        return namespaces.delete_namespace(writer, locked)

    return store.write(call, delete, request)


def undelete_namespace(store: Store, call: Call, request: UndeleteNamespaceRequest) -> Namespace:
    """Bring a deleted namespace back."""

    def undelete(writer: Writer) -> Namespace:
        locked = namespaces.lock_namespace(writer, *ids_of(request.name))
        flags.check_permission(call, Kind.NAMESPACE, locked.message)
        flags.check_undeletable(Kind.NAMESPACE, locked.message)
        etags.check(Kind.NAMESPACE, locked.message, request.etag)
        return namespaces.undelete_namespace(writer, locked)

    return store.write(call, undelete, request)
