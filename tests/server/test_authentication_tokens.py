"""Static tokens: how they are made and revoked, and that nothing of their file is lost."""

import fcntl
import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from activity_session_testing.callers import GRANTS, bearer, get_namespace, new_token, reason_of, refusal, subject_seen
from activity_session_testing.moments import eventually
from activity_session_testing.processes import COMMAND, run
from activity_session_testing.servers import connected, serving

MEMORY = "sqlite:///:memory:"
# Ends like a crash when it is about to give a file another name.
CRASH = """
import os, signal, sys
from activity_session_server.__main__ import main
sys.addaudithook(lambda event, _: event == "os.rename" and os.kill(os.getpid(), signal.SIGKILL))
main(sys.argv[1:])
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens.json"


@pytest.fixture
def settings(path: Path) -> dict[str, str]:
    grants = path.with_name("grants.toml")
    grants.write_text(GRANTS)
    return {"tokens_file": str(path), "grants_file": str(grants)}


def token(path: Path, *arguments: str) -> str:
    """Run `activity-session token` on a file, and return what it prints."""
    done = run("token", *arguments, "--tokens-file", str(path))
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def listed(path: Path) -> dict[str, str]:
    """Return the subjects of the tokens by their ids."""
    return {line.split("\t")[0]: line.split("\t")[2] for line in token(path, "list").splitlines()}


def test_a_token_holds_until_it_is_revoked_and_others_of_its_subject_go_on(
    path: Path, settings: dict[str, str]
) -> None:
    first = token(path, "new", "ada").strip()
    (id_,) = listed(path)
    with serving(MEMORY, **settings) as server, connected(server.address) as client:
        get_namespace(client, bearer(first))
        second = token(path, "new", "ada").strip()
        eventually(lambda: reason_of(client, bearer(second)) == "")
        get_namespace(client, bearer(first))
        assert token(path, "revoke", id_) == ""
        eventually(lambda: reason_of(client, bearer(first)) == "UNAUTHENTICATED")
        assert refusal(client, bearer(first)) == "the token is not known, or was revoked"
        get_namespace(client, bearer(second))


def test_a_token_is_shown_once_and_neither_it_nor_its_hash_is_listed(path: Path) -> None:
    made = token(path, "new", "東京 agent")
    assert made.startswith("ast_")
    assert len(made.strip()) == len("ast_") + 43, "256 bits"
    (entry,) = json.loads(path.read_text())["tokens"]
    assert token(path, "list") == f"{entry['id']}\t{entry['create_time']}\t東京 agent\n"
    assert made.strip() not in path.read_text()
    assert entry["sha256"] not in token(path, "list")


def test_only_its_owner_can_read_the_file(path: Path) -> None:
    before = os.umask(0)
    try:
        token(path, "new", "ada")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_to_the_file_stays_one(path: Path) -> None:
    behind = path.with_name("behind.json")
    path.symlink_to(behind)
    token(path, "new", "ada")
    assert path.is_symlink()
    assert listed(behind) == listed(path) != {}


WRONG_SUBJECTS = {"empty": "", "two lines": "a\nb", "too long": "a" * 256, "not NFC": "e\u0301"}


@pytest.mark.parametrize("subject", WRONG_SUBJECTS.values(), ids=WRONG_SUBJECTS)
def test_what_is_no_subject_gets_no_token(path: Path, subject: str) -> None:
    done = run("token", "new", subject, "--tokens-file", str(path))
    assert (done.returncode, done.stdout, path.exists()) == (2, "", False)
    assert "SUBJECT: " in done.stderr


def test_an_id_that_is_not_there_is_told(path: Path) -> None:
    token(path, "new", "ada")
    done = run("token", "revoke", "none", ACTIVITY_SESSION_TOKENS_FILE=str(path))
    assert (done.returncode, done.stderr) == (1, f"activity-session: {path}: there is no token with the id none\n")


def test_without_a_file_no_command_works(path: Path) -> None:
    assert run("token", "list").returncode == 2
    done = run("token", "list", "--tokens-file", str(path))
    assert (done.returncode, done.stderr) == (1, f"activity-session: {path}: No such file or directory\n")


def test_of_several_commands_at_once_none_is_lost(path: Path) -> None:
    """While the folder is locked none of them goes on; then one after the other."""
    token(path, "new", "first")
    before = path.read_bytes()
    commands = []
    with locked(path.parent):
        for number in range(3):
            arguments = [*COMMAND, "token", "new", f"subject {number}", "--tokens-file", str(path)]
            commands.append(subprocess.Popen(arguments, stdout=subprocess.DEVNULL))
        eventually(lambda: all(waits_for_a_lock(command.pid) for command in commands))
        assert path.read_bytes() == before
    assert [command.wait(30) for command in commands] == [0, 0, 0]
    assert sorted(listed(path).values()) == ["first", "subject 0", "subject 1", "subject 2"]


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def waits_for_a_lock(pid: int) -> bool:
    return any(line.split()[1] == "->" and f" {pid} " in line for line in Path("/proc/locks").read_text().splitlines())


def test_a_crash_before_the_file_is_replaced_leaves_the_old_one(path: Path) -> None:
    token(path, "new", "ada")
    before = path.read_bytes()
    crashing = [sys.executable, "-c", CRASH, "token", "new", "eve", "--tokens-file", str(path)]
    done = subprocess.run(crashing, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (-9, ""), "a token that does not hold is not shown"
    assert path.read_bytes() == before
    token(path, "new", "eve")
    assert sorted(listed(path).values()) == ["ada", "eve"]
    assert sorted(path.parent.iterdir()) == [path]


WRONG_FILES = {
    "no JSON": ("x", "the file: Invalid JSON"),
    "no tokens": ("{}", "tokens: Field required"),
    "a token": ('{"tokens": ["ast_planted"]}', "tokens.0: "),
    "no hash": (
        '{"tokens": [{"id": "a", "subject": "a", "create_time": "2026-01-01T00:00:00Z", "sha256": "planted"}]}',
        "tokens.0.sha256: ",
    ),
    "no subject": (
        f'{{"tokens": [{{"id": "a", "subject": "", "create_time": "2026-01-01T00:00:00Z", "sha256": "{"0" * 64}"}}]}}',
        "tokens.0.subject: a subject must not be empty",
    ),
    "a key too many": ('{"tokens": [], "token": "planted"}', "token: Extra inputs"),
}


@pytest.mark.parametrize(("content", "told"), WRONG_FILES.values(), ids=WRONG_FILES)
def test_a_file_that_is_wrong_is_told_at_the_start_and_not_taken_later(
    path: Path, settings: dict[str, str], caplog: pytest.LogCaptureFixture, content: str, told: str
) -> None:
    path.write_text(content)
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]
    done = run("serve", "--address", "127.0.0.1:0", "--database-url", MEMORY, *flags)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"activity-session: {path}: {told}" in done.stderr
    assert "planted" not in done.stderr
    path.unlink()
    made = new_token(path)
    with serving(MEMORY, **settings) as server, connected(server.address) as client:
        path.write_text(content)
        eventually(lambda: get_namespace(client, bearer(made)) and "the file of tokens is not replaced" in caplog.text)
        path.unlink()
        new = new_token(path, "eve")
        eventually(lambda: reason_of(client, bearer(new)) == "PERMISSION_DENIED")
        assert subject_seen(client, bearer(new)) == "eve"
