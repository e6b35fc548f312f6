"""What calls over HTTP cost google-adk's own server, on a database that `adk.py` has filled."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path

from activity_session_benchmarks.figures import CLIENT_CORE, USER, Meter, cpu_clock, peer_options
from activity_session_testing.ports import free_port

START_SECONDS = 60


def main() -> None:
    options = peer_options()
    with serving(options.url) as (pid, port), closing(HTTPConnection("127.0.0.1", port)) as connection:
        os.sched_setaffinity(0, {CLIENT_CORE})
        meter = Meter({"google-adk REST": cpu_clock(pid)}, options.seconds)
        measure(meter, connection, options)
        meter.tell()


def measure(meter: Meter, connection: HTTPConnection, options: Namespace) -> None:
    for size in options.events:
        for _ in meter.calls("get", size):
            session = get(connection, f"/apps/bench/users/{USER}/sessions/events-{size}")
        assert len(json.loads(session)["events"]) == size
    for size in options.sessions:
        for _ in meter.calls("list", size):
            sessions = get(connection, f"/apps/list-{size}/users/{USER}/sessions")
        assert len(json.loads(sessions)) == size


def get(connection: HTTPConnection, path: str) -> bytes:
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, f"{path}: {answer.status} {body[:200]!r}"
    return body


@contextmanager
def serving(database_url: str) -> Iterator[tuple[int, int]]:
    """Run a server inside the block, and yield its process id and port; it has no agents, as sessions need none."""
    port = free_port()
    with tempfile.TemporaryDirectory() as agents:
        command = [str(Path(sys.executable).with_name("adk")), "api_server", agents, "--port", str(port)]
        output = subprocess.DEVNULL
        process = subprocess.Popen([*command, "--session_service_uri", database_url], stdout=output, stderr=output)
        try:
            wait_for(process, port)
            yield process.pid, port
        finally:
            process.kill()
            process.wait()


def wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("adk api_server did not start")


if __name__ == "__main__":
    main()
