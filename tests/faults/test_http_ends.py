"""A server whose time is over while calls over HTTP still run: each is told so in the form of its protocol."""

import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from activity_session_testing.http_calls import Answer, HttpClient
from activity_session_testing.moments import eventually
from activity_session_testing.processes import serving_process, write_lock
from activity_session_testing.servers import connected
from activity_session_testing.steps import new_session

PARENT = "namespaces/default"
# The call waits for the database for longer than the server waits for it.
FLAGS = (
    "--http-address",
    "127.0.0.1:0",
    "--drain-timeout",
    "1",
    "--database-timeout",
    "20",
    "--log-format",
    "json",
    "--log-level",
    "debug",
)
PATHS: dict[str, tuple[str, Callable[[Answer], Any]]] = {
    "json": ("/v1/{session}/events:append", lambda answer: (answer.error["code"], answer.error["status"])),
    "connect": (
        "/activity_session.v1.EventService/AppendEvents",
        lambda answer: (answer.code, answer.json["code"].upper()),
    ),
}


@pytest.mark.parametrize("protocol", PATHS)
def test_a_call_that_still_runs_is_told_that_the_server_has_ended(protocol: str, tmp_path: Path) -> None:
    path, told = PATHS[protocol]
    database = tmp_path / "test.db"
    with serving_process(tmp_path / "log", "--database-url", f"sqlite:///{database}", *FLAGS) as server:
        http = HttpClient(server.http_address)
        with connected(server.address) as client:
            session = new_session(client, PARENT).name
        with write_lock(database), ThreadPoolExecutor(1) as pool:
            request = {"parent": session, "events": [{"text": "x"}]}
            calling = pool.submit(http.call, "POST", path.format(session=session), request)
            eventually(lambda: any(line.get("method", "").endswith("AppendEvents") for line in server.log_lines()))
            server.process.send_signal(signal.SIGTERM)
            assert told(calling.result()) == (503, "UNAVAILABLE")
        assert server.wait() == 0
