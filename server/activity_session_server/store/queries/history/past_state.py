"""The queries of the former values of a session's state: what a change replaces is kept, with the numbers it held at.

A value holds from the number of the session's newest event at which it was written up to that at which it was replaced.
Each key has its row in `state` as long as it has former values; so the state at a number is read along those rows.
"""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    BindParameter,
    and_,
    bindparam,
    case,
    exists,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import aliased

from activity_session_server.orm import ActivitySession, PastState, State
from activity_session_server.orm.base import table_of
from activity_session_server.orm.types import utc_datetime
from activity_session_server.rules.errors import state_purged
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.queries.heads import Head
from activity_session_server.store.readers import Raced, Reader, Writer


class PastEntry(NamedTuple):
    """A key of a state as it was, with the number that its value came with."""

    value_json: str
    revision: int
    sequence: int


IS_NOTED = State.noted_revision == State.revision
_IS_OWNERS = State.owner_pkid == bindparam("its_owner")
_IS_THIS = ActivitySession.pkid == bindparam("its_uid")
# Of a key that changed after a number, the value that it had then; a key has one such row at most.
_AT: BindParameter[int] = bindparam("at_sequence", type_=BigInteger())
_NEWEST_UNTIL_THEN = (
    select(PastState.sequence)
    .where(PastState.owner_pkid == State.owner_pkid, PastState.key == State.key, PastState.sequence <= _AT)
    .order_by(PastState.sequence.desc())
    .limit(1)
    .correlate(State)
    .scalar_subquery()
)
_HELD_THEN = and_(
    State.sequence > _AT,
    PastState.owner_pkid == State.owner_pkid,
    PastState.key == State.key,
    PastState.sequence == _NEWEST_UNTIL_THEN,
    PastState.until_sequence > _AT,
)
_HOLDS_STILL = State.sequence <= _AT
# The state at a number, of all owners.
STATE_AT = (
    select(
        State.owner_pkid,
        State.key,
        case((_HOLDS_STILL, State.value_json), else_=PastState.value_json).label("value_json"),
        case((_HOLDS_STILL, State.revision), else_=PastState.revision).label("revision"),
        case((and_(_HOLDS_STILL, IS_NOTED), State.sequence), (_HOLDS_STILL, 0), else_=PastState.sequence).label(
            "sequence"
        ),
    )
    .join_from(State, PastState, _HELD_THEN, isouter=True)
    .where(or_(PastState.key.is_not(None), and_(_HOLDS_STILL, State.delete_ts.is_(None))))
)
_WHOLE = Statement(STATE_AT.where(_IS_OWNERS))
_READABLE = Statement(
    select(
        ActivitySession.last_sequence,
        case(
            (exists().where(State.owner_pkid == ActivitySession.pkid, ~IS_NOTED), None),
            else_=ActivitySession.state_first_sequence,
        ).label("first_sequence"),
    ).where(_IS_THIS)
)
_FORK = aliased(ActivitySession, name="fork")
_ORIGIN = Statement(
    select(ActivitySession.pkid, ActivitySession.inherited_sequence)
    .join_from(_FORK, ActivitySession, ActivitySession.pkid == _FORK.origin_pkid)
    .where(_FORK.pkid == bindparam("its_uid"))
)
_KEPT = ("owner_pkid", "key", "sequence", "until_sequence", "revision", "value_json", "replace_ts")
_KEEP = Statement(
    insert(table_of(PastState)).from_select(
        _KEPT,
        select(
            State.owner_pkid,
            State.key,
            State.sequence,
            bindparam("its_number", type_=BigInteger()),
            State.revision,
            State.value_json,
            bindparam("its_time", type_=utc_datetime()),
        ).where(_IS_OWNERS, State.key.in_(bindparam("keys", expanding=True))),
        include_defaults=False,
    ),
    many="keys",
)
_NOTE = Statement(
    update(table_of(State))
    .where(_IS_OWNERS, ~IS_NOTED)
    .values(sequence=bindparam("its_number"), noted_revision=State.revision)
)
# On a cluster an event may have been appended through another node.
_BEGIN = Statement(
    update(table_of(ActivitySession))
    .where(_IS_THIS, ActivitySession.last_sequence == bindparam("its_last"))
    .values(state_first_sequence=bindparam("its_last"))
)
# By the primary keys; owners that are no sessions have no number.
_LOSE = Statement(
    update(table_of(ActivitySession))
    .where(
        ActivitySession.pkid.in_(bindparam("its_owners", expanding=True)),
        ActivitySession.state_first_sequence < ActivitySession.last_sequence,
    )
    .values(state_first_sequence=ActivitySession.last_sequence),
    many="its_owners",
)


def begin_history(writer: Writer, head: Head) -> None:
    """Take the newest number of a session for that of all its values of which none was noted.

    They hold from then on, so its state at numbers before that can no longer be read.
    """
    writer.change(_NOTE, {"its_owner": head.uid, "its_number": head.last_sequence})
    if writer.change(_BEGIN, {"its_uid": head.uid, "its_last": head.last_sequence}) != 1:
        raise Raced


def lose_history(writer: Writer, owner_uids: Collection[str]) -> None:
    """Have the state of those owners that are sessions be readable from their newest number on."""
    if owner_uids:
        writer.change(_LOSE, {"its_owners": list(owner_uids)})


def keep_values(writer: Writer, session_uid: str, keys: Collection[str], number: int) -> None:
    """Keep the values of locked keys that exist and are about to change; all of them came with smaller numbers."""
    values = {"its_owner": session_uid, "its_number": number, "its_time": writer.now}
    if writer.change(_KEEP, {**values, "keys": list(keys)}) != len(keys):
        raise Raced


def owner_at(reader: Reader, head: Head, sequence: int) -> str:
    """The session whose rows the state at a number is: before its beginning, that of a fork is its origin's.

    Raises:
        ServiceError: STATE_PURGED, where the origin is gone.
    """
    uid, first = head.uid, head.inherited_sequence
    while sequence < first:
        row = reader.row(_ORIGIN, {"its_uid": uid})
        if row is None:
            raise state_purged(head.name, sequence, first)
        uid, first = row.pkid, row.inherited_sequence
    return uid


def check_readable(reader: Reader, head: Head, owner_uid: str, sequence: int) -> None:
    """Refuse the state that was read at a number at which it is not known.

    Not before it was read: until then, former values may be removed.

    Raises:
        ServiceError: STATE_PURGED.
    """
    row = reader.row(_READABLE, {"its_uid": owner_uid})
    if row is None:
        raise Raced
    first = row.last_sequence if row.first_sequence is None else row.first_sequence
    if sequence < first:
        raise state_purged(head.name, sequence, first if owner_uid == head.uid else min(first, head.inherited_sequence))


def state_at(reader: Reader, head: Head, sequence: int) -> dict[str, PastEntry]:
    """The whole state of a locked session at a number up to its last, by key: as many bytes as it had then.

    Raises:
        ServiceError: STATE_PURGED.
    """
    owner_uid = owner_at(reader, head, sequence)
    rows = reader.rows(_WHOLE, {"its_owner": owner_uid, "at_sequence": sequence})
    if sequence < head.last_sequence:
        check_readable(reader, head, owner_uid, sequence)
    return {row.key: PastEntry(row.value_json, row.revision, row.sequence) for row in rows}
