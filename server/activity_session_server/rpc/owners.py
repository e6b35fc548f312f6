"""Whose a call is, told before it is authenticated: only so that callers share the threads evenly."""

from typing import Any

import grpc

from activity_session_server.rules.access.callers import Caller

_CREDENTIALS_KEY = "authorization"
# The most credentials and connections of which the subject is known; then all are learned anew.
_MOST_KNOWN = 10_000


class Owners:
    """The owner of a call is its subject; a connection, of callers who have none, and of those not known yet.

    What was found out of a call is kept for the next one with the same credentials, or, without any, on the same
    connection. Others can learn nothing by it, nor come to be served before they have shown who they are.
    """

    def __init__(self) -> None:
        # By a hash of the credentials, or by the connection. Each single step is atomic.
        self._subjects: dict[int | str, str] = {}

    def of(self, *arguments: Any) -> str:
        """The owner of a call, by what the pool gets with it: its context, or what grpcio has before there is one.

        Empty where it is neither.
        """
        for argument in arguments:
            if isinstance(argument, grpc.ServicerContext):
                return self._of(argument.invocation_metadata(), argument.peer())
            call = getattr(argument, "call", None)
            if call is not None and hasattr(argument, "invocation_metadata"):
                return self._of(argument.invocation_metadata, call.peer().decode())
        return ""

    def learn(self, context: grpc.ServicerContext, caller: Caller) -> None:
        """Note who has shown to be the caller of a context."""
        if not caller.subject:
            return
        key = _key(context.invocation_metadata(), context.peer())
        if self._subjects.get(key) != caller.subject:
            if len(self._subjects) >= _MOST_KNOWN:
                self._subjects.clear()
            self._subjects[key] = caller.subject

    def _of(self, metadata: Any, peer: str) -> str:
        subject = self._subjects.get(_key(metadata, peer))
        return f"connection {peer}" if subject is None else f"subject {subject}"


def _key(metadata: Any, peer: str) -> int | str:
    for key, value in metadata or ():
        if key == _CREDENTIALS_KEY:
            return hash(value)
    return peer
