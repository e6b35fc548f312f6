"""A read on any node of a Galera cluster sees all that was acknowledged before, on any other.

A node acknowledges a commit when the others have received it, before they have carried it out. So without a wait a read
on another node may be older.
"""

import contextlib
import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, event

from activity_session.v1.event_pb2 import Event
from activity_session_server.store import schema
from activity_session_server.store.backends import EngineOptions, open_engine
from activity_session_testing.galera import Galera, Node
from activity_session_testing.servers import Client
from activity_session_testing.steps import append, get_session, new_session

PARENT = "namespaces/default"
ROUNDS = 200
# Large enough that another node takes longer to carry it out than a client to ask there.
TEXT = 200_000 * "x"
# How long a read is watched while it waits, in seconds.
WHILE = 1.0


@pytest.fixture
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers that do not have the database wait."""

    def open_without_wait(database_url: str, options: EngineOptions) -> Engine:
        engine = open_engine(database_url, options)
        event.listen(engine, "connect", lambda connection, _: connection.query("SET SESSION wsrep_sync_wait = 0"))
        return engine

    monkeypatch.setattr(schema, "open_engine", open_without_wait)


@pytest.fixture
def session(clients_of_nodes: list[Client]) -> str:
    return new_session(clients_of_nodes[0], PARENT).name


@contextlib.contextmanager
def held_back(node: Node) -> Iterator[Callable[[], None]]:
    """Have a node carry out nothing that others have committed; yield a function that lets it go on."""
    with node.connect() as connection, connection.cursor() as cursor:
        cursor.execute("FLUSH TABLES WITH READ LOCK")
        yield lambda: cursor.execute("UNLOCK TABLES")


def stale_reads(clients: list[Client], session: str) -> int:
    """Append through one server and read through the others, each in turn; return how many reads miss the event."""
    stale = 0
    for number, writer in zip(range(1, ROUNDS + 1), itertools.cycle(clients), strict=False):
        append(writer, session, Event(text=TEXT))
        stale += sum(get_session(client, session).last_sequence != number for client in clients)
    return stale


def test_are_never_stale(clients_of_nodes: list[Client], session: str) -> None:
    assert stale_reads(clients_of_nodes, session) == 0


@pytest.mark.usefixtures("no_wait")
def test_would_be_stale_without_the_wait(clients_of_nodes: list[Client], session: str) -> None:
    assert stale_reads(clients_of_nodes, session) > 0


def test_wait_for_a_node_that_is_behind(galera: Galera, clients_of_nodes: list[Client], session: str) -> None:
    here, there, _ = clients_of_nodes
    with held_back(galera.nodes[1]) as release, ThreadPoolExecutor(1) as pool:
        append(here, session, "new")
        reading = pool.submit(get_session, there, session)
        with pytest.raises(TimeoutError):
            reading.result(WHILE)
        release()
        assert reading.result().last_sequence == 1
