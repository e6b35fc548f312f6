"""Keyset pages: each starts after the last row of the page before, found by the index, however far down the list.

Rows that come or go between two pages neither shift nor hide the others, as they would with OFFSET.
"""

from bisect import bisect_right
from collections.abc import Callable
from datetime import datetime
from functools import cache
from itertools import accumulate
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Column, ColumnElement, Select, and_, bindparam, or_

from activity_session_server.orm.base import Resource, table_of
from activity_session_server.orm.types import AnyRow
from activity_session_server.rules.paging import Order, Page, Position, stale_token
from activity_session_server.store.backends import by_index
from activity_session_server.store.codec.encoded import FRAME_BYTES
from activity_session_server.store.driver.statements import Statement
from activity_session_server.store.lists.portions import Portions, Query, Rest
from activity_session_server.store.readers import Raced, Reader

# The column of each field that a list can be ordered by.
COLUMNS = {"name": "name", "create_time": "create_ts", "update_time": "update_ts", "last_event_time": "last_event_ts"}


class Keys(NamedTuple):
    """The columns that a list is sorted by: the field asked for, then the uid, which orders rows that are equal in it.

    A field that is unique under one owner has the owner's uid beside it instead of its own, so that a list is continued
    with the same owner or not at all. `index_name` is that of the index in that order, where there is one.
    """

    field: Column[Any]
    uid: Column[Any] | None = None
    owner_uid: Column[Any] | None = None
    index_name: str = ""


def fetch_page(
    reader: Reader,
    query: Query,
    keys: Keys,
    page: Page,
    encode: Callable[[AnyRow], bytes],
    *,
    most_bytes: int,
) -> tuple[list[bytes], Position | None]:
    """One page of messages as bytes, and where the next one starts; None when this was the last.

    The page ends early when one message more would exceed `most_bytes`.
    """
    return _fetch(Portions(reader, most_bytes), query, keys, page, encode, most_bytes=most_bytes)


def _fetch(
    portions: Portions, query: Query, keys: Keys, page: Page, encode: Callable[[AnyRow], bytes], *, most_bytes: int
) -> tuple[list[bytes], Position | None]:
    messages: list[bytes] = []
    used = 0
    last: AnyRow | None = None
    end = None if query.filter is None else _end(portions.reader, query, keys, page)
    while True:
        position = page.after if last is None else _position(keys, last)
        rest = _rest(query, keys, page.order, position, end)
        rows, is_end = portions.read(rest, page.size + 1 - len(messages), used)
        read = list(map(encode, rows))
        ends = list(accumulate(map(FRAME_BYTES.__add__, map(len, read)), initial=used))
        fitting = min(bisect_right(ends, most_bytes) - 1, page.size - len(messages))
        # The first message comes however large it is.
        fitting = max(fitting, 1 if last is None else 0)
        messages += read[:fitting]
        last = rows[fitting - 1] if rows[:fitting] else last
        if fitting < len(rows) and last is not None:
            return messages, _position(keys, last)
        if is_end:
            return messages, end
        used = ends[-1]


def fetch_owned_page(
    reader: Reader,
    query: Query,
    keys: Keys,
    page: Page,
    encode: Callable[[AnyRow], bytes],
    *,
    most_bytes: int,
    owner_uid: Callable[[], str],
    check_owner: Callable[[str], None] = lambda _: None,
) -> tuple[list[bytes], Position | None]:
    """One page, as bytes, of what belongs to an owner that may be expunged meanwhile: all of it, or an error.

    `owner_uid` reads the owner's uid, and fails where there is none; `check_owner` may refuse the call for it.
    """
    portions = Portions(reader, most_bytes)
    found = _fetch(portions, query, keys, page, encode, most_bytes=most_bytes)
    if portions.statements == 1 and found[0]:
        if keys.owner_uid is not None:
            check_owner(getattr(portions.first_rows[0], keys.owner_uid.key))
        return found
    uid = owner_uid()
    check_owner(uid)
    if keys.owner_uid is not None and any(getattr(row, keys.owner_uid.key) != uid for row in portions.first_rows):
        raise Raced
    if keys.uid is None and page.after is not None and page.after.uid != uid:
        raise stale_token()
    return found


@cache
def keys_of(resource: type[Resource], order: Order, owner: str = "namespace_pkid") -> Keys:
    """The columns that a list of resources is sorted by; `owner` is the column of their owner, if they have one."""
    table, field = table_of(resource), COLUMNS[order.field]
    wanted = [name for name in (owner, field, "pkid") if name]
    names = [str(index.name) for index in table.indexes if [column.name for column in index.columns] == wanted]
    return Keys(table.c[field], table.c["pkid"], table.c[owner] if owner else None, "".join(names))


def _position(keys: Keys, row: AnyRow) -> Position:
    uid = keys.owner_uid if keys.uid is None else keys.uid
    return Position(_to_text(getattr(row, keys.field.key)), "" if uid is None else getattr(row, uid.key))


def _end(reader: Reader, query: Query, keys: Keys, page: Page) -> Position | None:
    """Where a page stops looking for rows that pass the filter; None where the list ends before that."""
    rest = _rest(
        query._replace(statement=_keys_alone(query.statement, keys), filter=None), keys, page.order, page.after
    )
    row = reader.row(rest.statement, {**rest.values, "most": 1, "skipped": page.filter_rows - 1})
    return None if row is None else _position(keys, row)


@cache
def _keys_alone(statement: Statement, keys: Keys) -> Statement:
    columns = [column for column in (keys.field, keys.uid, keys.owner_uid) if column is not None]
    return statement.derived(statement.construct.with_only_columns(*columns).offset(bindparam("skipped")))


def _rest(query: Query, keys: Keys, order: Order, position: Position | None, end: Position | None = None) -> Rest:
    """What is left of a list after a position, up to its end or another position."""
    values = query.values
    if position is not None:
        values = {**values, "place": _from_text(keys, position.value), "place_uid": position.uid}
    is_first = position is None
    statement = query.statement
    if isinstance(statement, Statement) and query.filter is None:
        return Rest(_prepared(statement, keys, order, is_first=is_first), values, query.long_columns)
    built = statement.construct if isinstance(statement, Statement) else statement
    if query.filter is not None:
        built = built.where(query.filter)
    if end is not None:
        built = built.where(_is_up_to_end(keys, order))
        values = {**values, "end": _from_text(keys, end.value), "end_uid": end.uid}
    return Rest(_ordered(built, keys, order, is_first=is_first), values, query.long_columns)


@cache
def _prepared(statement: Statement, keys: Keys, order: Order, *, is_first: bool) -> Statement:
    return statement.derived(_ordered(statement.construct, keys, order, is_first=is_first))


def _ordered(statement: Select[Any], keys: Keys, order: Order, *, is_first: bool) -> Select[Any]:
    if not is_first:
        statement = statement.where(_is_after_place(keys, order))
        if keys.index_name:
            statement = by_index(statement, keys.field.table, keys.index_name)
    columns = [column for column in (keys.field, keys.uid) if column is not None]
    statement = statement.order_by(*(column.desc() if order.descending else column for column in columns))
    return statement.limit(bindparam("most"))


def _is_after_place(keys: Keys, order: Order) -> ColumnElement[bool]:
    value: BindParameter[Any] = bindparam("place", type_=keys.field.type)
    uid: BindParameter[str] = bindparam("place_uid")
    beyond: ColumnElement[bool] = keys.field < value if order.descending else keys.field > value
    if keys.uid is None:
        return beyond if keys.owner_uid is None else and_(beyond, keys.owner_uid == uid)
    first = keys.field <= value if order.descending else keys.field >= value
    after = keys.uid < uid if order.descending else keys.uid > uid
    # SQLite takes the range from the first condition, MariaDB from the second one; either finds the place by the index.
    return and_(first, or_(beyond, and_(keys.field == value, after)))


def _is_up_to_end(keys: Keys, order: Order) -> ColumnElement[bool]:
    value: BindParameter[Any] = bindparam("end", type_=keys.field.type)
    uid: BindParameter[str] = bindparam("end_uid")
    up_to = keys.field >= value if order.descending else keys.field <= value
    if keys.uid is None:
        return up_to
    up_to_uid = keys.uid >= uid if order.descending else keys.uid <= uid
    return and_(up_to, or_(keys.field != value, up_to_uid))


def _to_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _from_text(keys: Keys, text: str) -> Any:
    kind = keys.field.type.python_type
    return datetime.fromisoformat(text) if kind is datetime else kind(text)
