"""Secrets that come from files, as orchestrators give them."""

from argparse import Namespace
from pathlib import Path

import pytest

from activity_session_server.environment import unknown_variables
from activity_session_server.settings import SettingsError
from activity_session_server.sources import load
from activity_session_testing.processes import run

VARIABLE = "ACTIVITY_SESSION_DATABASE_URL"
URL = "mysql+pymysql://user:p%40ss@host/sessions"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "url"
    path.write_text(f"{URL}\n")
    return path


def test_the_database_url_comes_from_a_file(file: Path) -> None:
    environment = {f"{VARIABLE}_FILE": str(file)}
    assert load(Namespace(), environment).database_url == URL
    assert list(unknown_variables(environment)) == []


def test_a_flag_wins_over_the_file(file: Path) -> None:
    flags = Namespace(database_url="sqlite:///:memory:")
    assert load(flags, {f"{VARIABLE}_FILE": str(file)}).is_in_memory


def test_of_two_variables_neither_wins(file: Path) -> None:
    with pytest.raises(SettingsError, match=f"^database_url: both {VARIABLE} and {VARIABLE}_FILE are set$"):
        load(Namespace(), {VARIABLE: URL, f"{VARIABLE}_FILE": str(file)})


@pytest.mark.parametrize(
    ("content", "told"), [(None, "No such file or directory"), (b"\xff", "it is not a text in UTF-8")]
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, told: str) -> None:
    path = tmp_path / "url"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match=f"^database_url: {VARIABLE}_FILE: {path}: {told}$"):
        load(Namespace(), {f"{VARIABLE}_FILE": str(path)})


def test_what_is_wrong_in_the_file_is_told_without_it(file: Path) -> None:
    file.write_text(URL.replace("mysql+pymysql", "oracle"))
    done = run("check", **{f"{VARIABLE}_FILE": str(file)})
    assert done.returncode == 2
    assert "database_url" in done.stderr
    assert "p%40ss" not in done.stderr + done.stdout


def test_a_server_is_checked_with_the_url_of_a_file(tmp_path: Path, file: Path) -> None:
    file.write_text(f"sqlite:///{tmp_path}/sessions.db")
    assert run("migrate", **{f"{VARIABLE}_FILE": str(file)}).returncode == 0
    assert (tmp_path / "sessions.db").exists()
