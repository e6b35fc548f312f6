"""The audit log: who has changed what, a line for each call that may, in a file of its own."""

import contextlib
import json
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest

from activity_session.v1.memory_service_pb2 import GetMemoryRequest
from activity_session.v1.namespace_pb2 import Namespace
from activity_session.v1.namespace_service_pb2 import CreateNamespaceRequest, GetNamespaceRequest
from activity_session.v1.session_pb2 import Session
from activity_session.v1.session_service_pb2 import (
    AcquireTurnRequest,
    CreateSessionRequest,
    PurgeSessionsRequest,
    WatchSessionRequest,
)
from activity_session_server.rules.access.callers import Grant
from activity_session_server.rules.access.permissions import may_write
from activity_session_server.rules.access.roles import Role
from activity_session_testing.access import STRANGER, Access, serving_callers
from activity_session_testing.moments import eventually
from activity_session_testing.processes import ServerProcess, run, serving_process
from activity_session_testing.rpcs import COUNTED, MUTATING, RPCS, Rpc
from activity_session_testing.servers import Client, connected, failure, serving
from activity_session_testing.steps import (
    AGENT,
    acquire_turn,
    append,
    delete_session,
    new_memory,
    new_participant,
    new_session,
    refused,
    release_turn,
    update_session,
    waiting_for_turn,
)

PARENT = "namespaces/default"
MEMORY = "sqlite:///:memory:"
CALLERS, CALLS = 8, 25
LOGGER = "activity_session.audit"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


@pytest.fixture
def access(path: Path) -> Iterator[Access]:
    # Eve is known, and may do nothing that is of interest here.
    grants = [Grant("ada", "", Role.ADMIN), Grant("bob", "", Role.READER), Grant("eve", "elsewhere", Role.READER)]
    with serving_callers(MEMORY, grants, audit_log_file=str(path)) as access:
        yield access


@pytest.fixture
def ada(access: Access) -> Iterator[Client]:
    with access.client("ada") as client:
        yield client


def lines(*paths: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for path in paths for line in path.read_text().splitlines()]


def last(path: Path) -> dict[str, Any]:
    return lines(path)[-1]


def method(rpc: str) -> str:
    return f"/{RPCS[rpc].descriptor.containing_service.full_name}/{rpc}"


def test_a_line_says_who_has_changed_what(ada: Client, path: Path) -> None:
    session = new_session(ada, PARENT, "one", description="planted").name
    (line,) = lines(path)
    assert line.pop("time").endswith("+00:00")
    assert line.pop("peer").startswith("ipv4:127.0.0.1:")
    assert len(line.pop("call_id")) == 32
    assert line == {"subject": "ada", "method": method("CreateSession"), "resource": session, "code": "OK"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_gets_an_id_of_the_server_is_named_by_it(ada: Client, path: Path) -> None:
    namespace = ada.namespaces.CreateNamespace(CreateNamespaceRequest(namespace=Namespace()))
    assert last(path)["resource"] == namespace.name
    session = ada.sessions.CreateSession(CreateSessionRequest(parent=namespace.name, session=Session()))
    assert last(path)["resource"] == session.name
    append(ada, session.name, "hello")
    assert last(path)["resource"] == session.name


def test_what_is_refused_has_its_reason(access: Access, ada: Client, path: Path) -> None:
    missing = f"{PARENT}/sessions/missing"
    assert failure(ada.sessions.DeleteSession, RPCS["DeleteSession"].request_class(name=missing))
    expected = {"subject": "ada", "resource": missing, "code": "NOT_FOUND", "reason": "SESSION_NOT_FOUND"}
    assert last(path).items() >= expected.items()
    with access.client("bob") as bob:
        refused(bob.sessions.DeleteSession, RPCS["DeleteSession"].request_class(name=missing), "PERMISSION_DENIED")
    assert last(path).items() >= {"subject": "bob", "resource": missing, "reason": "PERMISSION_DENIED"}.items()


def test_a_read_that_a_caller_may_not_make_is_there_too(access: Access, path: Path) -> None:
    request = GetNamespaceRequest(name=PARENT)
    for subject, reason in (("eve", "PERMISSION_DENIED"), (STRANGER, "UNAUTHENTICATED")):
        with access.client(subject) as client:
            refused(client.namespaces.GetNamespace, request, reason)
            assert last(path).items() >= {"method": method("GetNamespace"), "reason": reason}.items()
            watch = client.sessions.WatchSession(WatchSessionRequest(name=f"{PARENT}/sessions/one"), timeout=20)
            assert failure(lambda _, watch=watch: next(watch), request).reason == reason
            assert last(path).items() >= {"method": method("WatchSession"), "reason": reason}.items()
    assert [line["subject"] for line in lines(path)] == ["eve", "eve", "", ""]
    assert [line["resource"] for line in lines(path)] == [PARENT, f"{PARENT}/sessions/one", "", ""]


def test_methods_that_write_are_those_that_http_would_not_get() -> None:
    assert {name for name in RPCS if may_write(method(name))} == set(MUTATING)
    touching = {name for name in RPCS if may_write(method(name), GetMemoryRequest(touch=True))}
    assert touching == {*MUTATING, *COUNTED}


@pytest.mark.parametrize("rpc", RPCS.values(), ids=RPCS)
def test_each_call_of_a_method_that_writes_has_one_line(ada: Client, path: Path, rpc: Rpc) -> None:
    """Also one whose request cannot be read."""
    for raw in (b"", b"\xff"):
        with contextlib.suppress(grpc.RpcError):
            rpc.raw_on(ada.channel)(raw, timeout=20)
    assert [line["method"] for line in lines(path)] == [method(rpc.name)] * 2 * rpc.is_mutating


def test_a_memory_that_is_recalled_has_a_line_and_one_that_is_read_has_none(ada: Client, path: Path) -> None:
    session = new_session(ada, PARENT).name
    name = new_memory(ada, session, new_participant(ada, PARENT, participant_type=AGENT)).name
    before = len(lines(path))
    ada.memories.GetMemory(GetMemoryRequest(name=name))
    assert len(lines(path)) == before
    ada.memories.GetMemory(GetMemoryRequest(name=name, touch=True))
    assert [line["resource"] for line in lines(path)[before:]] == [name]


def test_a_purge_has_a_line_for_each_session_that_it_expunges(ada: Client, path: Path) -> None:
    names = [delete_session(ada, new_session(ada, PARENT, name).name).name for name in ("a", "b")]
    request = PurgeSessionsRequest(parent=PARENT, filter="*")
    before = len(lines(path))
    assert ada.sessions.PurgeSessions(request).purge_count == 2
    assert [line["resource"] for line in lines(path)[before:]] == [PARENT]
    request.force, request.page_size = True, 1
    for name in names:
        before = len(lines(path))
        request.page_token = ada.sessions.PurgeSessions(request).next_page_token
        found = lines(path)[before:]
        assert [line["resource"] for line in found] == [name, PARENT]
        assert {(line["subject"], line["method"], line["code"]) for line in found} == {
            ("ada", method("PurgeSessions"), "OK")
        }
        assert len({line["call_id"] for line in found}) == 1


def test_a_turn_has_its_line_before_its_client_learns_of_it(access: Access, ada: Client, path: Path) -> None:
    session = new_session(ada, PARENT).name
    alice, bob = (new_participant(ada, PARENT) for _ in range(2))
    lease = acquire_turn(ada, session, alice)
    assert last(path).items() >= {"method": method("AcquireTurn"), "resource": session, "code": "OK"}.items()
    waiting = waiting_for_turn(ada, session, bob)
    release_turn(ada, lease)
    waiting.result()
    assert [line["method"] for line in lines(path)[-2:]] == [method("ReleaseTurn"), method("AcquireTurn")]
    gone = ada.sessions.AcquireTurn.future(AcquireTurnRequest(session=session, participant=alice, wait=True))
    queues = access.server.live.turn_queues._queues  # noqa: SLF001
    eventually(lambda: any(tuple(queue.waiters) for queue in tuple(queues.values())))
    gone.cancel()
    eventually(lambda: last(path)["code"] == "CANCELLED")


def test_what_the_server_does_by_itself_is_there(path: Path) -> None:
    settings = {"health_interval": 0.05, "sweep_interval": 0.05, "purge_age": 0.01}
    with serving(MEMORY, audit_log_file=str(path), **settings) as server, connected(server.address) as client:
        session = new_session(client, PARENT)
        session.expire_time.FromJsonString("2001-01-01T00:00:00Z")
        update_session(client, session, "expire_time")
        eventually(lambda: last(path)["method"] == "sweep/expunged")
    swept = [line for line in lines(path) if line["method"].startswith("sweep/")]
    assert [line["method"] for line in swept] == ["sweep/expired", "sweep/expunged"]
    assert {(line["subject"], line["resource"], line["code"]) for line in swept} == {("", session.name, "OK")}


class TestFile:
    def test_without_the_setting_there_is_none(self, tmp_path: Path) -> None:
        with serving(MEMORY) as server, connected(server.address) as client:
            new_session(client, PARENT)
        assert not list(tmp_path.iterdir())

    def test_a_file_that_was_there_is_appended_to(self, path: Path) -> None:
        path.write_text('{"of": "before"}\n')
        with serving(MEMORY, audit_log_file=str(path)) as server, connected(server.address) as client:
            new_session(client, PARENT)
        assert [line.get("of") for line in lines(path)] == ["before", None]

    @pytest.mark.parametrize("workers", ["1", "2"])
    def test_one_that_cannot_be_opened_is_an_error_at_the_start(self, tmp_path: Path, workers: str) -> None:
        path, database = tmp_path / "none" / "audit.jsonl", tmp_path / "test.db"
        flags = ("--address", "127.0.0.1:0", "--database-url", f"sqlite:///{database}", "--workers", workers)
        done = run("serve", *flags, "--audit-log-file", str(path))
        assert done.returncode == 1
        expected = f"activity-session: audit_log_file: {path} cannot be opened: No such file or directory"
        assert expected in done.stderr.splitlines()
        assert "Traceback" not in done.stderr
        assert not database.exists()

    def test_calls_go_on_when_it_cannot_be_written(self, path: Path, caplog: pytest.LogCaptureFixture) -> None:
        """A disk that is full, and has room again."""
        path.symlink_to("/dev/full")
        with serving(MEMORY, audit_log_file=str(path)) as server, connected(server.address) as client:
            for _ in range(3):
                new_session(client, PARENT)
            assert told(caplog) == [f"the audit log {path}: lines are lost: No space left on device"]
            path.unlink()
            session = new_session(client, PARENT)
        assert told(caplog)[1:] == [f"the audit log {path} is written again"]
        assert [line["resource"] for line in lines(path)] == [session.name]

    def test_lines_go_on_in_one_that_was_moved_while_there_can_be_no_new_one(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        folder, moved = tmp_path / "log", tmp_path / "moved"
        folder.mkdir()
        path = folder / "audit.jsonl"
        with serving(MEMORY, audit_log_file=str(path)) as server, connected(server.address) as client:
            folder.rename(moved)
            new_session(client, PARENT)
            new_session(client, PARENT)
            assert len(lines(moved / path.name)) == 2
            folder.mkdir()
            new_session(client, PARENT)
        assert len(lines(path)) == 1
        problem = "lines go into the file that was moved away: No such file or directory"
        assert told(caplog) == [f"the audit log {path}: {problem}", f"the audit log {path} is written again"]


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == LOGGER]


@contextlib.contextmanager
def workers(tmp_path: Path, path: Path) -> Iterator[ServerProcess]:
    url = f"sqlite:///{tmp_path / 'test.db'}"
    flags = ("--database-url", url, "--workers", "2", "--log-format", "json", "--audit-log-file", str(path))
    with serving_process(tmp_path / "log", *flags) as server:
        yield server


def write_much(address: str, between: Callable[[], object] = lambda: None) -> set[str]:
    """Write from several connections at once, and return the ids of the calls."""
    ids = [f"call-{caller}-{number}" for caller in range(CALLERS) for number in range(CALLS)]

    def write(caller: int) -> None:
        with connected(address) as client:
            for number in range(CALLS):
                request = CreateSessionRequest(parent=PARENT, session=Session(description="x" * 5000))
                client.sessions.CreateSession(request, metadata=(("x-call-id", f"call-{caller}-{number}"),))

    with ThreadPoolExecutor(CALLERS) as pool:
        doing = [pool.submit(write, caller) for caller in range(CALLERS)]
        between()
        for one in doing:
            one.result()
    return set(ids)


def test_workers_write_whole_lines_into_one_file_and_go_on_when_it_is_moved(tmp_path: Path, path: Path) -> None:
    moved = [tmp_path / f"audit.{number}" for number in range(3)]

    def rotate() -> None:
        for other in moved:
            eventually(lambda: path.exists() and len(lines(path)) >= CALLERS)
            path.rename(other)

    with workers(tmp_path, path) as server:
        ids = write_much(server.address, rotate)
        found = lines(path, *moved)
    assert len(found) == len(ids)
    assert {line["call_id"] for line in found} == ids
    assert all(lines(one) for one in moved)


def test_a_kill_loses_no_line_of_a_call_that_has_its_response(tmp_path: Path, path: Path) -> None:
    with serving_process(
        tmp_path / "log", "--database-url", f"sqlite:///{tmp_path / 'test.db'}", "--audit-log-file", str(path)
    ) as server:
        ids = write_much(server.address)
        server.kill()
        assert {line["call_id"] for line in lines(path)} == ids


CUT = """
import resource, sys
from activity_session_server.audit_file import AuditFile
file = AuditFile(sys.argv[1])
file.append(b"whole line 1\\n")
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (20, hard))
file.append(b"this line is cut off\\n")
file.append(b"this line is lost\\n")
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
file.append(b"whole line 2\\n")
"""


def test_a_line_that_was_cut_off_spoils_no_other(path: Path) -> None:
    subprocess.run([sys.executable, "-c", CUT, str(path)], check=True, timeout=60)
    assert path.read_text().splitlines() == ["whole line 1", "this li", "whole line 2"]
