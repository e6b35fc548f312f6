"""Databases for tests: SQLite in memory and in a file, and a private server of MariaDB, or of MySQL in its place."""

import contextlib
import importlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol, Self

import pymysql

from activity_session_testing import planted
from activity_session_testing.ports import free_port

# mariadb, or mysql for a run of the same tests on MySQL 8.
SERVER = os.environ.get("MARIADB_SERVER", "mariadb")
SQLITE_MEMORY = "sqlite-memory"
SQLITE_FILE = "sqlite-file"
MARIADB = SERVER
POSTGRESQL = "postgresql"
GALERA = "galera"
# Those that have a server, started once for a run; a fixture of each name, that of MariaDB also for MySQL.
FIXTURES = {MARIADB: "mariadb", POSTGRESQL: "postgresql"}
BACKENDS = (SQLITE_MEMORY, SQLITE_FILE, *FIXTURES)
# Those that keep their data when a server ends.
KEEPING_BACKENDS = (SQLITE_FILE, *FIXTURES)
# Those that several servers can use at once.
SHARED_BACKENDS = (*KEEPING_BACKENDS, GALERA)

_START_SECONDS = 60
# pymysql, or mysqldb for mysqlclient.
DRIVER = os.environ.get("MARIADB_DRIVER", "pymysql")
_MODULES = {"pymysql": "pymysql", "mysqldb": "MySQLdb"}
_USER, _PASSWORD = "tester", "p@ss/word"


def find_mariadb() -> str | None:
    """Return the path of the installed server; Debian keeps it in a folder that is only in root's PATH.

    None also without `mariadb-install-db`, which makes its data, and can be in a package of its own.
    """
    server = shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    return server if shutil.which("mariadb-install-db") else None


def find_mysql() -> str | None:
    """Return the path of MySQL's server, where `make mysql` puts it; None also where it cannot run."""
    path = Path(__file__).parents[2] / ".build/mysql/bin/mysqld"
    with contextlib.suppress(OSError):
        if subprocess.run([path, "--version"], check=False, capture_output=True).returncode == 0:
            return str(path)
    return None


class DatabaseServer(Protocol):
    """A private server of a database that only this machine can reach."""

    port: int

    def new_database(self) -> str:
        """Create an empty database, and return its URL."""

    def connect(self, database: str) -> Any:
        """Connect as an administrator, not through a server under test; a `with` block closes the connection."""

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement as an administrator, on a connection of its own."""

    def connections(self, database: str = "%") -> set[object]:
        """Return the ids of the connections of servers under test, to one database or to all."""

    def transactions(self) -> int:
        """Return how many transactions are open."""

    def waiting(self) -> int:
        """Return how many transactions wait for a row that others have locked."""

    def kill_connections(self) -> None:
        """End all connections of servers under test; the database may still be at it afterwards."""

    def kill(self) -> None:
        """Kill it with SIGKILL, as in a crash."""

    def start(self) -> None:
        """Start it again, on the same port and data."""

    def frozen(self) -> contextlib.AbstractContextManager[None]:
        """Stop it with SIGSTOP during the block: connections stay open and nothing responds."""


class MariaDB:
    """A private server that only this machine can reach."""

    HOW_TO_GET = "mariadbd or mariadb-install-db is missing; to test on MariaDB: apt-get install mariadb-server"
    find = staticmethod(find_mariadb)

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self._databases = 0
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    @contextlib.contextmanager
    def running(cls, folder: Path) -> Iterator[Self]:
        """Run a fresh server inside the block."""
        server = cls(folder, free_port())
        server._install()
        server.start()
        try:
            server._grant()
            yield server
        finally:
            server.kill()

    def new_database(self) -> str:
        """Create an empty database, and return its URL."""
        self._databases += 1
        name = f"test{self._databases}"
        # The server's own default treats Alice and alice as equal: the schema must not depend on it.
        self.execute(f"CREATE DATABASE {name} CHARACTER SET latin1 COLLATE latin1_swedish_ci")
        return self.url(name)

    def url(self, database: str) -> str:
        return f"mysql+{DRIVER}://{_USER}:{planted.plant('p%40ss%2Fword')}@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str | None = None) -> Any:
        """Connect as root, not through a server under test; a `with` block closes the connection."""
        return pymysql.connect(unix_socket=str(self.folder / "socket"), user="root", database=database, autocommit=True)

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement as root, on a connection of its own."""
        with self.connect() as connection:
            cursor = connection.cursor()
            cursor.execute(statement)
            return list(cursor.fetchall())

    def connections(self, database: str = "%") -> set[object]:
        """Return the ids of the connections of servers under test, to one database or to all."""
        columns = "SELECT id FROM information_schema.processlist"
        return {number for (number,) in self.execute(f"{columns} WHERE user = '{_USER}' AND db LIKE '{database}'")}

    def transactions(self) -> int:
        """Return how many transactions are open."""
        return len(self.execute("SELECT trx_id FROM information_schema.innodb_trx"))

    def waiting(self) -> int:
        """Return how many transactions wait for a row that others have locked."""
        return len(self.execute("SELECT trx_id FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"))

    def kill_connections(self) -> None:
        """End all connections of servers under test; the database may still be at it afterwards."""
        with self.connect() as connection, connection.cursor() as cursor:
            for number in self.connections():
                with contextlib.suppress(pymysql.OperationalError, pymysql.InternalError):  # it has ended itself
                    cursor.execute(f"KILL {number}")

    def start(self, *options: str) -> None:
        """Start the server, or start it again, on the same port and data."""
        program = self.find()
        assert program is not None
        command = [program, "--no-defaults", *self._user(), *self._options(), *options]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, env=self._environment(), stdout=subprocess.DEVNULL, stderr=log)
        self._wait_until_it_answers()

    def _options(self) -> list[str]:
        return [
            f"--datadir={self.folder / 'data'}",
            f"--socket={self.folder / 'socket'}",
            f"--pid-file={self.folder / 'pid'}",
            # When a server starts, it removes all temporary tables from this folder, also those of other servers.
            f"--tmpdir={self.folder}",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            "--innodb-buffer-pool-size=512M",
            "--innodb-log-file-size=32M",
            # Tests check behaviour; the disk of the machine is not under test.
            "--innodb-flush-log-at-trx-commit=2",
        ]

    def _environment(self) -> dict[str, str]:
        return dict(os.environ)

    def kill(self) -> None:
        """Kill it with SIGKILL, as in a crash."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop the server with SIGSTOP during the block: connections stay open and nothing responds."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        # The signal may not have arrived yet; what is sent from now on must get no response.
        os.waitpid(self._process.pid, os.WUNTRACED)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def _install(self) -> None:
        subprocess.run(
            [
                "mariadb-install-db",
                "--no-defaults",
                *self._user(),
                f"--datadir={self.folder / 'data'}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
            ],
            # As below: it starts a server too.
            env=os.environ | {"TMPDIR": str(self.folder)},
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _grant(self) -> None:
        self.execute(f"CREATE USER '{_USER}'@'127.0.0.1' IDENTIFIED BY '{_PASSWORD}'")
        self.execute(f"GRANT ALL ON *.* TO '{_USER}'@'127.0.0.1'")

    def _wait_until_it_answers(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(pymysql.OperationalError):
                if self._answers():
                    return
            time.sleep(0.05)
        self.kill()
        raise AssertionError(f"the database did not start: {(self.folder / 'log').read_text()[-2000:]}")

    def _answers(self) -> bool:
        return bool(self.execute("SELECT 1"))

    @staticmethod
    def _user() -> list[str]:
        """Return the option that root needs: the system's user as whom the server runs."""
        return ["--user=root"] if os.geteuid() == 0 else []


class MySQL(MariaDB):
    """A private server of MySQL 8."""

    HOW_TO_GET = "MySQL 8 is not here; make mysql brings it to x86-64: apt-get install maven libaio1 libnuma1"
    find = staticmethod(find_mysql)

    def _options(self) -> list[str]:
        # Its second protocol has a port of its own; the log of changes is on, as it is by default.
        return [*super()._options(), "--mysqlx=OFF", "--sync-binlog=0"]

    def _install(self) -> None:
        program = self.find()
        assert program is not None
        subprocess.run(
            [program, "--no-defaults", *self._user(), "--initialize-insecure", f"--datadir={self.folder / 'data'}"],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


SERVERS: dict[str, type[MariaDB]] = {"mariadb": MariaDB, "mysql": MySQL}


def driver_error(number: int, text: str) -> Exception:
    """Return an error of the database in the form in which the driver of the servers under test raises it."""
    error: Exception = importlib.import_module(_MODULES[DRIVER]).OperationalError(number, text)
    return error
