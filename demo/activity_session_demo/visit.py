"""Plays a chat into a server that runs already, slowly enough to be watched."""

import threading
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from activity_session import v1
from activity_session_demo.chat import Schedule, chatters_of
from activity_session_demo.connection import DEADLINE, Connection, Tally
from activity_session_demo.transcript import Line, nicks

THREADS = 8
CHANNELS = 4
_NAMESPACE = "namespaces/default"


class Metronome:
    """Lets threads go on one by one, with so many seconds between two."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._next = time.monotonic()

    def wait(self) -> None:
        with self._lock:
            mine = self._next = max(self._next + self._seconds, time.monotonic())
        time.sleep(max(0.0, mine - time.monotonic()))


def play(address: str, lines: Sequence[Line], lines_per_second: float) -> str:
    """Have each nick say its lines in a new session of the default namespace; returns what has happened."""
    with ThreadPoolExecutor(THREADS) as threads, ExitStack() as stack:
        tally = Tally()
        connections = [stack.enter_context(Connection(address, tally)) for _ in range(CHANNELS)]
        session = _new_session(connections[0])
        chatters = chatters_of(connections, _NAMESPACE, session, nicks(lines))
        print(f"{len(chatters)} clients say {len(lines)} lines in {session} at {address}", flush=True)
        schedule, metronome = Schedule(lines), Metronome(1 / lines_per_second)

        def say(line: Line) -> None:
            metronome.wait()
            chatters[line.nick].say(line)

        for speaking in [threads.submit(schedule.run, say) for _ in range(THREADS)]:
            speaking.result()
        return f"all {tally['lines']} lines have been said, with {tally['turns']} turns of agents"


def _new_session(connection: Connection) -> str:
    """Create a session; unlike other calls this one does not wait for a server that is not there."""
    request = v1.EnsureSessionRequest(parent=_NAMESPACE, session_id=f"chat-{uuid.uuid4().hex[:8]}")
    return connection.sessions.EnsureSession(request, timeout=DEADLINE).session.name
