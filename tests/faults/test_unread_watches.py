"""Watches of large events that nobody reads: the server holds little for them, and others notice nothing."""

import contextlib
import itertools
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from activity_session.v1.session_service_pb2 import WatchSessionRequest
from activity_session_testing.moments import eventually
from activity_session_testing.processes import ServerProcess
from activity_session_testing.servers import SMALL_WINDOW, Client, connected
from activity_session_testing.steps import append, get_session, new_session
from activity_session_testing.watches import Watching

MIB = 1024 * 1024
EVENTS = 30
# Of the server: what 300 unread watches of a log of such events may add, and all threads that there are then.
MOST_RESIDENT, MOST_THREADS = 150 * MIB, 40
# Far more than it takes, on a busy machine, and far less than if it had to wait for those that do not read.
MOST_SECONDS = 0.3
# What else this machine does may delay a round; what unread watches do delays each.
ROUNDS, DELAYS = 4, 10
CALLS = 64
# Threads that a server may start meanwhile for other reasons, such as for a write.
MORE = 2


@pytest.fixture
def client(process: ServerProcess) -> Iterator[Client]:
    with connected(process.address) as client:
        # All threads that serve reads are started: watches begin as reads.
        with ThreadPoolExecutor(CALLS) as pool:
            session = new_session(client, "namespaces/default").name
            list(pool.map(lambda _: get_session(client, session), range(10 * CALLS)))
        yield client


@pytest.fixture
def session(client: Client) -> str:
    """A session with a log of large events."""
    name = new_session(client, "namespaces/default").name
    for _ in range(EVENTS):
        append(client, name, "x" * MIB)
    return name


@contextlib.contextmanager
def unread(process: ServerProcess, session: str, count: int, channels: int) -> Iterator[None]:
    """Watches at different places of a log that nobody reads; they are cancelled after the block."""
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connected(process.address, SMALL_WINDOW)) for _ in range(channels)]
        places = zip(range(count), itertools.cycle(range(EVENTS)), itertools.cycle(clients), strict=False)
        watches = [
            client.sessions.WatchSession(WatchSessionRequest(name=session, after_sequence=place))
            for _, place, client in places
        ]
        yield
        for watch in watches:
            watch.cancel()


def delays(client: Client, session: str, watch: Watching) -> list[float]:
    """The seconds in which a watch gets each of some new events."""
    found = []
    for _ in range(DELAYS):
        last = append(client, session, "y" * MIB).last_sequence
        appended = time.monotonic()
        watch.wait_for_sequence(last)
        found.append(time.monotonic() - appended)
    return found


@pytest.mark.parametrize("channels", [1, 10])
def test_in_great_numbers_hold_neither_memory_nor_threads_nor_anybody_up(
    process: ServerProcess, client: Client, session: str, channels: int
) -> None:
    with connected(process.address) as reader, Watching.of(reader, session, EVENTS) as watch:
        watch.wait_for_start()
        alone = statistics.median(delays(client, session, watch))
        threads, most_threads = process.python_threads(), 0
        process.most_resident_bytes()
        before = process.most_resident_bytes()
        with unread(process, session, 300, channels):
            eventually(lambda: process.python_threads() > threads + MORE)
            beside = []
            for _ in range(ROUNDS):
                beside.append(statistics.median(delays(client, session, watch)))
                most_threads = max(most_threads, process.python_threads())
            assert min(beside) < alone + MOST_SECONDS, f"alone {alone}, beside {beside}"
            assert process.most_resident_bytes() - before < MOST_RESIDENT
            assert most_threads < MOST_THREADS
        eventually(lambda: process.python_threads() <= threads + MORE)
        assert watch.failure is None


def test_that_are_few_hold_little_memory(process: ServerProcess, client: Client, session: str) -> None:
    process.most_resident_bytes()
    before, threads = process.most_resident_bytes(), process.python_threads()
    with unread(process, session, 30, 1):
        eventually(lambda: process.python_threads() > threads + MORE)
        with Watching.of(client, session) as watch:
            watch.wait_for_start()
        assert process.most_resident_bytes() - before < MOST_RESIDENT // 2
