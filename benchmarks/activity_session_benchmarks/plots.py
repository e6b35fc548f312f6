"""The plots of the page. They are drawn in the venv of the peers, the only one that has matplotlib."""

# mypy: disable-error-code="import-not-found, import-untyped"

import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator

from activity_session_benchmarks.places import place

# Readable on white and on black alike, as the background is left out.
GREY = "#787878"
COLORS = ("#2f81d8", "#5fb0ea", "#2fa3a0", "#d9652b", "#d9a02b", "#a563c4", "#c4497b", "#8a8f98", "#9a8a3f", "#2f9e6e")
MARKERS = "osD^vPX*<>"
STYLE = {
    "svg.fonttype": "none",
    # For the ids inside, which would otherwise be random.
    "svg.hashsalt": "activity-session",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.alpha": 0.3,
    "lines.markersize": 4,
    "legend.frameon": False,
    "legend.labelcolor": GREY,
    **dict.fromkeys(
        ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color", "grid.color"), GREY
    ),
}
# What a line shows, and the sizes with their costs in microseconds.
Lines = dict[str, dict[int, float]]
Rows = list[dict[str, Any]]


class Panel(NamedTuple):
    title: str
    x_label: str
    lines: Lines


def main() -> None:
    mpl.rcParams.update(STYLE)
    here = place(is_quick="--quick" in sys.argv)
    here.plots.mkdir(parents=True, exist_ok=True)
    peers, growth = here.file_of("peers"), here.file_of("growth")
    if peers.exists():
        plot_peers(json.loads(peers.read_text())["rows"], here.plots)
    if growth.exists():
        plot_growth(json.loads(growth.read_text()), here.plots)


def plot_peers(result: Rows, folder: Path) -> None:
    lists = []
    for database, rows in grouped(result, "database").items():
        lines = {operation: lines_of(here, "system") for operation, here in grouped(rows, "operation").items()}
        whole = Panel(f"{database}: a session with its events", "events in the session", lines["get"])
        draw(
            folder / f"read-{short(database)}",
            [whole, Panel(f"{database}: the events alone", whole.x_label, lines["items"])],
        )
        lists.append(Panel(f"{database}: a list of all sessions", "sessions", lines["list"]))
    draw(folder / "list", lists)


def plot_growth(result: Rows, folder: Path) -> None:
    for database, rows in grouped(result, "database").items():
        stored = grouped(rows, "stored")
        panels = [Panel(database, f"{what} stored", lines_of(stored[what], "call")) for what in ("sessions", "events")]
        draw(folder / f"growth-{short(database)}", panels, y_scale="linear")


def grouped(rows: Rows, key: str) -> dict[str, Rows]:
    groups: dict[str, Rows] = {}
    for row in rows:
        groups.setdefault(row[key], []).append(row)
    return groups


def lines_of(rows: Rows, key: str) -> Lines:
    """Return a line for each value of the key."""
    return {name: {row["size"]: row["cpu_us"] for row in here} for name, here in grouped(rows, key).items()}


def short(database: str) -> str:
    """Return the name of a database as it is in the name of a file."""
    return database.partition(" ")[0].lower()


def draw(file: Path, panels: list[Panel], y_scale: str = "log") -> None:
    """Draw panels side by side; lines with the same label have the same color in all of them."""
    labels = dict.fromkeys(label for panel in panels for label in panel.lines)
    styles = {
        label: {"color": color, "marker": marker} for label, color, marker in zip(labels, COLORS, MARKERS, strict=False)
    }
    size = (8, 3 + len(labels) / 12)
    figure, all_axes = plt.subplots(1, len(panels), sharey=True, figsize=size, layout="constrained", squeeze=False)
    handles = {}
    for axes, (title, x_label, lines) in zip(all_axes[0], panels, strict=True):
        for label, points in lines.items():
            (handles[label],) = axes.plot(points.keys(), points.values(), label=label, **styles[label])
        axes.set(title=title, xlabel=x_label)
        scale(axes, sorted({size for points in lines.values() for size in points}), y_scale)
    all_axes[0][0].set_ylabel("CPU time per call, ms")
    figure.legend(handles=handles.values(), loc="outside lower center", ncols=2)
    figure.savefig(file.with_suffix(".svg"), transparent=True, metadata={"Date": None})


def scale(axes: Axes, sizes: list[int], y_scale: str) -> None:
    # Logarithmic, but with 0 on it.
    axes.set_xscale("symlog", linthresh=10)
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.set_yscale(y_scale)
    if y_scale == "log":
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 3)))
    else:
        axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(lambda microseconds, _: f"{microseconds / 1000:,g}")
    axes.minorticks_off()


if __name__ == "__main__":
    main()
