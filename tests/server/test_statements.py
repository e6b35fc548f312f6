"""Statements that are compiled once send and find the same as plain Core, for every column type that is used.

Each statement is run on two tables that are alike: by Core on one of them, by ours on the other.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import pytest
from psycopg import Binary
from psycopg.types.json import Json
from pydantic import BaseModel
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Integer,
    MetaData,
    Table,
    bindparam,
    case,
    delete,
    event,
    func,
    insert,
    literal,
    select,
    update,
)

from activity_session_server.orm import Base
from activity_session_server.orm.types import PydanticType, exact_string, exact_text, long_binary, utc_datetime
from activity_session_server.rules.session_settings import MemoryResourceSettings, SessionResourceSettings
from activity_session_server.settings import Settings
from activity_session_server.store.backends import EngineOptions, open_engine
from activity_session_server.store.backends.files import DatabaseFile
from activity_session_server.store.driver.connections import Connection
from activity_session_server.store.driver.statements import Compiler, Statement, Values
from activity_session_testing.backends import BACKENDS

TIME = datetime(2026, 2, 28, 23, 59, 59, 999999)  # noqa: DTZ001 - columns hold UTC without a zone
TEXTS = ["", "Alice", "alice", "e\u0301", "🚀", " both ends ", "'; -- \\' \" %s %(a)s :a ? {0}", "line\r\nline"]
EXAMPLES: dict[str, list[Any]] = {
    "key": TEXTS,
    "words": [*TEXTS, "x" * 70_000, None],
    "bytes": [b"", b"\0", bytes(range(256)), b"text", None],
    "flag": [True, False, None],
    "small": [0, -1, 2**31 - 1, -(2**31), None],
    "large": [0, 1, 2**63 - 1, -(2**63), None],
    "time": [TIME, TIME.replace(microsecond=0), TIME.replace(microsecond=1), TIME.replace(year=1970), None],
    "json": [{}, {"b": "1", "a": "ü🚀"}, {"nested": [1, 1.5, True, None, {}]}, [], "text", None],
    "model": [
        SessionResourceSettings(),
        SessionResourceSettings(sync_chat=True, memory=MemoryResourceSettings(get_min_score=0.5)),
        SessionResourceSettings.model_validate({"unknown": {"kept": 1}}),
        None,
    ],
}
COMPARED = EXAMPLES.keys() - {"json", "model"}
DEFAULTS = {"words": "default", "flag": True, "small": 7, "large": 2**40, "time": TIME}
# All examples, in as many rows as the column with the most examples has.
ROWS = [
    {name: values[number % len(values)] for name, values in EXAMPLES.items()} | {"key": key}
    for number, key in enumerate([*TEXTS, "another", "the last"])
]
# Makes a statement for either table.
Make = Callable[[Table], Any]


def new_table(name: str, metadata: MetaData) -> Table:
    return Table(
        name,
        metadata,
        Column("key", exact_string(64), primary_key=True),
        Column("words", exact_text(), default=DEFAULTS["words"]),
        Column("bytes", long_binary()),
        Column("flag", Boolean, default=DEFAULTS["flag"]),
        Column("small", Integer, default=DEFAULTS["small"]),
        Column("large", BigInteger, default=DEFAULTS["large"]),
        Column("time", utc_datetime(), default=DEFAULTS["time"]),
        Column("json", JSON),
        Column("model", PydanticType(SessionResourceSettings)),
    )


class Both:
    """The two tables, and the two ways to run a statement; a difference fails the test."""

    def __init__(self, database_url: str) -> None:
        settings = Settings.model_validate({})
        engine = open_engine(database_url, EngineOptions(settings.database_timeout, settings.sqlite_synchronous))
        metadata = MetaData()
        self._by_core, self._by_ours = new_table("by_core", metadata), new_table("by_ours", metadata)
        metadata.create_all(engine)
        self.compiler = Compiler(engine.dialect)
        self._core, self._ours = (
            engine.connect(),
            Connection(engine, self.compiler, settings.database_timeout, DatabaseFile()),
        )
        self._ours.open()
        # The statements and parameters that Core has given to the driver.
        self._sent: list[tuple[str, Any]] = []

        @event.listens_for(engine, "before_cursor_execute")
        def note(_connection: Any, _cursor: Any, sql: str, parameters: Any, *_: Any) -> None:
            self._sent.append((sql, parameters))

    def close(self) -> None:
        self._core.close()
        self._ours.close()
        self._ours.engine.dispose()

    def find(self, make: Make, many: str = "", **values: Any) -> list[Any]:
        """Return the rows of a query."""
        expected = self._core.execute(make(self._by_core), values).all()
        statement = Statement(make(self._by_ours), many)
        found = self._ours.rows(statement, values)
        self._check_sent(statement, values)
        assert exactly(found) == exactly(expected)
        assert [row._fields for row in found] == [row._fields for row in expected]
        return list(found)

    def change(self, make: Make, *values: Values, many: str = "") -> int:
        """Run a change once, or for several values; return how many rows matched."""
        given = values if len(values) > 1 else values[0]
        expected = self._core.execute(
            make(self._by_core), given, execution_options={"preserve_rowcount": True}
        ).rowcount
        statement = Statement(make(self._by_ours), many)
        count = self._ours.change(statement, given)
        self._check_sent(statement, *values)
        assert count == expected
        assert exactly(self._everything(self._by_ours)) == exactly(self._everything(self._by_core))
        return count

    def _check_sent(self, statement: Statement, *values: Values) -> None:
        """Compare what Core has sent last with what our statement sends for the same values."""
        sql, parameters = self._sent[-1]
        form = self.compiler.form(statement, values[0])
        assert form.sql.replace("by_ours", "by_core") == sql
        expected = exactly(parameters if len(values) > 1 else [parameters])
        assert exactly(map(form.parameters, values)) == [[bytes_as_they_are(*one) for one in row] for row in expected]

    def _everything(self, table: Table) -> Sequence[Any]:
        return self._core.execute(select(table).order_by(table.c.key)).all()


def exactly(rows: Iterable[Iterable[Any]]) -> list[list[tuple[type, Any]]]:
    """Return rows with the types of their values, since True is not 1; for a model, the attributes that are set."""
    return [
        [
            (type(value), value.model_dump(exclude_unset=True) if isinstance(value, BaseModel) else _unwrapped(value))
            for value in row
        ]
        for row in rows
    ]


def bytes_as_they_are(kind: type, value: Any) -> tuple[type, Any]:
    """Return a parameter of Core's as ours is: Core wraps bytes for some drivers, which send the same without that."""
    return (bytes, bytes(value)) if kind in (memoryview, Binary) else (kind, value)


def _unwrapped(value: Any) -> Any:
    """Return what psycopg is given in objects of its own, which are equal to none but themselves."""
    return value.obj if isinstance(value, Json | Binary) else value


def row_of_key(table: Table) -> Any:
    return select(table).where(table.c.key == bindparam("its_key"))


@pytest.fixture(params=BACKENDS)
def both(request: pytest.FixtureRequest, new_database: Callable[[str], str]) -> Iterator[Both]:
    with contextlib.closing(Both(new_database(request.param))) as both:
        yield both


@pytest.fixture
def full(both: Both) -> Both:
    assert both.change(insert, *ROWS) == len(ROWS)
    return both


def test_every_column_type_of_the_service_is_tried() -> None:
    of_service = {type(column.type) for table in Base.metadata.tables.values() for column in table.columns}
    columns = new_table("tried", MetaData()).columns
    assert {type(column.type) for column in columns} == of_service
    assert {column.key for column in columns} == EXAMPLES.keys()


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_value_is_written_and_read(both: Both, name: str) -> None:
    for number, value in enumerate(EXAMPLES[name]):
        row = {"key": f"key-{number}", name: value}
        assert both.change(insert, row) == 1
        (found,) = both.find(row_of_key, its_key=row["key"])
        assert exactly([[getattr(found, name)]]) == exactly([[value]])


def test_several_rows_are_written_and_read(full: Both) -> None:
    assert len(full.find(lambda table: select(table).order_by(table.c.key))) == len(ROWS)


@pytest.mark.parametrize("name", sorted(COMPARED))
def test_a_value_is_compared(full: Both, name: str) -> None:
    for value in EXAMPLES[name]:
        found = full.find(lambda table: select(table.c.key).where(table.c[name] == bindparam("value")), value=value)
        assert bool(found) == (value is not None)


@pytest.mark.parametrize("name", sorted(COMPARED))
def test_a_list_is_compared(full: Both, name: str) -> None:
    def make(table: Table) -> Any:
        # Other values come before and after the list.
        keys = select(table.c.key, table.c[name].label("value")).where(table.c.key != bindparam("but"))
        return keys.where(table.c[name].in_(bindparam("listed"))).order_by(table.c.key).limit(bindparam("most"))

    values = [value for value in EXAMPLES[name] if value is not None]
    for listed in ([], values[:1], values[:2], values, values * 50):
        found = full.find(make, many="listed", but="the last", listed=listed, most=100)
        assert bool(found) == bool(listed)


def test_changes_take_lists(full: Both) -> None:
    def rename(table: Table) -> Any:
        return update(table).where(table.c.key.in_(bindparam("keys"))).values(words=bindparam("new"))

    def remove(table: Table) -> Any:
        return delete(table).where(table.c.key.in_(bindparam("keys")))

    for keys in ([], TEXTS[:1], TEXTS[:3]):
        assert full.change(rename, {"keys": keys, "new": "new"}, many="keys") == len(keys)
        assert full.change(remove, {"keys": keys}, many="keys") == len(keys)
        assert full.change(insert, *({"key": key} for key in ["one more", *keys])) == len(keys) + 1
        assert full.change(remove, {"keys": ["one more"]}, many="keys") == 1


@pytest.mark.parametrize("given", [[], *([name] for name in DEFAULTS), [*DEFAULTS]])
def test_what_is_not_given_gets_its_default(both: Both, given: list[str]) -> None:
    values = {name: EXAMPLES[name][0] for name in given}
    both.change(insert, {"key": "one", **values})
    both.change(insert, {"key": "two", **values}, {"key": "three", **values})
    (found,) = both.find(row_of_key, its_key="two")
    assert {name: getattr(found, name) for name in DEFAULTS} == DEFAULTS | values


@pytest.mark.parametrize("name", sorted(EXAMPLES.keys() - {"key"}))
def test_an_update_changes_what_is_given_and_nothing_else(full: Both, name: str) -> None:
    def make(table: Table) -> Any:
        return update(table).where(table.c.key == bindparam("its_key"))

    for value in EXAMPLES[name]:
        (before,) = full.find(row_of_key, its_key="Alice")
        assert full.change(make, {"its_key": "Alice", name: value}) == 1
        (after,) = full.find(row_of_key, its_key="Alice")
        assert exactly([after]) == exactly([{**before._asdict(), name: value}.values()])


def test_constants_and_expressions(full: Both) -> None:
    def make(table: Table) -> Any:
        columns = (
            literal("one").label("constant"),
            func.coalesce(table.c.words, "none").label("words"),
            case((table.c.flag.is_(True), table.c.time)).label("some_times"),
            (table.c.large - bindparam("less")).label("difference"),
            table.c.model,
        )
        query = select(*columns).where(table.c.small >= 0, table.c.large <= bindparam("most"))
        return query.order_by(table.c.key.desc()).limit(3)

    assert len(full.find(make, less=1, most=2**63 - 1)) == 3


def test_a_query_that_finds_nothing(both: Both) -> None:
    assert both.find(row_of_key, its_key="missing") == []


def test_a_statement_is_compiled_once_for_the_same_names_and_length(both: Both) -> None:
    table = new_table("compiled", MetaData())
    query = Statement(select(table).where(table.c.key.in_(bindparam("keys"))), many="keys")
    form = both.compiler.form(query, {"keys": ["a", "b"]})
    assert both.compiler.form(query, {"keys": ["c", "d"]}) is form
    assert both.compiler.form(query, {"keys": ["a"]}) is not form
    change = Statement(insert(table))
    form = both.compiler.form(change, {"key": "a"})
    assert both.compiler.form(change, {"key": "b"}) is form
    assert both.compiler.form(change, {"key": "a", "words": ""}) is not form
