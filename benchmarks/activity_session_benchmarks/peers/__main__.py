"""Our calls compared with those of the session stores that people use today, in CPU time per call.

The peers run in the process that makes the calls, each with a database of its own, as people run them, one call after
the other; google-adk's REST server and ours are called through a socket, and theirs is the time of the server alone.
Ours has several callers at once, as servers have. With a single caller each call wakes a sleeping server and costs
more; that cost is shown too. The process that does the work has one core, and clients and MariaDB have the other.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import tempfile
import threading
import time
import venv
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import create_engine, make_url

from activity_session.v1.event_pb2 import Event
from activity_session.v1.session_pb2 import Session, SessionView
from activity_session.v1.session_service_pb2 import ListSessionsRequest
from activity_session_benchmarks.figures import CLIENT_CORE, SERVER_CORE, STATE, TEXT, USER, Figure, Meter, cpu_clock
from activity_session_benchmarks.measure import databases, write_rows
from activity_session_benchmarks.places import ROOT, place
from activity_session_benchmarks.targets import MARIADB, SQLITE
from activity_session_server.orm import ActivitySession, ActivitySessionParticipant
from activity_session_server.orm.base import prefixed_uuid
from activity_session_server.store import schema
from activity_session_testing.processes import serving_process
from activity_session_testing.servers import Client, connected
from activity_session_testing.steps import (
    append,
    get_session,
    list_events,
    make_namespace,
    make_participant,
    members,
    new_session,
)

VENV = ROOT / ".build/peers"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
OURS, WITH_MYSQLCLIENT = "activity-session", "activity-session with mysqlclient"
# Added to the name for a single caller, and for a single caller whose own time is included.
ALONE, WITH_CLIENT = ", one caller", ", one caller and its time"
CALLERS = 8
# The most events that the server returns and accepts at once.
PAGE, BATCH = 1000, 100


class Plan(NamedTuple):
    """The lengths of logs and lists to read, and the CPU time that a figure may take."""

    events: tuple[int, ...]
    sessions: tuple[int, ...]
    seconds: float


FULL = Plan((0, 50, 500, 3000), (1000, 10_000), 4)
QUICK = Plan((0, 50), (1000,), 0.7)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the shorter logs and lists, for less time")
    parser.add_argument("--database", choices=("sqlite", "mysql"), help="only this one")
    options = parser.parse_args()
    # What this process starts, such as MariaDB, runs there too.
    os.sched_setaffinity(0, {CLIENT_CORE})
    make_venv()
    rows, versions = [], {"Python": platform.python_version()}
    with closing(databases((SQLITE, MARIADB))) as found:
        for name, url in found:
            if options.database in (None, make_url(url).get_backend_name()):
                figures = measure(url, QUICK if options.quick else FULL)
                show(name, figures)
                rows += [{"database": name, **figure._asdict()} for figure in figures]
                versions[name] = database_version(url)
    place(is_quick=options.quick).save("peers", {"rows": rows, "versions": versions | package_versions()})


def make_venv() -> None:
    """Make the peers' venv, if it is missing or their pins have changed."""
    made = VENV / REQUIREMENTS.name
    if not made.exists() or made.read_text() != REQUIREMENTS.read_text():
        venv.create(VENV, clear=True, with_pip=True)
        install = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(REQUIREMENTS))
        subprocess.run([VENV / "bin/python", *install], check=True)
        shutil.copy(REQUIREMENTS, made)


def measure(url: str, plan: Plan) -> list[Figure]:
    adk = new_database(url, "adk")
    has_mysqlclient = not url.startswith("sqlite") and find_spec("MySQLdb")
    return [
        *ours(OURS, url, plan),
        *(ours(WITH_MYSQLCLIENT, new_database(url, "ours", "mysql+mysqldb"), plan) if has_mysqlclient else ()),
        *peer("adk", adk, plan),
        *peer("adk_rest", adk, plan),
        *peer("openai_agents", new_database(url, "openai_agents"), plan),
    ]


def new_database(url: str, name: str, mysql: str = "mysql+asyncmy") -> str:
    """A new database beside another one, as a URL for asyncio, or for the driver of MySQL that is named."""
    other = make_url(url)
    if other.get_backend_name() == "sqlite":
        return f"sqlite+aiosqlite:///{Path(str(other.database)).with_name(name)}.db"
    engine = create_engine(other)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    engine.dispose()
    return other.set(drivername=mysql, database=name).render_as_string(hide_password=False)


def peer(program: str, url: str, plan: Plan) -> list[Figure]:
    """Run the program of a peer, and return what it has measured."""
    lengths = ("--events", *map(str, plan.events), "--sessions", *map(str, plan.sessions))
    module = f"activity_session_benchmarks.peers.{program}"
    command = (str(VENV / "bin/python"), "-m", module, url, *lengths, "--seconds", str(plan.seconds))
    with on_core(SERVER_CORE):
        run = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return [Figure(**json.loads(line)) for line in run.stdout.splitlines()]


def ours(system: str, url: str, plan: Plan) -> list[Figure]:
    if not url.startswith("sqlite"):
        schema.migrate_url(url)
    with ExitStack() as stack:
        log = Path(stack.enter_context(tempfile.TemporaryDirectory()), "server.log")
        with on_core(SERVER_CORE):
            server = stack.enter_context(serving_process(log, "--database-url", url))
        client = stack.enter_context(connected(server.address))
        clock = cpu_clock(server.process.pid)
        for size in plan.sessions:
            write_sessions(client, url, f"list-{size}", size)
        clocks = {system + ALONE: clock, system + WITH_CLIENT: lambda: clock() + time.process_time()}
        alone = Meter(clocks, plan.seconds)
        meter = Meter({system: clock}, plan.seconds)
        measure_sessions(Calls(alone, 1), client, plan)
        measure_sessions(Calls(meter, CALLERS), client, plan)
        return meter.figures + alone.figures


class Calls(NamedTuple):
    """Calls that are made by several callers at once."""

    meter: Meter
    callers: int

    def measure(self, operation: str, size: int, call: Callable[[int], object]) -> None:
        """Take the figure of a call, whose argument is its number."""
        numbers, turn = self.meter.calls(operation, size), threading.Lock()

        def make_calls(_: int) -> None:
            while True:
                with turn:
                    number = next(numbers, None)
                if number is None:
                    return
                call(number)

        with ThreadPoolExecutor(self.callers) as pool:
            list(pool.map(make_calls, range(self.callers)))


def measure_sessions(calls: Calls, client: Client, plan: Plan) -> None:
    namespace = make_namespace(client, f"bench-{calls.callers}").name
    user = make_participant(client, namespace, USER).name
    fields: dict[str, Any] = {"data": json.dumps(STATE), "participants": members(user)}
    event = Event(author=user, type="message", text=TEXT)
    calls.measure("create", 1, lambda _: new_session(client, namespace, **fields))
    sessions = [new_session(client, namespace, **fields).name for _ in range(calls.callers)]
    calls.measure("append", 1, lambda number: append(client, sessions[number % calls.callers], event))
    for size in plan.events:
        session = new_session(client, namespace, **fields).name
        for start in range(0, size, BATCH):
            append(client, session, *[event] * min(BATCH, size - start))
        calls.measure("items", size, partial(read_events, client, session, size))
        calls.measure("get", size, partial(read_session, client, session, size))
    for size in plan.sessions:
        calls.measure("list", size, partial(list_sessions, client, f"namespaces/list-{size}", size))


def read_events(client: Client, session: str, count: int, _number: int) -> None:
    assert len(list_events(client, session, page_size=PAGE)) == count


def read_session(client: Client, session: str, count: int, number: int) -> None:
    """Read a session, and its events if it has any."""
    if get_session(client, session).last_sequence:
        read_events(client, session, count, number)


def list_sessions(client: Client, parent: str, count: int, _number: int) -> None:
    """List all sessions of a namespace, with everything that they contain."""
    request = ListSessionsRequest(parent=parent, page_size=PAGE, view=SessionView.SESSION_VIEW_FULL)
    found: list[Session] = []
    while not found or request.page_token:
        page = client.sessions.ListSessions(request)
        found += page.sessions
        request.page_token = page.next_page_token
    assert len(found) == count


def write_sessions(client: Client, url: str, namespace_id: str, count: int) -> None:
    namespace = make_namespace(client, namespace_id)
    user = make_participant(client, namespace.name, USER).uid
    pkids = [prefixed_uuid("activity_session") for _ in range(count)]
    shared: dict[str, object] = {"namespace_pkid": namespace.uid, "data": json.dumps(STATE)}
    write_rows(url, ActivitySession, (shared | {"pkid": pkid, "name": pkid} for pkid in pkids))
    member: dict[str, object] = {"participant_pkid": user}
    write_rows(url, ActivitySessionParticipant, (member | {"activity_session_pkid": pkid} for pkid in pkids))


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Run the processes that are started inside the block on that core, with all their threads."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def show(database: str, figures: list[Figure]) -> None:
    base = {(figure.operation, figure.size): figure.cpu_us for figure in figures if figure.system == OURS}
    print(f"{database}, CPU time per call and its ratio to ours")
    for system, operation, size, cpu_us, calls in sorted(figures, key=lambda figure: (figure.operation, figure.size)):
        ratio = cpu_us / base[operation, size]
        print(f"  {operation:<7}{size:>6}  {system:<38}{cpu_us:>9.0f} us {ratio:>6.1f}  ({calls} calls)", flush=True)


def database_version(url: str) -> str:
    engine = create_engine(url)
    with engine.connect() as connection:
        return ".".join(map(str, connection.dialect.server_version_info or ()))


def package_versions() -> dict[str, str]:
    """Return the versions of our packages by name, and the pins of the peers."""
    names = ("activity-session-server", "grpcio", "protobuf", "PyMySQL", "SQLAlchemy")
    pins = dict(line.split("==") for line in REQUIREMENTS.read_text().split())
    return {name: version(name) for name in names} | {f"{name} (peers)": pin for name, pin in pins.items()}


if __name__ == "__main__":
    main()
