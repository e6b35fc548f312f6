"""Whether a caller may make a call, before its use case looks at anything.

A role is judged by the request alone. A participant's call is judged by one read: of its memberships, never of what the
call is about, so that a session of others and one that is not there are refused alike (AIP-211). The functions of
`usecases.access` look again once the session is locked, since a membership may end meanwhile.
"""

from google.protobuf.message import Message

from activity_session.v1.session_service_pb2 import BatchGetSessionsRequest, CreateSessionRequest, EnsureSessionRequest
from activity_session.v1.state_pb2 import STATE_SCOPE_NAMESPACE, STATE_SCOPE_PARTICIPANT
from activity_session_server.rules import requests
from activity_session_server.rules.access.permissions import (
    PERMISSIONS,
    Reach,
    as_participant,
    check_acts_as,
    check_role,
    denied,
    namespace_of,
    not_as,
)
from activity_session_server.rules.calls import Call
from activity_session_server.rules.names import WILDCARD, Kind, ids_of, kind_of
from activity_session_server.store import Reader, Store
from activity_session_server.store.queries import memberships, namespaces, sessions


def authorize(store: Store, call: Call, request: Message) -> Call:
    """The call, if its caller may make it, with the participant as which the caller acts if its role is not enough.

    Raises:
        ServiceError: PERMISSION_DENIED.
    """
    if check_role(call, request):
        return call
    acting = as_participant(call, request)
    _check_fields(acting, request)
    if not store.read(call, lambda reader: _may_act(reader, acting, request)):
        raise denied(call, requests.resource_of(request), PERMISSIONS[call.method].role_for(request))
    return acting


def _check_fields(call: Call, request: Message) -> None:
    """Refuse a participant's call that is for somebody else, by what stands in it."""
    if isinstance(request, CreateSessionRequest | EnsureSessionRequest) and all(
        member.participant != call.acts_as for member in request.session.participants
    ):
        raise not_as(call, "session.participants")
    for index, update in enumerate(getattr(request, "state_updates", ())):
        if update.scope == STATE_SCOPE_NAMESPACE:
            raise not_as(call, f"state_updates[{index}].scope")
        if update.scope == STATE_SCOPE_PARTICIPANT:
            check_acts_as(call, f"state_updates[{index}].participant", update.participant)


def _may_act(reader: Reader, call: Call, request: Message) -> bool:
    reach = PERMISSIONS[call.method].reach
    resource = requests.resource_of(request)
    if reach is Reach.NEW:
        return _may_create(reader, call, request, resource)
    if isinstance(request, BatchGetSessionsRequest):
        return _is_bound(reader, call, set(request.names))
    if kind_of(resource) is Kind.PARTICIPANT:
        return reach is Reach.OWN and resource == call.acts_as
    if reach is Reach.LISTED and (kind_of(resource) is Kind.NAMESPACE or ids_of(resource)[1] == WILDCARD):
        return True
    session = requests.session_of(request)
    return bool(session) and _is_bound(reader, call, {session})


def _may_create(reader: Reader, call: Call, request: Message, name: str) -> bool:
    """Whether a participant may create a session of that name, or has one there."""
    namespace_id = namespace_of(request)
    if kind_of(name) is Kind.SESSION:
        if _is_bound(reader, call, {name}):
            return True
        if sessions.exists_session(reader, *ids_of(name)):
            return False
    namespace = namespaces.find_namespace(reader, namespace_id)
    return namespace is not None and namespace.settings.participants_create_sessions


def _is_bound(reader: Reader, call: Call, names: set[str]) -> bool:
    return names == memberships.bound_sessions(reader, names, call.acts_as)
