"""Many deleted sessions are expunged at once, those that a filter matches (AIP-165), page by page.

A call is one transaction, and no long-running operation: so a retry with its request id gets the same response, and a
caller that has gone expunges nothing more.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from activity_session.v1.namespace_pb2 import Namespace
from activity_session.v1.session_pb2 import SESSION_VIEW_BASIC, Session
from activity_session.v1.session_service_pb2 import KeptSessions, PurgeSessionsRequest, PurgeSessionsResponse
from activity_session_server.rules import filters, flags, paging
from activity_session_server.rules.access.roles import Role
from activity_session_server.rules.calls import Call
from activity_session_server.rules.names import Kind, ids_of
from activity_session_server.rules.paging import Position
from activity_session_server.store import Reader, Store, Writer
from activity_session_server.store.queries import namespaces, sessions
from activity_session_server.store.queries.namespaces import HeldNamespace
from activity_session_server.store.queries.swept.due_changes import in_time, lock_gone

# The most that a call expunges: it locks them all at first.
MOST = 20
_ALL = "*"


class _Seen(NamedTuple):
    """A session that matches, and why it is left alone: the field that counts it, empty where it is expunged."""

    name: str
    uid: str
    etag: str
    kept: str


class _Part(NamedTuple):
    """A part of those that match, by name, and after what the next part begins; None where there is none."""

    seen: Sequence[_Seen]
    end: Position | None


def purge_sessions(store: Store, call: Call, request: PurgeSessionsRequest) -> PurgeSessionsResponse:
    """Expunge the deleted sessions of a page of those that match, as many as there is time for; or only say which."""
    (namespace_id,) = ids_of(request.parent)
    page = paging.page_of(request, call.limits)
    is_for_all = request.filter.strip() == _ALL
    where = None if is_for_all else filters.parse(request.filter, filters.SESSION_FIELDS, call.limits)

    def look(reader: Reader) -> _Part:
        namespace = namespaces.get_namespace(reader, namespace_id)
        size = paging.most_bytes(call.limits)
        found, end = sessions.list_sessions(
            reader, namespace_id, page, where, "", view=SESSION_VIEW_BASIC, show_deleted=True, most_bytes=size
        )
        return _Part(_judged(reader, call, request, namespace, [Session.FromString(one) for one in found]), end)

    part = store.read(call, look)
    if not request.force:
        return _response(request, part)

    def purge(writer: Writer) -> PurgeSessionsResponse:
        namespace = namespaces.hold_namespace(writer, namespace_id)
        flags.check_usable(Kind.NAMESPACE, namespace)
        return _response(request, _purged(writer, namespace, request, part))

    return store.write(call, purge, request)


def _judged(
    reader: Reader, call: Call, request: PurgeSessionsRequest, namespace: Namespace, found: Sequence[Session]
) -> list[_Seen]:
    """The sessions, with why each is left alone, in the order in which ExpungeSession would say so."""
    uids = [] if request.with_memories else [session.uid for session in found if flags.is_deleted(session)]
    remembered = sessions.with_memories(reader, uids)
    may_managed = call.caller.has_role(ids_of(namespace.name)[0], Role.SYSTEM)

    def kept(session: Session) -> str:
        if session.managed and not may_managed:
            return "managed"
        if not flags.is_deleted(session):
            return "live"
        if session.legal_hold or namespace.legal_hold:
            return "held"
        return "with_memories" if session.uid in remembered else ""

    return [_Seen(session.name, session.uid, session.etag, kept(session)) for session in found]


def _purged(writer: Writer, namespace: HeldNamespace, request: PurgeSessionsRequest, part: _Part) -> _Part:
    """What became of the first of those that were seen, as many as there was time for."""
    first = _first(part.seen)
    # All are locked before anything else is read: what a transaction reads can be of the moment of its first read.
    locked = set() if namespace.legal_hold else lock_gone(writer, {one.uid: one.etag for one in first if not one.kept})
    remembered = set() if request.with_memories else sessions.locked_with_memories(writer, locked)

    def expunged(one: _Seen) -> _Seen:
        if one.kept:
            return one
        if namespace.legal_hold:
            return one._replace(kept="held")
        if one.uid not in locked:
            return one._replace(kept="changed")
        if one.uid in remembered:
            return one._replace(kept="with_memories")
        sessions.expunge_session(writer, one.uid)
        return one

    done = [expunged(one) for one in in_time(first)]
    is_all = len(done) == len(part.seen)
    return _Part(done, part.end if is_all else Position(ids_of(done[-1].name)[1], namespace.uid))


def _first(seen: Sequence[_Seen]) -> Sequence[_Seen]:
    """The first of those that were seen, with as many to be expunged as a call may."""
    going = [index for index, one in enumerate(seen) if not one.kept]
    return seen[: going[MOST]] if len(going) > MOST else seen


def _response(request: PurgeSessionsRequest, part: _Part) -> PurgeSessionsResponse:
    names = [one.name for one in part.seen if not one.kept]
    return PurgeSessionsResponse(
        purge_count=len(names),
        purge_sample=() if request.force else names,
        expunged=names if request.force else (),
        kept=KeptSessions(**Counter(one.kept for one in part.seen if one.kept)),
        next_page_token=paging.next_token(request, part.end),
    )
