"""The lines of an export, in an order in which an import can take them: owners come before what is theirs."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import orjson

from activity_session_server.orm.types import AnyRow
from activity_session_server.rules.errors import not_found
from activity_session_server.rules.names import Kind as Resource
from activity_session_server.rules.names import ids_of
from activity_session_server.store import Reader
from activity_session_server.store.queries.moves import arrivals, kinds, lines, walks
from activity_session_server.store.queries.moves.kinds import Kind
from activity_session_server.store.queries.moves.lines import Line

# Of the form of the lines; an import takes no other one.
VERSION = 1
EXPORT, END = "export", "end"
_TIMES = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z
_DEFAULT = "default"


class Header(NamedTuple):
    """A namespace, participant or session in an export, and where it stands among those of its kind."""

    uid: str
    create_time: datetime

    @property
    def place(self) -> walks.Place:
        """Its place in the order of its kind."""
        return (self.create_time, self.uid)


class Start(NamedTuple):
    """Where an export goes on: after the last namespace that is there, and the last of what that has; None for none."""

    namespace: Header | None = None
    participant: Header | None = None
    session: Header | None = None


BEGINNING = Start()
Lines = Iterator[tuple[str, Line]]


def raw_of(word: str, line: Line) -> bytes:
    """A line as bytes, with its end."""
    return orjson.dumps({word: line}, option=_TIMES | orjson.OPT_APPEND_NEWLINE)


def first_line(scope: str) -> Line:
    """The first line of an export of a namespace or a session, or of all with an empty name."""
    return {"version": VERSION} | ({"of": scope} if scope else {})


def export(reader: Reader, scope: str, start: Start = BEGINNING) -> Lines:
    """What comes between the first line and the last one.

    Raises:
        ServiceError: NAMESPACE_NOT_FOUND, SESSION_NOT_FOUND.
    """
    if len(ids_of(scope)) > 1:
        yield from _one_session(reader, scope)
        return
    for row in _namespaces(reader, scope, start):
        name = f"namespaces/{row.name}"
        is_begun = start.namespace is not None and row.pkid == start.namespace.uid
        if not is_begun:
            yield from block(reader, kinds.NAMESPACE, row, "")
        for kind, last in ((kinds.PARTICIPANT, start.participant), (kinds.SESSION, start.session)):
            after = last.place if is_begun and last else None
            for one in walks.rows(reader, kind, row.pkid, after):
                yield from block(reader, kind, one, name)


def block(reader: Reader, kind: Kind, row: AnyRow, parent: str) -> Lines:
    """A namespace, participant or session, and all that belongs to it."""
    header = lines.line_of(kind, row, parent)
    yield kind.word, header
    there = walks.words_there(reader, kind, row.pkid)
    for owned in kinds.owned_by(kind):
        # A fork may have events without rows of its own.
        if owned is kinds.EVENT:
            found = walks.event_rows(reader, row)
        else:
            found = walks.rows(reader, owned, row.pkid) if owned.word in there else iter(())
        for one in found:
            yield owned.word, lines.line_of(owned, one, header["name"])


def _namespaces(reader: Reader, scope: str, start: Start) -> Iterator[AnyRow]:
    if scope:
        yield _namespace(reader, scope)
        return
    begun = start.namespace
    if begun is not None and (row := walks.row_with_uid(reader, kinds.NAMESPACE, begun.uid)) is not None:
        yield row
    for row in walks.rows(reader, kinds.NAMESPACE, after=begun and begun.place):
        # Each database has one, and where nobody has used it, nothing would be lost.
        if row.name != _DEFAULT or not arrivals.is_untouched(reader, row):
            yield row


def _one_session(reader: Reader, scope: str) -> Lines:
    """A session, after the namespace and the participants that it needs, without what is theirs."""
    namespace = _namespace(reader, scope.partition("/sessions/")[0])
    session = walks.session_row(reader, *ids_of(scope))
    if session is None:
        raise not_found(Resource.SESSION, scope)
    name = f"namespaces/{namespace.name}"
    yield kinds.NAMESPACE.word, lines.line_of(kinds.NAMESPACE, namespace, "")
    for row in walks.people_of(reader, session.pkid):
        yield kinds.PARTICIPANT.word, lines.line_of(kinds.PARTICIPANT, row, name)
    yield from block(reader, kinds.SESSION, session, name)


def _namespace(reader: Reader, name: str) -> AnyRow:
    row = walks.namespace_row(reader, *ids_of(name))
    if row is None:
        raise not_found(Resource.NAMESPACE, name)
    return row
