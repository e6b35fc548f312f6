"""A new checkout, in a folder with spaces in its name: its targets work, and what they build installs and serves.

The tests run in the order in which they stand: the first one is the first command in the checkout.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from activity_session_testing.drivers import ROOT
from activity_session_testing.examples import Command, check_example, examples, run
from activity_session_testing.servers import connected
from activity_session_testing.steps import new_session

# As from a shell, also where these tests are themselves run by make.
MAKE = ("env", "--unset=MAKEFLAGS", "--unset=MAKELEVEL", "make")
SERVER_FLAGS = ("--address", "127.0.0.1:0", "--database-url", "sqlite:///activity-session.db")
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
# The package, the folder of its pyproject.toml, and where in it the package is.
PACKAGES = [("activity_session_server", "", "server"), ("activity_session", "clients/python", "")]
# For npm and Maven, on a machine that does other things.
BUILD_SECONDS = 600
# From the root of a checkout; the README has all but the last.
INSTALLS = ("pip install ./clients/python .", "pip install dist/*.whl", "pip install dist/*.tar.gz")


def copy_checkout(folder: Path) -> None:
    """Copy what is committed, or is about to be."""
    listed = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], ROOT)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)


@contextlib.contextmanager
def serving(command: Command, folder: Path) -> Iterator[tuple[str, str]]:
    """Run a command that serves inside the block; yields what it says first, and the address."""
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        try:
            said = ""
            while not (line := process.stdout.readline()).startswith("listening on "):
                assert line, said
                said += line
            yield said, line.removeprefix("listening on ").strip()
        finally:
            os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("new") / "a checkout of ours"
    copy_checkout(folder)
    return folder


@pytest.fixture(scope="module")
def first_words(checkout: Path) -> str:
    """What the first `make serve` says until it serves; after it the environment is there."""
    with (
        serving([*MAKE, "serve", "ADDRESS=127.0.0.1:0", "HTTP_ADDRESS=127.0.0.1:0"], checkout) as (said, address),
        connected(address) as client,
    ):
        new_session(client, "namespaces/default")
    return said


@pytest.fixture(scope="module")
def dist(checkout: Path, first_words: str) -> Path:
    del first_words
    # What an earlier build has left must not get into a package.
    stale = checkout / "build/lib/activity_session_server/stale.py"
    stale.parent.mkdir(parents=True)
    stale.touch()
    run([*MAKE, "dist"], checkout, BUILD_SECONDS)
    return checkout / "dist"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an empty environment."""
    folder = tmp_path_factory.mktemp("environment")
    run([sys.executable, "-m", "venv", folder / "an environment"], folder)
    return folder / "an environment/bin"


def install(command: str, environment: Path, checkout: Path) -> None:
    run(["bash", "-ec", f'PATH="$1:$PATH"; {command} --quiet --disable-pip-version-check', "-", environment], checkout)


def test_the_first_serve_says_what_it_does_meanwhile(first_words: str) -> None:
    first_line = first_words.splitlines()[0]
    assert first_line == "setting up .venv with all that the targets need: this takes a minute or two, the first time"


@pytest.mark.usefixtures("first_words")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["help"], "serve on 127.0.0.1:50051"),
        (["test", "PYTEST=.venv/bin/pytest tests/tools/test_breaking.py"], "10 passed"),
        (["demo", "TRANSCRIPT=demo/a copy.txt"], "all 66 lines are in the log once"),
        (["descriptors"], "buf build"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_target_works_in_a_folder_with_spaces(checkout: Path, arguments: list[str], said: str) -> None:
    shutil.copy(checkout / "demo/transcript.txt", checkout / "demo/a copy.txt")
    assert said in run([*MAKE, *arguments], checkout)


@pytest.mark.usefixtures("first_words")
def test_a_quick_benchmark_leaves_the_published_page_as_it_is(checkout: Path) -> None:
    said = run([*MAKE, "bench", "QUICK=1", "PARTS="], checkout)
    assert f"written: {checkout / '.build/bench/quick/benchmarks.md'}\n" in said
    assert (checkout / "docs/benchmarks.md").read_bytes() == (ROOT / "docs/benchmarks.md").read_bytes()


@pytest.mark.parametrize(("package", "folder", "source"), PACKAGES)
def test_a_package_has_the_licence_and_each_of_its_files(dist: Path, package: str, folder: str, source: str) -> None:
    with zipfile.ZipFile(dist / f"{package}-{VERSION}-py3-none-any.whl") as wheel:
        names = wheel.namelist()
        (licence,) = [name for name in names if name.endswith(".dist-info/licenses/LICENSE")]
        assert wheel.read(licence) == (ROOT / "LICENSE").read_bytes()
    # Of the checkout that it was made of, which has the console since.
    above = dist.parent / folder / source
    there = {str(path.relative_to(above)) for path in (above / package).rglob("*") if path.is_file()}
    # The template is for who writes a migration.
    expected = {name for name in there if "__pycache__" not in name and not name.endswith(".mako")}
    assert {name for name in names if ".dist-info/" not in name} == expected
    with tarfile.open(dist / f"{package}-{VERSION}.tar.gz") as archive:
        members = {member.name for member in archive.getmembers() if member.isfile()}
    top = f"{package}-{VERSION}"
    others = {f"{top}/{name}" for name in ("LICENSE", "README.md", "PKG-INFO", "pyproject.toml", "setup.cfg")}
    assert {name for name in members if ".egg-info/" not in name} == others | {
        str(Path(top, source, name)) for name in expected
    }


@pytest.mark.parametrize("command", INSTALLS)
def test_server_and_client_install_into_an_empty_environment_and_serve(
    dist: Path, environment: Path, tmp_path: Path, command: str
) -> None:
    packages = ["activity-session", "activity-session-server"]
    run([environment / "pip", "uninstall", "--quiet", "--yes", *packages], tmp_path)
    install(command, environment, dist.parent)
    server = environment / "activity-session"
    assert VERSION in run([server, "--version"], tmp_path)
    with serving([server, "serve", *SERVER_FLAGS], tmp_path) as (_, address):
        check_example([environment / "python", "-c", examples("python", "python", address)[0]], tmp_path)
    run([server, "check", *SERVER_FLAGS], tmp_path)
    installed = run([environment / "pip", "list", "--format=freeze"], tmp_path)
    assert not [name for name in ("pytest", "mypy", "ruff", "buf") if f"\n{name}" in installed]


@pytest.mark.parametrize("command", INSTALLS[:2])
def test_the_readme_has_the_command(command: str) -> None:
    assert f"`{command}`" in (ROOT / "README.md").read_text()


@pytest.mark.usefixtures("first_words")
def test_the_extra_resolves(checkout: Path, environment: Path) -> None:
    if shutil.which("mariadb_config") is None:
        pytest.skip("mariadb_config is missing; to build mysqlclient: apt-get install gcc pkg-config libmariadb-dev")
    install('pip install --dry-run ./clients/python ".[mysqlclient]"', environment, checkout)
