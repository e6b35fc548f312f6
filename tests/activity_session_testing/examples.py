"""The examples in the READMEs of the clients, the new projects that they are in, and what they print."""

import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from activity_session_testing.drivers import ROOT

_ADDRESS = "127.0.0.1:50051"
_CHECKOUT = "CHECKOUT"
_FIRST = "1 ada: Where shall we go?\n2 planner: To Kyoto, in April.\n"
_SECOND = "3 ada: Where shall we go?\n4 planner: To Kyoto, in April.\n"
_SECONDS = 120

Command = Sequence[str | Path]


def examples(client: str, language: str, address: str) -> list[str]:
    """Return the complete programs in the README of a client, for a server at that address."""
    return [block.replace(_ADDRESS, address) for block in blocks(client, language) if _ADDRESS in block]


def make_project(
    client: str,
    files: Mapping[str, str],
    scripts: int,
    address: str,
    folder: Path,
    *,
    package: str | None = None,
) -> Command:
    """Do what the README of a client says in an empty folder, and return the command that runs its example.

    Args:
        client: the name of its folder.
        files: where each block goes, by its language.
        scripts: how many of its scripts are for the folder; those before are for the checkout. The last line of the
            last one is the command.
        address: that of the server.
        folder: the empty one.
        package: what stands in for the folder of the client in the checkout; that one itself by default.
    """
    for language, name in files.items():
        (block,) = blocks(client, language)
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block.replace(_ADDRESS, address))
    script = "".join(blocks(client, "sh")[-scripts:])
    if package is not None:
        script = script.replace(f"{_CHECKOUT}/clients/{client}", shlex.quote(package))
    script = script.replace(_CHECKOUT, shlex.quote(str(ROOT)))
    *lines, start = script.splitlines()
    for line in lines:
        run(["sh", "-c", line], folder)
    return shlex.split(start)


def blocks(client: str, language: str) -> list[str]:
    """Return the blocks in the README of a client that are marked with a language."""
    readme = (ROOT / f"clients/{client}/README.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)


def run(command: Command, folder: Path, seconds: float = _SECONDS) -> str:
    """Return what a command prints; it must succeed, and in time."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=seconds, check=False)
    assert done.returncode == 0, done.stderr or done.stdout
    return done.stdout


def check_example(command: Command, folder: Path) -> None:
    """Check that an example prints what it should on a new server, and again when it is run again."""
    assert run(command, folder) == _FIRST
    assert run(command, folder) == _FIRST + _SECOND
