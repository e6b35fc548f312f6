"""How soon a watch has what others have written through another server on the same database."""

import statistics
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from activity_session_benchmarks.loads import serving
from activity_session_benchmarks.runs import Run
from activity_session_benchmarks.watch import append_slowly, watching
from activity_session_testing.servers import connected
from activity_session_testing.steps import new_session

WRITERS = 8
# They write as slowly as for so many watchers: some hundred events a second together.
PACE = 100


def measure(run: Run, seconds: int) -> Iterator[tuple[str, float, str]]:
    """Yield the milliseconds from append to delivery."""
    latencies: list[float] = []
    with serving(*run.command) as here, serving(*run.command) as there, connected(here.address) as client:
        session = new_session(client, "namespaces/default", "across").name
        with watching(there.address, session, 1, latencies), ThreadPoolExecutor(WRITERS) as pool:
            list(pool.map(lambda _: write(here.address, session, seconds), range(WRITERS)))
    cuts = statistics.quantiles(latencies, n=100)
    yield f"{WRITERS} writers, a watch on the other server: delivered after, p50", cuts[49] * 1000, "ms"
    yield f"{WRITERS} writers, a watch on the other server: delivered after, p99", cuts[98] * 1000, "ms"


def write(address: str, session: str, seconds: int) -> None:
    with connected(address) as client:
        append_slowly(client, session, PACE, seconds)
