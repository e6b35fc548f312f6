"""The command line, as processes."""

import argparse
import contextlib
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from activity_session.v1.info_service_pb2 import GetServerInfoRequest
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import DeleteSessionRequest, GetSessionRequest
from activity_session_server import __version__, settings, sources
from activity_session_server.store import revisions
from activity_session_testing.backends import KEEPING_BACKENDS, MariaDB
from activity_session_testing.moments import eventually
from activity_session_testing.processes import ServerProcess, run, serving_process, write_lock
from activity_session_testing.servers import Client, connected, failure
from activity_session_testing.steps import get_session, new_session

PARENT = "namespaces/default"
MISSING = GetSessionRequest(name=f"{PARENT}/sessions/missing")
SESSION_SERVICE = "activity_session.v1.SessionService"
# Far below the 30 seconds that running calls may take.
DRAIN_SECONDS = 10
NOWHERE = "mysql+pymysql://nobody:hunter2@127.0.0.1:1/nothing"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "test.db"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def flags(path: Path) -> list[str]:
    return ["--database-url", f"sqlite:///{path}"]


@pytest.fixture
def server(log: Path, flags: list[str]) -> Iterator[ServerProcess]:
    with serving_process(log, *flags) as server:
        yield server


@pytest.fixture
def client(server: ServerProcess) -> Iterator[Client]:
    with connected(server.address) as client:
        yield client


def refused(*arguments: str, exit_code: int = 1, **environment: str) -> str:
    """Run a command that must fail, and return what it says: only on stderr, and without a traceback."""
    done = run(*arguments, **environment)
    assert done.returncode == exit_code
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr


class TestSettings:
    def test_port_0_is_told_as_the_port_that_it_became(self, server: ServerProcess, client: Client) -> None:
        host, _, port = server.address.rpartition(":")
        assert host == "127.0.0.1"
        assert int(port) > 0
        assert client.info.GetServerInfo(GetServerInfoRequest()).version == __version__

    def test_flags_win_over_the_environment_and_that_over_the_defaults(self, log: Path, flags: list[str]) -> None:
        environment = {"ACTIVITY_SESSION_LABELS": "3", "ACTIVITY_SESSION_FILTER_TERMS": "7"}
        with (
            serving_process(log, *flags, "--labels", "5", **environment) as server,
            connected(server.address) as client,
        ):
            limits = client.info.GetServerInfo(GetServerInfoRequest()).limits
        assert (limits.labels, limits.filter_terms, limits.filter_depth) == (5, 7, 16)

    def test_a_duration_is_given_in_seconds_or_in_iso_8601(self, tmp_path: Path) -> None:
        flags = "--database-url", "sqlite:///:memory:", "--turn-ttl", "90.5", "--request-id-age", "PT1H"
        with serving_process(tmp_path / "log", *flags) as server, connected(server.address) as client:
            limits = client.info.GetServerInfo(GetServerInfoRequest()).limits
        assert limits.turn_ttl.ToTimedelta() == timedelta(seconds=90.5)
        assert limits.request_id_age.ToTimedelta() == timedelta(hours=1)

    @pytest.mark.parametrize(
        ("setting", "value"),
        [
            ("threads", "many"),
            ("threads", "0"),
            ("address", "50051"),
            ("database_url", "oracle://localhost/x"),
            ("reflection", "maybe"),
            ("drain_delay", "-1"),
        ],
    )
    def test_a_bad_value_is_refused_with_the_name_of_its_setting(self, setting: str, value: str) -> None:
        by_flag = refused("serve", f"--{setting.replace('_', '-')}={value}", exit_code=2)
        by_variable = refused("serve", exit_code=2, **{f"ACTIVITY_SESSION_{setting.upper()}": value})
        assert by_flag == by_variable
        assert by_flag.startswith(f"activity-session: settings: {setting}: ")
        assert len(by_flag.splitlines()) == 1

    def test_a_driver_that_is_not_installed_is_refused_with_what_installs_it(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(settings, "find_spec", lambda _: None)
        variables = {"ACTIVITY_SESSION_DATABASE_URL": "mysql+mysqldb://nobody@127.0.0.1:1/nothing"}
        with pytest.raises(settings.SettingsError, match=r"^database_url: .*activity-session-server\[mysqlclient\]"):
            sources.load(argparse.Namespace(), variables)

    @pytest.mark.parametrize("arguments", [[], ["fly"], ["serve", "--nothing", "1"], ["serve", "--threads"]])
    def test_a_command_line_that_cannot_be_read_is_refused_with_2(self, arguments: list[str]) -> None:
        done = run(*arguments)
        assert done.returncode == 2
        assert "usage: activity-session" in done.stderr

    def test_an_address_that_is_taken_is_refused(self, server: ServerProcess, tmp_path: Path) -> None:
        said = refused("serve", "--address", server.address, "--database-url", f"sqlite:///{tmp_path / 'second.db'}")
        assert f"activity-session: cannot listen on {server.address}: it is in use" in said.splitlines()[-1]

    def test_a_database_that_is_behind_is_refused_with_the_command_that_helps(self, mariadb: MariaDB) -> None:
        database_url = mariadb.new_database()
        said = refused("serve", "--address", "127.0.0.1:0", "--database-url", database_url)
        assert "activity-session migrate --database-url" in said
        assert "p%40ss" not in said
        assert run("migrate", "--database-url", database_url).returncode == 0


class TestOtherCommands:
    def test_version_tells_it(self) -> None:
        assert run("version").stdout == f"activity-session {__version__}\n"

    def test_check_finds_a_schema_that_is_behind(self, mariadb: MariaDB) -> None:
        done = run("check", "--database-url", mariadb.new_database())
        assert done.returncode == 1
        assert "activity-session migrate --database-url" in done.stderr
        assert "p%40ss" not in done.stderr

    @pytest.mark.parametrize("backend", KEEPING_BACKENDS)
    def test_check_is_content_with_what_migrate_has_made(
        self, backend: str, new_database: Callable[[str], str]
    ) -> None:
        flags = ["--database-url", new_database(backend)]
        migrated = run("migrate", *flags)
        assert migrated.returncode == 0
        assert migrated.stdout.endswith(f": schema empty -> {revisions.NEWEST}\n")
        assert "p%40ss" not in migrated.stdout
        checked = run("check", *flags)
        assert checked.returncode == 0
        assert checked.stdout.startswith("settings: ok\ndatabase: ")
        assert checked.stdout.endswith(f"schema: {revisions.NEWEST}\nreads and writes: ok\n")

    @pytest.mark.parametrize("command", ["migrate", "check", "serve"])
    def test_a_database_that_cannot_be_reached_is_named_without_its_password(self, command: str) -> None:
        done = run(command, "--address", "127.0.0.1:0", "--database-url", NOWHERE)
        assert done.returncode == 1
        assert "mysql+pymysql://nobody:***@127.0.0.1:1/nothing cannot be used" in done.stderr
        assert "hunter2" not in done.stderr
        assert "Traceback" not in done.stderr

    def test_health_asks_a_server(self, server: ServerProcess) -> None:
        for flags in ([], ["--service", SESSION_SERVICE]):
            done = run("health", "--address", server.address, *flags)
            assert (done.returncode, done.stdout, done.stderr) == (0, "SERVING\n", "")

    def test_health_fails_where_there_is_no_such_service_or_no_server(self, server: ServerProcess) -> None:
        said = refused("health", "--address", server.address, "--service", "no.such.Service")
        assert "NOT_FOUND: there is no service no.such.Service" in said
        server.kill()
        assert "UNAVAILABLE" in refused("health", "--address", server.address)


class TestLog:
    def test_has_one_line_of_json_for_each_call(self, server: ServerProcess, client: Client) -> None:
        _, call = client.info.GetServerInfo.with_call(GetServerInfoRequest(), metadata=(("x-call-id", "mine"),))
        refusal = failure(client.sessions.GetSession, MISSING)
        lines = eventually(lambda: at_least(2, [line for line in server.log_lines() if line["message"] == "call"]))
        first, second = lines
        assert dict(call.trailing_metadata())["x-call-id"] == "mine"
        assert (first["code"], first["call_id"]) == ("OK", "mine")
        assert first["method"] == "/activity_session.v1.InfoService/GetServerInfo"
        assert first["duration_ms"] > 0
        assert first["peer"].startswith("ipv4:127.0.0.1:")
        assert (second["code"], second["reason"]) == ("NOT_FOUND", "SESSION_NOT_FOUND")
        assert second["call_id"] == refusal.metadata["x-call-id"] != "mine"

    def test_can_be_text(self, log: Path, flags: list[str]) -> None:
        with serving_process(log, *flags, "--log-format", "text") as server, connected(server.address) as client:
            failure(client.sessions.GetSession, MISSING)
            line = eventually(lambda: [line for line in log.read_text().splitlines() if "GetSession" in line])[0]
        assert "code=NOT_FOUND" in line
        with pytest.raises(json.JSONDecodeError):
            json.loads(line)


def at_least(count: int, lines: list[Any]) -> list[Any]:
    return lines if len(lines) >= count else []


@contextlib.contextmanager
def busy(client: Client, path: Path) -> Iterator[Future[Session]]:
    """A write that holds the only thread for writes of a server for the length of the block, and its response."""
    with ThreadPoolExecutor(1) as pool, write_lock(path):
        answer = pool.submit(new_session, client, PARENT)
        eventually(lambda: has_no_thread_left(client))
        yield answer


def has_no_thread_left(client: Client) -> bool:
    try:
        # Refused at once by any thread for writes.
        client.sessions.DeleteSession(DeleteSessionRequest(), timeout=0.2)
    except grpc.RpcError as error:
        return error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    return False


def test_health_answers_while_every_thread_is_busy(log: Path, path: Path, flags: list[str]) -> None:
    with (
        serving_process(log, *flags, "--threads", "1") as server,
        connected(server.address) as client,
        busy(client, path) as answer,
    ):
        health = HealthStub(client.channel)
        assert health.Check(HealthCheckRequest(), timeout=2).status == HealthCheckResponse.SERVING
        assert next(health.Watch(HealthCheckRequest(), timeout=2)).status == HealthCheckResponse.SERVING
        assert run("health", "--address", server.address, "--service", SESSION_SERVICE).returncode == 0
        assert not answer.done()


class Watcher:
    """Collect the statuses that a client gets when it watches a server's health."""

    def __init__(self, client: Client) -> None:
        self.statuses: list[int] = []
        self._stream = HealthStub(client.channel).Watch(HealthCheckRequest())
        self.thread = threading.Thread(target=self._watch)
        self.thread.start()

    def _watch(self) -> None:
        with contextlib.suppress(grpc.RpcError):
            for answer in self._stream:
                self.statuses.append(answer.status)


class TestSigterm:
    def test_ends_a_server_that_has_nothing_to_do_at_once(self, server: ServerProcess) -> None:
        server.process.send_signal(signal.SIGTERM)
        assert server.wait() == 0

    def test_ends_a_server_whichever_thread_the_kernel_tells(self, server: ServerProcess) -> None:
        process = server.process.pid
        threads = [int(thread.name) for thread in Path(f"/proc/{process}/task").iterdir()]
        # A signal to the id of a thread goes to that thread first; the kernel may choose any thread for other signals.
        os.kill(next(thread for thread in threads if thread != process), signal.SIGTERM)
        assert server.wait() == 0

    def test_does_not_wait_for_clients_that_only_watch_health(self, server: ServerProcess, client: Client) -> None:
        watcher = Watcher(client)
        eventually(lambda: watcher.statuses == [HealthCheckResponse.SERVING])
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(timeout=DRAIN_SECONDS)
        watcher.thread.join()
        assert watcher.statuses == [HealthCheckResponse.SERVING, HealthCheckResponse.NOT_SERVING]

    def test_is_told_by_health_lets_running_calls_end_and_refuses_new_ones(
        self, log: Path, path: Path, flags: list[str]
    ) -> None:
        with (
            serving_process(log, *flags, "--threads", "1", "--drain-delay", "1", "--drain-timeout", "10") as server,
            connected(server.address) as client,
        ):
            watcher = Watcher(client)
            eventually(lambda: watcher.statuses == [HealthCheckResponse.SERVING])
            with busy(client, path) as answer:
                server.process.send_signal(signal.SIGTERM)
                eventually(lambda: watcher.statuses[-1] == HealthCheckResponse.NOT_SERVING)
                eventually(lambda: is_refused(server.address))
                assert server.process.poll() is None
                assert not answer.done()
            created = answer.result()
            assert server.wait() == 0
            watcher.thread.join()
        assert watcher.statuses == [HealthCheckResponse.SERVING, HealthCheckResponse.NOT_SERVING]
        with serving_process(log, *flags) as server, connected(server.address) as client:
            assert get_session(client, created.name) == created


def is_refused(address: str) -> bool:
    """Return whether a new client is refused at once, and not just kept waiting."""
    with connected(address) as client:
        try:
            client.info.GetServerInfo(GetServerInfoRequest(), timeout=1)
        except grpc.RpcError as error:
            return error.code() is grpc.StatusCode.UNAVAILABLE
    return False
