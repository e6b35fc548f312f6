"""The demo, run as people run it, on its own transcript."""

import contextlib
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from activity_session_demo import __main__ as replay
from activity_session_demo.server_process import Server
from activity_session_testing.backends import MariaDB
from activity_session_testing.servers import connected, serving
from activity_session_testing.steps import list_events

DEMO = Path(__file__).parents[2] / "demo"
TRANSCRIPT = DEMO / "transcript.txt"
LAST_LINE = "all 66 lines are in the log once, in one order that every watcher saw"


@pytest.fixture
def exit_code_after(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], int]:
    """Runs the demo with a statement that damages its database whenever the server is killed."""
    database = tmp_path / "demo.db"

    def run(damage: str) -> int:
        def kill(server: Server) -> None:
            really_kill(server)
            with contextlib.closing(sqlite3.connect(database)) as connection, connection:
                connection.execute(damage)

        really_kill = Server.kill
        monkeypatch.setattr(Server, "kill", kill)
        monkeypatch.setattr(replay, "QUIET_SECONDS", 3.0)
        monkeypatch.setattr(
            sys, "argv", ["activity_session_demo", str(TRANSCRIPT), "--database-url", f"sqlite:///{database}"]
        )
        return replay.main()

    return run


def run_demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "activity_session_demo", *arguments]
    environment = os.environ | {"PYTHONPATH": str(DEMO)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def check_summary(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stderr
    assert "12 clients replay 66 lines" in done.stdout
    assert "killed the server after line" in done.stdout
    assert "66 lines of 11 nicks: 2 agents, 9 users" in done.stdout
    assert "one watcher disconnected 4 times" in done.stdout
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


def test_a_file_without_a_chat_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("# Minutes")
    done = run_demo(str(path))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith(f"demo: {path}: no line of a chat in it; the first is '# Minutes'")


def test_more_nicks_than_a_session_has_members_by_default(tmp_path: Path) -> None:
    path = tmp_path / "a large chat.txt"
    texts = [f"=== nick/{number} has joined #here" for number in range(260)]
    path.write_text("\n".join([*texts, "09:00:01 <nick/0> many of us"]))
    done = run_demo(str(path))
    assert done.returncode == 0, done.stderr
    assert "261 lines of 260 nicks: 0 agents, 260 users" in done.stdout


def test_a_database_that_is_not_there_is_named() -> None:
    done = run_demo(str(TRANSCRIPT), "--database-url", "mysql+pymysql://nobody@127.0.0.1:1/nothing")
    assert done.returncode == 1
    assert "127.0.0.1:1/nothing" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        ("DELETE FROM event WHERE sequence = 3", "the numbers of the log are not 1 to 65: instead of 3 there is 4"),
        # With another text, "hello": of a field that is there twice the last one counts.
        (
            "UPDATE event SET message = CAST(message || X'320568656C6C6F' AS BLOB) WHERE sequence = 3",
            "saw number 3 where the log has 3",
        ),
        ("UPDATE participant SET participant_type = 'USER'", "missing: the member namespaces/"),
        # A server that loses all that it has acknowledged.
        ("DELETE FROM activity_session", "NOT_FOUND"),
    ],
)
def test_a_loss_is_noticed(
    exit_code_after: Callable[[str], int], capsys: pytest.CaptureFixture[str], damage: str, complaint: str
) -> None:
    assert exit_code_after(damage) == 1
    assert complaint in capsys.readouterr().err


def test_it_is_played_into_a_server_that_runs_already() -> None:
    with serving("sqlite:///:memory:") as server, connected(server.address) as client:
        done = run_demo(str(TRANSCRIPT), "--address", server.address, "--lines-per-second", "1000")
        assert done.returncode == 0, done.stderr
        first, last = done.stdout.splitlines()
        session = re.fullmatch(rf"12 clients say 66 lines in (\S+) at {server.address}", first)
        assert session is not None
        assert last.startswith("all 66 lines have been said, with ")
        numbers = [int(event.labels["line"]) for event in list_events(client, session[1])]
        assert len(numbers) == 66
        assert numbers == sorted(numbers), "as in the transcript"


def test_a_server_that_is_not_there_is_named() -> None:
    done = run_demo(str(TRANSCRIPT), "--address", "127.0.0.1:1")
    assert done.returncode == 1
    assert "demo: 127.0.0.1:1: UNAVAILABLE" in done.stderr
    assert "Traceback" not in done.stderr
