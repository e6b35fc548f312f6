"""How MariaDB and MySQL spell what backends spell in their own ways."""

from typing import Any, cast

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from activity_session_server.orm.types import MYSQL, utc_now
from activity_session_server.store.expressions import (
    byte_length,
    clip,
    clock,
    code_points,
    is_held,
    json_columns,
    like,
    member,
)


@compiles(json_columns, *MYSQL)
def _json_columns(element: json_columns, compiler: SQLCompiler, **kw: Any) -> str:
    columns = (f"JSON_ARRAYAGG({compiler.process(column, **kw)})" for column in element.clauses)
    array = f"JSON_ARRAY({', '.join(columns)})"
    # MySQL makes NULL of all of it for no rows, and not of each aggregate.
    return array if cast("Any", compiler.dialect).is_mariadb else f"COALESCE({array}, '[null]')"


@compiles(byte_length, *MYSQL)
def _byte_length(element: byte_length, compiler: SQLCompiler, **kw: Any) -> str:
    return f"OCTET_LENGTH({compiler.process(element.clauses, **kw)})"


@compiles(clip, *MYSQL)
def _clip(element: clip, compiler: SQLCompiler, **kw: Any) -> str:
    value, most = (compiler.process(part, **kw) for part in element.clauses)
    return f"SUBSTR({value}, 1, {most} + 1)"


@compiles(like, *MYSQL)
def _like(element: like, compiler: SQLCompiler, **kw: Any) -> str:
    text, _, pattern = element.clauses
    # = would match "a " with "a".
    return f"({compiler.process(text, **kw)} COLLATE utf8mb4_bin LIKE {compiler.process(pattern, **kw)} ESCAPE '|')"


@compiles(utc_now, *MYSQL)
def _utc_now(*_: Any, **__: Any) -> str:
    return "CURRENT_TIMESTAMP(6)"


@compiles(clock, *MYSQL)
def _clock(*_: Any, **__: Any) -> str:
    return "SYSDATE(6)"


@compiles(is_held, *MYSQL)
def _is_held(element: is_held, compiler: SQLCompiler, **kw: Any) -> str:
    end, dialect = compiler.process(element.clauses, **kw), cast("Any", compiler.dialect)
    return f"({end} > {_clock()} - INTERVAL {round(dialect.max_clock_offset * 1_000_000)} MICROSECOND)"


@compiles(code_points, *MYSQL)
def _code_points(element: code_points, compiler: SQLCompiler, **kw: Any) -> str:
    # The collation first pads the shorter text with spaces, so that "a" would not come before "a " or "a\t".
    return f"CAST({compiler.process(element.clauses, **kw)} AS BINARY)"


@compiles(member, *MYSQL)
def _member(element: member, compiler: SQLCompiler, **kw: Any) -> str:
    document, _, path = element.clauses
    return f"JSON_UNQUOTE(JSON_EXTRACT({compiler.process(document, **kw)}, {compiler.process(path, **kw)}))"
