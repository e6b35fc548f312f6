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
from activity_session_server.paging import Order, Page, Position
from activity_session_server.store.readers import Reader

_COLUMNS = {"name": "name", "create_time": "create_ts", "update_time": "update_ts"}
M = TypeVar("M", bound=Message)

# Rows read at a time. At the default limits a row without data has at most 0.9 MiB, mostly some hundred bytes.
CHUNK = 100
# Tag and length of a message in a list.
_FRAME_BYTES = 6


class _Keys(NamedTuple):
    """The columns that a list is sorted by: the field asked for, then the primary key, which tells equals apart."""

    field: Column[Any]
    pkid: Column[Any]


def fetch_page(
    reader: Reader,
    statement: Select[Any],
    resource: type[Resource],
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
    keys = _keys(resource, page.order)
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
            position = Position(_to_text(getattr(row, keys.field.key)), row.pkid)
        if len(rows) < size:
            return messages, None


def _keys(resource: type[Resource], order: Order) -> _Keys:
    columns = table_of(resource).c
    return _Keys(columns[_COLUMNS[order.field]], columns["pkid"])


def _after(statement: Select[Any], keys: _Keys, order: Order, position: Position | None) -> Select[Any]:
    if position is not None:
        statement = statement.where(_is_after(keys, order, position))
    if order.descending:
        return statement.order_by(keys.field.desc(), keys.pkid.desc())
    return statement.order_by(keys.field, keys.pkid)


def _is_after(keys: _Keys, order: Order, position: Position) -> ColumnElement[bool]:
    value = _from_text(keys, position.value)
    if order.descending:
        first, beyond, behind = keys.field <= value, keys.field < value, keys.pkid < position.key
    else:
        first, beyond, behind = keys.field >= value, keys.field > value, keys.pkid > position.key
    # SQLite takes the range from the first condition, MariaDB from the second one; either finds the place by the index.
    return and_(first, or_(beyond, and_(keys.field == value, behind)))


def _to_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _from_text(keys: _Keys, text: str) -> Any:
    return text if keys.field.key == "name" else datetime.fromisoformat(text)
