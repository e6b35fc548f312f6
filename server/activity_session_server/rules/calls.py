"""Who is calling, until when, and within which limits: what a use case knows of the outside."""

import time
from collections.abc import Callable
from typing import NamedTuple, Protocol

from activity_session_server.rules.errors import ServiceError
from activity_session_server.rules.limits import Limits
from activity_session_server.rules.roles import Role


class Call(NamedTuple):
    """One RPC that is being answered.

    `request_id` is the id of this call in the log, not the `request_id` of the request. `deadline` is a reading of
    `time.monotonic`, in seconds.
    """

    request_id: str
    method: str
    role: Role
    deadline: float
    limits: Limits

    def remaining(self) -> float:
        """Seconds until the deadline; negative afterwards."""
        return self.deadline - time.monotonic()


class Stream(Protocol):
    """An answer that is given later, or in many messages; it holds no thread in between."""

    @property
    def is_open(self) -> bool:
        """Whether somebody still listens, and no end was said."""

    def send(self, message: bytes) -> None:
        """Send a message; waits as long as the client takes none."""

    def end(self, error: ServiceError | None = None) -> None:
        """Say the end, behind what was sent; only the first one counts."""

    def cancel(self) -> None:
        """Break off, also what was sent and is not taken yet."""

    def on_close(self, callback: Callable[[], None]) -> None:
        """Have something done when the client has the end, or has gone; at once where that is so."""
