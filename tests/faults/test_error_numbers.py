"""What a caller is told of an error of MariaDB: INTERNAL for a mistake of ours, all else can be tried again."""

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from sqlalchemy import event

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import AppendEventsRequest
from activity_session_server.app import App
from activity_session_server.store import schema
from activity_session_testing.backends import DRIVER, MariaDB, driver_error
from activity_session_testing.moments import Times, before, engine_of, errors_of, eventually
from activity_session_testing.servers import Client, Failure, connected, failure, serving
from activity_session_testing.steps import append, at_once, list_events, new_session

PARENT = "namespaces/default"
NO_UPKEEP = 300.0
INTERRUPTED, USER_LIMIT = 1317, 1226
# No room, failover, Group Replication, Vitess, ProxySQL, TiDB, and numbers that nobody has heard of.
CONDITIONS = [1021, 1030, 1105, 1153, 1226, 1317, 3032, 3098, 3100, 3101, 3159, 3572, 4031, 9001, 9999]
RIGHTS = {
    **dict.fromkeys((1142, 1143, 1227), "the database refuses a right that the server needs"),
    **dict.fromkeys((1044, 1045, 1130, 2059, 3118, 4151), "the database refuses the server's account"),
}
MISTAKES = [1054, 1064, 1146, 1366, 1406]
# An error after which it may be used on, and one that is not known to be such.
HARMLESS, UNKNOWN = 1205, 9999
WAITING = "SELECT trx_mysql_thread_id FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"


@pytest.fixture(scope="module")
def server(mariadb: MariaDB) -> Iterator[App]:
    with serving(mariadb.new_database(), health_interval=NO_UPKEEP, database_timeout=1) as server:
        yield server


@pytest.fixture
def client(server: App) -> Iterator[Client]:
    with connected(server.address) as client:
        yield client


def refuse(number: int) -> Callable[[], None]:
    def act() -> None:
        raise driver_error(number, "something is the matter")

    return act


def refusal_after(server: App, client: Client, number: int) -> Failure:
    """Return the refusal of an append whose statements get an error again and again."""
    session = new_session(client, PARENT).name
    request = AppendEventsRequest(parent=session, events=[Event(text="x")])
    with before(server, "INSERT INTO event", refuse(number), most=1000) as times:
        refusal = failure(client.events.AppendEvents, request)
    assert times.count
    return refusal


@pytest.mark.parametrize("number", CONDITIONS)
def test_a_condition_of_the_database_can_be_tried_again(server: App, client: Client, number: int) -> None:
    assert refusal_after(server, client, number).reason in ("DATABASE_BUSY", "DATABASE_UNAVAILABLE")


@pytest.mark.parametrize("number", RIGHTS)
def test_a_right_that_is_missing_is_told(server: App, client: Client, number: int) -> None:
    refusal = refusal_after(server, client, number)
    assert (refusal.reason, refusal.message) == ("DATABASE_UNAVAILABLE", RIGHTS[number])


@pytest.mark.parametrize("number", [1223, 1290, 1792, 1836])
def test_a_mode_in_which_the_database_takes_no_writes_is_told(server: App, client: Client, number: int) -> None:
    refusal = refusal_after(server, client, number)
    assert (refusal.reason, refusal.message) == ("DATABASE_UNAVAILABLE", "the database is read-only")


@pytest.mark.parametrize("number", MISTAKES)
def test_a_mistake_of_ours_is_internal(server: App, client: Client, number: int) -> None:
    assert refusal_after(server, client, number).reason == "INTERNAL"


@pytest.mark.parametrize(("number", "connects"), [(HARMLESS, 0), (UNKNOWN, 1)])
def test_a_connection_is_used_on_only_after_an_error_that_is_known_to_be_harmless(
    server: App, client: Client, number: int, connects: int
) -> None:
    session, times = new_session(client, PARENT).name, Times(1000)
    event.listen(engine_of(server), "connect", lambda *_: times.may_be_once_more())
    with before(server, "INSERT INTO event", refuse(number)) as errors:
        append(client, session, "x")
    assert (errors.count, times.count) == (1, connects)


@pytest.fixture
def patient(mariadb: MariaDB) -> Iterator[tuple[App, Client]]:
    """A server whose statements wait for longer than it takes to see them wait on a busy machine."""
    with (
        serving(mariadb.new_database(), health_interval=NO_UPKEEP, database_timeout=20) as server,
        connected(server.address) as client,
    ):
        yield server, client


def test_a_statement_that_an_operator_ends_is_run_again(patient: tuple[App, Client], mariadb: MariaDB) -> None:
    server, client = patient
    session = new_session(client, PARENT).name
    database = str(engine_of(server).url.database)
    with mariadb.connect() as holder, ThreadPoolExecutor(1) as pool, errors_of(server) as numbers:
        holder.select_db(database)
        holder.begin()
        holder.cursor().execute("SELECT * FROM activity_session FOR UPDATE")
        appending = pool.submit(append, client, session, "x")
        ((thread,),) = eventually(lambda: mariadb.execute(WAITING))
        mariadb.execute(f"KILL QUERY {thread}")
        assert numbers.get(timeout=10) == INTERRUPTED
        holder.rollback()
        assert appending.result().last_sequence == 1
    assert [one.text for one in list_events(client, session)] == ["x"]


@contextlib.contextmanager
def served_as(user: str, mariadb: MariaDB, limits: str = "") -> Iterator[tuple[App, Client]]:
    """Run a server whose database knows it as a new user, with rights on that database alone."""
    database_url = mariadb.new_database()
    schema.migrate_url(database_url)
    name = database_url.rpartition("/")[2]
    mariadb.execute(f"CREATE USER {user}@'127.0.0.1' IDENTIFIED BY 'x' {limits}")
    mariadb.execute(f"GRANT ALL ON {name}.* TO {user}@'127.0.0.1'")
    url = f"mysql+{DRIVER}://{user}:x@127.0.0.1:{mariadb.port}/{name}"
    with serving(url, health_interval=NO_UPKEEP, threads=8) as server, connected(server.address) as client:
        yield server, client


def test_a_user_who_may_have_few_connections_can_try_each_call_again(mariadb: MariaDB) -> None:
    with served_as("few", mariadb, "WITH MAX_USER_CONNECTIONS 3") as (server, client):
        sessions = [new_session(client, PARENT).name for _ in range(8)]
        with errors_of(server) as numbers:
            done = at_once(partial(append, client, sessions[number % 8], "x") for number in range(40))
        assert {one.reason for one in done if isinstance(one, Failure)} <= {"DATABASE_BUSY"}
        written = sum(not isinstance(one, Failure) for one in done)
        assert written >= len(done) / 2
        assert numbers.get(timeout=0) == USER_LIMIT
        assert sum(len(list_events(client, session)) for session in sessions) == written


@pytest.mark.only_mysql
def test_a_database_in_offline_mode_says_so_and_is_served_from_again(mariadb: MariaDB) -> None:
    # It lets administrators in, as the usual user is.
    with served_as("common", mariadb) as (_, client):
        session = new_session(client, PARENT).name
        mariadb.execute("SET GLOBAL offline_mode = ON")
        try:
            request = AppendEventsRequest(parent=session, events=[Event(text="x")])
            refusal = failure(client.events.AppendEvents, request)
        finally:
            mariadb.execute("SET GLOBAL offline_mode = OFF")
        assert (refusal.reason, refusal.message) == ("DATABASE_UNAVAILABLE", "the database is in offline mode")
        eventually(lambda: not isinstance(at_once([partial(append, client, session, "y")])[0], Failure))
