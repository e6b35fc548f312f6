"""Nodes of a Galera cluster that are killed and frozen: no acknowledged event is lost, made twice, or out of order."""

import itertools
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from activity_session.v1.event_pb2 import Event
from activity_session.v1.session_service_pb2 import GetSessionRequest
from activity_session_testing.galera import Galera
from activity_session_testing.moments import eventually
from activity_session_testing.rpcs import SERVICES
from activity_session_testing.servers import Client, failure, unique
from activity_session_testing.steps import append, list_events, new_session

PARENT = "namespaces/default"
WRITERS_OF_A_NODE = 2
# Events that each server acknowledges between two faults, so that each fault hits a cluster that works.
QUIET_EVENTS = 20


class Writers:
    """Clients of each server that append to one session, and repeat an event until it is acknowledged."""

    def __init__(self, clients: list[Client], session: str) -> None:
        self.acknowledged: dict[str, int] = {}
        self.of_node: Counter[int] = Counter()
        self.refused: Counter[int] = Counter()
        self._clients, self._session = clients, session
        self._stopped = threading.Event()

    @contextmanager
    def writing(self) -> Iterator[None]:
        nodes = WRITERS_OF_A_NODE * list(range(len(self._clients)))
        with ThreadPoolExecutor(len(nodes)) as pool:
            writers = [pool.submit(self._write, node) for node in nodes]
            try:
                yield
            finally:
                self._stopped.set()
            for writer in writers:
                writer.result()

    def wait_for_more(self, *nodes: int) -> None:
        """Wait until the server of each of these nodes has acknowledged that many more events."""
        enough = {node: self.of_node[node] + QUIET_EVENTS for node in nodes}
        eventually(lambda: all(self.of_node[node] >= count for node, count in enough.items()))

    def _write(self, node: int) -> None:
        newest = 0
        while not self._stopped.is_set():
            event_id = unique("event")
            sequence = self._append(node, event_id)
            assert sequence > newest
            newest = self.acknowledged[event_id] = sequence
            self.of_node[node] += 1

    def _append(self, node: int, event_id: str) -> int:
        """Append an event, however often that takes, also once all others have stopped; return its number."""
        for _ in itertools.count():
            try:
                answer = append(self._clients[node], self._session, Event(event_id=event_id, text="x"))
            except grpc.RpcError:
                self.refused[node] += 1
                # Not to keep two cores busy with refusals.
                self._stopped.wait(0.05)
            else:
                return answer.events[0].sequence
        raise AssertionError


def test_that_are_killed_and_frozen_lose_no_event_and_double_none(
    galera: Galera, clients_of_nodes: list[Client]
) -> None:
    session = new_session(clients_of_nodes[0], PARENT).name
    writers = Writers(clients_of_nodes, session)
    first, second, third = galera.nodes
    with writers.writing():
        writers.wait_for_more(0, 1, 2)
        second.kill()
        try:
            eventually(lambda: first.status()["wsrep_cluster_size"] == "2")
            writers.wait_for_more(0, 2)
        finally:
            second.start()
        writers.wait_for_more(0, 1, 2)
        with third.frozen():
            eventually(lambda: first.status()["wsrep_cluster_size"] == "2")
            writers.wait_for_more(0, 1)
        writers.wait_for_more(0, 1, 2)
    assert writers.refused[1]
    assert writers.refused[2]
    logs = [list_events(client, session) for client in clients_of_nodes]
    assert logs[0] == logs[1] == logs[2]
    assert [event.sequence for event in logs[0]] == list(range(1, len(logs[0]) + 1))
    assert {event.event_id: event.sequence for event in logs[0]} == writers.acknowledged


def test_that_have_lost_the_majority_serve_nothing_until_it_is_back(
    galera: Galera, clients_of_nodes: list[Client]
) -> None:
    client = clients_of_nodes[0]
    health = HealthStub(client.channel)
    session = new_session(client, PARENT).name

    def statuses() -> set[int]:
        return {health.Check(HealthCheckRequest(service=service)).status for service in SERVICES}

    first, second, third = galera.nodes
    with second.frozen(), third.frozen():
        eventually(lambda: first.status()["wsrep_cluster_status"] == "non-Primary")
        # Until it has noticed itself, the node says that others are in the way.
        refusal = failure(client.sessions.GetSession, GetSessionRequest(name=session))
        assert refusal.reason in ("DATABASE_UNAVAILABLE", "DATABASE_BUSY")
        eventually(lambda: statuses() == {HealthCheckResponse.NOT_SERVING})
    eventually(lambda: statuses() == {HealthCheckResponse.SERVING})
    assert append(client, session, "x").last_sequence == 1
