"""Backups that are made while events are appended, and restored, by the commands of docs/operations.md."""

import contextlib
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import make_url

from activity_session_server.store import revisions, schema
from activity_session_server.store.backends.sqlite import copies
from activity_session_testing.backends import MariaDB
from activity_session_testing.postgresql import PostgreSQL
from activity_session_testing.processes import run
from activity_session_testing.servers import connected, serving
from activity_session_testing.steps import append, list_events, new_session
from activity_session_testing.writers import Writers

PARENT = "namespaces/default"
PAGE = Path(__file__).parents[2] / "docs/operations.md"
SECTION = PAGE.read_text(encoding="utf-8").partition("## Backup and restore")[2].partition("\n## ")[0]
BLOCKS = re.findall(r"^```sh\n(.*?)^```", SECTION, re.MULTILINE | re.DOTALL)
MOST_COMMITS = 5000
TEXT = "ключ 🌱\0'\"\\"


def commands(first: str) -> str:
    """Return the commands of the page that begin with one."""
    (found,) = [block for block in BLOCKS if block.startswith(first)]
    return str(found)


def run_as_written(script: str, folder: Path, *, path: str = "", **environment: str) -> None:
    """Run commands of the page in a folder; each must succeed."""
    programs = f"{path or '/nowhere'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=os.environ | environment | {"PATH": programs},
        timeout=60,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


class Log:
    """A session to which others append while a backup is made, and what has to be in the backup."""

    def __init__(self, database_url: str) -> None:
        self.texts: list[str] = []
        self._url = database_url

    @contextlib.contextmanager
    def being_written(self) -> Iterator[None]:
        """Append events before, while and after the block runs; all those before it are acknowledged then."""
        with serving(self._url) as server, connected(server.address) as client:
            self.session = new_session(client, PARENT).name
            append(client, self.session, TEXT)
            writers = Writers(server.address, self.session)
            with writers.writing():
                writers.wait_for_more()
                self._before = dict(writers.acknowledged)
                yield
                writers.wait_for_more()
            self.texts = [event.text for event in list_events(client, self.session)]
        assert not writers.refused

    def check(self, restored_url: str) -> None:
        """Serve what was restored: it has the log up to a number, and all that was acknowledged before the backup."""
        with serving(restored_url) as server, connected(server.address) as client:
            restored = [event.text for event in list_events(client, self.session)]
            assert restored == self.texts[: len(restored)], "in the same order, and without a gap"
            assert self._before.keys() <= set(restored)
            assert len(restored) < len(self.texts), "what came later is not there"
            assert append(client, self.session, "after").last_sequence == len(restored) + 1


def test_of_sqlite_are_restored_as_the_page_says(tmp_path: Path) -> None:
    database_url = f"sqlite:///{tmp_path / 'sessions.db'}"
    log = Log(database_url)
    with log.being_written():
        run_as_written(commands("activity-session backup"), tmp_path)
    assert (tmp_path / "backup.db").stat().st_mode & 0o777 == 0o600
    run_as_written(commands("rm -f sessions.db-wal"), tmp_path)
    log.check(database_url)


@pytest.mark.only_mariadb
def test_of_mariadb_are_restored_as_the_page_says(mariadb: MariaDB, tmp_path: Path) -> None:
    if shutil.which("mariadb-dump") is None:
        pytest.skip("mariadb-dump is not installed; to test it: apt-get install mariadb-client")
    for name in ("sessions", "restored"):
        mariadb.execute(f"DROP DATABASE IF EXISTS {name}")
    # The default of the server is another character set, as with the databases of all tests.
    mariadb.execute("CREATE DATABASE sessions CHARACTER SET latin1")
    url, restored = make_url(mariadb.url("sessions")), mariadb.url("restored")
    client = f'[client]\nhost = {url.host}\nport = {url.port}\nuser = {url.username}\npassword = "{url.password}"\n'
    (tmp_path / "client.cnf").write_text(client)
    log = Log(mariadb.url("sessions"))
    with log.being_written():
        run_as_written(commands("mariadb-dump"), tmp_path)
    run_as_written(commands("mariadb --"), tmp_path, RESTORED_URL=restored)
    log.check(restored)


def test_of_postgresql_are_restored_as_the_page_says(postgresql: PostgreSQL, tmp_path: Path) -> None:
    for name in ("sessions", "restored"):
        postgresql.execute(f"DROP DATABASE IF EXISTS {name}")
    url, restored = make_url(postgresql.url("sessions")), postgresql.url("restored")
    postgresql.execute(f"CREATE DATABASE sessions OWNER {url.username}")
    account = {"PGHOST": str(url.host), "PGPORT": str(url.port), "PGUSER": str(url.username)}
    account["PGPASSWORD"] = str(url.password)
    log = Log(postgresql.url("sessions"))
    with log.being_written():
        run_as_written(commands("pg_dump"), tmp_path, path=str(postgresql.programs), **account)
    script = commands("createdb")
    run_as_written(script, tmp_path, path=str(postgresql.programs), RESTORED_URL=restored, **account)
    log.check(restored)


@pytest.mark.parametrize("fixture", ["mariadb", "postgresql"])
def test_of_servers_are_left_to_the_command_that_the_page_has(
    request: pytest.FixtureRequest, fixture: str, tmp_path: Path
) -> None:
    url = request.getfixturevalue(fixture).new_database()
    done = run("backup", "--database-url", url, str(tmp_path / "backup.db"))
    assert done.returncode == 1
    (dump,) = re.findall(r"for this database run (.*), as docs/operations.md says\n", done.stderr)
    assert dump.split()[0] in ("mariadb-dump", "pg_dump")
    assert all(word in commands(dump.split()[0]) for word in dump.split())
    assert not list(tmp_path.iterdir())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An SQLite database of a few MiB."""
    path = tmp_path / "test.db"
    schema.migrate_url(f"sqlite:///{path}")
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE filling (number INTEGER PRIMARY KEY, bytes BLOB)")
        connection.executemany("INSERT INTO filling (bytes) VALUES (?)", [(bytes(4000),)] * 1000)
    return path


def backup(path: Path, target: Path, *prefix: str) -> str:
    """Make a backup that must fail, and return what the command says."""
    done = run("backup", "--database-url", f"sqlite:///{path}", str(target), prefix=prefix)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    return done.stderr.removeprefix("activity-session: ")


class TestCopy:
    def test_is_as_of_its_begin_while_others_commit(
        self, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        numbers: list[int] = []
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as writer:

            def commit(*_: int) -> None:
                # An end, for a copy that begins anew after each commit.
                if len(numbers) < MOST_COMMITS:
                    numbers.append(len(numbers))
                    writer.execute("INSERT INTO filling (number) VALUES (?)", (10_000 + numbers[-1],))

            class Copied(sqlite3.Connection):
                """A source into which others write after each page that is copied of it."""

                def backup(self, target: sqlite3.Connection, **_: object) -> None:
                    super().backup(target, pages=1, progress=commit)

            writer.execute("PRAGMA synchronous = OFF")
            commit()
            with monkeypatch.context() as patch:
                patch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Copied))
                copies.copy(str(path), str(tmp_path / "backup.db"))
        assert 1000 < len(numbers) < MOST_COMMITS
        with contextlib.closing(sqlite3.connect(tmp_path / "backup.db")) as connection:
            copied = connection.execute("SELECT number FROM filling WHERE number >= 10000").fetchall()
        assert copied == [(10_000,)]

    def test_of_a_newer_schema_is_made_too(self, path: Path, tmp_path: Path) -> None:
        with contextlib.closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(f"UPDATE {revisions.VERSION_TABLE} SET version_num = '9999'")
        done = run("backup", "--database-url", f"sqlite:///{path}", str(tmp_path / "backup.db"))
        said = rf"sqlite:///{path}: copied to {tmp_path / 'backup.db'}, \d\.\d MiB, and checked\n"
        assert re.fullmatch(said, done.stdout)

    def test_replaces_no_file(self, path: Path, tmp_path: Path) -> None:
        target = tmp_path / "backup.db"
        target.write_text("mine")
        assert backup(path, target) == f"{target} is there already: a backup replaces no file\n"
        assert target.read_text() == "mine"

    def test_leaves_one_that_runs_or_was_killed_alone(self, path: Path, tmp_path: Path) -> None:
        part = tmp_path / "backup.db.part"
        part.write_text("another's")
        said = backup(path, tmp_path / "backup.db")
        assert said == f"{part} is there already: another backup runs, or was broken off; if none runs, remove it\n"
        assert part.read_text() == "another's"
        assert not (tmp_path / "backup.db").exists()

    def test_of_a_damaged_file_is_not_kept(self, path: Path, tmp_path: Path) -> None:
        with path.open("r+b") as file:
            file.seek(path.stat().st_size // 2)
            file.write(b"\xff" * 64 * 1024)
        assert "the database is damaged, and so is its copy" in backup(path, tmp_path / "backup.db")
        assert list(tmp_path.iterdir()) == [path]

    def test_for_which_there_is_no_room_is_not_kept(self, path: Path, tmp_path: Path) -> None:
        if shutil.which("prlimit") is None:
            pytest.skip("prlimit is not installed; to test a file that may not grow: apt-get install util-linux")
        said = backup(path, tmp_path / "backup.db", "prlimit", "--fsize=1000000")
        assert said.startswith(f"{path} cannot be copied to {tmp_path / 'backup.db.part'}: ")
        assert list(tmp_path.iterdir()) == [path]

    def test_needs_a_database_and_a_folder(self, path: Path, tmp_path: Path) -> None:
        missing = tmp_path / "missing" / "backup.db"
        assert backup(path, missing) == f"{missing}.part cannot be made: No such file or directory\n"
        assert backup(tmp_path / "none.db", tmp_path / "backup.db") == f"there is no {tmp_path / 'none.db'}\n"
        assert "a database in memory" in backup(Path(":memory:"), tmp_path / "backup.db")
        assert list(tmp_path.iterdir()) == [path]
