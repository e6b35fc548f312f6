"""A test fails when a server lets out a secret, whatever else the test looks at."""

import subprocess
import sys
from pathlib import Path

import pytest

from activity_session_testing import planted

TESTS = Path(planted.__file__).parents[1]
TEST = """
import logging, subprocess, sys, threading
from activity_session_testing import planted
from activity_session_testing.processes import run, serving_process
from activity_session_testing.servers import connected, serving
from activity_session_testing.steps import append, new_session

log = logging.getLogger("activity_session.some")

def test_it(tmp_path):
    {body}
"""


def outcome(tmp_path: Path, body: str) -> tuple[int, str]:
    """The exit code and the output of pytest for a test with that body."""
    (tmp_path / "test_it.py").write_text(TEST.format(body=body))
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", planted.__name__, "-p", "no:cacheprovider", tmp_path],
        env={"PYTHONPATH": str(TESTS), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return ended.returncode, ended.stdout


@pytest.mark.parametrize(
    "body",
    [
        'planted.plant("planted-token"); log.info("called", extra={"subject": "planted-token"})',
        'planted.plant("planted-token"); log.info("called with %s", "planted-token")',
        'planted.plant_content("what ada has said"); log.warning("refused: what ada has said to bob")',
        'run("serve", "--address", planted.plant("planted-address"))',
        (
            "with serving('sqlite:///:memory:') as server, connected(server.address) as client:"
            " append(client, new_session(client, 'namespaces/default').name, 'what ada has said');"
            " log.info('what ada has said')"
        ),
    ],
)
def test_a_secret_that_is_let_out_is_found(tmp_path: Path, body: str) -> None:
    code, output = outcome(tmp_path, body)
    assert code == 1, output
    assert "a server has let out secrets" in output


@pytest.mark.parametrize(
    "body",
    [
        'planted.plant("planted-token"); log.info("called", extra={"subject": "ada"})',
        'planted.plant_content("too short"); log.info("too short")',
    ],
)
def test_a_test_without_one_passes(tmp_path: Path, body: str) -> None:
    code, output = outcome(tmp_path, body)
    assert code == 0, output
