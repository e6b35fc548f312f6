"""What is done to sessions that are due, or that a caller purges, several at a time.

Who is busy with a session has it locked, and is not waited for: the next sweep finds it if it is still due then, and a
caller is told.
"""

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute

from activity_session_server.orm import ActivitySession
from activity_session_server.orm.base import table_of
from activity_session_server.orm.types import AnyRow
from activity_session_server.rules import etags
from activity_session_server.store.codec.sessions import expired_at
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.expressions import clock
from activity_session_server.store.queries import sessions
from activity_session_server.store.queries.namespaces import HeldNamespace
from activity_session_server.store.readers import Writer

T = TypeVar("T")


def _lock(column: InstrumentedAttribute[datetime | None], *, deleted: bool) -> Statement:
    found = select(ActivitySession.pkid, ActivitySession.name, ActivitySession.expire_ts, ActivitySession.update_ts)
    found = found.where(
        ActivitySession.pkid.in_(bindparam("uids", expanding=True)),
        ActivitySession.deleted.is_(deleted),
        ActivitySession.legal_hold.is_(False),
        column <= clock(),
    )
    return Statement(found.with_for_update(skip_locked=True), many="uids")


_LOCK_EXPIRED = _lock(ActivitySession.expire_ts, deleted=False)
_LOCK_PURGEABLE = _lock(ActivitySession.purge_ts, deleted=True)
_LOCK_GONE = Statement(
    select(ActivitySession.pkid, ActivitySession.revision)
    .where(
        ActivitySession.pkid.in_(bindparam("uids", expanding=True)),
        ActivitySession.legal_hold.is_(False),
        or_(ActivitySession.deleted.is_(True), ActivitySession.expire_ts <= clock()),
    )
    .with_for_update(skip_locked=True),
    many="uids",
)
# For the changes of a transaction, whose locks are held until it is committed.
_SECONDS = 0.01
_EXPIRE = Statement(update(table_of(ActivitySession)).where(ActivitySession.pkid == bindparam("its_uid")))


def expire_sessions(writer: Writer, namespace: HeldNamespace, uids: Collection[str]) -> list[str]:
    """Keep with those of a held namespace's sessions that have expired that they have; returns their ids.

    Callers see no change: they have been deleted for them since they expired, so etag and update time stay.
    """
    age, done = namespace.settings.purge_age_or(writer.purge_age), []
    for row in in_time(_locked(writer, namespace, _LOCK_EXPIRED, uids)):
        times = {"delete_ts": expired_at(row), "purge_ts": expired_at(row) + age}
        writer.change(_EXPIRE, {"its_uid": row.pkid, "deleted": True, **times})
        writer.changed.add(row.pkid)
        done.append(row.name)
    return done


def expunge_sessions(writer: Writer, namespace: HeldNamespace, uids: Collection[str]) -> list[str]:
    """Expunge those of a held namespace's sessions whose purge time has come, unless they have memories.

    Returns their ids.
    """
    done = []
    for row in in_time(_locked(writer, namespace, _LOCK_PURGEABLE, uids)):
        if not sessions.has_memories(writer, row.pkid):
            sessions.expunge_session(writer, row.pkid)
            done.append(row.name)
    return done


def lock_gone(writer: Writer, seen: Mapping[str, str]) -> set[str]:
    """Lock those of a held namespace's sessions that are still deleted or expired, and as they were seen: not held.

    `seen` has their etags by their uids. Returns the uids of those that are locked.
    """
    rows = writer.rows(_LOCK_GONE, {"uids": list(seen)}) if seen else []
    return {row.pkid for row in rows if etags.make(row.pkid, row.revision) == seen[row.pkid]}


def in_time(those: Iterable[T]) -> Iterator[T]:
    """As many of those as there is time for in a transaction, at least one; the others are left for another one."""
    until = time.monotonic() + _SECONDS
    for one in those:
        yield one
        if time.monotonic() >= until:
            return


def _locked(writer: Writer, namespace: HeldNamespace, lock: Statement, uids: Collection[str]) -> Sequence[AnyRow]:
    return [] if namespace.legal_hold else writer.rows(lock, {"uids": list(uids)})
