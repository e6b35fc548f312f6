"""`activity-session events` prints a log for people who look into a database."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from google.protobuf import json_format

from activity_session.v1.event_pb2 import Event
from activity_session_testing.backends import KEEPING_BACKENDS
from activity_session_testing.logs import BLOBS, TEXTS
from activity_session_testing.processes import COMMAND, run
from activity_session_testing.servers import connected, serving
from activity_session_testing.steps import append, delete_session, list_events, new_session

SESSION = "namespaces/default/sessions/chat"


@pytest.mark.parametrize("backend", KEEPING_BACKENDS)
def test_each_event_is_a_line_of_json_in_their_order(backend: str, new_database: Callable[[str], str]) -> None:
    database_url = new_database(backend)
    with serving(database_url) as server, connected(server.address) as client:
        new_session(client, "namespaces/default", "chat")
        append(
            client,
            SESSION,
            *(Event(text=text, labels={"a": "ж"}) for text in TEXTS),
            *(Event(blob=blob) for blob in BLOBS),
        )
        for _ in range(11):
            append(client, SESSION, *["more"] * 100)
        there = list_events(client, SESSION)
        delete_session(client, SESSION)
    done = run("events", SESSION, "--database-url", database_url)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert [json_format.Parse(line, Event()) for line in lines] == there
    assert '"a": "ж"' in lines[0]
    assert not {"\x1b", "\x7f", "\x9b"} & set(done.stdout)
    assert len(there) > 1100


def test_a_reader_of_the_first_lines_ends_it(tmp_path: Path) -> None:
    database_url = f"sqlite:///{tmp_path / 'test.db'}"
    with serving(database_url) as server, connected(server.address) as client:
        new_session(client, "namespaces/default", "chat")
        for _ in range(20):
            append(client, SESSION, *["x" * 1000] * 100)
    arguments = [*COMMAND, "events", SESSION, "--database-url", database_url]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        assert json.loads(process.stdout.readline())["sequence"] == "1"
        process.stdout.close()
        assert process.stderr.read() == b""


def test_what_is_not_there_is_said_and_nothing_is_made(tmp_path: Path) -> None:
    path = tmp_path / "test.db"
    done = run("events", SESSION, "--database-url", f"sqlite:///{path}")
    assert (done.returncode, done.stderr) == (1, f"activity-session: there is no {path}; serve makes it\n")
    assert not path.exists()
    assert run("migrate", "--database-url", f"sqlite:///{path}").returncode == 0
    done = run("events", SESSION, "--database-url", f"sqlite:///{path}")
    assert (done.returncode, done.stderr) == (1, f"activity-session: {SESSION} does not exist\n")
    done = run("events", "chat", "--database-url", f"sqlite:///{path}")
    assert done.stderr == "activity-session: parent: is not of the form namespaces/{namespace}/sessions/{session}\n"
