"""Former values of state whose time is over: those that were replaced first go first.

Each session is told from which number on its state can still be read. One that somebody is busy with is left for the
next sweep.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BindParameter, bindparam, delete, exists, func, select, update

from activity_session_server.orm import ActivitySession, Namespace, PastState
from activity_session_server.orm.base import table_of
from activity_session_server.orm.types import AnyRow, utc_datetime
from activity_session_server.store.batches import fitting
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.expressions import byte_length
from activity_session_server.store.queries import expiry
from activity_session_server.store.readers import Reader, Writer, count_of

_LATEST: BindParameter[datetime] = bindparam("its_latest", type_=utc_datetime())
_IS_OLD = PastState.replace_ts <= _LATEST
_IS_OWNER = ActivitySession.pkid == PastState.owner_pkid
_IS_DUE = _IS_OLD & ~exists().where(_IS_OWNER, expiry.IS_HELD)
# Without a join, which would be sorted.
_DUE = Statement(
    select(
        PastState.owner_pkid,
        PastState.key,
        PastState.sequence,
        PastState.until_sequence,
        byte_length(PastState.value_json).label("size"),
        select(ActivitySession.namespace_pkid).where(_IS_OWNER).scalar_subquery().label("namespace_pkid"),
    )
    .where(_IS_DUE)
    .order_by(PastState.replace_ts)
    .limit(bindparam("most"))
)
_COUNT_DUE = Statement(select(func.count()).select_from(PastState).where(_IS_DUE))
# A hold is judged under the locks, namespaces first, as in all writes.
_HOLD_NAMESPACES = Statement(
    select(Namespace.pkid, Namespace.legal_hold)
    .where(Namespace.pkid.in_(bindparam("uids", expanding=True)))
    .order_by(Namespace.pkid)
    .with_for_update(read=True),
    many="uids",
)
_LOCK = Statement(
    select(ActivitySession.pkid, ActivitySession.namespace_pkid, ActivitySession.legal_hold)
    .where(ActivitySession.pkid.in_(bindparam("uids", expanding=True)))
    .with_for_update(skip_locked=True),
    many="uids",
)
_RAISE = Statement(
    update(table_of(ActivitySession))
    .where(ActivitySession.pkid == bindparam("its_uid"), ActivitySession.state_first_sequence < bindparam("its_first"))
    .values(state_first_sequence=bindparam("its_first"))
)
_REMOVE = Statement(
    delete(table_of(PastState)).where(
        PastState.owner_pkid == bindparam("its_owner"),
        PastState.key == bindparam("its_key"),
        PastState.sequence == bindparam("its_sequence"),
    )
)


def count_former_values(reader: Reader, latest: datetime) -> int:
    """How many former values were replaced until then, of sessions that are not held."""
    return count_of(reader, _COUNT_DUE, {"its_latest": latest})


def remove_former_values(writer: Writer, latest: datetime, most: int) -> int:
    """Remove at most so many of the values that were replaced until then, oldest first; returns how many.

    Those of sessions that are held, or locked by others, stay.
    """
    rows = writer.rows(_DUE, {"its_latest": latest, "most": most})
    found = rows[: fitting(row.size for row in rows)]
    # Those of sessions that are expunged have nobody to be told.
    owned = [row for row in found if row.namespace_pkid is not None]
    free = _lock_sessions(writer, owned) if owned else set()
    _tell(writer, [row for row in owned if row.owner_pkid in free])
    removed = [row for row in found if row.namespace_pkid is None or row.owner_pkid in free]
    keys = [{"its_owner": row.owner_pkid, "its_key": row.key, "its_sequence": row.sequence} for row in removed]
    return writer.change_many(_REMOVE, keys) if keys else 0


def _lock_sessions(writer: Writer, rows: Sequence[AnyRow]) -> set[str]:
    """Lock the sessions that can be locked at once, and whose former values may go; returns their uids."""
    namespaces = writer.rows(_HOLD_NAMESPACES, {"uids": sorted({row.namespace_pkid for row in rows})})
    held = {row.pkid for row in namespaces if row.legal_hold}
    sessions = writer.rows(_LOCK, {"uids": sorted({row.owner_pkid for row in rows})})
    return {row.pkid for row in sessions if not row.legal_hold and row.namespace_pkid not in held}


def _tell(writer: Writer, rows: Sequence[AnyRow]) -> None:
    """Note from which numbers on the state of locked sessions can be read without some former values."""
    first: dict[str, int] = {}
    for row in rows:
        first[row.owner_pkid] = max(row.until_sequence, first.get(row.owner_pkid, 0))
    if first:
        writer.change_many(_RAISE, [{"its_uid": uid, "its_first": number} for uid, number in first.items()])
