"""What operators do with PostgreSQL, as docs/operations.md says it: poolers, failover, TLS."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme
from sqlalchemy import make_url

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import AppendEventsRequest
from activity_session_testing.moments import eventually
from activity_session_testing.ports import free_port
from activity_session_testing.postgresql import (
    PASSWORD,
    USER,
    PostgreSQL,
    as_system_user,
    give,
    programs_of_debian,
    system_folder,
)
from activity_session_testing.processes import run
from activity_session_testing.proxies import proxying
from activity_session_testing.servers import connected, failure, serving
from activity_session_testing.steps import append, list_events, new_session
from activity_session_testing.writers import Writers, wrong

pytestmark = pytest.mark.postgresql
PARENT = "namespaces/default"
PGBOUNCER = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin")


def at(url: str, port: int, **options: str) -> str:
    """A URL of another port, with options."""
    changed = make_url(url).set(port=port).update_query_dict(options)
    return changed.render_as_string(hide_password=False)


@pytest.mark.skipif(PGBOUNCER is None, reason="PgBouncer is not installed; to test with it: apt-get install pgbouncer")
class TestPgBouncer:
    @staticmethod
    @contextmanager
    def before(postgresql: PostgreSQL, **settings: str | int) -> Iterator[int]:
        """Run PgBouncer before a server inside the block; yield its port."""
        assert PGBOUNCER
        with system_folder() as folder:
            port = free_port()
            more = {
                "listen_addr": "127.0.0.1",
                "listen_port": port,
                "unix_socket_dir": "",
                "auth_type": "plain",
                "auth_file": folder / "users",
                "logfile": folder / "log",
                **settings,
            }
            (folder / "users").write_text(f'"{USER}" "{PASSWORD}"\n')
            (folder / "ini").write_text(
                f"[databases]\n* = host=127.0.0.1 port={postgresql.port}\n[pgbouncer]\n"
                + "".join(f"{name} = {value}\n" for name, value in more.items())
            )
            with subprocess.Popen([*as_system_user(), PGBOUNCER, "--quiet", folder / "ini"]) as process:
                try:
                    eventually(lambda: "process up" in log_of(folder))
                    yield port
                finally:
                    process.kill()

    def test_that_lends_sessions_is_not_noticed(self, postgresql: PostgreSQL) -> None:
        url = postgresql.new_database()
        with (
            self.before(postgresql, pool_mode="session", default_pool_size=100) as port,
            serving(at(url, port), database_timeout=1) as server,
            connected(server.address) as client,
        ):
            session = new_session(client, PARENT).name
            append(client, session, *map(str, range(20)))
            postgresql.kill_connections()
            append(client, session, "after")
            assert len(list_events(client, session)) == 21
            with postgresql.connect(str(make_url(url).database)) as other:
                other.execute("BEGIN")
                other.execute("SELECT pkid FROM activity_session FOR UPDATE")
                request = AppendEventsRequest(parent=session, events=[Event(text="x")])
                refusal = failure(client.events.AppendEvents, request, timeout=0.5)
                assert refusal.code.name == "DEADLINE_EXCEEDED"
                eventually(lambda: not postgresql.waiting())

    @pytest.mark.parametrize("settings", [{}, {"server_round_robin": 1}])
    def test_that_lends_transactions_is_refused(self, postgresql: PostgreSQL, settings: dict[str, str | int]) -> None:
        url = postgresql.new_database()
        assert run("migrate", "--database-url", url).returncode == 0
        with self.before(postgresql, **{"pool_mode": "transaction", **settings}) as port:
            for command in (["check"], ["serve", "--address", "127.0.0.1:0"]):
                done = run(*command, "--database-url", at(url, port))
                assert done.returncode == 1
                assert "pool_mode = session" in done.stderr


def log_of(folder: Path) -> str:
    path = folder / "log"
    return path.read_text() if path.exists() else ""


class TestFailover:
    def test_to_a_standby_that_commits_wait_for_loses_nothing(self) -> None:
        with PostgreSQL.running() as primary, primary.standby() as standby:
            url = primary.new_database()
            with proxying(f"127.0.0.1:{primary.port}") as address:
                through = at(url, int(address.address.rpartition(":")[2]))
                with serving(through, database_timeout=1) as server, connected(server.address) as client:
                    session = new_session(client, PARENT).name
                    writers = Writers(server.address, session)
                    with writers.writing():
                        writers.wait_for_more()
                        primary.kill()
                        eventually(lambda: writers.refused)
                        standby.execute("SELECT pg_promote()")
                        address.target = f"127.0.0.1:{standby.port}"
                        writers.wait_for_more()
                    log = [(event.sequence, event.text) for event in list_events(client, session)]
        assert wrong(log, writers.acknowledged, writers.refused) == []

    def test_is_safe_since_a_commit_that_the_standby_has_not_confirmed_is_not_acknowledged(self) -> None:
        request = AppendEventsRequest(events=[Event(text="x")])
        with (
            PostgreSQL.running() as primary,
            primary.standby() as standby,
            serving(primary.new_database(), database_timeout=1) as server,
            connected(server.address) as client,
        ):
            request.parent = session = new_session(client, PARENT).name
            with standby.frozen():
                refusal = failure(client.events.AppendEvents, request)
            assert refusal.reason == "COMMIT_OUTCOME_UNKNOWN"
            # It was on the primary, and now is on both.
            assert eventually(lambda: [event.text for event in list_events(client, session)]) == ["x"]

    def test_by_several_hosts_in_the_url_finds_the_one_that_writes(self) -> None:
        with PostgreSQL.running() as primary, primary.standby() as standby:
            url = make_url(primary.new_database()).set(host=None, port=None)
            hosts = f"?host=127.0.0.1:{standby.port}&host=127.0.0.1:{primary.port}&target_session_attrs=read-write"
            with (
                serving(url.render_as_string(hide_password=False) + hosts, database_timeout=1) as server,
                connected(server.address) as client,
            ):
                session = new_session(client, PARENT).name
                primary.kill()
                standby.execute("SELECT pg_promote()")
                assert eventually(lambda: _appended(client, session))

    def test_is_told_while_the_database_only_reads(self) -> None:
        with PostgreSQL.running() as primary, primary.standby() as standby:
            url = primary.new_database()
            assert run("migrate", "--database-url", url).returncode == 0
            done = run("check", "--database-url", at(url, standby.port))
            assert "25006: cannot execute INSERT in a read-only transaction" in done.stderr


@pytest.fixture(scope="module")
def certificates() -> Iterator[Path]:
    """The certificates of a CA, and of another one; and of the first one for this host, and for another one."""
    with system_folder() as folder:
        ca = trustme.CA()
        ca.cert_pem.write_to_path(folder / "ca.pem")
        trustme.CA().cert_pem.write_to_path(folder / "other_ca.pem")
        for name, host in (("this", "127.0.0.1"), ("other", "db.example")):
            path = folder / f"{name}.pem"
            ca.issue_cert(host).private_key_and_cert_chain_pem.write_to_path(path)
            path.chmod(0o600)
            give(path)
        yield folder


@pytest.fixture(scope="module")
def server_of_its_own() -> Iterator[PostgreSQL]:
    programs = programs_of_debian()
    if programs is None:
        pytest.skip("the PostgreSQL of the wheel has no TLS; to test it: apt-get install postgresql")
    with PostgreSQL.running(programs) as server:
        yield server


class TestTLS:
    @pytest.mark.parametrize(
        ("certificate", "options", "told"),
        [
            ("this", "sslmode=verify-full&sslrootcert={}/ca.pem", ""),
            ("this", "sslmode=verify-full&sslrootcert={}/other_ca.pem", "certificate verify failed"),
            ("other", "sslmode=verify-full&sslrootcert={}/ca.pem", "does not match host name"),
            ("other", "sslmode=verify-ca&sslrootcert={}/ca.pem", ""),
            ("this", "sslmode=require", ""),
            ("", "sslmode=verify-full&sslrootcert={}/ca.pem", "server does not support SSL"),
        ],
    )
    def test_a_certificate_is_checked_as_the_url_says(
        self, server_of_its_own: PostgreSQL, certificates: Path, certificate: str, options: str, told: str
    ) -> None:
        server = server_of_its_own
        server.kill()
        path = str(certificates / f"{certificate}.pem")
        server.start(**({"ssl": "on", "ssl_cert_file": path, "ssl_key_file": path} if certificate else {}))
        url = f"{server.new_database()}?{options.format(certificates)}"
        done = run("migrate", "--database-url", url)
        assert told in done.stderr
        assert done.returncode == bool(told)
        if not told:
            with serving(url):
                encrypted = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = "
                assert server.execute(f"{encrypted}'{USER}'") == [(True,)]


def _appended(client: object, session: str) -> bool:
    try:
        return bool(append(client, session, "x").last_sequence)  # type: ignore[arg-type]
    except Exception:  # until it has found the other one
        return False
