"""What is left of expunged sessions: no call can reach it any more, and it is removed in batches."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Table, bindparam, delete, select

from activity_session_server.orm import Event, Expunged, Memory, State
from activity_session_server.orm.base import table_of
from activity_session_server.store.readers import Reader, Writer
from activity_session_server.store.statements import Statement

BATCH = 200


class _Owned(NamedTuple):
    """A table whose rows belong to a session: how to find some, and how to remove them."""

    find: Statement
    remove: Statement


def _owned(table: Table, owner: str, key: str) -> _Owned:
    of_session = table.c[owner] == bindparam("its_session")
    remove = delete(table).where(of_session, table.c[key].in_(bindparam("keys", expanding=True)))
    find = select(table.c[key]).where(of_session).order_by(table.c[key]).limit(BATCH)
    return _Owned(Statement(find), Statement(remove, many="keys"))


_OWNED = (
    _owned(table_of(Event), "activity_session_pkid", "sequence"),
    _owned(table_of(State), "owner_pkid", "key"),
    _owned(table_of(Memory), "activity_session_pkid", "pkid"),
)
_FIND = Statement(select(Expunged.activity_session_pkid).order_by(Expunged.create_ts).limit(BATCH))
_FORGET = Statement(delete(table_of(Expunged)).where(Expunged.activity_session_pkid == bindparam("its_session")))


def expunged_sessions(reader: Reader) -> Sequence[str]:
    """The uids of expunged sessions of which something may be left, oldest first."""
    return [row[0] for row in reader.rows(_FIND)]


def remove_batch(writer: Writer, session_uid: str) -> int:
    """Remove some rows of an expunged session; returns how many, 0 when nothing is left."""
    for find, remove in _OWNED:
        keys = [row[0] for row in writer.rows(find, {"its_session": session_uid})]
        if keys:
            return writer.change(remove, {"its_session": session_uid, "keys": keys})
    writer.change(_FORGET, {"its_session": session_uid})
    return 0
