"""The other files of deploy: what looks at each of them finds nothing, and each says what the server understands."""

import argparse
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from activity_session_server.environment import unknown_variables
from activity_session_server.rules import database_urls
from activity_session_server.settings import FIELDS
from activity_session_server.sources import load
from activity_session_testing.deploying.checks import checkov
from activity_session_testing.drivers import ROOT
from activity_session_testing.examples import run

COMPOSE_CHECK = ("go", "run", "github.com/compose-spec/compose-go/v2/cmd@v2.16.2")
UNIT = ROOT / "deploy/systemd/activity-session.service"
# Of 100; less is better. From 20 on systemd says no longer that it is good.
MOST_EXPOSURE = 19
# At SIGTERM all is over 5 seconds after both, as docs/operations.md says.
END = sum(float(FIELDS[name].get_default()) for name in ("drain_delay", "drain_timeout")) + 5


def compose(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / f"deploy/compose/{name}.yaml").read_text())
    return found


def seconds(text: str) -> float:
    return float(text.removesuffix("s"))


def test_checkov_finds_nothing_in_the_dockerfile() -> None:
    assert checkov("dockerfile", ROOT / "Dockerfile") == set()


def test_what_the_dockerfile_copies_is_given_to_the_engine() -> None:
    given = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    copied = [
        name
        for line in re.findall(r"^COPY (?!--from)(.*) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
        for name in line.split()
    ]
    assert copied
    assert {next((one for one in given if Path(name).is_relative_to(one)), name) for name in copied} == set(given)


@pytest.mark.parametrize("name", ["mariadb", "postgresql"])
def test_a_compose_file_is_one(name: str) -> None:
    if shutil.which("go") is None:
        pytest.skip("go is not installed; to look at the compose files: Go 1.24 or newer")
    file = ROOT / f"deploy/compose/{name}.yaml"

    def judge(file: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMPOSE_CHECK, str(file)], cwd=file.parent, capture_output=True, text=True, timeout=180, check=False
        )

    done = judge(file)
    assert done.returncode == 0, done.stderr
    assert yaml.safe_load(done.stdout)["services"]["server"]["build"]["context"] == str(ROOT)


def test_the_check_of_compose_files_refuses_one_that_is_wrong(tmp_path: Path) -> None:
    if shutil.which("go") is None:
        pytest.skip("go is not installed; to look at the compose files: Go 1.24 or newer")
    wrong = tmp_path / "compose.yaml"
    wrong.write_text((ROOT / "deploy/compose/mariadb.yaml").read_text().replace("read_only:", "readonly:"))
    done = subprocess.run([*COMPOSE_CHECK, str(wrong)], capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode != 0
    assert "readonly" in done.stderr + done.stdout


@pytest.mark.parametrize("name", ["mariadb", "postgresql"])
def test_compose_migrates_first_and_serves_this_machine_alone(name: str, tmp_path: Path) -> None:
    services = compose(name)["services"]
    assert services["migrate"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    server = services["server"]
    assert server["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert server["ports"] == ["127.0.0.1:50051:50051"]
    assert (server["read_only"], server["cap_drop"]) == (True, ["ALL"])
    assert seconds(server["stop_grace_period"]) > END
    (tmp_path / "url").write_text("sqlite:///:memory:")
    given = {**server["environment"], "ACTIVITY_SESSION_ADDRESS": "0.0.0.0:50051"}
    assert not list(unknown_variables(given))
    assert given["ACTIVITY_SESSION_DATABASE_URL_FILE"] == "/run/secrets/database-url"
    load(argparse.Namespace(), given | {"ACTIVITY_SESSION_DATABASE_URL_FILE": str(tmp_path / "url")}).check_access()


def test_the_secrets_of_the_docs_are_made_as_written(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed; to try the commands of the docs: apt-get install openssl")
    (script,) = re.findall(r"^```bash\n(.*?)^```", (ROOT / "docs/deployment.md").read_text(), re.MULTILINE | re.DOTALL)
    for kind, lines in (("mysql+pymysql", script.partition("# Or")[0]), ("postgresql", script)):
        folder = tmp_path / kind
        folder.mkdir()
        run(["bash", "-euc", lines], folder)
        password = (folder / "secrets/database-password").read_text()
        url = (folder / "secrets/database-url").read_text()
        assert url == f"{kind}://sessions:{password}@database/sessions"
        database_urls.check(url)
        assert (folder / "secrets").stat().st_mode & 0o777 == 0o700


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit, with the command of this environment in place of that of an installation."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed; to look at the unit: apt-get install systemd")
    here = Path(sys.executable).with_name("activity-session")
    file = tmp_path / UNIT.name
    file.write_text(UNIT.read_text().replace("/opt/activity-session/bin/activity-session", str(here)))
    return file


def test_systemd_understands_the_unit(unit: Path) -> None:
    def judge() -> subprocess.CompletedProcess[str]:
        command = ["systemd-analyze", "verify", "--man=no", str(unit)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    done = judge()
    assert (done.returncode, done.stderr) == (0, "")
    unit.write_text(unit.read_text().replace("KillMode=mixed", "KillMood=mixed"))
    assert "KillMood" in judge().stderr


def test_systemd_finds_the_unit_hardened(unit: Path) -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={MOST_EXPOSURE}", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout[-500:]
    unit.write_text(re.sub("^(SystemCallFilter|PrivateUsers)=.*", "", unit.read_text(), flags=re.MULTILINE))
    assert subprocess.run(command, capture_output=True, timeout=60, check=False).returncode != 0


def test_the_unit_gives_the_server_time_and_a_command_that_it_has() -> None:
    lines = dict(line.split("=", 1) for line in UNIT.read_text().splitlines() if re.match(r"\w+=", line))
    assert float(lines["TimeoutStopSec"]) > END
    assert shlex.split(lines["ExecStart"])[1:] == ["serve"]
    assert lines["RestartPreventExitStatus"] == "2"
    assert lines["Environment"] == "ACTIVITY_SESSION_DATABASE_URL_FILE=%d/database-url"
    assert lines["LoadCredential"].startswith("database-url:")
