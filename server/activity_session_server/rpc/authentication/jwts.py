"""JWTs (RFC 7519) that an issuer has signed. Checked as RFC 8725 asks: the key says the algorithm, never the token."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jwt
from jwt import exceptions

from activity_session_server.rpc.authentication.grants import GrantError, check_beside, grant_of
from activity_session_server.rpc.authentication.key_sets import Key, KeySet
from activity_session_server.rpc.authentication.key_sources import KeySource
from activity_session_server.rpc.authentication.refusals import unauthenticated
from activity_session_server.rpc.authentication.subjects import subject_problem
from activity_session_server.rules.access.callers import Grant

# Seconds by which the clocks of the issuer and of this machine may differ.
LEEWAY = 10
# Each of them must be there, and is checked; nbf is where it is there.
_REQUIRED = ["exp", "iss", "aud", "sub"]
_REFUSALS: Mapping[type[Exception], str] = {
    exceptions.ExpiredSignatureError: "it has expired",
    exceptions.ImmatureSignatureError: "it is not valid yet",
    exceptions.InvalidAudienceError: "it is for another audience",
    exceptions.InvalidIssuerError: "it is of another issuer",
    exceptions.InvalidSignatureError: "its signature is not that of its key",
    exceptions.InvalidAlgorithmError: "its algorithm is not one that its key is for",
}


class Verified(NamedTuple):
    """What a JWT says; `expires` is when it holds no more, in seconds since the epoch."""

    subject: str
    grants: tuple[Grant, ...]
    expires: float


class Jwts:
    """Those of one issuer, for one audience; with `grants_claim`, that claim has grants of the subject."""

    def __init__(self, issuer: str, audience: str, keys: KeySource, grants_claim: str = "") -> None:
        self._issuer = issuer
        self._audience = audience
        self.keys = keys
        self._grants_claim = grants_claim

    def verify(self, token: str, keys: KeySet) -> Verified:
        """What a JWT says that is signed by one of the keys, or by one that its issuer has published since.

        Raises:
            ServiceError: UNAUTHENTICATED.
        """
        try:
            key = self._key(jwt.get_unverified_header(token), keys)
            claims = jwt.decode(
                token,
                key.public,
                algorithms=sorted(key.algorithms),
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY,
                options={"require": _REQUIRED},
            )
        # Beside its own errors, those of a part that is nested too deep, or has numbers that are none.
        except (exceptions.PyJWTError, ValueError, TypeError, ArithmeticError, RecursionError) as error:
            raise unauthenticated(f"the JWT does not hold: {_why(error)}") from None
        subject: str = claims["sub"]
        if problem := subject_problem(subject):
            raise unauthenticated(f"the JWT does not hold: sub: {problem.text}")
        return Verified(subject, self._grants(subject, claims), float(claims["exp"]) + LEEWAY)

    def _key(self, header: Mapping[str, Any], keys: KeySet) -> Key:
        id_ = header.get("kid")
        if not isinstance(id_, str):
            raise unauthenticated("the JWT does not hold: it has no kid, which names its key")
        key = keys.get(id_) or self.keys.newer().get(id_)
        if key is None:
            raise unauthenticated("the JWT does not hold: its issuer has no key with its kid")
        return key

    def _grants(self, subject: str, claims: Mapping[str, Any]) -> tuple[Grant, ...]:
        name = self._grants_claim
        entries = claims.get(name, []) if name else []
        if not isinstance(entries, list):
            raise unauthenticated(f"the JWT does not hold: {name}: it is no list of grants")
        found: list[Grant] = []
        for index, entry in enumerate(entries):
            place = f"the JWT does not hold: {name}[{index}]"
            if not isinstance(entry, dict):
                raise unauthenticated(f"{place}: it is no grant")
            try:
                grant = grant_of(subject, entry)
                check_beside(found, grant)
            except GrantError as error:
                raise unauthenticated(f"{place}: {error}", logged=f"{place}: {error.logged}") from None
            found.append(grant)
        return tuple(found)


def _why(error: Exception) -> str:
    if isinstance(error, exceptions.MissingRequiredClaimError):
        return f"it has no {error.claim}"
    return _REFUSALS.get(type(error), "it is malformed")
