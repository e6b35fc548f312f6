"""The schema: what the mapped classes say, what the migrations make, and databases of earlier and later versions."""

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, UniqueConstraint, create_engine, inspect, select, text
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.orm import configure_mappers

from activity_session.v1.namespace_service_pb2 import GetNamespaceRequest
from activity_session.v1.participant_pb2 import ParticipantType
from activity_session.v1.participant_service_pb2 import ListParticipantsRequest
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import CreateSessionRequest
from activity_session_server.orm import Base, Memory, Namespace, Participant
from activity_session_server.orm.activity_session import ActivitySession
from activity_session_server.orm.base import table_of
from activity_session_server.orm.types import MYSQL
from activity_session_server.store import migrating, revisions, schema
from activity_session_server.store.backends import engines, mysql
from activity_session_testing.backends import DRIVER, FIXTURES, KEEPING_BACKENDS, MARIADB, MariaDB
from activity_session_testing.moments import eventually
from activity_session_testing.processes import run
from activity_session_testing.schemas import described
from activity_session_testing.servers import connected, serving
from activity_session_testing.steps import get_session, member_names

DUMP = Path(__file__).parents[1] / "data" / "schema_0001.sql"
on_each_backend = pytest.mark.parametrize("backend", KEEPING_BACKENDS)


def test_the_newest_revision_is_the_one_that_this_version_needs() -> None:
    assert migrating.known_revisions()[0] == revisions.NEWEST


@contextlib.contextmanager
def engine_on(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    try:
        yield engine
    finally:
        engine.dispose()


def execute_on(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement))


class TestMigrations:
    @on_each_backend
    def test_leave_nothing_that_alembic_would_change(self, backend: str, new_database: Callable[[str], str]) -> None:
        database_url = new_database(backend)
        schema.migrate_url(database_url)
        options = {"compare_type": True, "version_table": revisions.VERSION_TABLE}
        with engine_on(database_url) as engine, engine.connect() as connection:
            context = MigrationContext.configure(connection, opts=options)
            assert compare_metadata(context, Base.metadata) == []

    @on_each_backend
    def test_make_what_the_mapped_classes_would_make(
        self, backend: str, new_database: Callable[[str], str], tmp_path: Path
    ) -> None:
        migrated = new_database(backend)
        schema.migrate_url(migrated)
        created = new_database(backend) if backend in FIXTURES else f"sqlite:///{tmp_path / 'created.db'}"
        with engine_on(migrated) as by_migrations, engine_on(created) as by_classes:
            if backend == MARIADB:
                # A column's character set is reported only if it differs from that of its table.
                execute_on(by_classes, "ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
            Base.metadata.create_all(by_classes)
            assert described(by_migrations) == described(by_classes)
            assert len(described(by_migrations)) == len(Base.metadata.tables)

    @on_each_backend
    def test_can_be_run_again(self, backend: str, new_database: Callable[[str], str]) -> None:
        database_url = new_database(backend)
        assert schema.migrate_url(database_url)[1:] == (None, revisions.NEWEST)
        assert schema.migrate_url(database_url)[1:] == (revisions.NEWEST, revisions.NEWEST)

    @on_each_backend
    def test_say_until_when_claims_can_have_the_scope_of_an_older_version(
        self, backend: str, new_database: Callable[[str], str]
    ) -> None:
        database_url = new_database(backend)
        schema.migrate_url(database_url)
        ends = "SELECT expire_ts FROM idempotency WHERE scope = ''"
        with engine_on(database_url) as engine:
            for claims in (0, 2, 2):
                execute_on(engine, "DELETE FROM idempotency WHERE scope <> ''")
                for number in range(claims):
                    values = (
                        f"'default', 'request-{number}', '', '2026-11-01 00:00:00', '2026-11-0{number + 2} 00:00:00'"
                    )
                    columns = "scope, request_id, fingerprint, create_ts, expire_ts"
                    execute_on(engine, f"INSERT INTO idempotency ({columns}) VALUES ({values})")
                go_back_before_0004(engine)
                schema.migrate_url(database_url)
                with engine.connect() as connection:
                    found = [str(row[0])[:10] for row in connection.execute(text(ends))]
                assert found == ["2026-11-03"] * (claims > 0)

    def test_comment_every_table_and_column_on_mariadb(self, mariadb: MariaDB) -> None:
        database_url = mariadb.new_database()
        schema.migrate_url(database_url)
        with engine_on(database_url) as engine:
            inspector = inspect(engine)
            for name, table in Base.metadata.tables.items():
                assert inspector.get_table_comment(name)["text"] == table.comment
                found = {column["name"]: column["comment"] for column in inspector.get_columns(name)}
                assert found == {column.name: column.comment for column in table.columns}
                assert all(found.values())

    def test_make_exact_texts_and_times_whatever_the_database_has_as_default(self, mariadb: MariaDB) -> None:
        database_url = mariadb.new_database()
        schema.migrate_url(database_url)
        columns = mariadb.execute(
            "SELECT table_name, column_name, character_set_name, collation_name, datetime_precision"
            f" FROM information_schema.columns WHERE table_schema = '{database_url.rpartition('/')[2]}'"
            f" AND table_name <> '{revisions.VERSION_TABLE}'"
        )
        texts = [column[:4] for column in columns if column[2] is not None]
        times = [column for column in columns if column[4] is not None]
        assert len(texts) > 20
        assert len(times) > 10
        assert {column[2:] for column in texts} == {("utf8mb4", "utf8mb4_bin")}
        assert {column[4] for column in times} == {6}

    def test_that_fail_half_way_leave_an_sqlite_file_as_it_was(self, tmp_path: Path) -> None:
        path = tmp_path / "test.db"
        # The first migration creates other tables before this one.
        execute(path, "CREATE TABLE memory (something TEXT)", "INSERT INTO memory VALUES ('of somebody else')")
        before = dump(path)
        with pytest.raises(revisions.SchemaError, match="memory already exists"):
            schema.migrate_url(f"sqlite:///{path}")
        assert dump(path) == before
        execute(path, "DROP TABLE memory")
        assert schema.migrate_url(f"sqlite:///{path}")[1:] == (None, revisions.NEWEST)

    @pytest.mark.parametrize("round_", range(3))
    def test_by_several_processes_at_once_all_succeed(self, tmp_path: Path, round_: int) -> None:
        database_url = f"sqlite:///{tmp_path / f'{round_}.db'}"
        with ThreadPoolExecutor(4) as pool:
            done = list(pool.map(lambda _: run("migrate", "--database-url", database_url), range(4)))
        assert [one.returncode for one in done] == [0] * 4
        assert {message for one in done for message in messages(one.stderr)} == {"migrated"}
        assert run("check", "--database-url", database_url).returncode == 0

    def test_by_several_processes_at_once_wait_for_each_other_on_mariadb(self, mariadb: MariaDB) -> None:
        database_url = mariadb.new_database()
        with ThreadPoolExecutor(3) as pool:
            with migrating_lock(mariadb, database_url):
                doing = [pool.submit(run, "migrate", "--database-url", database_url) for _ in range(3)]
                eventually(lambda: waiting_for_a_lock(mariadb) == len(doing))
            done = [one.result() for one in doing]
        waits = "another process migrates the database; waiting for it for up to 600 s"
        assert [one.returncode for one in done] == [0] * len(doing)
        assert [messages(one.stderr) for one in done] == [[waits, "migrated"]] * len(doing)
        assert run("check", "--database-url", database_url).returncode == 0

    def test_do_not_wait_for_each_other_for_ever(self, mariadb: MariaDB, monkeypatch: pytest.MonkeyPatch) -> None:
        database_url = mariadb.new_database()
        monkeypatch.setattr(engines, "LONGEST_MIGRATION", 1)
        expected = r"another process has been migrating the database for 1 s, on its connection \d+: run this again"
        with migrating_lock(mariadb, database_url), pytest.raises(revisions.SchemaError, match=expected):
            schema.migrate_url(database_url)
        assert schema.migrate_url(database_url)[1:] == (None, revisions.NEWEST)

    def test_of_different_databases_do_not_wait_for_each_other(
        self, mariadb: MariaDB, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(engines, "LONGEST_MIGRATION", 0)
        with migrating_lock(mariadb, mariadb.new_database()):
            assert schema.migrate_url(mariadb.new_database())[1:] == (None, revisions.NEWEST)

    def test_that_lacked_a_right_go_on_when_it_is_granted(self, mariadb: MariaDB) -> None:
        database = mariadb.new_database().rpartition("/")[2]
        mariadb.execute("DROP USER IF EXISTS 'limited'@'127.0.0.1'")
        mariadb.execute("CREATE USER 'limited'@'127.0.0.1' IDENTIFIED BY 'x'")
        mariadb.execute(f"GRANT SELECT, INSERT, UPDATE, CREATE, REFERENCES ON {database}.* TO 'limited'@'127.0.0.1'")
        database_url = f"mysql+{DRIVER}://limited:x@127.0.0.1:{mariadb.port}/{database}"
        with pytest.raises(revisions.SchemaError, match="INDEX command denied"):
            schema.migrate_url(database_url)
        mariadb.execute(f"GRANT INDEX, ALTER, DROP ON {database}.* TO 'limited'@'127.0.0.1'")
        assert schema.migrate_url(database_url)[1:] == (None, revisions.NEWEST)

    def test_say_so_where_a_table_of_somebody_else_is_in_the_way_on_mariadb(self, mariadb: MariaDB) -> None:
        database_url = mariadb.new_database()
        with engine_on(database_url) as engine:
            # The first migration creates other tables before this one.
            execute_on(engine, "CREATE TABLE memory (something TEXT)")
            with pytest.raises(revisions.SchemaError, match="Table 'memory' already exists"):
                schema.migrate_url(database_url)
            execute_on(engine, "DROP TABLE memory")
            assert schema.migrate_url(database_url)[1:] == (None, revisions.NEWEST)


def messages(log: str) -> list[str]:
    return [json.loads(line)["message"] for line in log.splitlines()]


def go_back_before_0004(engine: Engine) -> None:
    execute_on(engine, f"UPDATE {revisions.VERSION_TABLE} SET version_num = '0003'")
    if engine.dialect.name not in MYSQL:  # there the migration passes over what is there
        execute_on(engine, "ALTER TABLE idempotency DROP COLUMN activity_session_pkid")
        for table in (
            "former_session",
            "former_member",
            "state_owner",
            "node_lock",
            "past_state",
            "event_mark",
            "hidden_range",
            "inherited_range",
        ):
            execute_on(engine, f"DROP TABLE {table}")
        for suffix in ("events_due_ts", "deleted__expire_ts", "namespace_pkid__last_event_ts"):
            execute_on(engine, f"DROP INDEX idx__activity_session__{suffix}")
        added = ("last_event_ts", "last_event_sequence", "state_first_sequence", "history_revision")
        of_forks = ("inherited_sequence", "origin_pkid", "origin_name")
        for column in ("log_bytes", "first_sequence", "events_from_ts", "events_due_ts", *added, *of_forks):
            execute_on(engine, f"ALTER TABLE activity_session DROP COLUMN {column}")
        for column in ("sequence", "noted_revision"):
            execute_on(engine, f"ALTER TABLE state DROP COLUMN {column}")
        for table in ("activity_session", "namespace"):
            execute_on(engine, f"ALTER TABLE {table} DROP COLUMN legal_hold")
        for table in ("activity_session", "memory"):
            execute_on(engine, f"ALTER TABLE {table} DROP COLUMN created_by")
        members = "activity_session_participant"
        for suffix, column in (("name", "session_name"), ("create_ts", "session_create_ts")):
            execute_on(engine, f"DROP INDEX idx__{members}__participant_pkid__{suffix}")
            execute_on(engine, f"ALTER TABLE {members} DROP COLUMN {column}")
        execute_on(engine, f"CREATE INDEX idx__{members}__participant_pkid ON {members} (participant_pkid)")
        for column in ("content_text", "content_blob", "media_type"):
            execute_on(engine, f"ALTER TABLE event ADD COLUMN {column} TEXT")


@contextlib.contextmanager
def migrating_lock(mariadb: MariaDB, database_url: str) -> Iterator[None]:
    """Hold the lock of a process that migrates a database."""
    with mariadb.connect() as connection, connection.cursor() as cursor:
        connection.select_db(database_url.rpartition("/")[2])
        cursor.execute(f"SELECT GET_LOCK({mysql.LOCK}, 0)")
        assert cursor.fetchone() == (1,)
        yield


def waiting_for_a_lock(mariadb: MariaDB) -> int:
    ((count,),) = mariadb.execute("SELECT COUNT(*) FROM information_schema.processlist WHERE state = 'User lock'")
    assert isinstance(count, int)
    return count


def execute(path: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def dump(path: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


class TestOtherVersions:
    def test_a_database_of_the_first_version_is_upgraded_and_served_with_all_its_content(self, tmp_path: Path) -> None:
        path = tmp_path / "test.db"
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.executescript(DUMP.read_text(encoding="utf-8"))
        database_url = f"sqlite:///{path}"
        with serving(database_url) as server, connected(server.address) as client:
            namespace = client.namespaces.GetNamespace(GetNamespaceRequest(name="namespaces/Café"))
            assert namespace.description == "all of it"
            assert namespace.settings.purge_age.ToTimedelta().days == 3650
            participants = client.participants.ListParticipants(ListParticipantsRequest(parent=namespace.name))
            assert [(one.name, one.participant_type) for one in participants.participants] == [
                ("namespaces/Café/participants/Kim", ParticipantType.PARTICIPANT_TYPE_AGENT),
                ("namespaces/Café/participants/kim", ParticipantType.PARTICIPANT_TYPE_USER),
            ]
            check_talk(get_session(client, "namespaces/Café/sessions/talk 🌱"))
            assert get_session(client, "namespaces/Café/sessions/gone").HasField("delete_time")
            request = CreateSessionRequest(parent="namespaces/default", session_id="once", request_id="request-1")
            request.session.data = "x"
            # A retry with its request id gets it as it was, without fields and settings of later versions.
            session = get_session(client, "namespaces/default/sessions/once")
            session.ClearField("first_sequence")
            session.settings.ClearField("require_turn")
            assert client.sessions.CreateSession(request) == session
        with engine_on(database_url) as engine, OrmSession(engine) as orm:
            memory = orm.scalars(select(Memory)).one()
            assert (memory.content, memory.activity_session.name) == ("Kim likes 🌱", "talk 🌱")
            assert orm.scalar(text(f"SELECT version_num FROM {revisions.VERSION_TABLE}")) == revisions.NEWEST

    @on_each_backend
    @pytest.mark.parametrize("command", ["serve", "migrate", "check", "events"])
    def test_a_database_of_a_newer_version_is_refused(
        self, backend: str, new_database: Callable[[str], str], command: str
    ) -> None:
        database_url = new_database(backend)
        schema.migrate_url(database_url)
        with engine_on(database_url) as engine:
            execute_on(engine, f"UPDATE {revisions.VERSION_TABLE} SET version_num = '9999'")
        about = ["namespaces/default/sessions/x"] if command == "events" else []
        done = run(command, *about, "--address", "127.0.0.1:0", "--database-url", database_url)
        assert done.returncode == 1
        last_line = done.stderr.splitlines()[-1]
        assert last_line == (
            "activity-session: the schema 9999 is of a newer version of activity-session than this one, which knows"
            f" {revisions.NEWEST}: install that one, or restore a backup from before its migration"
            " (docs/operations.md, Upgrades)"
        )
        assert "Traceback" not in done.stderr


def check_talk(session: Session) -> None:
    assert session.uid == "activity_session-01a2040406587678ae1bf69f9bacd35d"
    assert session.description == "first\nsecond"
    assert session.data == "hello 🌱 'quoted'\n小林"
    assert dict(session.labels) == {"team": "blue"}
    assert not session.enabled
    assert session.settings.sync_chat
    assert session.settings.memory.get_top_k_vectors == 7
    assert session.settings.memory.get_max_memories == 25
    assert member_names(session) == ["namespaces/Café/participants/Kim", "namespaces/Café/participants/kim"]
    assert {member.role for member in session.participants} == {"guest"}
    assert session.create_time.ToJsonString() == "2026-11-22T16:08:22.359827Z"


class TestMappedSession:
    """Others build on these names."""

    def test_is_where_it_is_expected(self) -> None:
        assert f"{ActivitySession.__module__}.{ActivitySession.__name__}" == (
            "activity_session_server.orm.activity_session.ActivitySession"
        )
        assert ActivitySession.__tablename__ == "activity_session"
        assert table_of(ActivitySession).comment == ActivitySession.__doc__

    def test_has_exactly_its_columns(self) -> None:
        required = (
            "pkid namespace_pkid name enabled managed auto_created deleted settings labels revision last_sequence"
            " first_sequence last_event_ts last_event_sequence history_revision log_bytes events_from_ts turn_token"
            " create_ts update_ts legal_hold inherited_sequence"
        )
        optional = (
            "description data turn_holder turn_expire_ts delete_ts expire_ts purge_ts created_by events_due_ts"
            " state_first_sequence origin_pkid origin_name"
        )
        columns = table_of(ActivitySession).columns
        assert {column.name for column in columns if not column.nullable} == set(required.split())
        assert {column.name for column in columns if column.nullable} == set(optional.split())
        assert all(column.comment for column in columns)
        assert columns["data"].comment == "session data"

    @pytest.mark.parametrize(
        ("column", "on_sqlite", "on_mysql"),
        [
            ("pkid", "VARCHAR(64)", "VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"),
            ("namespace_pkid", "VARCHAR(64)", "VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"),
            ("name", "VARCHAR(255)", "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"),
            ("data", "TEXT", "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"),
            ("enabled", "BOOLEAN", "BOOL"),
            ("settings", "JSON", "JSON"),
            ("create_ts", "DATETIME", "DATETIME(6)"),
        ],
    )
    def test_has_types_that_mean_the_same_on_each_backend(self, column: str, on_sqlite: str, on_mysql: str) -> None:
        type_ = table_of(ActivitySession).columns[column].type
        expected_on = {"sqlite://": on_sqlite, "mysql+pymysql://": on_mysql, "mariadb+pymysql://": on_mysql}
        for url, expected in expected_on.items():
            with engine_on(url) as engine:
                assert type_.compile(engine.dialect) == expected

    def test_has_its_key_its_constraint_and_its_index(self) -> None:
        table = table_of(ActivitySession)
        assert [column.name for column in table.primary_key] == ["pkid"]
        (owner,) = table.columns["namespace_pkid"].foreign_keys
        assert owner.target_fullname == "namespace.pkid"
        (unique,) = [one for one in table.constraints if isinstance(one, UniqueConstraint)]
        assert unique.name == "uc__activity_session__namespace_pkid__name"
        assert [column.name for column in unique.columns] == ["namespace_pkid", "name"]
        (index,) = [one for one in table.indexes if one.name == "idx__activity_session__namespace_pkid__name"]
        assert [column.name for column in index.columns] == ["namespace_pkid", "name"]

    def test_has_exactly_its_relationships(self) -> None:
        configure_mappers()
        relationships = inspect(ActivitySession).relationships
        assert {one.key: (one.mapper.class_, one.back_populates, str(one.secondary)) for one in relationships} == {
            "namespace": (Namespace, "activity_sessions", "None"),
            "participants": (Participant, "activity_sessions", "activity_session_participant"),
            "memories": (Memory, "activity_session", "None"),
        }
        assert relationships["memories"].lazy == "dynamic"

    @on_each_backend
    def test_has_its_defaults_and_relationships_on_a_real_database(
        self, backend: str, new_database: Callable[[str], str]
    ) -> None:
        database_url = new_database(backend)
        schema.migrate_url(database_url)
        with engine_on(database_url) as engine:
            pkid = add_session(engine)
            with OrmSession(engine) as orm:
                check_session(orm.get_one(ActivitySession, pkid))


def add_session(engine: Engine) -> str:
    """Create a session with two participants and three memories, all fields with a default left out."""
    with OrmSession(engine) as orm:
        namespace = orm.scalars(select(Namespace).where(Namespace.name == "default")).one()
        agent = Participant(name="Ada", participant_type="AGENT", namespace=namespace)
        user = Participant(name="ada", participant_type="USER", namespace=namespace)
        session = ActivitySession(name="talk 🌱", namespace=namespace, participants=[agent, user])
        orm.add(session)
        orm.flush()
        for number in range(3):
            memory = Memory(name=str(number), agent_pkid=agent.pkid, memory_type="OBSERVATION", content="🌱")
            session.memories.append(memory)
        orm.commit()
        return session.pkid


def check_session(session: ActivitySession) -> None:
    assert session.pkid.startswith("activity_session-")
    assert len(session.pkid) == len("activity_session-") + 32
    assert (session.enabled, session.managed, session.auto_created, session.deleted) == (True, False, False, False)
    assert session.settings.model_dump(exclude_unset=True) == {}
    assert session.description is None
    assert session.data is None
    assert session.create_ts == session.update_ts
    assert session.namespace.name == "default"
    assert session.namespace.activity_sessions == [session]
    assert {one.name: one.participant_type for one in session.participants} == {"Ada": "AGENT", "ada": "USER"}
    assert all(one.activity_sessions == [session] for one in session.participants)
    # A dynamic relationship is a query: it loads only what is asked for.
    assert session.memories.count() == 3
    assert session.memories.filter(Memory.name == "1").one().activity_session is session
