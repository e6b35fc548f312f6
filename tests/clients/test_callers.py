"""Each client shows who calls, in each way that a server knows, over TLS; and so does grpcurl."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme
from cryptography.x509 import UniformResourceIdentifier

from activity_session_testing.callers import new_token
from activity_session_testing.certificates import issue
from activity_session_testing.conformance import grpcurl
from activity_session_testing.drivers import Client, driving
from activity_session_testing.issuers import AUDIENCE, ISSUER, Issuer
from activity_session_testing.servers import serving

ADA = "spiffe://example.org/ada"
GRANTS = f'[[grant]]\nsubject = "{ADA}"\nnamespace = "default"\nrole = "writer"\n'
GET, CREATE, WATCH = "NamespaceService/GetNamespace", "SessionService/CreateSession", "SessionService/WatchSession"
NAMESPACE = {"name": "namespaces/default"}
WAYS = ["token", "jwt", "certificate"]


class Shown(NamedTuple):
    """A server, and what a client of it is told to show, by the names of the ways."""

    address: str
    ca: str
    certificate: str
    key: str
    tokens: dict[str, str]

    def flags(self, way: str) -> list[str]:
        """Return what a driver is told; in the third way there is no token."""
        token = ["--token", self.tokens[way]] if way in self.tokens else []
        own = ["--certificate", self.certificate, "--key", self.key] if way == "certificate" else []
        return ["--ca", self.ca, *own, *token]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("callers")


def serving_callers(folder: Path, *, certificates: bool) -> Iterator[Shown]:
    """Serve those who show a token or a JWT, or who show a certificate too."""
    authority, issuer = trustme.CA(), Issuer()
    own, ada = authority.issue_cert("127.0.0.1"), issue(authority, UniformResourceIdentifier(ADA))
    paths = {name: folder / f"{name}-{certificates}" for name in ("ca", "server", "server-key", "ada", "ada-key")}
    authority.cert_pem.write_to_path(paths["ca"])
    own.cert_chain_pems[0].write_to_path(paths["server"])
    own.private_key_pem.write_to_path(paths["server-key"])
    paths["ada"].write_bytes(ada.certificate)
    paths["ada-key"].write_bytes(ada.key)
    tokens, grants, keys = (folder / f"{name}-{certificates}" for name in ("tokens", "grants", "keys"))
    grants.write_text(GRANTS)
    keys.write_bytes(issuer.key_set)
    settings = {
        "tls_certificate_file": str(paths["server"]),
        "tls_key_file": str(paths["server-key"]),
        "tls_client_ca_file": str(paths["ca"]) if certificates else "",
        "grants_file": str(grants),
    }
    shown = {"token": new_token(tokens, ADA), "jwt": issuer.sign(sub=ADA)}
    ways = {"tokens_file": str(tokens), "jwt_issuer": ISSUER, "jwt_audience": AUDIENCE, "jwt_keys": str(keys)}
    with serving("sqlite:///:memory:", **settings, **ways) as server:
        yield Shown(server.address, str(paths["ca"]), str(paths["ada"]), str(paths["ada-key"]), shown)


@pytest.fixture(scope="module")
def by_token(folder: Path) -> Iterator[Shown]:
    """A server that asks for no certificate."""
    yield from serving_callers(folder, certificates=False)


@pytest.fixture(scope="module")
def by_certificate(folder: Path) -> Iterator[Shown]:
    """A server that needs a certificate of each client."""
    yield from serving_callers(folder, certificates=True)


@pytest.fixture
def shown(way: str, request: pytest.FixtureRequest) -> Shown:
    found: Shown = request.getfixturevalue("by_certificate" if way == "certificate" else "by_token")
    return found


@pytest.mark.parametrize("way", WAYS)
def test_a_client_that_shows_who_calls_may_do_what_was_granted(client: Client, way: str, shown: Shown) -> None:
    with driving(client, shown.address, *shown.flags(way)) as driver:
        assert driver.call(GET, NAMESPACE)["status"] == "OK"
        created = driver.call(CREATE, {"parent": NAMESPACE["name"], "session": {}})
        watch = driver.begin({"watch": created["message"]["name"]})
        assert "bookmark" in next(message for message in watch.messages() if "bookmark" in message)
        watch.cancel()
        refused = driver.call("NamespaceService/CreateNamespace", {"namespace_id": "x", "namespace": {}})
        assert (refused["status"], refused["reason"]) == ("PERMISSION_DENIED", "PERMISSION_DENIED")
        assert refused["error"].find(ADA) >= 0, "the server knows who it is"


def test_a_client_is_told_why_its_token_does_not_hold(client: Client, by_token: Shown) -> None:
    for token in ([], ["--token", "ast_unknown"], ["--token", f"{by_token.tokens['jwt']}x"]):
        with driving(client, by_token.address, "--ca", by_token.ca, *token) as driver:
            refused = driver.call(GET, NAMESPACE)
            assert (refused["status"], refused["reason"]) == ("UNAUTHENTICATED", "UNAUTHENTICATED")


def test_a_client_without_a_certificate_does_not_get_in(client: Client, by_certificate: Shown) -> None:
    with driving(client, by_certificate.address, "--ca", by_certificate.ca) as driver:
        assert driver.call(GET, NAMESPACE, timeout=2)["status"] in ("UNAVAILABLE", "DEADLINE_EXCEEDED")


@pytest.mark.parametrize("way", WAYS)
def test_grpcurl_shows_who_calls(way: str, shown: Shown) -> None:
    if shutil.which(grpcurl.PROGRAM) is None:
        pytest.skip(f"grpcurl is not installed; to run its tests: {grpcurl.HOW_TO_GET}")
    header = ["-H", f"authorization: Bearer {shown.tokens[way]}"] if way in shown.tokens else []
    own = ["-cert", shown.certificate, "-key", shown.key] if way == "certificate" else []
    ask = [grpcurl.PROGRAM, "-cacert", shown.ca, *own, *header, "-d", '{"name": "namespaces/default"}', shown.address]
    done = subprocess.run(
        [*ask, f"activity_session.v1.{GET.replace('/', '.')}"], capture_output=True, text=True, timeout=30, check=False
    )
    assert '"name": "namespaces/default"' in done.stdout, done.stderr
