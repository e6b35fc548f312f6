"""Replays a chat as it happened, kills the server in the middle, and shows that nothing is lost.

Each nick is a client of its own that appends its own lines as events (`chat.py`); agents take a turn for each line. Two
watchers follow live (`watcher.py`), one of which disconnects again and again. No client is told when the server dies:
all of them retry (`connection.py`). At the end `checks.py` compares what is stored with what should be, and then
`history.py` forks the log, takes the fork back, and compacts the log itself.

With the address of a server that runs already the chat is only played into that one, to be watched (`visit.py`).
"""

import argparse
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Executor, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path

import grpc

from activity_session import v1
from activity_session_demo.chat import Schedule, chatters_of
from activity_session_demo.checks import problems
from activity_session_demo.connection import Connection, Tally
from activity_session_demo.history import History, events_of
from activity_session_demo.server_process import Server, ServerError
from activity_session_demo.transcript import AGENT, USER, Line, TranscriptError, nicks, read_transcript, type_of
from activity_session_demo.visit import CHANNELS, play
from activity_session_demo.watcher import Watcher

THREADS = 8
CUTS = 4
QUIET_SECONDS = 30.0

_LOOK_SECONDS = 0.01
_SHOWN_PROBLEMS = 10


def main() -> int:
    """Run the demo, and return the exit code."""
    options = parse_arguments()
    try:
        lines = read_transcript(options.transcript)
        if options.address:
            return visit(options.address, lines, options.lines_per_second)
        with tempfile.TemporaryDirectory(prefix="activity-session-demo-") as folder:
            database_url = options.database_url or f"sqlite:///{folder}/demo.db"
            server = Server(database_url, Path(folder, "server.log"), members=len(nicks(lines)))
            return demonstrate(server, lines)
    except (TranscriptError, ServerError, OSError) as error:
        return fail(str(error))


def parse_arguments() -> argparse.Namespace:
    description = "Replay a chat, kill the server, show that nothing is lost."
    parser = argparse.ArgumentParser("activity_session_demo", description=description)
    parser.add_argument("transcript", type=Path, help="the log of a chat, or an export of one")
    parser.add_argument("--database-url", default="", help="where to keep it; a temporary SQLite file when empty")
    parser.add_argument("--address", default="", help="a server that runs already; it is not killed, only played into")
    parser.add_argument("--lines-per-second", type=float, default=4, help="how fast it is played into that one [4]")
    return parser.parse_args()


def fail(message: str) -> int:
    print(f"demo: {message}", file=sys.stderr)
    return 1


def visit(address: str, lines: Sequence[Line], lines_per_second: float) -> int:
    """Play the lines into a server that runs already."""
    try:
        print(play(address, lines, lines_per_second))
    except grpc.RpcError as error:
        return fail(f"{address}: {error.code().name}: {error.details()}")
    return 0


def demonstrate(server: Server, lines: Sequence[Line]) -> int:
    """Replay the lines on a real server, and report how it went."""
    try:
        replay, found = replay_on(server, lines)
    except grpc.RpcError as error:
        return fail(f"{error.code().name}: {error.details()}; the end of the server's log:\n{server.end_of_log()}")
    if found:
        shown = "\n  ".join(found[:_SHOWN_PROBLEMS])
        return fail(f"{len(found)} problems after SIGKILL:\n  {shown}")
    print(replay.summary())
    return 0


def replay_on(server: Server, lines: Sequence[Line]) -> tuple["Replay", list[str]]:
    """Return the replay, and what is wrong with it."""
    server.migrate()
    # The channels close before the pool of threads: that ends the threads that still run.
    with ThreadPoolExecutor(THREADS + 2) as threads, server, ExitStack() as stack:
        address, tally = server.start(), Tally()
        connections = [stack.enter_context(Connection(address, tally)) for _ in range(CHANNELS + 2)]
        replay = Replay(server, connections, lines)
        replay.run(threads)
        return replay, replay.problems()


class Replay:
    """One replay of a chat, with all that take part in it."""

    def __init__(self, server: Server, connections: Sequence[Connection], lines: Sequence[Line]) -> None:
        self._server, self._lines = server, lines
        self._main, self._tally = connections[0], connections[0].tally
        self._namespace, self._session = self._open_session()
        self._chatters = chatters_of(connections[:CHANNELS], self._namespace, self._session, nicks(lines))
        self._steady = Watcher(connections[-1], self._session)
        self._cut = Watcher(connections[-2], self._session, cut_every=len(lines) // (CUTS + 1) + 1)
        self._running: list[Future[None]] = []
        self._seconds = 0.0
        self._told: list[str] = []

    def run(self, threads: Executor) -> None:
        """Let all chat and watch, and kill the server when half of the lines are stored."""
        print(f"{len(self._chatters)} clients replay {len(self._lines)} lines", flush=True)
        schedule, watchers = Schedule(self._lines), (self._steady, self._cut)
        started = time.monotonic()
        self._running = [threads.submit(watcher.run) for watcher in watchers]
        self._running += [threads.submit(schedule.run, self._say) for _ in range(THREADS)]
        self._wait_until(lambda: self._tally["lines"] >= len(self._lines) // 2)
        self._kill_server()
        self._wait_until(lambda: self._tally["lines"] == len(self._lines))
        self._seconds = time.monotonic() - started
        self._wait_until(lambda: all(len(watcher.seen) >= len(self._lines) for watcher in watchers))

    def problems(self) -> list[str]:
        session = self._main.ask(self._main.sessions.GetSession, v1.GetSessionRequest(name=self._session))
        watched = {"the steady watcher": self._steady.seen, "the watcher that disconnected": self._cut.seen}
        log = list(events_of(self._main, self._session))
        found = list(problems(self._lines, log, session, watched))
        if not found:
            history = History(self._main, self._session, log)
            history.run()
            self._told, found = history.told, history.problems
        return found

    def summary(self) -> str:
        count = len(self._lines)
        types = Counter(type_of(nick) for nick in nicks(self._lines))
        system = sum(not line.nick for line in self._lines)
        return (
            f"{self._session}:\n"
            f"  {count} lines of {types.total()} nicks: {types[AGENT]} agents, {types[USER]} users\n"
            f"  {system} of them of the channel itself\n"
            f"  {self._seconds:.1f} seconds, {count / self._seconds:.0f} events per second, the restart included\n"
            f"  {self._tally['turns']} turns of agents\n"
            f"  {self._tally['retries']} calls were retried\n"
            f"  one watcher disconnected {self._cut.cuts} times and resumed\n"
            f"  {self._steady.losses + self._cut.losses} times a watcher resumed because the server had died\n"
            + "".join(f"  {one}\n" for one in self._told)
            + f"all {count} lines are in the log once, in one order that every watcher saw"
        )

    def _open_session(self) -> tuple[str, str]:
        """Create a session in a namespace for this run only, so that the demo can be repeated on one database."""
        create = v1.CreateNamespaceRequest(namespace=v1.Namespace(), namespace_id=f"demo-{uuid.uuid4().hex[:12]}")
        namespace = self._main.ask(self._main.namespaces.CreateNamespace, create).name
        ensure = v1.EnsureSessionRequest(parent=namespace, session_id="conversation", session=v1.Session())
        return namespace, self._main.ask(self._main.sessions.EnsureSession, ensure).session.name

    def _say(self, line: Line) -> None:
        self._chatters[line.nick].say(line)

    def _kill_server(self) -> None:
        self._server.kill()
        killed = time.monotonic()
        print(f"killed the server after line {self._tally['lines']}", flush=True)
        self._server.start()
        print(f"the server is back after {time.monotonic() - killed:.1f} seconds", flush=True)

    def _wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition holds, or until there is no progress: then the checks find what is missing."""
        before, moved = self._progress(), time.monotonic()
        while not condition() and time.monotonic() - moved < QUIET_SECONDS:
            for task in wait(self._running, _LOOK_SECONDS, FIRST_EXCEPTION).done:
                task.result()
            if self._progress() != before:
                before, moved = self._progress(), time.monotonic()

    def _progress(self) -> tuple[int, ...]:
        return self._tally["lines"], len(self._steady.seen), len(self._cut.seen)


if __name__ == "__main__":
    sys.exit(main())
