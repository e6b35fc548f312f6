"""The docs are correct: their commands run as written, and their tables are complete."""

import ast
import os
import re
import shutil
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from activity_session.v1.error_reason_pb2 import ErrorReason
from activity_session.v1.info_service_pb2 import ServerLimits
from activity_session_server.app import App
from activity_session_server.rules import filters
from activity_session_server.rules.access.roles import Role
from activity_session_server.rules.limits import Limits
from activity_session_server.settings import FIELDS, shown_default
from activity_session_server.sources import load
from activity_session_server.store.queries.moves import kinds
from activity_session_testing.moved import fill
from activity_session_testing.ports import free_port
from activity_session_testing.servers import connected, serving
from activity_session_testing.steps import list_events

ROOT = Path(__file__).parents[2]
ADDRESS, HTTP_ADDRESS = "127.0.0.1:50051", "127.0.0.1:8080"
README = (ROOT / "README.md").read_text()


@pytest.fixture
def server() -> Iterator[App]:
    with serving("sqlite:///:memory:", http_address="127.0.0.1:0") as server:
        yield server


@pytest.fixture
def address(server: App) -> str:
    return server.address


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def needed(program: str, how: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed; to try the commands of the docs: {how}")


def run_as_written(commands: Sequence[str], server: App) -> subprocess.CompletedProcess[str]:
    """Run all commands of a page, one block after the other, in one shell; each must succeed."""
    needed("grpcurl", "go install github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.4")
    needed("curl", "apt-get install curl")
    script = "\n".join(commands).replace(ADDRESS, server.address).replace(HTTP_ADDRESS, server.http_address)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


def test_each_block_of_the_readme_can_be_run_twice_and_then_all_of_them_again(server: App) -> None:
    commands = blocks(README, "sh")
    done = run_as_written([twice for block in commands for twice in (block, block)] + commands, server)
    assert done.stdout.count('"created": true') == 3, "two participants and a session"
    assert done.stdout.count("refused") == done.stderr.count('"reason": "REVISION_MISMATCH"') == 3
    assert done.stdout.count("two seconds are over") == 3


def test_the_grpcurl_session_of_the_readme_runs_as_written(server: App) -> None:
    done = run_as_written(blocks(README, "sh"), server)
    assert '"created": true' in done.stdout
    assert done.stdout.count('"text": "Where is the 🏯?"') == 3, "appended, listed, watched"
    assert '"bookmark"' in done.stdout
    assert "two seconds are over" in done.stdout
    assert '"reason": "REVISION_MISMATCH"' in done.stderr
    assert done.stdout.count("refused") == 1
    assert '"text": "Behind the river."' in done.stdout, "appended with the token of the turn"
    assert '"purge_time"' in done.stdout


@pytest.fixture(scope="module")
def guide() -> subprocess.CompletedProcess[str]:
    """The result of the guide's commands on a server with an empty database."""
    with serving("sqlite:///:memory:") as server:
        return run_as_written(blocks(page("events.md"), "sh"), server)


def test_the_lines_of_the_guide_are_refused_only_where_it_says_so(guide: subprocess.CompletedProcess[str]) -> None:
    refusals = re.findall('"reason": "([A-Z_]+)"', guide.stderr)
    assert refusals == [
        "SEQUENCE_MISMATCH",
        "REVISION_MISMATCH",
        "INVALID_FIELD",
        "TURN_LOST",
        "SESSION_HAS_MEMORIES",
    ]
    assert guide.stdout.count("refused: ") == len(refusals)
    assert '"event_id": "q2"' in guide.stderr, "the Conflict has the event that was missed"


def test_the_lines_of_the_guide_do_what_it_says(guide: subprocess.CompletedProcess[str]) -> None:
    sequences = re.findall(r'"sequence": "(\d+)"', guide.stdout)
    assert sequences[:3] == ["1", "2", "1"], "two events, and the retry of the first one"
    assert re.findall(r'"last_read_sequence": "(\d+)"', guide.stdout)[0] == "2"
    assert list(dict.fromkeys(re.findall(r'"token": "(\d+)"', guide.stdout))) == ["1", "2"]
    assert '"access_count": "2"' in guide.stdout, "recalled before and after the session was deleted"


def test_a_watch_in_the_guide_shows_text_and_a_place_to_resume_from(guide: subprocess.CompletedProcess[str]) -> None:
    before = guide.stdout.partition("two seconds are over")[0]
    shown = before[before.index('{\n  "event": {') :]
    assert re.findall('"text": "(.*)"', shown) == ["Two temples a day.", "And tea!"]
    assert shown.rindex('"session": {') < shown.rindex('"bookmark": {\n    "last_sequence": "4"')


def test_the_lines_about_history_do_what_the_page_says(server: App) -> None:
    done = run_as_written(blocks(page("history.md"), "sh"), server)
    session = "namespaces/default/sessions/draft"
    with connected(server.address) as client:
        assert [event.sequence for event in list_events(client, session)] == [1, 2, 3, 4]
        shown = list_events(client, session, show_superseded=True)
    assert [event.superseded_by for event in shown] == [0, 0, 0, 0, 12, 11, 11, 11, 11, 11, 0, 0, 0]
    after_edit = done.stdout[done.stdout.index('"In July."') :]
    assert re.findall(r'"sequence": "(\d+)"', after_edit)[:4] == ["8", "4", "7", "9"], "the mark, and what is listed"
    assert '"reason": "asked for by Ada"' in done.stdout[done.stdout.rindex('"event_id": "b"') :]


def test_the_lines_about_moving_run_as_written(tmp_path: Path) -> None:
    needed("jq", "apt-get install jq")
    needed("grpcurl", "go install github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.4")
    url = f"sqlite:///{tmp_path / 'sessions.db'}"
    with serving(url, anonymous_role=Role.SYSTEM) as server, connected(server.address) as client:
        fill(client)
    own = {
        "TARGET_URL": "sqlite:///target.db",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    with serving("sqlite:///:memory:", anonymous_role=Role.SYSTEM) as server:
        script = "\n".join(blocks(page("moving.md"), "sh")).replace(ADDRESS, server.address)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            env=os.environ | own,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "hello"
    assert re.findall(r'"sequence": "(\d+)"', done.stdout) == ["41", "42"] * 2
    assert {f"`{kind.word}`" for kind in kinds.KINDS} <= set(re.findall("`[a-z_]+`", page("moving.md")))


def test_the_lines_about_http_run_as_written(server: App) -> None:
    done = run_as_written(blocks(page("http.md"), "sh"), server)
    assert '"created":true' in done.stdout
    assert done.stdout.count('"text":"Where is the 🏯?"') == 2, "appended, watched"
    assert '"description":"in April"' in done.stdout
    assert "a second is over" in done.stdout
    assert '"error"' not in done.stdout


def test_the_lines_about_the_command_line_run_as_written(server: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    monkeypatch.setenv("ACTIVITY_SESSION_TARGET", server.address)
    done = run_as_written(blocks(page("command-line.md"), "sh"), server)
    assert done.stdout.startswith("default\tactive\t\n1\n2\n1  ")
    assert done.stdout.count("ada (finding): It is not.\n") == 2, "shown, and followed"
    assert done.stdout.endswith('{"next": "bisect"}\nplan\t1\t{"next": "bisect"}\nada\tuser\t0\t2\t\n')
    assert done.stderr == ""


def test_each_way_of_the_security_page_is_set_up_as_written(tmp_path: Path) -> None:
    needed("grpcurl", "go install github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.4")
    needed("openssl", "apt-get install openssl")
    port = free_port()
    script = "\n".join(blocks(page("security.md"), "sh")).replace("localhost:50051", f"localhost:{port}")
    own = {
        "ACTIVITY_SESSION_ADDRESS": f"127.0.0.1:{port}",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    done = subprocess.run(
        # Servers that a failure leaves behind end with their group.
        ["bash", "-euo", "pipefail", "-c", f"trap 'kill 0' ERR\n{script}"],
        cwd=tmp_path,
        env=os.environ | own,
        timeout=120,
        start_new_session=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('"name": "namespaces/default"') == 4, "TLS, a token, a JWT, a certificate"
    assert done.stdout.count("refused: Unauthenticated") == done.stderr.count('"reason": "UNAUTHENTICATED"') == 2
    assert "refused: no certificate" in done.stdout


def test_the_python_example_of_the_readme_runs_as_written_and_again(address: str) -> None:
    (example,) = blocks(README, "python")
    command = [sys.executable, "-c", example.replace(ADDRESS, address)]
    for expected in ("1 Will it rain?\n", "1 Will it rain?\n2 Will it rain?\n"):
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.stdout == expected, done.stderr


@pytest.mark.parametrize("name", sorted(path.name for path in ROOT.glob("*.md")))
def test_every_path_and_target_that_a_page_of_the_root_names_is_there(name: str) -> None:
    makefile, text = (ROOT / "Makefile").read_text(), (ROOT / name).read_text()
    for target in re.findall(r"make ([a-z]+)", text):
        assert f"\n{target}:" in makefile
    for path in re.findall(r"\]\((?!http)([^)]+)\)", text) + re.findall(r"`(tests/[^`]+)`", text):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "docs").glob("*.md")))
def test_every_page_links_to_what_exists_and_is_linked_to(name: str) -> None:
    for link in re.findall(r"\]\((?!http)([^)]+)\)", page(name)):
        path, _, heading = link.partition("#")
        assert (ROOT / "docs" / (path or name)).exists(), link
        assert not heading or heading in headings(path or name), link
    assert f"](docs/{name})" in README


@pytest.mark.parametrize("name", sorted(set(FIELDS) - set(Limits.model_fields)))
def test_every_setting_is_in_the_operations_page_with_its_default(name: str) -> None:
    default = FIELDS[name].get_default()
    row = table_row("operations.md", f"`--{name.replace('_', '-')}`")
    assert row[1] == (f"{default:g}" if isinstance(default, float) else shown_default(name))


def test_the_table_of_settings_is_what_they_are_made_into() -> None:
    command = [sys.executable, str(ROOT / "tools/settings_table.py"), "--check"]
    assert subprocess.run(command, check=False, capture_output=True, text=True).stdout == ""


def test_the_file_of_settings_on_the_operations_page_is_one(tmp_path: Path) -> None:
    (example,) = blocks(page("operations.md"), "toml")
    (tmp_path / "url").write_text("sqlite:///x.db")
    (tmp_path / "settings.toml").write_text(example.replace("/run/secrets/database-url", str(tmp_path / "url")))
    found = load(Namespace(config=str(tmp_path / "settings.toml")), {})
    assert (found.address, found.database_url, found.drain_timeout) == ("0.0.0.0:50051", "sqlite:///x.db", 45)


@pytest.mark.parametrize("name", sorted(Limits.model_fields))
def test_every_limit_that_can_be_set_is_in_the_limits_page(name: str) -> None:
    assert f"`--{name.replace('_', '-')}`" in page("limits.md")


@pytest.mark.parametrize("name", sorted(ServerLimits.DESCRIPTOR.fields_by_name))
def test_every_limit_of_get_server_info_is_in_the_limits_page(name: str) -> None:
    assert name in page("limits.md")


@pytest.mark.parametrize("name", sorted(set(ErrorReason.keys()) - {"ERROR_REASON_UNSPECIFIED"}))
def test_every_error_reason_is_in_the_errors_page(name: str) -> None:
    assert re.search(rf"^\|[^|]*\b{name.removeprefix('ERROR_REASON_')}\b", page("errors.md"), re.MULTILINE)


@pytest.mark.parametrize(
    "fields",
    [
        filters.NAMESPACE_FIELDS,
        filters.PARTICIPANT_FIELDS,
        filters.SESSION_FIELDS,
        filters.EVENT_FIELDS,
        filters.MEMORY_FIELDS,
    ],
)
def test_every_filter_field_is_in_the_filters_page(fields: filters.Fields) -> None:
    for field in fields:
        assert f"`{field}" in page("filters.md")


def headings(name: str) -> set[str]:
    """The headings of a page, as links name them."""
    found = re.findall(r"^#+ (.+)$", page(name), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in found}


def table_row(name: str, first: str) -> list[str]:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in page(name).splitlines()]
    (found,) = [row for row in rows if row[0] == first]
    return found


LOCKS = {"Lock", "RLock", "Condition", "Semaphore", "BoundedSemaphore"}
SERVER = ROOT / "server" / "activity_session_server"


def locks() -> Iterator[str]:
    """Yield every lock of the server, as the page on the architecture names it."""
    for path in sorted(SERVER.rglob("*.py")):
        for owner in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)):
            for node in ast.walk(owner):
                if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                    made, target = node.value.func, node.targets[0]
                    if isinstance(made, ast.Attribute) and made.attr in LOCKS and isinstance(target, ast.Attribute):
                        yield f"`{path.relative_to(SERVER)}`: `{owner.name}.{target.attr}`"


def test_the_architecture_names_every_lock_and_no_other() -> None:
    named = re.findall(r"^\| (`[a-z_/]+\.py`: `\w+\.\w+`) \|", page("architecture.md"), re.MULTILINE)
    assert sorted(named) == sorted(locks())


def test_the_architecture_names_files_that_exist() -> None:
    named = set(re.findall(r"`([a-z_]+(?:/[a-z_]+)*\.py)`", page("architecture.md")))
    assert named
    assert not [name for name in named if not (SERVER / name).exists()]
