"""Rows as lines, and lines as rows, by the types of their columns."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson
from google.protobuf.message import DecodeError
from pydantic import BaseModel, ValidationError
from sqlalchemy import JSON, Column

from activity_session_server.orm.types import AnyRow, PydanticType
from activity_session_server.rules import names
from activity_session_server.rules.names import ids_of
from activity_session_server.store.queries.moves import event_lines, kinds
from activity_session_server.store.queries.moves.kinds import Kind
from activity_session_server.store.queries.moves.times import time_of

Line = dict[str, Any]


class LineError(ValueError):
    """A line that is none of an export; the text says why."""


def line_of(kind: Kind, row: AnyRow, owner: str) -> Line:
    """The line of a row, whose owner has that name; what is not set is left out."""
    line: Line = {kind.owner_word: owner} if kind.owner_word else {}
    if kind is kinds.EVENT:
        return line | event_lines.line_of(row.message)
    if kind.collection:
        line["name"] = "/".join(filter(None, (owner, kind.collection, row.name)))
    for word in kind.people.values():
        line[word] = f"{owner.partition('/sessions/')[0]}/participants/{getattr(row, word)}"
    for word, column in kind.fields.items():
        value = getattr(row, column.key)
        if value is not None:
            line[word] = _plain(value)
    return line


def row_of(kind: Kind, line: Line, owner: str, owner_uid: str, people: Callable[[str], str]) -> dict[str, Any]:
    """The row of a line; `people` gives the uid of a participant by its name.

    Raises:
        LineError: it lacks something, or has something that does not belong there, or belongs to somebody else.
    """
    _check_owner(kind, line, owner)
    row: dict[str, Any] = {kind.owner: owner_uid} if kind.owner else {}
    left = {word: value for word, value in line.items() if word != kind.owner_word}
    if kind is kinds.EVENT:
        try:
            return row | event_lines.row_of(left)
        except (TypeError, ValueError, DecodeError) as error:
            raise LineError(str(error)) from error
    if kind.collection:
        row["name"] = ids_of(left.pop("name"))[-1]
    for key, word in kind.people.items():
        row[key] = people(_taken(left, word))
    for word, column in kind.fields.items():
        row[column.key] = _value(word, column, left.pop(word, None))
    if left:
        raise LineError(f"{', '.join(sorted(left))}: this version knows no such field")
    return row


def _check_owner(kind: Kind, line: Line, owner: str) -> None:
    """Refuse what is not of the owner whose lines these are."""
    named = _taken(dict(line), kind.owner_word or "name")
    if kind.collection and (problem := names.problem(names.Kind(kind.word), named)):
        raise LineError(f"name: {problem.message}")
    mine = named if kind.owner_word else named.rsplit(f"/{kind.collection}/", 1)[0]
    if owner and mine != owner:
        raise LineError(f"it is of {mine}, and stands among the lines of {owner}")


def _taken(line: Line, word: str) -> str:
    value = line.pop(word, None)
    if not isinstance(value, str):
        raise LineError(f"{word}: it must be a text")
    return value


def _plain(value: Any) -> Any:
    """A column's value as JSON can have it; times are left to who writes it."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json", exclude_unset=True)
    # Databases give the keys of an object in orders of their own.
    return orjson.loads(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)) if isinstance(value, dict) else value


def _value(word: str, column: Column[Any], value: Any) -> Any:
    """A column's value of one in a line."""
    if value is None:
        if column.nullable:
            return None
        raise LineError(f"{word}: it is missing")
    try:
        return _typed(column, value)
    except (TypeError, ValueError, ValidationError) as error:
        raise LineError(f"{word}: it is not what the column holds") from error


def _typed(column: Column[Any], value: Any) -> Any:
    if isinstance(column.type, PydanticType):
        return column.type.model.model_validate(value)
    wanted = dict if isinstance(column.type, JSON) else column.type.python_type
    if wanted is datetime:
        return time_of(value)
    if type(value) is not wanted:
        raise TypeError
    return value
