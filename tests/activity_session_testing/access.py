"""Servers that tell their callers apart, and what may be granted and taken back while they run."""

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any
from unittest import mock

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session_server import app
from activity_session_server.rules.callers import Caller, Grant
from activity_session_server.rules.errors import ServiceError
from activity_session_testing.servers import Client, connected, serving


class Access:
    """A server, and its callers by subject; a subject's token is its name."""

    def __init__(self, grants: Iterable[Grant]) -> None:
        self.server: app.App
        self._callers: dict[str, Caller] = {}
        self.set_grants(grants)

    def set_grants(self, grants: Iterable[Grant]) -> None:
        """Replace all grants."""
        by_subject: dict[str, list[Grant]] = {}
        for grant in grants:
            by_subject.setdefault(grant.subject, []).append(grant)
        self._callers = {
            subject: Caller(subject, of_it, lambda subject=subject: self._caller(subject))  # type: ignore[misc]
            for subject, of_it in by_subject.items()
        }

    def revoke(self, subject: str) -> None:
        """Take all tokens of a subject back."""
        del self._callers[subject]

    @contextlib.contextmanager
    def client(self, subject: str) -> Iterator[Client]:
        with connected(self.server.address, token=subject) as client:
            yield client

    def caller_of(self, context: Any) -> Caller:
        (token,) = [value for key, value in context.invocation_metadata() if key == "authorization"]
        return self._caller(token.removeprefix("Bearer "))

    def _caller(self, subject: str) -> Caller:
        if subject not in self._callers:
            raise ServiceError(ErrorReason.ERROR_REASON_UNAUTHENTICATED, "the token is not known")
        return self._callers[subject]


@contextlib.contextmanager
def serving_callers(database_url: str, grants: Iterable[Grant], **settings: Any) -> Iterator[Access]:
    """Run a server whose callers have those grants."""
    access = Access(grants)
    with mock.patch.object(app, "Authentication", return_value=access), serving(database_url, **settings) as server:
        access.server = server
        yield access
