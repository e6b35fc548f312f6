"""What it costs calls that they are counted, or traced: such servers beside others without, on one database.

A cost is the CPU time of the server for one call of one caller. All are called in turn, a few calls each, so that
whatever else the machine does affects all equally; figures are medians of the turns. Nobody asks for the metrics
meanwhile: what that costs is a figure of its own. Of traces one in a hundred is recorded, or each, and sent to a
collector in this process. What one in a hundred costs is less than two servers differ by chance; a hundredth of what
each costs is the larger part of it, and can be told.
"""

import statistics
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import NamedTuple

from activity_session.v1.event_pb2 import Event
from activity_session.v1.session_service_pb2 import GetSessionRequest
from activity_session_benchmarks.growth import compare
from activity_session_benchmarks.loads import serving
from activity_session_benchmarks.runs import Run, measure_all, spent
from activity_session_benchmarks.targets import ALL_TRACED, COUNTED
from activity_session_testing.collectors import Collector, collecting
from activity_session_testing.ports import free_port
from activity_session_testing.servers import Client, connected
from activity_session_testing.steps import append, new_session

TURNS, QUICK_TURNS = 120, 20
SCRAPES = 20
NAMESPACE = "namespaces/default"
DATA, TEXT = "x" * 2048, "x" * 100
OFF, TRACED = "without", "1 % traced"
# The share of traces that is recorded.
SHARES = {TRACED: 0.01, ALL_TRACED: 1.0}
# Two servers of each: where its memory happens to lie makes one faster than another of the same.
ORDER = (OFF, COUNTED, TRACED, ALL_TRACED)
SIDES = (*((who, 1) for who in ORDER), *((who, 2) for who in reversed(ORDER)))


class Figure(NamedTuple):
    """What a call costs the server without metrics and traces and with them, and how much more, in microseconds."""

    database: str
    call: str
    off_us: float
    on_us: float
    more_us: float

    def __str__(self) -> str:
        costs = f"{self.off_us:7.0f} µs {self.on_us:7.0f} µs {self.more_us:+6.1f} µs"
        return f"{self.database:<12} {self.call:<32} {costs}"


def main() -> None:
    measure_all("monitoring", __doc__, measure)


def measure(run: Run) -> Iterator[Figure]:
    turns = QUICK_TURNS if run.is_quick else TURNS
    with ExitStack() as stack:
        collector = stack.enter_context(collecting())
        servers = {side: stack.enter_context(serving(*command(run, side[0], collector))) for side in SIDES}
        clients = {side: stack.enter_context(connected(server.address)) for side, server in servers.items()}
        session = new_session(next(iter(clients.values())), NAMESPACE, "measured", data=DATA).name
        pids = {side: [[server.pid]] for side, server in servers.items()}
        for name, call in (("GetSession", get), ("AppendEvents of 1", write)):
            costs = compare(pids, {side: calling(call, client, session) for side, client in clients.items()}, turns)
            off = mean(costs, OFF)
            for who in ORDER[1:]:
                cost = mean(costs, who)
                yield Figure(run.database, f"{name}, {who}", off, cost, cost - off)
        admin = f"127.0.0.1:{free_port()}"
        asked = stack.enter_context(serving(*run.command, "--admin-address", admin))
        cost = scrape_us(admin, asked.pid)
        yield Figure(run.database, "GET /metrics", 0, cost, cost)


def command(run: Run, who: str, collector: Collector) -> tuple[str, ...]:
    """The command of a server that nobody is told of, that counts calls, or that traces them."""
    if who == COUNTED:
        return *run.command, "--admin-address", "127.0.0.1:0"
    if who == OFF:
        return run.command
    sampling = {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": str(SHARES[who])}
    asked = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"http://{collector.address}", **sampling}
    return "env", *(f"{name}={value}" for name, value in asked.items()), *run.command


def mean(costs: Mapping[tuple[str, int], Sequence[float]], who: str) -> float:
    return statistics.mean(cost for (side, _), (cost,) in costs.items() if side == who)


def calling(call: Callable[[Client, str], object], client: Client, session: str) -> Callable[[int], object]:
    return lambda _: call(client, session)


def get(client: Client, session: str) -> object:
    return client.sessions.GetSession(GetSessionRequest(name=session))


def write(client: Client, session: str) -> object:
    return append(client, session, Event(type="message", text=TEXT))


def scrape_us(admin: str, pid: int) -> float:
    """What a server spends on a scrape, in microseconds."""
    costs = []
    for _ in range(SCRAPES):
        before = spent([pid])
        for _ in range(SCRAPES):
            with urllib.request.urlopen(f"http://{admin}/metrics", timeout=10) as response:
                response.read()
        costs.append((spent([pid]) - before) / SCRAPES * 1e6)
    return statistics.median(costs)


if __name__ == "__main__":
    main()
