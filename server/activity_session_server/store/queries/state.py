"""The queries of state: a row per key, with a revision of its own, so that writers of different keys do not meet.

Only those who add keys to one state wait for each other (`state_owners`).
"""

import itertools
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, case, delete, exists, func, or_, select, update

from activity_session_server.orm import ActivitySession, Namespace, Participant, PastState, State
from activity_session_server.orm.base import table_of
from activity_session_server.orm.types import AnyRow
from activity_session_server.rules import names
from activity_session_server.rules.errors import check_uid
from activity_session_server.rules.filters import Text
from activity_session_server.rules.names import Kind
from activity_session_server.rules.paging import Page, Position
from activity_session_server.store.codec.resources import state_message
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.expressions import byte_length, matches
from activity_session_server.store.lists.pages import Keys, fetch_owned_page
from activity_session_server.store.lists.portions import Query, clipped, long_columns
from activity_session_server.store.queries import expiry, heads, namespaces, participants, state_owners
from activity_session_server.store.queries.heads import Head
from activity_session_server.store.queries.history import past_state
from activity_session_server.store.queries.history.past_state import IS_NOTED, STATE_AT
from activity_session_server.store.readers import Raced, Reader, Writer, count_of


class Owner(NamedTuple):
    """Whose state it is: a namespace, a participant or a session, by uid and name."""

    uid: str
    name: str


class Entry(NamedTuple):
    """A key that nobody else can change until the transaction ends.

    `has_row`: it exists, or has existed and is not forgotten. `sequence` is the number that its last change came with;
    None where none was noted.
    """

    revision: int
    exists: bool
    has_row: bool = True
    sequence: int | None = None

    @property
    def current(self) -> int:
        """The revision that a caller can expect: 0 where the key is not there."""
        return self.revision if self.exists else 0


NEVER = Entry(0, exists=False, has_row=False)

_TABLE = table_of(State)
_IS_NAMESPACE = Namespace.name == bindparam("namespace")
# By way of the owner, so that all the state of an expunged session is out of reach at once. A join would be sorted.
_OWNER = {
    Kind.NAMESPACE: select(Namespace.pkid),
    Kind.PARTICIPANT: select(Participant.pkid)
    .join_from(Participant, Namespace)
    .where(Participant.name == bindparam("id")),
    Kind.SESSION: select(ActivitySession.pkid)
    .join_from(ActivitySession, Namespace)
    .where(ActivitySession.name == bindparam("id")),
}
_IS_OF: Mapping[Kind, ColumnElement[bool]] = {
    kind: State.owner_pkid == owner.where(_IS_NAMESPACE).scalar_subquery() for kind, owner in _OWNER.items()
}
_NOTED = case((IS_NOTED, State.sequence)).label("sequence")
_ALL = select(State.owner_pkid, State.key, State.value_json, State.revision, _NOTED).where(State.delete_ts.is_(None))
_LONG = long_columns(_ALL)
_LIST = {kind: Statement(clipped(_ALL).where(is_of)) for kind, is_of in _IS_OF.items()}
_IS_OWNERS = State.owner_pkid == bindparam("its_owner")
_LIST_AT = Statement(clipped(STATE_AT).where(_IS_OWNERS))
_IS_THIS = _IS_OWNERS & (State.key == bindparam("its_key"))
_IS_AMONG = _IS_OWNERS & State.key.in_(bindparam("keys", expanding=True))
_KEYS = Keys(_TABLE.c.key, owner_uid=_TABLE.c.owner_pkid)
# In the order of the keys, so that no two writers wait for each other.
_LOCK = Statement(
    select(State.key, State.revision, State.delete_ts.is_(None).label("exists"), _NOTED)
    .where(_IS_AMONG)
    .order_by(State.key)
    .with_for_update(),
    many="keys",
)
_SMALL_VALUES = Statement(
    select(State.key, State.value_json).where(
        _IS_AMONG, State.delete_ts.is_(None), byte_length(State.value_json) <= bindparam("most_bytes")
    ),
    many="keys",
)
_CHANGE = Statement(update(_TABLE).where(_IS_THIS, State.revision == bindparam("its_revision")))
# By the primary keys of their owners, of which few are held.
_IS_HELD = or_(
    exists().where(ActivitySession.pkid == State.owner_pkid, expiry.IS_HELD),
    exists().where(Namespace.pkid == State.owner_pkid, Namespace.legal_hold),
    exists().where(
        Participant.pkid == State.owner_pkid, Namespace.pkid == Participant.namespace_pkid, Namespace.legal_hold
    ),
)
# Its former values are found by way of its row.
_HAS_PAST = exists().where(PastState.owner_pkid == State.owner_pkid, PastState.key == State.key)
_IS_OLD = (State.delete_ts <= bindparam("its_latest")) & ~_HAS_PAST
_IS_DUE = _IS_OLD & ~_IS_HELD
_DUE = Statement(select(State.delete_ts).where(_IS_DUE).order_by(State.delete_ts).limit(bindparam("most")))
_COUNT_DUE = Statement(select(func.count()).select_from(_TABLE).where(_IS_DUE))
# In the order in which writers lock them.
_LOCK_DUE = Statement(
    select(State.owner_pkid, State.revision, _NOTED)
    .where(_IS_DUE)
    .order_by(State.owner_pkid, State.key)
    .with_for_update()
)
# By the owners that were found: a DELETE would lock the rows of those that it looks at.
_FORGET = Statement(
    delete(_TABLE).where(_IS_OLD, State.owner_pkid.in_(bindparam("its_owners", expanding=True))), many="its_owners"
)


def get_state(
    reader: Reader,
    name: str,
    page: Page,
    *,
    uid: str,
    keys: Collection[str],
    key_prefix: str,
    most_bytes: int,
) -> tuple[list[bytes], Position | None]:
    """One page, entry by entry, of the state of a resource, sorted by key, and where the next one starts.

    Raises:
        ServiceError: NAMESPACE_NOT_FOUND, PARTICIPANT_NOT_FOUND, SESSION_NOT_FOUND.
    """
    kind, (namespace_id, *ids) = names.kind_of(name), names.ids_of(name)
    assert kind is not None  # noqa: S101 - the name has been checked
    values = {"namespace": namespace_id, **({"id": ids[0]} if ids else {})}
    return fetch_owned_page(
        reader,
        Query(_narrowed(_LIST[kind], keys, key_prefix), values, _LONG),
        _KEYS,
        page,
        _encode,
        most_bytes=most_bytes,
        owner_uid=lambda: _READ[kind](reader, *names.ids_of(name)).uid,
        check_owner=partial(check_uid, kind, name, meant=uid),
    )


def get_state_at(
    reader: Reader, head: Head, page: Page, sequence: int, *, keys: Collection[str], key_prefix: str, most_bytes: int
) -> tuple[list[bytes], Position | None]:
    """The same of the state that a session had at a number up to its last.

    Raises:
        ServiceError: STATE_PURGED.
    """
    owner_uid = past_state.owner_at(reader, head, sequence)
    found = fetch_owned_page(
        reader,
        Query(_narrowed(_LIST_AT, keys, key_prefix), {"its_owner": owner_uid, "at_sequence": sequence}, _LONG),
        _KEYS,
        page,
        _encode,
        most_bytes=most_bytes,
        owner_uid=lambda: owner_uid,
    )
    past_state.check_readable(reader, head, owner_uid, sequence)
    return found


def _encode(row: AnyRow) -> bytes:
    return state_message(row).SerializeToString()


def lock_entries(writer: Writer, owner: Owner, keys: Collection[str]) -> dict[str, Entry]:
    """The entries of the keys that exist or have existed, locked."""
    rows = writer.rows(_LOCK, {"its_owner": owner.uid, "keys": list(keys)})
    return {row.key: Entry(row.revision, exists=bool(row.exists), sequence=row.sequence) for row in rows}


def small_values(reader: Reader, owner: Owner, keys: Collection[str], most_bytes: int) -> dict[str, str]:
    """The values of the keys that exist, where a value has no more than `most_bytes`."""
    values = {"its_owner": owner.uid, "keys": list(keys), "most_bytes": most_bytes}
    return {row.key: row.value_json for row in reader.rows(_SMALL_VALUES, values)}


def write_entry(
    writer: Writer, owner: Owner, key: str, entry: Entry, value_json: str | None, *, sequence: int | None
) -> int:
    """Set a locked key, or delete it by None, and note the number of the change, if any; returns its new revision."""
    revision = entry.revision + 1
    noted = {} if sequence is None else {"sequence": sequence, "noted_revision": revision}
    values = {
        "value_json": value_json,
        "revision": revision,
        "update_ts": writer.now,
        "delete_ts": writer.now if value_json is None else None,
        **noted,
    }
    if not _write(writer, owner, key, entry, values):
        raise Raced
    return revision


def count_deleted(reader: Reader, latest: datetime) -> int:
    """How many keys were deleted until then."""
    return count_of(reader, _COUNT_DUE, {"its_latest": latest})


def forget_deleted(writer: Writer, latest: Any, most: int) -> int:
    """Remove about `most` of the keys that were deleted until then, oldest first; returns how many.

    Those of sessions and namespaces that are held stay. What comes again under the names of the others goes on with
    larger revisions.
    """
    due = writer.rows(_DUE, {"its_latest": latest, "most": most})
    if not due:
        return 0
    last = {"its_latest": due[-1].delete_ts}
    rows = writer.rows(_LOCK_DUE, last)
    owners = []
    for owner_uid, of_owner in itertools.groupby(rows, key=attrgetter("owner_pkid")):
        state_owners.raise_revision(writer, owner_uid, max(row.revision for row in of_owner))
        owners.append(owner_uid)
    # Nobody knows until when these keys were there.
    past_state.lose_history(writer, sorted({row.owner_pkid for row in rows if row.sequence is None}))
    return writer.change(_FORGET, {**last, "its_owners": owners})


def _narrowed(listed: Statement, keys: Collection[str], key_prefix: str) -> Statement | Select[Any]:
    """A query of only the keys that are named, if some are, and that start with the prefix, if there is one."""
    if not keys and not key_prefix:
        return listed
    query: Select[Any] = listed.construct
    if keys:
        query = query.where(State.key.in_(keys))
    return query.where(matches(_TABLE.c.key, Text(key_prefix, open_end=True))) if key_prefix else query


def _write(writer: Writer, owner: Owner, key: str, entry: Entry, values: Mapping[str, Any]) -> bool:
    if not entry.has_row:
        return writer.insert(_TABLE, {"owner_pkid": owner.uid, "key": key, **values})
    this = {"its_owner": owner.uid, "its_key": key, "its_revision": entry.revision}
    return writer.change(_CHANGE, {**values, **this}) == 1


_READ: Mapping[Kind, Callable[..., Any]] = {
    Kind.NAMESPACE: namespaces.get_namespace,
    Kind.PARTICIPANT: participants.get_participant,
    Kind.SESSION: heads.get_head,
}
