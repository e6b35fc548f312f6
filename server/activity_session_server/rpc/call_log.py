"""The log of calls: one line for each, written some at a time by a thread of its own.

To write each line where its call ends would cost a fifth of a read. A line is written within `INTERVAL` seconds; a
process that is killed loses those of its last moment.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import grpc

from activity_session_server.rpc import status
from activity_session_server.rules.calls import Call
from activity_session_server.rules.errors import ServiceError

# Seconds between two looks for lines.
INTERVAL = 0.1
# Lines that wait while the log cannot be written; more are dropped, and the number of those is told.
_MOST = 100_000
_ERROR_CHARACTERS = 500

# When something happened, in seconds since the epoch, and the fields of its line.
Line = tuple[float, dict[str, Any]]


class _Entry(NamedTuple):
    ended: float
    call: Call
    peer: str
    code: grpc.StatusCode
    error: ServiceError | None
    seconds: float


class CallLog:
    """Gathers what is to be told of calls, and hands it to `write`."""

    def __init__(self, write: Callable[[Iterable[Line]], None]) -> None:
        self._write = write
        self._entries: deque[_Entry] = deque()
        self._dropped = 0
        self._woken = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="call-log", daemon=True)

    def add(
        self,
        call: Call,
        context: grpc.ServicerContext,
        code: grpc.StatusCode,
        error: ServiceError | None,
        seconds: float,
    ) -> None:
        """Take note of a call that has ended after so many seconds."""
        if len(self._entries) >= _MOST:
            self._dropped += 1
            return
        self._entries.append(_Entry(time.time(), call, context.peer(), code, error, seconds))
        if not self._woken.is_set():
            self._woken.set()

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what is left, and end."""
        self._stopped.set()
        self._woken.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._woken.wait()
            self._stopped.wait(INTERVAL)
            # Before the lines are taken, so that none that comes behind is left lying.
            self._woken.clear()
            self._write(self._lines())
        self._write(self._lines())

    def _lines(self) -> Iterable[Line]:
        for _ in range(len(self._entries)):
            entry = self._entries.popleft()
            yield entry.ended, _fields(entry)
        dropped, self._dropped = self._dropped, 0
        if dropped:
            yield time.time(), {"dropped_lines": dropped}


def _fields(entry: _Entry) -> dict[str, Any]:
    fields = {
        "method": entry.call.method,
        "code": entry.code.name,
        "duration_ms": round(entry.seconds * 1000, 3),
        "peer": entry.peer,
        "request_id": entry.call.request_id,
    }
    if entry.error is not None:
        fields["reason"] = status.reason_name(entry.error)
        fields["error"] = entry.error.message[:_ERROR_CHARACTERS]
    return fields
