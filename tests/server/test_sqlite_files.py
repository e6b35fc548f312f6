"""An SQLite file that is moved, mounted, damaged or without a log: nothing is acknowledged that is not kept.

Nothing here opens a served file in the process of its server: to close it would release the locks of SQLite.
"""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from grpc import RpcError, StatusCode
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from activity_session.v1.event_pb2 import Event
from activity_session.v1.event_service_pb2 import AppendEventsRequest, UpdateStateRequest
from activity_session_server.app import App
from activity_session_server.store import schema
from activity_session_server.store.backends import files
from activity_session_server.store.backends.files import FileError, is_mounted_alone
from activity_session_server.store.revisions import SchemaError
from activity_session_testing.moments import before, eventually
from activity_session_testing.processes import ServerProcess, run, serving_process
from activity_session_testing.rpcs import SERVICES
from activity_session_testing.servers import Client, Failure, connected, failure, serving
from activity_session_testing.steps import append, at_once, list_events, new_session, read_state

PARENT = "namespaces/default"
SERVING, NOT_SERVING = HealthCheckResponse.SERVING, HealthCheckResponse.NOT_SERVING
FLAGS = ["--health-interval", "0.05"]
ABSENT, OTHER = "No such file or directory", "another file is there"
# Root may write to any folder, unless it gives that right up.
WITHOUT_RIGHTS = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
# Runs the command after it with its first file mounted over its second.
MOUNTED = ["unshare", "-m", "sh", "-c", 'mount --bind "$0" "$1" && shift && exec "$@"']
MAY_MOUNT = subprocess.run("unshare -m mount --bind . .", shell=True, capture_output=True, check=False).returncode == 0
# More events than the cache of a connection holds, 2 MB.
EVENTS, EVENT_CHARACTERS = 4000, 1000
DAMAGED = "the database's file is damaged"


def health(client: Client) -> set[int]:
    stub = HealthStub(client.channel)
    return {stub.Check(HealthCheckRequest(service=service), timeout=10).status for service in SERVICES}


def become(client: Client, status: int) -> None:
    eventually(lambda: health(client) == {status})


def refusal_of(client: Client, session: str) -> Failure:
    return failure(client.events.AppendEvents, AppendEventsRequest(parent=session, events=[Event(text="x")]))


def texts(client: Client, session: str) -> list[str]:
    return [event.text for event in list_events(client, session)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "folder").mkdir()
    return tmp_path / "folder" / "test.db"


@pytest.fixture
def log(path: Path) -> Path:
    return path.with_name("test.db-wal")


class TestMoved:
    @pytest.fixture
    def server(self, path: Path) -> Iterator[App]:
        with serving(f"sqlite:///{path}", health_interval=0.05) as server:
            yield server

    @pytest.fixture
    def client(self, server: App) -> Iterator[Client]:
        with connected(server.address) as client:
            yield client

    @pytest.mark.parametrize(
        ("moved", "happened"),
        [("test.db", ABSENT), ("test.db", OTHER), ("test.db-wal", ABSENT), ("test.db-wal", OTHER), ("", ABSENT)],
    )
    def test_refuses_writes_until_the_path_leads_to_the_file_again(
        self, path: Path, client: Client, caplog: pytest.LogCaptureFixture, moved: str, happened: str
    ) -> None:
        session = new_session(client, PARENT).name
        append(client, session, "before")
        become(client, SERVING)
        # One of the two files, or their folder.
        place, away = path.parent / moved, path.parents[1] / "away"
        place.rename(away)
        if happened == OTHER:
            place.touch()
        become(client, NOT_SERVING)
        refusal = refusal_of(client, session)
        said = f"the path {place if moved else path} no longer leads to the file that was opened: {happened}"
        assert (refusal.code, refusal.reason) == (StatusCode.UNAVAILABLE, "DATABASE_UNAVAILABLE")
        assert refusal.message == said
        assert eventually(lambda: f"not ready: {said}" in caplog.messages)
        # SQLite makes none in its place.
        assert place.exists() == (happened == OTHER)
        away.rename(place)
        become(client, SERVING)
        append(client, session, "after")
        assert texts(client, session) == ["before", "after"]

    def test_opens_no_connection_to_another_file(self, path: Path, server: App, client: Client) -> None:
        become(client, SERVING)
        path.rename(path.with_name("away"))
        closed = next(one for one in server.store._connections._idle if not one.is_open)  # noqa: SLF001
        with pytest.raises(FileError, match=ABSENT):
            closed.open()
        assert not path.exists()

    def test_a_write_finds_out_that_the_file_is_gone(self, path: Path) -> None:
        away = path.with_name("away")
        # Nobody else looks.
        with serving(f"sqlite:///{path}", health_interval=300.0) as server, connected(server.address) as client:
            session, acknowledged = new_session(client, PARENT).name, 0
            path.rename(away)
            while not isinstance(found := at_once([partial(append, client, session, "x")])[0], Failure):
                acknowledged += 1
                # No more of them than fit between two looks.
                assert acknowledged < 100
            refused = refusal_of(client, session)
            away.rename(path)
            assert (found.code, found.reason) == (StatusCode.UNKNOWN, "COMMIT_OUTCOME_UNKNOWN")
            assert found.message.endswith(f"{ABSENT}; the change may have been made")
            assert (refused.code, refused.reason) == (StatusCode.UNAVAILABLE, "DATABASE_UNAVAILABLE")
            # The one that found it out was made, the next one was not.
            assert append(client, session, "x").last_sequence == acknowledged + 2

    @pytest.mark.parametrize("request_id", ["", "one"])
    def test_carries_out_once_what_was_committed_to_a_file_that_is_put_back(
        self, path: Path, monkeypatch: pytest.MonkeyPatch, request_id: str
    ) -> None:
        monkeypatch.setattr(files, "LOOK_INTERVAL", 0.0)
        away = path.with_name("away")
        with serving(f"sqlite:///{path}", health_interval=300.0) as server, connected(server.address) as client:
            request = UpdateStateRequest(name=new_session(client, PARENT).name, request_id=request_id)
            request.updates.add(key="x", value_json="1")
            with (
                before(server, "COMMIT", lambda: path.rename(away)),
                # It ends what is left of a commit that failed.
                before(server, "ROLLBACK", lambda: away.rename(path)),
            ):
                if request_id:
                    client.events.UpdateState(request)
                else:
                    assert failure(client.events.UpdateState, request).reason == "COMMIT_OUTCOME_UNKNOWN"
            # A second change would make it 2.
            assert read_state(client, request.name)["x"].revision == 1

    @pytest.mark.parametrize("end", ["kill", "terminate"])
    def test_a_file_and_its_log_have_all_that_was_acknowledged(
        self, tmp_path: Path, path: Path, log: Path, end: str
    ) -> None:
        flags = ["--database-url", f"sqlite:///{path}", *FLAGS]
        with serving_process(tmp_path / "log", *flags) as process, connected(process.address) as client:
            session = new_session(client, PARENT).name
            for number in range(10):
                append(client, session, str(number))
            path.rename(tmp_path / "away")
            become(client, NOT_SERVING)
            assert refusal_of(client, session).reason == "DATABASE_UNAVAILABLE"
            getattr(process.process, end)()
            process.wait()
        # SQLite neither removes it nor carries it into another file.
        assert log.stat().st_size
        (tmp_path / "away").rename(path)
        with serving(f"sqlite:///{path}") as server, connected(server.address) as client:
            assert texts(client, session) == [str(number) for number in range(10)]


class TestMounted:
    MOUNTS = (
        "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw",
        "36 22 254:0 /a/folder /data rw,relatime shared:1 - ext4 /dev/vda rw",
        "37 22 254:0 /a/test.db /alone/test.db rw,relatime shared:1 - ext4 /dev/vda rw",
        r"38 22 254:0 /a/test.db /a\040\134place/test.db rw,relatime - ext4 /dev/vda rw",
    )

    @pytest.mark.parametrize(
        ("path", "is_alone"),
        [("/data/test.db", False), ("/alone/test.db", True), ("/a \\place/test.db", True), ("/test.db", False)],
    )
    def test_a_file_is_told_apart_from_one_in_a_folder_that_is_mounted(self, path: str, *, is_alone: bool) -> None:
        assert is_mounted_alone(path, self.MOUNTS) is is_alone

    # Without the right to mount, what is found in the list of mounts is shown by the test above alone.
    @pytest.mark.parametrize("is_mounted", [False, *([True] if MAY_MOUNT else [])])
    def test_warns_of_a_file_that_is_mounted_by_itself(self, tmp_path: Path, path: Path, *, is_mounted: bool) -> None:
        outside = tmp_path / "outside.db"
        for file in (outside, path):
            schema.migrate_url(f"sqlite:///{file}")
        prefix = [*MOUNTED, str(outside), str(path)] if is_mounted else []
        checked = run("check", "--database-url", f"sqlite:///{path}", prefix=prefix)
        assert checked.returncode == 0
        said = f"the file {path} is mounted by itself"
        assert (f"warning: {said}" in checked.stdout) is is_mounted
        with serving_process(tmp_path / "log", "--database-url", f"sqlite:///{path}", prefix=prefix) as process:
            logged = [line["message"] for line in process.log_lines() if line["level"] == "warning"]
        assert any(line.startswith(said) and line.endswith("mount the folder") for line in logged) is is_mounted


class TestWithoutALog:
    @pytest.mark.parametrize("had_one", [False, True])
    @pytest.mark.parametrize("do", [schema.migrate_url, lambda url: list(schema.inspect_url(url, 1, lambda: None))])
    def test_a_file_system_that_refuses_it_is_not_used(
        self, path: Path, monkeypatch: pytest.MonkeyPatch, do: Callable[[str], object], *, had_one: bool
    ) -> None:
        if had_one:
            schema.migrate_url(f"sqlite:///{path}")
        else:
            path.touch()
        # Without it, `check` says that there is no file of that name yet.
        path.with_name("file:test.db").touch()
        # This file system of SQLite has no shared memory, as one of a network.
        monkeypatch.chdir(path.parent)
        url = "sqlite:///file:test.db?vfs=unix-dotfile&uri=true"
        with pytest.raises(SchemaError, match="cannot use a write-ahead log there"):
            do(url)

    def test_no_command_uses_a_folder_that_may_not_be_written_to(self, path: Path) -> None:
        schema.migrate_url(f"sqlite:///{path}")
        path.parent.chmod(0o555)
        try:
            for command in (["serve", "--address", "127.0.0.1:0"], ["check"]):
                said = refused([*command, "--database-url", f"sqlite:///{path}"], WITHOUT_RIGHTS)
                assert "SQLite cannot use a write-ahead log there (attempt to write a readonly database)" in said
        finally:
            path.parent.chmod(0o755)


def refused(command: Sequence[str], prefix: Sequence[str] = ()) -> str:
    """Run a command that must fail, and return the line that it says why."""
    done = run(*command, prefix=prefix)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    (line,) = (line for line in done.stderr.splitlines() if line.startswith("activity-session: "))
    return line


class TestDamaged:
    @pytest.fixture
    def session(self, path: Path) -> str:
        """A session whose events fill most of the file."""
        with serving(f"sqlite:///{path}") as server, connected(server.address) as client:
            session = new_session(client, PARENT).name
            for _ in range(EVENTS // 100):
                append(client, session, *["x" * EVENT_CHARACTERS] * 100)
        return session

    @pytest.fixture
    def process(self, tmp_path: Path, path: Path, session: str) -> Iterator[ServerProcess]:
        del session
        with serving_process(tmp_path / "log", "--database-url", f"sqlite:///{path}", *FLAGS) as process:
            yield process

    def test_a_server_that_meets_damage_is_not_ready(self, path: Path, session: str, process: ServerProcess) -> None:
        with connected(process.address) as client:
            append(client, session, "it is whole")
            become(client, SERVING)
            damage_middle(path)
            refusal = refusal_of_the_log(client, session)
            assert (refusal.code, refusal.reason) == (StatusCode.UNAVAILABLE, "DATABASE_UNAVAILABLE")
            assert refusal.message == DAMAGED
            become(client, NOT_SERVING)
            refusal = refusal_of(client, session)
            assert refusal.reason == "DATABASE_UNAVAILABLE"
            said = f"the database's file {path} is damaged (SQLITE_CORRUPT: database disk image is malformed)"
            assert refusal.message == said
            assert eventually(lambda: f"not ready: {said}" in [line["message"] for line in process.log_lines()])
            assert not any("Traceback" in str(line) for line in process.log_lines())

    def test_check_finds_what_a_start_does_not_read(self, path: Path, session: str) -> None:
        whole = run("check", "--database-url", f"sqlite:///{path}")
        assert whole.returncode == 0
        assert f"file: reading all of it, {path.stat().st_size / 2**20:.1f} MiB\nfile: ok\n" in whole.stdout
        damage_middle(path)
        assert f"the file {path} is damaged: " in refused(["check", "--database-url", f"sqlite:///{path}"])
        with serving(f"sqlite:///{path}", health_interval=0.05) as server, connected(server.address) as client:
            assert refusal_of_the_log(client, session).message == DAMAGED
            become(client, NOT_SERVING)

    @pytest.mark.parametrize(
        ("first", "error"),
        [(0, "SQLITE_NOTADB: file is not a database"), (4096, "SQLITE_CORRUPT: database disk image is malformed")],
    )
    def test_a_start_that_reads_damage_says_so(self, path: Path, first: int, error: str) -> None:
        schema.migrate_url(f"sqlite:///{path}")
        damage(path, first, path.stat().st_size)
        for command in (["serve", "--address", "127.0.0.1:0"], ["check"]):
            assert error in refused([*command, "--database-url", f"sqlite:///{path}"])


def refusal_of_the_log(client: Client, session: str) -> Failure:
    """Read the events of a session until they cannot be read."""
    with pytest.raises(RpcError) as raised:
        list_events(client, session)
    return Failure(raised.value)


def damage_middle(path: Path) -> None:
    """Damage the half of a file that is in its middle, after all of it was written there."""
    with closing(sqlite3.connect(path)) as connection:
        ((is_busy, *_),) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert not is_busy
    size = path.stat().st_size
    damage(path, size // 4, size * 3 // 4)


def damage(path: Path, first: int, last: int) -> None:
    """Overwrite bytes, in a process of its own."""
    code = "import sys; file = open(sys.argv[1], 'r+b'); _, _, first, size = sys.argv;"
    code += "file.seek(int(first)); file.write(b'\\xa5' * int(size))"
    subprocess.run([sys.executable, "-c", code, path, str(first), str(last - first)], check=True)
