"""What the history of a log costs its readers: many ranges out of view, forks of forks; and what a fork costs.

Each call is made in turn with the same one on a log without any history, a few calls each; figures are medians of the
turns.
"""

import itertools
from collections.abc import Iterator

from activity_session.v1.event_service_pb2 import ListEventsRequest, SupersedeEventsRequest
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import CreateSessionRequest, ForkSessionRequest
from activity_session_benchmarks.growth import Call, compare, write_events
from activity_session_benchmarks.loads import serving
from activity_session_benchmarks.runs import Figure, Run, measure_all
from activity_session_benchmarks.targets import OF_CREATE, OF_PLAIN
from activity_session_testing.servers import Client, connected
from activity_session_testing.steps import append

TURNS, QUICK_TURNS = 60, 8
EVENTS, QUICK_EVENTS = 100_000, 10_000
RANGES, DEPTH, OWN_EVENTS, PAGE = 100, 10, 20, 50
PARENT = "namespaces/default"


def main() -> None:
    measure_all("history", __doc__, measure)


def measure(run: Run) -> Iterator[Figure]:
    turns, count = (QUICK_TURNS, QUICK_EVENTS) if run.is_quick else (TURNS, EVENTS)
    with serving(*run.command) as server, connected(server.address) as client:
        plain = write_events(client, run.url, count)
        # Before it has a range.
        deep = forked(client, plain)
        calls = {
            "": listing(client, plain, count),
            f"ListEvents {PAGE} in a fork of forks {DEPTH} deep": listing(client, deep, count),
            f"ListEvents {PAGE} with {RANGES} ranges out of view": listing(
                client, with_ranges(client, plain, count), count
            ),
        }
        pids = [[server.pid], run.database_pids]
        yield from against(run, compare(dict.fromkeys(calls, pids), calls, turns), OF_PLAIN)
        calls = {"": creating(client), f"ForkSession of {count:,} events": forking(client, plain)}
        yield from against(run, compare(dict.fromkeys(calls, pids), calls, turns), OF_CREATE)


def against(run: Run, costs: dict[str, list[float]], what: str) -> Iterator[Figure]:
    """Yield what each call costs server and database, and the multiple of the first one, which is the plain one."""
    plain = sum(costs.pop(""))
    for call, cost in costs.items():
        yield Figure(run.database, call, sum(cost), "µs")
        yield Figure(run.database, f"{call}, {what}", sum(cost) / plain, "ratio")


def listing(client: Client, session: str, count: int) -> Call:
    """Return a call for a page at another place each time."""
    places = itertools.cycle(range(1, count - 2 * PAGE, 7919))

    def call(_: int) -> object:
        request = ListEventsRequest(parent=session, page_size=PAGE, after_sequence=next(places))
        return client.events.ListEvents(request)

    return call


def creating(client: Client) -> Call:
    return lambda _: client.sessions.CreateSession(CreateSessionRequest(parent=PARENT, session=Session()))


def forking(client: Client, session: str) -> Call:
    return lambda _: client.sessions.ForkSession(ForkSessionRequest(name=session))


def forked(client: Client, session: str) -> str:
    """Return a fork of a fork, and so on, each with events of its own."""
    for _ in range(DEPTH):
        session = client.sessions.ForkSession(ForkSessionRequest(name=session)).name
        append(client, session, *map(str, range(OWN_EVENTS)))
    return session


def with_ranges(client: Client, session: str, count: int) -> str:
    """Return a fork with so many ranges out of view, all over its log."""
    fork = client.sessions.ForkSession(ForkSessionRequest(name=session)).name
    step = count // RANGES
    for first in range(1, count, step):
        request = SupersedeEventsRequest(parent=fork, from_sequence=first, to_sequence=first + 9)
        client.events.SupersedeEvents(request)
    return fork


if __name__ == "__main__":
    main()
