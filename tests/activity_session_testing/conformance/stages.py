"""Stages: a server process with a fresh database, and what its operator can do to both and to the network.

Each public method of an operator is an operator step; README.md says how to do the same by hand.
"""

import contextlib
import resource
import signal
import sqlite3
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import grpc

from activity_session.v1.namespace_service_pb2 import GetNamespaceRequest
from activity_session_server.rules.access.callers import Grant
from activity_session_server.rules.access.roles import Role
from activity_session_server.store import schema
from activity_session_testing.access import Access
from activity_session_testing.backends import DatabaseServer, MariaDB
from activity_session_testing.conformance.networks import Network
from activity_session_testing.conformance.scripts import Script
from activity_session_testing.moments import eventually
from activity_session_testing.processes import ServerProcess, run, write_lock
from activity_session_testing.proxies import proxying
from activity_session_testing.servers import connected

_UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
_NOTHING = (0, resource.RLIM_INFINITY)
# Nothing listens there.
_NOWHERE = "127.0.0.1:1"
# Alembic runs one migration at a time in a process.
_one_at_a_time = threading.Lock()


class Operator(ABC):
    """The operator of a server, which clients reach at `address`, over a network that can be held."""

    def __init__(
        self, stack: contextlib.ExitStack, folder: Path, script: Script, *, system: str = "", is_http: bool = False
    ) -> None:
        """Start a server for a script; the stack ends it, and releases all locks.

        The subject `system` may do anything; without one, callers without credentials may do what the settings say.
        Clients reach it over gRPC, or over HTTP if `is_http`.
        """
        self._is_http = is_http
        self._stack, self._folder, self._script = stack, folder, script
        self._locks = stack.enter_context(contextlib.ExitStack())
        http = {"http_address": "127.0.0.1:0"} if is_http else {}
        self._settings = {"address": "127.0.0.1:0", "database_url": self._new_database(), **http, **script.server}
        self.access = self._access(system)
        self._server = self._started()
        stack.callback(self._kill_server)
        self._network = stack.enter_context(contextlib.closing(Network(self._target)))
        self.address = self._network.address

    def stop_server(self) -> None:
        """Tell it to end, and do not wait: scripts look at how it ends."""
        self._server.process.send_signal(signal.SIGTERM)

    def start_server(self, server: dict[str, Any] | None = None) -> None:
        self._server.wait()
        self._settings |= server or {}
        self._server = self._started()
        self._network.target = self._target

    def restart_server(self, server: dict[str, Any] | None = None) -> None:
        self.stop_server()
        self.start_server(server)

    def unlock_database(self) -> None:
        self._locks.close()

    def damage_sessions(self) -> None:
        self._execute("UPDATE activity_session SET settings = '[]'")

    def repair_sessions(self) -> None:
        self._execute("UPDATE activity_session SET settings = '{}'")

    def grant(self, grant: dict[str, str]) -> None:
        """Let a subject do something; a role is in a namespace, given by name, as a participant is."""
        namespace_id = grant["namespace"].removeprefix("namespaces/")
        role = Role(grant["role"]) if "role" in grant else None
        assert self.access
        self.access.grant(Grant(grant["subject"], namespace_id, role, grant.get("participant", "")))

    def revoke(self, subject: str) -> None:
        """Take the token of a subject back."""
        assert self.access
        self.access.revoke(subject)

    def purge(self) -> None:
        """Do at once what is due; the server itself may never come to it."""
        settings = ("database_url", "state_history_age")
        flags = [f"--{name.replace('_', '-')}={self._settings[name]}" for name in settings if name in self._settings]
        done = run("purge", *flags)
        assert done.returncode == 0, done.stderr

    def hold_network(self) -> None:
        self._network.hold()

    def release_network(self) -> None:
        self._network.release()

    @property
    def _target(self) -> str:
        return self._server.http_address if self._is_http else self._server.address

    def _access(self, system: str) -> Access | None:
        """Have the server tell its callers apart, if the script has several, or one is to be the system."""
        subjects = {*self._script.subjects, *([system] if system else [])}
        if not subjects:
            return None
        # Without more, a subject may do nothing.
        grants = [Grant(subject, "nowhere", Role.READER) for subject in self._script.subjects]
        access = Access(self._folder, [*grants, *([Grant(system, "", Role.SYSTEM)] if system else [])])
        self._settings |= access.settings
        return access

    @abstractmethod
    def _new_database(self) -> str:
        """Create a database, and return its URL."""

    @abstractmethod
    def _execute(self, statement: str) -> None:
        """Run a statement on the database, not through the server."""

    def _started(self) -> ServerProcess:
        flags = [_flag(name, value) for name, value in self._settings.items()]
        return ServerProcess(self._folder / "log", *flags)

    def _kill_server(self) -> None:
        self._server.kill()


def _flag(name: str, value: object) -> str:
    flag = f"--{name.replace('_', '-')}"
    return flag if value is True else f"{flag}={value}"


class SQLiteOperator(Operator):
    """The operator of a server on an SQLite file."""

    def lock_database(self) -> None:
        self._locks.enter_context(write_lock(self._path))

    def lose_database(self) -> None:
        """Let the server write nothing more to any file, as on a full disk."""
        resource.prlimit(self._server.process.pid, resource.RLIMIT_FSIZE, _NOTHING)

    def restore_database(self) -> None:
        resource.prlimit(self._server.process.pid, resource.RLIMIT_FSIZE, _UNLIMITED)

    def _new_database(self) -> str:
        self._path = self._folder / "conformance.db"
        return f"sqlite:///{self._path}"

    def _execute(self, statement: str) -> None:
        with contextlib.closing(sqlite3.connect(self._path)) as connection, connection:
            connection.execute(statement)


class RemoteOperator(Operator):
    """The operator of a server on a database that it reaches over a network, which can be cut."""

    # What is appended to the URL of the database.
    options = ""

    def __init__(
        self, stack: contextlib.ExitStack, folder: Path, script: Script, database: DatabaseServer, **options: Any
    ) -> None:
        self._database = database
        super().__init__(stack, folder, script, **options)

    def lock_database(self) -> None:
        self._hold("BEGIN", "SELECT pkid FROM activity_session FOR UPDATE")

    unlock_tables = release_commits = Operator.unlock_database

    def lose_database(self) -> None:
        self._way.target = _NOWHERE
        self._way.cut()

    def restore_database(self) -> None:
        self._way.target = f"127.0.0.1:{self._database.port}"
        eventually(self._is_noticed)

    def _is_noticed(self) -> bool:
        """Whether the server asks the database again, which it does four times a second."""
        with connected(self._server.address) as client:
            request = GetNamespaceRequest(name="namespaces/default")
            try:
                client.namespaces.GetNamespace(request, timeout=2)
            except grpc.RpcError:
                return False
        return True

    def _new_database(self) -> str:
        with _one_at_a_time:
            url = self._database.new_database()
            schema.migrate_url(url)
        self._name = url.rpartition("/")[2]
        direct = f"127.0.0.1:{self._database.port}"
        self._way = self._stack.enter_context(proxying(direct))
        return url.replace(direct, self._way.address) + ("" if self._script.holds_commits else self.options)

    def _execute(self, statement: str) -> None:
        with self._connected() as connection:
            connection.cursor().execute(statement)

    def _hold(self, *statements: str) -> None:
        """Run some statements, and keep their locks."""
        connection = self._locks.enter_context(self._connected())
        for statement in statements:
            connection.cursor().execute(statement)

    def _connected(self) -> Any:
        return self._database.connect(self._name)


class MariaDBOperator(RemoteOperator):
    """The operator of a server on MariaDB."""

    # With this, a locked table or a backup's lock is an error at once; locked rows are still waited for.
    options = "?init_command=SET%20lock_wait_timeout%3D0"

    def lock_tables(self) -> None:
        self._hold("LOCK TABLES activity_session READ")

    def hold_commits(self) -> None:
        self._hold("BACKUP STAGE START", "BACKUP STAGE BLOCK_COMMIT")


class PostgreSQLOperator(RemoteOperator):
    """The operator of a server on PostgreSQL."""

    def lock_tables(self) -> None:
        self._hold("BEGIN", "LOCK TABLE activity_session IN EXCLUSIVE MODE")


_REMOTE: dict[str, type[RemoteOperator]] = {"mariadb": MariaDBOperator, "postgresql": PostgreSQLOperator}


@contextlib.contextmanager
def staged(
    script: Script, backend: str, folder: Path, databases: Mapping[str, DatabaseServer], **options: Any
) -> Iterator[Operator]:
    """Run a stage for a script inside the block; the databases, by backend, are shared with other stages.

    The options are those of an `Operator`.
    """
    with contextlib.ExitStack() as stack:
        if backend not in databases:
            yield SQLiteOperator(stack, folder, script, **options)
            return
        database = databases[backend]
        if script.holds_commits:
            database = stack.enter_context(MariaDB.running(folder))
        yield _REMOTE[backend](stack, folder, script, database, **options)
