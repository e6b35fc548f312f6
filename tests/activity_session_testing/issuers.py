"""An issuer of JWTs: its keys, what it signs, and the HTTPS server that has its keys."""

import contextlib
import json
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import trustme
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt import algorithms

from activity_session_testing import planted

ISSUER = "https://issuer.example"
AUDIENCE = "activity-session"


def key_of(algorithm: str, bits: int = 2048) -> Any:
    """Return a new private key that an algorithm can use."""
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    if algorithm.startswith("ES"):
        curves = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
        return ec.generate_private_key(curves[algorithm])
    return rsa.generate_private_key(65537, bits)


def jwk_of(key: Any, kid: str, **more: Any) -> dict[str, Any]:
    """Return the public key of a private one as it stands in a set."""
    makers: dict[type, Any] = {
        rsa.RSAPublicKey: algorithms.RSAAlgorithm,
        ec.EllipticCurvePublicKey: algorithms.ECAlgorithm,
        ed25519.Ed25519PublicKey: algorithms.OKPAlgorithm,
    }
    public = key.public_key()
    maker = next(maker for kind, maker in makers.items() if isinstance(public, kind))
    return {**maker.to_jwk(public, as_dict=True), "kid": kid, **more}


def claims(**changed: Any) -> dict[str, Any]:
    """Return the claims of a JWT that holds, with some of them changed, and without those that are None."""
    now = int(time.time())
    usual = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "exp": now + 600, "iat": now}
    return {name: value for name, value in {**usual, **changed}.items() if value is not None}


class Issuer:
    """The keys of an issuer by their ids; all use one algorithm."""

    def __init__(self, algorithm: str = "ES256") -> None:
        self._algorithm = algorithm
        self.keys: dict[str, Any] = {}
        self.add("first")

    def add(self, kid: str) -> None:
        self.keys[kid] = key_of(self._algorithm)

    def sign(self, kid: str = "first", **changed: Any) -> str:
        """Return a JWT that a key has signed, with some claims changed."""
        return planted.plant(jwt.encode(claims(**changed), self.keys[kid], self._algorithm, {"kid": kid}))

    @property
    def key_set(self) -> bytes:
        return json.dumps({"keys": [jwk_of(key, kid) for kid, key in self.keys.items()]}).encode()


class Keys:
    """What an HTTPS server returns, and how often it was asked."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer
        self.address = ""
        self.fetches = 0
        self.status = 200
        # While it is not set, responses wait.
        self.goes_on = threading.Event()
        self.goes_on.set()


@contextlib.contextmanager
def serving_keys(issuer: Issuer, folder: Path) -> Iterator[Keys]:
    """Serve the keys of an issuer over HTTPS; the folder gets `ca.pem`, the CA of the server's certificate."""
    authority, keys = trustme.CA(), Keys(issuer)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            keys.fetches += 1
            keys.goes_on.wait(20)
            self.send_response(keys.status)
            self.send_header("location", "https://localhost/elsewhere")
            self.end_headers()
            self.wfile.write(keys.issuer.key_set)

        def log_message(self, *_: Any) -> None:
            """Keep silent."""

    with ThreadingHTTPServer(("localhost", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        keys.address = f"https://localhost:{server.server_address[1]}/keys"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield keys
        finally:
            keys.goes_on.set()
            server.shutdown()
            thread.join()
