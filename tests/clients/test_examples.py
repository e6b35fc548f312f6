"""The example in the README of each client runs as written, in a new project where there is one, and a second time."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from activity_session_testing.drivers import CONNECT_WEB, ROOT, Client
from activity_session_testing.examples import Command, blocks, check_example, examples, make_project, run
from activity_session_testing.servers import serving


def python(address: str, _: Path, number: int = 0) -> Command:
    return [sys.executable, "-W", "error", "-X", "dev", "-c", examples("python", "python", address)[number]]


def aio(address: str, folder: Path) -> Command:
    return python(address, folder, 1)


def go(address: str, folder: Path) -> Command:
    return make_project("go", {"go": "main.go"}, 2, address, folder)


# What the first script of these two builds in the checkout, `make drivers` has built.


def typescript(address: str, folder: Path) -> Command:
    return make_project("typescript", {"json": "tsconfig.json", "ts": "example.ts"}, 2, address, folder)


def java(address: str, folder: Path) -> Command:
    return make_project("java", {"xml": "pom.xml", "java": "src/main/java/Example.java"}, 1, address, folder)


BUILD: dict[str, Callable[[str, Path], Command]] = {
    "python": python,
    "python-aio": aio,
    "go": go,
    "typescript": typescript,
    "java": java,
}


def test_the_example_of_the_readme_runs_as_written_and_again(client: Client, new_address: str, tmp_path: Path) -> None:
    check_example(BUILD[client.name](new_address, tmp_path), tmp_path)


def test_the_example_for_browsers_runs_as_written(tmp_path: Path) -> None:
    if CONNECT_WEB.lacks:
        pytest.skip(CONNECT_WEB.lacks)
    (tmp_path / "node_modules").symlink_to(ROOT / "tests/clients/drivers/typescript/node_modules")
    with serving("sqlite:///:memory:", http_address="127.0.0.1:0") as server:
        (example,) = blocks("typescript", "js")
        (tmp_path / "example.mjs").write_text(example.replace("127.0.0.1:8080", server.http_address))
        said = run(["node", "example.mjs"], tmp_path)
    assert said.splitlines()[1:] == ["1: Will it rain?"]
    assert said.startswith("NOT_FOUND EVENT_NOT_FOUND: ")
