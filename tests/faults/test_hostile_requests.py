"""The worst 4 MiB of every field of every request: the server refuses them cheaply, and serves others meanwhile."""

import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest
from grpc_health.v1.health_pb2_grpc import HealthStub

from activity_session import v1
from activity_session_testing import hostile
from activity_session_testing.backends import SQLITE_FILE
from activity_session_testing.processes import ServerProcess
from activity_session_testing.rpcs import RPCS, Rpc
from activity_session_testing.servers import Client, Failure, connected
from activity_session_testing.steps import AGENT, append, make_namespace, new_memory, new_participant, new_session

MIB = 1024 * 1024
REQUEST_BYTES = 4 * MIB
MOST_RESIDENT = 300 * MIB
TOGETHER = 8
# Seconds that somebody else's call may take beside so many such requests at once.
MOST_SECONDS = {1: 0.5, TOGETHER: 1.0}
# What the request costs is there each time; what else this machine does is not.
ATTEMPTS = 4
# Those that ensure a resource have the fields of those that create it.
DIFFERENT = [rpc for rpc in RPCS.values() if not rpc.name.startswith("Ensure")]
# Of each request, the messages that one before it has too: each field of a message is sent once.
_LOOKED_INTO = itertools.accumulate(
    DIFFERENT, lambda known, rpc: known | set(hostile.messages(rpc.request_class.DESCRIPTOR)), initial=frozenset[str]()
)
KNOWN = {rpc.name: known for rpc, known in zip(DIFFERENT, _LOOKED_INTO, strict=False)}
# The server did not know what to do, or could not do it.
FORBIDDEN = {
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.CANCELLED,
}


class Bystander:
    """Somebody else's calls, one after the other, and the longest of them."""

    def __init__(self, client: Client, session: str) -> None:
        health = HealthStub(client.channel)
        self._calls: tuple[Callable[[], Any], ...] = (
            lambda: client.sessions.GetSession(v1.GetSessionRequest(name=session)),
            lambda: health.Check(HealthCheckRequest(), timeout=20),
        )
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.longest = 0.0
        self._error: Exception | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            while not self._stopped.is_set():
                for call in self._calls:
                    started = time.monotonic()
                    call()
                    self.longest = max(self.longest, time.monotonic() - started)
        except grpc.RpcError as error:
            self._error = error


@pytest.fixture(scope="module")
def names(process: ServerProcess) -> dict[str, str]:
    """A resource of each type, by type."""
    with connected(process.address) as client:
        namespace = make_namespace(client).name
        agent = new_participant(client, namespace, participant_type=AGENT)
        session = new_session(client, namespace).name
        event = append(client, session, "first").events[0].name
        memory = new_memory(client, session, agent, first_sequence=1, last_sequence=1).name
    found = {"Namespace": namespace, "Participant": agent, "Session": session, "Event": event, "Memory": memory}
    return {f"activity-session/{kind}": name for kind, name in found.items()} | {"*": session}


def code_of(call: Any, raw: bytes) -> grpc.StatusCode:
    try:
        call(raw, timeout=30)
    except grpc.RpcError as error:
        return Failure(error).code
    return grpc.StatusCode.OK


def outcome(other: Client, session: str, call: Any, raw: bytes, together: int) -> tuple[set[grpc.StatusCode], float]:
    """The codes of a request that is sent so many times at once, and the longest call of a bystander meanwhile."""
    with Bystander(other, session) as bystander, ThreadPoolExecutor(together) as pool:
        codes = set(pool.map(lambda _: code_of(call, raw), range(together)))
    return codes, bystander.longest


# What is refused reaches no database, and what is carried out costs the server alike on each.
@pytest.mark.parametrize("process", [SQLITE_FILE], indirect=True)
@pytest.mark.parametrize("rpc", DIFFERENT, ids=lambda rpc: rpc.name)
def test_is_refused_cheaply(process: ServerProcess, names: dict[str, str], rpc: Rpc) -> None:
    requests = list(hostile.requests(rpc.request_class, names.__getitem__, REQUEST_BYTES, KNOWN[rpc.name]))
    with connected(process.address) as other, connected(process.address) as client:
        session = new_session(other, "namespaces/default").name
        call = rpc.raw_on(client.channel)
        for (what, raw), (together, most_seconds) in itertools.product(requests, MOST_SECONDS.items()):
            for _ in range(ATTEMPTS):
                codes, longest = outcome(other, session, call, raw, together)
                if longest < most_seconds:
                    break
            told = f"{rpc.name} {what}, {together} at once: {codes}, {longest:.3f} s"
            assert not codes & FORBIDDEN, told
            assert longest < most_seconds, told
            resident = process.most_resident_bytes()
            assert resident < MOST_RESIDENT, f"{told}, {resident // MIB} MiB"
