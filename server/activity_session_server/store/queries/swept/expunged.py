"""What is left of expunged sessions: no call can reach it any more, and it is removed in batches (`store.batches`)."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Table, bindparam, delete, func, select

from activity_session_server.orm import Event, Expunged, Memory, State
from activity_session_server.orm.base import table_of
from activity_session_server.store.batches import fitting
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.expressions import byte_length
from activity_session_server.store.queries import events
from activity_session_server.store.readers import Reader, Writer, count_of


class _Owned(NamedTuple):
    """A table whose rows belong to a session: how to find some with their bytes, and how to remove them."""

    find: Statement
    remove: Statement


def _owned(table: Table, owner: str, key: str, size: ColumnElement[int]) -> _Owned:
    of_session = table.c[owner] == bindparam("its_session")
    remove = delete(table).where(of_session, table.c[key].in_(bindparam("keys", expanding=True)))
    find = select(table.c[key], size).where(of_session).order_by(table.c[key]).limit(bindparam("most"))
    return _Owned(Statement(find), Statement(remove, many="keys"))


# What can be long in a row; all else of it takes 6 KiB at most.
_OWNED = (
    _owned(table_of(Event), "activity_session_pkid", "sequence", events.BYTES),
    _owned(table_of(State), "owner_pkid", "key", func.coalesce(byte_length(State.value_json), 0)),
    _owned(
        table_of(Memory),
        "activity_session_pkid",
        "pkid",
        byte_length(Memory.content) + func.coalesce(byte_length(Memory.memo), 0),
    ),
)
_COUNTS = [
    Statement(select(func.count()).where(owner.in_(select(Expunged.activity_session_pkid))))
    for owner in (Event.activity_session_pkid, State.owner_pkid, Memory.activity_session_pkid)
]
_FIND = Statement(select(Expunged.activity_session_pkid).order_by(Expunged.create_ts).limit(bindparam("most")))
_FORGET = Statement(delete(table_of(Expunged)).where(Expunged.activity_session_pkid == bindparam("its_session")))


def expunged_sessions(reader: Reader, most: int) -> Sequence[str]:
    """The uids of expunged sessions of which something may be left, oldest first."""
    return [row[0] for row in reader.rows(_FIND, {"most": most})]


def count_rows(reader: Reader) -> int:
    """How many rows are left of expunged sessions."""
    return sum(count_of(reader, statement) for statement in _COUNTS)


def remove_batch(writer: Writer, session_uid: str, most: int) -> int:
    """Remove at most so many rows of an expunged session; returns how many, 0 when nothing is left."""
    for find, remove in _OWNED:
        rows = writer.rows(find, {"its_session": session_uid, "most": most})
        if rows:
            keys = [row[0] for row in rows[: fitting(row[1] for row in rows)]]
            return writer.change(remove, {"its_session": session_uid, "keys": keys})
    writer.change(_FORGET, {"its_session": session_uid})
    return 0
