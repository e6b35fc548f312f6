"""The table of outcomes: a row for each script, a column for each client on each backend."""

from collections.abc import Iterator
from typing import Any

import pytest

from activity_session_testing.conformance.callers import CLIENTS
from activity_session_testing.conformance.plays import SYSTEM
from activity_session_testing.conformance.scripts import BACKENDS

_CELL = "cell"
_WORDS = {"passed": "ok", "failed": "FAILED", "error": "FAILED", "skipped": "skipped"}
_WIDTH = max(map(len, (*BACKENDS, *CLIENTS)))


def pytest_itemcollected(item: pytest.Item) -> None:
    """Note on each play what it is; its report carries that to the process that makes the table."""
    params: dict[str, Any] = (
        item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    )
    if play := params.get("play"):
        item.user_properties.append((_CELL, [play.script.name, play.client, play.system or play.backend]))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table."""
    cells = dict(_cells(terminalreporter))
    if not cells:
        return
    names = max(len(script) for script, _, _ in cells)
    played = {(client, backend) for _, client, backend in cells}
    columns = [
        (client, backend) for client in CLIENTS for backend in (*BACKENDS, SYSTEM) if (client, backend) in played
    ]
    clients, backends = zip(*columns, strict=True)
    terminalreporter.section("conformance")
    outcomes = {
        script: [cells.get((script, *column), "-") for column in columns]
        for script in sorted({script for script, _, _ in cells})
    }
    for name, words in [("", clients), ("", backends), *outcomes.items()]:
        line = " ".join([f"{name:{names}}", *(f"{word:{_WIDTH}}" for word in words)])
        terminalreporter.write_line(line.rstrip())


def _cells(terminalreporter: pytest.TerminalReporter) -> Iterator[tuple[tuple[str, str, str], str]]:
    for outcome, word in _WORDS.items():
        for report in terminalreporter.stats.get(outcome, []):
            for name, (script, client, backend) in getattr(report, "user_properties", []):
                if name == _CELL:
                    yield (script, client, backend), word
