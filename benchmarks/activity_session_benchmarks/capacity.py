"""What a server can carry: writers of one SQLite file, workers on two cores, twice the calls; its start and its size.

Figures are medians of rounds in which the sides come in turn. A server has one core, callers and the database have
another. Two workers have both cores, which the others need too. So besides the calls per second there is the number
that the CPU time of a call implies with a core for each worker, and the most that these two cores could serve. The
floor, a bare gRPC server with the raw statement, shows under the same load how the machine itself scales. The load
comes from h2load, since ghz takes as much of the two cores as the server.
"""

import multiprocessing
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import grpc

from activity_session.v1.session_service_pb2 import GetSessionRequest
from activity_session_benchmarks import across, overload
from activity_session_benchmarks.calls import EVENT, ONE_SESSION, SOME_SESSION, fill, record
from activity_session_benchmarks.figures import CLIENT_CORE, SERVER_CORE, cpu_seconds
from activity_session_benchmarks.floor import Floor
from activity_session_benchmarks.loads import Load, Server, load, require_ghz, serving
from activity_session_benchmarks.places import ROOT
from activity_session_benchmarks.recordings import Recording
from activity_session_benchmarks.runs import Run, children, measure_all, spent
from activity_session_benchmarks.targets import MARIADB, SQLITE
from activity_session_benchmarks.watch import MB, resident_bytes
from activity_session_server import addresses
from activity_session_server.rpc import health
from activity_session_testing.servers import connected
from activity_session_testing.steps import get_session

CORES = f"{SERVER_CORE},{CLIENT_CORE}"
GET_SESSION = "/activity_session.v1.SessionService/GetSession"
FRAME_BYTES = 5
CALLERS, CONNECTIONS = 64, 32
THREADS, WAIT_SECONDS = 8, 30
_CONTEXT = multiprocessing.get_context("spawn")


class Effort(NamedTuple):
    """How many calls a load has, of one caller and of many; how many rounds count; how often the server is started."""

    calls_of_one: int
    calls_of_many: int
    rounds: int
    starts: int
    overload: overload.Effort


FULL = Effort(1500, 6000, 5, 5, overload.Effort(rounds=5, seconds=6))
QUICK = Effort(300, 1200, 2, 3, overload.Effort(rounds=1, seconds=2))


class Figure(NamedTuple):
    database: str
    part: str
    what: str
    value: float
    unit: str

    def __str__(self) -> str:
        return f"{self.database:<12} {self.part:<15} {self.what:<62} {self.value:9,.2f} {self.unit}"


# What is measured, the value, and its unit.
Found = Iterator[tuple[str, float, str]]


def main() -> None:
    require_ghz()
    measure_all("capacity", __doc__, measure)


def measure(run: Run) -> Iterator[Figure]:
    effort = QUICK if run.is_quick else FULL
    with serving(*run.command) as server:
        fill(server, CALLERS)
    parts = {"start": measure_starts(run, effort), "overload": measure_overload(run, effort)}
    if run.database == SQLITE:
        parts["shared commits"] = measure_commits(effort)
    else:
        parts["two servers"] = across.measure(run, effort.overload.seconds)
    if run.database == MARIADB and has_h2load():
        parts["workers"] = measure_workers(run, effort)
    for part, found in parts.items():
        for what, value, unit in found:
            yield Figure(run.database, part, what, value, unit)


def has_h2load() -> bool:
    if shutil.which("h2load"):
        return True
    print("workers: skipped, h2load is not installed; to measure them: apt-get install nghttp2-client")
    if os.environ.get("REQUIRE_ALL") == "1":
        sys.exit(1)
    return False


def measure_commits(effort: Effort) -> Found:
    """Measure events per second in one SQLite file on a disk, by one writer and by many."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=ROOT / ".build")))
        full, off = (stack.enter_context(synchronous(folder, mode)) for mode in ("FULL", "OFF"))
        one, many, without_disk = (
            Load(*found)
            for found in medians_in_turn(
                [
                    partial(appends, full, 1, effort.calls_of_one),
                    partial(appends, full, CALLERS, effort.calls_of_many),
                    partial(appends, off, CALLERS, effort.calls_of_many),
                ],
                effort.rounds,
            )
        )
        unit = f"events/s on {file_system(folder)}"
    for what, found in (
        ("synchronous=FULL, 1 writer", one),
        (f"synchronous=FULL, {CALLERS} writers", many),
        (f"synchronous=OFF, {CALLERS} writers", without_disk),
    ):
        yield what, found.calls_per_second, unit
        yield f"{what}: the server", found.cpu_us, "µs of CPU"
    yield f"{CALLERS} writers against 1", many.calls_per_second / one.calls_per_second, "ratio"
    yield f"FULL against OFF, {CALLERS} writers", many.calls_per_second / without_disk.calls_per_second, "ratio"


@contextmanager
def synchronous(folder: Path, mode: str) -> Iterator[Server]:
    """Run a server with a file of its own."""
    run = Run("", f"sqlite:///{folder / mode}.db", is_quick=False)
    with serving(*run.command, "--sqlite-synchronous", mode) as server:
        fill(server, CALLERS)
        yield server


def appends(server: Server, writers: int, calls: int) -> Load:
    request = {"parent": SOME_SESSION, "events": [EVENT]}
    connections = min(writers, CONNECTIONS)
    return load(server, "EventService/AppendEvents", request, calls, concurrency=writers, connections=connections)


def file_system(folder: Path) -> str:
    command = ("findmnt", "--noheadings", "--output", "FSTYPE", "--target", str(folder))
    name = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    assert name != "tmpfs", "commits to memory have nothing to wait for"
    return name


class Side(NamedTuple):
    """Processes that share an address, and the cores on which all others run meanwhile, such as 0,1."""

    address: str
    pids: tuple[int, ...]
    cores_of_others: str


class Cost(NamedTuple):
    """Microseconds of CPU time for a call: of the server, and of the database and h2load; and calls per second."""

    server_us: float
    others_us: float
    per_second: float


def measure_workers(run: Run, effort: Effort) -> Found:
    """Measure GetSession on one and on two workers, and on as many bare processes."""
    (database,) = run.database_pids
    with ExitStack() as stack:
        sides = [stack.enter_context(make(run, count)) for make in (workers, floors) for count in (1, 2)]
        loads = [partial(cost, side, database, effort.calls_of_many) for side in sides]
        one, two, one_bare, two_bare = (Cost(*found) for found in medians_in_turn(loads, effort.rounds))
    yield from tell("workers", one, two)
    yield from tell("bare processes", one_bare, two_bare)


def tell(what: str, one: Cost, two: Cost) -> Found:
    for count, found in ((1, one), (2, two)):
        yield f"{count} of {what}: GetSession", found.per_second, "calls/s"
        yield f"{count} of {what}: CPU of the server", found.server_us, "µs"
        yield f"{count} of {what}: CPU of database and h2load", found.others_us, "µs"
        yield f"{count} of {what}: with a core for each", count * 1e6 / found.server_us, "calls/s"
    most = 2 * 1e6 / (two.server_us + two.others_us)
    yield f"2 {what} against 1: measured", two.per_second / one.per_second, "ratio"
    yield f"2 {what} against 1: the most on these two cores", most / one.per_second, "ratio"
    yield f"2 {what} against 1: with a core for each", 2 * one.server_us / two.server_us, "ratio"


def cost(side: Side, database: int, calls: int) -> Cost:
    """Load a side, after moving the database to the cores of the others."""
    move = ("taskset", "--all-tasks", "--cpu-list", "--pid", side.cores_of_others, str(database))
    subprocess.run(move, stdout=subprocess.DEVNULL, check=True)
    before, others_before = spent(side.pids), spent_by_others(database)
    per_second = h2load(side, calls)
    used, others = spent(side.pids) - before, spent_by_others(database) - others_before
    return Cost(used / calls * 1e6, others / calls * 1e6, per_second)


def h2load(side: Side, calls: int) -> float:
    """Return the calls per second of GetSession."""
    message = GetSessionRequest(name=ONE_SESSION).SerializeToString()
    with connected(side.address) as client:
        answer_bytes = FRAME_BYTES + get_session(client, ONE_SESSION).ByteSize()
    with tempfile.NamedTemporaryFile() as body:
        body.write(b"\0" + len(message).to_bytes(4, "big") + message)
        body.flush()
        command = (
            *("taskset", "--cpu-list", side.cores_of_others, "h2load", "--data", body.name),
            *("--header", "content-type: application/grpc", "--header", "te: trailers", "--requests", str(calls)),
            *("--clients", str(CONNECTIONS), "--max-concurrent-streams", str(CALLERS // CONNECTIONS)),
            f"http://{side.address}{GET_SESSION}",
        )
        report = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    # It does not check grpc-status; but only a response that is OK has a message.
    if f"({calls * answer_bytes}) data" not in report:
        raise RuntimeError(f"not {calls} answers of {answer_bytes} bytes: {report}")
    found = re.search(r"([\d.]+) req/s", report)
    assert found is not None
    return float(found[1])


def spent_by_others(database: int) -> float:
    """Return the CPU time of the database, and of h2load, which has ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime + cpu_seconds(database)


@contextmanager
def workers(run: Run, count: int) -> Iterator[Side]:
    """Run our server; if it has several workers, each takes a core."""
    command = (*run.command, "--workers", str(count))
    if count == 1:
        with serving(*command) as server:
            yield Side(server.address, (server.pid,), str(CLIENT_CORE))
    else:
        with serving("taskset", "--cpu-list", CORES, *command) as server:
            yield Side(server.address, children(server.pid), CORES)


@contextmanager
def floors(run: Run, count: int) -> Iterator[Side]:
    """Run bare processes, each on its core, that share a port as our workers do."""
    is_up = _CONTEXT.Barrier(count + 1)
    (recordings,) = record(run.url, "GetSession", [0])
    with addresses.shared("127.0.0.1:0") as address:
        processes = [
            _CONTEXT.Process(target=answer, args=(run.url, recordings, address, core, is_up), daemon=True)
            for core in (SERVER_CORE, CLIENT_CORE)[:count]
        ]
        for process in processes:
            process.start()
        try:
            is_up.wait(WAIT_SECONDS)
            pids = tuple(process.pid for process in processes if process.pid)
            yield Side(address, pids, CORES if count > 1 else str(CLIENT_CORE))
        finally:
            for process in processes:
                process.kill()


def answer(url: str, recordings: list[Recording], address: str, core: int, is_up: Any) -> None:
    os.sched_setaffinity(0, {core})
    options = [("grpc.so_reuseport", 1)]
    server = grpc.server(ThreadPoolExecutor(THREADS), [Floor(url, recordings)], options=options)
    server.add_insecure_port(address)
    server.start()
    is_up.wait(WAIT_SECONDS)
    server.wait_for_termination()


def measure_overload(run: Run, effort: Effort) -> Found:
    with serving(*run.command) as server:
        yield from overload.measure(server, effort.overload)


def measure_starts(run: Run, effort: Effort) -> Found:
    """Measure the time from the start of the process to the first response, and the memory after that."""
    ((seconds, memory),) = medians_in_turn([lambda: start(run)], effort.starts)
    yield "from the start of the process to the first GetSession", seconds, "s"
    yield "resident memory after that", memory, "MB"


def start(run: Run) -> tuple[float, float]:
    started = time.perf_counter()
    with serving(*run.command) as server, connected(server.address) as client:
        get_session(client, ONE_SESSION)
        seconds = time.perf_counter() - started
        assert health.ask(server.address, "", WAIT_SECONDS) == "SERVING"
        return seconds, resident_bytes(server.pid) / MB


def medians_in_turn(sides: Sequence[Callable[[], tuple[float, ...]]], rounds: int) -> list[tuple[float, ...]]:
    """Return the medians of what each side finds, over some rounds after one to warm up."""
    found = [[side() for side in sides] for _ in range(rounds + 1)][1:]
    return [tuple(map(statistics.median, zip(*of_side, strict=True))) for of_side in zip(*found, strict=True)]


if __name__ == "__main__":
    main()
