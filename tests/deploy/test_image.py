"""The image: what its steps make serves with a read-only root, as a user without rights, and ends at SIGTERM."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from activity_session_testing.deploying.images import Container, Image, running
from activity_session_testing.drivers import ROOT
from activity_session_testing.servers import DEADLINE

COMPOSE = {
    name: yaml.safe_load((ROOT / f"deploy/compose/{name}.yaml").read_text()) for name in ("mariadb", "postgresql")
}
_CALL = """
import activity_session
from activity_session import v1

with activity_session.connect("127.0.0.1:50051") as channel:
    request = v1.EnsureSessionRequest(parent="namespaces/default", session_id="kept")
    print(v1.SessionServiceStub(channel).EnsureSession(request).created)
"""


def new_data(image: Image, folder: Path) -> Path:
    """A folder for the container's SQLite file, as a volume that belongs to the user of the image."""
    folder.mkdir()
    os.chown(folder, image.last.user, image.last.user)
    return folder


@pytest.fixture(scope="module")
def data(image: Image, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_data(image, tmp_path_factory.mktemp("container") / "data")


@pytest.fixture(scope="module")
def container(image: Image, data: Path) -> Iterator[Container]:
    with running(image, data, data.with_name("log"), ACTIVITY_SESSION_ALLOW_ANONYMOUS="on") as container:
        yield container


def test_it_does_not_serve_where_anybody_could_call(image: Image) -> None:
    done = image.run()
    assert done.returncode == 2
    assert "anybody who reaches 0.0.0.0:50051 could call" in done.stderr


def test_it_has_the_drivers_and_nothing_that_installs(image: Image) -> None:
    (packages,) = image.last.root.glob("opt/activity-session/lib/python*/site-packages")
    found = {path.name.partition("-")[0].lower() for path in packages.glob("*.dist-info")}
    assert {"activity_session", "activity_session_server", "psycopg", "psycopg_binary", "pymysql", "pyjwt"} <= found
    assert {"cryptography", "pynacl"} <= found, "for accounts of MariaDB and MySQL, and for JWTs"
    assert (packages / "activity_session_server/http/console/index.html").exists()
    assert not {"pip", "setuptools", "wheel", "pytest"} & found
    assert sorted(path.name for path in image.last.root.glob("opt/*")) == ["activity-session"]


def test_process_1_has_no_rights_and_writes_nowhere_but_in_its_folder(container: Container, data: Path) -> None:
    status = container.status()
    assert status["NSpid"].split()[-1] == "1"
    assert status["Uid"].split() == ["10001"] * 4
    assert (status["CapEff"], status["CapBnd"]) == ("0" * 16, "0" * 16)
    assert "Read-only file system" in container.run("touch", "/opt/new").stderr
    assert (data / "activity-session.db").stat().st_uid == 10001


def test_it_is_healthy_and_takes_calls_on_its_port(container: Container, image: Image) -> None:
    assert container.first_line == "listening on 0.0.0.0:50051\n"
    assert image.last.ports == [50051]
    done = container.run(*image.last.health)
    assert (done.returncode, done.stdout) == (0, "SERVING\n"), done.stderr
    assert container.run("python3", "-c", _CALL).stdout == "True\n"


def test_sigterm_ends_it_and_the_next_one_has_what_it_had(image: Image, tmp_path: Path) -> None:
    data, log = new_data(image, tmp_path / "data"), tmp_path / "log"
    with running(image, data, log, ACTIVITY_SESSION_ALLOW_ANONYMOUS="on") as container:
        assert container.run("python3", "-c", _CALL).stdout == "True\n"
        assert container.stop(DEADLINE) == 0
    assert [json.loads(line)["message"] for line in log.read_text().splitlines()][-2:] == ["draining", "stopped"]
    with running(image, data, log, ACTIVITY_SESSION_ALLOW_ANONYMOUS="on") as container:
        assert container.run("python3", "-c", _CALL).stdout == "False\n"


def test_an_unhealthy_one_is_said_to_be(container: Container, image: Image) -> None:
    assert container.run(*image.last.health, "--address", "127.0.0.1:1").returncode == 1


@pytest.mark.parametrize("kind", COMPOSE)
def test_what_compose_runs_migrates_a_database_and_can_serve_from_it(
    image: Image, kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    services = COMPOSE[kind]["services"]
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    # As an engine mounts them, and not as pytest makes folders.
    secrets.chmod(0o755)
    (secrets / "database-url").write_text(request.getfixturevalue(kind).new_database())
    flags = ["--ro-bind", str(secrets), "/run/secrets"]
    migrated = image.run(*services["migrate"]["command"], flags=flags, **services["migrate"]["environment"])
    assert re.search(r"schema empty -> \d+", migrated.stdout), migrated.stderr
    checked = image.run("check", flags=flags, **services["server"]["environment"])
    assert checked.returncode == 0, checked.stderr
    assert "warning" not in checked.stderr
