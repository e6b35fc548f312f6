"""What keeps a server from starting, or from working, is said in one line before it serves."""

import contextlib
import os
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from activity_session_server.store import revisions, schema
from activity_session_server.store.backends import EngineOptions, backend_of, open_engine
from activity_session_testing.backends import MariaDB
from activity_session_testing.processes import run

NOWHERE = "mysql+pymysql://nobody@127.0.0.1:1"
COMMANDS = ("serve", "migrate", "check")
USER = "starts@127.0.0.1"
# Root may write to any file, unless it gives that right up.
PREFIX = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()


def refused(*arguments: str) -> str:
    """Run a command that must fail, and return what it says: without a traceback."""
    done = run(*arguments)
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("activity-session: ")]
    assert len(lines) == 1, done.stderr
    return done.stderr


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"{NOWHERE}/x?ssl_ca=/none/ca.pem", "database_url: ssl_ca: there is no /none/ca.pem"),
        (f"{NOWHERE}/x?no_such_option=1", "database_url: it has an option that is none of charset, "),
        (f"{NOWHERE}/", "database_url: it names no database"),
        ("mysql+pymysql://nobody@127.0.0.1:port/x", "database_url: its port must be a number from 1 to 65535"),
        (f"{NOWHERE}/x?ssl_ca={__file__}", "cannot be used: SSLError: [X509: NO_CERTIFICATE_OR_CRL_FOUND]"),
        (f"{NOWHERE}/x", "cannot be used: 2003: Can't connect to MySQL server on '127.0.0.1'"),
        ("sqlite:////none/test.db", "SQLITE_CANTOPEN: unable to open database file"),
    ],
)
def test_a_database_that_cannot_be_used_is_no_traceback(url: str, said: str) -> None:
    assert said in refused("serve", "--address", "127.0.0.1:0", "--database-url", url)


def test_the_other_commands_say_the_same_of_a_file_that_is_not_there() -> None:
    for command in ("migrate", "check"):
        said = refused(command, "--database-url", f"{NOWHERE}/x?ssl_ca=/none/ca.pem")
        assert "database_url: ssl_ca: there is no /none/ca.pem" in said


def test_a_full_file_is_told_apart_from_one_that_cannot_be_read() -> None:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("PRAGMA max_page_count = 1")
        with pytest.raises(sqlite3.OperationalError) as raised:
            connection.execute("CREATE TABLE t (c)")
    backend = backend_of(open_engine("sqlite://", EngineOptions(timeout=5, synchronous="FULL")))
    assert backend.sentence(raised.value) == "the database's disk is full"
    assert backend.cause(raised.value) == "SQLITE_FULL: database or disk is full"


class TestCheckOnMariaDB:
    @pytest.fixture
    def url(self, mariadb: MariaDB) -> Iterator[str]:
        """The URL of a database for a user who may do nothing yet."""
        url = mariadb.new_database()
        schema.migrate_url(url)
        mariadb.execute(f"CREATE USER {USER}")
        yield make_url(url).set(username=USER.partition("@")[0], password="").render_as_string(hide_password=False)
        mariadb.execute(f"DROP USER {USER}")

    def test_says_the_grant_that_is_missing(self, mariadb: MariaDB, url: str) -> None:
        database = make_url(url).database
        mariadb.execute(f"GRANT SELECT ON {database}.* TO {USER}")
        mariadb.execute(f"GRANT INSERT, UPDATE, DELETE ON {database}.event TO {USER}")
        grant = refused("check", "--database-url", url).splitlines()[-1].strip()
        assert grant == f"GRANT INSERT, UPDATE, DELETE ON `{database}`.* TO 'starts'@'127.0.0.1'"
        mariadb.execute(grant)
        done = run("check", "--database-url", url)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.endswith("reads and writes: ok\n")

    def test_finds_a_server_that_is_read_only(self, mariadb: MariaDB, url: str) -> None:
        mariadb.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {make_url(url).database}.* TO {USER}")
        mariadb.execute("SET GLOBAL read_only = ON")
        try:
            said = refused("check", "--database-url", url)
            assert re.search(r"1290: The \w+ server is running with the --read-only option", said)
        finally:
            mariadb.execute("SET GLOBAL read_only = OFF")


class TestCheckOnSQLite:
    def test_finds_a_file_that_may_not_be_written_to(self, tmp_path: Path) -> None:
        path = tmp_path / "test.db"
        schema.migrate_url(f"sqlite:///{path}")
        path.chmod(0o444)
        done = run("check", "--database-url", f"sqlite:///{path}", prefix=PREFIX)
        assert done.returncode == 1
        assert "the database is read-only: SQLITE_READONLY: attempt to write a readonly database" in done.stderr
        assert "Traceback" not in done.stderr

    def test_does_not_ask_for_a_migration_that_serve_does(self, tmp_path: Path) -> None:
        path = tmp_path / "test.db"
        sqlite3.connect(path).close()
        path.touch()
        done = run("check", "--database-url", f"sqlite:///{path}")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.endswith(f"schema: empty; serve brings it to {revisions.NEWEST}\n")

    def test_says_that_a_folder_is_not_there(self) -> None:
        assert "its folder is not there" in refused("check", "--database-url", "sqlite:////none/test.db")
