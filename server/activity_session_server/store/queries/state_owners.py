"""The queries of the owners of state: what holds for all keys of one, in a row where only writers of new keys meet."""

from typing import NamedTuple

from sqlalchemy import bindparam, func, select, update

from activity_session_server.orm import State, StateOwner
from activity_session_server.orm.base import table_of
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.readers import Raced, Writer


class Addition(NamedTuple):
    """A write that adds keys, while no other can: how many keys there are, and what new ones must exceed."""

    keys: int
    revision: int


_TABLE = table_of(StateOwner)
_IS_THIS = StateOwner.owner_pkid == bindparam("its_owner")
_ADD = Statement(update(_TABLE).where(_IS_THIS).values(additions=StateOwner.additions + 1))
_GET = Statement(
    select(
        select(func.count())
        .where(State.owner_pkid == bindparam("its_owner"), State.delete_ts.is_(None))
        .scalar_subquery()
        .label("keys"),
        StateOwner.revision,
    ).where(_IS_THIS)
)
_RAISE = Statement(
    update(_TABLE)
    .where(_IS_THIS, StateOwner.revision < bindparam("its_revision"))
    .values(revision=bindparam("its_revision"))
)
_EXISTS = Statement(select(StateOwner.owner_pkid).where(_IS_THIS))


def begin_addition(writer: Writer, owner_uid: str) -> Addition:
    """Begin to add keys to a state: others that do wait until the transaction ends, or are run again."""
    if not writer.change(_ADD, {"its_owner": owner_uid}):
        _insert(writer, owner_uid, additions=1)
    row = writer.row(_GET, {"its_owner": owner_uid})
    if row is None:
        raise Raced
    return Addition(row.keys, row.revision)


def raise_revision(writer: Writer, owner_uid: str, revision: int) -> None:
    """Have all new keys of a state get larger revisions than this one."""
    if writer.change(_RAISE, {"its_owner": owner_uid, "its_revision": revision}):
        return
    if not writer.row(_EXISTS, {"its_owner": owner_uid}):
        _insert(writer, owner_uid, revision=revision)


def _insert(writer: Writer, owner_uid: str, **values: int) -> None:
    if not writer.insert(_TABLE, {"owner_pkid": owner_uid, **values}):
        raise Raced
