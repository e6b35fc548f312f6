"""The table of outcomes: a row for each script, a column for each client on each backend."""

from collections.abc import Iterator
from typing import Any

import pytest

from activity_session_testing.conformance.callers import CLIENTS
from activity_session_testing.conformance.scripts import BACKENDS

_CELL = "cell"
_WORDS = {"passed": "ok", "failed": "FAILED", "error": "FAILED", "skipped": "skipped"}
_WIDTH = 7


def pytest_itemcollected(item: pytest.Item) -> None:
    """Note on each play what it is; its report carries that to the process that makes the table."""
    params: dict[str, Any] = (
        item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    )
    if play := params.get("play"):
        item.user_properties.append((_CELL, [play.script.name, play.client, play.backend]))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table."""
    cells = dict(_cells(terminalreporter))
    if not cells:
        return
    width = max(len(script) for script, _, _ in cells)
    columns = [(client, backend) for client in CLIENTS for backend in BACKENDS]
    pair = 2 * _WIDTH + 1
    terminalreporter.section("conformance")
    terminalreporter.write_line(" ".join([" " * width, *(f"{client:{pair}}" for client in CLIENTS)]).rstrip())
    for script in ["", *sorted({script for script, _, _ in cells})]:
        words = [cells.get((script, *column), "-") if script else column[1] for column in columns]
        line = " ".join([f"{script:{width}}", *(f"{word:{_WIDTH}}" for word in words)]).rstrip()
        terminalreporter.write_line(line)


def _cells(terminalreporter: pytest.TerminalReporter) -> Iterator[tuple[tuple[str, str, str], str]]:
    for outcome, word in _WORDS.items():
        for report in terminalreporter.stats.get(outcome, []):
            for name, (script, client, backend) in getattr(report, "user_properties", []):
                if name == _CELL:
                    yield (script, client, backend), word
