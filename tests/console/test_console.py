"""The console in Chromium, before real servers: what it does is told by the tests in clients/console/test."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from activity_session_testing import console, processes
from activity_session_testing.backends import MARIADB, SQLITE_FILE
from activity_session_testing.drivers import ROOT

_BUILT = ROOT / "clients/console/build/test"
_CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
_SECONDS = 900


# What reads and writes more than others: how pages look, and what they do by themselves, depends on no database.
_STORING = {"conversation", "endings", "live", "panels", "sessions", "writing"}


@pytest.fixture(autouse=True)
def programs() -> None:
    """What runs the tests of the console."""
    if lacks := console.lacking():
        pytest.skip(lacks)
    if not Path(_CHROMIUM).exists():
        pytest.skip("chromium is not installed; to test the console: apt-get install chromium fonts-noto-core")
    assert _BUILT.exists(), "the tests of the console are not built: run `make browser`"


@pytest.mark.parametrize("backend", [SQLITE_FILE, MARIADB])
def test_the_console(new_database: Callable[[str], str], backend: str) -> None:
    url = new_database(backend)
    processes.run("migrate", "--database-url", url)
    files = [file for file in sorted(_BUILT.rglob("*.test.js")) if backend != MARIADB or _kind(file) in _STORING]
    ended = subprocess.run(
        ["node", "--test", "--test-concurrency=2", "--test-timeout=300000", *files],
        env=os.environ | {"DATABASE_URL": url},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def _kind(file: Path) -> str:
    return file.name.removesuffix(".test.js")
