"""What is kept of the response to a request with an id, where it is a session: all but the data.

Data can have megabytes; kept with each response, it would be stored once more for each change of a label. A request
that comes again brings the data, if it is one that sets it; otherwise the data is read as it is then.
"""

from functools import partial

from activity_session.v1.session_pb2 import SESSION_VIEW_FULL, Session
from activity_session.v1.session_service_pb2 import EnsureSessionResponse
from activity_session_server.rules.errors import not_found
from activity_session_server.rules.names import Kind, ids_of
from activity_session_server.store import Writer
from activity_session_server.store.idempotency import Record
from activity_session_server.store.queries import sessions

# Stands for data that was there.
_LEFT_OUT = "+"


def without_data(given: Session | None = None) -> Record[Session]:
    """How a session is kept; `given` is that of a request which sets the data."""
    return Record(_without_data, partial(_with_data, given))


def ensured_without_data(given: Session) -> Record[EnsureSessionResponse]:
    """How the response to EnsureSession is kept; `given` is the session of the request, used if it was created."""

    def write(response: EnsureSessionResponse) -> EnsureSessionResponse:
        return EnsureSessionResponse(session=_without_data(response.session), created=response.created)

    def read(writer: Writer, kept: EnsureSessionResponse) -> EnsureSessionResponse:
        _with_data(given if kept.created else None, writer, kept.session)
        return kept

    return Record(write, read)


def _without_data(session: Session) -> Session:
    kept = Session()
    kept.CopyFrom(session)
    kept.data = _LEFT_OUT if session.data else ""
    return kept


def _with_data(given: Session | None, writer: Writer, kept: Session) -> Session:
    if kept.data:
        kept.data = _data_now(writer, kept) if given is None else given.data
    return kept


def _data_now(writer: Writer, kept: Session) -> str:
    found = sessions.find_session(writer, *ids_of(kept.name), view=SESSION_VIEW_FULL)
    session = Session.FromString(found or b"")
    if session.uid != kept.uid:
        raise not_found(Kind.SESSION, kept.name)
    return session.data
