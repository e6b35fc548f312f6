"""TLS on the listener: which clients it lets in, and a certificate that is replaced while calls are served."""

import socket
import ssl
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import grpc
import pytest
import trustme

from activity_session_server.rpc.files import FileError
from activity_session_testing.callers import GRANTS
from activity_session_testing.processes import run
from activity_session_testing.servers import connected, serving
from activity_session_testing.steps import new_session

PARENT = "namespaces/default"
HOST = "localhost"
AGENT = "agent.example"


class Files:
    """The files of a server, and what clients trust."""

    def __init__(self, folder: Path) -> None:
        self.certificate, self.key, self.ca = folder / "certificate.pem", folder / "key.pem", folder / "ca.pem"
        self.grants = folder / "grants.toml"
        self.authority = trustme.CA()
        self.authority.cert_pem.write_to_path(self.ca)
        self.issue()

    def issue(self) -> str:
        """Write a new certificate in place of the one before; return its number."""
        issued = self.authority.issue_cert(HOST, "127.0.0.1")
        issued.private_key_pem.write_to_path(self.key)
        self.certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        der = ssl.PEM_cert_to_DER_cert(issued.cert_chain_pems[0].bytes().decode())
        return der.hex()

    @property
    def settings(self) -> dict[str, str]:
        return {"tls_certificate_file": str(self.certificate), "tls_key_file": str(self.key)}

    @property
    def with_client_ca(self) -> dict[str, str]:
        """What clients need a certificate for that names the agent."""
        self.grants.write_text(GRANTS.replace("ada", AGENT))
        return {**self.settings, "tls_client_ca_file": str(self.ca), "grants_file": str(self.grants)}


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def trusting(ca: bytes, own: trustme.LeafCert | None = None) -> grpc.ChannelCredentials:
    """What a client trusts that has a certificate of its own, or none."""
    pair = (own.private_key_pem.bytes(), own.cert_chain_pems[0].bytes()) if own else (None, None)
    return grpc.ssl_channel_credentials(ca, *pair)


def shown_by(address: str) -> str:
    """Return the certificate that a new connection is shown."""
    host, _, port = address.rpartition(":")
    return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((host, int(port)))).hex()


def is_served(address: str, credentials: grpc.ChannelCredentials | None) -> bool:
    with connected(address, credentials=credentials) as client:
        try:
            new_session(client, PARENT)
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.UNAVAILABLE:
                return False
            raise
        return True


def test_clients_that_trust_the_ca_are_served_and_others_are_not(files: Files) -> None:
    with serving("sqlite:///:memory:", **files.settings) as server:
        assert is_served(server.address, trusting(files.ca.read_bytes()))
        assert not is_served(server.address, trusting(trustme.CA().cert_pem.bytes()))
        assert not is_served(server.address, None)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize(
    ("version", "is_taken"), [("TLSv1", False), ("TLSv1_1", False), ("TLSv1_2", True), ("TLSv1_3", True)]
)
def test_tls_is_1_2_at_least(files: Files, version: str, is_taken: bool) -> None:  # noqa: FBT001
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(files.ca)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.set_alpn_protocols(["h2"])
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    with serving("sqlite:///:memory:", **files.settings) as server:
        host, _, port = server.address.rpartition(":")
        with closing(socket.create_connection((host, int(port)))) as plain:
            if is_taken:
                context.wrap_socket(plain, server_hostname=HOST).close()
                return
            with pytest.raises((ssl.SSLError, ConnectionError)):
                context.wrap_socket(plain, server_hostname=HOST)


def test_a_certificate_is_replaced_without_a_restart_and_connections_go_on(files: Files) -> None:
    with (
        serving("sqlite:///:memory:", **files.settings) as server,
        connected(server.address, credentials=trusting(files.ca.read_bytes())) as client,
    ):
        new_session(client, PARENT)
        before = shown_by(server.address)
        after = files.issue()
        assert shown_by(server.address) == after != before
        new_session(client, PARENT)


def test_a_certificate_that_is_not_whole_is_not_taken(files: Files, caplog: pytest.LogCaptureFixture) -> None:
    with serving("sqlite:///:memory:", **files.settings) as server:
        before = shown_by(server.address)
        key = files.key.read_bytes()
        files.key.write_bytes(trustme.CA().issue_cert(HOST).private_key_pem.bytes())
        assert shown_by(server.address) == before
        files.key.unlink()
        assert shown_by(server.address) == before
        assert "the certificate is not replaced" in caplog.text
        files.key.write_bytes(key)
        assert is_served(server.address, trusting(files.ca.read_bytes()))


def test_with_a_ca_of_clients_only_those_with_its_certificates_are_served(files: Files) -> None:
    ca = files.ca.read_bytes()
    with serving("sqlite:///:memory:", **files.with_client_ca) as server:
        assert is_served(server.address, trusting(ca, files.authority.issue_cert(AGENT)))
        assert not is_served(server.address, trusting(ca))
        assert not is_served(server.address, trusting(ca, trustme.CA().issue_cert(AGENT)))


WRONG: dict[str, tuple[Callable[[Files], object], str]] = {
    "the key is of another certificate": (
        lambda files: files.key.write_bytes(trustme.CA().issue_cert(HOST).private_key_pem.bytes()),
        "KEY_VALUES_MISMATCH",
    ),
    "a file is missing": (lambda files: files.certificate.unlink(), "No such file"),
    "a file is no PEM": (lambda files: files.certificate.write_text("x"), "PEM lib"),
}


@pytest.mark.parametrize(("spoil", "told"), WRONG.values(), ids=WRONG)
def test_files_that_are_wrong_are_told_at_the_start(files: Files, spoil: Callable[[Files], object], told: str) -> None:
    spoil(files)
    with pytest.raises(FileError, match=told), serving("sqlite:///:memory:", **files.settings):
        pass
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in files.settings.items()]
    done = run("serve", "--address", "127.0.0.1:0", "--database-url", "sqlite:///:memory:", *flags)
    assert done.returncode == 1
    assert str(files.certificate) in done.stderr
    assert "Traceback" not in done.stderr


def test_a_certificate_without_its_key_is_refused(files: Files) -> None:
    done = run("check", "--tls-certificate-file", str(files.certificate))
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        2,
        "activity-session: settings: tls_certificate_file: it needs tls_key_file too",
    )


# The flags of a probe, beside those by which it finds the files.
PROBES: dict[str, tuple[tuple[str, ...], bool]] = {
    "beside the server, with its certificate and key": ((), True),
    "with a CA": (("--tls-ca-file", "ca.pem"), True),
    "with a CA of others": (("--tls-ca-file", "other.pem"), False),
    "for another name": (("--tls-server-name", "other.example"), False),
    "for a name that is in the certificate": (("--tls-server-name", HOST), True),
}


@pytest.mark.parametrize("needs_certificate", [False, True])
@pytest.mark.parametrize(("flags", "is_served"), PROBES.values(), ids=PROBES)
def test_health_is_told_over_tls(
    files: Files, flags: tuple[str, ...], *, is_served: bool, needs_certificate: bool
) -> None:
    trustme.CA().cert_pem.write_to_path(files.ca.with_name("other.pem"))
    flags = tuple(str(files.ca.with_name(flag)) if flag.endswith(".pem") else flag for flag in flags)
    own = [f"--{name.replace('_', '-')}={value}" for name, value in files.settings.items()]
    with serving("sqlite:///:memory:", **files.with_client_ca if needs_certificate else files.settings) as server:
        done = run("health", "--address", server.address, *own, *flags)
        assert (done.stdout, done.returncode) == (("SERVING\n", 0) if is_served else ("", 1)), done.stderr


def test_health_without_tls_is_not_told(files: Files) -> None:
    with serving("sqlite:///:memory:", **files.settings) as server:
        assert "UNAVAILABLE" in run("health", "--address", server.address).stderr
        done = run("health", "--address", server.address, "--tls-ca-file", str(files.ca))
        assert done.stdout == "SERVING\n", "without a certificate of its own"
        missing = run("health", "--address", server.address, "--tls-ca-file", "none.pem")
        assert (missing.returncode, missing.stderr) == (1, "activity-session: none.pem: No such file or directory\n")
