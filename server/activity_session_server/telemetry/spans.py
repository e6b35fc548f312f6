"""The spans of one call that is recorded: its own, and those of its statements and commits.

The names are those of the semantic conventions: for RPC (release candidate, 2026) and for databases (stable since
2025). What callers write is in none of them: statements have placeholders, and of an error only its type is told, since
the text of a database's error can have a value in it.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, SpanContext, SpanKind, StatusCode, Tracer, set_span_in_context

from activity_session_server.rules.calls import Call
from activity_session_server.telemetry.sql import described

# Of a server these codes alone are errors; with the others it has done what it should.
_ERRORS = {"UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"}
# As in the log.
_RESOURCE_CHARACTERS = 1000
_COMMIT = "COMMIT"


class CallTrace:
    """The `calls.Trace` of a call. Any thread may record in it."""

    def __init__(self, tracer: Tracer, span: Span, database: Mapping[str, Any]) -> None:
        """Record below the span of a call; `database` are the attributes of all its statements."""
        self._tracer = tracer
        self._span = span
        self._database = database
        self._below = set_span_in_context(span, Context())

    @property
    def trace_id(self) -> str:
        """The id of the trace, 32 hexadecimal digits."""
        return f"{self._span.get_span_context().trace_id:032x}"

    @property
    def span_id(self) -> str:
        """The id of the span of the call itself, 16 hexadecimal digits."""
        return f"{self._span.get_span_context().span_id:016x}"

    def ran(self, sql: str, begun: int, error: BaseException | None) -> None:
        """Record a statement, which began at a time in nanoseconds since 1970."""
        name, attributes = described(sql)
        self._record(name, attributes, begun, error)

    def committed(self, begun: int, writes: int, first: SpanContext | None, error: BaseException | None) -> SpanContext:
        """Record a commit, with a link to the first span that the same commit has in another trace."""
        attributes = {**described(_COMMIT).attributes, "activity_session.commit.writes": writes}
        made = self._record(_COMMIT, attributes, begun, error, [Link(first)] if first else ())
        return first or made

    def end(self, call: Call, code: str, reason: str) -> None:
        """Record how the call itself has ended."""
        span = self._span
        span.set_attribute("rpc.response.status_code", code)
        span.set_attribute("activity_session.call_id", call.call_id)
        if call.resource:
            span.set_attribute("activity_session.resource", call.resource[:_RESOURCE_CHARACTERS])
        if reason:
            span.set_attribute("activity_session.reason", reason)
        if code in _ERRORS:
            span.set_attribute("error.type", code)
            span.set_status(StatusCode.ERROR)
        span.end()

    def _record(
        self,
        name: str,
        attributes: Mapping[str, Any],
        begun: int,
        error: BaseException | None,
        links: Sequence[Link] = (),
    ) -> SpanContext:
        """Make a span of something that has just ended."""
        ended = time.time_ns()
        span = self._tracer.start_span(
            name, self._below, SpanKind.CLIENT, {**self._database, **attributes}, links, start_time=begun
        )
        if error is not None:
            span.set_attribute("error.type", type(error).__qualname__)
            span.set_status(StatusCode.ERROR)
        span.end(ended)
        return span.get_span_context()
