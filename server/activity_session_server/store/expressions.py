"""SQL that each backend spells in its own way, and that means the same on all of them."""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import Boolean, Column, ColumnElement, DateTime, Integer, LargeBinary, Text, func, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from activity_session_server.orm.types import MYSQL
from activity_session_server.rules.filters import Text as Pattern


class json_columns(FunctionElement[str]):  # noqa: N801 - reads as the SQL function it is
    """The rows of a subquery as one JSON text: an array of columns, each the array of its values, or null for no rows.

    By columns, since MariaDB gathers the values of each aggregate in a temporary table: a table of short texts stays in
    memory, one of JSON rows goes to disk, which doubles the cost of a read.
    """

    type = Text()
    inherit_cache = True


@compiles(json_columns)
def _json_columns_on_sqlite(element: json_columns, compiler: SQLCompiler, **kw: Any) -> str:
    columns = (f"json_group_array({compiler.process(column, **kw)})" for column in element.clauses)
    return f"json_array({', '.join(columns)})"


@compiles(json_columns, *MYSQL)
def _json_columns_on_mysql(element: json_columns, compiler: SQLCompiler, **kw: Any) -> str:
    columns = (f"JSON_ARRAYAGG({compiler.process(column, **kw)})" for column in element.clauses)
    array = f"JSON_ARRAY({', '.join(columns)})"
    # MySQL makes NULL of all of it for no rows, and not of each aggregate.
    return array if cast("Any", compiler.dialect).is_mariadb else f"COALESCE({array}, '[null]')"


class byte_length(FunctionElement[int]):  # noqa: N801 - reads as the SQL function it is
    """The bytes of a text in UTF-8."""

    type = Integer()
    inherit_cache = True


@compiles(byte_length)
def _byte_length_on_sqlite(element: byte_length, compiler: SQLCompiler, **kw: Any) -> str:
    return f"length(CAST({compiler.process(element.clauses, **kw)} AS BLOB))"


@compiles(byte_length, *MYSQL)
def _byte_length_on_mysql(element: byte_length, compiler: SQLCompiler, **kw: Any) -> str:
    return f"OCTET_LENGTH({compiler.process(element.clauses, **kw)})"


class clip(FunctionElement[Any]):  # noqa: N801 - reads as an SQL function
    """A text or bytes: (value, most); one of more than `most` characters in a length above `most`, but not whole.

    SQLite counts the bytes of a text in a column.
    """

    inherit_cache = True


@compiles(clip)
def _clip_on_sqlite(element: clip, compiler: SQLCompiler, **kw: Any) -> str:
    value, most = (compiler.process(part, **kw) for part in element.clauses)
    if not isinstance(next(iter(element.clauses)), Column):
        # A text that is computed, as JSON is: to write it twice would compute it twice.
        return f"substr({value}, 1, {most} + 1)"
    # A text as bytes, since it ends a text at U+0000.
    raw = value if isinstance(next(iter(element.clauses)).type, LargeBinary) else f"CAST({value} AS BLOB)"
    return f"CASE WHEN length({raw}) <= {most} THEN {value} ELSE substr({raw}, 1, {most} + 1) END"


@compiles(clip, *MYSQL)
def _clip_on_mysql(element: clip, compiler: SQLCompiler, **kw: Any) -> str:
    value, most = (compiler.process(part, **kw) for part in element.clauses)
    return f"SUBSTR({value}, 1, {most} + 1)"


class _matches(FunctionElement[bool]):  # noqa: N801 - reads as the SQL function it is
    """Whether a text is like a pattern: (text, GLOB pattern, LIKE pattern)."""

    type = Boolean()
    inherit_cache = True


@compiles(_matches)
def _matches_on_sqlite(element: _matches, compiler: SQLCompiler, **kw: Any) -> str:
    text, glob, _ = element.clauses
    # LIKE would match A with a.
    return f"({compiler.process(text, **kw)} GLOB {compiler.process(glob, **kw)})"


@compiles(_matches, *MYSQL)
def _matches_on_mysql(element: _matches, compiler: SQLCompiler, **kw: Any) -> str:
    text, _, like = element.clauses
    # = would match "a " with "a".
    return f"({compiler.process(text, **kw)} COLLATE utf8mb4_bin LIKE {compiler.process(like, **kw)} ESCAPE '|')"


def matches(text: ColumnElement[Any], pattern: Pattern) -> ColumnElement[bool]:
    """Whether a text is exactly the pattern's, with anything before or after it where the pattern is open."""
    return _matches(
        text,
        literal(_with_wildcards(_glob_literal(pattern.text), pattern, "*")),
        literal(_with_wildcards(_like_literal(pattern.text), pattern, "%")),
    )


class clock(FunctionElement[datetime]):  # noqa: N801 - reads as an SQL function
    """The database's clock in UTC at the moment when a row is read.

    `utc_now` is the moment when the statement began; a statement that locks rows may have waited since then.
    """

    type = DateTime()
    inherit_cache = True


@compiles(clock)
def _clock_on_sqlite(*_: Any, **__: Any) -> str:
    return "strftime('%Y-%m-%d %H:%M:%f000', 'now')"


@compiles(clock, *MYSQL)
def _clock_on_mysql(*_: Any, **__: Any) -> str:
    return "SYSDATE(6)"


class is_held(FunctionElement[bool]):  # noqa: N801 - reads as an SQL function
    """Whether a turn that ends at a time is held: until `max_clock_offset` of the engine's options after that time.

    By `clock`; NULL where there is no time, since the turn is free.
    """

    type = Boolean()
    inherit_cache = True


@compiles(is_held)
def _is_held_on_sqlite(element: is_held, compiler: SQLCompiler, **kw: Any) -> str:
    end, dialect = compiler.process(element.clauses, **kw), cast("Any", compiler.dialect)
    return f"({end} > strftime('%Y-%m-%d %H:%M:%f000', 'now', '-{dialect.max_clock_offset:.6f} seconds'))"


@compiles(is_held, *MYSQL)
def _is_held_on_mysql(element: is_held, compiler: SQLCompiler, **kw: Any) -> str:
    end, dialect = compiler.process(element.clauses, **kw), cast("Any", compiler.dialect)
    return f"({end} > {_clock_on_mysql()} - INTERVAL {round(dialect.max_clock_offset * 1_000_000)} MICROSECOND)"


class code_points(FunctionElement[str]):  # noqa: N801 - reads as an SQL function
    """A text in the order of its code points."""

    type = Text()
    inherit_cache = True


@compiles(code_points)
def _code_points_on_sqlite(element: code_points, compiler: SQLCompiler, **kw: Any) -> str:
    return str(compiler.process(element.clauses, **kw))


@compiles(code_points, *MYSQL)
def _code_points_on_mysql(element: code_points, compiler: SQLCompiler, **kw: Any) -> str:
    # The collation first pads the shorter text with spaces, so that "a" would not come before "a " or "a\t".
    return f"CAST({compiler.process(element.clauses, **kw)} AS BINARY)"


class _json_member(FunctionElement[str]):  # noqa: N801 - reads as the SQL function it is
    """The text under a JSON path."""

    type = Text()
    inherit_cache = True


@compiles(_json_member)
def _json_member_on_sqlite(element: _json_member, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_extract({compiler.process(element.clauses, **kw)})"


@compiles(_json_member, *MYSQL)
def _json_member_on_mysql(element: _json_member, compiler: SQLCompiler, **kw: Any) -> str:
    return f"JSON_UNQUOTE(JSON_EXTRACT({compiler.process(element.clauses, **kw)}))"


def json_member(document: ColumnElement[Any], key: str) -> ColumnElement[str]:
    """The text under a key of a JSON object; NULL where there is none. `key` is a label key: it needs no escapes."""
    return _json_member(document, literal(f'$."{key}"'))


def known(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """A condition that is false where SQL would say NULL, so that its negation is true there."""
    return func.coalesce(condition, False)


def _with_wildcards(text: str, pattern: Pattern, wildcard: str) -> str:
    return wildcard * pattern.open_start + text + wildcard * pattern.open_end


def _glob_literal(text: str) -> str:
    return "".join(f"[{character}]" if character in "*?[" else character for character in text)


def _like_literal(text: str) -> str:
    return "".join(f"|{character}" if character in "|%_" else character for character in text)
