"""What watches cost those who do not watch, and how long an event takes to its watchers.

The server, the watchers and the caller are processes of their own. GetSession is called without watchers, with 500 of
one session, and with one of each of 500 sessions, in rounds of one run; meanwhile a few events a second are appended.
"""

import argparse
import asyncio
import multiprocessing
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any, NamedTuple

import grpc

from activity_session.v1.event_pb2 import Event
from activity_session.v1.session_service_pb2 import GetSessionRequest, WatchSessionRequest
from activity_session.v1.session_service_pb2_grpc import SessionServiceStub
from activity_session_server.store import schema
from measure import databases
from processes import serving_process
from servers import Client, connected
from steps import append, new_session

# Streams on one connection share its locks.
STREAMS_A_CHANNEL = 100
EVENTS_A_SECOND = 4
_CONTEXT = multiprocessing.get_context("spawn")


class Times(NamedTuple):
    """Milliseconds that calls took."""

    median: float
    p99: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Times":
        cuts = statistics.quantiles(seconds, n=100)
        return cls(cuts[49] * 1000, cuts[98] * 1000)

    def __str__(self) -> str:
        return f"median {self.median:6.2f} ms, p99 {self.p99:6.2f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--watchers", type=int, default=500)
    parser.add_argument("--calls", type=int, default=2000, help="calls of GetSession a round")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with ExitStack() as stack:
        for name, url in databases(stack):
            print(f"{name}, {options.watchers} watchers, {options.rounds} rounds of {options.calls} calls", flush=True)
            if not url.startswith("sqlite"):
                schema.migrate_url(url)
            log = Path(stack.enter_context(tempfile.TemporaryDirectory()), "server.log")
            with serving_process(log, "--database-url", url) as server, connected(server.address) as client:
                measure(client, server.address, options.watchers, options.calls, options.rounds)


def measure(client: Client, address: str, watchers: int, calls: int, rounds: int) -> None:
    sessions = [new_session(client, "namespaces/default", data="x" * 2048).name for _ in range(watchers)]
    taken: dict[str, list[float]] = {}
    delivered: dict[str, list[float]] = {}
    for _ in range(rounds):
        for what, watched in (
            ("without watchers", []),
            ("all of one session", sessions[:1] * watchers),
            ("one of each session", sessions),
        ):
            with watching(address, watched) as latencies, appending(client, watched[0] if watched else sessions[0]):
                taken.setdefault(what, []).extend(time_calls(client, sessions[-1], calls))
            delivered.setdefault(what, []).extend(latencies)
    alone = Times.of(taken["without watchers"])
    for what, seconds in taken.items():
        times = Times.of(seconds)
        print(f"  GetSession, {what:<20} {times}, p99 ratio {times.p99 / alone.p99:.2f}", flush=True)
    for what, seconds in delivered.items():
        if seconds:
            print(f"  append to delivery, {what:<20} {Times.of(seconds)}, {len(seconds)} deliveries", flush=True)


def time_calls(client: Client, session: str, calls: int) -> list[float]:
    request = GetSessionRequest(name=session)
    taken = []
    for _ in range(calls):
        started = time.perf_counter()
        client.sessions.GetSession(request)
        taken.append(time.perf_counter() - started)
    return taken


@contextmanager
def appending(client: Client, session: str) -> Iterator[None]:
    """A few events a second inside the block, each with the time at which it was sent."""
    stopped = threading.Event()

    def run() -> None:
        while not stopped.wait(1 / EVENTS_A_SECOND):
            event = Event(type="message", text="x" * 100)
            event.event_time.FromNanoseconds(time.time_ns())
            append(client, session, event)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


@contextmanager
def watching(address: str, sessions: Sequence[str]) -> Iterator[list[float]]:
    """Watchers in another process inside the block; behind it the list has the seconds from append to delivery."""
    latencies: list[float] = []
    if not sessions:
        yield latencies
        return
    results: Queue[Any] = _CONTEXT.Queue()
    stop = _CONTEXT.Event()
    process = _CONTEXT.Process(target=watch, args=(address, sessions, results, stop))
    process.start()
    started: int = results.get(timeout=60)
    assert started == len(sessions)
    yield latencies
    stop.set()
    latencies += results.get(timeout=60)
    process.join()


def watch(address: str, sessions: Sequence[str], results: "Queue[Any]", stop: Any) -> None:
    asyncio.run(_watch(address, sessions, results, stop))


async def _watch(address: str, sessions: Sequence[str], results: "Queue[Any]", stop: Any) -> None:
    options = [("grpc.use_local_subchannel_pool", 1)]
    channels = [grpc.aio.insecure_channel(address, options) for _ in range(-(-len(sessions) // STREAMS_A_CHANNEL))]
    latencies: list[float] = []
    ready = [asyncio.Event() for _ in sessions]
    tasks = [
        asyncio.create_task(_follow(SessionServiceStub(channels[number // STREAMS_A_CHANNEL]), name, at, latencies))
        for number, (name, at) in enumerate(zip(sessions, ready, strict=True))
    ]
    await asyncio.gather(*(at.wait() for at in ready))
    results.put(len(tasks))
    await asyncio.to_thread(stop.wait, 600)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    results.put(latencies)
    for channel in channels:
        await channel.close()


async def _follow(stub: Any, session: str, ready: asyncio.Event, latencies: list[float]) -> None:
    """Follow a session; what was there before the first bookmark does not count."""
    async for message in stub.WatchSession(WatchSessionRequest(name=session)):
        if message.HasField("bookmark"):
            ready.set()
        elif message.HasField("event") and ready.is_set():
            latencies.append(time.time() - message.event.event_time.ToNanoseconds() / 1e9)


if __name__ == "__main__":
    main()
