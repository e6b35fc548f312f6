"""Former values of state whose time is over: those that were replaced first go first.

Each session is told from which number on its state can still be read. One that somebody is busy with is left for the
next sweep.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import BindParameter, bindparam, delete, func, select, update

from activity_session_server.orm import ActivitySession, Namespace, PastState
from activity_session_server.orm.base import table_of
from activity_session_server.orm.types import utc_datetime
from activity_session_server.store.batches import fitting
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.expressions import byte_length, known
from activity_session_server.store.queries import expiry
from activity_session_server.store.readers import Reader, Writer, count_of

_LATEST: BindParameter[datetime] = bindparam("its_latest", type_=utc_datetime())
_IS_OLD = PastState.replace_ts <= _LATEST
_FOUND = (
    select(
        PastState.owner_pkid,
        PastState.replace_ts,
        byte_length(PastState.value_json).label("size"),
        ActivitySession.namespace_pkid,
    )
    .join_from(PastState, ActivitySession, ActivitySession.pkid == PastState.owner_pkid, isouter=True)
    .where(_IS_OLD, ~known(expiry.IS_HELD))
)
_DUE = Statement(_FOUND.order_by(PastState.replace_ts).limit(bindparam("most")))
_COUNT_DUE = Statement(_FOUND.with_only_columns(func.count(), maintain_column_froms=True))
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
_OF_OWNERS = PastState.owner_pkid.in_(bindparam("its_owners", expanding=True))
_LAST = Statement(
    select(PastState.owner_pkid, func.max(PastState.until_sequence).label("until"))
    .where(_OF_OWNERS, _IS_OLD)
    .group_by(PastState.owner_pkid),
    many="its_owners",
)
_RAISE = Statement(
    update(table_of(ActivitySession))
    .where(ActivitySession.pkid == bindparam("its_uid"), ActivitySession.state_first_sequence < bindparam("its_first"))
    .values(state_first_sequence=bindparam("its_first"))
)
_REMOVE = Statement(delete(table_of(PastState)).where(_OF_OWNERS, _IS_OLD), many="its_owners")


def count_former_values(reader: Reader, latest: datetime) -> int:
    """How many former values were replaced until then, of sessions that are not held."""
    return count_of(reader, _COUNT_DUE, {"its_latest": latest})


def remove_former_values(writer: Writer, latest: datetime, most: int) -> int:
    """Remove about `most` of the values that were replaced until then, oldest first; returns how many.

    Those of sessions that are held, or locked by others, stay.
    """
    rows = writer.rows(_DUE, {"its_latest": latest, "most": most})
    if not rows:
        return 0
    due = rows[: fitting(row.size for row in rows)]
    # Of sessions that are expunged, which have nothing to be told.
    gone = {row.owner_pkid for row in due if row.namespace_pkid is None}
    namespaces = {row.namespace_pkid for row in due} - {None}
    free = _lock_sessions(writer, namespaces, {row.owner_pkid for row in due} - gone)
    old = {"its_latest": due[-1].replace_ts}
    _tell(writer, old, free)
    return writer.change(_REMOVE, {**old, "its_owners": sorted(free | gone)}) if free | gone else 0


def _lock_sessions(writer: Writer, namespaces: Collection[str], uids: Collection[str]) -> set[str]:
    """Lock the sessions that can be locked at once, and whose former values may go; returns their uids."""
    if not uids:
        return set()
    held = {row.pkid for row in writer.rows(_HOLD_NAMESPACES, {"uids": sorted(namespaces)}) if row.legal_hold}
    rows = writer.rows(_LOCK, {"uids": sorted(uids)})
    return {row.pkid for row in rows if not row.legal_hold and row.namespace_pkid not in held}


def _tell(writer: Writer, old: Mapping[str, datetime], uids: Collection[str]) -> None:
    """Note from which number on the state of locked sessions can be read when their old values are gone."""
    if uids:
        last = writer.rows(_LAST, {**old, "its_owners": sorted(uids)})
        writer.change_many(_RAISE, [{"its_uid": row.owner_pkid, "its_first": row.until} for row in last])
