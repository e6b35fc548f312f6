"""The HTTP address: who may listen where, TLS, workers, and clients that are slow or too long."""

import contextlib
import http.client
import socket
import ssl
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import trustme

from activity_session_server.addresses import AddressInUseError
from activity_session_server.http import bodies, protocol
from activity_session_server.settings import Settings, SettingsError
from activity_session_testing.http_calls import HttpClient
from activity_session_testing.moments import eventually
from activity_session_testing.processes import serving_process
from activity_session_testing.servers import serving

MEMORY = "sqlite:///:memory:"
HTTP = {"http_address": "127.0.0.1:0"}
TLS = {"tls_certificate_file": "c.pem", "tls_key_file": "k.pem"}
TOKENS = {"tokens_file": "tokens.json"}
HEAD = (
    b"POST /v1/namespaces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
)
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "for all": ({}, "http_address: anybody who reaches 0.0.0.0:0 could call"),
    "for all over TLS": (TLS, "http_address: anybody who reaches"),
    "tokens in plain text": (TOKENS, "http_address: tokens would travel to 0.0.0.0:0 for all to read"),
}


def made(**settings: Any) -> Settings:
    return Settings.model_validate(settings)


@pytest.mark.parametrize(("settings", "told"), REFUSED.values(), ids=REFUSED)
def test_what_others_could_use_or_read_is_refused(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        made(http_address="0.0.0.0:0", **settings).check_access()
    made(http_address="127.0.0.1:0", **settings).check_access()


@pytest.mark.parametrize("origins", ["app.example.com", "https://app.example.com/", "*", "https://a.example b"])
def test_origins_are_those_of_browsers(origins: str) -> None:
    with pytest.raises(ValueError, match="each must be of the form"):
        made(http_cors_origins=origins)


def test_a_unix_socket_is_refused() -> None:
    with pytest.raises(ValueError, match="it must be HOST:PORT"):
        made(http_address="unix:/tmp/x")


def test_an_address_that_is_in_use_is_refused() -> None:
    with serving(MEMORY, **HTTP) as server:
        with pytest.raises(AddressInUseError), serving(MEMORY, http_address=server.http_address):
            pass
        assert HttpClient(server.http_address).call("GET", "/v1/serverInfo").code == 200


def test_all_addresses_of_a_name_are_listened_on() -> None:
    with serving(MEMORY, http_address="localhost:0") as server:
        port = server.http_address.rpartition(":")[2]
        for _, _, _, _, place in socket.getaddrinfo("localhost", int(port), type=socket.SOCK_STREAM):
            with closing(http.client.HTTPConnection(str(place[0]), int(port), timeout=5)) as connection:
                connection.request("GET", "/v1/serverInfo")
                assert connection.getresponse().status == 200


def test_workers_share_the_address_and_it_is_told(tmp_path: Path) -> None:
    flags = ("--workers", "2", "--http-address", "127.0.0.1:0", "--log-format", "json")
    with serving_process(tmp_path / "log", "--database-url", f"sqlite:///{tmp_path}/a.db", *flags) as process:
        assert process.process.stdout is not None
        address = process.process.stdout.readline().removeprefix("JSON over HTTP on ").strip()
        for _ in range(40):
            assert HttpClient(address).call("GET", "/v1/serverInfo").code == 200
        told = [line for line in process.log_lines() if line["message"] == "JSON over HTTP"]
        assert [line["address"] for line in told] == [address] * 2


def test_without_the_packages_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("activity_session_server.settings.find_spec", lambda name: None if name == "uvicorn" else name)
    with pytest.raises(ValueError, match=r"pip install 'activity-session-server\[http\]'"):
        made(**HTTP)


def connected_to(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=10)


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\n"])
def test_a_head_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.3)
    with serving(MEMORY, **HTTP) as server, connected_to(server.http_address) as connection:
        began = time.monotonic()
        connection.sendall(sent)
        assert connection.recv(100) == b""
        assert time.monotonic() - began < 5


def test_a_head_is_not_waited_for_after_a_response_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.3)
    with serving(MEMORY, **HTTP) as server, connected_to(server.http_address) as connection:
        connection.sendall(b"GET /v1/serverInfo HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(100_000).startswith(b"HTTP/1.1 200 OK")
        connection.sendall(b"GET / HT")
        while connection.recv(100_000):
            pass


def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "PATIENCE", 0.3)
    head = HEAD % 5 + b"{"
    with serving(MEMORY, **HTTP) as server, connected_to(server.http_address) as connection:
        connection.sendall(head)
        assert connection.recv(100_000).startswith(b"HTTP/1.1 408 Request Timeout")
        assert connection.recv(100_000) == b""


def test_a_head_that_is_too_long_is_refused() -> None:
    with serving(MEMORY, **HTTP) as server, connected_to(server.http_address) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        # The response may be lost with the connection, whose end shows that no more is taken; a timeout shows nothing.
        with contextlib.suppress(ConnectionError):
            for _ in range(1000):
                connection.sendall(b"a" * 1000)
        with contextlib.suppress(ConnectionError):
            assert connection.recv(1000).startswith(b"HTTP/1.1 431 ")


def test_an_announced_body_over_the_limit_is_not_read() -> None:
    head = HEAD % 99_999_999
    with serving(MEMORY, **HTTP) as server, connected_to(server.http_address) as connection:
        connection.sendall(head)
        response = b""
        while part := connection.recv(100_000):
            response += part
        assert response.startswith(b"HTTP/1.1 400 Bad Request")
        assert b'"size":"99999999"' in response


class TestTls:
    def test_is_that_of_the_other_address_and_follows_its_files(self, tmp_path: Path) -> None:
        authority = trustme.CA()
        settings = issue(authority, tmp_path)
        context = trusting(authority)
        with serving(MEMORY, **HTTP, **settings) as server:
            before = shown_by(server.http_address, context)
            issue(authority, tmp_path)
            eventually(lambda: shown_by(server.http_address, context) != before)

    def test_asks_clients_for_certificates_where_those_are_needed(self, tmp_path: Path) -> None:
        authority = trustme.CA()
        settings = issue(authority, tmp_path)
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        with serving(MEMORY, **HTTP, **settings, tls_client_ca_file=str(tmp_path / "ca.pem")) as server:
            with pytest.raises((ssl.SSLError, OSError)):
                asked(server.http_address, trusting(authority))
            context = trusting(authority)
            authority.issue_cert("agent.example").configure_cert(context)
            # It is let in, and nothing is granted to it.
            assert asked(server.http_address, context) == 403


def issue(authority: trustme.CA, folder: Path) -> dict[str, str]:
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    issued = authority.issue_cert("localhost", "127.0.0.1")
    issued.private_key_pem.write_to_path(key)
    certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    return {"tls_certificate_file": str(certificate), "tls_key_file": str(key)}


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def shown_by(address: str, context: ssl.SSLContext) -> bytes:
    with closing(context.wrap_socket(connected_to(address), server_hostname="localhost")) as connection:
        shown = connection.getpeercert(binary_form=True)
        assert shown
        return shown


def asked(address: str, context: ssl.SSLContext) -> int:
    with closing(http.client.HTTPSConnection(address, context=context, timeout=5)) as connection:
        connection.request("GET", "/v1/namespaces/default")
        return connection.getresponse().status
