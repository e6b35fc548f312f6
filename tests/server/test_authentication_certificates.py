"""Client certificates: whom they name, and what counts beside a token."""

import json
import ssl
from contextlib import closing
from http.client import HTTPSConnection
from ipaddress import ip_address
from pathlib import Path

import pytest
import trustme
from cryptography.x509 import DNSName, GeneralName, IPAddress, RFC822Name, UniformResourceIdentifier

from activity_session_testing.callers import GRANTS, bearer, get_namespace, new_token, reason_of, refusal, subject_seen
from activity_session_testing.certificates import Pair, issue, trusting
from activity_session_testing.moments import eventually
from activity_session_testing.servers import DEADLINE, connected, serving

MEMORY = "sqlite:///:memory:"
HTTP = {"http_address": "127.0.0.1:0"}
SPIFFE = UniformResourceIdentifier("spiffe://example.org/agent")
URI = UniformResourceIdentifier("https://example.org/agent")
DNS, OTHER_DNS = DNSName("agent.example.org"), DNSName("other.example.org")
IP, MAIL = IPAddress(ip_address("192.0.2.1")), RFC822Name("agent@example.org")
NAMES: dict[str, tuple[tuple[GeneralName, ...], str, str]] = {
    "SPIFFE id": ((DNS, SPIFFE, IP), "name", "spiffe://example.org/agent"),
    "URI": ((DNS, URI), "name", "https://example.org/agent"),
    "several URIs": ((URI, SPIFFE), "name", "https://example.org/agent"),
    "DNS": ((IP, DNS, OTHER_DNS), "name", "agent.example.org"),
    "CN": ((), "日本 agent", "日本 agent"),
    "CN beside others": ((IP, MAIL), "name", "name"),
}
NOBODY: dict[str, tuple[tuple[GeneralName, ...], str]] = {"no name": ((), ""), "an address": ((IP, MAIL), "")}


class Files:
    """The files of a server that clients need certificates for."""

    def __init__(self, folder: Path) -> None:
        self.authority, self.grants, self.tokens = trustme.CA(), folder / "grants.toml", folder / "tokens.json"
        self.ca, self._key, self._certificate = folder / "ca.pem", folder / "key.pem", folder / "certificate.pem"
        self.authority.cert_pem.write_to_path(self.ca)
        own = self.authority.issue_cert("localhost", "127.0.0.1")
        own.private_key_pem.write_to_path(self._key)
        own.cert_chain_pems[0].write_to_path(self._certificate)
        self.grants.write_text(GRANTS)

    @property
    def settings(self) -> dict[str, str]:
        return {
            "tls_certificate_file": str(self._certificate),
            "tls_key_file": str(self._key),
            "tls_client_ca_file": str(self.ca),
            "grants_file": str(self.grants),
        }


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@pytest.fixture
def ada(files: Files) -> Pair:
    return issue(files.authority, common_name="ada")


def told_over_http(address: str, files: Files, own: Pair) -> str:
    """Return why a client that has the certificate may not make a namespace."""
    context = ssl.create_default_context(cafile=str(files.ca))
    both = files.ca.with_name("client.pem")
    both.write_bytes(own.certificate + own.key)
    context.load_cert_chain(both)
    with closing(HTTPSConnection(address, context=context, timeout=DEADLINE)) as connection:
        connection.request("POST", "/v1/namespaces?namespaceId=x", "{}", {"Content-Type": "application/json"})
        return str(json.load(connection.getresponse())["error"]["message"])


@pytest.mark.parametrize(("names", "common_name", "subject"), NAMES.values(), ids=NAMES)
def test_a_certificate_names_a_subject(
    files: Files, names: tuple[GeneralName, ...], common_name: str, subject: str
) -> None:
    own = issue(files.authority, *names, common_name=common_name)
    with (
        serving(MEMORY, **files.settings, **HTTP) as server,
        connected(server.address, credentials=trusting(files.ca.read_bytes(), own)) as client,
    ):
        assert subject_seen(client) == subject
        assert told_over_http(server.http_address, files, own).startswith(f"{subject} may not call ")


@pytest.mark.parametrize(("names", "common_name"), NOBODY.values(), ids=NOBODY)
def test_a_certificate_that_names_nobody_is_refused_also_where_no_credentials_are_needed(
    files: Files, names: tuple[GeneralName, ...], common_name: str
) -> None:
    own = issue(files.authority, *names, common_name=common_name)
    with (
        serving(MEMORY, **files.settings, **HTTP, allow_anonymous=True) as server,
        connected(server.address, credentials=trusting(files.ca.read_bytes(), own)) as client,
    ):
        assert refusal(client).startswith("the client certificate has no name that can be a subject")
        assert told_over_http(server.http_address, files, own) == refusal(client)


def test_a_token_counts_more_than_the_certificate_also_if_it_does_not_hold(files: Files, ada: Pair) -> None:
    eve = bearer(new_token(files.tokens, "eve"))
    credentials = trusting(files.ca.read_bytes(), ada)
    with (
        serving(MEMORY, **files.settings, tokens_file=str(files.tokens)) as server,
        connected(server.address, credentials=credentials) as client,
    ):
        assert subject_seen(client) == "ada"
        assert subject_seen(client, eve) == "eve"
        assert refusal(client, bearer("ast_unknown"))


def test_a_token_is_refused_where_only_certificates_are_taken(files: Files, ada: Pair) -> None:
    credentials = trusting(files.ca.read_bytes(), ada)
    with (
        serving(MEMORY, **files.settings) as server,
        connected(server.address, credentials=credentials) as client,
    ):
        assert refusal(client, bearer("x")) == "the token is none that this server knows"


def test_grants_change_for_a_client_that_is_connected(files: Files, ada: Pair) -> None:
    credentials = trusting(files.ca.read_bytes(), ada)
    with (
        serving(MEMORY, **files.settings) as server,
        connected(server.address, credentials=credentials) as client,
    ):
        get_namespace(client)
        files.grants.write_text("")
        eventually(lambda: reason_of(client) == "PERMISSION_DENIED")
