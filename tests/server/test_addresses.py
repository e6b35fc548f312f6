"""Addresses: what is none is refused with what one is; ports and sockets are served, and no two servers share them."""

import json
from pathlib import Path

import pytest

from activity_session.v1.info_service_pb2 import GetServerInfoRequest
from activity_session_server import app
from activity_session_server.addresses import Address, AddressInUseError
from activity_session_server.settings import Settings
from activity_session_testing.processes import run, serving_process
from activity_session_testing.servers import connected, serving

MEMORY = "sqlite:///:memory:"


@pytest.mark.parametrize(
    "text",
    ["", ":50051", "50051", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:-1", "::1:50051", "[::1]", "a b:1"],
)
def test_what_is_no_address_is_told_what_one_is(text: str) -> None:
    with pytest.raises(ValueError, match="it must be HOST:PORT or unix:PATH, such as"):
        Address.parse(text)


@pytest.mark.parametrize("port", [65536, 99999])
def test_a_port_is_less_than_65536(port: int) -> None:
    with pytest.raises(ValueError, match="from 0 to 65535"):
        Address.parse(f"127.0.0.1:{port}")
    assert Address.parse("127.0.0.1:65535").port == 65535


@pytest.mark.parametrize("text", ["unix:", f"unix:{'x' * 108}"])
def test_a_socket_has_a_path_that_the_system_takes(text: str) -> None:
    with pytest.raises(ValueError, match="path"):
        Address.parse(text)


@pytest.mark.parametrize(
    ("text", "is_loopback"),
    [
        ("[::1]:1", True),
        ("127.9.9.9:1", True),
        ("localhost:1", True),
        ("unix:/run/x", True),
        ("[::]:50051", False),
        ("0.0.0.0:1", False),
        ("127.example.org:1", False),
    ],
)
def test_an_address_is_of_this_machine_only_or_not(text: str, *, is_loopback: bool) -> None:
    assert Address.parse(text).is_loopback == is_loopback
    assert str(Address.parse(text)) == text


def test_a_command_says_what_is_wrong_in_one_line() -> None:
    done = run("serve", "--address", ":50051")
    assert done.stderr.startswith("activity-session: settings: address: it must be HOST:PORT or unix:PATH")
    assert len(done.stderr.splitlines()) == 1


def test_all_addresses_of_the_machine_are_served() -> None:
    with app.running(
        Settings.model_validate({"address": "[::]:0", "database_url": MEMORY, "allow_anonymous": True})
    ) as server:
        port = Address.parse(server.address).port
        with connected(f"127.0.0.1:{port}") as client:
            client.info.GetServerInfo(GetServerInfoRequest())


def test_a_socket_is_served_to_one_server_at_a_time_and_again_after_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    flags = ["--database-url", MEMORY, "--address", f"unix:{path}"]
    for _ in range(2):
        with serving_process(tmp_path / "log", *flags) as server:
            assert server.address == f"unix:{path}"
            assert run("health", "--address", server.address).stdout == "SERVING\n"
            second = run("serve", *flags)
            assert (second.returncode, f"cannot listen on unix:{path}" in second.stderr) == (1, True)
            assert run("health", "--address", server.address).returncode == 0
            server.kill()
        assert path.is_socket()


def test_a_file_is_not_replaced_by_a_socket(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("mine")
    with pytest.raises(AddressInUseError):
        app.App(Settings.model_validate({"address": f"unix:{path}", "database_url": MEMORY}))
    assert path.read_text() == "mine"


def test_the_address_is_tried_before_the_database_is_made(tmp_path: Path) -> None:
    path = tmp_path / "test.db"
    with serving(MEMORY) as server, pytest.raises(AddressInUseError):
        app.App(Settings.model_validate({"address": server.address, "database_url": f"sqlite:///{path}"}))
    assert not path.exists()


def test_the_lines_before_the_reason_are_json(tmp_path: Path) -> None:
    with serving_process(tmp_path / "log", "--database-url", MEMORY) as server:
        flags = ["--log-format", "json", "--address", server.address, "--database-url", MEMORY]
        *lines, reason = run("serve", *flags, ACTIVITY_SESSION_NOTHING="1").stderr.splitlines()
    (message,) = [json.loads(line)["message"] for line in lines]
    assert "there is no such setting" in message
    assert reason.startswith(f"activity-session: cannot listen on {server.address}")
