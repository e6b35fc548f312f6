"""A rolling upgrade from the last release: its servers share a database with those of this version, and no call fails.

RELEASE.md says how `tests/released` is filled.
"""

import itertools
import signal
import threading
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path

import pytest

import activity_session
from activity_session import v1
from activity_session_server.store.revisions import NEWEST
from activity_session_testing.backends import SHARED_BACKENDS
from activity_session_testing.moments import eventually
from activity_session_testing.ports import free_ports
from activity_session_testing.processes import ServerProcess, run

WHEELS = sorted((Path(__file__).parents[1] / "released").glob("*.whl"))
PARENT = "namespaces/default"
NEW = v1.CreateSessionRequest(parent=PARENT, session=v1.Session())
AGENT = v1.Participant(participant_type=v1.PARTICIPANT_TYPE_AGENT)
WRITERS = 3
# Rounds of calls while the servers are as they are, of which each server gets some.
ROUNDS = 6
SLOW_MS = 3000


@pytest.fixture(scope="module")
def last_release(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of the packages of the last release."""
    folder = tmp_path_factory.mktemp("released")
    for wheel in WHEELS:
        zipfile.ZipFile(wheel).extractall(folder)
    (version,) = {wheel.name.split("-")[1] for wheel in WHEELS}
    assert run("version", PYTHONPATH=str(folder)).stdout == f"activity-session {version}\n"
    return str(folder)


class Load:
    """Callers of all servers, by the Python client: each number is appended once, and no call may fail."""

    def __init__(self, target: str) -> None:
        self.seen: list[int] = []
        self._target = target
        self._done = 0
        self._writers: list[Future[list[str]]] = []
        self._stopped = threading.Event()

    @contextmanager
    def running(self) -> Iterator[None]:
        with activity_session.connect(self._target) as channel:
            session = (
                v1.SessionServiceStub(channel)
                .CreateSession(v1.CreateSessionRequest(parent=PARENT, session=v1.Session()))
                .name
            )
            with ThreadPoolExecutor(WRITERS + 1) as pool, closing(activity_session.watch(channel, session)) as watch:
                following = pool.submit(self._follow, watch)
                self._writers = [pool.submit(self._write, session, str(number)) for number in range(WRITERS)]
                try:
                    yield
                finally:
                    self._stopped.set()
                texts = [text for writer in self._writers for text in writer.result()]
                eventually(lambda: len(self.seen) >= len(texts) or following.done())
            log = v1.EventServiceStub(channel).ListEvents(v1.ListEventsRequest(parent=session, page_size=1000)).events
            assert sorted(event.text for event in log) == sorted(texts)
            assert self.seen == [event.sequence for event in log] == list(range(1, len(texts) + 1))

    def go_on(self) -> None:
        """Return when each writer has made some more rounds."""
        enough = self._done + WRITERS * ROUNDS
        eventually(lambda: self._done >= enough or any(writer.done() for writer in self._writers))
        assert not [writer.exception() for writer in self._writers if writer.done()]

    def check_times(self) -> None:
        """Each session tells the time of its newest event, whichever server has appended it."""
        with activity_session.connect(self._target) as channel:
            request = v1.ListSessionsRequest(
                parent=PARENT, show_deleted=True, view=v1.SESSION_VIEW_PREVIEW, page_size=1000
            )
            sessions = v1.SessionServiceStub(channel).ListSessions(request).sessions
            assert len(sessions) > WRITERS * ROUNDS
            assert all(session.last_event_time == session.newest_event.create_time for session in sessions)

    def _follow(self, watch: activity_session.Watch) -> None:
        self.seen.extend(message.event.sequence for message in watch if message.HasField("event"))

    def _write(self, session: str, writer: str) -> list[str]:
        texts: list[str] = []
        with activity_session.connect(self._target) as channel:
            sessions, events = v1.SessionServiceStub(channel), v1.EventServiceStub(channel)
            participant = v1.ParticipantServiceStub(channel).EnsureParticipant(
                v1.EnsureParticipantRequest(
                    parent=PARENT,
                    participant_id=f"writer-{writer}",
                    participant=v1.Participant(participant_type=v1.PARTICIPANT_TYPE_AGENT),
                )
            )
            while not self._stopped.is_set():
                text = f"{writer}-{len(texts)}"
                events.AppendEvents(v1.AppendEventsRequest(parent=session, events=[v1.Event(text=text)]))
                texts.append(text)
                self._use(sessions, events, participant.participant.name)
                self._done += 1
        return texts

    def _use(self, sessions: v1.SessionServiceStub, events: v1.EventServiceStub, participant: str) -> None:
        """Make a session, with a member, state, a turn and an event, change it, read it, delete it."""
        member = v1.SessionParticipant(participant=participant)
        made = sessions.CreateSession(v1.CreateSessionRequest(parent=PARENT, session=v1.Session(participants=[member])))
        turn = sessions.AcquireTurn(v1.AcquireTurnRequest(session=made.name, participant=participant))
        sent = v1.AppendEventsRequest(
            parent=made.name,
            events=[v1.Event(author=participant, text="mine")],
            state_updates=[v1.StateUpdate(key="k", value_json="1")],
            turn_token=turn.token,
        )
        assert events.AppendEvents(sent).last_sequence == 1
        sessions.ReleaseTurn(v1.ReleaseTurnRequest(session=made.name, token=turn.token))
        assert events.GetState(v1.GetStateRequest(name=made.name)).entries["k"].value_json == "1"
        found = sessions.GetSession(v1.GetSessionRequest(name=made.name))
        assert (found.last_sequence, [member.participant for member in found.participants]) == (1, [participant])
        assert sessions.DeleteSession(v1.DeleteSessionRequest(name=made.name)).HasField("delete_time")


@pytest.mark.parametrize("backend", SHARED_BACKENDS)
def test_servers_of_the_last_release_are_replaced_one_by_one_and_no_call_fails(
    backend: str, new_shared_database: Callable[[str], tuple[str, str]], last_release: str, tmp_path: Path
) -> None:
    urls = new_shared_database(backend)
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    logs = (tmp_path / f"log{number}" for number in itertools.count())

    def start(number: int, **environment: str) -> ServerProcess:
        flags = ("--address", addresses[number], "--database-url", urls[number], "--log-format", "json")
        server = ServerProcess(next(logs), *flags, **environment)
        stack.callback(tell_slow, server)
        stack.callback(server.kill)
        return server

    load = Load(f"ipv4:{','.join(addresses)}")
    assert run("migrate", "--database-url", urls[0], PYTHONPATH=last_release).returncode == 0
    with ExitStack() as stack:
        servers = [start(number, PYTHONPATH=last_release) for number in range(2)]
        with load.running():
            load.go_on()
            assert f"{NEWEST}\n" in run("migrate", "--database-url", urls[0]).stdout
            load.go_on()
            for number in range(2):
                servers[number].process.send_signal(signal.SIGTERM)
                assert servers[number].wait() == 0
                load.go_on()
                servers[number] = start(number)
                # Until clients have noticed that it is there.
                eventually(partial(served, servers[number]))
                load.go_on()
        load.check_times()


def tell_slow(server: ServerProcess) -> None:
    """Print which calls have taken long, for a run that fails: a client gives up after 30 s."""
    print(server.address, *(line for line in server.log_lines() if line.get("duration_ms", 0) > SLOW_MS), sep="\n")


def served(server: ServerProcess) -> bool:
    """Whether a server has appended events."""
    return any(str(line.get("method", "")).endswith("AppendEvents") for line in server.log_lines())
