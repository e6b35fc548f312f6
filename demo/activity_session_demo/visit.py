"""Plays a chat into a server that runs already, slowly enough to be watched."""

import time
import uuid
from collections.abc import Sequence
from contextlib import ExitStack

from activity_session import v1
from activity_session_demo.chat import chatters_of
from activity_session_demo.connection import DEADLINE, Connection, Tally
from activity_session_demo.transcript import Line, nicks

CHANNELS = 4
_NAMESPACE = "namespaces/default"


def play(address: str, lines: Sequence[Line], lines_per_second: float) -> str:
    """Have each nick say its lines in a new session of the default namespace; returns what has happened.

    One after the other, in the order of the transcript: somebody reads along.
    """
    with ExitStack() as stack:
        tally = Tally()
        connections = [stack.enter_context(Connection(address, tally)) for _ in range(CHANNELS)]
        session = _new_session(connections[0])
        chatters = chatters_of(connections, _NAMESPACE, session, nicks(lines))
        print(f"{len(chatters)} clients say {len(lines)} lines in {session} at {address}", flush=True)
        began = time.monotonic()
        for number, line in enumerate(lines):
            time.sleep(max(0.0, began + number / lines_per_second - time.monotonic()))
            chatters[line.nick].say(line)
        return f"all {tally['lines']} lines have been said, with {tally['turns']} turns of agents"


def _new_session(connection: Connection) -> str:
    """Create a session; unlike other calls this one does not wait for a server that is not there."""
    request = v1.EnsureSessionRequest(parent=_NAMESPACE, session_id=f"chat-{uuid.uuid4().hex[:8]}")
    return connection.sessions.EnsureSession(request, timeout=DEADLINE).session.name
