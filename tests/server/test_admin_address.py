"""The admin address: probes that say why a server is not ready, and metrics that are the sum of all workers."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from pydantic import ValidationError

from activity_session_server.metrics import definitions
from activity_session_server.settings import Settings
from activity_session_testing.callers import new_token
from activity_session_testing.http_calls import HttpClient
from activity_session_testing.moments import eventually
from activity_session_testing.processes import ServerProcess, run, serving_process
from activity_session_testing.scrapes import Page, Scrape, expected_keys, page
from activity_session_testing.servers import Client, connected, serving
from activity_session_testing.steps import append, get_session, new_session

NAMESPACE = "namespaces/default"
ADMIN = {"admin_address": "127.0.0.1:0"}
SHARED = {**ADMIN, "http_address": "127.0.0.1:0"}
READY = Page(200, "ready\n")
DRAINING = Page(503, "not ready: the server is draining\n")
WORKERS = 2
CALLS = 40


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "test.db"


@pytest.fixture
def flags(path: Path) -> list[str]:
    path.parent.mkdir()
    return ["--database-url", f"sqlite:///{path}", "--admin-address", "127.0.0.1:0", "--health-interval", "0.05"]


def admin_of(server: ServerProcess) -> str:
    """The admin address of a process, as its log has it."""
    (line,) = eventually(lambda: [line for line in server.log_lines() if line["message"] == "metrics and probes"])
    return str(line["address"])


def is_told(address: str, expected: Page) -> bool:
    return eventually(lambda: page(address, "/readyz") == expected)


@contextmanager
def many_connections(server: ServerProcess) -> Iterator[list[Client]]:
    """Clients on so many connections that each worker has some."""
    with ExitStack() as stack:
        yield [stack.enter_context(connected(server.address)) for _ in range(CALLS)]


class TestProbes:
    def test_say_why_a_database_cannot_be_used_and_when_it_can_again(self, tmp_path: Path) -> None:
        file = tmp_path / "test.db"
        with serving(f"sqlite:///{file}", **ADMIN, health_interval=0.05) as server:
            assert server.admin is not None
            address = server.admin.address
            assert page(address, "/readyz") == READY
            file.rename(tmp_path / "away")
            told = eventually(lambda: found if (found := page(address, "/readyz")) != READY else None)
            assert told is not None
            assert told.status == 503
            assert told.text.startswith(f"not ready: the path {file} no longer leads to the file that was opened")
            assert Scrape(address).value(definitions.READY) == 0
            assert page(address, "/livez") == Page(200, "alive\n")
            (tmp_path / "away").rename(file)
            assert is_told(address, READY)
            assert Scrape(address).value(definitions.READY) == 1

    def test_know_no_other_page(self) -> None:
        with serving("sqlite:///:memory:", **ADMIN) as server:
            assert server.admin is not None
            assert page(server.admin.address, "/") == Page(404, "there are /livez, /metrics, /readyz\n")

    def test_go_on_while_clients_send_nothing(self) -> None:
        with serving("sqlite:///:memory:", **ADMIN) as server, ExitStack() as stack:
            assert server.admin is not None
            host, _, port = server.admin.address.partition(":")
            # One thread less than there are.
            for _ in range(3):
                stack.enter_context(socket.create_connection((host, int(port))))
            assert page(server.admin.address, "/livez").status == 200
            begun = time.monotonic()
            server.admin.stop()
            # They would be waited for for 5 s.
            assert time.monotonic() - begun < 4

    @pytest.mark.parametrize("workers", [1, WORKERS])
    def test_say_that_a_server_drains(self, tmp_path: Path, flags: list[str], workers: int) -> None:
        more = ["--workers", str(workers), "--drain-delay", "3"]
        with serving_process(tmp_path / "log", *flags, *more) as server:
            address = admin_of(server)
            assert is_told(address, READY)
            server.process.send_signal(signal.SIGTERM)
            assert is_told(address, DRAINING)
            assert page(address, "/livez").status == 200
            assert server.wait() == 0


class TestHttpAddress:
    """Metrics and probes at the address of HTTP."""

    def test_has_them_beside_the_calls_without_credentials(self, tmp_path: Path) -> None:
        new_token(tmp_path / "tokens")
        with serving("sqlite:///:memory:", **SHARED, tokens_file=str(tmp_path / "tokens")) as server:
            assert server.admin is None
            address = server.http_address
            assert page(address, "/readyz") == READY
            assert page(address, "/livez") == Page(200, "alive\n")
            assert HttpClient(address).call("GET", "/v1/namespaces/default").code == 401
            refused = {"grpc_method": "GetNamespace", "grpc_code": "UNAUTHENTICATED"}
            assert Scrape(address).value(definitions.CALLS, **refused) == 1
            assert set(Scrape(address).values) >= expected_keys()

    def test_says_why_a_database_cannot_be_used(self, tmp_path: Path) -> None:
        file = tmp_path / "test.db"
        with serving(f"sqlite:///{file}", **SHARED, health_interval=0.05) as server:
            file.rename(tmp_path / "away")
            told = eventually(lambda: found if (found := page(server.http_address, "/readyz")) != READY else None)
            assert told is not None
            assert told.status == 503
            assert told.text.startswith(f"not ready: the path {file} no longer leads to the file that was opened")
            (tmp_path / "away").rename(file)
            assert is_told(server.http_address, READY)

    def test_says_that_a_server_drains(self, tmp_path: Path) -> None:
        flags = ["--database-url", "sqlite:///:memory:", "--drain-delay", "3"]
        both = ["--http-address", "127.0.0.1:0", "--admin-address", "127.0.0.1:0"]
        with serving_process(tmp_path / "log", *flags, *both) as server:
            assert is_told(server.http_address, READY)
            server.process.send_signal(signal.SIGTERM)
            assert is_told(server.http_address, DRAINING)
            assert server.wait() == 0

    def test_has_none_of_them_where_there_is_no_admin_address(self) -> None:
        with serving("sqlite:///:memory:", http_address="127.0.0.1:0") as server:
            for path in ("/metrics", "/livez", "/readyz"):
                assert page(server.http_address, path).status == 404

    def test_cannot_be_that_of_workers(self) -> None:
        with pytest.raises(ValidationError, match="admin_address: it must be another than http_address where"):
            Settings.model_validate({**SHARED, "workers": 2, "database_url": "sqlite:///test.db"})


class TestWorkers:
    def test_are_summed_also_with_one_that_hangs_and_one_that_was_replaced(
        self, tmp_path: Path, flags: list[str]
    ) -> None:
        with serving_process(tmp_path / "log", *flags, "--workers", str(WORKERS)) as server:
            address = admin_of(server)
            eventually(lambda: Scrape(address).value(definitions.PROCESSES) == WORKERS)
            first = Scrape(address)
            assert set(first.values) >= expected_keys()
            assert first.value(definitions.CALLS) == 0
            assert first.value(definitions.THREADS, **{"class": "read"}) == WORKERS * 8
            with many_connections(server) as clients:
                session = new_session(clients[0], NAMESPACE).name
                for client in clients:
                    append(client, session, "x")
                    get_session(client, session)
                # Each worker tells it with its next heartbeat.
                eventually(lambda: Scrape(address).value(definitions.CALLS) == 2 * CALLS + 1)
                worker = worker_of(server)
                os.kill(worker, signal.SIGSTOP)
                self._have_all(Scrape(address))
                os.kill(worker, signal.SIGKILL)
            eventually(lambda: "a worker ended" in [line["message"] for line in server.log_lines()])
            self._have_all(Scrape(address))
            eventually(lambda: Scrape(address).value(definitions.PROCESSES) == WORKERS)
            self._have_all(Scrape(address))
            assert is_told(address, READY)

    @staticmethod
    def _have_all(found: Scrape) -> None:
        assert found.value(definitions.CALLS, grpc_method="AppendEvents", grpc_code="OK") == CALLS
        assert found.value(definitions.CALLS, grpc_method="GetSession", grpc_code="OK") == CALLS
        assert found.value(definitions.CALL_SECONDS, grpc_method="GetSession") == CALLS
        assert found.total(definitions.COMMIT_WRITES) >= CALLS + 1

    def test_are_ready_only_while_the_database_is_there(self, tmp_path: Path, flags: list[str], path: Path) -> None:
        with serving_process(tmp_path / "log", *flags, "--workers", str(WORKERS)) as server:
            address = admin_of(server)
            assert is_told(address, READY)
            path.parent.rename(tmp_path / "away")
            told = eventually(lambda: found if (found := page(address, "/readyz")) != READY else None)
            assert told is not None
            assert (told.status, str(path) in told.text) == (503, True)
            eventually(lambda: Scrape(address).value(definitions.READY) == 0)
            (tmp_path / "away").rename(path.parent)
            assert is_told(address, READY)


def worker_of(server: ServerProcess) -> int:
    """The id of a worker, which its heartbeats come from."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    found = [int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    return found[-1]


class TestStart:
    @pytest.mark.parametrize("workers", ["1", "2"])
    def test_is_refused_on_an_admin_address_that_is_taken(self, flags: list[str], workers: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            done = run("serve", *flags, "--address", "127.0.0.1:0", "--workers", workers, "--admin-address", address)
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1].startswith(f"activity-session: cannot listen on {address}: it is in use")

    def test_warns_where_others_may_read_the_metrics(self, tmp_path: Path, flags: list[str]) -> None:
        with serving_process(tmp_path / "log", *flags, "--admin-address", "0.0.0.0:0") as server:
            warning = "anybody who reaches 0.0.0.0:0 may read the metrics, without TLS"
            # A thread writes it.
            assert eventually(lambda: [line for line in server.log_lines() if line["message"] == warning])

    @pytest.mark.parametrize("address", ["unix:/run/admin.sock", "9464", "localhost:99999"])
    def test_needs_a_host_and_a_port(self, address: str) -> None:
        with pytest.raises(ValidationError, match="admin_address"):
            Settings.model_validate({"admin_address": address})
