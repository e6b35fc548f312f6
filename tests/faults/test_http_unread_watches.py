"""Server-sent events that nobody reads: the server holds little for them, and others notice nothing."""

import socket
from contextlib import ExitStack
from pathlib import Path

from activity_session_testing.http_calls import HttpClient, sent_events
from activity_session_testing.processes import serving_process
from activity_session_testing.servers import connected
from activity_session_testing.steps import append, new_session

MIB = 1024 * 1024
EVENTS, WATCHES = 30, 300
MOST_RESIDENT, MOST_THREADS = 150 * MIB, 40
NEW_EVENTS = 10
FLAGS = ("--database-url", "sqlite:///:memory:", "--http-address", "127.0.0.1:0")


def unread(address: str, path: str) -> socket.socket:
    """A connection with as little room as the system gives, on which a watch is asked for."""
    host, _, port = address.rpartition(":")
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect((host, int(port)))
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return connection


def test_in_great_numbers_hold_neither_memory_nor_threads_nor_anybody_up(tmp_path: Path) -> None:
    with (
        serving_process(tmp_path / "log", *FLAGS) as process,
        connected(process.address) as client,
        ExitStack() as stack,
    ):
        assert process.process.stdout is not None
        http = HttpClient(process.process.stdout.readline().removeprefix("JSON over HTTP on ").strip())
        session = new_session(client, "namespaces/default").name
        for _ in range(EVENTS):
            append(client, session, "x" * MIB)
        response = stack.enter_context(http.open("GET", f"/v1/{session}/watch?afterSequence={EVENTS}"))
        read = (sent for sent in sent_events(response) if "event" in sent.json)
        process.most_resident_bytes()
        before = process.most_resident_bytes()
        for place in range(WATCHES):
            path = f"/v1/{session}/watch?afterSequence={place % EVENTS}"
            stack.enter_context(unread(http.address, path))
        for number in range(NEW_EVENTS):
            append(client, session, f"new {number}")
            # The others never read: whoever waited for them would wait for longer than this client does.
            assert next(read).json["event"]["text"] == f"new {number}"
        assert process.python_threads() < MOST_THREADS
        assert process.most_resident_bytes() - before < MOST_RESIDENT
