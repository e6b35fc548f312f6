"""Global settings of a database that would do harm: calls return the same as ever, or `check` and `serve` say why."""

import contextlib
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from activity_session.v1.event_service_pb2 import ListEventsRequest
from activity_session.v1.session_pb2 import SESSION_VIEW_FULL
from activity_session.v1.session_service_pb2 import BatchGetSessionsRequest, ListSessionsRequest
from activity_session.v1.state_pb2 import StateUpdate
from activity_session_server.store import schema
from activity_session_server.store.backends import EngineOptions, open_engine
from activity_session_testing.backends import DRIVER, SERVER, SERVERS, MariaDB
from activity_session_testing.processes import run
from activity_session_testing.servers import Client, connected, serving
from activity_session_testing.steps import (
    acquire_turn,
    append,
    expunge_session,
    get_session,
    make_namespace,
    members,
    new_participant,
    new_session,
    read_state,
    session_or_none,
    update_session,
    update_state,
)

LARGE = "🌱" * 50_000
# Each does harm where a connection does not set its own.
ODD = {
    "autocommit": "0",
    "completion_type": "'CHAIN'",
    "group_concat_max_len": "4",
    "innodb_lock_wait_timeout": "1",
    "max_join_size": "1",  # which turns sql_big_selects off
    "max_sort_length": "64",
    "sort_buffer_size": "1024",
    "sql_auto_is_null": "1",
    "sql_safe_updates": "1",
    "sql_select_limit": "2",
    "time_zone": "'-11:00'",
    "unique_checks": "0",
    "wait_timeout": "1",
}
# Those that have other names or values on one server than on the other.
ODD |= {
    "mariadb": {
        "max_statement_time": "0.0001",
        "sql_mode": "'ANSI_QUOTES,ORACLE,PAD_CHAR_TO_FULL_LENGTH,NO_BACKSLASH_ESCAPES'",
        "tx_isolation": "'SERIALIZABLE'",
        "tx_read_only": "1",
        "wsrep_dirty_reads": "1",
        "wsrep_sync_wait": "0",
    },
    "mysql": {
        "max_execution_time": "1",
        "sql_mode": "'ANSI_QUOTES,PAD_CHAR_TO_FULL_LENGTH,NO_BACKSLASH_ESCAPES'",
        "transaction_isolation": "'SERIALIZABLE'",
        "transaction_read_only": "1",
    },
}[SERVER]
# These do it to migrations.
ODD_FOR_MIGRATIONS = {"default_storage_engine": "MEMORY", "foreign_key_checks": "0", "sql_quote_show_create": "0"}

# It does no harm to a connection that has sql_big_selects.
NOT_SET = {"max_join_size"}


@contextlib.contextmanager
def having(mariadb: MariaDB, settings: dict[str, str]) -> Iterator[None]:
    """Set global settings inside the block."""
    before = {name: repr(mariadb.execute(f"SELECT @@global.{name}")[0][0]) for name in settings}
    try:
        for name, value in settings.items():
            mariadb.execute(f"SET GLOBAL {name} = {value}")
        yield
    finally:
        for name, value in before.items():
            mariadb.execute(f"SET GLOBAL {name} = {value}")


@pytest.fixture(scope="module")
def database_url(mariadb: MariaDB) -> str:
    url = mariadb.new_database()
    schema.migrate_url(url)
    return url


def check_calls(client: Client, namespace_id: str) -> None:
    """Make a handful of calls, each with a result that settings can change."""
    namespace = make_namespace(client, namespace_id).name
    people = [new_participant(client, namespace, f"person-{number}") for number in range(4)]
    sessions = [new_session(client, namespace, f"s{number}", participants=members(*people)) for number in range(4)]
    names = [session.name for session in sessions]
    found = client.sessions.BatchGetSessions(BatchGetSessionsRequest(parent=namespace, names=names)).sessions
    assert list(found) == sessions
    for number, session in enumerate(found):
        session.data = f"{number} \\ ' \" {LARGE}"
        update_session(client, session, "data")
    check_lists(client, namespace, names)
    check_events(client, names[0], people[0])
    expunge_session(client, names[1])
    assert session_or_none(client, names[1]) is None


def check_lists(client: Client, namespace: str, names: list[str]) -> None:
    for order in ("name", "name desc", "create_time", "update_time desc"):
        request = ListSessionsRequest(parent=namespace, view=SESSION_VIEW_FULL, order_by=order, page_size=3)
        first = client.sessions.ListSessions(request)
        request.page_token = first.next_page_token
        second = client.sessions.ListSessions(request)
        expected = names[::-1] if order.endswith("desc") else names
        assert [session.name for session in [*first.sessions, *second.sessions]] == expected
        assert {session.data[1:] for session in first.sessions} == {f" \\ ' \" {LARGE}"}


def check_events(client: Client, session: str, person: str) -> None:
    texts = [f"{number}{LARGE}" for number in range(4)]
    for one in texts:
        append(client, session, one)
    listed = client.events.ListEvents(ListEventsRequest(parent=session)).events
    assert [event.text for event in listed] == texts
    assert get_session(client, session).last_sequence == len(texts)
    updates = [StateUpdate(key=f"key-{number}", value_json="1") for number in range(4)]
    update_state(client, session, *updates)
    assert sorted(read_state(client, session)) == [update.key for update in updates]
    assert acquire_turn(client, session, person, 10).token


@pytest.mark.parametrize("name", ["sql_select_limit", "sort_buffer_size", "max_join_size"])
def test_a_setting_does_no_harm_to_calls(mariadb: MariaDB, database_url: str, name: str) -> None:
    with (
        having(mariadb, {name: ODD[name]}),
        serving(database_url, health_interval=300) as server,
        connected(server.address) as client,
    ):
        check_calls(client, name)


def test_a_connection_has_the_same_settings_whatever_they_are_for_others(mariadb: MariaDB, database_url: str) -> None:
    usual = settings_of_a_connection(database_url)
    with having(mariadb, ODD | ODD_FOR_MIGRATIONS):
        assert settings_of_a_connection(database_url) == usual


def settings_of_a_connection(database_url: str) -> dict[str, object]:
    """Return what each of the odd settings is for a connection of a server."""
    engine = open_engine(database_url, EngineOptions(timeout=5, synchronous="FULL"))
    with engine.connect() as connection:
        return {
            name: connection.scalar(text(f"SELECT @@session.{name}"))
            for name in (ODD | ODD_FOR_MIGRATIONS).keys() - NOT_SET
        }


def test_all_of_them_do_no_harm_to_a_new_database(mariadb: MariaDB) -> None:
    database_url = mariadb.new_database()
    with (
        having(mariadb, ODD | ODD_FOR_MIGRATIONS),
        serving(database_url, health_interval=300) as server,
        connected(server.address) as client,
    ):
        check_calls(client, "all")


@pytest.fixture(scope="module")
def logging_statements(tmp_path_factory: pytest.TempPathFactory, mariadb: MariaDB) -> Iterator[MariaDB]:
    """A server that logs changes as statements."""
    del mariadb  # which skips the test where MariaDB is not installed
    with SERVERS[SERVER].running(tmp_path_factory.mktemp("logging")) as server:
        server.kill()
        server.start("--log-bin", "--binlog-format=STATEMENT", "--skip-character-set-client-handshake")
        yield server


def test_a_log_of_statements_does_no_harm_to_a_user_who_may_change_it(logging_statements: MariaDB) -> None:
    database_url = logging_statements.new_database()
    with serving(database_url, health_interval=300) as server, connected(server.address) as client:
        check_calls(client, "log")


@pytest.mark.parametrize("command", ["check", "serve"])
def test_a_log_of_statements_is_refused_for_a_user_who_may_not(logging_statements: MariaDB, command: str) -> None:
    database_url = as_user(logging_statements, logging_statements.new_database())
    assert refusal(command, database_url) == (
        "activity-session: binlog_format is STATEMENT, with which no transaction in READ COMMITTED can write:"
        " set it to ROW or MIXED, or grant the user BINLOG ADMIN (SYSTEM_VARIABLES_ADMIN on MySQL)"
    )


@pytest.mark.parametrize("command", ["check", "serve"])
def test_a_packet_size_that_requests_do_not_fit_is_refused(mariadb: MariaDB, database_url: str, command: str) -> None:
    with having(mariadb, {"max_allowed_packet": "1048576"}):
        assert refusal(command, database_url) == (
            "activity-session: max_allowed_packet is 1048576, which is too small for requests of 4194304 bytes:"
            " set it to 8388608 at least"
        )


def test_a_user_without_other_rights_may_set_all_that_is_set(mariadb: MariaDB) -> None:
    database_url = as_user(mariadb, mariadb.new_database())
    with serving(database_url, health_interval=300) as server, connected(server.address) as client:
        check_calls(client, "user")


def as_user(mariadb: MariaDB, database_url: str) -> str:
    """Return the URL for a user who has no rights but those on the database."""
    name = database_url.rpartition("/")[2]
    mariadb.execute(f"CREATE USER {name}@'127.0.0.1' IDENTIFIED BY 'x'")
    mariadb.execute(f"GRANT ALL ON {name}.* TO {name}@'127.0.0.1'")
    return f"mysql+{DRIVER}://{name}:x@127.0.0.1:{mariadb.port}/{name}"


def refusal(command: str, database_url: str) -> str:
    """Return the last line of a command that fails."""
    done = run(command, "--address", "127.0.0.1:0", "--database-url", database_url)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr.splitlines()[-1]
