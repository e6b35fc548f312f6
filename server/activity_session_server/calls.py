"""Who is calling, until when, and within which limits: what a use case knows of the outside."""

import time
from dataclasses import dataclass
from enum import StrEnum

from activity_session_server.limits import Limits


class Role(StrEnum):
    """What a caller may do: the system role is needed for managed resources."""

    ADMIN = "admin"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Call:
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
