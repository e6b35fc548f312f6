"""How long an event takes to reach the watchers of its session, how many are delivered, and what memory watchers take.

The server has one core; the watchers, a process of their own, the caller and the database have another. Each number of
watchers gets a fresh server. Events come slowly at first, so that each is delivered before the next one; then, for
events per second, as fast as watchers get them.
"""

import asyncio
import multiprocessing
import re
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any, NamedTuple

import grpc

from activity_session.v1.event_pb2 import Event
from activity_session.v1.session_service_pb2 import WatchSessionRequest
from activity_session.v1.session_service_pb2_grpc import SessionServiceStub
from activity_session_benchmarks.figures import cpu_seconds
from activity_session_benchmarks.loads import Server, serving
from activity_session_benchmarks.runs import Run, measure_all
from activity_session_testing.servers import Client, connected
from activity_session_testing.steps import append, get_session, new_session

WATCHERS = (1, 100, 1000)
SECONDS, QUICK_SECONDS = 10, 1
# Between two events: more than what the server and the watchers need to deliver one.
PAUSE_SECONDS, PAUSE_SECONDS_A_WATCHER = 0.02, 0.0004
BATCH, MOST_BEHIND = 20, 60
# Streams on one connection share its locks.
STREAMS_A_CHANNEL = 100
WAIT_SECONDS = 60
TEXT = "x" * 100
MB = 1e6
_CONTEXT = multiprocessing.get_context("spawn")


class Figure(NamedTuple):
    """Milliseconds from append to delivery; deliveries per second and what one costs the server; memory of watchers."""

    database: str
    watchers: int
    p50_ms: float
    p99_ms: float
    deliveries_per_second: float
    cpu_us: float
    memory_mb: float

    def __str__(self) -> str:
        latency = f"append to delivery p50 {self.p50_ms:6.1f} ms, p99 {self.p99_ms:6.1f} ms"
        rate = f"{self.deliveries_per_second:7.0f} deliveries/s at {self.cpu_us:5.0f} µs of CPU"
        return f"{self.database:<12} {self.watchers:>5} watchers: {latency}; {rate}; +{self.memory_mb:5.1f} MB"


def main() -> None:
    measure_all("watch", __doc__, measure)


def measure(run: Run) -> Iterator[Figure]:
    for watchers in WATCHERS:
        with serving(*run.command) as server, connected(server.address) as client:
            seconds = QUICK_SECONDS if run.is_quick else SECONDS
            yield Figure(run.database, watchers, *measure_watchers(client, server, watchers, seconds))


def measure_watchers(
    client: Client, server: Server, count: int, seconds: int
) -> tuple[float, float, float, float, float]:
    session = new_session(client, "namespaces/default").name
    # What a server loads for its first calls is not memory of watchers.
    append(client, session, TEXT)
    get_session(client, session)
    before = resident_bytes(server.pid)
    latencies: list[float] = []
    with watching(server.address, session, count, latencies) as watchers:
        memory = resident_bytes(server.pid) - before
        append_slowly(client, session, count, seconds)
        rate, cost = append_fast(client, session, watchers, server.pid, seconds)
    cuts = statistics.quantiles(latencies, n=100)
    return cuts[49] * 1000, cuts[98] * 1000, rate, cost, memory / MB


def append_slowly(client: Client, session: str, watchers: int, seconds: int) -> None:
    """Append events that say when they were sent; latencies come only from these."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        event = Event(type="message", text=TEXT)
        event.event_time.FromNanoseconds(time.time_ns())
        append(client, session, event)
        time.sleep(PAUSE_SECONDS + watchers * PAUSE_SECONDS_A_WATCHER)


def append_fast(client: Client, session: str, watchers: "Watchers", pid: int, seconds: int) -> tuple[float, float]:
    """Return deliveries per second, and what each costs the server, with few events under way at any time."""
    sent = watchers.delivered.value / watchers.number
    before, cpu_before, started = watchers.delivered.value, cpu_seconds(pid), time.monotonic()
    while time.monotonic() < started + seconds:
        if sent - watchers.delivered.value / watchers.number < MOST_BEHIND:
            append(client, session, *[Event(type="message", text=TEXT)] * BATCH)
            sent += BATCH
        else:
            time.sleep(0.001)
    deliveries, elapsed = watchers.delivered.value - before, time.monotonic() - started
    return deliveries / elapsed, (cpu_seconds(pid) - cpu_before) / deliveries * 1e6


def resident_bytes(pid: int) -> int:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


class Watchers(NamedTuple):
    """What the process of the watchers shares with this one."""

    number: int
    # How many events they have received; only one process writes it, so it needs no lock.
    delivered: Any
    # First their number, when all are ready; at the end the seconds from append to delivery.
    results: "Queue[Any]"
    stop: Any


@contextmanager
def watching(address: str, session: str, count: int, latencies: list[float]) -> Iterator[Watchers]:
    """Run watchers in another process; the block begins when all have received the events before them."""
    watchers = Watchers(count, _CONTEXT.Value("Q", 0, lock=False), _CONTEXT.Queue(), _CONTEXT.Event())
    process = _CONTEXT.Process(target=watch, args=(address, session, watchers), daemon=True)
    process.start()
    assert watchers.results.get(timeout=WAIT_SECONDS) == count
    yield watchers
    watchers.stop.set()
    latencies += watchers.results.get(timeout=WAIT_SECONDS)
    process.join()


def watch(address: str, session: str, watchers: Watchers) -> None:
    asyncio.run(_watch(address, session, watchers))


async def _watch(address: str, session: str, watchers: Watchers) -> None:
    options = [("grpc.use_local_subchannel_pool", 1)]
    channels = [grpc.aio.insecure_channel(address, options) for _ in range(-(-watchers.number // STREAMS_A_CHANNEL))]
    latencies: list[float] = []
    ready = [asyncio.Event() for _ in range(watchers.number)]
    tasks = [
        asyncio.create_task(_follow(channels[number % len(channels)], session, at, watchers, latencies))
        for number, at in enumerate(ready)
    ]
    await asyncio.gather(*(at.wait() for at in ready))
    watchers.results.put(len(tasks))
    await asyncio.to_thread(watchers.stop.wait)
    for task in tasks:
        task.cancel()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(end, asyncio.CancelledError) for end in ends), ends
    watchers.results.put(latencies)
    for channel in channels:
        await channel.close()


async def _follow(
    channel: grpc.aio.Channel, session: str, ready: asyncio.Event, watchers: Watchers, latencies: list[float]
) -> None:
    stub: Any = SessionServiceStub(channel)
    async for message in stub.WatchSession(WatchSessionRequest(name=session)):
        if message.HasField("bookmark"):
            ready.set()
        elif message.HasField("event"):
            watchers.delivered.value += 1
            if message.event.HasField("event_time"):
                latencies.append(time.time() - message.event.event_time.ToNanoseconds() / 1e9)


if __name__ == "__main__":
    main()
