"""The writes of an import, and what it has to know of what is there."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, or_, select

from activity_session_server.orm import Namespace, Participant
from activity_session_server.orm.base import table_of
from activity_session_server.orm.types import AnyRow
from activity_session_server.rules.namespace_settings import NamespaceResourceSettings
from activity_session_server.store.batches import ROWS
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.queries.moves import kinds, walks
from activity_session_server.store.queries.moves.kinds import Kind
from activity_session_server.store.queries.swept import expunged
from activity_session_server.store.readers import Reader, Writer


class TakenError(Exception):
    """A row is there that was not there before, or comes twice; the text is the word of its kind."""


def _is_of_owner(kind: Kind) -> ColumnElement[bool]:
    return kind.table.c[kind.owner] == bindparam("its_owner")


def _same(kind: Kind) -> Statement:
    """The rows that have a uid, or a name under an owner."""
    columns = kind.table.c
    by_name = columns.name == bindparam("its_name")
    named = and_(columns[kind.owner] == bindparam("its_owner"), by_name) if kind.owner else by_name
    return Statement(select(kind.table).where(or_(columns.pkid == bindparam("its_uid"), named)))


_SAME = {kind.word: _same(kind) for kind in kinds.HEADERS}
# What the sweep does not know of.
_REMOVE = [
    Statement(delete(kind.table).where(_is_of_owner(kind)))
    for kind in (kinds.STATE_OWNER, kinds.FORMER_MEMBER, kinds.FORMER_SESSION)
]
_REMOVE_NAMESPACE = Statement(delete(table_of(Namespace)).where(Namespace.pkid == bindparam("its_owner")))
_PARTICIPANT = Statement(
    select(Participant.pkid).where(
        Participant.namespace_pkid == bindparam("its_owner"), Participant.name == bindparam("id")
    )
)


def same_rows(reader: Reader, kind: Kind, row: Mapping[str, Any]) -> Sequence[AnyRow]:
    """The namespaces, participants or sessions that have the uid of a row, or its name."""
    values = {"its_uid": row["pkid"], "its_name": row["name"]}
    return reader.rows(_SAME[kind.word], values | ({"its_owner": row[kind.owner]} if kind.owner else {}))


def participant_uid(reader: Reader, namespace_uid: str, participant_id: str) -> str | None:
    """The uid of a participant, if there is one with that id."""
    row = reader.row(_PARTICIPANT, {"its_owner": namespace_uid, "id": participant_id})
    return None if row is None else str(row[0])


def is_untouched(reader: Reader, namespace: AnyRow) -> bool:
    """Whether a namespace is as it was made, without anything that was set, and empty."""
    was_set = (namespace.description, namespace.managed, namespace.deleted, namespace.legal_hold)
    if namespace.revision > 1 or any(was_set) or namespace.settings != NamespaceResourceSettings():
        return False
    return not walks.words_there(reader, kinds.NAMESPACE, namespace.pkid)


def remove_leftovers(writer: Writer, uid: str) -> int:
    """Remove some of what belongs to something that is not there itself; returns how many, 0 when nothing is left."""
    for statement in _REMOVE:
        writer.change(statement, {"its_owner": uid})
    return expunged.remove_rows(writer, uid, ROWS)


def write(writer: Writer, rows: Mapping[str, Sequence[Mapping[str, Any]]], replaced: Iterable[str]) -> None:
    """Write rows, by the words of their kinds, in place of namespaces that nobody has used.

    Raises:
        TakenError: one of them is there; nothing must be committed.
    """
    for uid in replaced:
        writer.change(_REMOVE_NAMESPACE, {"its_owner": uid})
    for kind in kinds.KINDS:
        some = rows.get(kind.word)
        if some and not writer.insert(kind.table, some):
            raise TakenError(kind.word)
