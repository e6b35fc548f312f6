"""How SQLite spells what backends spell in their own ways."""

from typing import Any, cast

from sqlalchemy import Column, LargeBinary
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from activity_session_server.orm.types import utc_now
from activity_session_server.store.expressions import (
    byte_length,
    clip,
    clock,
    code_points,
    insert_new,
    is_held,
    json_columns,
    like,
    member,
)

SQLITE = "sqlite"
# To the millisecond, which is all SQLite has, in the six digits that SQLAlchemy reads.
_FORMAT = "%Y-%m-%d %H:%M:%f000"


@compiles(insert_new, SQLITE)
def _insert_new(element: insert_new, compiler: SQLCompiler, **kw: Any) -> str:
    statement = compiler.visit_insert(element, **kw)  # type: ignore[no-untyped-call]
    return f"{statement} ON CONFLICT DO NOTHING"


@compiles(json_columns, SQLITE)
def _json_columns(element: json_columns, compiler: SQLCompiler, **kw: Any) -> str:
    columns = (f"json_group_array({compiler.process(column, **kw)})" for column in element.clauses)
    return f"json_array({', '.join(columns)})"


@compiles(byte_length, SQLITE)
def _byte_length(element: byte_length, compiler: SQLCompiler, **kw: Any) -> str:
    return f"length(CAST({compiler.process(element.clauses, **kw)} AS BLOB))"


@compiles(clip, SQLITE)
def _clip(element: clip, compiler: SQLCompiler, **kw: Any) -> str:
    value, most = (compiler.process(part, **kw) for part in element.clauses)
    if not isinstance(next(iter(element.clauses)), Column):
        # A text that is computed, as JSON is: to write it twice would compute it twice.
        return f"substr({value}, 1, {most} + 1)"
    # A text as bytes, since it ends a text at U+0000.
    raw = value if isinstance(next(iter(element.clauses)).type, LargeBinary) else f"CAST({value} AS BLOB)"
    return f"CASE WHEN length({raw}) <= {most} THEN {value} ELSE substr({raw}, 1, {most} + 1) END"


@compiles(like, SQLITE)
def _like(element: like, compiler: SQLCompiler, **kw: Any) -> str:
    text, glob, _ = element.clauses
    # LIKE would match A with a.
    return f"({compiler.process(text, **kw)} GLOB {compiler.process(glob, **kw)})"


@compiles(utc_now, SQLITE)
def _utc_now(*_: Any, **__: Any) -> str:
    return f"(strftime('{_FORMAT}', 'now'))"


@compiles(clock, SQLITE)
def _clock(*_: Any, **__: Any) -> str:
    return f"strftime('{_FORMAT}', 'now')"


@compiles(is_held, SQLITE)
def _is_held(element: is_held, compiler: SQLCompiler, **kw: Any) -> str:
    end, dialect = compiler.process(element.clauses, **kw), cast("Any", compiler.dialect)
    return f"({end} > strftime('{_FORMAT}', 'now', '-{dialect.max_clock_offset:.6f} seconds'))"


@compiles(code_points, SQLITE)
def _code_points(element: code_points, compiler: SQLCompiler, **kw: Any) -> str:
    return str(compiler.process(element.clauses, **kw))


@compiles(member, SQLITE)
def _member(element: member, compiler: SQLCompiler, **kw: Any) -> str:
    document, _, path = element.clauses
    return f"json_extract({compiler.process(document, **kw)}, {compiler.process(path, **kw)})"
