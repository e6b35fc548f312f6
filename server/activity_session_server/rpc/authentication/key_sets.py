"""Sets of public keys (JWKS, RFC 7517), by which the signatures of JWTs are checked."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK
from jwt.algorithms import AllowedPublicKeys

# What each kind of key may have signed by. A shared secret is no kind: who can check such a signature can make one.
_RSA = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_ALGORITHMS: Mapping[tuple[str | None, str | None], frozenset[str]] = {
    ("RSA", None): _RSA,
    ("EC", "P-256"): frozenset({"ES256"}),
    ("EC", "P-384"): frozenset({"ES384"}),
    ("EC", "P-521"): frozenset({"ES512"}),
    ("OKP", "Ed25519"): frozenset({"EdDSA"}),
}
# Bits; shorter ones are broken (NIST SP 800-131A).
_LEAST_RSA_BITS = 2048


class KeySetError(Exception):
    """What is no set of keys; the text says why."""


class Key(NamedTuple):
    """A public key, and the algorithms that it is for."""

    public: AllowedPublicKeys
    algorithms: frozenset[str]


KeySet = Mapping[str, Key]


def keys_in(raw: bytes) -> KeySet:
    """The keys of a set by their ids. Those for other uses or of other kinds, and those without an id, are left out.

    Raises:
        KeySetError: it is no set, has a private key, or none that can be used.
    """
    found: dict[str, Key] = {}
    for jwk in _jwks(raw):
        if "d" in jwk or "k" in jwk:
            raise KeySetError(f"the key {jwk.get('kid')!r} is a secret: a set has public keys only")
        id_, key = jwk.get("kid"), _key(jwk)
        if isinstance(id_, str) and key:
            found.setdefault(id_, key)
    if not found:
        raise KeySetError("it has no public key with a kid that can be used: RSA of 2048 bits, EC or Ed25519")
    return found


def _jwks(raw: bytes) -> list[dict[str, Any]]:
    try:
        document = orjson.loads(raw)
    except ValueError as error:
        raise KeySetError(f"it is no JSON: {error}") from None
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list):
        raise KeySetError("it is no set of keys: an object with a list, keys")
    return [key for key in keys if isinstance(key, dict)]


def _key(jwk: dict[str, Any]) -> Key | None:
    kind, curve, named = (jwk.get(name) for name in ("kty", "crv", "alg"))
    if not all(isinstance(text, str | None) for text in (kind, curve, named)):
        return None
    algorithms = _ALGORITHMS.get((kind, curve), frozenset())
    if named is not None:
        algorithms &= {named}
    if not algorithms or jwk.get("use", "sig") != "sig":
        return None
    try:
        public = PyJWK(jwk, min(algorithms)).key
    except Exception:  # whatever its values are, there is no key of them
        return None
    if isinstance(public, RSAPublicKey) and public.key_size < _LEAST_RSA_BITS:
        return None
    return Key(public, algorithms)
