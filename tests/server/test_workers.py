"""Several workers on one port: each serves calls, knows what the others have written, and is replaced if it dies."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest

from activity_session.v1.info_service_pb2 import GetServerInfoRequest
from activity_session_server.store import schema
from activity_session_testing.backends import FIXTURES, KEEPING_BACKENDS, MariaDB
from activity_session_testing.moments import eventually
from activity_session_testing.ports import free_port
from activity_session_testing.processes import COMMAND, ServerProcess, run, serving_process
from activity_session_testing.servers import Client, connected
from activity_session_testing.steps import append, get_session, list_events, new_session
from activity_session_testing.watches import Watching

PARENT = "namespaces/default"
WORKERS = 2
# So many that it is next to impossible for all of them to be on one worker.
CONNECTIONS = 24
# Far more than a call takes, even on a loaded machine.
ANSWER_SECONDS = 2


WORKER_TIMEOUT, DRAIN_DELAY, DRAIN_TIMEOUT = 2, 1, 1
IMPATIENT = [
    *("--worker-timeout", str(WORKER_TIMEOUT)),
    *("--drain-delay", str(DRAIN_DELAY), "--drain-timeout", str(DRAIN_TIMEOUT)),
]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def flags(tmp_path: Path) -> list[str]:
    return ["--workers", str(WORKERS), "--database-url", f"sqlite:///{tmp_path / 'test.db'}"]


@pytest.fixture
def server(log: Path, flags: list[str]) -> Iterator[ServerProcess]:
    with serving_process(log, *flags) as server:
        yield server


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def pids(server: ServerProcess) -> set[int]:
    """Return the processes of the workers."""
    return {child for child in children(server.process.pid) if "spawn_main" in command_line(child)}


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def state(pid: int) -> str:
    """Return T for a stopped process, X for one that is gone; a zombie is gone too."""
    try:
        found = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"
    return "X" if found == "Z" else found


def sockets(pid: int) -> int:
    """Return how many sockets a process has open, 0 where it has ended."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return sum("socket:" in str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir())
    return 0


def lines(server: ServerProcess, message: str) -> list[dict[str, Any]]:
    """Return the lines of the log with a message."""
    return [line for line in server.log_lines() if line["message"] == message]


@contextlib.contextmanager
def frozen(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    eventually(lambda: state(pid) == "T")
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def is_answered(client: Client, timeout: float = ANSWER_SECONDS) -> bool:
    try:
        client.info.GetServerInfo(GetServerInfoRequest(), timeout=timeout)
    except grpc.RpcError as error:
        if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
            return False
        raise
    return True


@contextlib.contextmanager
def clients_of(server: ServerProcess, pid: int) -> Iterator[tuple[list[Client], list[Client]]]:
    """Many clients: those of one worker, and the rest, whose calls succeed while that worker is frozen."""
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(CONNECTIONS) as pool:
        clients = [stack.enter_context(connected(server.address)) for _ in range(CONNECTIONS)]
        assert all(pool.map(lambda client: is_answered(client, 20), clients))
        with frozen(pid):
            answered = list(pool.map(is_answered, clients))
        answers = list(zip(clients, answered, strict=True))
        yield [client for client, is_rest in answers if not is_rest], [client for client, is_rest in answers if is_rest]


@contextlib.contextmanager
def client_of_each(server: ServerProcess) -> Iterator[tuple[Client, Client]]:
    with clients_of(server, min(pids(server))) as (clients, others):
        yield clients[0], others[0]


class TestAnswers:
    @pytest.fixture(params=KEEPING_BACKENDS)
    def server(
        self, request: pytest.FixtureRequest, new_database: Callable[[str], str], log: Path
    ) -> Iterator[ServerProcess]:
        database_url = new_database(request.param)
        if request.param in FIXTURES:
            schema.migrate_url(database_url)
        with serving_process(log, "--workers", str(WORKERS), "--database-url", database_url) as server:
            yield server

    def test_of_one_know_what_the_other_has_written(self, server: ServerProcess) -> None:
        with client_of_each(server) as (here, there):
            session = new_session(here, PARENT)
            assert get_session(there, session.name) == session
            append(there, session.name, "second")
            assert [event.text for event in list_events(here, session.name)] == ["second"]

    def test_of_a_watch_have_what_any_of_them_has_written(self, server: ServerProcess) -> None:
        with client_of_each(server) as (here, there):
            session = new_session(here, PARENT).name
            with Watching.of(here, session) as first, Watching.of(there, session) as second:
                texts = [str(number) for number in range(10)]
                for number, text in enumerate(texts):
                    append((here, there)[number % 2], session, text)
                for watch in (first, second):
                    assert [event.text for event in watch.wait_for_sequence(len(texts)).events] == texts


class TestProcesses:
    def test_have_a_core_each(self, server: ServerProcess) -> None:
        cores = sorted(os.sched_getaffinity(server.process.pid))
        expected = sorted([cores[number % len(cores)]] for number in range(WORKERS))
        assert sorted(list(os.sched_getaffinity(pid)) for pid in pids(server)) == expected

    def test_that_answer_know_grpc_and_the_one_that_starts_them_does_not(self, server: ServerProcess) -> None:
        knowing = [
            pid for pid in (server.process.pid, *pids(server)) if "cygrpc" in Path(f"/proc/{pid}/maps").read_text()
        ]
        assert set(knowing) == pids(server)

    @pytest.mark.parametrize("address", ["localhost:0", "[::ffff:127.0.0.1]:0"])
    def test_share_the_port_of_any_kind_of_address(self, log: Path, flags: list[str], address: str) -> None:
        with serving_process(log, *flags, "--allow-anonymous", "--address", address) as server:
            host, _, port = server.address.rpartition(":")
            assert host == address.rpartition(":")[0]
            with connected(f"127.0.0.1:{port}") as client:
                assert is_answered(client)

    def test_that_die_are_replaced_while_the_others_answer(self, server: ServerProcess) -> None:
        killed, survivor = pids(server)
        os.kill(killed, signal.SIGKILL)
        (line,) = eventually(lambda: lines(server, "a worker ended"))
        assert (line["pid"], line["exit_code"]) == (killed, -signal.SIGKILL)
        with connected(server.address) as client:
            assert is_answered(client)
        eventually(lambda: self._another_answers(server, survivor))
        assert len(pids(server)) == WORKERS
        assert survivor in pids(server)

    def test_that_hang_are_killed_after_the_drain_time_and_replaced(self, log: Path, flags: list[str]) -> None:
        with serving_process(log, *flags, *IMPATIENT) as server:
            hanging, survivor = pids(server)
            os.kill(hanging, signal.SIGSTOP)
            (hangs,) = eventually(lambda: lines(server, "a worker hangs"))
            noticed = time.monotonic()
            assert hangs["pid"] == hanging
            assert hangs["seconds"] > WORKER_TIMEOUT
            (ended,) = eventually(lambda: lines(server, "a worker ended"))
            assert time.monotonic() - noticed > DRAIN_TIMEOUT
            assert (ended["pid"], ended["exit_code"]) == (hanging, -signal.SIGKILL)
            assert [line["pid"] for line in lines(server, "a worker is killed")] == [hanging]
            eventually(lambda: self._another_answers(server, survivor))
            assert len(pids(server)) == WORKERS
            assert survivor in pids(server)

    def test_that_were_stopped_together_with_the_one_that_starts_them_do_not_hang(
        self, log: Path, flags: list[str]
    ) -> None:
        with serving_process(log, *flags, *IMPATIENT) as server:
            workers = pids(server)
            with contextlib.ExitStack() as stack:
                # The one that starts them goes on first.
                for pid in (*workers, server.process.pid):
                    stack.enter_context(frozen(pid))
                time.sleep(2 * WORKER_TIMEOUT)
            with connected(server.address) as client:
                assert is_answered(client)
            time.sleep(WORKER_TIMEOUT)
            assert pids(server) == workers
            assert lines(server, "a worker hangs") == []

    @staticmethod
    def _another_answers(server: ServerProcess, survivor: int) -> bool:
        """Tell by connections: a survivor that is frozen to find out could seem to hang."""
        others = pids(server) - {survivor}
        before = sum(map(sockets, others))
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(connected(server.address)) for _ in range(CONNECTIONS)]
            return all(map(is_answered, clients)) and sum(map(sockets, others)) > before


class TestEnd:
    def test_comes_by_sigterm_for_all_of_them_with_their_watches_told(self, server: ServerProcess) -> None:
        workers = pids(server)
        with self._watched(server):
            server.process.send_signal(signal.SIGTERM)
        assert server.wait() == 0
        assert {state(pid) for pid in workers} == {"X"}

    def test_comes_in_time_whatever_the_workers_do(self, log: Path, flags: list[str]) -> None:
        with serving_process(log, *flags, *IMPATIENT) as server:
            workers = pids(server)
            for pid in workers:
                os.kill(pid, signal.SIGSTOP)
            begun = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            assert server.wait() == 0
            assert time.monotonic() - begun < DRAIN_DELAY + DRAIN_TIMEOUT + 5
        assert {state(pid) for pid in workers} == {"X"}

    def test_comes_in_time_while_a_worker_hangs_as_it_starts(self, log: Path, flags: list[str]) -> None:
        command = [*COMMAND, "serve", "--address", "127.0.0.1:0", *flags, *IMPATIENT]
        with log.open("w") as stderr, subprocess.Popen(command, stderr=stderr) as process:
            (worker,) = eventually(lambda: [pid for pid in children(process.pid) if "spawn_main" in command_line(pid)])
            os.kill(worker, signal.SIGSTOP)
            process.send_signal(signal.SIGTERM)
            process.wait(DRAIN_DELAY + DRAIN_TIMEOUT + 5)
        assert state(worker) == "X"

    def test_comes_by_the_death_of_the_one_that_started_them(self, log: Path, flags: list[str]) -> None:
        own = (*flags, "--address", f"127.0.0.1:{free_port()}")
        with serving_process(log, *own) as server:
            workers = pids(server)
            with self._watched(server):
                server.kill()
        eventually(lambda: {state(pid) for pid in workers} == {"X"})
        with serving_process(log, *own) as again:
            assert again.address == server.address

    @staticmethod
    @contextlib.contextmanager
    def _watched(server: ServerProcess) -> Iterator[None]:
        """Run a watch on each worker inside the block."""
        with client_of_each(server) as (here, there):
            session = new_session(here, PARENT).name
            with Watching.of(here, session) as first, Watching.of(there, session) as second:
                for watch in (first, second):
                    watch.wait_for_start()
                yield
                for watch in (first, second):
                    assert watch.wait_for_end().reason == "SERVER_DRAINING"


class TestStart:
    @pytest.mark.parametrize("database_url", ["sqlite://", "sqlite:///", "sqlite:///:memory:"])
    def test_is_refused_with_a_database_in_memory(self, database_url: str) -> None:
        done = run("serve", "--workers", "2", "--database-url", database_url)
        assert done.returncode == 2
        assert done.stderr.startswith("activity-session: settings: workers: each would have a database of its own")

    @pytest.mark.parametrize(("first", "second"), [("2", "2"), ("2", "1"), ("1", "2")])
    def test_is_refused_on_an_address_that_is_taken(self, log: Path, flags: list[str], first: str, second: str) -> None:
        with serving_process(log, *flags, "--workers", first) as server:
            done = run("serve", *flags, "--workers", second, "--address", server.address)
        assert (done.returncode, done.stdout) == (1, "")
        assert f"activity-session: cannot listen on {server.address}: it is in use" in done.stderr.splitlines()[-1]

    def test_is_refused_once_by_a_database_that_is_behind(self, mariadb: MariaDB) -> None:
        done = run("serve", "--workers", "2", "--address", "127.0.0.1:0", "--database-url", mariadb.new_database())
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.count("activity-session: the schema of ") == 1
        assert len(done.stderr.splitlines()) == 2
