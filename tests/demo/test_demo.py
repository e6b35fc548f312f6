"""The demo, run as people run it, on its own transcript."""

import contextlib
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from backends import MariaDB

DEMO = Path(__file__).parents[2] / "demo"
TRANSCRIPT = DEMO / "transcript.txt"
LAST_LINE = "all 60 lines are there after SIGKILL"


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The demo as a module; its folder is not on the path otherwise."""
    monkeypatch.syspath_prepend(str(DEMO))
    import replay

    yield replay
    del sys.modules["replay"]


@pytest.fixture
def exit_code_after(demo: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], int]:
    """Runs the demo with a statement that damages its database whenever the server is killed."""
    database = tmp_path / "demo.db"

    def run(damage: str) -> int:
        def kill(server: Any) -> None:
            really_kill(server)
            with contextlib.closing(sqlite3.connect(database)) as connection, connection:
                connection.execute(damage)

        really_kill = demo.Server.kill
        monkeypatch.setattr(demo.Server, "kill", kill)
        monkeypatch.setattr(sys, "argv", ["replay.py", str(TRANSCRIPT), "--database-url", f"sqlite:///{database}"])
        return int(demo.main())

    return run


def run_demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(DEMO / "replay.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def check_summary(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stderr
    assert "60 of 60 lines" in done.stdout
    assert "8 nicks: 1 agents, 7 users" in done.stdout
    assert "60 updates" in done.stdout
    assert done.stdout.splitlines()[-1] == LAST_LINE


def test_it_needs_no_database() -> None:
    check_summary(run_demo(str(TRANSCRIPT), "--database-url", ""))


def test_it_can_be_repeated_on_one_file(tmp_path: Path) -> None:
    for _ in range(2):
        check_summary(run_demo(str(TRANSCRIPT), "--database-url", f"sqlite:///{tmp_path / 'demo.db'}"))


def test_it_can_be_repeated_on_one_mariadb(mariadb: MariaDB) -> None:
    database_url = mariadb.new_database()
    for _ in range(2):
        check_summary(run_demo(str(TRANSCRIPT), "--database-url", database_url))


def test_a_transcript_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = run_demo(str(tmp_path / "nothing.txt"))
    assert done.returncode == 1
    assert "nothing.txt" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_that_is_not_there_is_named() -> None:
    done = run_demo(str(TRANSCRIPT), "--database-url", "mysql+pymysql://nobody@127.0.0.1:1/nothing")
    assert done.returncode == 1
    assert "127.0.0.1:1/nothing" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("loss", "complaint"),
    [
        ("UPDATE activity_session SET data = replace(data, '000037 ', '000036 ')", "there 0 times, not once: 000037"),
        ("UPDATE activity_session SET data = data || char(10) || substr(data, 1, 9)", "not in the transcript: 000001"),
        ("UPDATE activity_session SET data = NULL", "there 0 times, not once: 000001"),
        ("UPDATE participant SET participant_type = 'USER'", "missing: the participant fernbot"),
        ("DELETE FROM activity_session_participant", "missing: the participant"),
    ],
)
def test_a_loss_is_noticed(
    exit_code_after: Callable[[str], int], capsys: pytest.CaptureFixture[str], loss: str, complaint: str
) -> None:
    assert exit_code_after(loss) == 1
    assert complaint in capsys.readouterr().err
