"""The queries of former sessions: the numbers that fence grow under a name, whichever session has it.

A holder can keep the token of a turn, or the revision of a key, for as long as it likes. So that neither counts for a
later session of the same name, that one goes on where the former one ended. In the end all that is kept of a namespace
is one row, with the largest numbers of all names that nobody has used for long.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, func, select, update

from activity_session_server.orm import ActivitySession, FormerSession, State, StateOwner
from activity_session_server.orm.base import table_of
from activity_session_server.orm.types import AnyRow
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.queries import state_owners
from activity_session_server.store.readers import Raced, Reader, Writer, count_of


class _Numbers(NamedTuple):
    turn_token: int
    revision: int


_TABLE = table_of(FormerSession)
# Stands for all names that have no row of their own any more; no id is empty.
_ALL_OLDER = ""
# The row of these is never due.
_NEVER = datetime(9999, 1, 1)  # noqa: DTZ001 - columns hold times without a zone
_NUMBERS = Statement(
    select(
        ActivitySession.namespace_pkid,
        ActivitySession.name,
        ActivitySession.turn_token,
        select(func.coalesce(func.max(State.revision), 0))
        .where(State.owner_pkid == bindparam("its_uid"))
        .scalar_subquery()
        .label("revision"),
        func.coalesce(
            select(StateOwner.revision).where(StateOwner.owner_pkid == bindparam("its_uid")).scalar_subquery(), 0
        ).label("first_revision"),
    ).where(ActivitySession.pkid == bindparam("its_uid"))
)
_FIND = Statement(
    select(
        func.coalesce(func.max(FormerSession.turn_token), 0).label("turn_token"),
        func.coalesce(func.max(FormerSession.revision), 0).label("revision"),
    ).where(
        FormerSession.namespace_pkid == bindparam("its_namespace"),
        FormerSession.name.in_((bindparam("its_name"), _ALL_OLDER)),
    )
)
_IS_THIS = (FormerSession.namespace_pkid == bindparam("its_namespace")) & (FormerSession.name == bindparam("its_name"))
_SET = Statement(update(_TABLE).where(_IS_THIS))
_DUE = Statement(
    select(_TABLE)
    .where(FormerSession.create_ts <= bindparam("its_latest"))
    .order_by(FormerSession.create_ts)
    .limit(bindparam("most"))
)
_COUNT_DUE = Statement(select(func.count()).where(FormerSession.create_ts <= bindparam("its_latest")))
# The numbers are compared too: another session of that name may have been expunged meanwhile.
_REMOVE = Statement(
    delete(_TABLE).where(
        _IS_THIS,
        FormerSession.turn_token == bindparam("its_token"),
        FormerSession.revision == bindparam("its_revision"),
    )
)
_GO_ON = Statement(update(table_of(ActivitySession)).where(ActivitySession.pkid == bindparam("its_uid")))


def remember(writer: Writer, session_uid: str) -> None:
    """Keep the numbers of a locked session that is about to be removed; nothing where it never gave any."""
    row = writer.row(_NUMBERS, {"its_uid": session_uid})
    if row is None:
        raise Raced
    # The newest token must not pass for that of a turn that the later session has given and taken back.
    numbers = _Numbers(row.turn_token + 1 if row.turn_token else 0, max(row.revision, row.first_revision))
    if any(numbers):
        _keep(writer, row.namespace_pkid, row.name, numbers, writer.now)


def go_on(writer: Writer, namespace_uid: str, name: str, session_uid: str) -> None:
    """Have a session that was just inserted go on with the numbers of the former ones of its name.

    Not before the insert: until then, the former session may still be there.
    """
    row = writer.row(_FIND, {"its_namespace": namespace_uid, "its_name": name})
    if row is not None and row.turn_token:
        writer.change(_GO_ON, {"its_uid": session_uid, "turn_token": row.turn_token})
    if row is not None and row.revision:
        state_owners.raise_revision(writer, session_uid, row.revision)


def count_names(reader: Reader, latest: datetime) -> int:
    """How many names there are of sessions that were expunged until then."""
    return count_of(reader, _COUNT_DUE, {"its_latest": latest})


def forget_names(writer: Writer, latest: datetime, most: int) -> int:
    """Forget at most so many names of sessions that were expunged until then; their numbers hold for all new names.

    Returns how many.
    """
    due = writer.rows(_DUE, {"its_latest": latest, "most": most})
    for namespace_uid in sorted({row.namespace_pkid for row in due}):
        _merge(writer, namespace_uid, [row for row in due if row.namespace_pkid == namespace_uid])
    return len(due)


def _merge(writer: Writer, namespace_uid: str, rows: Sequence[AnyRow]) -> None:
    known = writer.row(_FIND, {"its_namespace": namespace_uid, "its_name": _ALL_OLDER})
    together = [*rows, known] if known else rows
    numbers = _Numbers(max(row.turn_token for row in together), max(row.revision for row in together))
    _keep(writer, namespace_uid, _ALL_OLDER, numbers, _NEVER)
    for row in rows:
        this = {"its_namespace": namespace_uid, "its_name": row.name}
        writer.change(_REMOVE, {**this, "its_token": row.turn_token, "its_revision": row.revision})


def _keep(writer: Writer, namespace_uid: str, name: str, numbers: _Numbers, time: datetime) -> None:
    values: dict[str, Any] = {**numbers._asdict(), "create_ts": time}
    if writer.change(_SET, {**values, "its_namespace": namespace_uid, "its_name": name}):
        return
    if not writer.insert(_TABLE, {**values, "namespace_pkid": namespace_uid, "name": name}):
        raise Raced
