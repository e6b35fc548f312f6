"""What shows only after half a minute: keepalive and default deadlines. All clients wait at once."""

import contextlib
import queue
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from activity_session_testing.drivers import CLIENTS, Answers, driving
from activity_session_testing.drivers import Client as DrivenClient
from activity_session_testing.mirrors import STAY, mirroring
from activity_session_testing.proxies import Proxy, proxying
from activity_session_testing.servers import connected, serving
from activity_session_testing.steps import append, new_session

PARENT = "namespaces/default"
# A ping every 30 seconds, 10 for its response, and some for reconnecting on a busy machine.
SECONDS = 45
# The server sends nothing by itself that keeps a connection alive.
NO_BOOKMARKS = 300.0
# Seconds; the tolerance is for a machine that starts all clients at once.
DEADLINE, TOLERANCE = 30, 10


@dataclass(frozen=True)
class Following:
    """A watch through a proxy."""

    watch: Answers
    proxy: Proxy
    session: str

    def check_that_it_goes_on(self) -> None:
        with connected(self.proxy.target) as stubs:
            append(stubs, self.session, "after all")
        assert next(self.watch.events())["text"] == "after all"


@contextlib.contextmanager
def following(client: DrivenClient, address: str) -> Iterator[Following]:
    """A watch that has seen all events so far."""
    with proxying(address) as proxy, driving(client, proxy.address) as driver, connected(address) as stubs:
        session = new_session(stubs, PARENT).name
        watch = driver.begin({"watch": session})
        assert any("bookmark" in message for message in watch.messages())
        yield Following(watch, proxy, session)


def notice_a_black_hole(client: DrivenClient, address: str) -> float:
    """Measure how long a watch takes to open a new connection after everything has stalled."""
    with following(client, address) as follower:
        follower.proxy.hold()
        start = time.monotonic()
        while follower.proxy.connections == 1 and time.monotonic() - start < SECONDS:
            time.sleep(0.1)
        noticed = time.monotonic() - start
        follower.proxy.release()
        follower.check_that_it_goes_on()
        return noticed


def stay_idle(client: DrivenClient, address: str) -> tuple[int, int]:
    """Count the connections that a watch has used after a time without events, and the bytes it has sent meanwhile."""
    with following(client, address) as follower:
        before = follower.proxy.forwarded
        threading.Event().wait(SECONDS)
        sent = follower.proxy.forwarded - before
        follower.check_that_it_goes_on()
        return follower.proxy.connections, sent


def get_no_answer(client: DrivenClient, _: str) -> dict[str, float]:
    """Measure after how long calls without a deadline end; those that do not end are left out."""
    methods = ["CreateSession", "GetSession", "AcquireTurn", "WatchSession"]
    ended: dict[str, float] = {}
    with mirroring() as mirror, driving(client, mirror.address) as driver:
        mirror.play(*[STAY] * len(methods))
        start = time.monotonic()
        calls = {method: driver.begin({"method": f"SessionService/{method}", "request": {}}) for method in methods}
        mirror.wait_for(len(methods))
        for method, call in calls.items():
            with contextlib.suppress(queue.Empty):
                left = SECONDS - (time.monotonic() - start)
                assert call.next(timeout=max(left, 0))["status"] == "DEADLINE_EXCEEDED"
                ended[method] = time.monotonic() - start
    return ended


def find_nobody(client: DrivenClient, _: str) -> int:
    """Count the warnings of a watch at an address on which nobody listens."""
    with socket.socket() as taken, tempfile.TemporaryDirectory() as folder:
        taken.bind(("127.0.0.1", 0))
        log = Path(folder) / "log"
        with driving(client, f"127.0.0.1:{taken.getsockname()[1]}", log=log) as driver:
            driver.begin({"watch": f"{PARENT}/sessions/x"})
            threading.Event().wait(SECONDS)
        return log.read_text().count(f"{PARENT}/sessions/x")


Trial = Callable[[DrivenClient, str], Any]
TRIALS: tuple[Trial, ...] = (notice_a_black_hole, stay_idle, get_no_answer, find_nobody)
Result = Callable[[Trial, DrivenClient], Any]


@pytest.fixture(scope="module")
def result() -> Iterator[Result]:
    """Returns the result of a trial for a client. All trials of all clients start together."""
    ready = [client for client in CLIENTS if client.lacks is None and client.is_built]
    with (
        serving("sqlite:///:memory:", bookmark_interval=NO_BOOKMARKS) as server,
        ThreadPoolExecutor(len(TRIALS) * len(ready)) as pool,
    ):
        results = {(trial, client): pool.submit(trial, client, server.address) for trial in TRIALS for client in ready}
        yield lambda trial, client: results[trial, client].result()


def test_a_watch_leaves_a_connection_on_which_nothing_arrives(client: DrivenClient, result: Result) -> None:
    assert result(notice_a_black_hole, client) < SECONDS


def test_an_idle_watch_pings_and_keeps_its_connection(client: DrivenClient, result: Result) -> None:
    connections, sent = result(stay_idle, client)
    assert connections == 1
    assert sent > 0


def test_calls_end_after_half_a_minute_but_those_that_wait_for_a_turn_or_watch(
    client: DrivenClient, result: Result
) -> None:
    ended = result(get_no_answer, client)
    assert ended == pytest.approx({"CreateSession": DEADLINE, "GetSession": DEADLINE}, abs=TOLERANCE)


def test_a_watch_of_nobody_warns_once_in_half_a_minute(client: DrivenClient, result: Result) -> None:
    # At the start, and at the first failure after 30 seconds; failures are at most 6 seconds apart.
    assert result(find_nobody, client) == 2
