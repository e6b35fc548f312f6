"""Replays a chat through several clients at once, kills the server, and shows that nothing is lost.

Whoever speaks becomes a participant, and is bound to the session before the first word. The conversation is the
session's `data`: a client adds a line by reading the session, putting the line in its place, and writing all of it back
with the etag that it has read. When somebody else was faster, that is refused as ABORTED, and done again.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from bisect import insort
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import NamedTuple, Self, TypeVar

import grpc
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from activity_session.v1.namespace_pb2 import Namespace
from activity_session.v1.namespace_service_pb2 import CreateNamespaceRequest
from activity_session.v1.namespace_service_pb2_grpc import NamespaceServiceStub
from activity_session.v1.participant_pb2 import Participant, ParticipantType
from activity_session.v1.participant_service_pb2 import CreateParticipantRequest
from activity_session.v1.participant_service_pb2_grpc import ParticipantServiceStub
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import (
    BindParticipantRequest,
    EnsureSessionRequest,
    GetSessionRequest,
    UpdateSessionRequest,
)
from activity_session.v1.session_service_pb2_grpc import SessionServiceStub

CLIENTS = 4
DEADLINE = 20.0
SESSION_ID = "conversation"
USER, AGENT = ParticipantType.PARTICIPANT_TYPE_USER, ParticipantType.PARTICIPANT_TYPE_AGENT

_LINE = re.compile(r"\[\d\d:\d\d\] (?:<(?P<speaker>[^>]+)>| ?\* (?P<actor>\S+))")
_BOT = re.compile(r"bot(tu)?\d*$", re.IGNORECASE)
_SHOWN_PROBLEMS = 10

Answer = TypeVar("Answer", bound=Message)


class DemoError(Exception):
    """The demo cannot go on, or something is missing at its end; the text says what."""


class Line(NamedTuple):
    """A line of the transcript: `<kim> hello` has a speaker, `* kim waves` an actor, `=== kim has left` neither."""

    number: int
    text: str
    speaker: str
    actor: str

    @property
    def numbered(self) -> str:
        """How the line stands in the conversation. Such lines, sorted, are in the order of the transcript."""
        return f"{self.number:06} {self.text}"


def main() -> int:
    """Run the demo; answers the exit code."""
    options = parse_arguments()
    try:
        lines = read_transcript(options.transcript)
        with tempfile.TemporaryDirectory(prefix="activity-session-demo-") as folder:
            database_url = options.database_url or f"sqlite:///{folder}/demo.db"
            demonstrate(Server(database_url, Path(folder, "server.log")), lines)
    except (DemoError, OSError) as error:
        return fail(str(error))
    except grpc.RpcError as error:
        return fail(f"{error.code().name}: {error.details()}")
    return 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Replay a chat, kill the server, show that nothing is lost.")
    parser.add_argument("transcript", type=Path, help="an IRC log")
    parser.add_argument("--database-url", default="", help="where to keep it; a temporary SQLite file when empty")
    return parser.parse_args()


def fail(message: str) -> int:
    print(f"replay: {message}", file=sys.stderr)
    return 1


def demonstrate(server: "Server", lines: Sequence[Line]) -> None:
    """Replay the lines, kill the server, start it again, and look for each of them."""
    print(f"{CLIENTS} clients replay {len(lines)} lines", flush=True)
    tally = Tally()
    server.migrate()
    started = time.monotonic()
    namespace = replay(server, lines, tally)
    seconds = time.monotonic() - started
    if found := list(problems(read_back(server, namespace), lines)):
        raise DemoError("after SIGKILL:\n  " + "\n  ".join(found[:_SHOWN_PROBLEMS]))
    print(summary(namespace, lines, tally, seconds))


def summary(namespace: str, lines: Sequence[Line], tally: "Tally", seconds: float) -> str:
    types = Counter(type_of(nick) for nick in nicks(lines))
    return (
        f"{namespace}/sessions/{SESSION_ID}, created by one of {CLIENTS} clients:\n"
        f"  {len(lines)} lines\n"
        f"  {types.total()} nicks: {types[AGENT]} agents, {types[USER]} users\n"
        f"  {tally['lines']} updates; {tally['refused']} more were refused as stale and done again\n"
        f"  {seconds:.1f} seconds, {tally['calls'] / seconds:.0f} calls per second\n"
        f"all {len(lines)} lines are there after SIGKILL"
    )


def read_transcript(path: Path) -> list[Line]:
    texts = path.read_text(encoding="utf-8", errors="replace").removesuffix("\n").split("\n")
    return [parse_line(number, text) for number, text in enumerate(texts, start=1)]


def parse_line(number: int, text: str) -> Line:
    match = _LINE.match(text)
    named = match.groupdict(default="") if match else {"speaker": "", "actor": ""}
    return Line(number, text, **named)


def nicks(lines: Sequence[Line]) -> set[str]:
    """All who speak. Who only acts is told about in the conversation, and takes no part in it."""
    return {line.speaker for line in lines if line.speaker}


def type_of(nick: str) -> ParticipantType.ValueType:
    return AGENT if _BOT.search(nick) else USER


def share_out(lines: Sequence[Line]) -> list[list[Line]]:
    """The lines of each client: all of a nick are one client's, and so are all of nobody."""
    shares: list[list[Line]] = [[] for _ in range(CLIENTS)]
    client_of: dict[str, int] = {}
    for line in lines:
        client = client_of.setdefault(line.speaker or line.actor, len(client_of) % CLIENTS)
        shares[client].append(line)
    return shares


def add_line(conversation: str, line: Line) -> str:
    """The conversation with a line in its place; unchanged where it is there already."""
    lines = lines_of(conversation)
    if line.numbered not in lines:
        insort(lines, line.numbered)
    return "\n".join(lines)


def lines_of(conversation: str) -> list[str]:
    return conversation.split("\n") if conversation else []


class Tally:
    """What all clients together have done."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def count(self, what: str) -> None:
        with self._lock:
            self._counts[what] += 1

    def __getitem__(self, what: str) -> int:
        return self._counts[what]


class Client:
    """One of several clients of a session; it knows nothing of the others."""

    def __init__(self, channel: grpc.Channel, namespace: str, tally: Tally) -> None:
        self._sessions = SessionServiceStub(channel)
        self._participants = ParticipantServiceStub(channel)
        self._namespace, self._session = namespace, f"{namespace}/sessions/{SESSION_ID}"
        self._tally = tally
        self._joined: set[str] = set()

    def replay(self, lines: Sequence[Line]) -> None:
        self._ensure_session()
        for line in lines:
            if line.speaker and line.speaker not in self._joined:
                self._join(line.speaker)
            self._add(line)

    def read_session(self) -> Session:
        return self._ask(self._sessions.GetSession, GetSessionRequest(name=self._session))

    def _ensure_session(self) -> None:
        """Get the session, or create it: all clients ask, and one of them is the first."""
        request = EnsureSessionRequest(parent=self._namespace, session_id=SESSION_ID)
        if self._ask(self._sessions.EnsureSession, request).created:
            self._tally.count("created")

    def _join(self, nick: str) -> None:
        """Make a nick a participant, and bind it to the session."""
        create = CreateParticipantRequest(
            parent=self._namespace,
            participant_id=nick,
            participant=Participant(participant_type=type_of(nick)),
        )
        participant = self._ask(self._participants.CreateParticipant, create)
        bind = BindParticipantRequest(session=self._session, participant=participant.name)
        self._ask(self._sessions.BindParticipant, bind)
        self._joined.add(nick)

    def _add(self, line: Line) -> None:
        while not self._add_if_unchanged(line):
            self._tally.count("refused")
        self._tally.count("lines")

    def _add_if_unchanged(self, line: Line) -> bool:
        """Add a line to the conversation as it is now; False where somebody else changes it in between."""
        session = self.read_session()
        changed = Session(name=session.name, etag=session.etag, data=add_line(session.data, line))
        request = UpdateSessionRequest(session=changed, update_mask=FieldMask(paths=["data"]))
        try:
            self._ask(self._sessions.UpdateSession, request)
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.ABORTED:
                return False
            raise
        return True

    def _ask(self, method: Callable[..., Answer], request: Message) -> Answer:
        self._tally.count("calls")
        return method(request, timeout=DEADLINE)


class Server:
    """The real server, as a process; the end of a `with` block kills it."""

    def __init__(self, database_url: str, log: Path) -> None:
        self._database_url, self._log = database_url, log
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def migrate(self) -> None:
        """Bring the database to the current schema; on SQLite the server does so by itself."""
        if self._database_url.startswith("sqlite"):
            return
        done = subprocess.run(self._command("migrate"), capture_output=True, text=True, check=False)
        if done.returncode:
            raise DemoError(done.stderr.strip())

    def start(self) -> str:
        """Start the server, or start it again; answers the address that it listens on."""
        command = self._command("serve", "--address", "127.0.0.1:0")
        with self._log.open("w") as log:
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self._process.stdout is not None
        first_line = self._process.stdout.readline()
        if not first_line.startswith("listening on "):
            raise DemoError(f"the server did not start: {self._log.read_text().strip()}")
        return first_line.removeprefix("listening on ").strip()

    def kill(self) -> None:
        """SIGKILL: it has no time to save anything."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _command(self, name: str, *flags: str) -> list[str]:
        command = [sys.executable, "-m", "activity_session_server", name]
        return [*command, "--database-url", self._database_url, *flags]


def replay(server: Server, lines: Sequence[Line], tally: Tally) -> str:
    """Replay the lines through all clients at once, and kill the server; answers the session's namespace."""
    # In this order, so that the death of the server ends the other clients when one has failed.
    with ThreadPoolExecutor(CLIENTS) as threads, server:
        address = server.start()
        namespace = create_namespace(address)
        clients = [threads.submit(replay_share, address, namespace, share, tally) for share in share_out(lines)]
        show_progress(clients, tally, len(lines))
    if tally["created"] != 1:
        raise DemoError(f"{tally['created']} clients have created the session")
    return namespace


def create_namespace(address: str) -> str:
    """A namespace of this run alone, so that the demo can be repeated on one database."""
    request = CreateNamespaceRequest(namespace=Namespace(), namespace_id=f"demo-{uuid.uuid4().hex[:12]}")
    with grpc.insecure_channel(address) as channel:
        return NamespaceServiceStub(channel).CreateNamespace(request, timeout=DEADLINE).name


def replay_share(address: str, namespace: str, share: Sequence[Line], tally: Tally) -> None:
    # Channels to one address share a connection unless they are told not to.
    with grpc.insecure_channel(address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
        Client(channel, namespace, tally).replay(share)


def read_back(server: Server, namespace: str) -> Session:
    """The session, from a server that has just been started."""
    with server, grpc.insecure_channel(server.start()) as channel:
        return Client(channel, namespace, Tally()).read_session()


def show_progress(clients: Collection[Future[None]], tally: Tally, total: int) -> None:
    """Tell how far the clients are, until all are done or one fails: a line that changes, or one now and then."""
    is_terminal = sys.stdout.isatty()
    start, end = ("\r", "") if is_terminal else ("", "\n")
    running = set(clients)
    while running:
        done, running = wait(running, timeout=0.1 if is_terminal else 5, return_when=FIRST_EXCEPTION)
        for client in done:
            client.result()
        print(f"{start}{tally['lines']} of {total} lines, {tally['refused']} refused as stale", end=end, flush=True)
    print(end="\n" if is_terminal else "")


def problems(session: Session, lines: Sequence[Line]) -> Iterator[str]:
    """What differs between a session and the transcript."""
    yield from line_problems(lines_of(session.data), [line.numbered for line in lines])
    expected = {(nick, type_of(nick)) for nick in nicks(lines)}
    found = {(member.participant.rpartition("/")[2], member.participant_type) for member in session.participants}
    for what, members in (("missing", expected - found), ("unexpected", found - expected)):
        yield from (f"{what}: the participant {nick}, {ParticipantType.Name(type_)}" for nick, type_ in members)


def line_problems(found: Sequence[str], expected: Sequence[str]) -> Iterator[str]:
    counts = Counter(found)
    yield from (f"there {counts[line]} times, not once: {line}" for line in expected if counts[line] != 1)
    yield from (f"not in the transcript: {line}" for line in counts.keys() - set(expected))
    if list(found) != sorted(found):
        yield "the lines are not in order"


if __name__ == "__main__":
    sys.exit(main())
