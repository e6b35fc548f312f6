"""The programs in the READMEs, in three languages, in one session: a user, a planner and a critic."""

import re
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from activity_session.v1.memory_service_pb2 import ListMemoriesRequest
from activity_session_testing.backends import MariaDB
from activity_session_testing.drivers import CLIENTS, ROOT
from activity_session_testing.examples import Command, blocks, make_project, run
from activity_session_testing.servers import connected, serving
from activity_session_testing.steps import get_session, list_events, read_state

TRIP = "namespaces/default/sessions/trip"
SAID = [
    ("ada", "Where shall we go?"),
    ("planner", "Plan 1: to Kyoto."),
    ("critic", "Is there another one?"),
    ("planner", "Plan 2: to Kyoto."),
    ("critic", "That one."),
]
PROGRAMS = {"python": ("user", "planner"), "go": ("planner",), "ts": ("critic",), "java": ("critic",)}
FOLDERS = {"ts": "typescript"}
Make = Callable[[str, Path], Command]


def python(role: str) -> Make:
    def make(address: str, _: Path) -> Command:
        (program,) = blocks("python", f"python {role}")
        return [sys.executable, "-W", "error", "-X", "dev", "-c", program.replace("127.0.0.1:50051", address)]

    return make


def go(address: str, folder: Path) -> Command:
    return make_project("go", {"go planner": "main.go"}, 2, address, folder)


def typescript(address: str, folder: Path) -> Command:
    return make_project("typescript", {"json": "tsconfig.json", "ts critic": "example.ts"}, 2, address, folder)


def java(address: str, folder: Path) -> Command:
    return make_project("java", {"xml": "pom.xml", "java critic": "src/main/java/Example.java"}, 1, address, folder)


@pytest.fixture(autouse=True)
def _all_languages() -> None:
    for lack in filter(None, (client.lacks for client in CLIENTS)):
        pytest.skip(lack)


def test_python_go_and_typescript_in_one_session(tmp_path: Path) -> None:
    check((python("user"), go, typescript), "sqlite:///:memory:", tmp_path)


def test_python_asyncio_and_java_in_one_session(tmp_path: Path, mariadb: MariaDB) -> None:
    check((python("user"), python("planner"), java), mariadb.new_database(), tmp_path)


def check(programs: tuple[Make, ...], database_url: str, folder: Path) -> None:
    """Check what three programs have said, and what they have left in the session."""
    with serving(database_url) as server:
        printed = run_together(programs, server.address, folder)
        with connected(server.address) as stubs:
            events = list_events(stubs, TRIP)
            assert [(event.author.rpartition("/")[2], event.text) for event in events] == SAID
            assert read_state(stubs, TRIP)["plans"].value_json == "2"
            session = get_session(stubs, TRIP)
            assert not session.HasField("turn")
            # What a loop was left at counts as unread: the approval, and the proposal that it is of.
            read = {member.participant.rpartition("/")[2]: member.last_read_sequence for member in session.participants}
            assert read == {"ada": 4, "planner": 4, "critic": 3}
            (memory,) = stubs.memories.ListMemories(ListMemoriesRequest(parent=TRIP)).memories
            assert memory.content == "ada takes plan 2"
    assert printed[0].splitlines() == [f"{author}: {text}" for author, text in SAID]


def run_together(programs: tuple[Make, ...], address: str, folder: Path) -> list[str]:
    """Run programs at the same time, and return what each has printed."""
    printed = [""] * len(programs)
    made = [(make(address, place), place) for make, place in zip(programs, folders(folder), strict=False)]

    def keep(index: int, command: Command, place: Path) -> None:
        printed[index] = run(command, place)

    threads = [threading.Thread(target=keep, args=(index, *each)) for index, each in enumerate(made)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return printed


def folders(folder: Path) -> Iterator[Path]:
    for name in "abc":
        (folder / name).mkdir()
        yield folder / name


@pytest.mark.parametrize(
    ("language", "role"), [(language, role) for language, roles in PROGRAMS.items() for role in roles]
)
def test_a_loop_is_shorter_than_20_lines(language: str, role: str) -> None:
    (program,) = blocks(FOLDERS.get(language, language), f"{language} {role}")
    imports = r"^(package|import|from) .*\n|^import \([^)]*\)\n"
    parts = re.split(r"\n\s*\n", re.sub(imports, "", program, flags=re.MULTILINE))
    assert max(len(part.strip().splitlines()) for part in parts) < 20


def test_the_user_of_the_readme_is_that_of_the_client() -> None:
    (user,) = blocks("python", "python user")
    assert user in (ROOT / "README.md").read_text()
