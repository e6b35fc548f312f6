"""Keyset pages: each starts behind the last row of the page before, found by the index, however far down the list.

Rows that come or go while somebody pages neither shift the others nor hide them, as they would with OFFSET.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from google.protobuf.message import Message
from sqlalchemy import Column, ColumnElement, Select, and_, or_

from activity_session_server.orm.base import Resource, table_of
from activity_session_server.orm.types import AnyRow
from activity_session_server.paging import Order, Page, Position, stale_token
from activity_session_server.store.readers import Raced, Reader

_COLUMNS = {"name": "name", "create_time": "create_ts", "update_time": "update_ts"}
M = TypeVar("M", bound=Message)

# Rows read at a time. At the default limits a row without data has at most 0.9 MiB, mostly some hundred bytes.
CHUNK = 100
# Tag and length of a message in a list.
_FRAME_BYTES = 6


class Keys(NamedTuple):
    """The columns that a list is sorted by: the field asked for, then the key that tells equals apart.

    A field that has no equals under one owner has the owner's key beside it instead, so that a page is continued with
    the same owner or not at all.
    """

    field: Column[Any]
    pkid: Column[Any] | None = None
    owner: Column[Any] | None = None


def fetch_page(
    reader: Reader,
    statement: Select[Any],
    keys: Keys,
    page: Page,
    to_message: Callable[[AnyRow], M],
    *,
    most_bytes: int,
    chunk: Callable[[Select[Any]], int] = lambda _: CHUNK,
) -> tuple[list[M], Position | None]:
    """One page of messages, and where the next one starts; None when this was the last.

    The page ends early when one message more would take it past `most_bytes`. `chunk` says how many rows of the rest of
    the list are to be read at a time.
    """
    messages: list[M] = []
    position, used = page.after, 0
    while True:
        rest = _after(statement, keys, page.order, position)
        size = min(chunk(rest), page.size + 1 - len(messages))
        rows = reader.rows(rest.limit(size))
        for row in rows:
            message = to_message(row)
            used += message.ByteSize() + _FRAME_BYTES
            if messages and (len(messages) == page.size or used > most_bytes):
                return messages, position
            messages.append(message)
            position = _position(keys, row)
        if len(rows) < size:
            return messages, None


def fetch_owned_page(
    reader: Reader,
    statement: Select[Any],
    keys: Keys,
    page: Page,
    to_message: Callable[[AnyRow], M],
    *,
    most_bytes: int,
    chunk: int,
    owner_uid: Callable[[], str],
) -> tuple[list[M], Position | None]:
    """One page of what belongs to an owner that may be expunged meanwhile: all of it, or an error.

    `owner_uid` reads the owner's key, and fails where there is none.
    """
    is_one_statement = page.size < chunk
    before = "" if is_one_statement else owner_uid()
    found = fetch_page(reader, statement, keys, page, to_message, most_bytes=most_bytes, chunk=lambda _: chunk)
    if is_one_statement and found[0]:
        return found
    after = owner_uid()
    if before not in ("", after):
        raise Raced
    if keys.owner is not None and page.after is not None and page.after.key != after:
        raise stale_token()
    return found


def keys_of(resource: type[Resource], order: Order) -> Keys:
    """The columns that a list of resources is sorted by."""
    columns = table_of(resource).c
    return Keys(columns[_COLUMNS[order.field]], columns["pkid"])


def _position(keys: Keys, row: AnyRow) -> Position:
    key = keys.owner if keys.pkid is None else keys.pkid
    return Position(_to_text(getattr(row, keys.field.key)), "" if key is None else getattr(row, key.key))


def _after(statement: Select[Any], keys: Keys, order: Order, position: Position | None) -> Select[Any]:
    if position is not None:
        statement = statement.where(_is_after(keys, order, position))
    columns = [column for column in (keys.field, keys.pkid) if column is not None]
    return statement.order_by(*(column.desc() if order.descending else column for column in columns))


def _is_after(keys: Keys, order: Order, position: Position) -> ColumnElement[bool]:
    value = _from_text(keys, position.value)
    beyond: ColumnElement[bool] = keys.field < value if order.descending else keys.field > value
    if keys.pkid is None:
        return beyond if keys.owner is None else and_(beyond, keys.owner == position.key)
    first = keys.field <= value if order.descending else keys.field >= value
    behind = keys.pkid < position.key if order.descending else keys.pkid > position.key
    # SQLite takes the range from the first condition, MariaDB from the second one; either finds the place by the index.
    return and_(first, or_(beyond, and_(keys.field == value, behind)))


def _to_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _from_text(keys: Keys, text: str) -> Any:
    kind = keys.field.type.python_type
    return datetime.fromisoformat(text) if kind is datetime else kind(text)
