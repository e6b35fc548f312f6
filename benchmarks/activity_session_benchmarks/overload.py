"""What a server still does in time when it is called twice as often as it can serve.

The peak comes from callers that wait for their responses, and more of them than the server has threads. Then calls come
at twice that pace, whatever becomes of those before, each with a deadline: what is OK by then is the goodput. Both come
in turn, several times. Each is divided by the CPU time of the server, which has a core but may not have all of it.
"""

import statistics
from collections.abc import Iterator
from typing import Any, NamedTuple

from activity_session_benchmarks.calls import EVENT, NAMESPACE, SOME_SESSION
from activity_session_benchmarks.loads import Offered, Server, offered

CALLERS, CONNECTIONS, MOST_AT_ONCE = 64, 32, 4000
DEADLINE = "1s"
# Costly enough that to refuse a call costs little beside it.
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "ListSessions of 200": ("SessionService/ListSessions", {"parent": NAMESPACE, "pageSize": 200}),
    "AppendEvents of 100": ("EventService/AppendEvents", {"parent": SOME_SESSION, "events": [EVENT] * 100}),
}


class Effort(NamedTuple):
    """How many rounds count, and how many seconds each load takes."""

    rounds: int
    seconds: int


def measure(server: Server, effort: Effort) -> Iterator[tuple[str, float, str]]:
    for name, (method, request) in CALLS.items():
        rounds = [_round(server, method, request, effort.seconds) for _ in range(effort.rounds)]
        yield f"{name}: peak", statistics.median(peak.served_per_second for peak, _ in rounds), "calls/s"
        yield f"{name}: refused or late", statistics.median(over.share_not_served for _, over in rounds), "of the calls"
        goodput = statistics.median(over.served_per_cpu_second / peak.served_per_cpu_second for peak, over in rounds)
        yield f"{name}: goodput at twice the peak, times the peak", goodput, "ratio"


def _round(server: Server, method: str, request: dict[str, Any], seconds: int) -> tuple[Offered, Offered]:
    peak = offered(server, method, request, seconds, "--concurrency", str(CALLERS), connections=CONNECTIONS)
    pace = ("--async", "--rps", str(round(2 * peak.served_per_second)), "--concurrency", str(MOST_AT_ONCE))
    return peak, offered(server, method, request, seconds, *pace, connections=CONNECTIONS, timeout=DEADLINE)
