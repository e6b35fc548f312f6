"""The level of the log: as a setting, and changed by signals while calls are served, with workers too."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import AppendEventsRequest
from activity_session.v1.info_service_pb2 import GetServerInfoRequest
from activity_session_testing.moments import eventually
from activity_session_testing.processes import ServerProcess, run, serving_process
from activity_session_testing.servers import connected
from activity_session_testing.steps import new_session

MORE, FEWER = signal.SIGUSR1, signal.SIGUSR2
LEVELS = ["error", "warning", "info", "debug"]
PARENT = "namespaces/default"
SECRET = "planted-secret"


def messages(server: ServerProcess) -> list[str]:
    return [line["message"] for line in server.log_lines()]


def told(server: ServerProcess) -> list[str]:
    """Return the levels that the log has told."""
    return [message.rpartition(" ")[2] for message in messages(server) if message.startswith("the log level is ")]


def send(server: ServerProcess, number: signal.Signals, *, processes: int = 1) -> str:
    """Send a signal, and return the level that each process tells."""
    before = len(told(server))
    server.process.send_signal(number)
    levels = eventually(lambda: new if len(new := told(server)[before:]) == processes else [])
    assert len(set(levels)) == 1
    return levels[0]


def of_call(server: ServerProcess, call_id: str) -> list[dict[str, Any]]:
    return [line for line in server.log_lines() if line.get("call_id") == call_id]


def call(server: ServerProcess) -> None:
    with connected(server.address) as client:
        client.info.GetServerInfo(GetServerInfoRequest())


@pytest.fixture
def flags(tmp_path: Path) -> list[str]:
    return ["--database-url", f"sqlite:///{tmp_path / 'test.db'}"]


@pytest.fixture
def server(tmp_path: Path, flags: list[str]) -> Iterator[ServerProcess]:
    with serving_process(tmp_path / "log", *flags) as server:
        yield server


@pytest.mark.parametrize("level", LEVELS)
def test_of_the_setting_is_what_is_written(tmp_path: Path, flags: list[str], level: str) -> None:
    flags += ["--allow-anonymous", "--address", "0.0.0.0:0", "--log-level", level]
    with serving_process(tmp_path / "log", *flags) as server:
        call(server)
        server.process.terminate()
        assert server.wait() == 0
        written = {line["level"] for line in server.log_lines()}
    # That there is no TLS is a warning.
    assert written == set(LEVELS[1 : LEVELS.index(level) + 1])


def test_that_there_is_not_is_refused(flags: list[str]) -> None:
    done = run("serve", *flags, "--log-level", "loud")
    assert done.returncode == 2
    assert "log_level: Input should be 'debug', 'info', 'warning' or 'error', not 'loud'" in done.stderr


def test_is_changed_by_signals_up_to_its_ends(server: ServerProcess) -> None:
    assert [send(server, MORE) for _ in range(2)] == ["debug", "debug"]
    assert [send(server, FEWER) for _ in range(4)] == ["info", "warning", "error", "error"]
    calls = messages(server).count("call")
    call(server)
    assert [send(server, MORE) for _ in range(2)] == ["warning", "info"]
    assert messages(server).count("call") == calls
    call(server)
    eventually(lambda: messages(server).count("call") == calls + 1)


def test_debug_tells_what_a_call_does_and_not_its_content(server: ServerProcess) -> None:
    assert send(server, MORE) == "debug"
    with connected(server.address) as client:
        session = new_session(client, PARENT).name
        request = AppendEventsRequest(parent=session, events=[Event(type="message", text=SECRET)])
        client.events.AppendEvents(request, metadata=(("x-call-id", "mine"),))
    eventually(lambda: any(line.get("code") for line in of_call(server, "mine")))
    lines = of_call(server, "mine")
    assert [(line["level"], line["message"]) for line in lines] == [("debug", "a call begins"), ("info", "call")]
    assert lines[0]["resource"] == session
    assert SECRET not in str(server.log_lines())


def test_is_changed_in_all_workers_and_in_those_that_come_later(tmp_path: Path, flags: list[str]) -> None:
    with serving_process(tmp_path / "log", *flags, "--workers", "2") as server:
        assert send(server, MORE, processes=3) == "debug"
        workers = children(server)
        os.kill(min(workers), signal.SIGKILL)
        # It opens connections when it starts.
        opened = "a connection to the database is opened"
        before = messages(server).count(opened)
        eventually(lambda: len(children(server) - workers) == 1 and messages(server).count(opened) > before)
        assert send(server, FEWER, processes=3) == "info"
        server.process.terminate()
        assert server.wait() == 0


def test_of_workers_that_start_is_changed_too(tmp_path: Path, flags: list[str]) -> None:
    """A signal is kept until they can take it: it ends none of them."""
    with serving_process(tmp_path / "log", *flags, "--workers", "2") as server:
        workers = children(server)
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
        eventually(lambda: len(children(server) - workers) == 2)
        new = children(server) - workers
        assert send(server, FEWER, processes=3) == "warning"
        call(server)
        assert children(server) >= new


def children(server: ServerProcess) -> set[int]:
    """Return the processes of the workers."""
    pid = server.process.pid
    found = map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    return {child for child in found if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()}
