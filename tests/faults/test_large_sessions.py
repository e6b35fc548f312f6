"""A large session that is expunged: it is removed in batches, between which other sessions are written to."""

import threading
import time
from collections.abc import Callable
from typing import Self

import pytest

from activity_session.v1.session_service_pb2 import ExpungeSessionRequest
from activity_session_testing.backends import KEEPING_BACKENDS
from activity_session_testing.moments import before, eventually
from activity_session_testing.servers import Client, connected, serving
from activity_session_testing.steps import append, delete_session, list_events, new_session

PARENT = "namespaces/default"
MIB = 1024 * 1024
EVENTS, EVENTS_AT_ONCE = 200, 2
# Seconds that a write of another session may take meanwhile. Removed at once, the events take SQLite 1.2 on the same
# machine, and each node of a Galera cluster 1.3 to 4.4; in batches they hold writes up for 0.2 and 0.3.
LONGEST_WRITE = 0.8


class Writes:
    """Appends to a session, one after the other, until the end of the block, and how long each takes."""

    def __init__(self, client: Client, session: str) -> None:
        self.seconds: list[float] = []
        self._client, self._session = client, session
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _write(self) -> None:
        while not self._is_over.is_set():
            begun = time.monotonic()
            append(self._client, self._session, "x")
            self.seconds.append(time.monotonic() - begun)


@pytest.mark.parametrize("backend", KEEPING_BACKENDS)
def test_a_large_session_that_is_expunged_holds_up_no_writer(new_database: Callable[[str], str], backend: str) -> None:
    with serving(new_database(backend), health_interval=300.0) as server, connected(server.address) as client:
        large, other = (new_session(client, PARENT).name for _ in range(2))
        for _ in range(EVENTS // EVENTS_AT_ONCE):
            append(client, large, *["x" * MIB] * EVENTS_AT_ONCE)
        delete_session(client, large)
        with (
            Writes(client, other) as writes,
            before(server, "DELETE FROM event", lambda: None, most=1000) as batches,
        ):
            eventually(lambda: writes.seconds)
            written = len(writes.seconds)
            client.sessions.ExpungeSession(ExpungeSessionRequest(name=large))
        during = writes.seconds[written:]
        # At least one write for each batch: they took turns.
        assert batches.count >= EVENTS // 4
        assert len(during) > batches.count
        assert max(during) < LONGEST_WRITE
        assert len(list_events(client, other)) == len(writes.seconds)
