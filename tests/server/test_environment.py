"""The variables of a platform: those that are no settings are named, and never stop a command."""

from pathlib import Path

import pytest

from activity_session_server.environment import ENVIRONMENT_PREFIX, unknown_variables
from activity_session_server.settings import FIELDS
from activity_session_testing.processes import run, serving_process

# What Kubernetes sets for a Service with two ports, as its docs and its code say.
SERVICE_LINKS = {
    "SERVICE_HOST": "10.0.0.11",
    "SERVICE_PORT": "50051",
    "SERVICE_PORT_GRPC": "50051",
    "SERVICE_PORT_GRPC_WEB": "50052",
    "PORT": "tcp://10.0.0.11:50051",
    "PORT_50051_TCP": "tcp://10.0.0.11:50051",
    "PORT_50051_TCP_PROTO": "tcp",
    "PORT_50051_TCP_PORT": "50051",
    "PORT_50051_TCP_ADDR": "10.0.0.11",
    "PORT_53_UDP": "udp://10.0.0.11:53",
    "PORT_53_UDP_ADDR": "10.0.0.11",
}
OF_THE_SERVICE = {f"{ENVIRONMENT_PREFIX}{name}": value for name, value in SERVICE_LINKS.items()}
OF_ANOTHER = {f"{ENVIRONMENT_PREFIX}MARIA_DB_{name}": value for name, value in SERVICE_LINKS.items()}
WRONG = {"ACTIVITY_SESSION_DATABASE_ULR": "sqlite:///secret.db"}
WARNING = "ACTIVITY_SESSION_DATABASE_ULR: there is no such setting; the nearest is ACTIVITY_SESSION_DATABASE_URL"


def test_the_variables_of_service_links_are_passed_over() -> None:
    assert list(unknown_variables(OF_THE_SERVICE | OF_ANOTHER)) == []


def test_a_port_that_a_person_has_set_is_no_service_link() -> None:
    (warning,) = unknown_variables({"ACTIVITY_SESSION_PORT": "50051"})
    assert warning.startswith("ACTIVITY_SESSION_PORT: there is no such setting")


def test_no_setting_looks_like_a_service_link() -> None:
    named = {f"{ENVIRONMENT_PREFIX}X{name.upper()}": "1" for name in FIELDS}
    assert len(list(unknown_variables(named))) == len(FIELDS)


@pytest.mark.parametrize("command", ["migrate", "check"])
def test_a_command_warns_of_what_is_no_setting_and_runs(tmp_path: Path, command: str) -> None:
    flags = ["--database-url", f"sqlite:///{tmp_path / 'test.db'}"]
    done = run(command, *flags, **OF_THE_SERVICE, **OF_ANOTHER, **WRONG)
    assert done.returncode == 0
    assert done.stderr.startswith(f"activity-session: warning: {WARNING}\n")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_server_logs_what_is_no_setting_and_serves(tmp_path: Path, workers: str) -> None:
    flags = ["--database-url", f"sqlite:///{tmp_path / 'test.db'}", "--workers", workers]
    with serving_process(tmp_path / "log", *flags, **OF_THE_SERVICE, **OF_ANOTHER, **WRONG) as server:
        done = run("health", "--address", server.address, **OF_THE_SERVICE, **OF_ANOTHER)
        assert (done.returncode, done.stdout, done.stderr) == (0, "SERVING\n", "")
        server.process.terminate()
        assert server.wait() == 0
        assert [line["message"] for line in server.log_lines() if "setting" in line["message"]] == [WARNING]
