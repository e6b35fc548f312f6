"""How PostgreSQL spells what backends spell in their own ways."""

from typing import Any, cast

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from activity_session_server.orm.types import BYTES, POSTGRESQL, utc_now
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


@compiles(insert_new, POSTGRESQL)
def _insert_new(element: insert_new, compiler: SQLCompiler, **kw: Any) -> str:
    # After an error, as that of a key that is taken, PostgreSQL refuses all else of the transaction.
    statement = compiler.visit_insert(element, **kw)  # type: ignore[no-untyped-call]
    return f"{statement} ON CONFLICT DO NOTHING"


@compiles(json_columns, POSTGRESQL)
def _json_columns(element: json_columns, compiler: SQLCompiler, **kw: Any) -> str:
    columns = (f"json_agg({compiler.process(column, **kw)})" for column in element.clauses)
    # As text, which the driver leaves as it is.
    return f"CAST(json_build_array({', '.join(columns)}) AS TEXT)"


@compiles(byte_length, POSTGRESQL)
def _byte_length(element: byte_length, compiler: SQLCompiler, **kw: Any) -> str:
    return f"octet_length(CAST({compiler.process(element.clauses, **kw)} AS TEXT))"


@compiles(clip, POSTGRESQL)
def _clip(element: clip, compiler: SQLCompiler, **kw: Any) -> str:
    value, most = (compiler.process(part, **kw) for part in element.clauses)
    return f"substr({value}, 1, CAST({most} + 1 AS INTEGER))"


@compiles(like, POSTGRESQL)
def _like(element: like, compiler: SQLCompiler, **kw: Any) -> str:
    text, _, pattern = element.clauses
    return f"({compiler.process(text, **kw)} LIKE {compiler.process(pattern, **kw)} ESCAPE '|')"


@compiles(utc_now, POSTGRESQL)
def _utc_now(*_: Any, **__: Any) -> str:
    return "timezone('utc', statement_timestamp())"


@compiles(clock, POSTGRESQL)
def _clock(*_: Any, **__: Any) -> str:
    return "timezone('utc', clock_timestamp())"


@compiles(is_held, POSTGRESQL)
def _is_held(element: is_held, compiler: SQLCompiler, **kw: Any) -> str:
    end, dialect = compiler.process(element.clauses, **kw), cast("Any", compiler.dialect)
    return f"({end} > {_clock()} - make_interval(secs => {dialect.max_clock_offset:.6f}))"


@compiles(code_points, POSTGRESQL)
def _code_points(element: code_points, compiler: SQLCompiler, **kw: Any) -> str:
    return f'({compiler.process(element.clauses, **kw)} COLLATE "{BYTES}")'


@compiles(member, POSTGRESQL)
def _member(element: member, compiler: SQLCompiler, **kw: Any) -> str:
    document, key, _ = element.clauses
    return f"({compiler.process(document, **kw)} ->> {compiler.process(key, **kw)})"
