"""What would break the clients of the last release is refused by `make check`; what only adds to it is not."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
EVENT = Path("protos/activity_session/v1/event.proto")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the protos, the releases among them, with all that buf reads beside them."""
    shutil.copytree(ROOT / "protos", tmp_path / "protos")
    shutil.copy(ROOT / "buf.yaml", tmp_path)
    # The environment is there, or this test would not run.
    (tmp_path / ".venv").symlink_to(BIN.parent)
    googleapis = ["--old-file=.build/ready", ".build/googleapis"]
    subprocess.run(["make", "--silent", f"--file={ROOT / 'Makefile'}", *googleapis], cwd=tmp_path, check=True)
    return tmp_path


def release(checkout: Path, version: str) -> None:
    output = f"protos/released/{version}.binpb"
    build: list[str | Path] = [BIN / "buf", "build", "protos", "--exclude-source-info", "--output", output]
    subprocess.run(build, cwd=checkout, check=True)


def edit(path: Path, pattern: str, replacement: str) -> None:
    text, count = re.subn(pattern, replacement, path.read_text(), flags=re.MULTILINE)
    assert count == 1, f"{pattern} is {count} times in {path}"
    path.write_text(text)


def add_a_field(checkout: Path) -> None:
    edit(checkout / EVENT, r"^message Event {", r"\g<0>\n  string mood = 1000;")


def breaking(checkout: Path) -> tuple[int, str]:
    """The exit status, and what is said."""
    command = [ROOT / "tools/breaking", BIN / "buf"]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


def test_the_protos_break_nothing(checkout: Path) -> None:
    status, said = breaking(checkout)
    assert status == 0, said
    assert re.fullmatch(r"buf breaking: nothing against protos/released/\d+\.\d+\.\d+\.binpb\n", said)


@pytest.mark.parametrize(
    ("pattern", "replacement", "refusal"),
    [
        (r"^ +bytes blob = 7 .*\n", "", 'field "7" with name "blob" on message "Event" was deleted'),
        (r"(int64 sequence) = 3", r"\1 = 1000", 'field "3" with name "sequence" on message "Event" was deleted'),
        (r"string (media_type = 8)", r"bytes \1", 'Field "8" with name "media_type" on message "Event" changed type'),
        (r"create_time = 10", "created = 10", 'on message "Event" changed name from "create_time" to "created"'),
    ],
    ids=["removed", "renumbered", "another type", "renamed"],
)
def test_a_field_that_changes_is_refused_by_its_name(
    checkout: Path, pattern: str, replacement: str, refusal: str
) -> None:
    edit(checkout / EVENT, pattern, replacement)
    status, said = breaking(checkout)
    assert status != 0
    assert f"{EVENT}:" in said
    assert refusal in said


def test_a_file_that_goes_is_refused_by_its_name(checkout: Path) -> None:
    (checkout / "protos/activity_session/v1/info_service.proto").unlink()
    status, said = breaking(checkout)
    assert status != 0
    assert '"activity_session/v1/info_service.proto" was deleted' in said


def test_a_field_can_be_added(checkout: Path) -> None:
    add_a_field(checkout)
    status, said = breaking(checkout)
    assert status == 0, said


def test_what_counts_is_the_highest_version(checkout: Path) -> None:
    release(checkout, "99.9.0")
    unchanged = (checkout / EVENT).read_text()
    add_a_field(checkout)
    release(checkout, "99.10.0")
    (checkout / EVENT).write_text(unchanged)
    status, said = breaking(checkout)
    assert status != 0
    assert 'field "1000" with name "mood" on message "Event" was deleted' in said


def test_what_google_changes_is_not_ours_to_refuse(checkout: Path) -> None:
    edit(checkout / ".build/googleapis/google/api/launch_stage.proto", r"^ +BETA = .*\n", "")
    status, said = breaking(checkout)
    assert status == 0, said


def test_without_a_release_nothing_passes(checkout: Path) -> None:
    shutil.rmtree(checkout / "protos/released")
    status, said = breaking(checkout)
    assert status != 0
    assert "protos/released/*.binpb" in said
