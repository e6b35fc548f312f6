"""How statements and commits are recorded in the traces of calls: when they are over, with the time they began."""

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from activity_session_server.rules.calls import Trace

T = TypeVar("T")


def traced(trace: Trace, sql: str, send: Callable[[], T]) -> T:
    """Send a statement, and record it; `sql` has placeholders for its values."""
    begun = time.time_ns()
    try:
        result = send()
    except BaseException as error:
        trace.ran(sql, begun, error)
        raise
    trace.ran(sql, begun, None)
    return result


def traced_commit(traces: Sequence[Trace], writes: int, commit: Callable[[], object]) -> None:
    """Commit so many writes together, and record that in the trace of each call that has one."""
    begun = time.time_ns()
    try:
        commit()
    except BaseException as error:
        _record(traces, begun, writes, error)
        raise
    _record(traces, begun, writes, None)


def _record(traces: Sequence[Trace], begun: int, writes: int, error: BaseException | None) -> None:
    first = None
    for trace in traces:
        first = trace.committed(begun, writes, first, error)
