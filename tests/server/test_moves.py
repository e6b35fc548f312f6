"""`activity-session export` and `import` move a server, a namespace or a session from one database to another."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from activity_session.v1.event_service_pb2 import GetEventRequest
from activity_session.v1.session_service_pb2 import ListSessionsRequest
from activity_session.v1.state_pb2 import StateUpdate
from activity_session_server.__main__ import main
from activity_session_server.moving import exporting, importing
from activity_session_server.moving.progress import Progress
from activity_session_server.orm import Base, Expunged, Idempotency, InheritedRange, NodeLock
from activity_session_server.rules.access.roles import Role
from activity_session_server.settings import Settings
from activity_session_server.store import schema
from activity_session_server.store.queries.moves import kinds
from activity_session_testing.backends import KEEPING_BACKENDS, MARIADB, POSTGRESQL, SQLITE_FILE
from activity_session_testing.moments import engine_of
from activity_session_testing.moved import CHAT, NAMESPACE, fill
from activity_session_testing.processes import run
from activity_session_testing.servers import Client, connected, serving
from activity_session_testing.steps import (
    acquire_turn,
    append,
    get_session,
    list_events,
    new_participant,
    new_session,
    read_state,
    release_turn,
    update_session,
    update_state,
)

Capture = pytest.CaptureFixture[str]
QUIET = Progress("moved", is_quiet=True)
# What is not moved, and why; docs/moving.md says so.
# Of forks: the events that they have of other sessions are exported as theirs.
LEFT_OUT = {Idempotency, NodeLock, Expunged, InheritedRange}


def settings_of(url: str) -> Settings:
    given: Any = {"database_url": url}
    return Settings(**given)


def export(url: str, path: Path, scope: str = "", *, resumes: bool = False) -> bytes:
    exporting.export(settings_of(url), scope, str(path), resumes=resumes, progress=QUIET)
    return path.read_bytes()


def import_(url: str, content: bytes, path: Path) -> None:
    path.write_bytes(content)
    importing.import_(settings_of(url), str(path), QUIET)


def broken_off(url: str, content: bytes, path: Path) -> str:
    """Return why an import has ended."""
    with pytest.raises(importing.BrokenOffError) as caught:
        import_(url, content, path)
    return str(caught.value)


def at(folder: Path, name: str) -> str:
    return f"sqlite:///{folder / name}.db"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a database that has a bit of everything."""
    url = at(tmp_path_factory.mktemp("filled"), "source")
    with serving(url, anonymous_role=Role.SYSTEM) as server, connected(server.address) as client:
        fill(client)
    return url


@pytest.fixture(scope="module")
def exported(filled: str, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return export(filled, tmp_path_factory.mktemp("exported") / "all.jsonl")


def parsed(exported: bytes) -> list[tuple[str, dict[str, Any]]]:
    return [next(iter(json.loads(line).items())) for line in exported.splitlines()]


def test_each_table_and_column_is_moved_or_is_named_here() -> None:
    left = {mapped.__tablename__ for mapped in LEFT_OUT}
    assert {kind.table.name for kind in kinds.KINDS} | left == set(Base.metadata.tables)
    for kind in kinds.KINDS:
        of_name = {"name"} if kind.collection else set()
        moved = {column.name for column in kind.fields.values()} | {*kind.people, *kind.derived, *of_name}
        assert moved | ({kind.owner} - {""}) == {column.name for column in kind.table.columns}, kind.word
    # What follows from other lines: no other column may be left out without a reason.
    assert {kind.word: kind.derived for kind in kinds.KINDS if kind.derived} == {
        "member": {"session_name", "session_create_ts"},
        "event": {"sequence", "event_id", "author", "event_type", "labels", "event_ts", "create_ts"},
        "memory": {"namespace_pkid"},
    }


def test_the_data_of_these_tests_have_a_line_of_each_kind(exported: bytes) -> None:
    words = [word for word, _ in parsed(exported)]
    assert set(words) == {kind.word for kind in kinds.KINDS} | {"export", "end"}
    assert dict(parsed(exported)[-1][1]) == {word: words.count(word) for word in words if word not in ("export", "end")}


@pytest.mark.parametrize("backends", [(SQLITE_FILE,), (MARIADB, POSTGRESQL, SQLITE_FILE)], ids=["sqlite", "all"])
def test_an_export_is_the_same_after_each_database_it_has_been_in(
    backends: tuple[str, ...],
    request: pytest.FixtureRequest,
    new_database: Callable[[str], str],
    exported: bytes,
    tmp_path: Path,
) -> None:
    if MARIADB in backends:
        request.node.add_marker(MARIADB)
    content = exported
    for number, backend in enumerate(backends):
        url = new_database(backend)
        if backend != SQLITE_FILE:
            schema.migrate_url(url)
        import_(url, content, tmp_path / "in.jsonl")
        content = export(url, tmp_path / f"{number}.jsonl")
        assert content == exported, backend
        # All of it is there already.
        import_(url, content, tmp_path / "in.jsonl")
        assert export(url, tmp_path / f"{number}-again.jsonl") == exported


def seen(client: Client) -> list[object]:
    """What callers see of the two namespaces."""
    listed = [
        client.sessions.ListSessions(ListSessionsRequest(parent=name, show_deleted=True))
        for name in (NAMESPACE, "namespaces/default")
    ]
    events = [list_events(client, CHAT, show_superseded=shown) for shown in (True, False)]
    past = [read_state(client, CHAT, at_sequence=number) for number in (5, 21, 22)]
    return [*listed, *events, *past, read_state(client, NAMESPACE)]


@pytest.mark.parametrize("backend", KEEPING_BACKENDS)
def test_a_server_goes_on_with_it_as_if_nothing_had_happened(
    backend: str, new_database: Callable[[str], str], filled: str, exported: bytes, tmp_path: Path
) -> None:
    with serving(filled) as server, connected(server.address) as client:
        before = seen(client)
        token = get_session(client, CHAT).turn.token
    url = new_database(backend)
    # While it is served.
    with (
        serving(url, anonymous_role=Role.SYSTEM, health_interval=300.0) as server,
        connected(server.address) as client,
    ):
        import_(url, exported, tmp_path / "in.jsonl")
        assert seen(client) == before
        last = get_session(client, CHAT).last_sequence
        assert append(client, CHAT, "goes on").last_sequence == last + 1
        lease = get_session(client, CHAT).turn
        release_turn(client, lease)
        assert acquire_turn(client, CHAT, lease.holder).token > token
        new_session(client, NAMESPACE, "expunged")
        name = f"{NAMESPACE}/sessions/expunged"
        assert update_state(client, name, StateUpdate(key="k", value_json="1")).entries["k"].revision > 1
    if backend == SQLITE_FILE:
        assert run("check", "--database-url", url).returncode == 0


def test_a_namespace_and_a_session_are_exported_alone(filled: str, exported: bytes, tmp_path: Path) -> None:
    namespace = parsed(export(filled, tmp_path / "namespace.jsonl", NAMESPACE))
    assert namespace[0] == ("export", {"version": 1, "of": NAMESPACE})
    assert {line["name"] for word, line in namespace if word == "namespace"} == {NAMESPACE}
    assert [one for one in namespace[1:-1] if one not in parsed(exported)] == []
    session = export(filled, tmp_path / "session.jsonl", CHAT)
    words = [word for word, _ in parsed(session)]
    # The members of now and before, and the agent of a memory.
    assert words[:5] == ["export", "namespace", "participant", "participant", "session"]
    assert ("state", NAMESPACE) not in {(word, line.get("owner")) for word, line in parsed(session)}
    target = at(tmp_path, "target")
    import_(target, session, tmp_path / "in.jsonl")
    assert export(target, tmp_path / "again.jsonl", CHAT) == session


def test_what_a_session_needs_may_have_changed_where_it_comes_to(filled: str, tmp_path: Path) -> None:
    target = at(tmp_path, "target")
    content = b"".join(
        export(filled, tmp_path / f"{number}.jsonl", f"{NAMESPACE}/sessions/{name}")
        for number, name in enumerate(("managed", "deleted"))
    )
    import_(target, content, tmp_path / "in.jsonl")
    with serving(target, anonymous_role=Role.SYSTEM) as server, connected(server.address) as client:
        new_participant(client, NAMESPACE, "new")
        session = get_session(client, f"{NAMESPACE}/sessions/managed")
        import_(target, export(filled, tmp_path / "chat.jsonl", CHAT), tmp_path / "in.jsonl")
        assert get_session(client, CHAT).legal_hold
        session.description = "changed"
        update_session(client, session, "description")
    refusal = broken_off(target, content, tmp_path / "in.jsonl")
    assert refusal == (
        f"line 4: {session.name} is in the database, and differs from this session in description, revision,"
        " update_time"
    )


def test_an_export_that_was_broken_off_anywhere_goes_on(filled: str, exported: bytes, tmp_path: Path) -> None:
    path = tmp_path / "part.jsonl"
    lines = exported.splitlines(keepends=True)
    for count in range(len(lines)):
        for part in (b"", lines[count][:-1][: 9 * (count % 2) + 5]):
            path.write_bytes(b"".join(lines[:count]) + part)
            assert export(filled, path, resumes=True) == exported, count
    assert export(filled, path, resumes=True) == exported


def test_an_export_goes_on_with_what_was_made_meanwhile(tmp_path: Path) -> None:
    url = at(tmp_path, "source")
    path = tmp_path / "part.jsonl"
    with serving(url) as server, connected(server.address) as client:
        new_session(client, "namespaces/default", "a")
        path.write_bytes(export(url, tmp_path / "all.jsonl")[:-20])
        member = new_participant(client, "namespaces/default", "late")
        new_session(client, "namespaces/default", "b", participants=[{"participant": member}])
        content = export(url, path, resumes=True)
        assert [word for word, _ in parsed(content)] == [
            *("export", "namespace", "participant", "session", "session", "member", "end"),
        ]
    import_(at(tmp_path, "target"), content, tmp_path / "in.jsonl")


@pytest.mark.parametrize("backend", KEEPING_BACKENDS)
def test_an_import_that_was_killed_is_started_again(
    backend: str, new_database: Callable[[str], str], tmp_path: Path
) -> None:
    source, target = at(tmp_path, "source"), new_database(backend)
    path = tmp_path / "in.jsonl"
    with serving(source) as server, connected(server.address) as client:
        for name in ("a", "long", "z"):
            session = new_session(client, "namespaces/default", name).name
            append(client, session, "first")
        long = "namespaces/default/sessions/long"
        for _ in range(50):
            append(client, long, *["x" * 900] * 100)
        exported = export(source, tmp_path / "all.jsonl")
    with serving(target) as server, connected(server.address) as client:
        lines = exported.splitlines(keepends=True)
        assert broken_off(target, b"".join(lines[:4000]), path).startswith("line 4000: the input ends before its")
        with engine_of(server).connect() as connection:
            count = connection.scalar(text("SELECT count(*) FROM event"))
        assert 1900 < count < 4000
        # Of the second session nobody sees a part.
        found = client.sessions.ListSessions(ListSessionsRequest(parent="namespaces/default"))
        assert [session.name for session in found.sessions] == ["namespaces/default/sessions/a"]
        for content in (exported, exported):
            import_(target, content, path)
            assert len(list_events(client, long, omit_content=True)) == 5001
        assert client.events.GetEvent(GetEventRequest(name=list_events(client, long)[-1].name)).text == "x" * 900
    assert export(target, tmp_path / "again.jsonl") == exported


def changed(exported: bytes, word: str, **fields: Any) -> tuple[int, bytes]:
    """The number of the last line of a kind, and an export in which that line has other fields."""
    lines = parsed(exported)
    number = max(index for index, (found, _) in enumerate(lines) if found == word)
    lines[number][1].update(fields)
    return number + 1, b"".join(json.dumps(dict([line])).encode() + b"\n" for line in lines)


@pytest.mark.parametrize(
    ("word", "fields"),
    [
        ("namespace", {"description": "other"}),
        ("participant", {"enabled": False}),
        ("event", {"text": "other"}),
        ("state", {"value_json": "0"}),
        ("memory", {"importance": 9}),
        ("mark", {"holds": None}),
    ],
)
def test_what_differs_from_the_database_ends_an_import(
    exported: bytes, tmp_path: Path, word: str, fields: dict[str, Any]
) -> None:
    target, path = at(tmp_path, "target"), tmp_path / "in.jsonl"
    import_(target, exported, path)
    number, content = changed(exported, word, **fields)
    refusal = broken_off(target, content, path)
    assert refusal.startswith(f"line {number}: namespaces/")
    assert refusal.endswith(f"is in the database, and differs from this {word} in {next(iter(fields))}")


def test_another_one_of_the_same_name_ends_an_import(exported: bytes, tmp_path: Path) -> None:
    target, path = at(tmp_path, "target"), tmp_path / "in.jsonl"
    with serving(target) as server, connected(server.address) as client:
        uid = new_session(client, "namespaces/default", "mine").uid
        refusal = broken_off(target, exported, path)
        assert "line 2: namespaces/default is in the database, and is another one: its uid is namespace-" in refusal
        assert get_session(client, "namespaces/default/sessions/mine").uid == uid
    other = at(tmp_path, "other")
    import_(other, exported, path)
    number, content = changed(exported, "session", uid="activity_session-0")
    assert f"line {number}: namespaces/" in broken_off(other, content, path)


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        (b"", "it is not a JSON object with one key"),
        (b"[]", "it is not a JSON object with one key"),
        (b'{"a": {}, "b": {}}', "it is not a JSON object with one key"),
        (b'{"event": 1}', "event: it is no object"),
        (b'{"other": {}}', "other: this version knows no such line"),
        (b'{"export": {"version": 1}}', "the input ends before its export does"),
        (
            b'{"state": {"owner": "namespaces/x"}}',
            "it is of namespaces/x, and stands among the lines of",
        ),
        (b'{"state": {"owner": "namespaces/new", "key": "k"}}', "revision: it is missing"),
        (b'{"state": {"owner": "namespaces/new", "key": 5}}', "key: it is not what the column holds"),
        (b'{"state_owner": {"owner": "namespaces/new", "additions": 1, "revision": 1, "x": 1}}', "x: this version"),
        (
            b'{"participant": {"name": "namespaces/new/sessions/x"}}',
            "name: 'namespaces/new/sessions/x' is not of the form namespaces/{namespace}/participants",
        ),
        (b'{"end": {"session": 3}}', "the export had other lines before this one"),
    ],
)
def test_a_line_that_is_none_ends_an_import(tmp_path: Path, line: bytes, refusal: str) -> None:
    url, path = at(tmp_path, "target"), tmp_path / "in.jsonl"
    header = {"name": "namespaces/new", "uid": "namespace-1", "settings": {}, "legal_hold": False, "enabled": True}
    header |= {"managed": False, "deleted": False, "revision": 1, **dict.fromkeys(("create_time", "update_time"), TIME)}
    first = b'{"export": {"version": 1}}\n' + json.dumps({"namespace": header}).encode() + b"\n"
    assert broken_off(url, first + line + b"\n", path).startswith(f"line 3: {refusal}")
    assert broken_off(url, b'{"export": {"version": 2}}\n', path).startswith("line 1: version: this server takes")
    assert broken_off(url, b'{"session": {}}\n', path).startswith("line 1: no export begins so")


TIME = "2026-01-01T00:00:00Z"


def test_the_commands_say_how_far_they_are(filled: str, exported: bytes, tmp_path: Path) -> None:
    done = run("export", "--database-url", filled)
    assert done.stdout.encode() == exported
    sessions = exported.count(b'\n{"session":{')
    assert f"exported: 3 namespaces, 3 participants, {sessions} sessions, " in done.stderr
    path, target = tmp_path / "all.jsonl", at(tmp_path, "target")
    path.write_bytes(exported)
    done = run("import", "--database-url", target, "--input", str(path))
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith("imported: 3 namespaces, 3 participants, ")


def test_the_commands_say_what_is_wrong(filled: str, exported: bytes, tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "all.jsonl"

    def said(command: str, *flags: str, url: str = filled) -> tuple[int, str]:
        code = main([command, "--database-url", url, *flags])
        return code, capsys.readouterr().err.removeprefix("activity-session: ")

    assert said("export", "--output", str(path), "--quiet") == (0, "")
    assert path.read_bytes() == exported
    assert said("export", "--output", str(path)) == (1, f"{path}: File exists\n")
    other = f"{path}: it is no export of the same: its first line is another one\n"
    assert said("export", "--output", str(path), "--resume", "--session", CHAT) == (1, other)
    assert said("export", "--session", f"{CHAT}2") == (1, f"{CHAT}2 does not exist\n")
    assert said("export", "--resume") == (2, "settings: resume: it needs the file of --output\n")
    assert said("export", "--namespace", "x")[0] == 2
    assert said("import", "--input", str(tmp_path / "none"))[0] == 1
    path.write_bytes(exported[:-30])
    code, text_ = said("import", "--input", str(path), "--quiet", url=at(tmp_path, "target"))
    assert (code, text_.count("\n")) == (1, 1)


class Terminal(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("to", "end"), [(Terminal(), "\r"), (io.StringIO(), "\n")])
def test_progress_is_one_line_on_a_terminal_and_lines_elsewhere(to: io.StringIO, end: str) -> None:
    progress = Progress("exported", is_quiet=False, to=to, seconds=0)
    for count in range(1, 513):
        progress.tick({"event": count})
    progress.end({"event": 513, "session": 1})
    told = "exported: 0 namespaces, 0 participants, {} session{}, {} events"
    assert to.getvalue() == "".join((
        *(told.format(0, "s", count) + end for count in (256, 512)),
        told.format(1, "", 513) + "\n",
    ))  # fmt: skip
