"""Programs start others without a fork: gRPC's handlers of forks run in the child, and some die there."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# With any of these `subprocess` cannot use vfork, which runs no handlers.
FORKING = {"extra_groups", "group", "preexec_fn", "user"}
STARTERS = {"Popen", "call", "check_call", "check_output", "create_subprocess_exec", "create_subprocess_shell", "run"}


def test_none_forks() -> None:
    listed = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, check=True, capture_output=True, text=True)
    assert not {path: lines for path in listed.stdout.split() if (lines := forks((ROOT / path).read_text()))}


@pytest.mark.parametrize("call", ["subprocess.run([], user='nobody')", "Popen([], preexec_fn=print)"])
def test_one_that_forks_is_found(call: str) -> None:
    assert forks(f"\n{call}") == [2]


def forks(source: str) -> list[int]:
    """Return the lines where a Python source starts a program by a fork."""
    return [
        call.lineno for call in calls(source) if starts(call) and FORKING & {keyword.arg for keyword in call.keywords}
    ]


def starts(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name in STARTERS


def calls(source: str) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
