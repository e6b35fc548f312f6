"""What the measurements must show, and whether they do: the worst of a target's cases decides."""

import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

SQLITE, MARIADB, POSTGRESQL = "SQLite file", "MariaDB", "PostgreSQL"
READS = ("GetSession", "EnsureSession", "ListEvents", "ListSessions", "GetState")
WRITES = ("CreateSession", "UpdateSession", "AppendEvents of 1", "AcquireTurn + ReleaseTurn")
OURS, WITH_MYSQLCLIENT = "activity-session", "activity-session with mysqlclient"
ADK, AGENTS = "google-adk", "openai-agents SQLAlchemySession"
# How much is stored where growth starts.
FEW_STORED = 100
WORKS = {
    "create": "create a session",
    "append": "append an event",
    "get": "get a session with its {:,} events",
    "items": "get {:,} events alone",
    "list": "list {:,} sessions",
}
# How many events or sessions an operation is about.
FEW_ROWS, MANY_ROWS, ANY_ROWS = range(50), range(50, sys.maxsize), range(sys.maxsize)
MOST_WATCHERS = 1000
Rows = list[dict[str, Any]]


# The ends of the names of figures.
COUNTED, ALL_TRACED, AGAINST_GRPC = "with metrics", "each traced", "served per µs, times gRPC"
OF_PLAIN, OF_CREATE = "times that of a plain log", "times CreateSession"
SSE_MEMORY = f"memory of {MOST_WATCHERS:,} watches as server-sent events"


class Case(NamedTuple):
    """Something measured that a target is about."""

    database: str
    what: str
    value: float


class Verdict(NamedTuple):
    target: str
    database: str
    bound: str
    worst: float | str
    case: str
    reached: str = "not measured"


class Target(NamedTuple):
    """A bound for the cases of a measurement, upper or lower, for each database."""

    part: str
    what: str
    sign: str
    bounds: dict[str, float]
    cases: Callable[[Rows], Iterator[Case]]

    def verdicts(self, rows: Rows) -> Iterator[Verdict]:
        worst_first = sorted(self.cases(rows), key=lambda case: case.value, reverse=self.sign == "≤")
        for database, bound in self.bounds.items():
            yield self._verdict(database, bound, [case for case in worst_first if case.database == database])

    def _verdict(self, database: str, bound: float, worst_first: list[Case]) -> Verdict:
        verdict = Verdict(self.what, database, f"{self.sign} {bound:g}", "", "")
        if not worst_first:
            return verdict
        reached = sum(case.value <= bound if self.sign == "≤" else case.value >= bound for case in worst_first)
        told = "yes" if reached == len(worst_first) else f"**no**, {reached} of {len(worst_first)}"
        return verdict._replace(worst=worst_first[0].value, case=worst_first[0].what, reached=told)


def against_floor(calls: tuple[str, ...]) -> Callable[[Rows], Iterator[Case]]:
    return lambda rows: (
        Case(row["database"], f"{row['call']} at concurrency {row['concurrency']}", row["ratio"])
        for row in rows
        if row["call"] in calls
    )


def against_mariadb(rows: Rows) -> Iterator[Case]:
    """Yield what a call costs the server on another database in the network, as a multiple of its cost on MariaDB."""
    costs = {(row["database"], row["call"], row["concurrency"]): row["ours_us"] for row in rows}
    for (database, call, concurrency), cost in costs.items():
        if database == POSTGRESQL and (on_mariadb := costs.get((MARIADB, call, concurrency))):
            yield Case(database, f"{call} at concurrency {concurrency}", cost / on_mariadb)


def batches(rows: Rows) -> Iterator[Case]:
    """Yield what a batch of ten events costs, as a multiple of one event."""
    costs = {(row["database"], row["concurrency"], row["call"]): row["ours_us"] for row in rows}
    for (database, concurrency, call), one in costs.items():
        ten = costs.get((database, concurrency, "AppendEvents of 10"))
        if call == "AppendEvents of 1" and ten:
            yield Case(database, f"at concurrency {concurrency}", ten / one)


def growth(rows: Rows) -> Iterator[Case]:
    """Yield what a call costs with much stored, as a multiple of its cost with little stored."""
    for row in rows:
        if row["ratio"] is not None and row["size"] > FEW_STORED:
            yield Case(row["database"], f"{row['call']}, {row['size']:,} {row['stored']}", row["ratio"])


def more_for(caller: str) -> Callable[[Rows], Iterator[Case]]:
    """Return what calls of a caller cost more than those without credentials."""
    return lambda rows: (Case(row["database"], row["call"], row["more_us"]) for row in rows if row["caller"] == caller)


def own_lists(rows: Rows) -> Iterator[Case]:
    """Yield what a participant's list costs among many sessions, as a multiple of its cost among few."""
    for row in rows:
        if row["ratio"] is not None:
            yield Case(row["database"], f"{row['call']}, {row['caller']}", row["ratio"])


def counted(rows: Rows) -> Iterator[Case]:
    """Yield what it costs calls that they are counted; a scrape is none."""
    return (Case(row["database"], row["call"], row["more_us"]) for row in rows if row["call"].endswith(COUNTED))


def traced(rows: Rows) -> Iterator[Case]:
    """Yield a hundredth of what it costs calls that each is traced."""
    of_each = (row for row in rows if row["call"].endswith(ALL_TRACED))
    return (Case(row["database"], row["call"], row["more_us"] / 100) for row in of_each)


def watchers_memory(rows: Rows) -> Iterator[Case]:
    for row in rows:
        if row["watchers"] == MOST_WATCHERS:
            yield Case(row["database"], f"{MOST_WATCHERS:,} watchers", row["memory_mb"])


def figure(what: str) -> Callable[[Rows], Iterator[Case]]:
    """Return the cases of one figure of capacity."""
    return lambda rows: (Case(row["database"], what, row["value"]) for row in rows if row["what"] == what)


def figures(end: str) -> Callable[[Rows], Iterator[Case]]:
    """Return the cases of those figures of capacity whose names end alike."""
    return lambda rows: (
        Case(row["database"], row["what"].removesuffix(end), row["value"]) for row in rows if row["what"].endswith(end)
    )


def work(operation: str, size: int) -> str:
    """Return what an operation does."""
    return WORKS[operation].format(size)


def against_peer(system: str, sizes: range, ours_is: str = OURS) -> Callable[[Rows], Iterator[Case]]:
    """Return the cost of a peer's calls about so many rows, as a multiple of ours."""

    def cases(rows: Rows) -> Iterator[Case]:
        ours = {
            (row["database"], row["operation"], row["size"]): row["cpu_us"] for row in rows if row["system"] == ours_is
        }
        for row in rows:
            database, operation, size = row["database"], row["operation"], row["size"]
            if row["system"] == system and size in sizes and (database, operation, size) in ours:
                yield Case(database, work(operation, size), row["cpu_us"] / ours[database, operation, size])

    return cases


def own_stores(rows: Rows) -> Iterator[Case]:
    """Yield what a call costs with a framework's own store, as a multiple of its cost with our adapter."""
    return (Case(row["database"], f"{row['store']}: {row['call']}", row["ratio"]) for row in rows)


TARGETS = (
    Target("calls", "a read, times its floor", "≤", {SQLITE: 1.4, MARIADB: 1.3, POSTGRESQL: 1.3}, against_floor(READS)),
    Target(
        "calls",
        "a single write, times its floor",
        "≤",
        {SQLITE: 1.6, MARIADB: 1.6, POSTGRESQL: 1.5},
        against_floor(WRITES),
    ),
    Target("calls", "a call, times the same on MariaDB", "≤", {POSTGRESQL: 1}, against_mariadb),
    Target(
        "calls", "a batch of 10 events, times one event", "≤", {SQLITE: 2.5, MARIADB: 2.5, POSTGRESQL: 2.5}, batches
    ),
    Target("growth", "much stored, times 100 stored", "≤", {SQLITE: 1.15, MARIADB: 1.15, POSTGRESQL: 1.15}, growth),
    Target(
        "access",
        "a token and a role, µs more",
        "≤",
        dict.fromkeys((SQLITE, MARIADB, POSTGRESQL), 30),
        more_for("with a token and a role"),
    ),
    Target(
        "access",
        "a JWT that is known and a role, µs more",
        "≤",
        dict.fromkeys((SQLITE, MARIADB, POSTGRESQL), 60),
        more_for("with a JWT and a role"),
    ),
    Target(
        "access",
        "a participant's list among many, times among 100",
        "≤",
        dict.fromkeys((SQLITE, MARIADB, POSTGRESQL), 1.15),
        own_lists,
    ),
    Target(
        "monitoring",
        "metrics on, µs more",
        "≤",
        dict.fromkeys((SQLITE, MARIADB, POSTGRESQL), 10),
        counted,
    ),
    Target(
        "monitoring",
        "each call traced, a hundredth of µs more",
        "≤",
        dict.fromkeys((SQLITE, MARIADB, POSTGRESQL), 10),
        traced,
    ),
    Target(
        "http",
        "served of the same CPU time, times gRPC",
        "≥",
        dict.fromkeys((SQLITE, MARIADB, POSTGRESQL), 0.6),
        figures(f", {AGAINST_GRPC}"),
    ),
    Target("http", SSE_MEMORY + ", MB", "≤", dict.fromkeys((SQLITE, MARIADB, POSTGRESQL), 80), figure(SSE_MEMORY)),
    Target(
        "history",
        "a list, times that of a plain log",
        "≤",
        dict.fromkeys((SQLITE, MARIADB, POSTGRESQL), 1.15),
        figures(f", {OF_PLAIN}"),
    ),
    Target(
        "history",
        "a fork, times CreateSession",
        "≤",
        dict.fromkeys((SQLITE, MARIADB, POSTGRESQL), 2),
        figures(f", {OF_CREATE}"),
    ),
    Target("watch", "memory of 1,000 watchers, MB", "≤", {SQLITE: 60, MARIADB: 60, POSTGRESQL: 60}, watchers_memory),
    Target(
        "capacity",
        "a watch on another server, p99, ms",
        "≤",
        {POSTGRESQL: 50},
        figure("8 writers, a watch on the other server: delivered after, p99"),
    ),
    Target("capacity", "64 writers, times 1 writer", "≥", {SQLITE: 2.5}, figure("64 writers against 1")),
    Target("capacity", "64 writers, times `OFF`", "≥", {SQLITE: 0.8}, figure("FULL against OFF, 64 writers")),
    Target("capacity", "2 workers, times 1 worker", "≥", {MARIADB: 1.7}, figure("2 workers against 1: measured")),
    Target(
        "capacity",
        "2 workers with a core for each, times 1 worker",
        "≥",
        {MARIADB: 1.7},
        figure("2 workers against 1: with a core for each"),
    ),
    Target(
        "capacity",
        "start, s",
        "≤",
        {SQLITE: 1.5, MARIADB: 1.5, POSTGRESQL: 1.5},
        figure("from the start of the process to the first GetSession"),
    ),
    Target(
        "capacity",
        "memory of an idle server, MB",
        "≤",
        {SQLITE: 90, MARIADB: 90, POSTGRESQL: 90},
        figure("resident memory after that"),
    ),
    Target(
        "capacity",
        "goodput at twice the peak, times the peak",
        "≥",
        {SQLITE: 0.8, MARIADB: 0.8, POSTGRESQL: 0.8},
        figures(": goodput at twice the peak, times the peak"),
    ),
    Target("adapters", "a framework's own SQL store, times our adapter", "≥", {SQLITE: 1, POSTGRESQL: 1}, own_stores),
    Target("peers", "google-adk, times ours: single rows", "≥", {SQLITE: 5, MARIADB: 3}, against_peer(ADK, FEW_ROWS)),
    Target(
        "peers",
        "google-adk, times ours with mysqlclient: single rows",
        "≥",
        {MARIADB: 3},
        against_peer(ADK, FEW_ROWS, WITH_MYSQLCLIENT),
    ),
    Target(
        "peers",
        "google-adk, times ours: 50 events or more, and lists",
        "≥",
        {SQLITE: 10, MARIADB: 10},
        against_peer(ADK, MANY_ROWS),
    ),
    Target(
        "peers",
        "openai-agents' SQLAlchemySession, times ours",
        "≥",
        {SQLITE: 1, MARIADB: 1},
        against_peer(AGENTS, ANY_ROWS),
    ),
)
