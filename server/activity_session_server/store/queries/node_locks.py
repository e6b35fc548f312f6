"""Locks between the nodes of a cluster.

On Galera a row that is only held is held on one node. Of two transactions on two nodes, one is undone only if both
have written the same row. So those that exclude each other write rows of this table, besides the locks that hold on
one node: one that shares a lock writes one row of several, at random, so that those who share it seldom meet; one that
excludes all of them writes each row. It does so before it reads what the others may change: what they have committed
by then it sees, and what they commit later meets its rows. (A materialized conflict: Kleppmann, "Designing
Data-Intensive Applications", 2017, chapter 7.)
"""

import random
from collections.abc import Iterable

from sqlalchemy import bindparam, delete, literal_column
from sqlalchemy.dialects.mysql import insert

from activity_session_server.orm import NodeLock
from activity_session_server.orm.base import table_of
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.readers import Writer

STRIPES = 16

_chance = random.SystemRandom()
_TABLE = table_of(NodeLock)
# As a literal: PyMySQL takes no values there when it sends several rows at once.
_WRITE = Statement(insert(_TABLE).on_duplicate_key_update(writes=NodeLock.writes + literal_column("1")))
_REMOVE = Statement(delete(_TABLE).where(NodeLock.owner_pkid == bindparam("its_owner")))


def share(writer: Writer, owner_uids: Iterable[str]) -> None:
    """Exclude those who call `exclude` for one of the owners; does nothing where there is only one node."""
    if writer.is_on_cluster:
        rows = [{"owner_pkid": uid, "stripe": _chance.randrange(STRIPES)} for uid in sorted(owner_uids)]
        if rows:
            writer.change_many(_WRITE, rows)


def exclude(writer: Writer, owner_uid: str) -> None:
    """Exclude all who share the lock of an owner. To be called before what they may change is read."""
    if writer.is_on_cluster:
        writer.change_many(_WRITE, [{"owner_pkid": owner_uid, "stripe": stripe} for stripe in range(STRIPES)])


def remove(writer: Writer, owner_uid: str) -> None:
    """Remove the rows of an owner that is removed itself."""
    if writer.is_on_cluster:
        writer.change(_REMOVE, {"its_owner": owner_uid})
