"""The examples in the READMEs of the clients, and what they print."""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from activity_session_testing.drivers import ROOT

_ADDRESS = "127.0.0.1:50051"
_FIRST = "1 ada: Where shall we go?\n2 planner: To Kyoto, in April.\n"
_SECOND = "3 ada: Where shall we go?\n4 planner: To Kyoto, in April.\n"
_SECONDS = 120

Command = Sequence[str | Path]


def examples(client: str, language: str, address: str) -> list[str]:
    """Return the complete programs in the README of a client, for a server at that address."""
    readme = (ROOT / f"clients/{client}/README.md").read_text()
    blocks: list[str] = re.findall(rf"^```{language}\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    return [block.replace(_ADDRESS, address) for block in blocks if _ADDRESS in block]


def run(command: Command, folder: Path) -> str:
    """Return what a command prints; it must succeed."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False)
    assert done.returncode == 0, done.stderr or done.stdout
    return done.stdout


def check_example(command: Command, folder: Path) -> None:
    """Check that an example prints what it should on a new server, and again when it is run again."""
    assert run(command, folder) == _FIRST
    assert run(command, folder) == _FIRST + _SECOND
