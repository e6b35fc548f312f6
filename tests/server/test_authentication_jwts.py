"""JWTs: which hold, and where the keys come from that say so."""

import base64
import hashlib
import hmac
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from activity_session_server.rpc.authentication import key_sources
from activity_session_server.rpc.authentication.key_sets import KeySetError, keys_in
from activity_session_testing.callers import GRANTS, bearer, get_namespace, reason_of, refusal, subject_seen
from activity_session_testing.issuers import AUDIENCE, ISSUER, Issuer, Keys, claims, jwk_of, key_of, serving_keys
from activity_session_testing.moments import eventually
from activity_session_testing.processes import run, serving_process
from activity_session_testing.servers import Client, connected, serving

MEMORY = "sqlite:///:memory:"
ALGORITHMS = [f"{family}{bits}" for family in ("RS", "PS", "ES") for bits in (256, 384, 512)] + ["EdDSA"]
SETTINGS = {"jwt_issuer": ISSUER, "jwt_audience": AUDIENCE, "jwt_grants_claim": "grants"}
READER = [{"namespace": "default", "role": "reader"}]
NOW = int(time.time())


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer("RS256")


@pytest.fixture(scope="module")
def client(issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """One of a server that has the issuer's keys from a file."""
    path = tmp_path_factory.mktemp("keys") / "keys.json"
    path.write_bytes(issuer.key_set)
    with serving(MEMORY, jwt_keys=str(path), **SETTINGS) as server, connected(server.address) as client:
        yield client


HOLD: dict[str, dict[str, Any]] = {
    "as usual": {},
    "for several": {"aud": ["another", AUDIENCE]},
    "valid since now": {"nbf": NOW - 1},
    "of a clock that is ahead": {"nbf": NOW + 5, "iat": NOW + 5},
    "of all Unicode": {"sub": "東京 🏯"},
}
HOLD_NOT: dict[str, tuple[dict[str, Any], str]] = {
    "expired": ({"exp": NOW - 60}, "it has expired"),
    "for ever": ({"exp": None}, "it has no exp"),
    "not yet valid": ({"nbf": NOW + 86_400}, "it is not valid yet"),
    "for another": ({"aud": "another"}, "it is for another audience"),
    "for nobody": ({"aud": None}, "it has no aud"),
    "of another": ({"iss": "https://another.example"}, "it is of another issuer"),
    "of an issuer that begins so": ({"iss": f"{ISSUER}/"}, "it is of another issuer"),
    "of nobody": ({"iss": None}, "it has no iss"),
    "about nobody": ({"sub": None}, "it has no sub"),
    "about an empty one": ({"sub": ""}, "sub: a subject must not be empty"),
    "about two lines": ({"sub": "a\nb"}, "sub: contains a control character"),
    "with grants that are none": ({"grants": "reader"}, "grants: it is no list of grants"),
    "with a grant that is none": ({"grants": ["reader"]}, "grants[0]: it is no grant"),
    "with a role that is none": (
        {"grants": [*READER, {"namespace": "n", "role": "boss"}]},
        "grants[1]: role: 'boss' is none of reader, writer, admin, system",
    ),
    "with two participants": (
        {"grants": [{"namespace": "n", "participant": "p"}, {"namespace": "n", "participant": "q"}]},
        "grants[1]: participant: the subject is one of that namespace already",
    ),
    "with a grant for another": (
        {"grants": [{"subject": "eve", "role": "system"}]},
        "grants[0]: 'subject' is no key of a",
    ),
}


@pytest.mark.parametrize("changed", HOLD.values(), ids=HOLD)
def test_a_jwt_holds(client: Client, issuer: Issuer, changed: dict[str, Any]) -> None:
    assert subject_seen(client, bearer(issuer.sign(**changed))) == changed.get("sub", "ada")


@pytest.mark.parametrize(("changed", "told"), HOLD_NOT.values(), ids=HOLD_NOT)
def test_a_jwt_does_not_hold(client: Client, issuer: Issuer, changed: dict[str, Any], told: str) -> None:
    assert refusal(client, bearer(issuer.sign(**changed))).startswith(f"the JWT does not hold: {told}")


def test_a_claim_grants_what_it_says_and_nothing_without_it(client: Client, issuer: Issuer) -> None:
    get_namespace(client, bearer(issuer.sign(grants=READER)))
    assert reason_of(client, bearer(issuer.sign())) == "PERMISSION_DENIED"
    assert reason_of(client, bearer(issuer.sign(grants=[{"namespace": "n", "role": "admin"}]))) == "PERMISSION_DENIED"


def test_a_claim_that_is_wrong_is_logged_without_what_is_in_it(
    client: Client, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for wrong in ({"role": "planted"}, {"planted": "planted"}, {"role": "admin", "namespace": "planted/"}):
        assert "planted" in refusal(client, bearer(issuer.sign(grants=[wrong])))
    errors = [str(record.__dict__["fields"]["error"]) for record in caplog.records if "fields" in record.__dict__]
    assert [error.partition(": grants[0]: ")[2] for error in errors] == [
        "role: is none of reader, writer, admin, system",
        "is no key of a grant, which has namespace, role, participant",
        "namespace: is an id with a slash",
    ]


def test_a_claim_grants_nothing_where_no_setting_names_it(issuer: Issuer, tmp_path: Path) -> None:
    keys, grants = tmp_path / "keys.json", tmp_path / "grants.toml"
    keys.write_bytes(issuer.key_set)
    grants.write_text(GRANTS)
    settings = {**SETTINGS, "jwt_grants_claim": "", "jwt_keys": str(keys), "grants_file": str(grants)}
    with serving(MEMORY, **settings) as server, connected(server.address) as client:
        everything = [{"role": "system"}]
        assert subject_seen(client, bearer(issuer.sign(grants=everything))) == "ada"
        assert subject_seen(client, bearer(issuer.sign(sub="eve", grants="no grants"))) == "eve"


def part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def hand_made(header: dict[str, Any], secret: bytes = b"") -> str:
    """Return a JWT with any header; with a secret, signed by it as HS256 does."""
    signed = f"{part(header)}.{part(claims())}"
    signature = hmac.new(secret, signed.encode(), hashlib.sha256).digest() if secret else b""
    return f"{signed}.{part(signature)}"


def public_pem(issuer: Issuer) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return issuer.keys["first"].public_key().public_bytes(serialization.Encoding.PEM, form)  # type: ignore[no-any-return]


FORGED: dict[str, tuple[Callable[[Issuer], str], str]] = {
    "unsigned": (lambda _: hand_made({"alg": "none", "kid": "first"}), "its algorithm is not one"),
    "signed by the public key": (
        lambda issuer: hand_made({"alg": "HS256", "kid": "first"}, public_pem(issuer)),
        "its algorithm is not one",
    ),
    "by an algorithm for other keys": (
        lambda _: jwt.encode(claims(), key_of("ES256"), "ES256", {"kid": "first"}),
        "its algorithm is not one",
    ),
    "by another key": (
        lambda _: jwt.encode(claims(), key_of("RS256"), "RS256", {"kid": "first"}),
        "its signature is not that of its key",
    ),
    "by a key that it brings": (
        lambda _: jwt.encode(claims(), key := key_of("RS256"), "RS256", {"kid": "own", "jwk": jwk_of(key, "own")}),
        "its issuer has no key with its kid",
    ),
    "without a kid": (lambda issuer: jwt.encode(claims(), issuer.keys["first"], "RS256"), "it has no kid"),
    "with claims of another": (
        lambda issuer: ".".join([issuer.sign().split(".")[0], part(claims(sub="eve")), issuer.sign().split(".")[2]]),
        "its signature is not that of its key",
    ),
    "with what must be understood": (
        lambda issuer: jwt.encode(
            claims(), issuer.keys["first"], "RS256", {"kid": "first", "crit": ["planted"], "planted": 1}
        ),
        "it is malformed",
    ),
    "nested too deep": (lambda _: f"{part(b'[' * 4000)}.{part(claims())}.x", "it is malformed"),
    "no JSON": (lambda _: f"{part(b'{')}.{part(claims())}.x", "it is malformed"),
    "no parts": (lambda _: "planted", "it is malformed"),
    "no base64": (lambda _: "pl\xf6nted.!.!".encode("ascii", "ignore").decode(), "it is malformed"),
}


@pytest.mark.parametrize(("forge", "told"), FORGED.values(), ids=FORGED)
def test_a_jwt_that_its_issuer_has_not_signed_so_is_refused(
    client: Client, issuer: Issuer, forge: Callable[[Issuer], str], told: str
) -> None:
    assert refusal(client, bearer(forge(issuer))).startswith(f"the JWT does not hold: {told}")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_each_asymmetric_algorithm_is_taken(tmp_path: Path, algorithm: str) -> None:
    issuer, path = Issuer(algorithm), tmp_path / "keys.json"
    path.write_bytes(issuer.key_set)
    with serving(MEMORY, jwt_keys=str(path), **SETTINGS) as server, connected(server.address) as client:
        get_namespace(client, bearer(issuer.sign(grants=READER)))


def test_a_jwt_that_was_taken_before_is_not_taken_once_it_has_expired(client: Client, issuer: Issuer) -> None:
    token = bearer(issuer.sign(exp=int(time.time()) - 8))
    assert subject_seen(client, token) == "ada"
    eventually(lambda: reason_of(client, token) == "UNAUTHENTICATED")
    assert refusal(client, token) == "the JWT does not hold: it has expired"


# A set in which there is one key, or none that can be used, and what is said then.
SETS: dict[str, tuple[Callable[[], Any], str]] = {
    "no JSON": (lambda: b"{", "it is no JSON"),
    "no set": (list, "it is no set of keys"),
    "no keys": (lambda: {"keys": []}, "it has no public key"),
    "for encryption": (lambda: {"keys": [jwk_of(key_of("RS256"), "a", use="enc")]}, "it has no public key"),
    "for another algorithm": (lambda: {"keys": [jwk_of(key_of("RS256"), "a", alg="HS256")]}, "it has no public key"),
    "without an id": (lambda: {"keys": [{**jwk_of(key_of("ES256"), ""), "kid": None}]}, "it has no public key"),
    "too short": (lambda: {"keys": [jwk_of(key_of("RS256", bits=1024), "a")]}, "it has no public key"),
    "of a curve that is none": (lambda: {"keys": [{**jwk_of(key_of("ES256"), "a"), "crv": "x"}]}, "it has no public"),
    "of a curve that is no text": (lambda: {"keys": [{**jwk_of(key_of("ES256"), "a"), "crv": []}]}, "it has no public"),
    "of a number that is no text": (lambda: {"keys": [{**jwk_of(key_of("RS256"), "a"), "n": 5}]}, "it has no public"),
    "for an algorithm that is no text": (
        lambda: {"keys": [jwk_of(key_of("RS256"), "a", alg=["RS256"])]},
        "it has no public key",
    ),
    "not on its curve": (lambda: {"keys": [{**jwk_of(key_of("ES256"), "a"), "x": "AAAA"}]}, "it has no public key"),
    "a shared secret": (lambda: {"keys": [{"kty": "oct", "k": "planted", "kid": "a"}]}, "the key 'a' is a secret"),
    "a private key": (lambda: {"keys": [{**jwk_of(key_of("ES256"), "a"), "d": "planted"}]}, "the key 'a' is a secret"),
}


@pytest.mark.parametrize(("make", "told"), SETS.values(), ids=SETS)
def test_a_set_without_a_key_that_can_be_used_is_refused(make: Callable[[], Any], told: str) -> None:
    made = make()
    with pytest.raises(KeySetError) as refused:
        keys_in(made if isinstance(made, bytes) else json.dumps(made).encode())
    assert str(refused.value).startswith(told)
    assert "planted" not in str(refused.value)


def test_a_key_is_for_the_algorithms_of_its_kind_or_for_the_one_that_it_names() -> None:
    keys = [jwk_of(key_of("RS256"), "any"), jwk_of(key_of("RS256"), "one", alg="PS256")]
    found = keys_in(json.dumps({"keys": keys}).encode())
    assert found["any"].algorithms == {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
    assert found["one"].algorithms == {"PS256"}


def test_keys_of_a_file_are_replaced_and_what_was_signed_by_the_old_ones_is_not_taken(tmp_path: Path) -> None:
    issuer, path = Issuer(), tmp_path / "keys.json"
    path.write_bytes(issuer.key_set)
    with serving(MEMORY, jwt_keys=str(path), **SETTINGS) as server, connected(server.address) as client:
        old = bearer(issuer.sign(grants=READER))
        get_namespace(client, old)
        issuer.add("second")
        del issuer.keys["first"]
        path.write_bytes(issuer.key_set)
        eventually(lambda: reason_of(client, bearer(issuer.sign("second", grants=READER))) == "")
        assert refusal(client, old) == "the JWT does not hold: its issuer has no key with its kid"


@pytest.mark.parametrize("missing", ["jwt_issuer", "jwt_audience", "jwt_keys"])
def test_a_setting_that_is_missing_is_told(missing: str) -> None:
    settings = {**SETTINGS, "jwt_keys": "x"}
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items() if name != missing]
    done = run("serve", *flags)
    assert (done.returncode, done.stderr.strip().endswith(f"it needs {missing} too")) == (2, True)


def test_a_server_without_pyjwt_says_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['jwt'] = None")
    done = run("serve", "--jwt-issuer=x", "--jwt-audience=x", "--jwt-keys=x", PYTHONPATH=str(tmp_path))
    told = "jwt_keys: it needs PyJWT: pip install 'activity-session-server[jwt]'"
    assert (done.returncode, done.stderr) == (2, f"activity-session: settings: {told}\n")
    flags = ["--address", "127.0.0.1:0", "--database-url", MEMORY]
    with serving_process(tmp_path / "log", *flags, PYTHONPATH=str(tmp_path)):
        """Starts without it, where it is not needed."""


def test_keys_without_tls_are_refused() -> None:
    flags = ["--jwt-issuer=x", "--jwt-audience=x", "--jwt-keys=http://localhost/keys"]
    assert "jwt_keys: it must be a file, or an address that begins with https://" in run("serve", *flags).stderr


def test_a_file_of_keys_that_is_wrong_is_told_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text("{}")
    flags = ["--jwt-issuer=x", "--jwt-audience=x", f"--jwt-keys={path}", "--jwt-grants-claim=x"]
    done = run("serve", "--address", "127.0.0.1:0", "--database-url", MEMORY, *flags)
    assert (done.returncode, done.stderr.startswith(f"activity-session: {path}: it is no set of keys")) == (1, True)


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Keys]:
    """The server of an issuer that this machine trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    monkeypatch.setattr(key_sources, "PAUSE", 0)
    with serving_keys(Issuer(), tmp_path) as keys:
        yield keys


@pytest.fixture
def caller(keys: Keys) -> Iterator[Client]:
    """A client of a server that has its keys from there."""
    with serving(MEMORY, jwt_keys=keys.address, **SETTINGS) as server, connected(server.address) as client:
        yield client


def test_keys_of_an_address_are_fetched_once_and_again_for_one_that_is_not_known(keys: Keys, caller: Client) -> None:
    old = bearer(keys.issuer.sign(grants=READER))
    for _ in range(3):
        get_namespace(caller, old)
    assert keys.fetches == 1
    keys.issuer.add("second")
    get_namespace(caller, bearer(keys.issuer.sign("second", grants=READER)))
    assert keys.fetches == 2
    get_namespace(caller, old)


def test_kids_that_nobody_knows_cause_no_more_fetches_than_allowed(
    keys: Keys, caller: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_sources, "PAUSE", 600)
    with serving(MEMORY, jwt_keys=keys.address, **SETTINGS) as server, connected(server.address) as client:
        before = keys.fetches
        del caller
        forged = jwt.encode(claims(), key_of("ES256"), "ES256", {"kid": "unknown"})
        for _ in range(5):
            assert refusal(client, bearer(forged)) == "the JWT does not hold: its issuer has no key with its kid"
        assert keys.fetches == before


@pytest.mark.parametrize("status", [500, 302])
def test_a_fetch_that_fails_keeps_the_keys(
    keys: Keys, caller: Client, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    keys.status = status
    known = keys.issuer.sign(grants=READER)
    keys.issuer.add("second")
    new = bearer(keys.issuer.sign("second", grants=READER))
    assert refusal(caller, new)
    assert f"the keys of {keys.address} are not replaced: HTTP Error {status}" in caplog.text
    get_namespace(caller, bearer(known))
    keys.status = 200
    get_namespace(caller, new)


def test_a_fetch_that_hangs_holds_up_one_call_at_most_and_none_whose_key_is_known(keys: Keys, caller: Client) -> None:
    known = bearer(keys.issuer.sign(grants=READER))
    keys.issuer.add("second")
    new = bearer(keys.issuer.sign("second", grants=READER))
    keys.goes_on.clear()
    told: list[str] = []
    waiting = threading.Thread(target=lambda: told.append(reason_of(caller, new)))
    waiting.start()
    eventually(lambda: keys.fetches == 2)
    for _ in range(20):
        get_namespace(caller, known)
        assert refusal(caller, new)
    assert told == []
    keys.goes_on.set()
    waiting.join()
    assert told == [""]
    assert keys.fetches == 2


def test_a_key_that_is_withdrawn_is_soon_not_known(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_sources, "INTERVAL", 0.05)
    with serving(MEMORY, jwt_keys=keys.address, **SETTINGS) as server, connected(server.address) as client:
        old = bearer(keys.issuer.sign(grants=READER))
        get_namespace(client, old)
        keys.issuer.add("second")
        del keys.issuer.keys["first"]
        eventually(lambda: reason_of(client, old) == "UNAUTHENTICATED")
        get_namespace(client, bearer(keys.issuer.sign("second", grants=READER)))


def test_a_server_whose_certificate_is_not_trusted_gives_no_keys(
    keys: Keys, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with serving(MEMORY, jwt_keys=keys.address, **SETTINGS) as server, connected(server.address) as client:
        assert refusal(client, bearer(keys.issuer.sign(grants=READER)))
        assert "CERTIFICATE_VERIFY_FAILED" in caplog.text
