"""How long appends take, alone, and while three servers sweep sessions that are due all at once.

Both are measured in turn, several times, and the figures are medians of the rounds. SQLite is left out: a file has one
server.
"""

import itertools
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import create_engine, text

from activity_session_benchmarks.loads import serving
from activity_session_benchmarks.measure import write_rows
from activity_session_benchmarks.runs import Figure, Run, measure_all
from activity_session_server.orm import ActivitySession
from activity_session_testing.servers import connected
from activity_session_testing.steps import append, make_namespace, new_session

SERVERS, PACE = 3, 50
TEXT = "x" * 100
LONG_AGO = datetime(2020, 1, 1)  # noqa: DTZ001 - columns hold UTC without a zone
# Seconds after which a sweep that has not ended is given up.
PATIENCE = 300
LEFT = text("SELECT COUNT(*) FROM activity_session WHERE deleted = false AND expire_ts IS NOT NULL")


def main() -> None:
    measure_all("sweep", __doc__, measure)


def measure(run: Run) -> Iterator[Figure]:
    if not run.database_pids:
        return
    rounds, seconds, due = (2, 4, 500) if run.is_quick else (7, 15, 3000)
    command = (*run.command, "--health-interval", "1", "--sweep-interval", "1")
    with ExitStack() as stack:
        servers = [stack.enter_context(serving(*command)) for _ in range(SERVERS)]
        clients = [stack.enter_context(connected(server.address)) for server in servers]
        owner = make_namespace(clients[0])
        names = [new_session(client, owner.name).name for client in clients]
        callers = [partial(append, client, name, TEXT) for client, name in zip(clients, names, strict=True)]
        found = [_round(run.url, callers, seconds, expired(owner.uid, n, due)) for n in range(rounds)]
    alone, beside, pace = (statistics.median(of_all) for of_all in zip(*found, strict=True))
    yield Figure(run.database, "AppendEvents alone, p99", alone * 1000, "ms")
    yield Figure(run.database, "AppendEvents during the sweep, p99", beside * 1000, "ms")
    yield Figure(run.database, "during the sweep, times alone", beside / alone, "ratio")
    yield Figure(run.database, "swept", pace, "sessions/s")


def _round(
    url: str, callers: Sequence[Callable[[], object]], seconds: float, due: Iterator[dict[str, object]]
) -> tuple[float, float, float]:
    until = time.monotonic() + seconds
    alone = p99(callers, lambda: time.monotonic() > until)
    write_rows(url, ActivitySession, due)
    found, begun = left(url), time.monotonic()
    beside = p99(callers, lambda: not left(url) or time.monotonic() > begun + PATIENCE)
    return alone, beside, (found - left(url)) / (time.monotonic() - begun)


def p99(callers: Sequence[Callable[[], object]], is_over: Callable[[], bool]) -> float:
    """Return the seconds in which 99 of 100 calls are served, of one that comes at a time, through each server."""
    found: list[float] = []
    begun = time.monotonic()
    for number, call in enumerate(itertools.cycle(callers)):
        # Once a second: it may ask the database.
        if number % PACE == 0 and number and is_over():
            break
        time.sleep(max(0.0, begun + number / PACE - time.monotonic()))
        started = time.monotonic()
        call()
        found.append(time.monotonic() - started)
    return statistics.quantiles(found, n=100)[98]


def expired(owner_uid: str, number: int, due: int) -> Iterator[dict[str, object]]:
    """Yield the rows of sessions that are due."""
    for one in range(due):
        name = f"due-{number}-{one}"
        times = {"create_ts": LONG_AGO, "update_ts": LONG_AGO, "expire_ts": LONG_AGO + timedelta(days=1)}
        yield {"pkid": f"session-{name}", "name": name, "namespace_pkid": owner_uid, **times}


def left(database_url: str) -> int:
    """Return how many sessions are still due."""
    engine = create_engine(database_url)
    with engine.connect() as connection:
        count: int = connection.execute(LEFT).scalar_one()
    engine.dispose()
    return count


if __name__ == "__main__":
    main()
