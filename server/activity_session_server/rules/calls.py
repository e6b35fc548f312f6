"""Who is calling, until when, and within which limits: what a use case knows of the outside."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from activity_session_server.rules.access.callers import Caller
from activity_session_server.rules.errors import ServiceError
from activity_session_server.rules.limits import Limits


class Trace(Protocol):
    """What a call does is recorded here, where somebody traces it: a span for itself, and one for each statement.

    `begun` is when something began, in nanoseconds since 1970; it has ended just now, with an error or without.
    """

    @property
    def trace_id(self) -> str:
        """The id of the trace, 32 hexadecimal digits."""

    @property
    def span_id(self) -> str:
        """The id of the span of the call itself, 16 hexadecimal digits."""

    def ran(self, sql: str, begun: int, error: BaseException | None) -> None:
        """Record a statement, with placeholders for its values."""

    def committed(self, begun: int, writes: int, first: Any, error: BaseException | None) -> Any:
        """Record a commit of so many writes, and return what stands for it.

        `first` stands for the same commit in the trace of another call, if it has been recorded there before.
        """

    def end(self, call: "Call", code: str, reason: str) -> None:
        """Record how the call itself has ended; `reason` is that of its error, and empty without one."""


class Call(NamedTuple):
    """One RPC that is being served.

    `peer` is the address and port of the connection that it came on; `begun` and `deadline` are readings of
    `time.monotonic`, in seconds. `acts_as` is the name of the participant as which the caller acts, where only that
    lets it make the call, and empty where its role does. `resource` is the name of what the request is about, as far as
    it names something, and is empty until the request is read; `writes` is whether that request may change something,
    where somebody needs to know. `trace_id` is that of the trace that it belongs to, empty for none, and `trace` is
    where it is recorded, if it is.
    """

    call_id: str
    method: str
    peer: str
    caller: Caller
    begun: float
    deadline: float
    limits: Limits
    acts_as: str = ""
    resource: str = ""
    writes: bool = False
    trace_id: str = ""
    trace: Trace | None = None

    def by(self, caller: Caller) -> "Call":
        """The same call, of a caller."""
        # As below: `_replace` would take three times as long, for each call.
        first, limits = (self.call_id, self.method, self.peer), self.limits
        return Call(*first, caller, self.begun, self.deadline, limits, "", "", False, self.trace_id, self.trace)  # noqa: FBT003

    def about(self, resource: str, *, writes: bool) -> "Call":
        """The same call, before it is judged, about a resource."""
        first, caller, limits = (self.call_id, self.method, self.peer), self.caller, self.limits
        return Call(*first, caller, self.begun, self.deadline, limits, "", resource, writes, self.trace_id, self.trace)

    @property
    def seconds(self) -> float:
        """How long it may take in all: until the client's deadline, or the longest that the server gives."""
        return self.deadline - self.begun

    def remaining(self) -> float:
        """Seconds until the deadline; negative afterwards."""
        return self.deadline - time.monotonic()


class Stream(Protocol):
    """A response that is given later, or in many messages; it holds no thread in between."""

    @property
    def is_open(self) -> bool:
        """Whether the client still listens, and no end was set."""

    def send(self, message: bytes) -> None:
        """Send a message, unless the stream is not open; waits as long as the client takes none."""

    def end(self, error: ServiceError | None = None) -> None:
        """End the call after what was sent; only the first end counts."""

    def cancel(self) -> None:
        """Break off, also what was sent and is not taken yet."""

    def on_close(self, callback: Callable[[], None]) -> None:
        """Have something done when the client has the end, or has gone; at once where that is so."""
