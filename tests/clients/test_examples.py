"""The example in the README of each client runs as written, also a second time."""

import sys
from collections.abc import Callable
from pathlib import Path

from activity_session_testing.drivers import ROOT, Client
from activity_session_testing.examples import Command, check_example, examples, run

DRIVERS = ROOT / "tests/clients/drivers"


def python(address: str, _: Path, number: int = 0) -> Command:
    return [sys.executable, "-W", "error", "-X", "dev", "-c", examples("python", "python", address)[number]]


def aio(address: str, folder: Path) -> Command:
    return python(address, folder, 1)


def go(address: str, folder: Path) -> Command:
    (source,) = examples("go", "go", address)
    (folder / "main.go").write_text(source)
    run(["go", "build", "-o", folder / "example", folder / "main.go"], DRIVERS / "go")
    return [folder / "example"]


def typescript(address: str, folder: Path) -> Command:
    (source,) = examples("typescript", "ts", address)
    (folder / "example.ts").write_text(source)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "node_modules").symlink_to(DRIVERS / "typescript/node_modules")
    options = ["--strict", "--module", "nodenext", "--target", "es2022", "--types", "node"]
    run(["node", "node_modules/typescript/bin/tsc", *options, "example.ts"], folder)
    return ["node", "example.js"]


def java(address: str, folder: Path) -> Command:
    (source,) = examples("java", "java", address)
    (folder / "Example.java").write_text(source)
    return ["java", "-cp", DRIVERS / "java/target/driver.jar", "Example.java"]


BUILD: dict[str, Callable[[str, Path], Command]] = {
    "python": python,
    "python-aio": aio,
    "go": go,
    "typescript": typescript,
    "java": java,
}


def test_the_example_of_the_readme_runs_as_written_and_again(client: Client, new_address: str, tmp_path: Path) -> None:
    check_example(BUILD[client.name](new_address, tmp_path), tmp_path)
