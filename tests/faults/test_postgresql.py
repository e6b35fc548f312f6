"""What PostgreSQL does in its own way: its errors by SQLSTATE, statements that end in time, settings, migrations."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url, text

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import AppendEventsRequest
from activity_session_server.app import App
from activity_session_server.store import Writer, revisions, schema
from activity_session_server.store.backends import engines
from activity_session_server.store.backends.postgresql import LOCK
from activity_session_testing.moments import before, engine_of, eventually
from activity_session_testing.postgresql import PostgreSQL
from activity_session_testing.processes import run
from activity_session_testing.servers import Client, Failure, connected, failure, serving
from activity_session_testing.steps import append, list_events, new_session
from activity_session_testing.watches import Watching

PARENT = "namespaces/default"
NO_UPKEEP = 300.0
BUSY, UNAVAILABLE, LATE, INTERNAL = "DATABASE_BUSY", "DATABASE_UNAVAILABLE", "DEADLINE_EXCEEDED", "INTERNAL"
# What a caller is told, by SQLSTATE: the reason, and the sentence where it says more than that.
TOLD = {
    **dict.fromkeys(("40001", "40P01", "55P03", "53300"), (BUSY, "other writers were in the way")),
    "57014": (LATE, "a statement took longer than"),
    **dict.fromkeys(("08006", "57P01", "57P02", "57P03", "57P05", "25P03"), (UNAVAILABLE, "cannot be reached")),
    "25006": (UNAVAILABLE, "the database is read-only"),
    "53100": (UNAVAILABLE, "the database's disk is full"),
    "53200": (UNAVAILABLE, "the database has no memory left"),
    "42501": (UNAVAILABLE, "the database refuses a right"),
    "3D000": (UNAVAILABLE, "the database refuses the server's account"),
    "XX001": (UNAVAILABLE, "the database's files cannot be read or written"),
    # Mistakes of ours, and what nobody has heard of yet.
    **dict.fromkeys(("42703", "42P01", "22021", "23502", "XX000", "0A000", "ZZ999"), (INTERNAL, "internal error")),
}


@pytest.fixture(scope="module")
def server(postgresql: PostgreSQL) -> Iterator[App]:
    with serving(postgresql.new_database(), health_interval=NO_UPKEEP, database_timeout=1) as server:
        yield server


@pytest.fixture
def client(server: App) -> Iterator[Client]:
    with connected(server.address) as client:
        yield client


def database_of(server: App) -> str:
    return str(engine_of(server).url.database)


def refuse(state: str) -> Callable[[], None]:
    def act() -> None:
        raise type("AnError", (psycopg.errors.get_base_exception(state),), {"sqlstate": state})("something")

    return act


def appending(session: str) -> AppendEventsRequest:
    return AppendEventsRequest(parent=session, events=[Event(text="x")])


class TestErrors:
    @pytest.mark.parametrize("state", TOLD)
    def test_are_told_by_sqlstate(
        self, server: App, client: Client, caplog: pytest.LogCaptureFixture, state: str
    ) -> None:
        session = new_session(client, PARENT).name
        with before(server, "INSERT INTO event", refuse(state), most=1000) as times:
            refusal = failure(client.events.AppendEvents, appending(session))
        assert times.count
        reason, said = TOLD[state]
        assert refusal.reason == reason
        assert said in refusal.message
        assert f"{state}: something" in caplog.text or reason != INTERNAL

    def test_of_a_kind_that_is_over_soon_are_tried_again(self, server: App, client: Client) -> None:
        session = new_session(client, PARENT).name
        for state in ("40001", "57P01"):
            with before(server, "INSERT INTO event", refuse(state)) as times:
                append(client, session, state)
            assert times.count == 1
        assert [event.text for event in list_events(client, session)] == ["40001", "57P01"]


class TestConnections:
    def test_that_were_cut_are_opened_anew(self, client: Client, postgresql: PostgreSQL) -> None:
        session = new_session(client, PARENT).name
        for number in range(3):
            postgresql.kill_connections()
            append(client, session, f"{number}")
        assert [event.text for event in list_events(client, session)] == ["0", "1", "2"]

    def test_set_what_the_database_sets_otherwise(self, postgresql: PostgreSQL) -> None:
        url = postgresql.new_database()
        database = make_url(url).database
        for setting in ("default_transaction_isolation = 'serializable'", "TimeZone = 'Asia/Tokyo'", "jit = on"):
            postgresql.execute(f"ALTER DATABASE {database} SET {setting}")
        with serving(url) as server, connected(server.address) as client:
            session = new_session(client, PARENT)
            (found,) = server.store.read(
                server._own_call("test"),  # noqa: SLF001
                lambda reader: reader.rows(
                    text("SELECT current_setting('transaction_isolation'), current_setting('TimeZone')")
                ),
            )
            assert tuple(found) == ("read committed", "UTC")
            assert abs(session.create_time.seconds - time.time()) < 60

    def test_do_not_commit_what_an_error_has_undone(self, server: App) -> None:
        def write(writer: Writer) -> None:
            with pytest.raises(psycopg.Error):
                writer._connection.run("SELECT 1 / 0")  # noqa: SLF001

        with pytest.raises(AssertionError, match="COMMIT has led to ROLLBACK"):
            server.store.write(server._own_call("test"), write)  # noqa: SLF001


class TestSignals:
    @pytest.fixture
    def servers(self, postgresql: PostgreSQL) -> Iterator[tuple[App, App]]:
        """Two servers on one database, which are late to look for themselves what the other one has written."""
        url = postgresql.new_database()
        settings = {"poll_interval": 60, "health_interval": NO_UPKEEP}
        with serving(url, **settings) as here, serving(url, **settings) as there:
            yield here, there

    def test_reach_the_watches_of_another_server(self, servers: tuple[App, App], postgresql: PostgreSQL) -> None:
        here, there = servers
        with connected(here.address) as client, connected(there.address) as other:
            session = new_session(client, PARENT).name
            with Watching.of(other, session) as watch:
                watch.wait_for_start()
                for number in range(3):
                    wait_until_asked(here)
                    append(client, session, f"{number}")
                    watch.wait_for_sequence(number + 1)
                    # Connections that were cut are made anew.
                    postgresql.kill_connections()

    def test_are_sent_only_while_another_server_follows_a_session(
        self, servers: tuple[App, App], postgresql: PostgreSQL
    ) -> None:
        here, there = servers
        sent = f"SELECT pid FROM pg_stat_activity WHERE datname = '{database_of(here)}' AND query LIKE '%pg_notify%'"
        with connected(here.address) as client, connected(there.address) as other:
            session = new_session(client, PARENT).name
            with Watching.of(client, session) as watch:
                append(client, session, "0")
                watch.wait_for_sequence(1)
            assert postgresql.execute(sent) == []
            with Watching.of(other, session):
                wait_until_asked(here)
                append(client, session, "1")
                eventually(lambda: postgresql.execute(sent))


def wait_until_asked(server: App) -> None:
    """Wait until another server has asked for signals, from now on."""
    signals: Any = server.feeds._signals  # noqa: SLF001
    begun = time.monotonic()
    eventually(lambda: signals._was_asked > begun)  # noqa: SLF001


class TestTime:
    def test_a_wait_for_a_lock_ends_at_the_deadline(self, server: App, client: Client, postgresql: PostgreSQL) -> None:
        session = new_session(client, PARENT).name
        with postgresql.connect(database_of(server)) as other:
            other.execute("BEGIN")
            other.execute("SELECT pkid FROM activity_session FOR UPDATE")
            started = time.monotonic()
            refusal = failure(client.events.AppendEvents, appending(session), timeout=0.5)
            assert time.monotonic() - started < 1.5
            assert refusal.code.name == LATE
            eventually(lambda: not postgresql.waiting())
        append(client, session, "y")
        assert [event.text for event in list_events(client, session)] == ["y"]

    def test_a_wait_for_a_lock_ends_when_the_database_has_had_its_time(
        self, server: App, client: Client, postgresql: PostgreSQL
    ) -> None:
        session = new_session(client, PARENT).name
        with postgresql.connect(database_of(server)) as other:
            other.execute("BEGIN")
            other.execute("SELECT pkid FROM activity_session FOR UPDATE")
            started = time.monotonic()
            refusal = failure(client.events.AppendEvents, appending(session))
            assert 1 <= time.monotonic() - started < 4
        assert refusal.reason in (BUSY, LATE)

    def test_what_does_not_respond_is_given_up(self, client: Client, postgresql: PostgreSQL) -> None:
        session = new_session(client, PARENT).name
        with postgresql.frozen(), ThreadPoolExecutor(1) as pool:
            started = time.monotonic()
            refusal = pool.submit(failure, client.events.AppendEvents, appending(session)).result()
            assert time.monotonic() - started < 3 * (1 + engines.LONGER_THAN_A_STATEMENT)
        assert refusal.reason == UNAVAILABLE
        eventually(lambda: not isinstance(_tried(client, session), Failure))
        assert {event.text for event in list_events(client, session)} <= {"x", "y"}


def _tried(client: Client, session: str) -> Any:
    try:
        return append(client, session, "y")
    except Exception as error:
        return Failure(error) if hasattr(error, "code") else error  # type: ignore[arg-type]


class TestSchema:
    def test_has_texts_that_are_compared_by_their_bytes(self, postgresql: PostgreSQL) -> None:
        url = postgresql.new_database()
        schema.migrate_url(url)
        others = postgresql.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND data_type IN ('text', 'character varying') AND collation_name IS DISTINCT FROM 'C'",
            str(make_url(url).database),
        )
        assert others == [(revisions.VERSION_TABLE, "version_num")]

    def test_is_not_made_by_two_at_once(self, postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch) -> None:
        url = postgresql.new_database()
        monkeypatch.setattr(engines, "LONGEST_MIGRATION", 1)
        with postgresql.connect(str(make_url(url).database)) as other:
            other.execute(f"SELECT pg_advisory_lock({LOCK})")
            with pytest.raises(revisions.SchemaError, match="has been migrating the database for 1 s"):
                schema.migrate_url(url)
            # Locks are of one database.
            assert schema.migrate_url(postgresql.new_database())[1:] == (None, revisions.NEWEST)
        assert schema.migrate_url(url)[1:] == (None, revisions.NEWEST)

    def test_is_there_whole_or_not_at_all(self, postgresql: PostgreSQL) -> None:
        url = postgresql.new_database()
        database = str(make_url(url).database)
        # The first migration makes other tables before this one.
        postgresql.execute("CREATE TABLE memory (something TEXT)", database)
        with pytest.raises(revisions.SchemaError, match='42P07: relation "memory" already exists'):
            schema.migrate_url(url)
        tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        assert postgresql.execute(tables, database) == [("memory",)]
        postgresql.execute("DROP TABLE memory", database)
        assert schema.migrate_url(url)[1:] == (None, revisions.NEWEST)

    def test_is_refused_where_characters_are_missing(self, postgresql: PostgreSQL) -> None:
        postgresql.execute("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 OWNER tester")
        done = run("check", "--database-url", postgresql.url("latin"))
        assert "the encoding of the database is LATIN1: make one by CREATE DATABASE" in done.stderr

    def test_is_served_by_a_user_with_few_rights(self, postgresql: PostgreSQL) -> None:
        url = postgresql.new_database()
        database = str(make_url(url).database)
        schema.migrate_url(url)
        postgresql.execute("CREATE USER serves PASSWORD 'x'")
        postgresql.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO serves", database)
        served = f"postgres://serves:x@127.0.0.1:{postgresql.port}/{database}"
        grant = run("check", "--database-url", served).stderr.splitlines()[-1].strip()
        assert grant == "GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO serves"
        postgresql.execute(grant, database)
        done = run("check", "--database-url", served)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.endswith("reads and writes: ok\n")


def test_two_other_names_of_the_scheme_are_taken(postgresql: PostgreSQL) -> None:
    url = postgresql.new_database()
    for scheme in ("postgresql", "postgres"):
        with serving(url.replace("postgresql+psycopg", scheme)) as server, connected(server.address) as client:
            new_session(client, PARENT)


def test_a_user_that_is_refused_is_told(postgresql: PostgreSQL) -> None:
    done = run("check", "--database-url", f"postgresql://nobody:x@127.0.0.1:{postgresql.port}/postgres")
    assert "password authentication failed" in done.stderr
