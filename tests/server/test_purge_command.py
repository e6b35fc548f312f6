"""`activity-session purge` does at once what a sweep would do, and says before what that is."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from google.protobuf.duration_pb2 import Duration

from activity_session.v1.namespace_pb2 import NamespaceSettings
from activity_session_testing.ages import make_older
from activity_session_testing.backends import KEEPING_BACKENDS
from activity_session_testing.processes import run
from activity_session_testing.servers import connected, serving
from activity_session_testing.steps import (
    append,
    delete_session,
    get_session,
    make_namespace,
    new_session,
    session_or_none,
    update_session,
)

PARENT = "namespaces/default"
NOTHING = """\
expired: 0 sessions
expunged: 0 sessions
purged: 0 events
removed: 0 rows of expunged sessions
"""


@pytest.mark.parametrize("backend", KEEPING_BACKENDS)
def test_what_is_due_is_said_and_then_done(backend: str, new_database: Callable[[str], str], tmp_path: Path) -> None:
    url = new_database(backend)
    with (
        serving(url, health_interval=300.0, purge_age=timedelta(microseconds=1)) as server,
        connected(server.address) as client,
    ):
        deleted = delete_session(client, new_session(client, PARENT, "deleted").name)
        expired = [new_session(client, PARENT, name) for name in "abc"]
        for session in expired:
            session.expire_time.FromJsonString("2001-01-01T00:00:00Z")
            update_session(client, session, "expire_time")
        kept = make_namespace(client, settings=NamespaceSettings(event_purge_age=Duration(seconds=60))).name
        old = new_session(client, kept, "talk").name
        append(client, old, *["x"] * 20)
        make_older(server, old, 20)
        told = run("purge", "--dry-run", "--limit", "2", "--database-url", url)
        assert (told.returncode, told.stderr) == (0, "")
        assert told.stdout.splitlines()[:8] == [
            "would be expired: 3 sessions",
            f"  {expired[0].name}",
            f"  {expired[1].name}",
            "  and 1 more",
            "would be expunged: 1 session",
            f"  {deleted.name}",
            "would be purged: 20 events of 1 session",
            f"  {old}",
        ]
        assert get_session(client, deleted.name) == deleted
        assert get_session(client, old).first_sequence == 1
        audit = tmp_path / "audit"
        done = run("purge", "--database-url", url, "--audit-log-file", str(audit))
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines()[:4] == [
            "expired: 3 sessions",
            "expunged: 1 session",
            "purged: 20 events",
            "removed: 0 rows of expunged sessions",
        ]
        assert session_or_none(client, deleted.name) is None
        assert get_session(client, old).first_sequence == 21
        assert all(get_session(client, session.name).HasField("delete_time") for session in expired)
        methods = [json.loads(line)["method"] for line in audit.read_text().splitlines()]
        assert methods == ["sweep/expired"] * 3 + ["sweep/expunged", "sweep/purged"]
        assert run("purge", "--database-url", url).stdout.startswith(NOTHING)


def test_what_cannot_be_done_is_said_and_nothing_is_made(tmp_path: Path) -> None:
    path = tmp_path / "test.db"
    done = run("purge", "--database-url", f"sqlite:///{path}")
    assert (done.returncode, done.stderr) == (1, f"activity-session: there is no {path}; serve makes it\n")
    assert not path.exists()
    assert run("purge", "--dry-run", "--limit", "-1").returncode == 2
    assert run("migrate", "--database-url", f"sqlite:///{path}").returncode == 0
    done = run("purge", "--database-url", f"sqlite:///{path}", "--audit-log-file", str(tmp_path / "no" / "audit"))
    assert (done.returncode, done.stdout) == (1, "")
