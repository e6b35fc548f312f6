"""Rows in the order of an export, read in portions that are bounded by bytes, each found by an index."""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import takewhile
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, literal, or_, select, union

from activity_session_server.orm import ActivitySession, Namespace, Participant
from activity_session_server.orm.base import table_of
from activity_session_server.orm.types import AnyRow
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.lists.portions import Portions, Rest, clipped, long_columns
from activity_session_server.store.queries.history import inherited
from activity_session_server.store.queries.moves import kinds
from activity_session_server.store.queries.moves.kinds import Kind
from activity_session_server.store.readers import Reader

# Of the long columns of a portion, and the most rows of one.
MOST_BYTES = 8 * 1024 * 1024
_MOST_ROWS = 1000
# A row's place in the order of its kind.
Place = tuple[Any, ...]

_NAMESPACE = Statement(select(table_of(Namespace)).where(Namespace.name == bindparam("namespace")))
_SESSION = Statement(
    select(table_of(ActivitySession))
    .join_from(ActivitySession, Namespace)
    .where(Namespace.name == bindparam("namespace"), ActivitySession.name == bindparam("session"))
)
_BY_UID = {
    kind.word: Statement(select(kind.table).where(kind.table.c.pkid == bindparam("its_uid"))) for kind in kinds.HEADERS
}
_THERE = {
    kind.word: Statement(
        select(
            *(
                exists(select(literal(1)).where(one.table.c[one.owner] == bindparam("its_owner"))).label(one.word)
                for one in (*kinds.owned_by(kind), *(kinds.HEADERS[1:] if kind is kinds.NAMESPACE else ()))
            )
        )
    )
    for kind in kinds.HEADERS
}
_OF_SESSION = union(
    *(
        select(kind.table.c[column]).where(kind.table.c[kind.owner] == bindparam("its_owner"))
        for kind in kinds.owned_by(kinds.SESSION)
        for column in kind.people
    )
)
_PEOPLE = Statement(
    select(table_of(Participant))
    .where(Participant.pkid.in_(_OF_SESSION))
    .order_by(Participant.create_ts, Participant.pkid)
)


def rows(reader: Reader, kind: Kind, owner_uid: str = "", after: Place | None = None) -> Iterator[AnyRow]:
    """The rows of a kind that belong to an owner, in order, from the first after a place on."""
    while True:
        found, is_end = _portion(reader, kind, owner_uid, after)
        yield from found
        if is_end or not found:
            return
        after = place_of(kind, found[-1])


def event_rows(reader: Reader, session: AnyRow) -> Iterator[AnyRow]:
    """The rows of the events of a session: all that can be read of it, also what a fork has of other sessions."""
    for (first, last), uid in inherited.all_parts(reader, session.pkid, session.inherited_sequence):
        found = rows(reader, kinds.EVENT, uid, (max(first, session.first_sequence) - 1,))
        yield from takewhile(lambda row, last=last: row.sequence <= last, found)  # type: ignore[misc]  # its default


def place_of(kind: Kind, row: AnyRow) -> Place:
    """Where a row stands among those of its owner."""
    return tuple(getattr(row, name) for name in kind.order)


def namespace_row(reader: Reader, namespace_id: str) -> AnyRow | None:
    """The namespace with an id, if there is one."""
    return reader.row(_NAMESPACE, {"namespace": namespace_id})


def session_row(reader: Reader, namespace_id: str, session_id: str) -> AnyRow | None:
    """The session with an id, if there is one, also a deleted one."""
    return reader.row(_SESSION, {"namespace": namespace_id, "session": session_id})


def row_with_uid(reader: Reader, kind: Kind, uid: str) -> AnyRow | None:
    """The namespace, participant or session with a uid, if there is one."""
    return reader.row(_BY_UID[kind.word], {"its_uid": uid})


def words_there(reader: Reader, kind: Kind, uid: str) -> set[str]:
    """The words of the kinds of which a namespace, a participant or a session has rows, also where it is not there."""
    row = reader.row(_THERE[kind.word], {"its_owner": uid})
    return set() if row is None else {word for word, is_there in row._asdict().items() if is_there}


def people_of(reader: Reader, session_uid: str) -> Sequence[AnyRow]:
    """The participants that a session cannot be without: members, former ones, and agents of its memories."""
    return reader.rows(_PEOPLE, {"its_owner": session_uid})


def _portion(reader: Reader, kind: Kind, owner_uid: str, after: Place | None) -> tuple[Sequence[AnyRow], bool]:
    statement, long = _statement(kind.word, is_first=after is None)
    values = {f"place_{number}": value for number, value in enumerate(after or ())}
    if kind.owner:
        values["its_owner"] = owner_uid
    return Portions(reader, MOST_BYTES).read(Rest(statement, values, long), _MOST_ROWS, 0)


@cache
def _statement(word: str, *, is_first: bool) -> tuple[Statement, Any]:
    """The statement of a kind, and its long columns. By its word, since a kind has dictionaries."""
    kind = kinds.BY_WORD[word]
    query = _with_people(kind)
    columns = [kind.table.c[name] for name in kind.order]
    if kind.owner:
        query = query.where(kind.table.c[kind.owner] == bindparam("its_owner"))
    if not is_first:
        query = query.where(_is_after(columns))
    long = long_columns(query)
    return Statement(clipped(query).order_by(*columns).limit(bindparam("most"))), long


def _with_people(kind: Kind) -> Select[Any]:
    """The columns of a kind, and the ids of its participants by the words for them."""
    query = select(kind.table)
    for column, word in kind.people.items():
        query = query.add_columns(Participant.name.label(word)).join(
            Participant, Participant.pkid == kind.table.c[column]
        )
    return query


def _is_after(columns: Sequence[ColumnElement[Any]]) -> ColumnElement[bool]:
    first, *rest = ((column, bindparam(f"place_{number}", type_=column.type)) for number, column in enumerate(columns))
    if not rest:
        return first[0] > first[1]
    (second,) = rest
    # The first condition is the range of the index.
    return and_(first[0] >= first[1], or_(first[0] > first[1], and_(first[0] == first[1], second[0] > second[1])))
