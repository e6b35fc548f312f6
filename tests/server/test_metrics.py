"""Metrics: every series is there from the start, and what it counts is what has happened."""

import math
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
import trustme
from cryptography import x509
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families

from activity_session import v1
from activity_session_server.app import App
from activity_session_server.metrics import definitions, expiry
from activity_session_server.metrics.definitions import BUILD, CODES, METHODS, REASONS, Kind
from activity_session_server.rpc import status
from activity_session_server.rpc.routes import ROUTES
from activity_session_testing.backends import BACKENDS, MariaDB, driver_error
from activity_session_testing.moments import before, eventually
from activity_session_testing.processes import write_lock
from activity_session_testing.scrapes import Scrape, expected_keys, page
from activity_session_testing.servers import SMALL_WINDOW, Client, connected, failure, serving
from activity_session_testing.steps import (
    acquire_turn,
    append,
    get_session,
    list_events,
    new_participant,
    new_session,
    release_turn,
    waiting_for_turn,
)
from activity_session_testing.sweeps import SWEEP
from activity_session_testing.watches import Watching

NAMESPACE = "namespaces/default"
ADMIN = {"admin_address": "127.0.0.1:0"}
# No check and no sweep beside what a test does.
QUIET = ADMIN | {"health_interval": 300, "sweep_interval": 300}
SESSIONS = "activity_session.v1.SessionService"
DEADLOCK, LOST = 1213, 2013


@pytest.fixture(params=BACKENDS)
def server(request: pytest.FixtureRequest, new_database: Callable[[str], str]) -> Iterator[App]:
    with serving(new_database(request.param), **QUIET) as server:
        yield server


@pytest.fixture
def client(server: App) -> Iterator[Client]:
    with connected(server.address) as client:
        yield client


@pytest.fixture
def file_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'test.db'}"


def scrape(server: App) -> Scrape:
    assert server.admin is not None
    return Scrape(server.admin.address)


def until(server: App, condition: Callable[[Scrape], bool]) -> Scrape:
    """The first scrape of which a condition holds."""

    def having() -> Scrape | None:
        found = scrape(server)
        return found if condition(found) else None

    found = eventually(having)
    assert found is not None
    return found


def absent(client: Client) -> str:
    """Make a call that finds nothing, and return the reason."""
    return failure(client.sessions.GetSession, v1.GetSessionRequest(name=f"{NAMESPACE}/sessions/absent")).reason


class TestSeries:
    def test_are_all_there_from_the_start_and_no_other_comes_with_calls(self, server: App, client: Client) -> None:
        first = scrape(server)
        built = {key for key in first.values if key[0] == BUILD.name}
        assert set(first.values) == expected_keys() | built
        assert {name for name, _ in next(iter(built))[1]} == set(BUILD.labels)
        counted = [metric for metric in definitions.METRICS if metric.name.startswith("activity_session_call")]
        assert {first.value(metric) for metric in counted} == {0}
        # The first check has succeeded.
        assert first.value(definitions.READY) == first.value(definitions.PROCESSES) == 1
        assert abs(first.value(definitions.CHECKED) - time.time()) < 20
        session = new_session(client, NAMESPACE).name
        append(client, session, "x")
        assert absent(client) == "SESSION_NOT_FOUND"
        with Watching.of(client, session) as watch:
            watch.wait_for_start()
        assert set(scrape(server).values) == set(first.values)

    def test_have_every_method_code_and_reason(self) -> None:
        assert set(METHODS) == {(service, method) for service, methods in ROUTES.items() for method in methods}
        assert set(CODES) == {code.name for code in grpc.StatusCode}
        assert set(REASONS) == {status.name_of(reason) for reason in status.CODES}

    def test_are_named_as_prometheus_wants(self) -> None:
        for metric in definitions.METRICS:
            assert metric.name.startswith(definitions.PREFIX)
            assert metric.name.endswith("_total") == (metric.kind is Kind.COUNTER)
            assert list(metric.bounds) == sorted(set(metric.bounds))
            assert bool(metric.bounds) == (metric.kind is Kind.HISTOGRAM)

    def test_need_neither_prometheus_nor_opentelemetry_nor_a_board_unless_somebody_is_told(self) -> None:
        script = (
            "import sys; from activity_session_server import app, settings;"
            "server = app.App(settings.Settings(address='127.0.0.1:0', database_url='sqlite://'));"
            "assert server.admin is None and server._board is None; assert 'prometheus_client' not in sys.modules;"
            "assert not [name for name in sys.modules if name.startswith('opentelemetry')]"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr


class TestCalls:
    def test_are_counted_by_method_and_code_with_their_time(self, server: App, client: Client) -> None:
        session = new_session(client, NAMESPACE).name
        for _ in range(3):
            get_session(client, session)
        assert absent(client) == "SESSION_NOT_FOUND"
        found = scrape(server)
        method = {"grpc_service": SESSIONS, "grpc_method": "GetSession"}
        assert found.value(definitions.CALLS, **method, grpc_code="OK") == 3
        assert found.value(definitions.CALLS, **method, grpc_code="NOT_FOUND") == 1
        assert found.value(definitions.CALLS) == 5
        assert found.value(definitions.CALL_SECONDS, **method) == 4
        assert 0 < found.total(definitions.CALL_SECONDS, **method) < 4 * 20
        assert found.value(definitions.CALL_ERRORS, **{"class": "read"}, reason="SESSION_NOT_FOUND") == 1
        assert found.value(definitions.CALL_ERRORS) == 1
        assert found.value(definitions.THREAD_WAIT, **{"class": "read"}) == 4
        assert found.value(definitions.THREAD_WAIT, **{"class": "write"}) == 1

    def test_that_are_too_many_are_counted_as_full(self, file_url: str, tmp_path: Path) -> None:
        settings = QUIET | {"threads": 2, "max_waiting_calls": 3, "database_timeout": 20}
        with serving(file_url, **settings) as server, connected(server.address) as client:
            session = new_session(client, NAMESPACE).name
            with write_lock(tmp_path / "test.db"):
                request = v1.AppendEventsRequest(parent=session, events=[v1.Event(text="x")])
                calls = [client.events.AppendEvents.future(request, timeout=30) for _ in range(10)]
                eventually(lambda: sum(call.done() for call in calls) == 5)
                found = scrape(server)
                assert found.value(definitions.CALL_ERRORS, **{"class": "write"}, reason="SERVER_FULL") == 5
                assert found.value(definitions.IN_FLIGHT, **{"class": "write"}) == 2
                assert found.value(definitions.WAITING, **{"class": "write"}) == 3
                assert found.value(definitions.IN_FLIGHT, **{"class": "read"}) == 0
                assert found.value(definitions.THREADS, **{"class": "write"}) == 2
            assert sum(call.exception() is None for call in calls) == 5
            assert len(list_events(client, session)) == 5
            code = {"grpc_method": "AppendEvents", "grpc_code": "RESOURCE_EXHAUSTED"}
            assert scrape(server).value(definitions.CALLS, **code) == 5

    def test_beyond_a_quota_are_counted_so(self) -> None:
        settings = QUIET | {"subject_calls_per_second": 2}
        with serving("sqlite:///:memory:", **settings) as server, connected(server.address) as client:
            reasons = [absent(client) for _ in range(10)]
            found = scrape(server)
        refused = reasons.count("QUOTA_EXCEEDED")
        assert refused
        assert found.value(definitions.CALL_ERRORS, **{"class": "read"}, reason="QUOTA_EXCEEDED") == refused
        assert found.value(definitions.CALL_ERRORS, reason="SESSION_NOT_FOUND") == 10 - refused


class TestDatabase:
    @pytest.fixture
    def server(self, mariadb: MariaDB, new_database: Callable[[str], str]) -> Iterator[App]:
        del mariadb
        with serving(new_database("mariadb"), **QUIET) as server:
            yield server

    def test_retries_are_counted_by_their_cause(self, server: App, client: Client) -> None:
        with before(server, "INSERT INTO activity_session ", fail(DEADLOCK), most=3) as times:
            new_session(client, NAMESPACE)
        found = scrape(server)
        assert found.value(definitions.RETRIES, cause="contention") == times.count == 3
        assert found.value(definitions.RETRIES) == 3
        assert found.value(definitions.IN_DOUBT) == 0

    def test_a_commit_in_doubt_is_counted_and_the_run_that_settles_it(self, server: App, client: Client) -> None:
        with before(server, "COMMIT", fail(LOST)) as times:
            new_session(client, NAMESPACE)
        assert times.count == 1
        found = scrape(server)
        assert found.value(definitions.IN_DOUBT) == 1
        assert found.value(definitions.RETRIES, cause="in_doubt") == 1
        # That of the run which settled it.
        assert found.value(definitions.COMMIT_SECONDS) == 1

    def test_connections_are_counted_while_they_are_lent_and_waited_for(self, server: App, client: Client) -> None:
        waits = scrape(server).value(definitions.CONNECTION_WAIT)
        seen = []
        session = new_session(client, NAMESPACE).name
        with before(server, "SELECT", lambda: seen.append(scrape(server))):
            get_session(client, session)
        (inside,) = seen
        assert inside.value(definitions.CONNECTIONS, state="used") == 1
        most = inside.value(definitions.CONNECTIONS_MAX)
        assert inside.value(definitions.CONNECTIONS, state="idle") == most - 1
        found = scrape(server)
        assert found.value(definitions.CONNECTIONS, state="used") == 0
        assert found.value(definitions.CONNECTION_WAIT) == waits + 2


def fail(number: int) -> Callable[[], None]:
    def act() -> None:
        raise driver_error(number, "planted")

    return act


class TestSharedCommits:
    def test_are_counted_with_the_writes_that_share_them(self, file_url: str, tmp_path: Path) -> None:
        writers = 6
        with serving(file_url, **QUIET, database_timeout=20) as server, connected(server.address) as client:
            session = new_session(client, NAMESPACE).name
            earlier = scrape(server)
            with write_lock(tmp_path / "test.db"):
                request = v1.AppendEventsRequest(parent=session, events=[v1.Event(text="x")])
                calls = [client.events.AppendEvents.future(request, timeout=30) for _ in range(writers)]
                # The first one waits for the file, all others for the first one.
                eventually(lambda: len(server.store._commits._waiting) == writers - 1)  # noqa: SLF001
            assert [call.exception() for call in calls] == [None] * writers
            found = scrape(server)
        commits = definitions.COMMIT_WRITES
        assert found.value(commits) - earlier.value(commits) == 2
        assert found.total(commits) - earlier.total(commits) == writers
        assert found.value(definitions.COMMIT_SECONDS) - earlier.value(definitions.COMMIT_SECONDS) == 2
        assert found.value(definitions.WRITE_WAIT) - earlier.value(definitions.WRITE_WAIT) == writers


class TestFollowers:
    def test_are_counted_as_long_as_they_are_there(self, server: App, client: Client) -> None:
        session = new_session(client, NAMESPACE).name
        ada, bot = new_participant(client, NAMESPACE), new_participant(client, NAMESPACE)
        lease = acquire_turn(client, session, ada, 30)
        with Watching.of(client, session) as first, Watching.of(client, session) as second:
            for watch in (first, second):
                watch.wait_for_start()
            waiter = waiting_for_turn(client, session, bot)
            found = until(server, lambda found: found.value(definitions.WAITING_TURNS) == 1)
            assert found.value(definitions.WATCHES) == 2
            assert found.value(definitions.FOLLOWED) == 1
            release_turn(client, lease)
            assert waiter.result().token > lease.token
        found = until(server, lambda found: found.value(definitions.FOLLOWED) == 0)
        assert (found.value(definitions.WATCHES), found.value(definitions.WAITING_TURNS)) == (0, 0)
        code = {"grpc_method": "WatchSession", "grpc_code": "CANCELLED"}
        eventually(lambda: scrape(server).value(definitions.CALLS, **code) == 2)

    def test_have_their_lag_measured_from_the_commit_but_not_of_what_was_there(
        self, server: App, client: Client
    ) -> None:
        session = new_session(client, NAMESPACE).name
        append(client, session, *"abc")
        with Watching.of(client, session) as first, Watching.of(client, session) as second:
            for watch in (first, second):
                watch.wait_for_start()
            assert scrape(server).value(definitions.DELIVERY_LAG) == 0
            begun = time.monotonic()
            append(client, session, "d")
            for watch in (first, second):
                watch.wait_for_sequence(4)
            found = until(server, lambda found: found.value(definitions.DELIVERY_LAG) == 2)
            assert 0 < found.total(definitions.DELIVERY_LAG) < 2 * (time.monotonic() - begun)

    def test_that_do_not_read_have_a_backlog(self) -> None:
        events = 40
        with (
            serving("sqlite:///:memory:", **QUIET) as server,
            connected(server.address) as client,
            connected(server.address, SMALL_WINDOW) as slow,
        ):
            session = new_session(client, NAMESPACE).name
            watch = slow.sessions.WatchSession(v1.WatchSessionRequest(name=session), timeout=60)
            next(watch)
            for _ in range(events):
                append(client, session, "x" * 60_000)
            found = until(server, lambda found: found.value(definitions.BACKLOG) > 0)
            assert found.value(definitions.BACKLOG) == found.value(definitions.LONGEST_BACKLOG) < events
            assert next(message for message in watch if message.event.sequence == events)
            eventually(lambda: scrape(server).value(definitions.BACKLOG) == 0)
            watch.cancel()


class TestSweeps:
    @pytest.mark.parametrize("backend", BACKENDS)
    def test_are_counted_and_what_they_leave_is_due_ever_longer(
        self, new_database: Callable[[str], str], backend: str
    ) -> None:
        often: dict[str, Any] = {"health_interval": 0.05, "sweep_interval": 0.05}
        is_failing = threading.Event()
        is_failing.set()

        def fail_for_now() -> None:
            if is_failing.is_set():
                raise RuntimeError("planted")

        with (
            serving(new_database(backend), **ADMIN, **often) as server,
            connected(server.address) as client,
            before(server, SWEEP, fail_for_now, most=sys.maxsize),
        ):
            soon = datetime.now(UTC) + timedelta(seconds=0.2)
            new_session(client, NAMESPACE, expire_time=soon)
            due = {"kind": "expired"}
            found = until(server, lambda found: found.value(definitions.DUE_SESSIONS, **due) == 1)
            age = found.value(definitions.OLDEST_DUE, **due)
            eventually(lambda: scrape(server).value(definitions.OLDEST_DUE, **due) > age)
            assert found.value(definitions.SWEEPS, **due) == 0
            is_failing.clear()
            found = until(server, lambda found: found.value(definitions.SWEEPS, **due) == 1)
            eventually(lambda: scrape(server).value(definitions.DUE_SESSIONS, **due) == 0)
            assert scrape(server).value(definitions.OLDEST_DUE, **due) == 0
            assert abs(found.value(definitions.SWEPT_AT) - time.time()) < 20


class TestCertificates:
    def test_tell_when_they_expire(self, tmp_path: Path) -> None:
        made = trustme.CA().issue_cert("localhost")
        certificate, own_key = tmp_path / "server.pem", tmp_path / "server.key"
        made.cert_chain_pems[0].write_to_path(certificate)
        made.private_key_pem.write_to_path(own_key)
        tls = {"tls_certificate_file": str(certificate), "tls_key_file": str(own_key)}
        with serving("sqlite:///:memory:", **QUIET, **tls) as server:
            told = scrape(server).value(definitions.CERTIFICATE)
        expected = x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc
        assert told == expected.timestamp()

    def test_are_none_without_a_file_and_unknown_when_it_cannot_be_read(self, tmp_path: Path) -> None:
        assert expiry.reader_of("")() == math.inf
        assert math.isnan(expiry.reader_of(str(tmp_path / "absent"))())
        (tmp_path / "cut").write_text("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
        assert math.isnan(expiry.reader_of(str(tmp_path / "cut"))())


def test_the_text_is_also_told_as_openmetrics() -> None:
    with serving("sqlite:///:memory:", **QUIET) as server:
        assert server.admin is not None
        told = page(server.admin.address, "/metrics", "application/openmetrics-text; version=1.0.0")
    # This parser is strict: it takes no name that does not fit its type.
    families = {family.name: family.type for family in openmetrics_families(told.text)}  # type: ignore[no-untyped-call]
    assert families == {metric.name.removesuffix("_total"): metric.kind.value for metric in definitions.METRICS}
