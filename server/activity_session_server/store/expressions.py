"""SQL that each backend spells in its own way, in its module `sql`, and that means the same on all of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ColumnElement, DateTime, Insert, Integer, Text, func, literal
from sqlalchemy.sql.functions import FunctionElement

from activity_session_server.rules.filters import Text as Pattern


class insert_new(Insert):  # noqa: N801 - reads as the SQL statement it is
    """An INSERT that leaves out rows whose keys are taken; on MySQL those are an error, and no row is inserted.

    What follows in the transaction goes on either way.
    """

    inherit_cache = True


class json_columns(FunctionElement[str]):  # noqa: N801 - reads as the SQL function it is
    """The rows of a subquery as one JSON text: an array of columns, each the array of its values, or null for no rows.

    By columns, since MariaDB gathers the values of each aggregate in a temporary table: a table of short texts stays in
    memory, one of JSON rows goes to disk, which doubles the cost of a read.
    """

    type = Text()
    inherit_cache = True


class byte_length(FunctionElement[int]):  # noqa: N801 - reads as the SQL function it is
    """The bytes of a text in UTF-8."""

    type = Integer()
    inherit_cache = True


class clip(FunctionElement[Any]):  # noqa: N801 - reads as an SQL function
    """A text or bytes: (value, most); one of more than `most` characters in a length above `most`, but not whole.

    SQLite counts the bytes of a text in a column.
    """

    inherit_cache = True


class like(FunctionElement[bool]):  # noqa: N801 - reads as the SQL function it is
    """Whether a text is like a pattern: (text, GLOB pattern, LIKE pattern whose escape is |)."""

    type = Boolean()
    inherit_cache = True


class clock(FunctionElement[datetime]):  # noqa: N801 - reads as an SQL function
    """The database's clock in UTC at the moment when a row is read.

    `utc_now` is the moment when the statement began; a statement that locks rows may have waited since then.
    """

    type = DateTime()
    inherit_cache = True


class is_held(FunctionElement[bool]):  # noqa: N801 - reads as an SQL function
    """Whether a turn that ends at a time is held: until `max_clock_offset` of the engine's options after that time.

    By `clock`; NULL where there is no time, since the turn is free.
    """

    type = Boolean()
    inherit_cache = True


class code_points(FunctionElement[str]):  # noqa: N801 - reads as an SQL function
    """A text in the order of its code points."""

    type = Text()
    inherit_cache = True


class member(FunctionElement[str]):  # noqa: N801 - reads as the SQL function it is
    """The text under a key of a JSON object: (object, key, JSON path of the key)."""

    type = Text()
    inherit_cache = True


def matches(text: ColumnElement[Any], pattern: Pattern) -> ColumnElement[bool]:
    """Whether a text is exactly the pattern's, with anything before or after it where the pattern is open."""
    return like(
        text,
        literal(_with_wildcards(_glob_literal(pattern.text), pattern, "*")),
        literal(_with_wildcards(_like_literal(pattern.text), pattern, "%")),
    )


def json_member(document: ColumnElement[Any], key: str) -> ColumnElement[str]:
    """The text under a key of a JSON object; NULL where there is none. `key` is a label key: it needs no escapes."""
    return member(document, literal(key), literal(f'$."{key}"'))


def known(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """A condition that is false where SQL would say NULL, so that its negation is true there."""
    return func.coalesce(condition, False)


def _with_wildcards(text: str, pattern: Pattern, wildcard: str) -> str:
    return wildcard * pattern.open_start + text + wildcard * pattern.open_end


def _glob_literal(text: str) -> str:
    return "".join(f"[{character}]" if character in "*?[" else character for character in text)


def _like_literal(text: str) -> str:
    return "".join(f"|{character}" if character in "|%_" else character for character in text)
