"""The examples on the pages of the adapters run as they are written."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from activity_session_testing.servers import serving

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs/adapters").glob("*.md"))


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving("sqlite:///:memory:") as server:
        yield server.address


def run(program: str, address: str) -> str:
    command = [sys.executable, "-c", program.replace("127.0.0.1:50051", address)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_first_example_prints_what_the_page_says_and_all_run(page: Path, address: str) -> None:
    example, *others = blocks(page, "python")
    assert run(example, address) == blocks(page, "text")[0]
    for other in [example, *others]:
        assert run(other, address)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_each_page_links_to_what_exists_and_is_linked_to(page: Path) -> None:
    for link in re.findall(r"\]\((?!http)([^)#]+)", page.read_text()):
        assert (page.parent / link).exists(), link
    assert f"](docs/adapters/{page.name})" in (ROOT / "README.md").read_text()
