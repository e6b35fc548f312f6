"""The ways in which a server tells its callers apart, and which of them counts in a call."""

import math
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import grpc

from activity_session_server.rpc.authentication import client_certificates, tokens
from activity_session_server.rpc.authentication.grants import GrantsBySubject
from activity_session_server.rpc.authentication.known import Known
from activity_session_server.rpc.authentication.refusals import unauthenticated
from activity_session_server.rules.access.callers import Caller, Grant

if TYPE_CHECKING:
    # They need a package that only some servers have.
    from activity_session_server.rpc.authentication.jwts import Jwts
    from activity_session_server.rpc.authentication.key_sets import KeySet

_KEY = "authorization"
_SCHEME = "bearer"
# What a server has that knows no such way.
_NO_GRANTS: GrantsBySubject = {}
_NO_TOKENS: Mapping[bytes, str] = {}
_NO_KEYS: "KeySet" = {}


class Ways(NamedTuple):
    """How callers show who they are; a server may have several.

    `grants` gives what the subjects may do, by now; `tokens` the subjects of static tokens by their digests. With
    `certificates`, each connection has a client certificate.
    """

    grants: Callable[[], GrantsBySubject] | None = None
    tokens: Callable[[], Mapping[bytes, str]] | None = None
    jwts: "Jwts | None" = None
    certificates: bool = False

    @property
    def are_none(self) -> bool:
        """Whether all callers are the same to the server."""
        return self.tokens is None and self.jwts is None and not self.certificates


class _Held(NamedTuple):
    """What holds at a time, each the same object until it changes, and the callers that were found by it."""

    grants: GrantsBySubject
    tokens: Mapping[bytes, str]
    keys: "KeySet"
    known: Known

    def is_same(self, other: "_Held") -> bool:
        return self.grants is other.grants and self.tokens is other.tokens and self.keys is other.keys


class Authentication:
    """Finds out who makes a call: by the token in it, else by the client certificate of its connection.

    What does not hold is refused; no other way is tried then. `anonymous` is the caller without credentials, if there
    may be one.
    """

    def __init__(self, anonymous: Caller | None, ways: Ways) -> None:
        self._anonymous = anonymous
        self._ways = ways
        # Assigned as one value. Two threads that find a change at once both begin anew, which costs a check more.
        self._held = self._look(Known())

    def start(self) -> None:
        """Begin to keep current what is kept elsewhere; returns once it is there, or has failed to come in time."""
        if self._ways.jwts:
            self._ways.jwts.keys.start()

    def stop(self) -> None:
        """End that."""
        if self._ways.jwts:
            self._ways.jwts.keys.stop()

    def caller_of(self, context: grpc.ServicerContext) -> Caller:
        """Who makes a call.

        Raises:
            ServiceError: UNAUTHENTICATED.
        """
        if not self._ways.are_none:
            given = [value for key, value in context.invocation_metadata() if key == _KEY]
            if given:
                return self._by_token(_bearer_token(given))
            if self._ways.certificates:
                return self._by_subject(client_certificates.subject_of(context))
        if self._anonymous is None:
            raise unauthenticated("the call has no credentials")
        return self._anonymous

    def _by_subject(self, subject: str) -> Caller:
        held = self._now()
        caller = held.known.get(subject, 0)
        if caller is None:
            caller = Caller(subject, held.grants.get(subject, ()), lambda: self._by_subject(subject))
            held.known.put(subject, caller, math.inf)
        return caller

    def _by_token(self, token: str) -> Caller:
        held, key = self._now(), tokens.digest(token)
        caller = held.known.get(key, time.time())
        if caller is None:
            subject, granted, expires = self._check(held, token, key)
            grants = (*held.grants.get(subject, ()), *granted)
            caller = Caller(subject, grants, lambda: self._by_token(token))
            held.known.put(key, caller, expires)
        return caller

    def _check(self, held: _Held, token: str, digest: bytes) -> tuple[str, tuple[Grant, ...], float]:
        """The subject of a token, what it grants by itself, and when it expires."""
        if token.startswith(tokens.PREFIX):
            subject = held.tokens.get(digest)
            if subject is None:
                raise unauthenticated("the token is not known, or was revoked")
            return subject, (), math.inf
        if self._ways.jwts is None:
            raise unauthenticated("the token is none that this server knows")
        return self._ways.jwts.verify(token, held.keys)

    def _now(self) -> _Held:
        held = self._held
        found = self._look(held.known)
        if not found.is_same(held):
            self._held = found = found._replace(known=Known())
        return found

    def _look(self, known: Known) -> _Held:
        ways = self._ways
        return _Held(
            ways.grants() if ways.grants else _NO_GRANTS,
            ways.tokens() if ways.tokens else _NO_TOKENS,
            ways.jwts.keys.current() if ways.jwts else _NO_KEYS,
            known,
        )


def _bearer_token(given: list[str | bytes]) -> str:
    scheme, _, token = str(given[0]).partition(" ")
    token = token.strip()
    if len(given) > 1 or scheme.lower() != _SCHEME or not token or not token.isascii():
        raise unauthenticated("the metadata authorization is not one Bearer and a token")
    return token
