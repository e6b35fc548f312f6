"""`migrate` that gets SIGKILL after any of its statements: the next one brings the database to the newest schema."""

import contextlib
import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import JSON, Column, Connection, Engine, MetaData, Table, create_engine, insert, text

from activity_session.v1.event_pb2 import Event
from activity_session_server.store import revisions, schema
from activity_session_testing.backends import SQLITE_FILE, MariaDB
from activity_session_testing.kills import migrate_killed
from activity_session_testing.schemas import described

DUMP = Path(__file__).parents[1] / "data" / "schema_0001.sql"
# Of the first version: a memory, and all that it belongs to.
CONTENT = """
INSERT INTO participant (pkid, name, namespace_pkid, participant_type)
    SELECT 'kim', 'Kim', pkid, 'AGENT' FROM namespace;
INSERT INTO activity_session (pkid, name, namespace_pkid) SELECT 'talk', 'talk', pkid FROM namespace;
INSERT INTO memory (pkid, name, activity_session_pkid, agent_pkid, memory_type, content)
    VALUES ('m', 'same', 'talk', 'kim', 'OBSERVATION', 'likes tea');
INSERT INTO request (scope, request_id, fingerprint, expire_ts)
    VALUES ('default', 'request-1', '', '2030-01-01 00:00:00')
"""


def test_on_mariadb_each_goes_on_where_the_one_before_was_killed(mariadb: MariaDB) -> None:
    fresh, database_url = mariadb.new_database(), mariadb.new_database()
    schema.migrate_url(fresh)
    passed: list[str] = []
    engine, like = create_engine(database_url), create_engine(fresh)
    kills, has_content, has_log = 0, False, False
    while statements := migrate_killed(database_url, passed, changes=2):
        passed += statements
        kills += 1
        with engine.begin() as connection:
            if not has_content and revisions.revision(connection) == "0001":
                for insert in CONTENT.split(";"):
                    connection.execute(text(insert))
                has_content = True
            if not has_log and revisions.revision(connection) in ("0002", "0003"):
                write_log(engine)
                has_log = True
    assert kills >= 20
    with engine.connect() as connection:
        assert revisions.revision(connection) == revisions.NEWEST
        check_content(connection)
        check_log(connection)
    assert described(engine) == described(like)
    engine.dispose()
    like.dispose()


def write_log(engine: Engine) -> None:
    """Write more events than one batch has."""
    events = Table("event", MetaData(), Column("labels", JSON), autoload_with=engine)
    rows = [
        {"activity_session_pkid": session, "sequence": number, "event_id": f"{number}", "content_text": f"{number}"}
        for session in ("other", "talk")
        for number in range(1, 1501)
    ]
    with engine.begin() as connection:
        connection.execute(insert(events), [{**row, "labels": {}, "create_ts": datetime(2026, 1, 1)} for row in rows])  # noqa: DTZ001 - columns hold UTC without a zone


def check_log(connection: Connection) -> None:
    rows = connection.execute(text("SELECT sequence, message FROM event ORDER BY activity_session_pkid, sequence"))
    found = [(sequence, Event.FromString(message).text) for sequence, message in rows]
    assert found == [(number, f"{number}") for number in range(1, 1501)] * 2


def check_content(connection: Connection) -> None:
    def rows(query: str) -> list[tuple[object, ...]]:
        return [tuple(row) for row in connection.execute(text(query))]

    assert rows("SELECT name FROM namespace") == [("default",)]
    assert rows(
        "SELECT memory.name, content, namespace.name FROM memory JOIN namespace ON namespace_pkid = namespace.pkid"
    ) == [("m", "likes tea", "default")]
    # One is the claim, the other says until when such claims can be found.
    assert sorted(rows("SELECT scope, request_id FROM idempotency")) == [
        ("", "scoped by namespace"),
        ("default", "request-1"),
    ]


@pytest.mark.parametrize("before", [None, "0001"])
def test_on_sqlite_one_that_is_killed_leaves_the_file_as_it_was(
    new_database: Callable[[str], str], tmp_path: Path, before: str | None
) -> None:
    database_url = new_database(SQLITE_FILE)
    if before is not None:
        load_first_version(tmp_path / "test.db")
    passed: list[str] = []
    kills = 0
    engine = create_engine(database_url)
    while statements := migrate_killed(database_url, passed, changes=3 if before is None else 2):
        passed += statements
        kills += 1
        with engine.connect() as connection:
            assert revisions.revision(connection) == before
    assert kills >= 20
    schema.migrate_url(f"sqlite:///{tmp_path / 'fresh.db'}")
    like = create_engine(f"sqlite:///{tmp_path / 'fresh.db'}")
    assert described(engine) == described(like)
    engine.dispose()
    like.dispose()


def load_first_version(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(DUMP.read_text(encoding="utf-8"))
