"""How long calls about one namespace take, alone, and beside calls about another one at ten times its quota.

The others come at a fixed pace, whatever becomes of them, and most are refused. Both are measured in turn, several
times; the figures are medians of the rounds. What cannot be shared out is the processor: with calls that come as fast
as they are refused, on one connection, the ratio is far higher.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from activity_session_benchmarks.loads import Server, offered, require_ghz, serving
from activity_session_benchmarks.runs import Run, measure_all
from activity_session_testing.servers import Client, connected
from activity_session_testing.steps import append, get_session, make_namespace, new_session

QUOTA, TIMES_THE_QUOTA = 100, 10
PACE, CONNECTIONS = 50, 4
# Of the noise, before and after what is measured beside it.
MARGIN = 1
TEXT = "x" * 100


class Kind(NamedTuple):
    """A method, in ghz's form; its request about a session, and the same call by a client."""

    method: str
    request: Callable[[str], dict[str, Any]]
    call: Callable[[Client, str], object]


KINDS = {
    "GetSession": Kind("SessionService/GetSession", lambda name: {"name": name}, get_session),
    "AppendEvents": Kind(
        "EventService/AppendEvents",
        lambda name: {"parent": name, "events": [{"text": TEXT}]},
        lambda client, name: append(client, name, TEXT),
    ),
}


class Figure(NamedTuple):
    database: str
    call: str
    what: str
    value: float
    unit: str

    def __str__(self) -> str:
        return f"{self.database:<12} {self.call:<14} {self.what:<44} {self.value:9,.2f} {self.unit}"


def main() -> None:
    require_ghz()
    measure_all("noisy", __doc__, measure)


def measure(run: Run) -> Iterator[Figure]:
    rounds, seconds = (2, 4) if run.is_quick else (5, 10)
    command = (*run.command, "--namespace-calls-per-second", str(QUOTA))
    with serving(*command) as server, connected(server.address) as client:
        sessions = [new_session(client, make_namespace(client).name).name for _ in range(2)]
        for call, kind in KINDS.items():
            found = [_round(server, client, kind, sessions, seconds) for _ in range(rounds)]
            alone, beside, refused = (statistics.median(of_all) for of_all in zip(*found, strict=True))
            yield Figure(run.database, call, "alone, p99", alone * 1000, "ms")
            yield Figure(run.database, call, "beside ten times the quota of another, p99", beside * 1000, "ms")
            yield Figure(run.database, call, "of the others refused", refused, "of the calls")
            yield Figure(run.database, call, "beside, times alone", beside / alone, "ratio")


def _round(server: Server, client: Client, kind: Kind, sessions: list[str], seconds: int) -> tuple[float, float, float]:
    quiet, noisy = sessions
    alone = p99(client, kind, quiet, seconds)
    pace = ("--async", "--rps", str(QUOTA * TIMES_THE_QUOTA), "--concurrency", str(QUOTA * TIMES_THE_QUOTA))
    with ThreadPoolExecutor(1) as pool:
        others = pool.submit(
            offered,
            *(server, kind.method, kind.request(noisy), seconds + 2 * MARGIN, *pace),
            connections=CONNECTIONS,
        )
        time.sleep(MARGIN)
        beside = p99(client, kind, quiet, seconds)
        return alone, beside, others.result().share_not_served


def p99(client: Client, kind: Kind, session: str, seconds: int) -> float:
    """Return the seconds in which 99 of 100 calls are served, of one that comes at a time."""
    found, begun = [], time.monotonic()
    for number in range(PACE * seconds):
        time.sleep(max(0.0, begun + number / PACE - time.monotonic()))
        started = time.monotonic()
        kind.call(client, session)
        found.append(time.monotonic() - started)
    return statistics.quantiles(found, n=100)[98]


if __name__ == "__main__":
    main()
