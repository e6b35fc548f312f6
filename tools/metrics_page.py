#!/usr/bin/env python3
"""Writes docs/metrics.md from the definitions of the metrics; `make metrics` calls it, and a test compares."""

from collections.abc import Iterator, Sequence

from activity_session_server.metrics.definitions import (
    CAUSES,
    CODES,
    DUE,
    METHODS,
    METRICS,
    SWEPT,
    Definition,
    Kind,
    Workers,
)

HEAD = """\
<!-- Written by tools/metrics_page.py from the definitions. DO NOT EDIT! Run `make metrics`. -->
# Metrics

What a server tells at `/metrics` of its `--admin-address`. How to have Prometheus ask for it, and what to do when it
alerts, is in [operations.md](operations.md). Every series is there from the start, most at 0, and no caller can make
more of them: no label has the name of a session, a participant, a namespace or a subject. The
[changelog](../CHANGELOG.md) says which are new, and which have changed.

With `--workers` the numbers are those of all workers together, as they were at the last heartbeat of each, at most a
second before: sums, unless the column says otherwise. A worker that dies takes what it has counted in that second with
it, and nothing else: counters never go back before all of the server is started again.
"""
LABELS = f"""\
## Labels

| label | values |
|---|---|
| `grpc_service` | the service by its full name, such as `{METHODS[0][0]}` |
| `grpc_method` | the method, such as `GetSession`: {len(METHODS)} in all |
| `grpc_code` | the code of the status, as in the log: {", ".join(f"`{code}`" for code in CODES)} |
| `class` | `read` for methods that never write, `write` for all others: each class has threads of its own |
| `reason` | the reason of the error, as in [errors.md](errors.md) |
| `cause` | {", ".join(f"`{cause}`" for cause in CAUSES)} |
| `state` | `used`, `idle` |
| `kind` | what the sweep does: {", ".join(f"`{kind}`" for kind in SWEPT)}; of what is due {" or ".join(DUE)} |
"""


def main() -> None:
    """Print the page."""
    print("\n".join(lines()))


def lines() -> Iterator[str]:
    """The lines of the page."""
    yield HEAD
    for kind in Kind:
        yield from section(kind, [metric for metric in METRICS if metric.kind is kind])
    yield LABELS.rstrip("\n")


def section(kind: Kind, metrics: Sequence[Definition]) -> Iterator[str]:
    """A heading and a table: all metrics of a type."""
    has_bounds, has_workers = kind is Kind.HISTOGRAM, kind is Kind.GAUGE
    more = ["buckets, up to"] * has_bounds + ["with workers"] * has_workers
    yield f"## {kind.value.title()}s\n"
    yield row("name", "labels", "meaning", *more)
    yield row(*["---"] * (3 + len(more)))
    for metric in metrics:
        yield row(*cells(metric), *[bounds(metric)] * has_bounds, *[workers(metric)] * has_workers)
    yield ""


def cells(metric: Definition) -> tuple[str, str, str]:
    """What is told of each metric, of whatever type."""
    return f"`{metric.name}`", ", ".join(f"`{label}`" for label in metric.labels), metric.help.replace("|", "\\|")


def bounds(metric: Definition) -> str:
    """The bounds of a histogram."""
    return ", ".join(f"{bound:g}" for bound in metric.bounds)


def workers(metric: Definition) -> str:
    """How the gauges of workers become one."""
    return "" if metric.workers is Workers.SUM else "the highest"


def row(*texts: str) -> str:
    """A line of a table."""
    return f"| {' | '.join(texts)} |".replace("|  |", "| |")


if __name__ == "__main__":
    main()
