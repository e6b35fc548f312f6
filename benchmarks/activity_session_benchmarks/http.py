"""What calls cost the server over HTTP, as JSON and over Connect, against the same over gRPC; and 1,000 watches of it.

One server has both addresses, and one caller calls over each in turn, a few calls each, on connections that stay open;
figures are medians of the turns.
"""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import AppendEventsRequest
from activity_session.v1.session_service_pb2 import GetSessionRequest
from activity_session_benchmarks.growth import compare
from activity_session_benchmarks.loads import serving
from activity_session_benchmarks.runs import Figure, Run, measure_all
from activity_session_benchmarks.targets import AGAINST_GRPC, MOST_WATCHERS, SSE_MEMORY
from activity_session_benchmarks.watch import MB, resident_bytes
from activity_session_testing.ports import free_port
from activity_session_testing.servers import Client, connected
from activity_session_testing.steps import new_session

TURNS, QUICK_TURNS = 120, 20
NAMESPACE = "namespaces/default"
DATA, TEXT = "x" * 2048, "x" * 100
WAYS = GRPC, AS_JSON, CONNECT = "gRPC", "JSON", "Connect in binary"
SERVICES, BINARY = "/activity_session.v1.", "application/proto"
Call = Callable[[int], object]


def main() -> None:
    measure_all("http", __doc__, measure)


def measure(run: Run) -> Iterator[Figure]:
    turns, address = QUICK_TURNS if run.is_quick else TURNS, f"127.0.0.1:{free_port()}"
    with ExitStack() as stack:
        server = stack.enter_context(serving(*run.command, "--http-address", address))
        client = stack.enter_context(connected(server.address))
        session = new_session(client, NAMESPACE, "measured", data=DATA).name
        connection = HTTPConnection(address)
        for name, calls in {"GetSession": reads, "AppendEvents of 1": writes}.items():
            costs = compare({way: [[server.pid]] for way in WAYS}, calls(client, connection, session), turns)
            for way in WAYS:
                yield Figure(run.database, f"{name}, {way}", costs[way][0], "µs")
            for way in WAYS[1:]:
                yield Figure(run.database, f"{name}, {way}, {AGAINST_GRPC}", costs[GRPC][0] / costs[way][0], "ratio")
        before = resident_bytes(server.pid)
        watchers = [stack.enter_context(watching(address, session)) for _ in range(MOST_WATCHERS)]
        for each in watchers:
            wait_for_message(each)
        yield Figure(run.database, SSE_MEMORY, (resident_bytes(server.pid) - before) / MB, "MB")


def reads(client: Client, connection: HTTPConnection, session: str) -> dict[str, Call]:
    request = GetSessionRequest(name=session)
    raw = request.SerializeToString()
    return {
        GRPC: lambda _: client.sessions.GetSession(request),
        AS_JSON: lambda _: call(connection, "GET", f"/v1/{session}"),
        CONNECT: lambda _: call(connection, "POST", f"{SERVICES}SessionService/GetSession", raw, BINARY),
    }


def writes(client: Client, connection: HTTPConnection, session: str) -> dict[str, Call]:
    request = AppendEventsRequest(parent=session, events=[Event(type="message", text=TEXT)])
    raw = request.SerializeToString()
    body = json.dumps({"events": [{"type": "message", "text": TEXT}]}).encode()
    return {
        GRPC: lambda _: client.events.AppendEvents(request),
        AS_JSON: lambda _: call(connection, "POST", f"/v1/{session}/events:append", body, "application/json"),
        CONNECT: lambda _: call(connection, "POST", f"{SERVICES}EventService/AppendEvents", raw, BINARY),
    }


def call(connection: HTTPConnection, method: str, path: str, body: bytes | None = None, kind: str = "") -> None:
    connection.request(method, path, body, {"Content-Type": kind} if kind else {})
    response = connection.getresponse()
    data = response.read()
    assert response.status == 200, data


@contextmanager
def watching(address: str, session: str) -> Iterator[socket.socket]:
    """Open a watch as server-sent events."""
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10) as opened:
        opened.sendall(f"GET /v1/{session}/watch HTTP/1.1\r\nHost: {address}\r\n\r\n".encode())
        yield opened


def wait_for_message(watch: socket.socket) -> None:
    found = b""
    while b"data: " not in found:
        part = watch.recv(1 << 16)
        assert part, found
        found += part


if __name__ == "__main__":
    main()
