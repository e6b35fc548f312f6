"""The tables of docs/benchmarks.md, each from the rows of a measurement on one database."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from activity_session_benchmarks.targets import OURS, Rows, work

CALLS = {
    "call": "call",
    "concurrency": "concurrency",
    "ours_us": "ours, µs",
    "empty_us": "empty floor, µs",
    "floor_us": "floor, µs",
    "ratio": "ours / floor",
    "ours_per_second": "ours, calls/s",
    "floor_per_second": "floor, calls/s",
}
WATCHES = {
    "watchers": "watchers",
    "p50_ms": "delivered after: p50, ms",
    "p99_ms": "p99, ms",
    "deliveries_per_second": "deliveries/s",
    "cpu_us": "CPU of a delivery, µs",
    "memory_mb": "memory of the watchers, MB",
}
ACCESS = {
    "call": "call",
    "caller": "caller",
    "cpu_us": "server, µs",
    "database_us": "database, µs",
    "more_us": "more than the first, µs",
    "ratio": "ratio",
}
MONITORING = {"call": "call", "off_us": "without, µs", "on_us": "with, µs", "more_us": "more, µs"}
ADAPTERS = {
    "store": "their store",
    "call": "call",
    "theirs_us": "theirs, µs",
    "ours_us": "ours, µs",
    "client_us": "of these caller",
    "server_us": "server",
    "database_us": "database",
    "ratio": "theirs / ours",
}
FIGURES = {"what": "what", "value": "value", "unit": "unit"}
CAPACITY = {"part": "", "what": "what", "value": "value", "unit": "unit"}
# A line, a column, and the text of the cell.
Cell = tuple[str, str, str]


def by_database(rows: Rows, write: Callable[[Rows], str]) -> str:
    """Return a section for each database, with its name as the heading."""
    return "\n\n".join(f"### {database}\n\n{write(here)}" for database, here in grouped(rows, "database"))


def calls(rows: Rows) -> str:
    return plain(rows, CALLS)


def watch(rows: Rows) -> str:
    return plain(rows, WATCHES)


def growth(rows: Rows) -> str:
    return "\n\n".join(pivot(f"number of {stored}", growing(here)) for stored, here in grouped(rows, "stored"))


def growing(rows: Rows) -> Iterator[Cell]:
    for row in rows:
        ratio = "" if row["ratio"] is None else f" ({row['ratio']:.2f})"
        yield row["call"], f"{row['size']:,}", number(row["cpu_us"]) + ratio


def access(rows: Rows) -> str:
    return plain([{**row, "ratio": "" if row["ratio"] is None else f"{row['ratio']:.2f}"} for row in rows], ACCESS)


def monitoring(rows: Rows) -> str:
    return plain(rows, MONITORING)


def http(rows: Rows) -> str:
    return plain(rows, FIGURES)


def history(rows: Rows) -> str:
    return plain(rows, FIGURES)


def capacity(rows: Rows) -> str:
    return plain(rows, CAPACITY)


def adapters(rows: Rows) -> str:
    return plain(rows, ADAPTERS)


def peers(rows: Rows) -> str:
    ours = {(row["operation"], row["size"]): row["cpu_us"] for row in rows if row["system"] == OURS}
    return pivot("", (beside(row, ours[row["operation"], row["size"]]) for row in rows))


def beside(row: dict[str, Any], ours: float) -> Cell:
    """Return the cell of a system's cost for an operation, with the multiple of ours."""
    cost = row["cpu_us"]
    return work(row["operation"], row["size"]), row["system"], f"{number(cost)} ({cost / ours:.1f})"


def grouped(rows: Rows, key: str) -> Iterator[tuple[str, Rows]]:
    for group in dict.fromkeys(row[key] for row in rows):
        yield group, [row for row in rows if row[key] == group]


def plain(rows: Rows, columns: dict[str, str]) -> str:
    return table(columns.values(), ([row[key] for key in columns] for row in rows))


def pivot(corner: str, cells: Iterable[Cell]) -> str:
    columns: dict[str, None] = {}
    grid: dict[str, dict[str, str]] = {}
    for line, column, cell in cells:
        columns[column] = None
        grid.setdefault(line, {})[column] = cell
    lines = ((line, *(of_line.get(column, "") for column in columns)) for line, of_line in grid.items())
    return table((corner, *columns), lines)


def table(header: Iterable[str], rows: Iterable[Iterable[str | float]]) -> str:
    """Return a Markdown table, with its numbers on the right."""
    lines = [[cell if isinstance(cell, str) else number(cell) for cell in row] for row in rows]
    columns = zip(*lines, strict=True)
    rule = ("---:" if all(cell[:1].isdigit() for cell in column if cell) else "---" for column in columns)
    return "\n".join(f"| {' | '.join(line)} |" for line in (header, rule, *lines))


def number(value: float) -> str:
    """Return a number with three digits, or with all of those before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
