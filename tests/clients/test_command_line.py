"""The command line for people, as processes that call a server."""

import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import pytest
import trustme
from cryptography.x509 import UniformResourceIdentifier
from google.protobuf import json_format

from activity_session import content
from activity_session.cli import main
from activity_session.v1 import BindParticipantRequest, Event, Session, SessionParticipant, StateUpdate
from activity_session_server.app import App
from activity_session_server.environment import unknown_variables
from activity_session_testing.callers import new_token
from activity_session_testing.certificates import issue
from activity_session_testing.proxies import proxying
from activity_session_testing.servers import Client, connected, serving, unique
from activity_session_testing.steps import (
    acquire_turn,
    append,
    get_session,
    list_events,
    make_namespace,
    members,
    new_participant,
    new_session,
    pop,
    update_state,
)

OF_CLIENT, OF_SERVER = "activity_session", "activity_session_server"
PREFIX = "ACTIVITY_SESSION_"
SECONDS = 60
NOWHERE = "127.0.0.1:1"
# A title for the window, a colour in eight bits, text from right to left, and what would look like the next event.
HOSTILE = "Hi \x1b]0;owned\x07\x9b31m\u202e\r\n7  2026-01-01T00:00:00Z  ada: I agree\u2028!"
SHOWN = ("Hi \\u001b]0;owned\\u0007\\u009b31m\\u202e", "    7  2026-01-01T00:00:00Z  ada: I agree\\u2028!")
COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e]")
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


@pytest.fixture(scope="module")
def served() -> Iterator[App]:
    """A server that looks at few rows for a page, so that lists have many."""
    with serving("sqlite:///:memory:", filter_rows=2) as server:
        yield server


@pytest.fixture(scope="module")
def target(served: App) -> str:
    return served.address


@pytest.fixture(scope="module")
def client(target: str) -> Iterator[Client]:
    with connected(target) as client:
        yield client


@pytest.fixture
def namespace(client: Client) -> str:
    """The id of a namespace that has ada, an agent, a session of theirs, and nothing else."""
    name = make_namespace(client, unique("people")).name
    ada, agent = new_participant(client, name, "ada"), new_participant(client, name, "a planner")
    new_session(client, name, "trip to 京都", participants=members(ada, agent), description="in spring")
    return name.rpartition("/")[2]


@pytest.fixture
def trip(namespace: str) -> str:
    """The name of that session."""
    return f"namespaces/{namespace}/sessions/trip to 京都"


def environment(target: str, **variables: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return inherited | {f"{PREFIX}TARGET": target, "PYTHONIOENCODING": "utf-8"} | variables


def command(*arguments: str, program: str = OF_CLIENT) -> Sequence[str]:
    return (sys.executable, "-m", program, *arguments)


def run(
    target: str, *arguments: str, program: str = OF_CLIENT, stdin: str = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments, program=program),
        env=environment(target, **variables),
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )


def said(target: str, *arguments: str, stdin: str = "", **variables: str) -> list[str]:
    """Return the lines of a command that must succeed, and say nothing else."""
    done = run(target, *arguments, stdin=stdin, **variables)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def refusal(target: str, *arguments: str, code: int = 1, **variables: str) -> str:
    """Return what a command says that must fail: one line, and nothing on stdout."""
    done = run(target, *arguments, **variables)
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    (line,) = done.stderr.splitlines()
    assert not COMMANDS.search(line)
    return line.removeprefix("activity-session: ")


@contextlib.contextmanager
def started(target: str, *arguments: str, stdout: int = subprocess.PIPE) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command(*arguments),
        env=environment(target, COLUMNS="70"),
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    try:
        with process:
            yield process
            process.wait(SECONDS)
    finally:
        process.kill()


def on_a_terminal(target: str, *arguments: str) -> str:
    """Return what a command writes to a terminal of 70 columns."""
    mine, its = pty.openpty()
    with started(target, *arguments, stdout=its), os.fdopen(mine, "rb", buffering=0) as terminal:
        os.close(its)
        written = b""
        with contextlib.suppress(OSError):  # of a terminal that nobody has any more
            while chunk := terminal.read(4096):
                written += chunk
    return written.decode().replace("\r\n", "\n")


def next_of(stream: IO[str] | None) -> str:
    assert stream is not None
    return stream.readline().rstrip("\n")


@pytest.mark.parametrize("program", [OF_CLIENT, OF_SERVER])
def test_sessions_are_listed_by_both_programs(client: Client, target: str, trip: str, program: str) -> None:
    parent, _, _ = trip.partition("/sessions/")
    new_session(client, parent, "older", enabled=False)
    append(client, trip, Event(text=HOSTILE, author=f"{parent}/participants/ada"))
    acquire_turn(client, trip, f"{parent}/participants/a planner", 60)
    done = run(target, "ls", parent.rpartition("/")[2], program=program)
    first, second = (line.split("\t") for line in done.stdout.splitlines())
    time = first.pop(4)
    assert re.fullmatch(TIME, time)
    assert first[:5] == ["trip to 京都", "active", "a planner", "a planner,ada", "in spring"]
    assert first[5].startswith("ada: Hi \\u001b]0;owned")
    assert second == ["older", "disabled", "", "", "", "", ""]


def test_namespaces_are_listed_where_none_is_given(target: str, namespace: str) -> None:
    assert f"{namespace}\tactive\t" in said(target, "ls", "--all")
    (row,) = said(target, "ls", ACTIVITY_SESSION_NAMESPACE=namespace)
    assert row == "trip to 京都\tactive\t\ta planner,ada\t\tin spring\t"


def test_a_list_has_as_many_as_are_wanted_over_all_pages(client: Client, target: str, namespace: str) -> None:
    for number in range(5):
        new_session(client, f"namespaces/{namespace}", f"s{number}")
    wanted = ["ls", namespace, "--filter", 'session_id = "s*"', "--json"]
    found = [json_format.Parse(line, Session()) for line in said(target, *wanted, "--all")]
    assert [one.name[-2:] for one in found] == ["s4", "s3", "s2", "s1", "s0"]
    done = run(target, *wanted, "-n", "3")
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 3)
    assert done.stderr == "activity-session: there are more than 3: -n takes another number, --all shows all\n"
    assert len(said(target, *wanted, "-n", "5")) == 5


def test_a_terminal_gets_columns_that_end_where_it_ends(client: Client, target: str, namespace: str) -> None:
    new_session(client, f"namespaces/{namespace}", "x", description=HOSTILE)
    header, *rows = on_a_terminal(target, "ls", namespace).splitlines()
    assert re.split(" {2,}", header)[:4] == ["SESSION", "STATE", "TURN", "MEMBERS"]
    # Characters of two columns are counted as such.
    assert [row[: row.index("active")] for row in rows] == ["x             ", "trip to 京都  "]
    assert not COMMANDS.search("\n".join(rows).replace("\n", ""))
    assert rows[0].endswith("…")
    assert max(map(len, (header, *rows))) == 70


def test_an_event_is_a_line_that_cannot_command_the_terminal(client: Client, target: str, trip: str) -> None:
    ada = trip.replace("sessions/trip to 京都", "participants/ada")
    call = content.write(Event(type="step"), [content.ToolCall("c1", "weather", {"city": "Kyōto"})])
    png, value = Event(blob=b"\x89PNG", media_type="image/png"), Event(text='{"a": 1}', media_type="application/json")
    unknown = content.write(Event(), [content.Other({"smell": "tea"})])
    append(client, trip, "no longer shown", Event(author=ada, text=HOSTILE), call, png, value, unknown, Event(type="t"))
    for written in ("\n".join(said(target, "tail", trip, "-n", "6")), on_a_terminal(target, "tail", trip, "-n", "6")):
        assert not COMMANDS.search(written)
        lines = written.splitlines()
        assert all(re.fullmatch(rf"[2-7]  {TIME}  .*", line) for line in (lines[0], *lines[2:]))
        assert [line[25:] for line in (lines[0], *lines[2:])] == [
            f"ada: {SHOWN[0]}",
            '- (step): [call c1 of weather: {"city":"Kyōto"}]',
            "-: [image/png]",
            '-: {"a": 1}',
            f"-: [{content.MEDIA_TYPE}]",
            "- (t):",
        ]
        assert lines[1] == SHOWN[1]


def test_lines_of_json_are_the_events_and_command_nothing_either(client: Client, target: str, trip: str) -> None:
    append(client, trip, HOSTILE, Event(blob=b"\x00\xff"))
    lines = said(target, "tail", trip, "--json")
    assert [json_format.Parse(line, Event()) for line in lines] == list_events(client, trip)
    assert not COMMANDS.search("\n".join(lines).replace("\n", ""))


def test_an_encoding_that_lacks_letters_gets_their_numbers(client: Client, target: str, trip: str) -> None:
    append(client, trip, "Kyōto")
    (line,) = said(target, "tail", trip, PYTHONIOENCODING="ascii")
    assert line.endswith("-: Ky\\u014dto")


def test_what_is_new_is_shown_once_over_disconnects_until_ctrl_c(client: Client, target: str, trip: str) -> None:
    append(client, trip, "one", "two")
    with proxying(target) as proxy, started(proxy.address, "tail", trip, "-n", "1", "--follow") as process:
        assert next_of(process.stdout).endswith("-: two")
        for text in ("three", "four", "five"):
            append(client, trip, text)
            assert next_of(process.stdout).endswith(f"-: {text}")
            proxy.cut()
        # It says so once in 30 s.
        assert "The watch of" in next_of(process.stderr)
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=SECONDS)
    assert (process.returncode, rest, errors) == (130, "", "")


def test_turns_members_and_marks_are_told_to_who_asks(client: Client, target: str, trip: str) -> None:
    parent, _, _ = trip.partition("/sessions/")
    append(client, trip, "one")
    mine, its = pty.openpty()
    with started(target, "tail", trip, "-fv", stdout=its) as process, os.fdopen(mine, encoding="utf-8") as terminal:
        os.close(its)
        assert next_of(terminal).endswith("-: one")
        acquire_turn(client, trip, f"{parent}/participants/a planner", 60)
        assert next_of(terminal) == "\x1b[90m-- turn: a planner\x1b[0m"
        pop(client, trip)
        assert next_of(terminal) == "\x1b[90m-- out of view: 1-1\x1b[0m"
        eve = new_participant(client, parent, "eve")
        client.sessions.BindParticipant(BindParticipantRequest(session=trip, participant=eve))
        assert next_of(terminal) == "\x1b[90m-- joined: eve\x1b[0m"
        process.send_signal(signal.SIGINT)


def test_it_ends_when_nobody_reads_any_more_also_without_an_event(client: Client, target: str, trip: str) -> None:
    append(client, trip, "one")
    with started(target, "tail", trip, "-f") as process:
        assert next_of(process.stdout).endswith("-: one")
        assert process.stdout
        process.stdout.close()
        assert process.stderr
        assert process.stderr.read() == ""
    assert process.returncode == 0


def test_an_append_prints_its_number(client: Client, target: str, trip: str, namespace: str) -> None:
    mine = {"ACTIVITY_SESSION_NAMESPACE": namespace}
    assert said(target, "append", "trip to 京都", "Where to?", "--as", "ada", **mine) == ["1"]
    agent = trip.replace("sessions/trip to 京都", "participants/a planner")
    text = '{"to": "Kyōto"}'
    given = ["--as", agent, "--type", "plan", "--media-type", "application/json", "--json"]
    (line,) = said(target, "append", trip, "-", *given, stdin=f"{text}\n")
    first, second = list_events(client, trip)
    assert (first.author, first.type, first.text) == (agent.replace("a planner", "ada"), "message", "Where to?")
    assert (second.author, second.type, second.text) == (agent, "plan", text)
    assert json_format.Parse(line, Event()) == second


def test_the_same_request_again_repeats_nothing(client: Client, target: str, trip: str) -> None:
    for _ in range(2):
        assert said(target, "append", trip, "once", "--as", "ada", "--request-id", "r1") == ["1"]
    assert len(list_events(client, trip)) == 1


def test_a_key_is_written_and_read(client: Client, target: str, trip: str) -> None:
    assert said(target, "state", "set", trip, "plan", '{"day 1": "河"}', "--revision", "0") == ["1"]
    assert said(target, "state", "set", trip, "plan", "-", "--revision", "1", stdin='[1.0, "\x7f"]') == ["2"]
    assert said(target, "state", "get", trip, "plan") == ['[1.0, "\\u007f"]']
    update_state(client, trip, StateUpdate(key="a key", value_json="null"))
    assert said(target, "state", "get", trip) == ["a key\t1\tnull", 'plan\t2\t[1.0, "\\u007f"]']
    found = [json.loads(line) for line in said(target, "state", "get", trip, "--json")]
    assert [(one["key"], one["revision"], one["valueJson"]) for one in found][1] == ("plan", "2", '[1.0, "\x7f"]')
    assert refusal(target, "state", "get", trip, "missing") == f"{trip} has no key missing"
    conflict = refusal(target, "state", "set", trip, "plan", "1", "--revision", "1")
    assert conflict.startswith("ABORTED REVISION_MISMATCH: ")


def test_members_are_listed_with_what_they_have_not_read(client: Client, target: str, trip: str) -> None:
    append(client, trip, "one", "two")
    assert said(target, "members", trip) == ["a planner\tuser\t0\t2\t", "ada\tuser\t0\t2\t"]
    found = [json_format.Parse(line, SessionParticipant()) for line in said(target, "members", trip, "--json")]
    assert found == list(get_session(client, trip).participants)


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["tail", "missing"], 1, "NOT_FOUND SESSION_NOT_FOUND: namespaces/default/sessions/missing does not exist"),
        (["ls", "default", "--filter", "nix"], 1, "INVALID_ARGUMENT INVALID_FILTER: filter, at character 0: .*"),
        (["append", "s", "x" * 100, "--as", "ada", "--type", "x" * 256], 1, r".* LIMIT_EXCEEDED: events\[0\].type: .*"),
        (["tail", "s", "--target", NOWHERE, "--timeout", "0.2"], 1, f"{NOWHERE}: DEADLINE_EXCEEDED: .*"),
        (["ls", "--token-file", "/\x1b[2J"], 1, r"/\\u001b\[2J: No such file or directory"),
        (["tail", "a/b"], 2, "'namespaces/default/sessions/a/b' is not the name of a resource"),
        (["append", "s", "\udcff", "--as", "ada"], 2, ".* surrogates not allowed, in Event.text"),
        (["ls", "--tls-key-file", "key"], 2, "--tls-certificate-file and --tls-key-file: each needs the other"),
    ],
)
def test_what_does_not_work_is_said_in_a_line(target: str, arguments: list[str], code: int, expected: str) -> None:
    assert re.fullmatch(expected, refusal(target, *arguments, code=code))


def test_a_wrong_command_line_is_said_by_the_parser(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["tail"], ["ls", "-n", "-1"], ["ls", "--timeout", "nan"], ["append", "s", "x"]):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2
        assert "error: " in capsys.readouterr().err


def test_callers_show_who_they_are(tmp_path: Path) -> None:
    authority, subject = trustme.CA(), "spiffe://example.org/ada"
    own, ada = authority.issue_cert("localhost"), issue(authority, UniformResourceIdentifier(subject))
    ca, certificate, key, token_file, grants = (
        str(tmp_path / name) for name in ("ca", "ada", "key", "token", "grants")
    )
    authority.cert_pem.write_to_path(ca)
    own.private_key_and_cert_chain_pem.write_to_path(tmp_path / "server")
    Path(certificate).write_bytes(ada.certificate)
    Path(key).write_bytes(ada.key)
    Path(grants).write_text(f'[[grant]]\nsubject = "{subject}"\nrole = "system"\n')
    token = new_token(tmp_path / "tokens", subject)
    Path(token_file).write_text(f"{token}\n")
    tls = dict.fromkeys(("tls_certificate_file", "tls_key_file"), str(tmp_path / "server")) | {"grants_file": grants}
    # The certificate has no address in it.
    ls = ["ls", "--tls-server-name", "localhost"]
    with serving("sqlite:///:memory:", tokens_file=str(tmp_path / "tokens"), **tls) as server:
        assert said(server.address, *ls, "--tls-ca-file", ca, "--token-file", token_file) == ["default\tactive\t"]
        shown = {"ACTIVITY_SESSION_TOKEN": token, "ACTIVITY_SESSION_TLS_CA_FILE": ca}
        assert said(server.address, *ls, **shown) == ["default\tactive\t"]
        assert refusal(server.address, *ls, "--tls-ca-file", ca).startswith("UNAUTHENTICATED")
        wrong = refusal(server.address, *ls, code=2, ACTIVITY_SESSION_TOKEN=f"{token}\x07")
        assert wrong == "ACTIVITY_SESSION_TOKEN: it has characters that no token has"
    with serving("sqlite:///:memory:", tls_client_ca_file=ca, **tls) as server:
        mine = ["--tls-ca-file", ca, "--tls-certificate-file", certificate, "--tls-key-file", key]
        assert said(server.address, *ls, *mine) == ["default\tactive\t"]


def completed(target: str, line: str, *words: str) -> list[str]:
    """Return how a line could go on, as argcomplete's function of bash asks for it."""
    reading, writing = os.pipe()
    asked = {
        "_ARGCOMPLETE": str(len(words) + 1),  # after which word the arguments begin
        "_ARGCOMPLETE_IFS": "\n",
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
        "COMP_TYPE": "9",
    }
    # bash has the answer at its descriptor 8.
    script = f'exec "$@" 8>&{writing} 9>/dev/null'
    done = subprocess.run(
        ["bash", "-c", script, "bash", *command(program=OF_SERVER if not words else OF_CLIENT)],
        env=environment(target, **asked),
        pass_fds=[writing],
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as answer:
        assert (done.stdout, done.stderr) == (b"", b"")
        return [word.strip() for word in answer.read().split("\n") if word]


def test_the_shell_completes_names(client: Client, target: str, trip: str, namespace: str) -> None:
    for number in range(4):
        new_session(client, f"namespaces/{namespace}", f"other {number}")
    new_session(client, f"namespaces/{namespace}", "$(reboot) \u202e")
    new_session(client, f"namespaces/{namespace}", "`reboot`")
    update_state(client, trip, StateUpdate(key="plan", value_json="1"), StateUpdate(key="place", value_json="1"))
    of = f"--namespace {namespace}"
    assert "tail" in completed(target, "activity-session ")
    assert completed(target, f"activity-session tail {of} tr") == [r"trip\ to\ 京都"]
    assert completed(target, f"python -m activity_session tail {of} t", "python", "-m") == [r"trip\ to\ 京都"]
    every = completed(target, f"activity-session members {of} ''"[:-2])
    assert r"\`reboot\`" in every
    assert not any("$" in word for word in every), "a name that is shown in another order is not offered"
    append_line = rf"activity-session append {of} trip\ to\ 京都 hello --as a"
    assert completed(target, append_line) == [r"a\ planner", "ada"]
    assert sorted(completed(target, rf"activity-session state get {of} trip\ to\ 京都 pl")) == ["place", "plan"]
    assert completed(target, f"activity-session ls {namespace[:-1]}").count(namespace) == 1


def test_the_shell_completes_nothing_where_nothing_is_known(target: str) -> None:
    assert completed(NOWHERE, "activity-session tail x") == []
    assert completed(target, "activity-session tail --namespace missing x") == []


def test_what_a_command_takes_is_known_without_grpc() -> None:
    loads = "import sys, activity_session.cli; print({'argcomplete', 'google.protobuf', 'grpc'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", loads], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_a_server_knows_the_variables_and_does_not_warn() -> None:
    mine = {f"{PREFIX}{name}": "x" for name in ("NAMESPACE", "TARGET", "TLS_CA_FILE", "TOKEN", "TOKEN_FILE")}
    assert list(unknown_variables(mine)) == []
    assert len(list(unknown_variables({f"{PREFIX}TARGETS": "x"}))) == 1
