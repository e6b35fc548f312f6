"""`migrate --sql`: what it prints, run by the plain driver, leads to the schema and rows that `migrate` leads to."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest
from pymysql.constants import CLIENT
from sqlalchemy import Engine, create_engine, inspect, make_url, text

from activity_session.v1.namespace_service_pb2 import GetNamespaceRequest
from activity_session_server.store import migrating, schema
from activity_session_server.store.revisions import NEWEST, SchemaError
from activity_session_testing.backends import KEEPING_BACKENDS, SQLITE_FILE
from activity_session_testing.processes import run
from activity_session_testing.schemas import described, migrate_to
from activity_session_testing.servers import connected, serving
from activity_session_testing.steps import get_session

DUMP = Path(__file__).parents[1] / "data" / "schema_0001.sql"
PKID, NOW, LATER = "'p-1'", "'2026-11-02 03:04:05'", "'2026-11-02 03:04:06'"
on_each_backend = pytest.mark.parametrize("backend", KEEPING_BACKENDS)


@contextlib.contextmanager
def engine_on(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    try:
        yield engine
    finally:
        engine.dispose()


def carry_out(database_url: str, script: str) -> None:
    """Run a script as an administrator's client does, whose time zone is not UTC."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        with contextlib.closing(sqlite3.connect(str(url.database))) as connection:
            connection.executescript(script)
    elif url.get_backend_name() == "postgresql":
        conninfo = url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(conninfo, autocommit=True, options="-c TimeZone=Asia/Kathmandu") as connection:
            connection.execute(script.encode())
    else:
        _carry_out_on_mariadb(url, script)


def _carry_out_on_mariadb(url: Any, script: str) -> None:
    arguments = {"host": url.host, "port": url.port, "user": url.username, "password": url.password}
    zone = "SET time_zone = '+05:45'"
    with (
        pymysql.connect(
            **arguments, database=url.database, client_flag=CLIENT.MULTI_STATEMENTS, init_command=zone
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(script)
        while cursor.nextset():
            pass
        connection.commit()


def execute_on(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def migrated(database_url: str) -> dict[str, Any]:
    schema.migrate_url(database_url)
    with engine_on(database_url) as engine:
        return described(engine)


@pytest.fixture
def another_database(new_database: Callable[[str], str], tmp_path: Path) -> Callable[[str], str]:
    """Returns the URL of a second empty database of a backend."""
    return lambda backend: f"sqlite:///{tmp_path / 'other.db'}" if backend == SQLITE_FILE else new_database(backend)


@on_each_backend
def test_makes_of_an_empty_database_what_migrate_makes(
    backend: str, new_database: Callable[[str], str], another_database: Callable[[str], str]
) -> None:
    database_url = new_database(backend)
    before = datetime.now(UTC) - timedelta(seconds=2)
    printed = run("migrate", "--sql", "--database-url", database_url)
    assert (printed.returncode, printed.stderr) == (0, "")
    carry_out(database_url, printed.stdout)
    with engine_on(database_url) as engine:
        found = described(engine)
    assert found == migrated(another_database(backend))
    # The server is content with it, and its default namespace was made now, in UTC.
    assert run("check", "--database-url", database_url).returncode == 0
    with serving(database_url) as server, connected(server.address) as client:
        namespace = client.namespaces.GetNamespace(GetNamespaceRequest(name="namespaces/default"))
    assert before < namespace.create_time.ToDatetime(UTC) < datetime.now(UTC) + timedelta(seconds=2)


@on_each_backend
@pytest.mark.parametrize("revision", ["0001", "0005", "0006", "0007"])
def test_goes_on_from_the_schema_that_a_database_has(
    backend: str, new_database: Callable[[str], str], another_database: Callable[[str], str], revision: str
) -> None:
    database_url = new_database(backend)
    with engine_on(database_url) as engine:
        migrate_to(engine, revision)
        add_member(engine, revision)
        script = schema.script_for(database_url, None)
        assert f"schema {revision} -> {NEWEST}" in script
        assert words(script) == words(schema.script_for(database_url, revision))
        carry_out(database_url, script)
        found = described(engine)
        with engine.connect() as connection:
            columns = "session_name, session_create_ts, role"
            rows = connection.execute(text(f"SELECT {columns} FROM activity_session_participant")).all()
            sizes = connection.scalars(text("SELECT log_bytes FROM activity_session")).all()
            (last,) = connection.execute(text("SELECT last_event_ts, last_event_sequence FROM activity_session")).all()
    assert [tuple(map(str, row)) for row in rows] == [("talk", "2026-11-02 03:04:05", "guest")]
    assert sizes == ([0] if revision == "0001" else [3]), "the bytes of its event"
    assert (str(last[0])[:19], last[1]) == (("2026-11-02 03:04:05", 0) if revision == "0001" else (LATER[1:-1], 1))
    assert found == migrated(another_database(backend))


def words(script: str) -> list[str]:
    """Return what a script says, in whatever order it makes the constraints of a table."""
    return sorted(script.replace(",", " ").split())


def add_member(engine: Engine, revision: str) -> None:
    """Add a session with a participant, and with an event where there is a log, to a database of an older schema."""
    of_session = (", session_name, session_create_ts", f", 'talk', {NOW}") if revision == "0007" else ("", "")
    resource = f"{PKID}, {PKID}, %s, {NOW}, {NOW}"
    columns = "pkid, namespace_pkid, name, create_ts, update_ts"
    execute_on(
        engine,
        f"INSERT INTO namespace (pkid, name, create_ts, update_ts) VALUES ({PKID}, 'other', {NOW}, {NOW})",
        f"INSERT INTO participant ({columns}, participant_type, participant_create_ts)"
        f" VALUES ({resource % repr('kim')}, 'USER', {NOW})",
        f"INSERT INTO activity_session ({columns}, auto_created) VALUES ({resource % repr('talk')}, {false(engine)})",
        "INSERT INTO activity_session_participant (activity_session_pkid, participant_pkid, role, create_ts"
        f"{of_session[0]}) VALUES ({PKID}, {PKID}, 'guest', {NOW}{of_session[1]})",
    )
    if revision != "0001":
        columns = "activity_session_pkid, sequence, event_id, create_ts, message"
        event = text(f"INSERT INTO event ({columns}) VALUES ({PKID}, 1, 'e', {LATER}, :message)")
        with engine.begin() as connection:
            connection.execute(event, {"message": b"\xff\0a"})
            connection.execute(text("UPDATE activity_session SET last_sequence = 1"))


def false(engine: Engine) -> str:
    return "FALSE" if engine.dialect.name == "postgresql" else "0"


def test_a_file_of_the_first_version_is_brought_to_the_newest_with_all_its_content(tmp_path: Path) -> None:
    path = tmp_path / "test.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(DUMP.read_text(encoding="utf-8"))
    database_url = f"sqlite:///{path}"
    carry_out(database_url, schema.script_for(database_url, None))
    assert schema.migrate_url(database_url)[1:] == (NEWEST, NEWEST)
    with serving(database_url) as server, connected(server.address) as client:
        session = get_session(client, "namespaces/Café/sessions/talk 🌱")
    assert session.data == "hello 🌱 'quoted'\n小林"
    assert len(session.participants) == 2


@pytest.mark.parametrize("url", ["sqlite:///{}", "mysql+pymysql://x@127.0.0.1:1/x", "postgresql://x@127.0.0.1:1/x"])
class TestRevision:
    def test_that_is_given_needs_no_database(self, tmp_path: Path, url: str) -> None:
        path = tmp_path / "none.db"
        for revision in ("empty", "0001", *migrating.known_revisions()[:3]):
            script = schema.script_for(url.format(path), revision)
            assert ("UPDATE activity_session_alembic_version" in script) == (revision != NEWEST)
            assert ("INSERT INTO namespace" in script) == (revision == "empty")
        assert not path.exists()

    @pytest.mark.parametrize("revision", ["0002", "0003", "0004"])
    def test_whose_events_only_the_program_can_copy_is_refused(self, tmp_path: Path, url: str, revision: str) -> None:
        with pytest.raises(
            SchemaError, match=f"^from the schema {revision} to {NEWEST}, the step 0005 makes rows anew"
        ):
            schema.script_for(url.format(tmp_path / "none.db"), revision)

    def test_that_is_not_known_is_refused(self, tmp_path: Path, url: str) -> None:
        with pytest.raises(SchemaError, match=r"^the schema 9999 "):
            schema.script_for(url.format(tmp_path / "none.db"), "9999")


@pytest.mark.parametrize("backend", [backend for backend in KEEPING_BACKENDS if backend in (SQLITE_FILE, "postgresql")])
def test_a_script_that_fails_half_way_leaves_nothing_where_tables_can_be_rolled_back(
    backend: str, new_database: Callable[[str], str]
) -> None:
    database_url = new_database(backend)
    with engine_on(database_url) as engine:
        # The first step makes other tables before this one.
        execute_on(engine, "CREATE TABLE memory (something TEXT)")
        with pytest.raises(Exception, match="already exists"):
            carry_out(database_url, schema.script_for(database_url, None))
        assert inspect(engine).get_table_names() == ["memory"]
    with engine_on(database_url) as engine:
        execute_on(engine, "DROP TABLE memory")
    carry_out(database_url, schema.script_for(database_url, None))


def test_a_script_that_was_broken_off_on_mariadb_is_continued_by_migrate(mariadb: Any) -> None:
    database_url = mariadb.new_database()
    with engine_on(database_url) as engine:
        execute_on(engine, "CREATE TABLE memory (something TEXT)")
        with pytest.raises(pymysql.OperationalError, match="already exists"):
            carry_out(database_url, schema.script_for(database_url, None))
        execute_on(engine, "DROP TABLE memory")
        assert "namespace" in inspect(engine).get_table_names()
        found = migrated(database_url)
    assert found == migrated(mariadb.new_database())


def test_the_revision_is_for_the_script_alone(tmp_path: Path) -> None:
    done = run("migrate", "--from", "empty", "--database-url", f"sqlite:///{tmp_path / 'test.db'}")
    assert done.returncode == 2
    assert "from: it needs --sql too" in done.stderr
    assert not (tmp_path / "test.db").exists()
