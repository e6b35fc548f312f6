"""What `make dist` makes for a release: the same each time, and each package is used in an empty project.

Those of Python are installed in test_checkout.py.
"""

import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from activity_session_testing.drivers import CLIENTS, ROOT
from activity_session_testing.examples import Command, check_example, make_project, run
from activity_session_testing.servers import serving
from release_version import version

VERSION = version()
NAMES = {
    f"activity-session-{VERSION}.jar",
    f"activity-session-{VERSION}.pom",
    f"activity-session-{VERSION}.tgz",
    f"activity-session-go-{VERSION}.zip",
    f"activity-session-server-{VERSION}.cdx.json",
    f"activity_session-{VERSION}-py3-none-any.whl",
    f"activity_session-{VERSION}.tar.gz",
    "activity_session.binpb",
    f"activity_session_server-{VERSION}-py3-none-any.whl",
    f"activity_session_server-{VERSION}.tar.gz",
}
# For npm and Maven, on a machine that does other things.
SECONDS = 600
# The environments that the targets would set up are there, or this test would not run.
MAKE = ("env", "--unset=MAKEFLAGS", "--unset=MAKELEVEL", "make", "--old-file=.build/ready")


def build(folder: Path, *settings: str) -> Path:
    """Make all in a copy of the checkout; returns the folder that has it."""
    run([*MAKE, ".build/sbom/ready"], ROOT)
    listed = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], ROOT)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    (folder / ".build").mkdir()
    (folder / ".build/ready").touch()
    (folder / ".venv").symlink_to(ROOT / ".venv")
    (folder / ".build/sbom").symlink_to(ROOT / ".build/sbom")
    script = f"{' '.join(settings)} {' '.join(MAKE)} --old-file=.build/sbom/ready dist"
    run(["bash", "-ec", script], folder, SECONDS)
    return folder / "dist"


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for client in CLIENTS:
        if client.lacks:
            pytest.skip(client.lacks)
    return build(tmp_path_factory.mktemp("first"))


@pytest.fixture
def address() -> Iterator[str]:
    """Where a server with an empty database listens."""
    with serving("sqlite:///:memory:") as server:
        yield server.address


def test_it_makes_each_package(dist: Path) -> None:
    assert {path.name for path in dist.iterdir()} == NAMES


def test_it_makes_the_same_bytes_in_another_place(dist: Path, tmp_path: Path) -> None:
    again = build(tmp_path / "another place", "umask 077; TZ=Asia/Tokyo")
    assert [name for name in sorted(NAMES) if (dist / name).read_bytes() != (again / name).read_bytes()] == []


def go(dist: Path, address: str, folder: Path) -> Command:
    with zipfile.ZipFile(dist / f"activity-session-go-{VERSION}.zip") as module:
        module.extractall(folder.parent / "unpacked")
    package = folder.parent / f"unpacked/activity-session-go-{VERSION}"
    return make_project("go", {"go": "main.go"}, 2, address, folder, package=str(package))


def typescript(dist: Path, address: str, folder: Path) -> Command:
    files = {"json": "tsconfig.json", "ts": "example.ts"}
    package = dist / f"activity-session-{VERSION}.tgz"
    return make_project("typescript", files, 2, address, folder, package=str(package))


def java(dist: Path, address: str, folder: Path) -> Command:
    parts = [
        f"-D{name}={dist / f'activity-session-{VERSION}.{kind}'}"
        for name, kind in (("file", "jar"), ("pomFile", "pom"))
    ]
    plugin = "org.apache.maven.plugins:maven-install-plugin:3.1.4:install-file"
    run(["mvn", "--quiet", "--batch-mode", "--no-transfer-progress", plugin, *parts], folder)
    return make_project("java", {"xml": "pom.xml", "java": "src/main/java/Example.java"}, 1, address, folder)


@pytest.mark.parametrize("make", [go, typescript, java], ids=lambda make: str(make.__name__))
def test_a_package_is_used_in_an_empty_project(make: object, dist: Path, address: str, tmp_path: Path) -> None:
    assert callable(make)
    folder = tmp_path / "project"
    folder.mkdir()
    check_example(make(dist, address, folder), folder)


def test_the_schema_is_used_without_anything_else(dist: Path, address: str, tmp_path: Path) -> None:
    if shutil.which("grpcurl") is None:
        pytest.skip("grpcurl is not installed: go install github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.4")
    schema = dist / "activity_session.binpb"
    method = "activity_session.v1.InfoService/GetServerInfo"
    said = json.loads(run(["grpcurl", "-plaintext", "-protoset", schema, address, method], tmp_path))
    assert said["version"] == VERSION


def test_the_list_of_parts_has_all_that_the_image_installs(dist: Path) -> None:
    parts = json.loads((dist / f"activity-session-server-{VERSION}.cdx.json").read_text())
    assert parts["bomFormat"] == "CycloneDX"
    server = parts["metadata"]["component"]
    assert (server["name"], server["version"]) == ("activity-session-server", VERSION)
    lock = (ROOT / "deploy/docker/server.lock").read_text()
    pinned = set(re.findall(r"^([\w.-]+)==([\w.]+)", lock, re.MULTILINE))
    found = {(part["name"], part["version"]) for part in parts["components"]}
    assert found == pinned | {("activity-session", VERSION)}
